# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces of whole charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..plugin_utils._model_input import catalog

DOCUMENTATION = r"""
name: component_namespaces
short_description: The namespaces in which the charts of components run
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - A component that is on and comes as a whole chart has a namespace - its own, the catalogue's, or one of its name.
options:
  _input:
    description: The components of the effective model, by name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say where charts run
  ansible.builtin.debug:
    msg: "{{ platform_model.effective.settings.components | gantry.platform.component_namespaces }}"
"""

RETURN = r"""
_value:
  description: Names of namespaces, in order, each once.
  type: list
  elements: str
"""


def component_namespaces(components: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Where the whole charts among the components run."""
    known = catalog() or {}
    return sorted(
        {
            component.get("namespace") or known.get(name, {}).get("namespace") or name
            for name, component in components.items()
            if component.get("enabled", True) and component.get("source") == "upstream"
        }
    )


class FilterModule:
    """Makes ``component_namespaces`` known."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"component_namespaces": component_namespaces}
