# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What inputs from outside have broken, on a real Vault: nothing is lost, nothing is guessed, nothing is refused in mid-run that could be known."""

from __future__ import annotations

import contextlib
import datetime
import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError, InputError, RefusedError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Guards, Prune
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import RemovalLimits
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.config import Request, configure
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.rotation import rotate
from ansible_collections.gantry.platform.plugins.module_utils._vault.secrets import SecretReader
from ansible_collections.gantry.platform.plugins.module_utils._vault.store import record_of
from ansible_collections.gantry.platform.tests.integration.vault.databases import engine, psql


def renew(live, wanted, owner, hours=0.0, check_mode=False, gate=lambda: None):
    """vault_rotate as if this much time had passed."""
    client = VaultClient(resolve_vault(live.access, {}), "rotate", gate)
    try:
        now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
        return rotate(client, wanted, record_of(client, "gantry", owner), check_mode, now)
    finally:
        client.close()


def stopped_after(most):
    """A gate that ends the run before its next request, as a kill would."""
    count = 0

    def gate():
        nonlocal count
        count += 1
        if count > most:
            raise KeyboardInterrupt

    return gate


@pytest.fixture(autouse=True)
def _swept(live):
    """What a test mounted goes with it: a Vault with many mounts takes seconds to describe itself."""
    yield
    for section, own in (("mounts", "trial"), ("auth", "trial")):
        for path in live.api.read(f"sys/{section}")["data"]:
            if path.startswith(own):
                live.api.delete(f"sys/{section}/{path.rstrip('/')}")


def is_clean(live, wanted, owner, **options):
    """The second run, with no write in Vault's own log."""
    before = live.audit.mark()
    found = live.configure(wanted, owner=owner, **options)
    assert (found["plan"], found["warnings"], live.audit.changes(before)) == ([], [], [])


def test_a_root_is_recorded_before_the_next_is_renewed(live):
    wanted = {"engines": {path: engine(live, path) for path in ("trial-up", "trial-down", "trial-last")}}
    live.configure(wanted, owner="trial-roots")
    live.api.write(
        "trial-down/config/app", {"verify_connection": False, "connection_url": "postgresql://{{username}}:{{password}}@127.0.0.1:1/app"}
    )
    roots = {"database_roots": {f"{path}/app": {"max_age": "720h"} for path in ("trial-up", "trial-down", "trial-last")}}
    with pytest.raises(ServerError, match="trial-down/config/app was not renewed") as told:
        renew(live, roots, "trial-roots")
    assert "Renewed, and recorded: trial-up/config/app, trial-last/config/app" in told.value.message
    assert [row["id"] for row in renew(live, roots, "trial-roots", check_mode=True)["plan"]] == ["trial-down/config/app"]
    for path in ("trial-up", "trial-last"):
        (live.folder / f"postgres-{path}").write_text("changed in the inventory", encoding="utf-8")
    del wanted["engines"]["trial-down"]
    found = live.configure(wanted, owner="trial-roots")
    assert {row["action"] for row in found["plan"]} == {"blocked"} and len(found["plan"]) == 2
    assert psql(live, live.api.read("trial-up/creds/app")["data"]).startswith("v-")


def test_a_root_whose_renewal_was_killed_is_not_put_back(live):
    wanted = {"engines": {"trial-killed": engine(live, "trial-killed")}}
    live.configure(wanted, owner="trial-killed")
    roots = {"database_roots": {"trial-killed/app": {"max_age": "720h"}}}
    password = live.folder / "postgres-trial-killed"
    for stop in (2, 3, 4, 5):
        with contextlib.suppress(KeyboardInterrupt):
            renew(live, roots, "trial-killed", hours=1000 * stop, gate=stopped_after(stop))
        password.write_text(f"changed after {stop}", encoding="utf-8")
        planned = live.configure(wanted, owner="trial-killed", check_mode=True)
        first = psql(live, {"username": "trial-killed", "password": "first-of-trial-killed"})
        if "authentication failed" in first:  # Vault has renewed it: whatever the inventory says must not be written
            assert {row["action"] for row in planned["plan"]} == {"blocked"}, stop
    # The server renewed it, and who did so was stopped before it could say so: the next run ends it.
    live.api.write("trial-killed/rotate-root/app", {})
    renew(live, roots, "trial-killed", hours=20000)
    assert renew(live, roots, "trial-killed", hours=20001)["changed"] is False
    assert psql(live, live.api.read("trial-killed/creds/app")["data"]).startswith("v-")


