# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Vault by its project's chart: what the role tells the chart, and that nothing is claimed twice.

The chart here is ours and only writes its values down: what the real one makes of them is not proven by this.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._chart.fetch import digest_of
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.setfile import check_together
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.store import read_store
from ansible_collections.gantry.platform.tests.integration.kube.objects import identity, one_set
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare

ROOT = Path(__file__).resolve().parents[2]
CHARTS = ROOT / "tests" / "fixtures" / "charts"
ROLES = ["component", "cluster_baseline", "vault", "workloads"]
SET = "component-vault"
IMAGE = "images.consciousness.example/hashicorp/vault"


@pytest.fixture(scope="module")
def prod(tmp_path_factory, helm):
    """Declare production with these overrides and the chart, or without it; gives its clusters."""

    def run(overrides=None, **component):
        inventories = copy_of_the_inventories(tmp_path_factory.mktemp("inventories"))
        folder = inventories / "group_vars" / "prod"
        settings = {"components": {"vault": component, "vault-secrets-operator": {}}} if component else {}
        more = {"settings": settings, **(overrides or {})}
        pin = {"components": {"vault": {"digest": digest_of(CHARTS / "vault")}}} if component else {}
        for name, variable, found in (
            ("20_overrides.yml", "platform_environment_overrides", more),
            ("release.yml", "platform_release", pin),
        ):
            content = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
            for key, value in found.items():
                content[variable][key] = {**(content[variable].get(key) or {}), **value}
            (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        given = {"component_repositories": {"hashicorp": str(CHARTS)}, "component_helm_path": helm}
        return declare(tmp_path_factory.mktemp("declared"), [inventories / "prod.yml"], ROLES, **given)

    return run


@pytest.fixture(scope="module")
def charted(prod):
    return prod(source="upstream", values={"server": {"logLevel": "debug"}})


@pytest.fixture(scope="module")
def plain(prod):
    return prod()


def values(cluster):
    return json.loads(cluster.one(SET, "ConfigMap", "values")["data"]["values"])


def test_no_object_is_claimed_twice_and_the_role_makes_the_namespace(charted):
    for cluster in charted.values():
        check_together(read_store(cluster.store), [], [])
        assert cluster.sets[SET]["role"] == "vault", "it is applied with its area"
        assert cluster.documents(SET, "Namespace") == []
        assert {one["metadata"]["namespace"] for one in cluster.documents(SET) if one["kind"] != "MutatingWebhookConfiguration"} == {
            "vault"
        }
        assert cluster.one("vault", "Namespace", "vault")
        assert cluster.documents("vault", "StatefulSet") == []


def test_what_the_chart_does_not_bring_stays(charted, plain):
    ours = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in plain["prod-euw1"].documents("vault")}
    left = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in charted["prod-euw1"].documents("vault")}
    assert left - ours == {("NetworkPolicy", "vault", "vault-agent-injector")}
    assert {kind for kind, _namespace, name in ours - left} == {
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "ConfigMap",
        "Service",
        "PodDisruptionBudget",
        "StatefulSet",
    }
    assert all(name.startswith("vault") for _kind, _namespace, name in ours - left)


def test_the_servers_are_the_same_installation(charted, plain):
    server = values(charted["prod-euw1"])["server"]
    ours = plain["prod-euw1"].one("vault", "StatefulSet", "vault")["spec"]
    pod = ours["template"]["spec"]
    (container,) = pod["containers"]
    assert server["ha"]["raft"]["config"] == plain["prod-euw1"].one("vault", "ConfigMap", "vault")["data"]["vault.hcl"]
    assert (server["ha"]["replicas"], server["ha"]["raft"]["enabled"], server["ha"]["raft"]["setNodeId"]) == (ours["replicas"], True, True)
    assert server["image"] == {"repository": IMAGE, "tag": "1.21.1"}
    assert server["affinity"] == pod["affinity"]
    assert server["topologySpreadConstraints"] == pod["topologySpreadConstraints"]
    assert server["priorityClassName"] == pod["priorityClassName"]
    assert server["resources"] == container["resources"]
    assert server["statefulSet"]["securityContext"] == {"pod": pod["securityContext"], "container": container["securityContext"]}
    assert server["statefulSet"]["annotations"] == {"gantry.dev/wait": "false"}
    for probe in ("readinessProbe", "livenessProbe"):
        assert server[probe]["path"] == container[probe]["httpGet"]["path"]
        assert all(server[probe][key] == value for key, value in container[probe].items() if key != "httpGet")
    for claim in ours["volumeClaimTemplates"]:
        storage = server[f"{claim['metadata']['name']}Storage"]
        assert (storage["storageClass"], storage["size"]) == ("encrypted-retained", claim["spec"]["resources"]["requests"]["storage"])
    assert server["volumes"] == [volume for volume in pod["volumes"] if volume["name"] != "config"]
    assert server["logLevel"] == "debug", "values of the inventory lie over ours"


