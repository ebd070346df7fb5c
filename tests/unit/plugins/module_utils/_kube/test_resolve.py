# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind, Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.wanted import HandedOver, SetInput, resolve
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.discovery import Discovery
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, document, ref


class Served(Discovery):
    def __init__(self, *stale):
        self.stale = set(stale)

    def find(self, api_version, kind):
        found = KINDS.get(kind)
        return found if found and found.api_version == api_version else None

    def versions(self, group, kind):
        found = KINDS.get(kind)
        return [found.api_version] if found and found.group == group else []

    def kinds(self):
        return KINDS.values()


def definition(*versions, scope="Namespaced", retired=()):
    names = {"kind": "Thing", "plural": "things"}
    rows = [{"name": name, "served": name not in retired} for name in (*versions, *retired)]
    body = {"group": "example.org", "names": names, "scope": scope, "versions": rows}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": body,
    }


class WithDefinitions(Served):
    def find(self, api_version, kind):
        if kind == "CustomResourceDefinition":
            return Kind("apiextensions.k8s.io", "v1", kind, "customresourcedefinitions", False)
        return super().find(api_version, kind)


def thing(version="v1", namespace="n"):
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": f"example.org/{version}", "kind": "Thing", "metadata": {"name": "x", **place}}


def wanted(*documents, served=None, handed_over=()):
    return resolve(
        [SetInput("one", "g", [(body, f"file[{number}]") for number, body in enumerate(documents)], list(handed_over))],
        served or WithDefinitions(),
        "fallback",
    )


def test_objects_without_a_namespace_get_the_default_one_only_where_their_kind_has_one():
    found = wanted({**document("ConfigMap"), "metadata": {"name": "x"}}, document("ClusterRole"))
    assert list(found.objects) == [ref("ConfigMap", namespace="fallback"), ref("ClusterRole")]
    assert found.kinds[ref("ClusterRole")] is KINDS["ClusterRole"]


def test_a_kind_whose_server_does_not_answer_is_nobodys_mistake():
    found = wanted(thing(), document("ConfigMap"), served=WithDefinitions("example.org"))
    assert set(found.objects) == {Ref("example.org", "Thing", "n", "x"), ref("ConfigMap")}


def test_a_kind_that_this_run_brings_is_known_and_waits_for_its_definition():
    found = wanted(thing(), definition("v1"))
    one = Ref("example.org", "Thing", "n", "x")
    assert found.is_pending(one) and found.kinds[one] == Kind("example.org", "v1", "Thing", "things", True)
    assert not found.is_pending(ref("ConfigMap"))


@pytest.mark.parametrize(
    ("documents", "stale", "words"),
    [
        ([{**document("Deployment"), "apiVersion": "apps/v1beta1"}], (), "Deployment is not served as apps/v1beta1; it is as apps/v1"),
        ([{**document("Deployment"), "kind": "Deploymnet"}], (), "no kind Deploymnet in apps/v1.*; did you mean 'apps/v1 Deployment'"),
        ([thing("v2"), definition("v1")], (), "Thing is not served as example.org/v2; it is as example.org/v1"),
        ([thing("v0"), definition("v1", retired=["v0"])], (), "Thing is not served as example.org/v0"),
        ([{"kind": "ConfigMap"}], (), r"file\[0\]: apiVersion is missing"),
        ([document("ConfigMap"), document("ConfigMap")], (), r"declared twice:\n  ConfigMap/n/x: file\[0\]"),
    ],
)
def test_what_does_not_fit_the_cluster_is_refused_before_any_write(documents, stale, words):
    with pytest.raises(InputError, match=words):
        wanted(*documents, served=WithDefinitions(*stale))


def test_the_namespace_of_a_kind_without_namespaces_is_ignored_as_kubectl_does():
    role = {**document("ClusterRole"), "metadata": {"name": "x", "namespace": "n"}}
    found = wanted(role, thing(), definition("v1", scope="Cluster"))
    assert {ref("ClusterRole"), Ref("example.org", "Thing", "", "x")} <= set(found.objects)
    assert [warning.partition(": ")[2] for warning in found.warnings] == [
        "ClusterRole x: metadata.namespace left out, the kind has no namespaces",
        "Thing x: metadata.namespace left out, the kind has no namespaces",
    ]


def test_every_document_that_does_not_fit_is_told_at_once():
    with pytest.raises(InputError) as problem:
        wanted(thing(), document("ConfigMap"), {**document("Job"), "apiVersion": "batch/v2"})
    assert "file[0]: no kind Thing" in problem.value.message and "file[2]: Job is not served as batch/v2" in problem.value.message


def test_a_field_is_handed_over_only_of_an_object_that_is_declared():
    mine, other = (HandedOver(ref("Deployment", name), ("spec", "replicas"), 1) for name in ("x", "elsewhere"))
    assert wanted(document("Deployment"), handed_over=[mine, other]).handed_over == {ref("Deployment"): [mine]}
