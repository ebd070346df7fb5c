# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tracing_collector
short_description: The configuration of an OpenTelemetry Collector that redacts spans and keeps traces by service
version_added: 0.1.0
description:
  - Makes the configuration of a collector out of what is kept and what is taken out. Spans are redacted first, then meet by their trace in one of
    the collectors, which keeps the trace or not, and sends what is kept to Jaeger.
  - Nothing of the result is expanded by the collector.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input, services
options:
  _input:
    description:
      - C(settings.tracing) of the model, with C(decision_wait), C(traces_held), and C(redaction) with C(classes), C(drop) and C(keep).
    type: dict
    required: true
  services:
    description: The services by name, each with C(data_class) and C(tracing), which has C(share) and C(errors) in percent and C(slow).
    type: dict
    required: true
"""

EXAMPLES = r"""
content: "{{ settings | gantry.platform.tracing_collector(services) | to_json }}"
vars:
  settings: {decision_wait: 10s, traces_held: 50000, redaction: {classes: {internal: plain}, drop: [], keep: []}}
  services:
    orders: {data_class: internal, tracing: {share: 5, errors: 100, slow: 500ms}}
"""

RETURN = r"""
_value:
  description: The configuration.
  type: dict
"""

from typing import Any

from ..module_utils._tracing.collector import configuration


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Any]:
        """By name."""
        return {"tracing_collector": configuration}
