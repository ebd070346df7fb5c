# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import os
import sys

from ansible_collections.gantry.platform.plugins.module_utils._chart import render

COMMAND = """#!{python}
import sys, time
values = sys.stdin.read()
print("---")
print("kind: Seen\\napiVersion: v1\\nmetadata: {{name: seen}}")
print("arguments:", sys.argv[1:])
print("values:", values)
print("second:", int(time.time()))
"""


def one(kind, name, api_version="v1", hook="", weight=None, namespace="ns", **more):
    annotations = {"helm.sh/hook": hook, **({"helm.sh/hook-weight": weight} if weight else {})} if hook else {}
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


def waits(document):
    text = (document["metadata"].get("annotations") or {}).get("gantry.dev/depends-on", "")
    return [word.rpartition("/")[2].split("-")[0] for word in text.split(",") if word]


def by_name(documents):
    return {document["metadata"]["name"].split("-")[0]: document for document in documents}


def test_values_merge_as_helm_merges_files():
    ours = {"crds": {"enabled": True, "keep": True}, "list": [1, 2], "plain": 1}
    theirs = {"crds": {"enabled": False}, "list": [3], "plain": {"now": "a mapping"}, "gone": None}
    before = copy.deepcopy(ours)
    found = render.merged(ours, theirs)
    assert found == {"crds": {"enabled": False, "keep": True}, "list": [3], "plain": {"now": "a mapping"}, "gone": None}
    assert ours == before, "the catalogue's values are not changed by a user's"


def test_a_chart_is_rendered_for_the_models_version_and_never_asks_a_server(tmp_path):
    helm = tmp_path / "helm"
    helm.write_text(COMMAND.format(python=sys.executable))
    helm.chmod(0o755)
    release = render.Release("name", "ns", {"players": 3}, "1.36", ("example.org/v1",))
    first, second = render.render_twice(str(helm), tmp_path / "chart", release, dict(os.environ))
    assert "'--kube-version', '1.36', '--api-versions', 'example.org/v1'" in first
    assert "--validate" not in first
    assert 'values: {"players":3}' in first
    assert first.rpartition("second:")[2] != second.rpartition("second:")[2], "a chart that writes the time down is seen to do so"


def test_what_is_namespaced_gets_the_releases_namespace():
    definition = one("CustomResourceDefinition", "d", namespace="", spec={"scope": "Cluster", "names": {"kind": "Wide"}})
    documents = [definition, one("Wide", "w", namespace=""), one("Service", "s", namespace=""), one("Service", "t", namespace="kept")]
    found = render.in_namespace(documents, "ns", {"CustomResourceDefinition"})
    assert [document["metadata"].get("namespace") for document in found] == [None, None, "ns", "kept"]


def test_hooks_before_hold_workloads_back_and_hooks_after_wait_for_them():
    documents = [
        one("Deployment", "app", "apps/v1"),
        one("ConfigMap", "config"),
        one("Job", "prepare", "batch/v1", "pre-install,pre-upgrade"),
        one("Job", "announce", "batch/v1", "post-install"),
        one("Pod", "check", hook="test"),
        one("Job", "farewell", "batch/v1", "pre-delete"),
    ]
    found, left_out = render.order_hooks(documents)
    named = by_name(found)
    assert waits(named["app"]) == ["prepare"]
    assert waits(named["announce"]) == ["app"]
    assert waits(named["config"]) == []
    assert left_out == ["Pod check (test)", "Job farewell (pre-delete)"]
    assert not any("helm.sh/hook" in str(document) for document in found)


def test_hooks_after_workloads_that_nobody_waits_for_do_not_wait_either():
    documents = [one("Deployment", "app", "apps/v1"), one("Job", "announce", "batch/v1", "post-install")]
    assert waits(by_name(render.order_hooks(documents, wait=False)[0])["announce"]) == []


def test_weights_order_hooks_and_a_job_waits_for_what_stands_beside_it():
    documents = [
        one("Deployment", "app", "apps/v1"),
        one("Job", "second", "batch/v1", "post-install", "10"),
        one("Job", "first", "batch/v1", "post-install", "-3"),
        one("ServiceAccount", "account", "v1", "post-install", "-3"),
    ]
    named = by_name(render.order_hooks(documents)[0])
    assert waits(named["account"]) == ["app"]
    assert waits(named["first"]) == ["app", "account"]
    assert waits(named["second"]) == ["first"]


def test_a_group_without_jobs_is_waited_for_as_well():
    documents = [
        one("Deployment", "app", "apps/v1"),
        one("ServiceAccount", "account", "v1", "post-install", "1"),
        one("Job", "work", "batch/v1", "post-install", "2"),
    ]
    named = by_name(render.order_hooks(documents)[0])
    assert waits(named["work"]) == ["app", "account"]


def test_a_hook_job_is_named_by_its_content_within_the_names_length():
    def name(image, length=60):
        job = one("Job", "j" * length, "batch/v1", "pre-install", spec={"template": {"image": image}})
        return render.order_hooks([job])[0][0]["metadata"]["name"]

    assert name("a:1") == name("a:1")
    assert name("a:1") != name("a:2")
    assert len(name("a:1")) <= 63


def test_documents_are_not_changed_in_place():
    job = one("Job", "j", "batch/v1", "pre-install")
    before = copy.deepcopy(job)
    assert render.order_hooks([job, one("Deployment", "d", "apps/v1")])[0]
    assert job == before


def test_an_authority_that_a_chart_leaves_empty_is_left_to_who_fills_it():
    def hooks(kind, **config):
        return one(kind, "hook", "admissionregistration.k8s.io/v1", namespace="", webhooks=[{"name": "a", "clientConfig": config}])

    empty = hooks("MutatingWebhookConfiguration", caBundle="", service={"name": "s"})
    full = hooks("ValidatingWebhookConfiguration", caBundle="Zm91bmQ=")
    other = one("ConfigMap", "hook", webhooks=[{"clientConfig": {"caBundle": ""}}])
    assert render.without_empty_bundles([empty, full, other]) == [
        hooks("MutatingWebhookConfiguration", service={"name": "s"}),
        full,
        other,
    ]
    assert empty["webhooks"][0]["clientConfig"]["caBundle"] == "", "what came in stays"
