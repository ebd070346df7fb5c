# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vault_config on a real Vault; its audit log is the judge of what was written."""

from __future__ import annotations

import copy
import random
import socket
import ssl
import threading
import time

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError, InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.config import Request, configure
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face
from ansible_collections.gantry.platform.tests.integration.vault.databases import engine, psql
from ansible_collections.gantry.platform.tests.kit.walks import walk

SECRETS = {"USER_PASSWORD": "canary-of-a-user", "REVIEWER": "canary.of.a.reviewer"}
STEPS, SEED = walk("DRIFT", 200)


def document(live, name):
    """Something of each kind, below mounts and names of this test's own."""
    return {
        "policies": {
            f"{name}-reader": {f"{name}-kv/data/app/*": ["read"], f"{name}-kv/metadata/app/*": ["list", "read"]},
            f"{name}-text": 'path "sys/health" {\n  capabilities = ["read"] # the same, said otherwise\n}',
        },
        "password_policies": {f"{name}-strong": 'length = 20\nrule "charset" { charset = "abcdefghijklmnopqrstuvwxyz" min-chars = 1 }'},
        "auth": {
            f"{name}-approle": {
                "type": "approle",
                "description": "machines",
                "tune": {"default_lease_ttl": "1h", "max_lease_ttl": "24h"},
                "roles": {
                    "app": {"token_policies": f"{name}-reader,{name}-text", "token_ttl": "90m", "secret_id_ttl": "720h"},
                    "batch": {"token_policies": [f"{name}-reader"], "token_type": "batch", "secret_id_num_uses": 10},
                },
            },
            f"{name}-users": {
                "type": "userpass",
                "users": {"joe": {"password": {"reference": "env:USER_PASSWORD"}, "token_policies": [f"{name}-reader"]}},
            },
            f"{name}-kubernetes": {
                "type": "kubernetes",
                "config": {
                    "kubernetes_host": "https://127.0.0.1:1",
                    "token_reviewer_jwt": {"reference": "env:REVIEWER"},
                    "disable_local_ca_jwt": True,
                },
                "roles": {
                    "app": {
                        "bound_service_account_names": ["app"],
                        "bound_service_account_namespaces": ["cortex"],
                        "audience": "vault",
                        "token_policies": [f"{name}-reader"],
                    }
                },
            },
        },
        "engines": {
            f"{name}-kv": {"type": "kv", "options": {"version": "2"}, "config": {"max_versions": 5, "delete_version_after": "720h"}},
            f"{name}-transit": {"type": "transit", "keys": {"personal": {"type": "aes256-gcm96", "auto_rotate_period": "720h"}}},
            f"{name}-root": {
                "type": "pki",
                "tune": {"max_lease_ttl": "87600h"},
                "urls": {"issuing_certificates": f"{live.url}/v1/{name}-root/ca"},
                "issuers": {"root-1": {"type": "root", "common_name": f"{name} root", "ttl": "87600h"}},
            },
            f"{name}-pki": {
                "type": "pki",
                "tune": {"max_lease_ttl": "43800h"},
                "urls": {"issuing_certificates": f"{live.url}/v1/{name}-pki/ca"},
                "issuers": {
                    "issuing-1": {"type": "intermediate", "signed_by": f"{name}-root", "common_name": f"{name} issuing", "ttl": "43800h"}
                },
                "roles": {"internal": {"allowed_domains": ["svc.cluster.local"], "allow_subdomains": True, "max_ttl": "72h"}},
            },
            f"{name}-ssh": {
                "type": "ssh",
                "ca": {"generate_signing_key": True},
                "roles": {"ops": {"key_type": "ca", "allow_user_certificates": True, "allowed_users": "ops", "ttl": "30m"}},
            },
            f"{name}-database": {
                "type": "database",
                "roles": {"app": {"db_name": "app", "creation_statements": ['CREATE ROLE "{{name}}" LOGIN'], "default_ttl": "1h"}},
            },
        },
        "identity": {
            "entities": {
                f"{name}-svc": {"policies": [f"{name}-reader"], "metadata": {"team": "cortex"}, "aliases": {f"{name}-users": "joe"}}
            },
            "groups": {
                f"{name}-outside": {
                    "type": "external",
                    "policies": [f"{name}-reader"],
                    "alias": {"mount": f"{name}-kubernetes", "name": "operators"},
                },
                f"{name}-inner": {"type": "internal", "member_entities": [f"{name}-svc"]},
                f"{name}-outer": {"type": "internal", "member_groups": [f"{name}-inner"], "metadata": {"level": "2"}},
            },
            "oidc": {
                "keys": {f"{name}-key": {"algorithm": "RS256", "rotation_period": "24h", "verification_ttl": "24h"}},
                "scopes": {f"{name}-groups": {"description": "groups", "template": '{"groups": {{identity.entity.groups.names}}}'}},
            },
        },
        "quotas": {"rate_limit": {f"{name}-all": {"path": f"{name}-kv/", "rate": 5000, "interval": "1s"}}},
    }


