# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster beside which stands what all clusters share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..plugin_utils._hosts import hub_of

DOCUMENTATION = r"""
name: hub
short_description: The hub among the clusters of a run
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Gives the first host of the group C(hub) that is among the given hosts, else the first of them that is a cluster. Hosts of the
    group C(control) are none.
positional: _input, groups
options:
  _input:
    description: Hosts.
    type: list
    elements: str
    required: true
  groups:
    description: The groups of the inventory, C(groups).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say where the shared servers are
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | gantry.platform.hub(groups) }}"
"""

RETURN = r"""
_value:
  description: The host's name, empty where no cluster is among them.
  type: str
"""


def hub(hosts: Iterable[str], groups: Mapping[str, Any]) -> str:
    """The hub among ``hosts``."""
    return hub_of(hosts, groups)


class FilterModule:
    """Makes ``hub`` known."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"hub": hub}
