# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.module_utils._model.contract import variables
from ansible_collections.gantry.platform.plugins.module_utils._model.derive import rules
from ansible_collections.gantry.platform.plugins.module_utils._model.reference import page
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import CHECKOUT


def test_the_committed_page_is_what_the_schema_says():
    assert (CHECKOUT / "docs" / "inventory.md").read_text(encoding="utf-8") == page()


def test_the_page_has_every_variable_every_rule_and_the_layers_of_a_key():
    text = page()
    for name in [*variables(), *rules()]:
        assert f"`{name}`" in text
    assert "| `services.<name>.tier` | `t0` · `t1` · `t2` · `t3` | **required** | shared |" in text
    assert "| `services.<name>.namespace` |" in text
    assert "*derived* (`namespace`)" in text