def test_every_renewal_that_is_killed_is_ended_by_the_next(live):
    live.configure(
        {
            "auth": {"trial-approle": {"type": "approle", "roles": {"ci": {"token_policies": ["default"]}}}},
            "engines": {"trial-ids": {"type": "kv-v2"}, "trial-pki": {"type": "pki", "tune": {"max_lease_ttl": "87600h"}}},
        },
        owner="trial-renewals",
    )
    wanted = {
        "secret_ids": {"trial-approle/ci": {"max_age": "720h", "deliver": "trial-ids/ci", "metadata": {"for": "ci"}}},
        "issuers": {"trial-pki/issuing": {"max_age": "8760h", "issuer": {"common_name": "trial", "ttl": "20000h"}}},
        "secrets": {"trial-ids/app": {"max_age": "720h", "keys": {"key": {}}}},
    }
    role_id = live.api.read("auth/trial-approle/role/ci/role-id")["data"]["role_id"]
    for stop in (5, 9, 13, 17, 21, 25):
        hours = 10000 * stop
        with contextlib.suppress(KeyboardInterrupt):
            renew(live, wanted, "trial-renewals", hours=hours, gate=stopped_after(stop))
        # What the next run ends, at the same hour. The server's own clock stands still: only what was never renewed is due.
        again = renew(live, wanted, "trial-renewals")
        assert renew(live, wanted, "trial-renewals")["changed"] is False, (stop, again["plan"])
        delivered = live.api.read("trial-ids/data/ci")["data"]["data"]
        assert live.api.write("auth/trial-approle/login", {"role_id": role_id, "secret_id": delivered["secret_id"]})["auth"]["client_token"]
        names = [name for name in live.api.names("trial-pki/issuers")]
        newest = max(live.api.read(f"trial-pki/issuer/{name}")["data"]["issuer_name"] for name in names)
        default = live.api.read("trial-pki/config/issuers")["data"]["default"]
        assert live.api.read(f"trial-pki/issuer/{default}")["data"]["issuer_name"] == newest, stop
    told = live.api.write("auth/trial-approle/role/ci/secret-id/lookup", {"secret_id": delivered["secret_id"]})["data"]
    assert told["metadata"] == {"for": "ci"}


def test_a_record_that_cannot_be_written_stops_the_renewal(live):
    wanted = {"engines": {"trial-unsaid": engine(live, "trial-unsaid")}}
    live.configure(wanted, owner="trial-unsaid")
    rules = {"sys/*": ["read", "list"], "trial-unsaid/*": ["create", "read", "update"], "gantry/data/trial-unsaid": ["read"]}
    live.configure({"policies": {"trial-unsaid": rules}}, owner="trial-unsaid-policy")
    token = live.api.write("auth/token/create", {"policies": ["trial-unsaid"], "ttl": "1h"})["auth"]["client_token"]
    client = VaultClient(resolve_vault({**live.access, "token": token, "token_file": ""}, {}), "rotate")
    with pytest.raises(ServerError, match="permission denied"):
        rotate(
            client,
            {"database_roots": {"trial-unsaid/app": {"max_age": "1h"}}},
            record_of(client, "gantry", "trial-unsaid"),
            False,
            datetime.datetime.now(datetime.UTC),
        )
    client.close()
    assert psql(live, {"username": "trial-unsaid", "password": "first-of-trial-unsaid"}) == "trial-unsaid"


@pytest.fixture
def log(live, tmp_path):
    """An audit device's file of the test's own."""
    return str(tmp_path / "audit.log")


