# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue beside what was fetched of the charts' own repositories: which entries are older by now, and which charts left.

``make catalog-check INDEX=folder``. The folder holds indexes (``<repository>.yaml`` or ``<repository>/index.yaml``) and chart folders
(any ``Chart.yaml`` below it, such as a checkout of a project). Nothing is fetched here.
"""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from common import ROOT

CATALOG = ROOT / "roles" / "component" / "catalog"
_RELEASE = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)")


def number(version: str) -> tuple[int, ...] | None:
    """A release's number; none for what is no release (``1.0.0-rc.1``)."""
    found = _RELEASE.fullmatch(version.partition("+")[0])
    return tuple(map(int, found.groups())) if found else None


def newest(versions: Iterator[str]) -> str:
    """The newest release among these, empty where there is none."""
    return max((version for version in versions if number(version)), key=lambda version: number(version) or (), default="")


def seen(folder: Path) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """By repository the newest version of each of its charts, and by name that of each chart folder. A deprecated chart has none."""
    indexes: dict[str, dict[str, str]] = {}
    for path in sorted(folder.rglob("*.yaml")):
        if path.name == "Chart.yaml":
            continue
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.name == "index.yaml" or path.parent == folder else None
        if isinstance(content, Mapping) and isinstance(content.get("entries"), Mapping):
            charts = content["entries"].items()
            name = path.parent.name if path.name == "index.yaml" else path.stem
            indexes[name] = {chart: newest(str(row["version"]) for row in rows if not row.get("deprecated")) for chart, rows in charts}
    folders: dict[str, str] = {}
    for path in sorted(folder.rglob("Chart.yaml")):
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not content.get("deprecated"):
            name = str(content["name"])
            folders[name] = newest(iter([str(content["version"]), folders.get(name, "")]))
    return indexes, folders


def findings(
    catalog: Mapping[str, Any], indexes: Mapping[str, Mapping[str, str]], folders: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """(what is old or left, what could not be looked at)."""
    old, unseen = [], []
    for name, entry in sorted(catalog.items()):
        chart = entry.get("chart")
        if not chart or entry["status"] == "eol":
            continue
        index = indexes.get(chart["repository"])
        there = (index or {}).get(chart["name"]) or folders.get(chart["name"]) or ""
        if not there:
            if index is None:
                unseen.append(f"{name}: neither an index of {chart['repository']} nor a folder of {chart['name']}")
            else:
                old.append(f"{name}: {chart['name']} is not, or no longer kept, in the repository {chart['repository']}")
        elif not chart["version"]:
            unseen.append(f"{name}: names no version; there is {there}")
        elif (number(chart["version"]) or ()) < (number(there) or ()):
            old.append(f"{name}: {chart['version']} (seen {chart.get('seen') or 'September 2026'}), there is {there}")
    return old, unseen


def main(folder: str, today: str) -> int:
    """Print the findings; 1 where an entry is old."""
    place = Path(folder)
    if not folder or not place.is_dir():
        print(f"INDEX={folder or '…'} is no folder; put the charts' indexes or sources there, see {Path(__file__).name}")
        return 2
    catalog = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in CATALOG.glob("*.yml")}
    indexes, folders = seen(place)
    old, unseen = findings(catalog, indexes, folders)
    print(f"{today}: {len(old)} of {len(catalog)} entries are older than their repositories, {len(unseen)} could not be looked at")
    print("\n".join(["old:", *(f"  {line}" for line in old), "not looked at:", *(f"  {line}" for line in unseen)]))
    if old:
        print(f'write the version and seen: "{today}" into its file in {CATALOG.relative_to(ROOT)}, and in release.yml the digest')
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "", datetime.datetime.now(tz=datetime.UTC).date().isoformat()))
