# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: logging_pipeline
short_description: The configuration of a Fluent Bit that redacts lines on their node
version_added: 0.1.0
description:
  - Makes the configuration of Fluent Bit out of what is kept of logs. Lines of all containers of a node become records, then fields by the filter in
    Lua that stands beside it, of which some are counted; what is left goes to Logstash.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input, host, port, secured
options:
  _input:
    description: C(settings.logging) of the model, of which C(fluent_bit) with its C(buffer) counts.
    type: dict
    required: true
  host:
    description: Name of Logstash.
    type: str
    required: true
  port:
    description: Its port.
    type: int
    required: true
  secured:
    description: Whether it shows a certificate, and asks for the user and password in E(SHIPPING_USERNAME) and E(SHIPPING_PASSWORD).
    type: bool
    required: true
"""

EXAMPLES = r"""
content: "{{ {'fluent_bit': {'buffer': '5Gi'}} | gantry.platform.logging_pipeline('logs-ls-shipping.logging.svc', 8443, true) | to_json }}"
"""

RETURN = r"""
_value:
  description: The configuration.
  type: dict
"""

from typing import Any

from ..module_utils._logging.pipeline import configuration


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"logging_pipeline": configuration}
