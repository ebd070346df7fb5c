# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a cluster's last run in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..module_utils._run.record import told

DOCUMENTATION = r"""
name: last_run
short_description: The record of a cluster's last run in words
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Turns the record that a run leaves in a cluster (see M(gantry.platform.run_store)) into lines of text.
positional: _input, host, lock
options:
  _input:
    description: The record, or nothing where no run has changed the cluster yet.
    type: dict
    required: true
  host:
    description: Name of the cluster.
    type: str
    required: true
  lock:
    description: What M(gantry.platform.run_store) read of the cluster's lock. A run that had it and left no record was interrupted.
    type: dict
"""

EXAMPLES = r"""
- name: Say how the last run ended
  ansible.builtin.debug:
    msg: "{{ platform_last_run.document | gantry.platform.last_run(inventory_hostname, platform_last_run.lock) }}"
"""

RETURN = r"""
_value:
  description: Lines of text.
  type: list
  elements: str
"""


class FilterModule:
    """Makes ``last_run`` known."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"last_run": told}
