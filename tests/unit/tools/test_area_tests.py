# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tests `make test AREA=` runs."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest


@pytest.fixture
def tool(checkout, monkeypatch):
    monkeypatch.syspath_prepend(str(checkout / "tests" / "tools"))
    return importlib.import_module("area_tests")


@pytest.mark.parametrize(
    ("path", "belongs"),
    [
        ("plugins/module_utils/_vault/test_lock.py", True),
        ("vault/test_lock.py", True),
        ("test_vault_runs.py", True),
        ("roles/vault/test_vault.py", True),
        ("plugins/module_utils/_kube/test_lock.py", False),
        ("test_vaults.py", False),
        ("_vault.py/test_x.py", False),
        ("test_new_platform.py", False),
    ],
)
def test_what_has_the_areas_name_belongs_to_it(tool, path, belongs):
    assert tool.belongs(Path(path), {"vault"}) is belongs


def test_every_area_has_tests_and_its_scenario(tool, capsys):
    assert tool.scenarios({"vault"}) == ["site"]
    assert tool.scenarios({"cluster_baseline"}) == tool.scenarios({"workloads"}) == ["roles"]
    unit, integration, molecule = tool.commands({"vault"})
    assert "tests/unit/roles/vault/test_vault.py" in unit
    assert "tests/integration/vault/test_lock.py" in integration and "loadfile" in integration
    assert "tests/unit/roles/test_every_area.py" in unit and "tests/integration/everything/test_every_area.py" in integration
    assert molecule[1:] == ["tests/tools/scenarios.py", "site"]
    assert (tool.main("valt"), "there is no area valt; there are " in capsys.readouterr().out) == (2, True)
