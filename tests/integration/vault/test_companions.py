# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewing by age, revoking, snapshots and references, on a real Vault and a real PostgreSQL."""

from __future__ import annotations

import base64
import datetime
import json
import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.concurrency import map_threads
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError, InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Guards
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.rotation import rotate
from ansible_collections.gantry.platform.plugins.module_utils._vault.store import record_of
from ansible_collections.gantry.platform.tests.integration.vault.conftest import ROOT
from ansible_collections.gantry.platform.tests.integration.vault.databases import engine, psql, session
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until


def later(live, wanted, hours=0.0, check_mode=False, owner="companions", **more):
    """vault_rotate as if this much time had passed."""
    client = VaultClient(resolve_vault(live.access, {}), "rotate")
    try:
        now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
        return rotate(client, wanted, record_of(client, "gantry", owner), check_mode, now, **more)
    finally:
        client.close()


@pytest.fixture(scope="module")
def configured(live):
    """Something of each kind that can be renewed."""
    live.configure(
        {
            "password_policies": {"companions": 'length = 24\nrule "charset" { charset = "abcdefghij" }'},
            "auth": {"companions": {"type": "approle", "roles": {"ci": {"token_policies": ["default"]}}}},
            "engines": {
                "companions-kv": {"type": "kv", "options": {"version": "2"}},
                "companions-transit": {"type": "transit", "keys": {"personal": {}}},
                "companions-pki": {"type": "pki", "tune": {"max_lease_ttl": "87600h"}, "roles": {"any": {"allow_any_name": True}}},
            },
        },
        owner="companions",
    )
    return live


def test_nothing_is_renewed_before_its_time_and_all_after(configured):
    live = configured
    wanted = {
        "transit_keys": {"companions-transit/personal": {"max_age": "720h"}},
        "secrets": {"companions-kv/app/session": {"max_age": "720h", "keys": {"key": {"bytes": 48}, "password": {"policy": "companions"}}}},
        "secret_ids": {"companions/ci": {"max_age": "720h", "deliver": "companions-kv/ci/approle"}},
        "issuers": {
            "companions-pki/issuing": {"max_age": "8760h", "issuer": {"type": "root", "common_name": "companions", "ttl": "20000h"}}
        },
    }
    before = live.audit.mark()
    planned = later(live, wanted, check_mode=True)
    made = {row["id"]: row["action"] for row in planned["plan"]}
    assert made == {
        "companions-kv/data/app/session": "create",
        "auth/companions/role/ci/secret-id": "create",
        "companions-pki/issuer/issuing": "create",
    }
    assert live.audit.changes(before) == []
    first = later(live, wanted)
    assert {row["id"]: row["action"] for row in first["plan"]} == made
    before = live.audit.mark()
    again = later(live, wanted, hours=1)
    assert (again["changed"], again["counts"]["unchanged"]) == (False, 4)
    assert [row for row in live.audit.changes(before) if not row[1].endswith("accessor/lookup")] == []

    secret = live.api.read("companions-kv/data/app/session")["data"]["data"]
    assert len(secret["password"]) == 24 and len(secret["key"]) == 64
    sealed = live.api.write("companions-transit/encrypt/personal", {"plaintext": base64.b64encode(b"x").decode()})["data"]["ciphertext"]
    late = later(live, wanted, hours=721)
    assert {row["id"] for row in late["plan"]} == {
        "companions-transit/keys/personal",
        "companions-kv/data/app/session",
        "auth/companions/role/ci/secret-id",
    }
    fresh = live.api.read("companions-kv/data/app/session")["data"]["data"]
    assert not set(fresh.values()) & set(secret.values())
    rewrapped = live.api.write("companions-transit/rewrap/personal", {"ciphertext": sealed})["data"]["ciphertext"]
    assert sealed.startswith("vault:v1:") and rewrapped.startswith("vault:v2:")
    assert (
        live.api.write("companions-transit/decrypt/personal", {"ciphertext": rewrapped})["data"]["plaintext"]
        == base64.b64encode(b"x").decode()
    )
    assert not [value for value in (*secret.values(), *fresh.values()) if value in json.dumps([planned, first, again, late])]


