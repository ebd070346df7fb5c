# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which components of the catalogue run in a cluster, in which version, and what is to be said of that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .seen import Json, Seen, name_of, pod_of
from .writers import Writer, writer_of

WORKLOADS = ("Deployment.apps", "StatefulSet.apps", "DaemonSet.apps")
_NAMES = ("app.kubernetes.io/part-of", "app.kubernetes.io/name", "app", "k8s-app", "component")
_CHART = re.compile(r"(?P<name>.+?)-v?(?P<version>[0-9]+\.[0-9]+.*)")
_IMAGE = re.compile(r"(?:.*/)?(?P<name>[^/:@]+)(?::(?P<tag>[^@]+))?(?:@.*)?")
_END_OF_LIFE = {
    "1.31": "2025-10-28",
    "1.32": "2026-02-28",
    "1.33": "2026-06-28",
    "1.34": "2026-10-27",
    "1.35": "2027-02-28",
    "1.36": "2027-06-28",
}
"""When each release of Kubernetes ends, of https://kubernetes.io/releases/<release>/."""


@dataclass
class Found:
    """A component that runs. Versions are those that it shows; empty where it shows none."""

    name: str
    chart: str = ""
    """Version of the chart that drew it, where its objects say that."""
    version: str = ""
    objects: list[str] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=set)
    writers: set[Writer] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def components(seen: Seen, catalogue: Mapping[str, Json]) -> list[Found]:
    """What of the catalogue runs, and images in no tag of which anybody can see a version."""
    names = {_plain(said): name for name, entry in catalogue.items() for said in (name, (entry.get("chart") or {}).get("name") or name)}
    found: dict[str, Found] = {}
    for workload in seen.of(*WORKLOADS):
        known = _recognised(workload, names)
        if known is None:
            continue
        name, chart, version = known
        one = found.setdefault(name, Found(name))
        one.chart, one.version = one.chart or chart, one.version or version
        one.objects.append(f"{workload['kind']} {name_of(workload)}")
        one.namespaces.add(workload["metadata"].get("namespace") or "")
        one.writers.add(writer_of(workload["metadata"]))
    for name, one in found.items():
        one.notes = list(_notes(one, catalogue[name], seen))
    return [found[name] for name in sorted(found)]


def release_of(version: str) -> str:
    """``1.36`` of ``v1.36.1-eks-abc``."""
    return ".".join(version.lstrip("v").split(".")[:2])


def ends(version: str, today: str) -> str:
    """What is to be said of how long a version of Kubernetes is looked after; ``today`` as 2026-11-29."""
    release = release_of(version)
    if len(_numbers(release)) < 2:
        return "does not say which release it is"
    if release in _END_OF_LIFE:
        date = _END_OF_LIFE[release]
        return f"has ended on {date}" if date < today else f"ends on {date}"
    oldest = min(_END_OF_LIFE, key=_numbers)
    return f"ended before {_END_OF_LIFE[oldest]}" if _numbers(release) < _numbers(oldest) else "is newer than what is known here"


def _recognised(workload: Json, names: Mapping[str, str]) -> tuple[str, str, str] | None:
    """(component, version of its chart, its own version), the more certain marks first."""
    labels = {**(pod_of(workload)[0].get("labels") or {}), **(workload["metadata"].get("labels") or {})}
    images = [_IMAGE.fullmatch(str(one.get("image") or "")) for one in pod_of(workload)[1].get("containers") or ()]
    tagged = {found["name"]: found["tag"] if _numbers(found["tag"] or "") else "" for found in images if found}
    version = str(labels.get("app.kubernetes.io/version") or "")
    chart = _CHART.fullmatch(str(labels.get("helm.sh/chart") or ""))
    if chart and _plain(chart["name"]) in names:
        return names[_plain(chart["name"])], chart["version"], version or next(iter(tagged.values()), "")
    for said in (str(labels[key]) for key in _NAMES if labels.get(key)):
        if _plain(said) in names:
            return names[_plain(said)], "", version or next(iter(tagged.values()), "")
    for image, tag in tagged.items():
        if _plain(image) in names:
            return names[_plain(image)], "", version or tag
    return None


def versions(found: Found, entry: Json) -> tuple[str, str]:
    """Of its chart where its objects name that, else its own: the version that runs, and the catalogue's; empty where that is not known."""
    chart = entry.get("chart") or {}
    if found.chart:
        return f"chart {found.chart}", f"chart {chart['version']}" if chart.get("version") else ""
    return found.version, str(chart.get("app") or (entry.get("tested") or [""])[-1])


def _notes(found: Found, entry: Json, seen: Seen) -> Iterable[str]:
    if entry.get("status") != "active":
        successor = f"; its successor is {entry['successor']}" if entry.get("successor") else ""
        yield f"is {entry.get('status')}{successor}"
    mine, ours = versions(found, entry)
    if not mine:
        yield "shows no version"
    elif ours and _numbers(mine) != _numbers(ours):
        yield f"the catalogue has {ours}, which is {'newer' if _numbers(ours) > _numbers(mine) else 'older'}"
    least, most = entry.get("kubernetes") or ("0", "999")
    if seen.version and not _numbers(least) <= _numbers(release_of(seen.version)) <= _numbers(most):
        yield f"the catalogue's version is for Kubernetes {least} to {most}"


def _numbers(version: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", str(version).partition("-")[0].partition("+")[0]))


def _plain(name: str) -> str:
    return re.sub(r"[-_]", "", name.lower())
