# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action and the module give the same answers, take documents in every form and reach the cluster in every way."""

from __future__ import annotations

import json
import sys

import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.kube.cluster import MANAGER
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, identity, secret
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face

APPLY = "gantry.platform.kube_apply"
VERIFY = "gantry.platform.kube_verify"


@pytest.fixture(params=FACES)
def face(request, cluster, tmp_path):
    return Face(request.param, tmp_path, cluster.kubeconfig)


@pytest.fixture
def action(cluster, tmp_path):
    return Face("action", tmp_path, cluster.kubeconfig)


def apply(name, namespace, *documents, **more):
    options = {key: value for key, value in more.items() if key not in ("check_mode", "diff", "environment")}
    task = {key: value for key, value in more.items() if key in ("check_mode", "diff", "environment")}
    given = {"owner": "tests", "apply_set": {"name": "s", "namespace": namespace}, **options}
    if documents:
        given["definition"] = list(documents)
    return {"name": name, APPLY: given, **task}


def test_a_life_of_a_set(cluster, face, namespace):
    first, second = config_map(namespace, "first"), config_map(namespace, "second")
    delete = {"mode": "delete"}
    expectation = {"name": "one", "meaning": "m", "api_version": "v1", "kind": "ConfigMap", "namespace": namespace, "object": "first"}
    played = face.play(
        apply("checked", namespace, first, second, check_mode=True, diff=True),
        apply("made", namespace, first, second, diff=True),
        apply("again", namespace, first, second),
        {"name": "verified", VERIFY: {"expectations": [{**expectation, "condition": "data.colour == 'red'"}]}},
        apply("pruned", namespace, first, prune=delete),
        {"name": "failed", VERIFY: {"expectations": [{**expectation, "object": "second"}]}},
        apply("wrong", namespace, {**first, "kind": "ConfigMapp"}),
        apply("misspelt", namespace, first, prun=delete),
    )
    found = played.results
    assert found["checked"]["plan"] == found["made"]["plan"]
    assert found["checked"]["digest"] == found["made"]["digest"]
    assert (found["checked"]["changed"], found["made"]["changed"], found["again"]["changed"]) == (True, True, False)
    assert [change["id"] for change in found["made"]["plan"]] == [identity(first), identity(second)]
    assert found["made"]["diff"][0]["after"]
    assert "diff" not in found["again"]
    assert found["again"]["counts"] == {**dict.fromkeys(found["made"]["counts"], 0), "unchanged": 2}
    assert found["verified"]["verdicts"][0]["passed"] is True
    assert [change["action"] for change in found["pruned"]["plan"]] == ["delete"]
    assert "nothing found" in found["failed"]["msg"] and found["failed"]["failed"]
    assert "did you mean 'v1 ConfigMap'" in found["wrong"]["msg"]
    assert "prun" in found["misspelt"]["msg"]
    assert {"plan", "counts", "digest", "foreign", "orphan_sets", "cluster_uid", "requests"} <= set(found["made"])
    assert cluster.get(first)["metadata"]["managedFields"][0]["manager"] == MANAGER
    assert cluster.find(second) is None


def test_documents_in_every_form(cluster, face, namespace, tmp_path):
    folder = tmp_path / "documents"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.yaml").write_text(yaml.safe_dump(config_map(namespace, "file")))
    (folder / "deep" / "two.json").write_text(json.dumps(config_map(namespace, "deep")))
    (tmp_path / "glob-a.yml").write_text(yaml.safe_dump_all([config_map(namespace, "glob"), config_map(namespace, "glob-2")]))
    listed = {"apiVersion": "v1", "kind": "List", "items": [config_map(namespace, "listed")]}
    nested = [[config_map(namespace, "nested"), [yaml.safe_dump(config_map(namespace, "text"))]], listed]
    played = face.play(
        apply("made", namespace, *nested, src=[str(folder), str(tmp_path / "glob-*.yml")]),
        apply("refused", namespace, src=["https://example.com/manifest.yaml"]),
    )
    assert played.results["made"]["changed"], played.output
    assert {change["id"].rpartition("/")[2] for change in played.results["made"]["plan"]} == {
        *("file", "deep", "glob", "glob-2", "listed", "nested", "text"),
    }
    assert "URL" in played.results["refused"]["msg"] and played.results["refused"]["failed"]


