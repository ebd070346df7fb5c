# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import socket

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import RemovalLimits
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.vault import config
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.options import CONFIG_SPEC, config_request, of_today


def params(**given):
    return {name: spec.get("default") for name, spec in CONFIG_SPEC.items()} | given


@pytest.fixture
def nobody():
    """An address where nothing answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{probe.getsockname()[1]}"


def test_a_vault_that_the_same_run_brings_is_planned_as_an_empty_one(nobody, tmp_path):
    document = {"policies": {"reader": {"kv/*": ["read"]}, "gone": None}, "engines": {"kv": {"type": "kv"}}}
    found = config(Call(params(url=nobody, config=document, may_be_absent=True), {}, str(tmp_path), True))
    assert {change["id"] for change in found["plan"]} == {"sys/mounts/gantry", "sys/mounts/kv", "sys/policies/acl/reader"}
    assert {(change["action"], change["verified"], change["reason"]) for change in found["plan"]} == {
        ("create", False, "there is no Vault yet")
    }
    assert found["digest"] == "", "what cannot be known yet cannot be approved"


def test_an_access_file_may_name_a_token_that_is_not_there_yet(nobody, tmp_path):
    access = tmp_path / "vault.json"
    access.write_text(json.dumps({"url": nobody, "token_file": "keys.json"}), encoding="utf-8")
    assert resolve_vault({"access_file": str(access)}, {}).token == ""
    (tmp_path / "keys.json").write_text(json.dumps({"root_token": "t"}), encoding="utf-8")
    assert resolve_vault({"access_file": str(access)}, {}).token == "t"


def test_an_unknown_key_of_an_access_file_gets_its_nearest_name(nobody, tmp_path):
    access = tmp_path / "vault.json"
    access.write_text(json.dumps({"url": nobody, "token_fil": "keys.json"}), encoding="utf-8")
    with pytest.raises(InputError, match="did you mean 'token_file'"):
        resolve_vault({"access_file": str(access)}, {})


def of_before(**given):
    """The request of a task as it was written before ``prune`` was a mapping, and what it is told."""
    args, told = of_today({"config": {}, **given})
    prune = args.get("prune")
    filled = prune and {name: option["default"] for name, option in CONFIG_SPEC["prune"]["options"].items()} | prune
    return config_request(params(**{**args, "prune": filled}), True), told


@pytest.mark.parametrize(
    ("word", "mode", "data", "instead"),
    [
        ("none", "none", set(), "{mode: none}"),
        ("report", "report", set(), "{mode: report}"),
        ("within_mounts", "delete", set(), "{mode: delete}"),
        ("mounts", "delete", {"kv-old", "transit/keys/old"}, "{mode: delete, data: [the mounts that may go]}"),
    ],
)
def test_the_one_word_of_before_means_what_it_meant(word, mode, data, instead):
    request, told = of_before(prune=word, removable=["kv-old", "transit/keys/old"])
    assert (request.prune.mode, request.prune.data, request.removable) == (mode, data, {"kv-old", "transit/keys/old"})
    assert told == [f"prune: {word} is written prune: {instead}"]


def test_the_limits_of_before_are_those_of_prune_and_so_is_their_variable():
    request, told = of_before(prune="mounts", removal_limits={"max_count": 3, "max_percent": 50}, removal_limits_variable="my_limits")
    assert (request.prune.limits, request.called("prune"), len(told)) == (RemovalLimits(3, 50), "my_limits", 1)


def test_a_mapping_is_nothing_of_before():
    request, told = of_before(prune={"mode": "delete", "data": ["kv-old"]})
    assert (request.prune.mode, request.prune.data, told) == ("delete", {"kv-old"}, [])