def test_the_second_run_and_check_mode_write_nothing(live, name):
    wanted = document(live, name)
    before = live.audit.mark()
    planned = live.configure(wanted, check_mode=True, secrets=SECRETS, owner=name)
    assert live.audit.changes(before) == []
    done = live.configure(wanted, secrets=SECRETS, owner=name)
    assert [(row["id"], row["action"]) for row in done["plan"]] == [(row["id"], row["action"]) for row in planned["plan"]]
    assert done["warnings"] == [] and done["counts"]["create"] == len(done["plan"]) > 30
    before = live.audit.mark()
    again = live.configure(wanted, secrets=SECRETS, owner=name)
    changed = copy.deepcopy(wanted)
    changed["auth"][f"{name}-approle"]["roles"]["app"]["token_ttl"] = "2h"
    third = live.configure(changed, check_mode=True, secrets=SECRETS, owner=name)
    assert (again["changed"], again["counts"]["unchanged"]) == (False, done["counts"]["create"])
    assert [(row["id"], row["fields"]) for row in third["plan"]] == [(f"auth/{name}-approle/role/app", ["token_ttl"])]
    assert live.audit.changes(before) == []


def test_a_changed_secret_is_seen_and_an_unchanged_one_is_left(live, name):
    wanted = document(live, name)
    live.configure(wanted, secrets=SECRETS, owner=name)
    found = live.configure(wanted, secrets={**SECRETS, "USER_PASSWORD": "another-canary"}, owner=name)
    assert [(row["id"], row["fields"]) for row in found["plan"]] == [(f"auth/{name}-users/users/joe", ["password"])]
    assert live.api.write(f"auth/{name}-users/login/joe", {"password": "another-canary"})["auth"]["client_token"]
    wanted["auth"][f"{name}-users"]["users"]["joe"]["secret_version"] = 1
    counted = live.configure(wanted, secrets={**SECRETS, "USER_PASSWORD": "another-canary"}, owner=name)
    assert [row["id"] for row in counted["plan"]] == [f"auth/{name}-users/users/joe"]


def test_who_trusts_the_root_speaks_to_a_service_of_the_intermediate(live, name, tmp_path):
    wanted = document(live, name)
    live.configure(wanted, secrets=SECRETS, owner=name)
    issued = live.api.write(f"{name}-pki/issue/internal", {"common_name": "memory-store.svc.cluster.local", "ttl": "1h"})["data"]
    root = live.api.read(f"{name}-root/issuer/root-1")["data"]["certificate"]
    assert issued["ca_chain"][-1].strip() == root.strip() and len(issued["ca_chain"]) == 2
    file = tmp_path / "service.pem"
    file.write_text("\n".join([issued["private_key"], issued["certificate"], issued["ca_chain"][0]]), encoding="utf-8")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    here, there = socket.socketpair()
    with here, there:
        answering = threading.Thread(target=lambda: server.wrap_socket(there, server_side=True).sendall(b"hello"))
        answering.start()
        client = ssl.create_default_context(cadata=root)
        with client.wrap_socket(here, server_hostname="memory-store.svc.cluster.local") as spoken:
            assert spoken.recv(5) == b"hello"
        answering.join()