def test_an_audit_device_that_cannot_be_changed_stays(live, log):
    wanted = {"audit": {"trial": {"type": "file", "description": "of the trial", "options": {"file_path": log, "mode": "0600"}}}}
    try:
        live.configure(wanted, owner="trial-audit")
        before = live.api.read("sys/audit")["data"]["trial/"]
        for options in ({"file_path": "/proc/none/audit.log"}, {"file_path": log, "format": "poem"}, {"file_path": log, "mode": "rwx"}):
            wrong = {"audit": {"trial": {"type": "file", "options": options}}}
            with pytest.raises(GantryError, match="the device that was there stands there again"):
                live.configure(wanted | wrong, owner="trial-audit")
            now = live.api.read("sys/audit")["data"]["trial/"]
            assert {**now, "local": 0} == {**before, "local": 0}
        # Stopped between the two steps: what was there is in the record, and is put back where the new one is refused.
        client = VaultClient(resolve_vault(live.access, {}), "killed")
        write = client.write

        def killed(path, *given):
            if path.startswith("sys/audit/"):
                raise KeyboardInterrupt
            return write(path, *given)

        client.write = killed
        with pytest.raises(KeyboardInterrupt):
            run_with(live, client, wrong, "trial-audit")
        client.close()
        assert "trial/" not in live.api.read("sys/audit")["data"]
        with pytest.raises(GantryError, match="stands there again"):
            live.configure(wrong, owner="trial-audit")
        assert live.api.read("sys/audit")["data"]["trial/"]["options"] == before["options"]
        live.configure(wanted, owner="trial-audit")
        is_clean(live, wanted, "trial-audit")
        wanted["audit"]["trial"]["options"]["mode"] = "0640"
        changed = live.configure(wanted, owner="trial-audit")
        assert [(row["action"], row["impact"]) for row in changed["plan"]] == [("replace", "disruptive")]
        is_clean(live, wanted, "trial-audit")
    finally:
        live.api.delete("sys/audit/trial")


def run_with(live, client, wanted, owner):
    return configure(client, Request(read_document(wanted, "gantry"), owner=owner), References({}))


def test_texts_of_options_are_in_the_servers_form(live, log):
    options = {"file_path": log, "log_raw": False, "elide_list_responses": True, "hmac_accessor": "true"}
    wanted = {
        "audit": {"trial-forms": {"type": "file", "options": options}},
        "identity": {"entities": {"trial-forms": {"metadata": {"on": True, "level": 2, "part": 1.5}}}},
    }
    try:
        assert live.configure(wanted, owner="trial-texts")["counts"]["create"] == 2
        is_clean(live, wanted, "trial-texts")
        # Whoever wrote them as the API itself makes texts of them has said the same.
        live.api.delete("sys/audit/trial-forms")
        live.api.write("sys/audit/trial-forms", {"type": "file", "options": options})
        live.api.write("identity/entity/name/trial-forms", {"metadata": {"on": True, "level": 2, "part": 1.5}})
        is_clean(live, wanted, "trial-texts")
    finally:
        live.api.delete("sys/audit/trial-forms")


def test_the_alias_of_an_entity_is_renamed_in_place(live):
    wanted = {
        "auth": {"trial-alias": {"type": "userpass"}, "trial-alias-2": {"type": "userpass"}},
        "identity": {"entities": {"trial-alias": {"aliases": {"trial-alias": "one"}}}},
    }
    live.configure(wanted, owner="trial-alias")
    first = live.api.read("identity/entity/name/trial-alias")["data"]["aliases"][0]["id"]
    wanted["identity"]["entities"]["trial-alias"]["aliases"] = {"auth/trial-alias/": "two", "trial-alias-2": "three"}
    live.configure(wanted, owner="trial-alias")
    rows = live.api.read("identity/entity/name/trial-alias")["data"]["aliases"]
    assert {(row["name"], row["id"] == first) for row in rows} == {("two", True), ("three", False)}
    is_clean(live, wanted, "trial-alias")


