# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tracing_store
short_description: The configuration of Jaeger 2 with its store
version_added: 0.1.0
description:
  - Makes the configuration of Jaeger 2 out of where traces are kept. Who logs in there is what the variable E(STORAGE_USERNAME) of its
    container says, by the password in C(/etc/jaeger/storage/password).
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input
options:
  _input:
    description:
      - C(settings.tracing.storage) of the model. Its C(kind) is V(memory), with C(traces), or V(elasticsearch) or V(opensearch), with C(url) and
        C(prefix), and with C(ca) where its authority is none that everybody trusts.
    type: dict
    required: true
"""

EXAMPLES = r"""
content: "{{ {'kind': 'memory', 'traces': 20000} | gantry.platform.tracing_store | to_json }}"
"""

RETURN = r"""
_value:
  description: The configuration.
  type: dict
"""

from typing import Any

from ..module_utils._tracing.jaeger import configuration


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"tracing_store": configuration}
