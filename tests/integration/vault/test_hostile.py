# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others wrote into a real Vault reaches the terminal and the results as text, whatever it says."""

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, ROOT, Face
from ansible_collections.gantry.platform.tests.integration.kube.test_hostile import FORGED, HOSTILE, assert_own, assert_text

NAME = "{{ lookup('pipe', 'touch mark') }}{% raw %}<b>B(x)</b>[bold]$(touch mark)`x` end"
"""The server takes no name with a sign that is not printed, and keeps those of policies in small letters."""


@pytest.fixture(params=FACES)
def face(request, tmp_path):
    return Face(request.param, tmp_path, "")


def test_what_others_wrote_into_vault_is_shown_and_not_obeyed(live, face, tmp_path):
    owner = f"hostile-{face.name}"
    name = f"{owner}-x"
    document = {
        "engines": {name: {"type": "kv", "options": {"version": "2"}, "description": "ours"}},
        "policies": {name: f'path "{name}/data/*" {{ capabilities = ["read"] }}'},
        "identity": {"entities": {name: {"metadata": {"team": "ours"}}}},
    }
    live.configure(document, owner=owner)
    hostile = HOSTILE.replace("MARK", str(tmp_path / "mark"))
    api = live.api
    api.write(f"sys/mounts/{name}/tune", {"description": hostile})
    api.write(f"sys/policies/acl/{name}", {"policy": f'# {NAME}\npath "{name}/{NAME}/*" {{ capabilities = ["list"] }}'})
    api.write(f"identity/entity/name/{name}", {"metadata": {"team": hostile, "note": hostile}})
    api.write(f"sys/policies/acl/{NAME.lower()}", {"policy": f'path "{name}/x" {{ capabilities = ["list"] }}'})
    api.write(f"identity/entity/name/{NAME}", {"policies": ["default"]})
    api.write(f"{name}/data/{NAME.replace('/', '')}/generated", {"data": {"key": "kept"}})
    other = f"{owner}-locked"
    live.configure({"policies": {other: document["policies"][name]}}, owner=other)
    record = api.read(f"gantry/data/{other}")["data"]["data"]
    run = {"holder": hostile, "since": hostile, "until": hostile, "seconds": 30}
    api.write(f"gantry/data/{other}", {"data": {**record, "run": run}})
    token = api.write("auth/token/create", {"policies": ["default"], "display_name": NAME, "ttl": "1h"})["auth"]

    def config(task, which=owner, wanted=document, **more):
        given = {**live.access, "owner": which, "config": wanted, "prune": {"mode": "report"}, "wait_timeout": 1}
        return {"name": task, "gantry.platform.vault_config": given, **more}

    wanted = {"secrets": {f"{name}/ours/generated": {"max_age": "1h", "keys": {"key": {"bytes": 16}}}}}
    rotation = {**live.access, "owner": owner, "rotate": wanted, "whole": [f"{name}/+/generated"], "allowed_impact": ["safe"]}
    revocation = {**live.access, "accessors": [token["accessor"]]}
    changed = {"policies": {other: f'path "{other}/*" {{ capabilities = ["read"] }}'}}
    played = face.play(
        config("drift", check_mode=True, diff=True),
        config("locked", which=other, wanted=changed),
        {"name": "rotated", "gantry.platform.vault_rotate": rotation, "check_mode": True},
        {"name": "refused", "gantry.platform.vault_rotate": rotation},
        {"name": "revoked", "gantry.platform.vault_revoke": revocation, "check_mode": True},
        words=("-vvv",),
    )
    found = played.results
    api.write(f"gantry/data/{other}", {"data": {**record, "run": ""}})
    api.delete(f"identity/entity/name/{NAME}")
    api.delete(f"sys/policies/acl/{NAME.lower()}")

    assert {row["id"] for row in found["drift"]["plan"]} >= {f"sys/mounts/{name}", f"identity/entity/name/{name}"}, played.output
    said = {
        "a description and metadata, in the diff": json.dumps(found["drift"]["diff"]),
        "names that nobody declares": json.dumps([row["id"] for row in found["drift"]["foreign"]]),
        "who holds the lock": found["locked"]["msg"],
        "an orphan, in the refusal": found["refused"]["msg"],
        "an orphan": json.dumps(found["rotated"].get("foreign") or found["rotated"]["msg"]),
        "what would be revoked": json.dumps(found["revoked"]["plan"]),
    }
    assert {place: "end" in words for place, words in said.items()} == dict.fromkeys(said, True), said
    assert all(FORGED in said[place] for place in ("a description and metadata, in the diff", "who holds the lock"))
    for task, result in found.items():
        assert_text(result, task)
        assert_own(str(result.get("msg") or ""))
    assert_text(played.output, "the terminal")
    assert_own(played.output)
    assert not (tmp_path / "mark").exists() and not (ROOT / "mark").exists()
    assert_text((tmp_path / "ansible.log").read_text(encoding="utf-8"), "the log")