def test_what_is_replaced_whole_is_sent_whole(live):
    issuer = {
        "type": "root",
        "common_name": "trial",
        "ttl": "8760h",
        "leaf_not_after_behavior": "permit",
        "usage": "read-only,issuing-certificates",
    }
    role = {"allowed_domains": ["a.example"], "max_ttl": "72h"}
    ssh = {"key_type": "ca", "allow_user_certificates": True, "ttl": "30m"}
    wanted = {
        "engines": {
            "trial-whole": {"type": "pki", "issuers": {"root": issuer}, "roles": {"r": role}},
            "trial-ssh": {"type": "ssh", "roles": {"r": ssh}},
        }
    }
    live.configure(wanted, owner="trial-whole")
    # What nobody declares is not ours, and stays as somebody made it.
    live.api.write("trial-whole/roles/r", {**role, "allow_ip_sans": False, "key_bits": 4096, "ou": ["theirs"]})
    live.api.write("trial-ssh/roles/r", {**ssh, "allow_host_certificates": True, "allowed_users": "theirs"})
    whole = live.api.read("trial-whole/issuer/root")["data"]
    mine = {key: whole[key] for key in ("issuer_name", "leaf_not_after_behavior", "usage")}
    live.api.write("trial-whole/issuer/root", {**mine, "ocsp_servers": ["http://theirs.example"]})
    for number, change in enumerate(("truncate", "err", "permit")):
        issuer["leaf_not_after_behavior"], role["max_ttl"], ssh["ttl"] = change, f"{number + 1}h", f"{number + 5}m"
        done = live.configure(wanted, owner="trial-whole")
        assert sorted(row["id"] for row in done["plan"]) == ["trial-ssh/roles/r", "trial-whole/issuer/root", "trial-whole/roles/r"]
        is_clean(live, wanted, "trial-whole")
        found = live.api.read("trial-whole/issuer/root")["data"]
        assert set(found["usage"].split(",")) == {"read-only", "issuing-certificates"} and found["ocsp_servers"] == [
            "http://theirs.example"
        ]
        kept = live.api.read("trial-whole/roles/r")["data"]
        assert (kept["allow_ip_sans"], kept["key_bits"], kept["ou"]) == (False, 4096, ["theirs"])
        kept = live.api.read("trial-ssh/roles/r")["data"]
        assert (kept["allow_host_certificates"], kept["allowed_users"]) == (True, "theirs")


def test_the_engine_is_asked_for_its_mount_and_version(live):
    wanted = {"engines": {"trial-one": {"type": "kv-v1"}, "trial/deep/two": {"type": "kv-v2"}, "trial/one": {"type": "kv-v1"}}}
    live.configure(wanted, owner="trial-kv")
    is_clean(live, wanted, "trial-kv")
    live.api.write("trial-one/theirs", {"password": "brought"})
    paths = ("trial-one/app", "trial/one/app/x", "trial/deep/two/app/x")
    secrets = {"secrets": {path: {"max_age": "720h", "keys": {"key": {}}} for path in paths}}
    secrets["secrets"]["trial-one/theirs"] = {"max_age": "720h", "keys": {"password": {}}}
    first = renew(live, secrets, "trial-kv")
    assert {row["id"]: row["action"] for row in first["plan"]} == {
        "trial-one/app": "create",
        "trial/one/app/x": "create",
        "trial/deep/two/data/app/x": "create",
        "trial-one/theirs": "adopt",
    }
    values = {path: SecretReader(live.api)(f"{path}#key") for path in paths}
    assert live.api.read("trial-one/theirs")["data"] == {"password": "brought"}
    assert renew(live, secrets, "trial-kv", hours=100)["changed"] is False
    assert {path: SecretReader(live.api)(f"{path}#key") for path in paths} == values
    late = renew(live, secrets, "trial-kv", hours=800)
    assert late["counts"]["update"] == 4
    assert not set(values.values()) & {SecretReader(live.api)(f"{path}#key") for path in paths}
    nowhere = {"secrets": {"trial-none/app": {"max_age": "1h", "keys": {"key": {}}}}}
    with pytest.raises(InputError, match="no KV engine is mounted where trial-none/app would lie"):
        renew(live, nowhere, "trial-kv")
    (row,) = renew(live, nowhere, "trial-kv", check_mode=True)["plan"]
    assert (row["action"], row["verified"]) == ("create", False) and "there is no KV engine yet" in row["reason"]
    with pytest.raises(InputError, match="trial-one is no KV engine of version 2"):
        live.api.write("trial-one/data/x", {"a": "b"})
        record_of(live.api, "trial-one", "x").load()


