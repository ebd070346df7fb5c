# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objectives of an inventory as documents of OpenSLO."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import GantryError
from ..module_utils._slo.openslo import exported

DOCUMENTATION = r"""
name: slo_to_openslo
short_description: Objectives as documents of OpenSLO v1
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Gives a document for each objective of an effective model, as other tools read it. What OpenSLO has no words for is refused with the reason.
seealso:
  - plugin: gantry.platform.slo_from_openslo
    plugin_type: filter
options:
  _input:
    description: Objectives, by name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Hand the objectives on
  ansible.builtin.copy:
    content: "{{ platform_model.effective.slos | gantry.platform.slo_to_openslo | map('to_yaml') | join('---\n') }}"
    dest: slos.yaml
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The documents.
  type: list
  elements: dict
"""


def slo_to_openslo(slos: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A document for each objective."""
    try:
        return [exported(name, slos[name]) for name in sorted(slos)]
    except GantryError as error:
        raise AnsibleFilterError(error.message) from error


class FilterModule:
    """Makes ``slo_to_openslo`` known."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"slo_to_openslo": slo_to_openslo}
