# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people write who come from other tools, and what they write wrong: understood, or answered with what to write instead."""

from __future__ import annotations

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    definition,
    deployment,
    gadget,
    namespace_of,
    one_set,
    role,
    unused_group,
    unused_name,
)
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face

APPLY = "gantry.platform.kube_apply"


@pytest.fixture(params=FACES)
def face(request, cluster, tmp_path):
    return Face(request.param, tmp_path, cluster.kubeconfig)


def task(name, namespace, /, **options):
    """A task of somebody who moves over: no set, no owner."""
    keys = {key: options.pop(key) for key in ("vars", "check_mode") if key in options}
    return {"name": name, APPLY: {"namespace": namespace, **options}, **keys}


def text_of(*documents):
    return yaml.safe_dump_all(documents, sort_keys=False)


def test_one_object_can_be_removed(cluster, face, namespace):
    for name in ("named", "written", "kept"):
        cluster.run(one_set(name, namespace, config_map(namespace, name))).ok()
    played = face.play(
        task("checked", namespace, state="absent", kind="ConfigMap", name="named", check_mode=True),
        task("named", namespace, state="absent", kind="ConfigMap", name="named"),
        task("again", namespace, state="absent", api_version="v1", kind="ConfigMap", name="named"),
        task("written", namespace, state="absent", resource_definition=config_map(namespace, "written")),
        task("unknown", namespace, state="absent", api_version="none.example/v1", kind="Nothing", name="x"),
    )
    found = played.results
    assert [change["id"] for change in found["checked"]["plan"]] == [f"ConfigMap/{namespace}/named"], played.output
    assert found["named"]["plan"] == found["checked"]["plan"] and found["named"]["digest"] == found["checked"]["digest"]
    assert "a set that declares it makes it again" in found["named"]["plan"][0]["reason"]
    assert (found["again"]["changed"], found["again"]["counts"]["unchanged"]) == (False, 1)
    assert found["written"]["counts"]["delete"] == 1
    assert (found["unknown"]["changed"], "is served, so x counts as gone" in str(found["unknown"]["warnings"])) == (False, True)
    assert [cluster.find(config_map(namespace, name)) is None for name in ("named", "written", "kept")] == [True, True, False]


def test_a_removal_is_bounded_and_waited_for(cluster, namespace):
    names = [f"m{number}" for number in range(4)]
    cluster.run(one_set("s", namespace, *(config_map(namespace, name) for name in names))).ok()
    absent = {"state": "absent", "definition": [config_map(namespace, name) for name in names]}
    refused = cluster.run(**absent, prune={"max_count": 3})
    assert "would delete 4 objects, the limit is 3" in refused.message and refused.writes == []
    space = namespace_of(unused_name())
    cluster.run(definition=space).ok()
    refused = cluster.run(state="absent", definition=space)
    assert "write prune: {data: [Namespace]}" in refused.message and refused.writes == []
    refused = cluster.run(state="absent", definition=space, prune={"data": ["Namespace"]}, allowed_impact=["safe"])
    assert "destroys_data" in refused.message and refused.writes == []
    cluster.run(state="absent", definition=space, prune={"data": ["Namespace"]}).ok()
    assert cluster.find(space) is None, "waited until it was gone"
    cluster.edit(config_map(namespace, "m0"), {"metadata": {"finalizers": ["example.com/stuck"]}})
    stuck = cluster.run(state="absent", definition=config_map(namespace, "m0"), wait_timeout=1)
    assert "for these to go away: ConfigMap/" in stuck.message and "finalizers" in stuck.message
    blocked = cluster.run(state="absent", definition=config_map(namespace, "m0"), wait=False).ok()
    assert "example.com/stuck" in blocked.change(f"ConfigMap/{namespace}/m0")["reason"] and blocked.writes == []
    cluster.edit(config_map(namespace, "m0"), {"metadata": {"finalizers": None}})


def test_the_words_of_kubernetes_core_are_understood_or_answered(cluster, face, namespace):
    answered = {
        "merge_type": (["strategic-merge"], "there is no option 'merge_type': leave it out: server-side apply merges"),
        "force": (True, "write on_immutable: replace to make an object again, force_conflicts"),
        "wait_condition": ({"type": "Available"}, "let gantry.platform.kube_verify wait for it"),
        "validate": ({"strict": True}, "the server validates every document strictly"),
        "delete_options": ({}, "objects are deleted by their uid"),
        "label_selectors": (["a=b"], "name the objects, or let prune or remove_sets"),
        "username": ("me", "write api_key, client_cert with client_key, or a kubeconfig"),
        "apply": (False, "apply: false asks for another patch than server-side apply"),
        "state": ("patched", "value of state must be one of: present, absent, got: patched"),
        "name": ("x", "kind is missing: api_version, kind and name together name one object"),
    }
    made = config_map(namespace, "made")
    played = face.play(
        task("present", namespace, state="present", apply=True, resource_definition=made),
        task("minimal", namespace, state="present", kind="ServiceAccount", name="plain"),
        *(
            task(word, namespace, **{word: value}, **({} if word == "name" else {"definition": made}))
            for word, (value, _) in answered.items()
        ),
        task("sets", namespace, state="absent", sets=[one_set("s", namespace, made)]),
    )
    assert played.results["present"]["changed"], played.output
    assert cluster.find(made) and cluster.find(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "plain", "namespace": namespace}}
    )
    assert {word: said for word, (_, said) in answered.items() if said not in played.results[word]["msg"]} == {}
    assert "a set goes by remove_sets or prune" in played.results["sets"]["msg"]