MUTATIONS = {
    "auth/{}-approle/role/app": lambda pick: {"token_ttl": pick.randint(1, 80000)},
    "auth/{}-approle/role/batch": lambda pick: {"token_policies": ["admin", f"p{pick.random()}"]},
    "auth/{}-kubernetes/role/app": lambda pick: {
        "bound_service_account_names": ["*"],
        "bound_service_account_namespaces": [f"n{pick.random()}"],
        "audience": "vault",
        "token_policies": ["x"],
    },
    "auth/{}-users/users/joe": lambda pick: {"token_policies": [f"p{pick.random()}"]},
    "sys/policies/acl/{}-reader": lambda pick: {"policy": f'path "*" {{ capabilities = ["read", "sudo"] }}  # {pick.random()}'},
    "sys/policies/acl/{}-text": lambda pick: {"policy": f'path "sys/{pick.random()}" {{ capabilities = ["update"] }}'},
    "sys/policies/password/{}-strong": lambda pick: {"policy": f'length = {pick.randint(4, 19)}\nrule "charset" {{ charset = "abcd" }}'},
    "{}-kv/config": lambda pick: {"max_versions": pick.randint(6, 99)},
    "{}-pki/roles/internal": lambda pick: {"allowed_domains": [f"d{pick.random()}"], "allow_any_name": True},
    "{}-pki/config/urls": lambda pick: {"issuing_certificates": f"https://d{pick.randint(1, 9999)}.example"},
    "{}-ssh/roles/ops": lambda pick: {
        "key_type": "ca",
        "allow_user_certificates": True,
        "allowed_users": "root",
        "ttl": f"{pick.randint(2, 29)}m",
    },
    "{}-database/roles/app": lambda pick: {
        "db_name": "app",
        "creation_statements": [f"SELECT {pick.randint(1, 9999)}"],
        "default_ttl": "1h",
    },
    "{}-transit/keys/personal/config": lambda pick: {"auto_rotate_period": f"{pick.randint(2, 700)}h"},
    "identity/entity/name/{}-svc": lambda pick: {"metadata": {"team": f"t{pick.random()}"}},
    "identity/group/name/{}-outer": lambda pick: {"metadata": {"level": str(pick.randint(3, 9999))}},
    "identity/oidc/scope/{}-groups": lambda pick: {"description": f"d{pick.random()}", "template": '{"x": {{identity.entity.name}}}'},
    "sys/quotas/rate-limit/{}-all": lambda pick: {"rate": pick.randint(1000, 4999)},
    "sys/auth/{}-approle/tune": lambda pick: {"description": f"d{pick.random()}"},
}
REMOVALS = (
    "auth/{}-approle/role/app",
    "auth/{}-kubernetes/role/app",
    "auth/{}-users/users/joe",
    "sys/policies/acl/{}-text",
    "{}-pki/roles/internal",
    "{}-database/roles/app",
    "identity/oidc/scope/{}-groups",
    "sys/quotas/rate-limit/{}-all",
)


