# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delivery ``operator``: the objects that the Vault Secrets Operator makes Secrets of, and the pods that read those."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.operated import operated

SET = "workloads"
GROUP = "secrets.hashicorp.com/"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    inventory = operated(tmp_path_factory.mktemp("operated"))
    return declare(tmp_path_factory.mktemp("declared"), [inventory], ["cluster_baseline", "vault", "workloads"])["sandbox"]


def custom(cluster):
    return [document for document in cluster.documents(SET) if document["apiVersion"].startswith(GROUP)]


def text(cluster, kind, name, key):
    return cluster.one(SET, kind, name)["spec"]["destination"]["transformation"]["templates"][key]["text"]


def test_every_path_and_every_login_is_an_object_with_a_secret_of_its_name(cluster):
    found = {(document["kind"], document["metadata"]["namespace"], document["metadata"]["name"]) for document in custom(cluster)}
    assert found == {
        ("VaultConnection", "vault", "vault"),
        ("VaultAuth", "memory", "store"),
        ("VaultStaticSecret", "memory", "store-vault"),
        ("VaultStaticSecret", "memory", "store-vault-generated"),
        ("VaultDynamicSecret", "memory", "store-vault-database-long-term"),
        ("VaultDynamicSecret", "memory", "store-vault-database-memory"),
    }
    for document in custom(cluster):
        spec = document["spec"]
        if "destination" in spec:
            assert (spec["destination"]["name"], spec["destination"]["create"]) == (document["metadata"]["name"], True)
            assert spec["rolloutRestartTargets"] == [{"kind": "Deployment", "name": "store"}]
            assert spec["vaultAuthRef"] == "store"


def test_the_pods_read_exactly_the_keys_that_are_made(cluster):
    (container,) = cluster.one(SET, "Deployment", "store")["spec"]["template"]["spec"]["containers"]
    read = {(entry["name"], *sorted(entry["valueFrom"]["secretKeyRef"].items())) for entry in container["env"]}
    made = {
        (key, ("key", key), ("name", document["spec"]["destination"]["name"]))
        for document in custom(cluster)
        if "destination" in document["spec"]
        for key in document["spec"]["destination"]["transformation"]["templates"]
    }
    assert read == made
    assert {entry[0] for entry in read} == {"API_KEY", "TOKEN", "SIGNING_KEY", "MEMORY_DATABASE_URL", "LONG_TERM_DATABASE_URL"}


def test_nothing_of_a_secret_but_what_is_named_reaches_the_cluster(cluster):
    for document in custom(cluster):
        if "destination" in document["spec"]:
            transformation = document["spec"]["destination"]["transformation"]
            assert (transformation["excludeRaw"], transformation["excludes"]) == (True, [".*"])
    assert text(cluster, "VaultStaticSecret", "store-vault", "API_KEY") == (
        '{{- if hasKey .Secrets "api \\"key\\"" -}}{{- get .Secrets "api \\"key\\"" -}}'
        '{{- else -}}{{- fail "the key api \\"key\\" is missing" -}}{{- end -}}'
    )


def test_paths_are_those_of_the_engines_without_their_mounts(cluster):
    static = cluster.one(SET, "VaultStaticSecret", "store-vault-generated")["spec"]
    assert (static["type"], static["mount"], static["path"], static["refreshAfter"]) == ("kv-v2", "sandbox", "store/generated", "5m")
    dynamic = cluster.one(SET, "VaultDynamicSecret", "store-vault-database-memory")["spec"]
    assert (dynamic["mount"], dynamic["path"], dynamic["revoke"]) == ("database", "creds/store-memory", True)


def test_the_operator_logs_in_as_the_service(cluster):
    spec = cluster.one(SET, "VaultAuth", "store")["spec"]
    kubernetes = {"role": "store", "serviceAccount": "store", "audiences": ["vault"], "tokenExpirationSeconds": 600}
    assert spec == {"vaultConnectionRef": "vault/vault", "method": "kubernetes", "mount": "kubernetes-sandbox", "kubernetes": kubernetes}
    assert cluster.one(SET, "ServiceAccount", "store", "memory")
    connection = cluster.one(SET, "VaultConnection", "vault")["spec"]
    assert connection["address"] == cluster.model["security"]["vault"]["url"]
    assert connection["skipTLSVerify"] is False
    assert connection["caCertSecretRef"] == "vault-tls", "on the hub the authority lies beside it"


def test_a_database_has_the_address_that_the_agent_would_write(cluster, shipped):
    def annotation(name):
        template = shipped["prod-euw1"].one(SET, "Deployment", name)["spec"]["template"]
        return template["metadata"]["annotations"]["vault.hashicorp.com/agent-inject-template-IDENTITY_DATABASE_URL"]

    agent = annotation("identity-registry").replace(".Data.", ".Secrets.").replace("identity", "memory")
    agent = agent.partition("-}}")[2].removesuffix("{{- end -}}")
    wanted = agent.replace(".db.consciousness.example", ".db.example")
    assert text(cluster, "VaultDynamicSecret", "store-vault-database-memory", "MEMORY_DATABASE_URL") == wanted


def test_only_the_operator_calls_vault(cluster):
    assert not [rule for rule in cluster.one(SET, "NetworkPolicy", "store")["spec"]["egress"] if rule["ports"][0]["port"] == 8200]
    (callers,) = [
        peer["namespaceSelector"]["matchExpressions"][0]["values"]
        for peer in cluster.one("vault", "NetworkPolicy", "vault")["spec"]["ingress"][0]["from"]
        if "matchExpressions" in peer.get("namespaceSelector", {})
    ]
    assert callers == ["vault-secrets-operator", "monitoring"]


def test_without_it_nothing_of_the_operator_is_declared(shipped):
    for found in shipped.values():
        assert custom(found) == []


@pytest.mark.parametrize("delivery", ["operator", "injector"])
def test_everybody_trusts_the_authority_that_the_inventory_names(delivery, tmp_path):
    authority = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    inventory = operated(tmp_path / "inventories", delivery=delivery, ca_cert=authority)
    cluster = declare(tmp_path, [inventory], ["cluster_baseline", "vault", "workloads"])["sandbox"]
    places = {
        secret["metadata"]["namespace"] for secret in cluster.documents("vault", "Secret") if secret["metadata"]["name"] == "vault-ca"
    }
    place = "vault" if delivery == "operator" else "memory"
    assert places == {place}
    assert cluster.one("vault", "Secret", "vault-ca", place)["data"] == {"ca.crt": base64.b64encode(authority.encode()).decode()}
    if delivery == "operator":
        assert cluster.one(SET, "VaultConnection", "vault")["spec"]["caCertSecretRef"] == "vault-ca"
    else:
        said = cluster.one(SET, "Deployment", "store")["spec"]["template"]["metadata"]["annotations"]
        assert said["vault.hashicorp.com/tls-secret"] == "vault-ca"
        assert said["vault.hashicorp.com/ca-cert"] == "/vault/tls/ca.crt"
