# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ServiceAccounts of a real cluster log in to a real Vault: TokenReview, policies, dynamic logins, and what each must not see."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.gantry.platform.tests.integration.vault.accounts import account, reviewer
from ansible_collections.gantry.platform.tests.integration.vault.databases import engine


@pytest.fixture(scope="module")
def services(cluster, live):
    """Two services with a role, a policy and a secret each, one of them with a database; and who reviews their tokens."""
    namespace = cluster.namespace()
    for name in ("engine", "ledger", "stranger"):
        account(cluster, namespace, name)
    ports = json.loads((cluster.root / "ports.json").read_text(encoding="utf-8"))
    names = ("engine", "ledger")
    live.configure(
        {
            "policies": {
                name: {f"services-kv/data/{name}/*": ["read"], **({"services-db/creds/engine": ["read"]} if name == "engine" else {})}
                for name in names
            },
            "auth": {
                "services": {
                    "type": "kubernetes",
                    "config": {
                        "kubernetes_host": f"https://127.0.0.1:{ports['kube_apiserver_https']}",
                        "kubernetes_ca_cert": (cluster.root / "pki" / "ca.crt").read_text(encoding="utf-8"),
                        "token_reviewer_jwt": {"reference": "env:REVIEWER"},
                        "disable_local_ca_jwt": True,
                    },
                    "roles": {
                        name: {
                            "bound_service_account_names": [name],
                            "bound_service_account_namespaces": [namespace],
                            "audience": "vault",
                            "token_policies": [name],
                            "token_ttl": "10m",
                        }
                        for name in names
                    },
                }
            },
            "engines": {
                "services-kv": {"type": "kv", "options": {"version": "2"}},
                "services-db": engine(live, "services", role="engine"),
            },
        },
        secrets={"REVIEWER": reviewer(cluster, namespace)},
        owner="services",
    )
    for name in names:
        live.api.write(f"services-kv/data/{name}/api", {"data": {"key": f"of-{name}"}})
    return namespace


def case(namespace, name, other, **more):
    return {
        "namespace": namespace,
        "service_account": name,
        "role": name,
        "mount": "services",
        "may_read": [f"services-kv/data/{name}/api"],
        "may_not_read": [f"services-kv/data/{other}/api", "sys/policies/acl/engine"],
        **more,
    }


@pytest.fixture
def wanted(cluster, services):
    return {
        "kubeconfig": cluster.kubeconfig,
        "logins": {
            "engine": case(services, "engine", "ledger", credentials=["services-db/creds/engine"]),
            "ledger": case(services, "ledger", "engine", may_not_read=["services-kv/data/engine/api", "services-db/creds/engine"]),
        },
        "policies": {
            "engine": {
                "policies": ["engine"],
                "may": {"services-kv/data/engine/api": ["read"]},
                "may_not": {"services-kv/data/engine/api": ["update", "delete"], "services-kv/data/ledger/api": ["read"]},
            }
        },
        "peers": 1,
    }


def test_each_service_gets_its_own_and_is_refused_the_others(live, vault, wanted):
    before = live.audit.mark()
    leases = live.api.names("sys/leases/lookup/services-db/creds/engine")
    found, output = vault.run("vault_verify", **wanted)
    assert found["changed"] is False, output
    assert len(found["verdicts"]) == 14 and all(row["passed"] for row in found["verdicts"])
    assert {path for _operation, path in live.audit.changes(before)} <= {
        "auth/services/login",
        "auth/token/create",
        "auth/token/revoke-self",
        "sys/capabilities",
        "sys/leases/revoke",
    }
    assert live.api.names("sys/leases/lookup/services-db/creds/engine") == leases
    assert "of-engine" not in output and "hvs." not in output and "eyJ" not in output


def test_what_does_not_hold_is_told_in_words(live, vault, wanted, services):
    wrong = copy.deepcopy(wanted)
    wrong["peers"] = 3
    found, _output = vault.run("vault_verify", **wrong)
    assert "Vault may lose 1 of 3 nodes: expected 3 voting, healthy, found 1 voting, healthy" in found["msg"]
    wrong["peers"] = 0
    wrong["logins"]["ledger"]["may_read"] = ["services-kv/data/engine/api"]
    wrong["logins"]["engine"]["may_not_read"] = ["services-kv/data/engine/api"]
    wrong["logins"]["thief"] = case(services, "stranger", "engine", role="engine")
    wrong["logins"]["wrong-audience"] = case(services, "engine", "ledger", audience="elsewhere")
    wrong["policies"]["engine"]["may"] = {"services-kv/data/engine/api": ["update"]}
    found, _output = vault.run("vault_verify", **wrong)
    names = {row["name"] for row in found["verdicts"]}
    assert names == {"reads-ledger", "refused-engine", "login-thief", "login-wrong-audience", "policy-engine"}
    assert "is refused services-kv/data/engine/api: expected it is refused, found it is read" in found["msg"]


def test_a_loosened_policy_is_found_by_both(live, vault, wanted):
    live.api.write("sys/policies/acl/ledger", {"policy": 'path "services-kv/data/*" { capabilities = ["read"] }'})
    try:
        found, _output = vault.run("vault_verify", **wanted)
        assert [row["name"] for row in found["verdicts"]] == ["refused-ledger"]
    finally:
        live.api.write("sys/policies/acl/ledger", {"policy": 'path "services-kv/data/ledger/*" { capabilities = ["read"] }'})
    assert vault.run("vault_verify", **wanted)[0]["changed"] is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"logins": {"a": {"namespace": "n", "role": "r"}}}, "logins.a.service_account: missing"),
        ({"policies": {"a": {"policies": ["p"], "mya": {}}}}, "did you mean 'may'?"),
    ],
)
def test_a_mistake_in_a_case_is_told(vault, options, words):
    found, _output = vault.run("vault_verify", **options)
    assert words in found["msg"]