def test_a_renewal_is_what_was_approved_and_allowed_and_tells_the_whole_result(configured):
    live = configured
    wanted = {"secrets": {"companions-kv/app/guarded": {"max_age": "1h", "keys": {"key": {}}}}}
    later(live, wanted)
    planned = later(live, wanted, hours=2, check_mode=True)
    assert {"changed", "plan", "counts", "diff", "warnings", "digest", "foreign", "requests"} <= set(planned)
    (shown,) = planned["diff"]
    assert '"since": "20' in shown["before"] and shown["after"] == '{\n  "since": "this run"\n}\n'
    mark = live.audit.mark()
    for guards, words in (
        (Guards(allowed_impact=("restart",)), "add safe to allowed_impact"),
        (Guards(approved_digest="sha256:another"), "not what was approved"),
    ):
        with pytest.raises(RefusedError, match=words):
            later(live, wanted, hours=2, guards=guards)
    assert live.audit.changes(mark) == []
    approved = Guards(approved_digest=planned["digest"])
    live.api.write("companions-kv/data/app/guarded", {"data": {"key": "somebody renewed it since"}})
    with pytest.raises(RefusedError, match="not what was approved"):
        later(live, wanted, hours=2, guards=approved)
    planned = later(live, wanted, hours=2, check_mode=True)
    done = later(live, wanted, hours=2, guards=Guards(approved_digest=planned["digest"]))
    assert [done[key] for key in ("changed", "plan", "counts", "diff", "digest")] == [
        planned[key] for key in ("changed", "plan", "counts", "diff", "digest")
    ]


def test_a_renewal_that_fails_says_of_each_whether_it_was_done(configured):
    live = configured
    live.api.write("companions-transit/keys/first", {})
    wanted = {
        "transit_keys": {"companions-transit/first": {"max_age": "1h"}},
        "secrets": {"companions-kv/app/unmade": {"max_age": "1h", "keys": {"key": {"policy": "companions-nobody-made-this"}}}},
    }
    with pytest.raises(GantryError, match="was not renewed") as failed:
        later(live, wanted, hours=2)
    told = failed.value.details
    assert (told["changed"], {row["id"]: row["written"] for row in told["plan"]}) == (
        True,
        {"companions-transit/keys/first": True, "companions-kv/data/app/unmade": False},
    )


def test_a_secret_that_lacks_a_key_gets_that_key_alone(configured):
    live = configured
    live.api.write("companions-kv/data/half", {"data": {"user": "me", "password": "theirs"}})
    wanted = {"secrets": {"companions-kv/half": {"max_age": "720h", "keys": {"password": {}, "key": {}}}}}
    assert later(live, wanted)["plan"][0]["action"] == "update"
    data = live.api.read("companions-kv/data/half")["data"]["data"]
    assert (data["user"], data["password"], len(data["key"])) == ("me", "theirs", 43)
    assert later(live, wanted)["changed"] is False


def test_the_secret_id_before_the_last_stays_valid(configured):
    live = configured
    wanted = {"secret_ids": {"companions/ci": {"max_age": "1h", "deliver": "companions-kv/ci/steps"}}}
    role_id = live.api.read("auth/companions/role/ci/role-id")["data"]["role_id"]
    later(live, wanted, hours=5000)
    old = live.api.read("companions-kv/data/ci/steps")["data"]["data"]["secret_id"]
    later(live, wanted, hours=1.5)
    new = live.api.read("companions-kv/data/ci/steps")["data"]["data"]["secret_id"]
    for secret_id in (old, new):
        assert live.api.write("auth/companions/login", {"role_id": role_id, "secret_id": secret_id})["auth"]["client_token"]
    later(live, wanted, hours=9000)
    assert len(live.api.names("auth/companions/role/ci/secret-id")) == 1