def test_a_renamed_secret_is_carried_over_or_said_to_be_new(live):
    live.configure({"engines": {"trial-renamed": {"type": "kv-v2"}}}, owner="trial-renamed")

    def run(name, check_mode=False, allowed=("safe",), **more):
        wanted = {
            "secrets": {f"trial-renamed/{one}/generated": {"max_age": "876000h", "keys": {"KEY": {}}, **more} for one in ("kept", name)}
        }
        client = VaultClient(resolve_vault(live.access, {}), "rotate")
        now = datetime.datetime.now(datetime.UTC)
        try:
            return rotate(
                client,
                wanted,
                record_of(client, "gantry", "trial-renamed"),
                check_mode,
                now,
                ["trial-renamed/+/generated"],
                Guards(allowed_impact=allowed),
            )
        finally:
            client.close()

    assert run("before")["foreign"] == []
    value = SecretReader(live.api)("trial-renamed/before/generated#KEY")
    planned = run("after", check_mode=True, allowed=("safe", "destroys_data"))
    assert [(row["id"], row["impact"]) for row in planned["plan"]] == [("trial-renamed/data/after/generated", "destroys_data")]
    assert "beside the orphaned trial-renamed/before/generated" in planned["plan"][0]["reason"]
    assert [row["id"] for row in planned["foreign"]] == ["trial-renamed/before/generated"]
    with pytest.raises(RefusedError, match="add destroys_data to allowed_impact"):
        run("after")
    carried = run("after", **{"from": "trial-renamed/before/generated"})
    assert [(row["impact"], row["reason"]) for row in carried["plan"]] == [("safe", "carried over from trial-renamed/before/generated")]
    assert SecretReader(live.api)("trial-renamed/after/generated#KEY") == value
    assert run("after", **{"from": "trial-renamed/before/generated"})["changed"] is False
    assert [row["id"] for row in run("after")["foreign"]] == ["trial-renamed/before/generated"]


def test_the_token_method_is_tuned_as_any_other(live):
    was = live.api.read("sys/auth")["data"]["token/"]
    wanted = {"auth": {"token": {"type": "token", "description": "of the trial", "tune": {"max_lease_ttl": "699h"}}}}
    try:
        planned = live.configure(wanted, owner="trial-token", check_mode=True)
        assert [(row["id"], row["action"]) for row in planned["plan"] if row["action"] == "update"] == [("sys/auth/token", "update")]
        live.configure(wanted, owner="trial-token")
        now = live.api.read("sys/auth")["data"]["token/"]
        assert (now["config"]["max_lease_ttl"], now["description"]) == (699 * 3600, "of the trial")
        is_clean(live, wanted, "trial-token")
    finally:
        live.api.write("sys/auth/token/tune", {"max_lease_ttl": was["config"]["max_lease_ttl"], "description": was["description"]})


