# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The faults of the kit before the real Vault: what can be repeated is, and what makes something new each time is sent once."""

from __future__ import annotations

import uuid

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError, LostAnswerError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.config import Request, configure
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.secrets import SecretReader
from ansible_collections.gantry.platform.tests.kit.faults import AFTER, BEFORE, Fault, FaultyServer, first_of_each


@pytest.fixture
def faulty(live):
    server = FaultyServer(resolve_vault(live.access, {}).endpoint)
    yield server
    server.close()


@pytest.fixture
def client(live, faulty):
    made = VaultClient(resolve_vault({"url": faulty.url, "token_file": live.access["token_file"]}, {}), "faulty")
    yield made
    made.close()


def run(live, client, document, owner):
    request = Request(read_document(document, owner))
    return configure(client, request, References({}, str(live.folder), {"vault": SecretReader(client)}))


@pytest.mark.parametrize("fault", BEFORE + AFTER, ids=lambda fault: fault.cut or str(fault.status))
def test_the_first_try_of_every_request_fails_and_the_run_does_not(live, faulty, client, fault):
    name = f"t-{uuid.uuid4().hex[:8]}"
    document = {
        "engines": {name: {"type": "kv", "options": {"version": "2"}}},
        "policies": {name: f'path "{name}/data/*" {{ capabilities = ["read"] }}'},
    }
    faulty.rule = first_of_each(fault)
    run(live, client, document, name)
    assert faulty.done > 5
    faulty.rule = first_of_each(fault)
    mark = live.audit.mark()
    assert run(live, client, document, name)["changed"] is False
    assert live.audit.changes(mark) == []


@pytest.mark.parametrize("fault", [*AFTER, Fault(status=504), Fault(status=502)], ids=lambda fault: fault.cut or str(fault.status))
def test_what_makes_something_new_each_time_is_sent_once(live, faulty, client, fault):
    name = f"t-{uuid.uuid4().hex[:8]}"
    live.api.write(f"sys/auth/{name}", {"type": "approle"})
    live.api.write(f"auth/{name}/role/app", {})
    faulty.rule = lambda method, path: fault if path.endswith("/secret-id") else None
    with pytest.raises(LostAnswerError, match="was sent once"):
        client.write(f"auth/{name}/role/app/secret-id", {})
    assert faulty.done == 1
    assert len(live.api.names(f"auth/{name}/role/app/secret-id")) == (1 if fault in AFTER else 0)


def test_a_run_that_fails_in_the_middle_says_of_each_change_whether_it_was_written(live, faulty, client):
    name = f"t-{uuid.uuid4().hex[:8]}"
    refused = f"{name}-refused"
    document = {
        "engines": {name: {"type": "transit", "keys": {"k": {}}}},
        "policies": {one: f'path "{name}/*" {{ capabilities = ["read"] }}' for one in (name, refused)},
    }
    faulty.rule = lambda method, path: Fault(status=403) if method in ("PUT", "POST") and path.endswith(f"/acl/{refused}") else None
    mark = live.audit.mark()
    with pytest.raises(GantryError) as told:
        run(live, client, document, name)
    said = {change["id"]: change["written"] for change in told.value.details["plan"]}
    policies = {f"sys/policies/acl/{name}": True, f"sys/policies/acl/{refused}": False}
    assert said == {f"sys/mounts/{name}": True, **policies, f"{name}/keys/k": False}
    changed = {path for _operation, path in live.audit.changes(mark)}
    assert {path for path, written in said.items() if written} <= changed
    assert told.value.details["changed"] is True

    faulty.rule = lambda method, path: None
    # What was begun counts as pending until a run came to its end.
    assert {change["id"] for change in run(live, client, document, name)["plan"]} == set(said)
    assert run(live, client, document, name)["changed"] is False