def test_sources_are_found_as_templates_are_and_decrypted(cluster, face, namespace, tmp_path):
    files, templates = tmp_path / "files", tmp_path / "templates"
    (files / "many").mkdir(parents=True)
    templates.mkdir()
    (files / "one.yml").write_text(text_of(config_map(namespace, "one")))
    (files / "many" / "two.yml").write_text(text_of(config_map(namespace, "two")))
    (files / "many" / "three.yaml").write_text(text_of(config_map(namespace, "three")), encoding="utf-16")
    (tmp_path / "four.yml").write_text(text_of(config_map(namespace, "four")))
    (tmp_path / "five.yml").write_text(text_of(config_map(namespace, "five")))
    (templates / "six.yml.j2").write_text(text_of(config_map(namespace, "[[ word ]]")))
    password = tmp_path / "password"
    password.write_text("of-the-test")
    vault = VaultLib([("default", VaultSecret(password.read_bytes()))])
    (files / "seven.yml").write_bytes(vault.encrypt(text_of(config_map(namespace, "seven"))))
    played = face.play(
        task("found", namespace, src=["one.yml", "many/", "fou*.yml", str(tmp_path / "five.yml"), "seven.yml"]),
        task(
            "rendered",
            namespace,
            template={"path": "six.yml.j2", "variable_start_string": "[[", "variable_end_string": "]]"},
            vars={"word": "six"},
        ),
        task("also", namespace, template=[{"path": "six.yml.j2", "trim": True}]),
        task("missing", namespace, src=["none.yml"]),
        task("elsewhere", namespace, src=[str(files / "one.yml")], remote_src=True),
        words=["--vault-password-file", str(password)],
    )
    assert played.results["found"]["counts"]["create"] == 6, played.output
    assert played.results["rendered"]["counts"]["create"] == 1
    assert "unknown key 'trim'" in played.results["also"]["msg"]
    assert "none.yml" in played.results["missing"]["msg"] and "remote_src: true" in played.results["missing"]["msg"]
    assert played.results["elsewhere"]["counts"]["unchanged"] == 1
    names = {item["metadata"]["name"] for item in cluster.list("ConfigMap", namespace)}
    assert {"one", "two", "three", "four", "five", "six", "seven"} <= names


def test_an_empty_rendering_says_so(cluster, face, namespace, tmp_path):
    (tmp_path / "nothing.j2").write_text("{# only for another environment #}\n{% if false %}kind: A{% endif %}\n")
    (tmp_path / "full.j2").write_text(text_of(config_map(namespace, "full")))
    named = {"name": "s", "namespace": namespace}
    played = face.play(
        task("alone", namespace, template=["nothing.j2"]),
        task("named", namespace, template=["nothing.j2"], apply_set=named),
        task("both", namespace, template=["nothing.j2", "full.j2"], apply_set=named, prune={"mode": "delete"}),
        task("emptied", namespace, template=["nothing.j2"], apply_set=named, prune={"mode": "delete"}),
        task("meant", namespace, template=["nothing.j2"], apply_set=named, prune={"mode": "delete"}, empty_sets=["s"]),
    )
    found = played.results
    assert found["alone"]["msg"] == f"there is nothing to apply: {tmp_path}/nothing.j2 rendered to nothing"
    assert (
        f"{tmp_path}/nothing.j2 rendered to nothing; where set s is meant to hold nothing, name it in empty_sets" in found["named"]["msg"]
    )
    assert found["both"]["changed"], played.output
    assert f"{tmp_path}/nothing.j2 rendered to nothing" in found["emptied"]["msg"] and found["emptied"]["failed"]
    assert [change["action"] for change in found["meant"]["plan"]] == ["delete"]


