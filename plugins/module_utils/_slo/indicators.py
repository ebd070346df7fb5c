# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Indicators as PromQL: how many events there were in a window, and how many of them were bad.

Always two expressions, never their ratio: a ratio that is kept forgets how many events it was of. Both are safe, that is, a number
wherever the service is measured at all: without traffic 0 and 0, before the first error 0 and n. An error series that is missing is no error,
but a bucket or a counter of good answers that is missing is a mistake: it makes no record, and the alert for absent data fires.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction

from .._core.exact import duration, text
from .model import COUNTER, GAUGE, NATIVE, Slo

HTTP = "http_server_request_duration_seconds"
"""OpenTelemetry semantic conventions 1.23, http.server.request.duration, as Prometheus names it; label http_response_status_code."""
GRPC = "grpc_server_handling_seconds"
"""go-grpc-middleware's provider for Prometheus; its label grpc_code stands at grpc_server_handled_total."""
GRPC_HANDLED = "grpc_server_handled_total"
ERRORS = {
    "http": 'http_response_status_code=~"5.."',
    "grpc": 'grpc_code=~"Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss|ResourceExhausted|Unimplemented"',
}
"""What is the server's fault: 5xx (RFC 9110, 15.6), and the codes of gRPC that its mapping to HTTP calls 5xx or 429."""


def events(slo: Slo, window: Fraction) -> tuple[str, str]:
    """(bad, total) in the window that ends now, as PromQL. Not for a composite, which has no events of its own."""
    of = duration(window)
    if slo.form == GAUGE:
        return _gauge(slo, of)
    if slo.form == NATIVE:
        return _native(slo, of)
    if slo.form == COUNTER:
        return _counters(slo, of)
    return _classic(slo, of)


def total_metric(slo: Slo) -> str:
    """The counter of all events."""
    if slo.total_metric:
        return slo.total_metric
    if slo.indicator == "availability" and slo.metric:
        return slo.metric
    return GRPC_HANDLED if slo.protocol == "grpc" else f"{HTTP}_count"


def _selector(slo: Slo, *matchers: str) -> str:
    of = (f"namespace={json.dumps(slo.namespace)}", f"service={json.dumps(slo.service)}", *matchers)
    return "{" + ", ".join(one for one in of if one) + "}"


def _sum(slo: Slo, metric: str, of: str, *matchers: str) -> str:
    """increase() knows resets of counters, and goes before sum(), which would hide them (Prometheus, "rate() then sum")."""
    return f"sum(increase({metric}{_selector(slo, *matchers)}[{of}]))"


def _counters(slo: Slo, of: str) -> tuple[str, str]:
    total = _sum(slo, total_metric(slo), of)
    if slo.indicator == "quality":
        # Two counters are extrapolated each by itself: a good answer more than there were answers is none.
        return f"clamp_min({total} - {_sum(slo, slo.metric, of)}, 0)", total
    return f"({_sum(slo, total_metric(slo), of, slo.errors or ERRORS[slo.protocol])} or 0 * {total})", total


def _histogram(slo: Slo) -> str:
    return slo.metric or (GRPC if slo.protocol == "grpc" else HTTP)


def bound(threshold: Fraction) -> str:
    """The matcher of a bucket, in every form in which its bound is written.

    Programs in Go and Prometheus 2 write 1, those in Python and Prometheus 3 1.0 (OpenMetrics, "Considerations: Canonical Numbers"), all of them
    with an exponent what Go's %g does: 1e+06, 5e-05.
    """
    number = text(threshold)
    forms = [number] if "." in number else [number, f"{number}.0"]
    digits = Decimal(repr(float(threshold))).normalize()
    if threshold and not -4 <= digits.adjusted() < 6:
        forms.append(f"{digits.scaleb(-digits.adjusted()):f}e{'-' if digits.adjusted() < 0 else '+'}{abs(digits.adjusted()):02}")
    if len(forms) == 1:
        return f'le="{number}"'
    # A backslash of the expression is two within the quotes of PromQL.
    written = "|".join(re.sub(r"([.+])", r"\\\\\1", form) for form in forms)
    return f'le=~"{written}"'


def _classic(slo: Slo, of: str) -> tuple[str, str]:
    metric = _histogram(slo)
    total, below = _sum(slo, f"{metric}_count", of), _sum(slo, f"{metric}_bucket", of, bound(slo.threshold))
    # Requests within the bound are good, and so are scores above it.
    return (below if slo.indicator == "quality" else f"clamp_min({total} - {below}, 0)"), total


def _native(slo: Slo, of: str) -> tuple[str, str]:
    """histogram_fraction() interpolates within a bucket, and is NaN of a histogram without events."""
    whole = _sum(slo, _histogram(slo), of)
    total = f"histogram_count({whole})"
    low = "-Inf" if slo.indicator == "quality" else "0"
    within = f"histogram_fraction({low}, {text(slo.threshold)}, {whole})"
    bad = f"{within} * {total}" if slo.indicator == "quality" else f"(1 - {within}) * {total}"
    return f"(({bad} and {total} > 0) or 0 * {total})", total


def _gauge(slo: Slo, of: str) -> tuple[str, str]:
    """Each sample is an event: 1 is good, 0 is bad."""
    series = f"{slo.metric}{_selector(slo)}[{of}]"
    total = f"sum(count_over_time({series}))"
    return f"({total} - sum(sum_over_time({series})))", total
