# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a run goes and as whom: the task decides it whole, and the cluster's own log is the judge."""

from __future__ import annotations

import json
import socket
import threading

import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, identity, one_set
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face

APPLY = "gantry.platform.kube_apply"
REVIEW = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class Listener:
    """Somebody on this machine who waits for tokens: counts who comes."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.came = 0
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def _listen(self):
        while True:
            try:
                connection, _peer = self.socket.accept()
            except OSError:
                return
            self.came += 1
            connection.close()


@pytest.fixture
def thief():
    listener = Listener()
    yield listener
    listener.socket.close()


@pytest.fixture(params=FACES)
def face(request, cluster, tmp_path):
    return Face(request.param, tmp_path, cluster.kubeconfig)


def test_no_variable_of_the_environment_leads_a_named_run_elsewhere(cluster, face, namespace, thief):
    hostile = {
        "K8S_AUTH_HOST": f"https://{thief.address}",
        "K8S_AUTH_API_KEY": "canary-token",
        "K8S_AUTH_VERIFY_SSL": "false",
        "K8S_AUTH_PROXY": f"http://{thief.address}",
        "K8S_AUTH_CONTEXT": "elsewhere",
        "K8S_AUTH_KUBECONFIG": "/none",
        "K8S_AUTH_IMPERSONATE_USER": "elsewhere",
    }
    document = config_map(namespace)
    task = {"name": "made", APPLY: {"definition": document}}
    mixed = {"name": "mixed", APPLY: {"definition": document, "api_key": "ours", "kubeconfig": None}}
    expectation = {"name": "e", "meaning": "m", "api_version": "v1", "kind": "ConfigMap", "namespace": namespace, "object": "settings"}
    verify = {"name": "verified", "gantry.platform.kube_verify": {"expectations": [expectation]}}
    mark = cluster.audit.mark()
    played = face.play(task, {**task, "name": "again", "environment": hostile}, verify, mixed, environment=hostile)
    assert played.results["made"]["changed"], played.output
    assert (played.results["again"]["changed"], played.results["verified"]["verdicts"][0]["passed"]) == (False, True)
    assert not played.results["made"].get("warnings")
    assert "names api_key and the environment K8S_AUTH_KUBECONFIG: nothing of both is mixed" in played.results["mixed"]["msg"]
    assert thief.came == 0
    admin = cluster.admin.create(REVIEW, review(), "tests")["status"]["userInfo"]["username"]
    assert {request.user for request in cluster.audit.sent(mark) if request.id == identity(document) and request.verb == "patch"} == {admin}


def test_the_environment_alone_names_a_cluster(cluster, face, namespace):
    task = {"name": "made", APPLY: {"definition": config_map(namespace), "kubeconfig": None}}
    played = face.play(task, environment={"K8S_AUTH_KUBECONFIG": cluster.kubeconfig})
    assert played.results["made"]["changed"], played.output


def test_what_is_not_verified_stands_in_the_report(cluster, namespace):
    config = kubeconfig_of(cluster)
    server = config["clusters"][0]["cluster"]
    config["clusters"][0]["cluster"] = {"server": server["server"], "insecure-skip-tls-verify": True}
    run = cluster.run(one_set("s", namespace, config_map(namespace)), auth={"kubeconfig": config}).ok()
    assert any("is not checked: whoever answers there gets our credentials" in warning for warning in run.result["warnings"])


def review():
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}


def kubeconfig_of(cluster, **user):
    """The administrator's kubeconfig with more for its user."""
    with open(cluster.kubeconfig, encoding="utf-8") as handle:
        config = yaml.safe_load(handle)
    config["users"][0]["user"].update(user)
    return config


def test_a_kubeconfig_that_appears_as_somebody_else_is_that_somebody(cluster, namespace):
    extra = {"example.org/Why": ["an audit", "ä"], "ticket": ["7"]}
    config = kubeconfig_of(
        cluster, **{"as": "ann@example.org", "as-uid": "u-7", "as-groups": ["team: red, blue", "ops"], "as-user-extra": extra}
    )
    seen = cluster.client("whoami", kubeconfig=config).create(REVIEW, review(), "tests")["status"]["userInfo"]
    assert (seen["username"], seen["uid"]) == ("ann@example.org", "u-7")
    assert {"team: red, blue", "ops"} <= set(seen["groups"])
    assert {key: seen["extra"][key] for key in ("example.org/why", "ticket")} == {"example.org/why": ["an audit", "ä"], "ticket": ["7"]}


def test_it_has_the_rights_of_whom_it_appears_as_and_no_others(cluster, namespace):
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": f"robots-{namespace}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": f"robots-{namespace}"}],
    }
    cluster.admin.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding, "tests")
    cluster.wait_for_right("robot", "create", "configmaps", namespace, groups=[f"robots-{namespace}"])
    document = config_map(namespace)
    wanted = one_set("s", namespace, document)
    refused = cluster.run(wanted, auth={"kubeconfig": kubeconfig_of(cluster, **{"as": "nobody"})})
    assert "403" in refused.message and refused.writes == []
    robot = {"kubeconfig": kubeconfig_of(cluster, **{"as": "robot", "as-groups": [f"robots-{namespace}"]})}
    mark = cluster.audit.mark()
    cluster.run(wanted, auth=robot).ok()
    names = {
        (event.get("impersonatedUser") or {}).get("username")
        for event in cluster.audit.lines(mark)
        if (event.get("objectRef") or {}).get("name") == "settings"
    }
    assert names == {"robot"}
    told = {"impersonate_user": "robot", "impersonate_groups": [f"robots-{namespace}"], "kubeconfig": cluster.kubeconfig}
    assert cluster.run(wanted, auth=told).ok().planned == {}


def test_another_identity_than_the_meant_one_is_said(cluster, namespace):
    wanted = one_set("s", namespace, config_map(namespace))
    said = cluster.run(wanted, identity="gantry:deployer", check=True).ok().result["warnings"]
    assert any("not as 'gantry:deployer' (cluster.identity)" in warning for warning in said)
    name = cluster.admin.create(REVIEW, review(), "tests")["status"]["userInfo"]["username"]
    assert cluster.run(wanted, identity=name, check=True).ok().result["warnings"] == []


def test_two_kubeconfigs_of_one_cluster_are_seen_by_its_uid(cluster, namespace, tmp_path):
    other = tmp_path / "other.kubeconfig"
    other.write_text(json.dumps({**kubeconfig_of(cluster), "current-context": kubeconfig_of(cluster)["current-context"]}))
    runs = [
        cluster.run(one_set("s", namespace, config_map(namespace)), auth={"kubeconfig": path}) for path in (cluster.kubeconfig, str(other))
    ]
    assert len({run.ok().result["cluster_uid"] for run in runs}) == 1