def test_random_drift_is_listed_exactly(live, name):
    """Changes straight through the API, a random number of them at a time; the plan names those paths and no other."""
    wanted = document(live, name)
    live.configure(wanted, secrets=SECRETS, owner=name)
    pick = random.Random(SEED)
    done = 0
    while done < STEPS:
        updates = pick.sample(sorted(MUTATIONS), pick.randint(4, len(MUTATIONS)))
        removals = [path for path in pick.sample(REMOVALS, pick.randint(0, 3)) if path not in updates]
        for path in updates:
            live.api.write(path.format(name), MUTATIONS[path](pick))
        for path in removals:
            live.api.delete(path.format(name))
        expected = {path.format(name).removesuffix("/config" if "transit" in path else "/tune"): "update" for path in updates}
        expected |= {path.format(name): "create" for path in removals}
        found = live.configure(wanted, check_mode=True, secrets=SECRETS, owner=name)
        assert {row["id"]: row["action"] for row in found["plan"]} == expected, f"GANTRY_DRIFT_SEED={SEED} after {done} changes"
        # What this leaves behind would stand in the next plan.
        live.configure(wanted, secrets=SECRETS, owner=name)
        done += len(updates) + len(removals)
    assert live.configure(wanted, check_mode=True, secrets=SECRETS, owner=name)["changed"] is False, f"GANTRY_DRIFT_SEED={SEED}"


def test_what_is_no_longer_declared_goes_within_limits(live, name):
    wanted = document(live, name)
    live.configure(wanted, secrets=SECRETS, owner=name)
    live.api.write(f"sys/policies/acl/{name}-by-hand", {"policy": 'path "*" { capabilities = ["sudo"] }'})
    live.api.write(f"auth/{name}-approle/role/by-hand", {"token_policies": ["x"]})
    less = copy.deepcopy(wanted)
    del less["auth"][f"{name}-approle"]["roles"]["batch"], less["identity"]["groups"][f"{name}-outer"]
    del less["engines"][f"{name}-transit"], less["auth"][f"{name}-kubernetes"], less["identity"]["groups"][f"{name}-outside"]
    found = live.configure(less, check_mode=True, secrets=SECRETS, owner=name, prune=Prune("report"))
    named = {row["id"] for row in found["foreign"]}
    assert {f"sys/policies/acl/{name}-by-hand", f"auth/{name}-approle/role/by-hand", f"auth/{name}-approle/role/batch"} <= named
    assert {f"sys/mounts/{name}-transit", f"sys/auth/{name}-kubernetes"} <= named and not found["changed"]
    within = live.configure(less, secrets=SECRETS, owner=name, prune=Prune("delete"))
    gone = {f"auth/{name}-approle/role/batch", f"identity/group/name/{name}-outer", f"identity/group/name/{name}-outside"}
    assert {row["id"] for row in within["plan"] if row["action"] == "delete"} == gone
    kept = live.configure(less, secrets=SECRETS, owner=name, prune=Prune("delete", data=frozenset({f"auth/{name}-kubernetes"})))
    assert [(row["id"], row["action"]) for row in kept["plan"]] == [(f"sys/auth/{name}-kubernetes", "delete")]
    said = {row["id"]: row["path"] for row in kept["foreign"]}
    assert said[f"sys/mounts/{name}-transit"] == f"it is declared nowhere; to remove it name {name}-transit in prune.data"
    assert f"{name}-transit/" in live.api.read("sys/mounts")["data"] and f"{name}-kubernetes/" not in live.api.read("sys/auth")["data"]
    assert live.api.find(f"auth/{name}-approle/role/by-hand") is not None


def test_the_words_of_before_are_taken_with_a_deprecation_and_mean_what_they_meant(vault, live, name):
    policies = {f"{name}-stays": {"a": ["read"]}, f"{name}-goes": {"a": ["read"]}}
    wanted = {"policies": policies, "auth": {f"{name}-left": {"type": "approle"}}}
    live.configure(wanted, owner=name)
    given = {"owner": name, "config": {"policies": {f"{name}-stays": {"a": ["read"]}}}, "removable": [f"auth/{name}-left"]}
    answer, output = vault.run("vault_config", **given, prune="within_mounts", removal_limits={"max_count": 1}, allowed_impact_variable="x")
    assert [(row["id"], row["action"]) for row in answer["plan"]] == [(f"sys/policies/acl/{name}-goes", "delete")]
    assert f"sys/auth/{name}-left" in {row["id"] for row in answer["foreign"]}, "no mount went by that word, whatever removable named"
    told = " ".join(output.split())
    for words in ("prune: within_mounts is written prune: {mode: delete}", "'removable'", "'removal_limits'", "'allowed_impact_variable'"):
        assert words in told
    answer, _output = vault.run("vault_config", **given, prune="mounts")
    assert [(row["id"], row["action"]) for row in answer["plan"]] == [(f"sys/auth/{name}-left", "delete")]