def test_every_cluster_has_an_injector_that_speaks_for_it(charted):
    for name, cluster in charted.items():
        found = values(cluster)
        injector = found["injector"]
        assert found["server"]["enabled"] is (name == "prod-euw1")
        assert found["global"].get("externalVaultAddr", "") == ("" if name == "prod-euw1" else "https://vault.consciousness.example:8200")
        assert found["server"]["serviceAccount"]["create"] is (name == "prod-euw1")
        assert (injector["enabled"], injector["replicas"], injector["authPath"]) == (True, 2, f"auth/kubernetes-{name}")
        assert injector["image"] == {"repository": "images.consciousness.example/hashicorp/vault-k8s"}
        assert injector["agentImage"] == {"repository": IMAGE, "tag": "1.21.1"}
        assert injector["webhook"]["failurePolicy"] == "Fail"
        (webhook,) = cluster.one(SET, "MutatingWebhookConfiguration", "vault-agent-injector-cfg")["webhooks"]
        assert "caBundle" not in webhook["clientConfig"], "the injector fills it"


def test_what_the_injector_writes_into_its_webhook_is_no_change(cluster, charted):
    hook = charted["prod-euw1"].one(SET, "MutatingWebhookConfiguration", "vault-agent-injector-cfg")
    wanted = one_set("webhook", cluster.namespace(), hook)
    cluster.run(wanted).ok()
    access = yaml.safe_load(Path(cluster.kubeconfig).read_text(encoding="utf-8"))
    authority = access["clusters"][0]["cluster"]["certificate-authority-data"]
    live = cluster.get(identity(hook))
    live["webhooks"][0]["clientConfig"]["caBundle"] = authority
    cluster.edit(identity(hook), {"webhooks": live["webhooks"]}, "vault-k8s")
    again = cluster.run(wanted).ok()
    assert (again.result["changed"], again.written) == (False, set())
    assert cluster.get(identity(hook))["webhooks"][0]["clientConfig"]["caBundle"] == authority


def test_with_the_operator_only_the_hub_needs_the_chart(prod):
    pinned = f"{IMAGE}@sha256:{'a' * 64}"
    clusters = prod({"security": {"vault": {"delivery": "operator", "image": pinned}}}, source="upstream")
    assert [name for name, cluster in clusters.items() if SET in cluster.sets] == ["prod-euw1"]
    found = values(clusters["prod-euw1"])
    assert found["injector"] == {"enabled": False}
    assert found["server"]["image"] == {"repository": f"{IMAGE}@sha256", "tag": "a" * 64}


def test_the_servers_get_into_their_key_service_by_a_secret_of_the_hub(prod):
    config = {"address": "https://kms.example:8200", "key_name": "vault", "mount_path": "transit/"}
    seal = {"type": "transit", "config": config, "environment": {"VAULT_TOKEN": "env:TOKEN_OF_THE_KEY_SERVICE"}}
    clusters = prod({"security": {"vault": {"seal": seal}}}, source="upstream")
    secrets = {
        name: [one for one in found.documents("vault", "Secret") if one["metadata"]["name"] == "vault-seal"]
        for name, found in clusters.items()
    }
    assert {name for name, found in secrets.items() if found} == {"prod-euw1"}
    assert secrets["prod-euw1"][0]["data"] == {"VAULT_TOKEN": {"reference": "env:TOKEN_OF_THE_KEY_SERVICE"}}
    wanted = [{"envName": "VAULT_TOKEN", "secretName": "vault-seal", "secretKey": "VAULT_TOKEN"}]
    assert values(clusters["prod-euw1"])["server"]["extraSecretEnvironmentVars"] == wanted
    egress = clusters["prod-euw1"].one("vault", "NetworkPolicy", "vault")["spec"]["egress"]
    assert [port["port"] for port in egress[1]["ports"]] == [443, 6443, 8200], "and reach it"