def test_templates_are_rendered_on_the_controller(cluster, face, namespace, tmp_path):
    template = tmp_path / "map.yaml.j2"
    template.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rendered, namespace: {{ home }}}\ndata: {sum: '{{ 1 + 2 }}'}\n")
    task = apply("made", namespace, template=[str(template)])
    played = face.play({**task, "vars": {"home": namespace}})
    assert played.results["made"]["changed"], played.output
    assert cluster.get(config_map(namespace, "rendered"))["data"] == {"sum": "3"}


def test_a_store_of_set_files(cluster, face, namespace, tmp_path):
    store = tmp_path / "store"
    store.mkdir(mode=0o700)
    content = {"set": "stored", "namespace": namespace, "role": "r", "documents": [config_map(namespace, "stored")]}
    (store / "stored.json").write_text(json.dumps(content))
    task = {"name": "made", APPLY: {"owner": "tests", "store": str(store), "expected_sets": ["stored"]}}
    played = face.play(task, {"name": "lacking", APPLY: {"owner": "tests", "store": str(store), "expected_sets": ["stored", "other"]}})
    assert [change["set"] for change in played.results["made"]["plan"]] == ["stored"]
    assert "other" in played.results["lacking"]["msg"]


@pytest.fixture
def token(cluster, namespace):
    """A token of a ServiceAccount that may do everything in its namespace and look at the others."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": namespace}}
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", account, "tests")
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"robot-{namespace}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": namespace}],
    }
    cluster.admin.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding, "tests")
    cluster.wait_for_right(f"system:serviceaccount:{namespace}:robot", "create", "configmaps", namespace)
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    answer = cluster.admin.create(f"/api/v1/namespaces/{namespace}/serviceaccounts/robot/token", request, "tests")
    return answer["status"]["token"]


def test_host_and_token(cluster, action, namespace, token, tmp_path):
    config = yaml.safe_load(open(cluster.kubeconfig, encoding="utf-8"))
    server = config["clusters"][0]["cluster"]
    access = {"host": server["server"], "api_key": token, "kubeconfig": None}
    if server.get("certificate-authority"):
        access["ca_cert"] = server["certificate-authority"]
    else:
        access["validate_certs"] = False
    played = action.play(apply("made", namespace, config_map(namespace), **access), words=["-vvvv"])
    assert played.results["made"]["changed"], played.output
    assert token not in played.output
    assert not [line for line in played.command_lines if token in line]


def test_an_exec_plugin_whose_token_is_refused_is_asked_again(cluster, action, namespace, token, tmp_path):
    config = yaml.safe_load(open(cluster.kubeconfig, encoding="utf-8"))
    state, plugin = tmp_path / "asked", tmp_path / "plugin.py"
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
    plugin.write_text(
        "import json, pathlib\n"
        f"state = pathlib.Path({str(state)!r})\n"
        f"token = {token!r} if state.exists() else 'stale'\n"
        "state.touch()\n"
        f"print(json.dumps({credential!r} | {{'status': {{'token': token}}}}))\n"
    )
    command = {"apiVersion": credential["apiVersion"], "command": sys.executable, "args": [str(plugin)], "interactiveMode": "Never"}
    config["users"] = [{"name": "robot", "user": {"exec": command}}]
    config["contexts"] = [{"name": "robot", "context": {"cluster": config["clusters"][0]["name"], "user": "robot"}}]
    config["current-context"] = "robot"
    mark = cluster.audit.mark()
    played = action.play(apply("made", namespace, config_map(namespace), kubeconfig=config))
    assert played.results["made"]["changed"], played.output
    users = {
        request.user for request in cluster.audit.sent(mark) if request.id == identity(config_map(namespace)) and request.verb == "patch"
    }
    assert users == {f"system:serviceaccount:{namespace}:robot"}


def test_a_secret_out_of_the_tasks_environment(cluster, action, namespace):
    document = secret(namespace, password="x")
    document["stringData"] = {"password": {"reference": "env:OF_THE_TEST"}}
    played = action.play(apply("made", namespace, document, environment={"OF_THE_TEST": "canary-value"}), words=["-vvvv", "--diff"])
    assert played.results["made"]["changed"], played.output
    assert cluster.get(document)["data"]["password"] == "Y2FuYXJ5LXZhbHVl"