def test_names_are_quoted_and_legal_ones_are_taken(live):
    names = ["Domain Admins", "a?b", "a#b", "50% off", "50%25", "Ärzte – Ost", "team/a", "CN=x,OU=y", "a&b=c", "a+b", "a;b", "~x", "it's"]
    wanted = {
        "policies": {f"trial {name}": {"a": ["read"]} for name in names},
        "engines": {"trial ?#% mount": {"type": "kv-v2"}},
        "auth": {"trial-names": {"type": "userpass"}},
        "identity": {
            "entities": {f"trial {name}": {"aliases": {"trial-names": name}} for name in names},
            "groups": {f"trial {name}": {"member_entities": [f"TRIAL {name}"]} for name in names},
        },
    }
    done = live.configure(wanted, owner="trial-names")
    assert done["warnings"] == []
    is_clean(live, wanted, "trial-names", prune=Prune("report"))
    for name in names:
        group = live.api.read(f"identity/group/name/trial {name}")["data"]
        assert group["name"] == f"trial {name}" and len(group["member_entity_ids"]) == 1
    assert {f"trial {name}".lower() for name in names} <= set(live.api.names("sys/policies/acl"))
    live.api.write("trial ?#% mount/data/a?b#c", {"data": {"k": "v"}})
    with pytest.raises(InputError, match="allowed: one #"):
        SecretReader(live.api)("trial ?#% mount/a?b#c#k")
    live.api.write("trial ?#% mount/data/a?b %", {"data": {"k": "quoted"}})
    # Another spelling of the same group is the same group: nothing is removed.
    wanted["identity"]["groups"]["TRIAL domain admins"] = wanted["identity"]["groups"].pop("trial Domain Admins")
    is_clean(live, wanted, "trial-names", prune=Prune("delete"))
    assert live.api.find("identity/group/name/trial Domain Admins") is not None
    del wanted["identity"]["groups"]["trial a?b"], wanted["policies"]["trial team/a"]
    gone = live.configure(wanted, owner="trial-names", prune=Prune("delete"))
    assert {row["id"] for row in gone["plan"]} == {"identity/group/name/trial a?b", "sys/policies/acl/trial team/a"}


def test_groups_and_authorities_go_in_the_order_of_their_needs(live):
    chain = [f"trial-chain-{number}" for number in range(4)]
    wanted = {
        "identity": {
            "groups": {name: {"member_groups": [below]} for name, below in zip(chain, [*chain[1:], "trial-chain-end"], strict=True)}
            | {"trial-chain-end": {}},
            "oidc": {
                "providers": {"trial": {"scopes_supported": ["trial"], "allowed_client_ids": ["*"]}},
                "clients": {"trial": {"key": "trial", "assignments": ["trial"], "redirect_uris": ["https://x.example"]}},
                "assignments": {"trial": {"group_ids": [], "entity_ids": []}},
                "scopes": {"trial": {"template": "{}"}},
                "keys": {"trial": {"allowed_client_ids": ["*"]}},
                "roles": {"trial": {"key": "trial"}},
            },
        },
        "engines": {
            f"trial-ca-{number}": {
                "type": "pki",
                "tune": {"max_lease_ttl": "87600h"},
                "issuers": {
                    "own": {"common_name": f"ca {number}", "key_type": "ec", "key_bits": 256, "ttl": f"{20000 + 1000 * number}h"}
                    | ({"type": "root"} if number == 2 else {"type": "intermediate", "signed_by": f"trial-ca-{number + 1}/issuer/own"})
                },
            }
            for number in range(3)
        },
        "quotas": {"rate_limit": {"trial": {"path": "trial-ca-0", "rate": 5000}}},
    }
    live.configure(wanted, owner="trial-order")
    is_clean(live, wanted, "trial-order")
    chain_of = live.api.read("trial-ca-0/issuer/own")["data"]["ca_chain"]
    assert len(chain_of) == 3
    wanted["identity"]["groups"]["trial-chain-end"] = {"member_groups": ["trial-chain-0"]}
    before = live.audit.mark()
    with pytest.raises(InputError, match="these need one another, none can be first: .*trial-chain"):
        live.configure(wanted, owner="trial-order")
    assert live.audit.changes(before) == []
    del wanted["identity"], wanted["quotas"]
    gone = live.configure(wanted, owner="trial-order", prune=Prune("delete", RemovalLimits(50, 100)))
    assert gone["counts"]["delete"] == 12
    is_clean(live, wanted, "trial-order", prune=Prune("delete"))


def limits(most):
    return RemovalLimits(most, 100)


