# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of a run's plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._model.rows import CLUSTERS, phases
from ..plugin_utils._hosts import has_environment_rows

DOCUMENTATION = r"""
name: run_hosts
short_description: The pattern of the hosts that a play of a run is for
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - The clusters are all hosts but those of the group C(control). What exists once for the environment runs on that group, else on the hub,
    else on the only host.
  - It looks at which areas there are, and not at which are on. A host for which nothing is to be done leaves the play by itself.
positional: _input, phase
options:
  _input:
    description: The groups of the inventory, C(groups).
    type: dict
    required: true
  phase:
    description:
      - Which part of the run the play is, V(before), V(clusters) or V(after).
      - Without it the play is for all of them.
    type: str
"""

EXAMPLES = r"""
- name: Plan
  hosts: "{{ groups | gantry.platform.run_hosts }}"
  gather_facts: false
  tasks:
    - name: Declare and plan
      ansible.builtin.import_role:
        name: gantry.platform.platform
        tasks_from: plan
"""

RETURN = r"""
_value:
  description: A pattern of hosts.
  type: str
"""


def run_hosts(groups: Mapping[str, Any], phase: str = "") -> str:
    """The pattern for all of a run, or for one part of it."""
    clusters = "all:!control" if groups.get("control") else "all"
    if phase == CLUSTERS or not phase:
        return "all" if not phase and has_environment_rows() else clusters
    if phase not in phases().values():
        return "all:!all"
    return next((group for group in ("control", "hub") if groups.get(group)), "all")


class FilterModule:
    """Makes ``run_hosts`` known."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"run_hosts": run_hosts}