def test_what_a_key_is_told_after_it_was_made_is_known_in_a_mount_of_the_same_run(live, name):
    key = {"type": "aes256-gcm96", "deletion_allowed": True, "auto_rotate_period": "720h"}
    wanted = {"engines": {name: {"type": "transit", "keys": {"app": key}}}}
    made = [(f"sys/mounts/{name}", "create"), (f"{name}/keys/app", "create")]
    planned = live.configure(wanted, check_mode=True, owner=name)
    assert [(row["id"], row["action"]) for row in planned["plan"]] == made
    before = live.audit.mark()
    done = live.configure(wanted, owner=name)
    assert [(row["id"], row["action"]) for row in done["plan"]] == made and done["warnings"] == []
    assert f"{name}/keys/app/config" in [path for _operation, path in live.audit.changes(before)]
    assert live.api.read(f"{name}/keys/app")["data"]["deletion_allowed"] is True
    before = live.audit.mark()
    assert live.configure(wanted, owner=name)["changed"] is False and live.audit.changes(before) == []


def test_null_says_that_it_must_be_absent(live, name):
    live.api.write(f"sys/policies/acl/{name}-theirs", {"policy": 'path "a" { capabilities = ["read"] }'})
    wanted = {"policies": {f"{name}-theirs": None, f"{name}-never": None}}
    found = live.configure(wanted, owner=name)
    assert [(row["id"], row["action"]) for row in found["plan"]] == [(f"sys/policies/acl/{name}-theirs", "delete")]
    assert live.configure(wanted, owner=name)["changed"] is False


def test_refusals_come_before_the_first_write(live, name):
    wanted = document(live, name)
    live.configure(wanted, secrets=SECRETS, owner=name)
    cases = [
        (("engines", f"{name}-transit", "keys", "personal", "type"), "rsa-4096", "type is 'aes256-gcm96' and cannot be changed"),
        (("engines", f"{name}-root", "issuers", "root-1", "common_name"), "other", "common_name was said when it was made"),
        (("auth", f"{name}-approle", "roles", "app", "token_tll"), "1h", "did you mean 'token_ttl'?"),
    ]
    before = live.audit.mark()
    for path, value, words in cases:
        wrong = copy.deepcopy(wanted)
        wrong["policies"][f"{name}-more"] = {"a": ["read"]}
        place = wrong
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        with pytest.raises((RefusedError, InputError), match=words.replace("?", r"\?")):
            live.configure(wrong, secrets=SECRETS, owner=name)
    with pytest.raises(InputError, match="env:REVIEWER"):
        live.configure(wanted, secrets={}, owner=name)
    assert live.audit.changes(before) == []


def test_an_approved_plan_is_that_plan_or_nothing(live, name):
    wanted = {"policies": {f"{name}-a": {"a": ["read"]}}}
    planned = live.configure(wanted, check_mode=True, owner=name)
    live.api.write(f"sys/policies/acl/{name}-a", {"policy": 'path "b" { capabilities = ["read"] }'})
    before = live.audit.mark()
    with pytest.raises(RefusedError, match="not what was approved"):
        live.configure(wanted, owner=name, approved_digest=planned["digest"])
    assert live.audit.changes(before) == []
    now = live.configure(wanted, check_mode=True, owner=name)
    assert live.configure(wanted, owner=name, approved_digest=now["digest"])["changed"]