def test_a_file_that_cannot_be_read_is_named_with_the_cure(cluster, face, namespace, tmp_path):
    (tmp_path / "files").mkdir()
    text = text_of(config_map(namespace, "readable", a="Ä"))
    (tmp_path / "files" / "marked.yml").write_bytes(text.encode("utf-16"))
    (tmp_path / "files" / "latin.yml").write_bytes(b"# one\n# \xc4\n")
    (tmp_path / "files" / "unmarked.yml").write_bytes(text.encode("utf-16-le"))
    (tmp_path / "files" / "binary.yml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: !!binary gIGC}\n")
    (tmp_path / "marked.j2").write_bytes(text.replace("readable", "{{ 'rendered' }}").encode("utf-16"))
    (tmp_path / "latin.j2").write_bytes(b"# one\n# \xc4\n")
    files = {name: task(name, namespace, src=[f"{name}.yml"]) for name in ("latin", "unmarked", "binary")}
    played = face.play(
        task("marked", namespace, src=["marked.yml"], template=["marked.j2"]),
        *files.values(),
        task("template", namespace, template=["latin.j2"]),
    )
    assert played.results["marked"]["counts"]["create"] == 2, played.output
    assert cluster.get(config_map(namespace, "readable"))["data"] == {"a": "Ä"}
    for name, said in (
        ("latin", "latin.yml:2: byte 0xc4 is not UTF-8; save the file as UTF-8"),
        ("unmarked", "unmarked.yml:1: holds NUL bytes: UTF-16 without a byte order mark"),
        ("binary", "binary.yml:4:11: !!binary has no place in JSON; write the text itself"),
        ("template", "latin.j2:2: byte 0xc4 is not UTF-8"),
    ):
        assert said in played.results[name]["msg"], played.results[name]["msg"]


def test_the_namespace_of_a_cluster_scoped_object_is_ignored_with_a_warning(cluster, namespace):
    name = unused_name()
    cluster_role = {**role(namespace, name), "kind": "ClusterRole"}
    wanted = one_set("s", namespace, cluster_role)
    done = cluster.run(wanted).ok()
    assert done.planned == {f"ClusterRole.rbac.authorization.k8s.io/-/{name}": "create"}
    assert any("metadata.namespace left out, the kind has no namespaces" in warning for warning in done.result["warnings"])
    assert cluster.run(wanted).ok().tried == []


@pytest.fixture
def ruled(cluster, namespace):
    """A kind whose rules have messages of their own, with a function that makes an object of it."""
    crd = definition(unused_group())
    rules = [
        {"rule": "self.low <= self.high", "message": "low: must not be above high, see the handbook"},
        {"rule": "self.low != 7", "messageExpression": "'seven of ' + self.mode + ' is taken'"},
    ]
    fields = {
        "low": {"type": "integer"},
        "high": {"type": "integer", "maximum": 100},
        "mode": {"type": "string", "maxLength": 5, "enum": ["a", "b"]},
    }
    fields["token"] = {
        "type": "string",
        "maxLength": 60,
        "x-kubernetes-validations": [{"rule": "self.startsWith('t-')", "message": "begins with t-"}],
    }
    spec = {"type": "object", "properties": fields, "x-kubernetes-validations": rules}
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = spec
    cluster.run(one_set("kinds", namespace, crd)).ok()
    return lambda **spec: {**gadget(crd["spec"]["group"], namespace), "spec": spec}


def test_every_cause_of_a_refusal_is_told_with_its_words(cluster, namespace, ruled):
    said = cluster.run(definition=ruled(low=7, high=1, mode="c", token="hunter2: must not")).message
    assert "spec.mode: Unsupported value: supported values:" in said
    said = cluster.run(definition=ruled(low=7, high=1, mode="a", token="hunter2: must not")).message
    for words in (
        "spec: Invalid value: low: must not be above high, see the handbook",
        "spec: Invalid value: seven of a is taken",
        "spec.token: Invalid value: begins with t-",
    ):
        assert words in said
    assert "hunter2" not in said
    done = cluster.run(definition=ruled(low=1, high=2, mode="a", token="t-1")).ok()
    assert done.result["counts"]["create"] == 1
    again = cluster.run(definition=ruled(low=3, high=2, mode="a", token="t-1")).message
    assert "must not be above high, see the handbook" in again, "of an update as well"


def test_no_value_of_a_pod_template_is_repeated(cluster, namespace):
    wanted = deployment(namespace, env={"PASSWORD": "canary: field is immutable"})
    wanted["spec"]["template"]["spec"]["containers"] += [{"name": "Not_A_Name", "image": "x", "ports": [{"containerPort": 99999}]}]
    wanted["spec"]["selector"] = {"matchLabels": {"app": "another"}}
    said = cluster.run(definition=wanted).message
    assert "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`" in said
    assert "spec.template.spec.containers[1].name: Invalid value: a lowercase RFC 1123 label must" in said
    assert "spec.template.spec.containers[1].ports[0].containerPort: Invalid value: must be between 1 and 65535" in said
    made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": namespace}, "spec": {"suspend": True}}
    made["spec"]["template"] = wanted["spec"]["template"] | {
        "spec": {"restartPolicy": "Never", "containers": [{"name": "a", "image": "x"}]}
    }
    cluster.run(definition=made, wait=False).ok()
    made["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": 'ca"nary}}}: x'}]
    refused = cluster.run(definition=made, on_immutable="fail", wait=False).message
    assert "canary" not in said + refused and "nary" not in said + refused