def test_an_issuer_gets_a_successor(configured):
    live = configured
    wanted = {"issuers": {"companions-pki/next": {"max_age": "8760h", "issuer": {"type": "root", "common_name": "next", "ttl": "20000h"}}}}
    later(live, wanted)
    later(live, wanted, hours=8800)
    info = live.api.read("companions-pki/issuers?list=true")["data"]["key_info"].values()
    names = sorted(row["issuer_name"] for row in info if row["issuer_name"].startswith("next-"))
    assert len(names) == 2 and [row["issuer_name"] for row in info if row["is_default"]] == [names[-1]]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"transit_kyes": {}}, r"rotate.transit_kyes: unknown key; .*did you mean 'transit_keys'\?"),
        ({"transit_keys": {"a": {"max_age": "1h"}}}, "<mount>/<name>"),
        ({"transit_keys": {"a/b": {}}}, "max_age: missing; allowed: a duration such as 720h"),
        ({"transit_keys": {"a/b": {"max_age": "soon"}}}, "found 'soon'; allowed: a duration such as 720h"),
        ({"transit_keys": {"companions-transit/none": {"max_age": "1h"}}}, "there is no companions-transit/keys/none"),
        ({"database_roots": {"none/app": {"max_age": "1h"}}}, "there is no connection none/config/app"),
    ],
)
def test_what_cannot_be_renewed_is_told(configured, wanted, words):
    with pytest.raises(InputError, match=words):
        later(configured, wanted)


@pytest.fixture(scope="module")
def database(live):
    """An engine on the sandbox's PostgreSQL whose root credential nobody else uses."""
    wanted = {"engines": {"companions-db": engine(live, "companion")}}
    live.configure(wanted, owner="companions-db")
    return wanted


def test_a_renewed_root_is_noted_and_never_put_back(live, database):
    wanted = {"database_roots": {"companions-db/app": {"max_age": "720h"}}}
    first = later(live, wanted, owner="companions-db")
    assert first["plan"][0]["reason"] == "no record says when it was renewed last"
    assert later(live, wanted, hours=1, owner="companions-db")["changed"] is False
    (live.folder / "postgres-companion").write_text("the inventory says another one now", encoding="utf-8")
    found = live.configure(database, owner="companions-db")
    (row,) = found["plan"]
    assert (row["action"], row["fields"]) == ("blocked", ["password"]) and "is not put back" in row["reason"]
    assert psql(live, live.api.read("companions-db/creds/app")["data"]).startswith("v-")


def test_revoked_logins_are_gone_from_the_database(live, vault, database):
    credentials = [live.api.read("companions-db/creds/app")["data"] for _number in range(3)]
    token = live.api.write("auth/token/create", {"policies": ["default"]})["auth"]
    live.api.write("identity/entity/name/intruder", {"policies": ["default"]})
    options = {"leases": ["companions-db/creds/app"], "accessors": [token["accessor"]], "entities": ["intruder"]}
    planned, _output = vault.run("vault_revoke", "--check", **options)
    assert [row["id"] for row in planned["plan"]] == [
        "identity/entity/name/intruder",
        "leases/companions-db/creds/app",
        f"tokens/{token['accessor']}",
    ]
    assert [row["after_header"].rpartition(" ")[2] for row in planned["diff"]] == ["(update)", "(delete)", "(delete)"]
    before = live.audit.mark()
    refused, _output = vault.run("vault_revoke", **options, allowed_impact=["safe"], variables={"allowed_impact": "my_impact"})
    assert "add disruptive to my_impact" in refused["msg"] and len(refused["refused"]) == 3
    other, _output = vault.run("vault_revoke", **{**options, "force": True}, approved_digest=planned["digest"])
    assert "not what was approved" in other["msg"]
    assert {path for _operation, path in live.audit.changes(before)} == {"auth/token/lookup-accessor"}
    assert psql(live, credentials[0]) == credentials[0]["username"]
    assert psql(live, credentials[0], "CREATE TABLE left_behind ()") == "CREATE TABLE"
    open_one = session(live, credentials[1], "SELECT pg_sleep(300)")
    sessions = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{credentials[1]['username']}'"
    until(lambda: psql(live, credentials[0], sessions) == "1", "the session to begin")
    done, output = vault.run("vault_revoke", **options, approved_digest=planned["digest"])
    assert done["changed"] is True, output
    assert [done[key] for key in ("plan", "counts", "digest")] == [planned[key] for key in ("plan", "counts", "digest")]
    assert all("authentication failed" in psql(live, one) for one in credentials)
    assert "terminating connection" in open_one.communicate(timeout=LONGEST)[1]
    assert live.api.read("identity/entity/name/intruder")["data"]["disabled"] is True
    again, _output = vault.run("vault_revoke", **options)
    assert (again["changed"], again["plan"], again["counts"]["unchanged"]) == (False, [], 3)


