# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents of OpenSLO as objectives of an inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._core.errors import GantryError, InputError
from ..module_utils._slo.openslo import imported

DOCUMENTATION = r"""
name: slo_from_openslo
short_description: Documents of OpenSLO v1 as objectives
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Gives C(platform_slos) of documents of kind SLO whose indicators are ratios of counters in Prometheus. Everything that an inventory cannot say
    is refused, all reasons at once, by document and field.
seealso:
  - plugin: gantry.platform.slo_to_openslo
    plugin_type: filter
options:
  _input:
    description: Documents.
    type: list
    elements: dict
    required: true
  namespaces:
    description:
      - The namespace of each service, by name. An objective says none, since it is that of its service's team; queries that name one are checked
        by this, and refused without.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Take objectives over
  ansible.builtin.copy:
    content: "{{ {'platform_slos': documents | gantry.platform.slo_from_openslo(namespaces={'memory-store': 'memory'})} | to_nice_yaml }}"
    dest: inventories/group_vars/all/50_slos.yml
    mode: "0644"
  vars:
    documents: "{{ lookup('ansible.builtin.file', 'slos.yaml') | from_yaml_all }}"
"""

RETURN = r"""
_value:
  description: The objectives, by name.
  type: dict
"""


def slo_from_openslo(documents: Any, namespaces: Any = None) -> dict[str, Any]:
    """Objectives by name."""
    if isinstance(documents, str | bytes | Mapping) or not isinstance(documents, Iterable):
        raise AnsibleFilterError("slo_from_openslo: a list of documents, such as from_yaml_all gives")
    if not isinstance(namespaces or {}, Mapping):
        raise AnsibleFilterError("slo_from_openslo: namespaces is a dictionary, service: namespace")
    found: dict[str, Any] = {}
    reasons: list[str] = []
    for document in documents:
        try:
            name, said = imported(document, namespaces)
            if name in found:
                raise InputError(f"{name}: there is one of this name already")
            found[name] = said
        except GantryError as error:
            reasons.append(error.message)
    if reasons:
        raise AnsibleFilterError("\n".join(reasons))
    return found


class FilterModule:
    """Makes ``slo_from_openslo`` known."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"slo_from_openslo": slo_from_openslo}
