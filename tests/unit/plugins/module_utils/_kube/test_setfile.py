# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare import setfile, store


def one(kind, name="x", api_version="v1", namespace="team", **more):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, **more}


def definition(group="example.org", kind="Thing", scope="Namespaced", versions=("v1",), retired=()):
    served = [{"name": name, "served": name not in retired} for name in (*versions, *retired)]
    spec = {"group": group, "scope": scope, "names": {"kind": kind, "plural": f"{kind.lower()}s"}, "versions": served}
    return one("CustomResourceDefinition", f"{kind.lower()}s.{group}", "apiextensions.k8s.io/v1", "", spec=spec)


def a_set(*documents, name="one", **more):
    return setfile.set_file(name, "gantry-system", [(document, f"{name}.yaml.j2") for document in documents], **more)


TEAM = one("Namespace", "team", namespace="")


def problem(*contents, **external):
    with pytest.raises(InputError) as refusal:
        setfile.check_together(contents, **external)
    return refusal.value.message


def test_a_set_is_written_whole_for_its_owner_alone_and_read_again(tmp_path):
    content = a_set(TEAM, one("ConfigMap"), role="room")
    path = store.write_set(str(tmp_path), content)
    assert stat.S_IMODE((tmp_path / "one.json").stat().st_mode) == 0o600
    assert store.read_store(str(tmp_path)) == [json.loads((tmp_path / "one.json").read_text())] == [content]
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"], f"{path} is there and nothing half-written"


def test_the_digest_is_of_the_content():
    assert a_set(TEAM)["digest"] == a_set(TEAM)["digest"]
    assert a_set(TEAM)["digest"] != a_set(TEAM, role="room")["digest"]


def test_what_is_shown_of_a_set_holds_no_document():
    assert setfile.summary(a_set(TEAM, one("ConfigMap", data={"a": "canary"}))) == {
        "name": "one",
        "namespace": "gantry-system",
        "role": "",
        "documents": 2,
        "expectations": 0,
        "digest": a_set(TEAM, one("ConfigMap", data={"a": "canary"}))["digest"],
    }


def test_sets_are_read_in_the_order_of_their_names(tmp_path):
    for name in ("late", "b", "a-b", "a"):
        store.write_set(str(tmp_path), a_set(TEAM, name=name))
    assert [content["set"] for content in store.read_store(str(tmp_path))] == ["a", "a-b", "b", "late"]


@pytest.mark.parametrize("name", ["", "Upper", "../elsewhere", "a/b", "-a", "a" * 64])
def test_a_name_that_can_be_no_file_is_refused(name):
    with pytest.raises(InputError, match="a set's name"):
        a_set(TEAM, name=name)


def test_a_duplicate_inside_a_set_is_refused():
    with pytest.raises(InputError, match="ConfigMap/team/x"):
        a_set(one("ConfigMap"), one("ConfigMap"))


def test_a_secret_written_out_is_refused_by_key_and_never_by_value():
    with pytest.raises(InputError, match=r"one\.yaml\.j2: Secret x: password") as refusal:
        a_set(one("Secret", stringData={"password": "canary"}))
    assert "canary" not in refusal.value.message
    assert a_set(one("Secret", stringData={"password": {"reference": "env:PASSWORD"}}))["documents"]


def test_a_certificate_is_no_secret_but_what_stands_beside_it_may_be():
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    assert a_set(one("Secret", stringData={"ca.crt": certificate * 2}))["documents"]
    for more in ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "password"):
        with pytest.raises(InputError, match=r"Secret x: ca\.crt"):
            a_set(one("Secret", stringData={"ca.crt": certificate + more}))


def test_an_expectation_that_cannot_be_read_is_refused_before_anything_is_contacted():
    row = {"name": "a", "meaning": "it is", "api_version": "v1", "kind": "ConfigMap", "conditon": "`true`"}
    with pytest.raises(InputError, match=r"set one: expectation 'a': unknown key 'conditon'.*condition"):
        a_set(TEAM, expectations=[row])


def test_a_store_says_what_is_missing_or_broken(tmp_path):
    with pytest.raises(InputError, match="lacks the set"):
        store.read_store(str(tmp_path), ["one"])
    (tmp_path / "one.json").write_text("{}")
    with pytest.raises(InputError, match="not a set file"):
        store.read_store(str(tmp_path))
    (tmp_path / "one.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        store.read_store(str(tmp_path))
    with pytest.raises(InputError, match="the store is made by"):
        store.write_set(str(tmp_path / "nowhere"), a_set(TEAM))


def test_sets_that_fit_pass():
    custom = one("Thing", api_version="example.org/v1")
    wide = one("Wide", api_version="example.org/v1", namespace="")
    contents = [a_set(TEAM, custom, wide), a_set(definition(), definition(kind="Wide", scope="Cluster"), name="two")]
    assert setfile.check_together(contents) is None


def test_an_object_in_two_sets_is_refused_with_both():
    words = problem(a_set(TEAM), a_set(TEAM, name="two"))
    assert "one.yaml.j2" in words
    assert "two.yaml.j2" in words


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            one("Thng", api_version="example.org/v1"),
            "Thng.example.org: no set brings its CustomResourceDefinition; did you mean 'Thing.example.org'",
        ),
        (one("HTTPRoute", api_version="gateway.networking.k8s.io/v1"), "HTTPRoute.gateway.networking.k8s.io: no set brings"),
        (one("Thing", api_version="example.org/v1beta1"), "serves v1, not v1beta1"),
        (one("Thing", api_version="example.org/v0"), "serves v1, not v0"),
        (one("ConfigMap", namespace="taem"), "no set declares the namespace taem; did you mean 'team'"),
        (one("ConfigMap", namespace=""), "ConfigMap/-/x: metadata.namespace is missing"),
        (one("Thing", api_version="example.org/v1", namespace=""), "metadata.namespace is missing"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_source(document, words):
    found = problem(a_set(TEAM, definition(retired=("v0",)), document))
    assert words in found
    assert "one.yaml.j2: " in found


def test_every_problem_is_told_at_once():
    found = problem(a_set(one("ConfigMap", namespace="a"), one("ConfigMap", namespace="b")))
    assert len(found.splitlines()) == 3


def test_what_a_cluster_has_from_elsewhere_is_known():
    content = a_set(one("Cluster", api_version="elsewhere.example/v1", namespace="theirs"))
    assert setfile.check_together([content], ["theirs"], ["elsewhere.example"]) is None
    assert "theirs" in problem(content, external_groups=["elsewhere.example"])


@pytest.mark.parametrize("namespace", [*setfile.SERVERS_OWN, "gantry-system"])
def test_the_servers_own_namespaces_and_the_records_are_known(namespace):
    assert setfile.check_together([a_set(one("ConfigMap", namespace=namespace))]) is None