def test_logins_of_one_database_end_side_by_side(live):
    paths = [f"companions-beside-{number}" for number in range(3)]
    live.configure({"engines": {path: engine(live, path) for path in paths}}, owner="companions-beside")
    leases = [live.api.read(f"{path}/creds/app")["lease_id"] for path in paths * 15]
    map_threads(lambda lease: live.api.write("sys/leases/revoke", {"lease_id": lease, "sync": True}), leases, 8)
    assert not any(live.api.names(f"sys/leases/lookup/{path}/creds/app") for path in paths)


def test_a_snapshot_is_taken_once_and_proven(live, vault, tmp_path):
    path = tmp_path / "backup" / "vault.snap"
    planned, _output = vault.run("vault_snapshot", "--check", path=str(path))
    assert (planned["changed"], planned["snapshot"], path.exists()) == (True, None, False)
    done, output = vault.run("vault_snapshot", path=str(path), max_age=3600)
    assert done["snapshot"]["index"] > 0 and stat.S_IMODE(path.stat().st_mode) == 0o600, output
    again, _output = vault.run("vault_snapshot", path=str(path), max_age=3600)
    assert (again["changed"], again["snapshot"]) == (False, done["snapshot"])
    refused, _output = vault.run("vault_snapshot", path=str(path), state="restored", confirm="another")
    assert "replaces all that the cluster vault-cluster-" in refused["msg"]

    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    cut, _output = vault.run("vault_snapshot", path=str(path), state="verified", url="", token_file="")
    assert "is no whole snapshot" in cut["msg"]
    path.write_bytes(whole)
    (tmp_path / "out").mkdir()
    with tarfile.open(path) as archive:
        for member in archive:
            (tmp_path / "out" / member.name).write_bytes(archive.extractfile(member).read())
    with (tmp_path / "out" / "state.bin").open("r+b") as handle:
        handle.write(b"!")
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted((tmp_path / "out").iterdir()):
            archive.add(file, file.name)
    damaged, _output = vault.run("vault_snapshot", path=str(path), state="verified", url="", token_file="")
    assert "state.bin is damaged" in damaged["msg"]


def test_what_ends_by_itself_is_listed(configured, vault):
    later(
        configured,
        {"issuers": {"companions-pki/brief": {"max_age": "8760h", "issuer": {"type": "root", "common_name": "b", "ttl": "48h"}}}},
    )
    found, _output = vault.run("vault_info", expiring=True)
    assert found["expiring"] == sorted(found["expiring"], key=lambda row: row["expires"])
    (row,) = [row for row in found["expiring"] if row["what"].startswith("companions-pki/issuer/brief")]
    assert row["days_left"] == 1


def test_the_lookup_resolves_every_kind_of_reference(configured, tmp_path):
    live = configured
    live.api.write("companions-kv/data/looked/up", {"data": {"password": "from-vault"}})
    (tmp_path / "secret").write_text("from-file\n", encoding="utf-8")
    terms = ["vault:companions-kv/looked/up#password", "env:LOOKED_UP", f"file:{tmp_path}/secret"]
    access = f"url={live.url!r}, ca_cert={live.access['ca_cert']!r}, token_file={live.access['token_file']!r}"
    expression = f"{{{{ query('gantry.platform.secret', *terms, {access}) }}}}"
    command = [str(Path(sys.executable).with_name("ansible")), "localhost"]
    words = ["-m", "ansible.builtin.debug", "-a", f'msg="{expression}"', "-e", json.dumps({"terms": terms})]
    done = subprocess.run(
        [*command, *words], cwd=ROOT, env={**os.environ, "LOOKED_UP": "from-env"}, capture_output=True, text=True, check=False
    )
    assert [word in done.stdout for word in ("from-vault", "from-env", "from-file")] == [True] * 3, done.stdout + done.stderr