def test_a_rotated_root_is_never_put_back(live, name):
    path = f"{name}-db"
    wanted = {"engines": {path: engine(live, name)}}
    live.configure(wanted, owner=name)
    first = live.api.read(f"{path}/creds/app")
    assert psql(live, first["data"]) == first["data"]["username"]
    live.api.write("sys/leases/revoke", {"lease_id": first["lease_id"], "sync": True})
    assert "authentication failed" in psql(live, first["data"])

    live.api.write(f"{path}/rotate-root/app", {})
    before = live.audit.mark()
    assert live.configure(wanted, owner=name)["changed"] is False and live.audit.changes(before) == []
    wanted["engines"][path]["connections"]["app"]["allowed_roles"] = ["app"]
    assert [row["fields"] for row in live.configure(wanted, owner=name)["plan"]] == [["allowed_roles[=*]", "allowed_roles[=app]"]]
    assert psql(live, live.api.read(f"{path}/creds/app")["data"]).startswith("v-")

    # Somebody else's connection, of which no record tells: its password stays, and the plan says so.
    stranger = live.configure(wanted, check_mode=True, owner=f"{name}-stranger")
    (row,) = [row for row in stranger["plan"] if row["id"] == f"{path}/config/app"]
    assert row["action"] == "adopt" and "it may have been rotated" in row["reason"]


def test_a_killed_run_is_ended_by_the_next(live, name):
    """The engine is stopped after every single number of requests; whatever that left, the next run ends it."""
    wanted = document(live, name)
    total = 0
    for stop in (3, 17, 19, 22, 26, 31, 37, 44, 52, 61):
        client = VaultClient(resolve_vault(live.access, {}), "killed")
        count = 0

        def gate(stop=stop):
            nonlocal count
            count += 1
            if count > stop:
                raise KeyboardInterrupt

        client.pool._gate = gate
        with pytest.raises(KeyboardInterrupt):
            run_with(live, client, wanted, name)
        total += count
    live.configure(wanted, secrets=SECRETS, owner=name)
    assert live.configure(wanted, secrets=SECRETS, owner=name)["changed"] is False
    assert live.api.write(f"auth/{name}-users/login/joe", {"password": SECRETS["USER_PASSWORD"]})["auth"]["client_token"]
    assert total > 0


def run_with(live, client, wanted, owner):
    return configure(client, Request(read_document(wanted, "gantry"), owner=owner), References(SECRETS))


def test_a_quota_slows_it_down_and_stops_nothing(live, name):
    wanted = {"policies": {f"{name}-{number}": {f"a/{number}": ["read"]} for number in range(40)}}
    live.api.write("sys/quotas/rate-limit/tight", {"rate": 30, "interval": "1s"})
    try:
        done = live.configure(wanted, owner=name)
    finally:
        live.api.delete("sys/quotas/rate-limit/tight")
    assert done["counts"]["create"] == 40
    assert live.configure(wanted, owner=name)["changed"] is False


def test_a_token_that_ended_or_may_not_is_told_clearly(live, name):
    wanted = {"policies": {f"{name}-a": {"a": ["read"]}}}
    token = live.api.write("auth/token/create", {"policies": ["default"], "ttl": "1h"})["auth"]["client_token"]
    for given, words in ((token, "permission denied"), ("hvs.gone", "invalid token|permission denied")):
        client = VaultClient(resolve_vault({**live.access, "token": given, "token_file": ""}, {}), "weak")
        with pytest.raises(GantryError, match=words) as told:
            run_with(live, client, wanted, name)
        assert given not in str(told.value)
        client.close()


def test_two_owners_do_not_remove_each_others(live, name):
    live.configure({"policies": {f"{name}-a": {"a": ["read"]}}}, owner=f"{name}1")
    done = live.configure({"policies": {f"{name}-b": {"b": ["read"]}}}, owner=f"{name}2", prune=Prune("delete"))
    assert done["counts"]["delete"] == 0
    assert live.api.find(f"sys/policies/acl/{name}-a") is not None


