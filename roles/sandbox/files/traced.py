# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of all that the traffic makes up, the requests that can be followed: as exemplars, as spans, as lines of logs.

Every ``STEP`` seconds each service has one that is served, one that is slow and one that fails. All of a request follows from its trace's id, as which
it is known everywhere. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

STEP = 15
SERVED, SLOW, FAILED = "served", "slow", "failed"
SECONDS: Mapping[str, float] = {SERVED: 0.031, SLOW: 1.7, FAILED: 0.018}
"""How long such a request takes: within what the traffic's histograms say of its kind."""
CALLS: Mapping[str, tuple[str, ...]] = {
    "perception-gateway": ("consciousness-engine",),
    "consciousness-engine": ("attention-router", "language-cortex", "memory-store"),
    "attention-router": ("memory-store",),
    "language-cortex": ("memory-store",),
    "dream-scheduler": ("memory-store",),
}
"""Whom a service asks for each request, of those that the inventory says it depends on."""


@dataclass(frozen=True)
class Request:
    """One request to a service, which began at ``slot * STEP``."""

    seed: int
    service: str
    kind: str
    slot: int

    @property
    def trace(self) -> str:
        """32 hexadecimal digits, of which the last 16 are the slot."""
        return f"{_digits(self.seed, self.service, self.kind)}{self.slot:016x}"

    @property
    def exemplar(self) -> str:
        """What stands behind the bucket that it is counted in, in OpenMetrics."""
        return f' # {{trace_id="{self.trace}"}} {SECONDS[self.kind]} {self.slot * STEP}'

    def followed(self) -> dict[str, Any]:
        """``spans``: a request of OTLP in JSON. ``lines``: what each service on its way wrote, as [service, line]."""
        hops = list(self._hops())
        return {
            "spans": {
                "resourceSpans": [
                    {
                        "resource": {"attributes": _attributes({"service.name": service})},
                        "scopeSpans": [{"scope": {"name": "traffic"}, "spans": [self._span(service, by)]}],
                    }
                    for service, by in hops
                ]
            },
            "lines": [[service, self._line(service)] for service, _by in hops],
        }

    def _hops(self) -> Iterator[tuple[str, str]]:
        """(a service on its way, who asked it), each service once."""
        way, seen = [(self.service, "")], {self.service}
        while way:
            service, by = way.pop(0)
            yield service, by
            for called in CALLS.get(service, ()):
                if called not in seen:
                    seen.add(called)
                    way.append((called, service))

    def _span(self, service: str, by: str) -> dict[str, Any]:
        start = self.slot * STEP * 1_000_000_000
        code = "500" if self.kind == FAILED else "200"
        return {
            "traceId": self.trace,
            "spanId": _digits(self.trace, service),
            **({"parentSpanId": _digits(self.trace, by)} if by else {}),
            "name": f"POST /{service}",
            "kind": 2,
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(start + round(SECONDS[self.kind] * 1e9)),
            "attributes": _attributes({"http.request.method": "POST", "http.response.status_code": code, "enduser.id": "ada@example.org"}),
            "status": {"code": 2} if self.kind == FAILED else {},
        }

    def _line(self, service: str) -> str:
        failed = self.kind == FAILED
        return json.dumps(
            {
                "level": "error" if failed else "info",
                "msg": "request failed" if failed else "request served",
                "trace_id": self.trace,
                "span_id": _digits(self.trace, service),
                "user": "ada@example.org",
            }
        )


def at(seed: int, service: str, now: float) -> dict[str, Request]:
    """A service's newest request of each kind that has ended."""
    slot = int(now - max(SECONDS.values())) // STEP
    return {kind: Request(seed, service, kind, slot) for kind in SECONDS}


def of(seed: int, trace: str, services: Mapping[str, Any]) -> Request | None:
    """The request of this id, if one of these services ever showed it."""
    slot = re.fullmatch("[0-9a-f]{16}([0-9a-f]{16})", trace)
    for service in services if slot else ():
        for kind in SECONDS:
            if trace[:16] == _digits(seed, service, kind):
                return Request(seed, service, kind, int(slot[1], 16))
    return None


def _digits(*of_what: object) -> str:
    return hashlib.sha256(" ".join(map(str, of_what)).encode()).hexdigest()[:16]


def _attributes(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