def test_a_credential_that_stands_on_the_server_is_not_shown(live):
    """Declared it is refused (test_document); here somebody else wrote it."""
    wanted = {"engines": {"trial-dsn": engine(live, "trial-dsn")}}
    live.configure(wanted, owner="trial-dsn")
    url = f"host=127.0.0.1 port={live.postgres} user=trial-dsn password=first-of-trial-dsn dbname=app sslmode=disable"
    live.api.write("trial-dsn/config/app", {"connection_url": url, "allowed_roles": ["*", "a:first-of-trial-dsn@tcp(x)/"]})
    found = live.configure(wanted, owner="trial-dsn", check_mode=True)
    assert [row["id"] for row in found["plan"]] == ["trial-dsn/config/app"]
    assert "first-of-trial-dsn" not in json.dumps(found), json.dumps(found["diff"])


REFUSED = [
    ({"namespaces": {"team": {}}}, "this server has no namespaces"),
    ({"quotas": {"lease_count": {"q": {"path": "sys", "max_leases": 5}}}}, "this server has no sys/quotas/lease-count/q"),
    ({"engines": {"trial-forms-kv/below": {"type": "kv"}}}, "a mount cannot lie below another; there is trial-forms-kv"),
    (
        {"engines": {"trial-forms-kv": {"type": "pki", "crl": {"expiry": "1h"}}}},
        "trial-forms-kv is there and is of type kv, declared is pki",
    ),
    ({"engines": {"trial-n": {"type": "kv"}, "trial-n/below": {"type": "kv"}}}, "a mount cannot lie below another; there is trial-n"),
    ({"engines": {"trial-n": {"type": "trnasit"}}}, r"this server has no trnasit; .*did you mean 'transit'\?"),
    ({"auth": {"trial-n": {"type": "userpas"}}}, r"this server has no userpas; .*did you mean 'userpass'\?"),
    (
        {"auth": {"trial-n": {"type": "approle", "roles": {"a": {"token_ttl": "1 fortnight"}}}}},
        "token_ttl: found '1 fortnight'; allowed: a duration",
    ),
    ({"auth": {"trial-n": {"type": "approle", "roles": {"a": {"token_ttl": "2h", "token_max_ttl": "1h"}}}}}, "longer than token_max_ttl"),
    ({"engines": {"trial-n": {"type": "kv", "tune": {"max_lease_ttl": "soon"}}}}, "max_lease_ttl: found .soon.; allowed: a duration"),
    ({"engines": {"trial-n": {"type": "kv", "local": "perhaps"}}}, "local: found"),
    ({"auth": {"token": {"type": "token", "roles": {"trial": {"orphan": "perhaps"}}}}}, 'orphan: found "perhaps"; allowed: true or false'),
    ({"identity": {"oidc": {"keys": {"trial": {"rotation_period": "1y"}}}}}, 'rotation_period: found "1y"; allowed: a duration'),
    ({"quotas": {"rate_limit": {"trial": {"rate": "many"}}}}, 'rate: found "many"; allowed: a number'),
    ({"quotas": {"rate_limit": {"trial": {"path": "nowhere", "rate": 5}}}}, "there is no mount nowhere"),
    ({"identity": {"groups": {"trial-n": {"member_entities": ["nobody"]}}}}, "there is no entity 'nobody'"),
    ({"identity": {"entities": {"trial-n": {"aliases": {"nowhere": "x"}}}}}, "there is no auth method nowhere"),
    ({"entries": {"sys/nonsense/x": {"a": 1}}}, "this server has no sys/nonsense/x"),
    ({"engines": {"trial-n": {"type": "database", "connections": {"c": {"plugin_name": "oracle"}}}}}, "this server has no oracle"),
    (
        {"engines": {"trial-n": {"type": "pki", "issuers": {"i": {"type": "intermediate", "signed_by": "nowhere"}}}}},
        "signed_by: there is no mount nowhere",
    ),
]


def test_what_the_server_would_refuse_is_refused_while_planning(live):
    live.configure({"engines": {"trial-forms-kv": {"type": "kv-v2"}}}, owner="trial-refused")
    before = live.audit.mark()
    for wanted, words in REFUSED:
        with pytest.raises((InputError, RefusedError), match=words):
            live.configure(wanted, owner="trial-refused", check_mode=True)
    assert live.audit.changes(before) == []
