# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """When the callbacks show a run's table."""

    DOCUMENTATION = r"""
options:
  show:
    description:
      - When to show the table. V(changes) leaves it out where nothing changes and nothing went wrong.
    type: str
    choices: [always, changes, never]
    default: always
    ini:
      - section: callback_plan
        key: show
    env:
      - name: GANTRY_PLAN_SHOW
  html:
    description:
      - File that gets the report as one HTML page which needs nothing from outside. With C(--diff) it has before and after of each change;
        P(gantry.platform.console#callback) leaves the differences to it then.
      - Like diffs on the screen it holds values of the inventory, though none of secrets.
    type: path
    ini:
      - section: callback_plan
        key: html
    env:
      - name: GANTRY_PLAN_HTML
"""
