# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which templates a configuration of Alertmanager has, where each stands, and the alerts that they are tried on. Contacts nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import InputError

Json = Mapping[str, Any]
FORMS = (".", "(index .Alerts 0)", ".CommonLabels", ".Alerts")
"""What a template that is called by name may be given: all of a notification, one alert, labels, a list of alerts."""
_DEFINED = re.compile(r"{{-?\s*(?:define|block)\s+\"([^\"]+)\"")


@dataclass(frozen=True)
class Text:
    """One template: its ``place`` in words, and whether Alertmanager escapes it as HTML."""

    place: str
    text: str
    html: bool = False


def texts(config: Any, source: str, written: str) -> list[Text]:
    """The templates of all receivers, each text once; ``written`` is the file, by which a place has its line. Raises InputError."""
    if not isinstance(config, Mapping):
        raise InputError(f"{source}: a configuration of Alertmanager is a mapping with route and receivers, found {type(config).__name__}")
    receivers = config.get("receivers")
    if not isinstance(receivers, list) or not all(isinstance(one, Mapping) and one.get("name") for one in receivers):
        raise InputError(f"{source}: receivers: a list of mappings is wanted, each with its name")
    found: dict[tuple[str, bool], Text] = {}
    for receiver in receivers:
        for path, text, html in _templates(receiver, f"receivers[{receiver['name']}]"):
            found.setdefault((text, html), Text(f"{source}{line_of(text, written)}: {path}", text, html))
    return list(found.values())


def defined(source: str, written: str) -> list[Text]:
    """The named templates of a file, each as the call of it; the text is to be tried with every one of ``FORMS`` in the place of the dot."""
    names = dict.fromkeys(_DEFINED.findall(written))
    return [Text(f"{source}{line_of(f'{chr(34)}{name}{chr(34)}', written)}: {name}", name) for name in names]


def line_of(text: str, written: str) -> str:
    """``:<line>`` of the first line that has the beginning of ``text``; empty where it stands there in another form, such as escaped."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    for number, line in enumerate(written.splitlines(), 1):
        if first and (first in line or json.dumps(first, ensure_ascii=False)[1:-1] in line or first.replace("'", "''") in line):
            return f":{number}"
    return ""


def samples() -> dict[str, Json]:
    """Notifications as Alertmanager would make them: of two alerts that fire, and of one that has ended."""
    labels = {
        "alertname": "Broken", "severity": "page", "namespace": "default", "service": "shop", "team": "shop", "tier": "t1", "slo": "shop-errors",
        "cluster": "sample", "environment": "sample",
    }  # fmt: skip
    notes = {"summary": "Something is broken", "description": "It says what.", "runbook_url": "docs/alerts.md#broken"}

    def notification(status: str, pods: tuple[str, ...]) -> Json:
        alerts = [{
            "status": status, "labels": {**labels, "pod": pod}, "annotations": notes, "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "2026-01-01T01:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
            "generatorURL": "https://prometheus.example/graph", "fingerprint": f"00000000000000{number:02}",
        } for number, pod in enumerate(pods)]  # fmt: skip
        return {
            "receiver": "sample", "status": status, "alerts": alerts, "groupLabels": {"alertname": "Broken"}, "commonLabels": labels,
            "commonAnnotations": notes, "externalURL": "https://alertmanager.example",
        }  # fmt: skip

    return {"that fire": notification("firing", ("a", "b")), "that have ended": notification("resolved", ("a",))}


def _templates(value: Any, path: str) -> Iterator[tuple[str, str, bool]]:
    """(path, text, html) of each template below a receiver."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _templates(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _templates(inner, f"{path}[{number}]")
    elif isinstance(value, str) and "{{" in value:
        yield path, value, path.endswith(".html")
