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
"""
