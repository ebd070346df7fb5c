# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The module ``kube_survey_info``: what a cluster that nobody described is made of."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from .._core.concurrency import map_threads
from .._kube.form.kinds import Kind
from .._kube.options import AUTH_SPEC
from .._kube.wire.client import KubeClient
from .._kube.wire.discovery import Discovery
from .._kube.wire.errors import ApiError
from .._survey.adoption import adopting
from .._survey.checks import CHECKS, EVERY, levels, results
from .._survey.components import WORKLOADS, components, ends
from .._survey.seen import Seen
from .._survey.writers import written
from .face import Call, Face, Result
from .kube import cluster

SPEC: dict[str, Any] = {**AUTH_SPEC, "catalog": {"type": "dict", "default": {}}, "page": {"type": "path", "default": ""}}
_WHOLE = frozenset({*(kind for check in CHECKS for kind in check.reads if kind != EVERY), *WORKLOADS, "Namespace"})
_LEFT_OUT = frozenset({"Event", "Event.events.k8s.io", "ComponentStatus", "Lease.coordination.k8s.io"})
"""What says nothing of who writes a cluster."""
_COUNTED = ("Node",)
_AWAY = "the server behind this API group does not answer"


def survey(call: Call) -> Result:
    """``kube_survey_info``."""
    with cluster(call, "kube_survey_info") as client:
        seen = _seen(client)
    catalogue = call.params["catalog"]
    found_levels = levels(seen)
    return {
        "changed": False,
        "cluster": {
            "version": seen.version,
            "ends": ends(seen.version, datetime.datetime.now(datetime.UTC).date().isoformat()),
            "nodes": _count(seen, "Node"),
            "namespaces": _count(seen, "Namespace"),
            "objects": sum(len(list(rows)) for rows in seen.metadata.values()),
        },
        "writers": [
            {
                "tool": one.writer.tool,
                "name": one.writer.name,
                "objects": one.objects,
                "namespaces": sorted(one.namespaces),
                "last": one.last,
            }
            for one in written(seen.metadata)
        ],
        "components": [
            {
                "name": one.name,
                "chart": one.chart,
                "version": one.version,
                "objects": one.objects,
                "namespaces": sorted(one.namespaces),
                "writers": sorted(" ".join(filter(None, writer)) for writer in one.writers),
                "notes": one.notes,
                "adopting": list(adopting(one, catalogue[one.name], found_levels)),
            }
            for one in components(seen, catalogue)
        ],
        "checks": [
            {"id": one.check.id, "title": one.check.title, "cure": one.check.cure, "status": one.status, "offenders": list(one.offenders)}
            for one in results(seen)
        ],
        "levels": [dataclasses.asdict(one) | {"because": list(one.because)} for one in found_levels],
        "unread": dict(sorted(seen.unread.items())),
    }


def _count(seen: Seen, kind: str) -> int | None:
    """None where nobody could look."""
    return None if kind in seen.unread else len(list(seen.metadata.get(kind, ())))


def _seen(client: KubeClient) -> Seen:
    version = str(client.get("/version").get("gitVersion") or "")
    discovery = Discovery(client)
    kinds = {kind.group_kind: kind for kind in reversed(discovery.every_kind()) if kind.listable and kind.group_kind not in _LEFT_OUT}

    def listed(kind: Kind) -> tuple[str, list[Any], str]:
        try:
            return kind.group_kind, client.list_objects(kind, metadata_only=kind.group_kind not in _WHOLE)[0], ""
        except ApiError as error:
            return kind.group_kind, [], f"{error.status} {error.message}"

    answers = map_threads(listed, kinds.values(), client.threads)
    return Seen(
        version,
        {name: [one["metadata"] for one in rows] for name, rows, _why in answers},
        {name: rows for name, rows, _why in answers if name in _WHOLE},
        {f"*.{group}".rstrip("."): f"{_AWAY}: which kinds it has is not known" for group in discovery.stale}
        | {name: why for name, _rows, why in answers if why}
        | {
            kind: _AWAY if kind.partition(".")[2] in discovery.stale else "the server does not have it"
            for kind in {*_WHOLE, *_COUNTED} - set(kinds)
        },
    )


def survey_elsewhere(args: dict[str, Any]) -> dict[str, Any]:
    """The page is the controller's."""
    return {name: value for name, value in args.items() if name != "page"}


SURVEY = Face("kube_survey_info", SPEC, survey, elsewhere=survey_elsewhere)
