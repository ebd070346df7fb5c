# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: logging_lifecycle
short_description: How long logs are kept, as Elasticsearch takes it
version_added: 0.1.0
description:
  - Makes the document of M(gantry.platform.elasticsearch_config) out of the streams of an environment. For each there are
    a policy of lifecycle, a template with its fields and settings, and the data stream. With O(snapshots) there are a repository, and
    for each stream a policy of its snapshots.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input, environment, copies, snapshots
options:
  _input:
    description: >-
      C(settings.logging.streams) of the model, by dataset, each with C(days) by kind of node, in hours C(rollover) and C(delete), and in days
      C(snapshots).
    type: dict
    required: true
  environment:
    description: Name of the environment.
    type: str
    required: true
  copies:
    description: Copies beside the first, by kind of node, C(hot), C(warm) and C(cold).
    type: dict
    required: true
  snapshots:
    description: C(settings.logging.snapshots) of the model; empty where there are none.
    type: dict
  reader:
    description: C(settings.logging.reader) of the model, which has C(password); empty where there is none.
    type: dict
"""

EXAMPLES = r"""
content: "{{ streams | gantry.platform.logging_lifecycle('prod', {'hot': 1, 'warm': 1, 'cold': 0}) | to_json }}"
vars:
  streams:
    internal.t1: {days: {hot: 7, warm: 23, cold: 0}, rollover: 72, delete: 720, snapshots: 0}
"""

RETURN = r"""
_value:
  description: The document.
  type: dict
"""

from typing import Any

from ..module_utils._logging.lifecycle import document


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"logging_lifecycle": document}
