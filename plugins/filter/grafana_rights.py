# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_rights
short_description: Who may do what in which folder of Grafana
version_added: 0.1.0
description:
  - Makes the document of teams, each with its people, and of folders, each with the rights in it, as Grafana's API takes them. The people
    of a team edit in its folder, everybody else does there what the settings say of the role; in any other folder everybody looks.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input, settings, teams
options:
  _input:
    description: Folders by uid, each with C(title), and C(team) where it is a team's.
    type: dict
    required: true
  settings:
    description: Those of Grafana in the model, of which C(folders) is read.
    type: dict
    required: true
  teams:
    description: The teams by name, each with C(board_editors) where it has any.
    type: dict
    required: true
"""

EXAMPLES = r"""
content: "{{ folders | gantry.platform.grafana_rights(settings, teams) | to_json }}"
vars:
  folders:
    team-orders: {title: orders, team: orders}
    platform: {title: Platform}
  settings:
    folders: {editors: view, viewers: none}
  teams:
    orders: {board_editors: [ann@example.org]}
"""

RETURN = r"""
_value:
  description: Teams and folders.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ..module_utils._dashboards.rights import rights


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"grafana_rights": rights}