def test_references_into_vault_itself(live, name):
    live.configure({"engines": {f"{name}-kv": {"type": "kv", "options": {"version": "2"}}}}, owner=name)
    wanted = {
        "engines": {f"{name}-kv": {"type": "kv", "options": {"version": "2"}}},
        "auth": {f"{name}-users": {"type": "userpass", "users": {"joe": {"password": {"reference": f"vault:{name}-kv/joe#password"}}}}},
    }
    planned = live.configure(wanted, check_mode=True, owner=name)
    assert planned["counts"]["create"] == 2
    with pytest.raises(InputError, match="there is no such secret"):
        live.configure(wanted, owner=name)
    live.api.write(f"{name}-kv/data/joe", {"data": {"password": "canary-in-vault"}})
    live.configure(wanted, owner=name)
    assert live.api.write(f"auth/{name}-users/login/joe", {"password": "canary-in-vault"})["auth"]["client_token"]
    assert live.configure(wanted, owner=name)["changed"] is False


@pytest.mark.parametrize("face", FACES)
def test_nothing_shows_a_secret(live, face, tmp_path):
    name = f"leak{face}"
    wanted = document(live, name)
    del wanted["engines"][f"{name}-database"], wanted["identity"]["oidc"]  # Ansible would take their braces as its own
    canaries = {key: f"{value}-{name}" for key, value in SECRETS.items()}
    changed = {**canaries, "USER_PASSWORD": f"canary-that-changed-{name}"}
    refused = copy.deepcopy(wanted)
    refused["auth"][f"{name}-kubernetes"]["config"]["kubernetes_ca_cert"] = {"reference": "env:REVIEWER"}
    outputs = []

    def run(what, environment, *words):
        task = {"name": "configured", "gantry.platform.vault_config": {**live.access, "config": what, "owner": name}}
        played = Face(face, tmp_path, "").play(task, words=("-vvvv", "--diff", *words), environment=environment)
        outputs.extend([played.output, *played.command_lines])
        return played.results["configured"]

    assert run(wanted, canaries, "--check")["counts"]["create"] == 30
    assert run(wanted, canaries)["counts"]["create"] == 30
    assert run(wanted, canaries)["counts"]["unchanged"] == 30
    seen = run(wanted, changed, "--check")
    assert [row["after"] for row in seen["diff"]] == ['{\n  "password": "<secret: changed>"\n}\n']
    # What the server refuses, it may repeat in its answer.
    assert "no valid certificates" in run(refused, canaries)["msg"]
    assert not [output for output in outputs for canary in (*canaries.values(), *changed.values()) if canary in output]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"canary" in path.read_bytes().lower()]


def test_five_hundred_paths_unchanged_cost_no_write(live, name):
    roles = {f"role-{number}": {"token_policies": [f"{name}-{number}"], "token_ttl": "1h"} for number in range(250)}
    wanted = {
        "policies": {f"{name}-{number}": {f"a/{number}": ["read"]} for number in range(250)},
        "auth": {f"{name}-approle": {"type": "approle", "roles": roles}},
    }
    live.configure(wanted, owner=name)
    before = live.audit.mark()
    began = time.monotonic()
    again = live.configure(wanted, owner=name)
    print(f"{time.monotonic() - began:.2f} s for {again['counts']['unchanged']} paths")
    assert again["changed"] is False and live.audit.changes(before) == []
    assert sum(again["requests"].values()) < 520


def test_what_another_owner_has_on_record_is_not_foreign(live):
    live.configure({"policies": {"of-one": {"kv/*": ["read"]}}}, owner="owner-one")
    live.configure({"policies": {"of-two": {"kv/*": ["list"]}}}, owner="owner-two")
    live.api.write("sys/policies/acl/of-nobody", {"policy": 'path "kv/*" { capabilities = ["sudo"] }'})
    foreign = {
        row["id"]
        for row in live.configure({"policies": {"of-one": {"kv/*": ["read"]}}}, True, owner="owner-one", prune=Prune("report"))["foreign"]
    }
    assert "sys/policies/acl/of-nobody" in foreign
    assert "sys/policies/acl/of-two" not in foreign
