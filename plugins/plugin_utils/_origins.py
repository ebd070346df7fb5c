# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Where the inventory says what: the tags of origin that Ansible puts on values, and the files where those are lost.

The tags are an internal part of ansible-core, so this is the only place that knows them, and it works without them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..module_utils._core.schema import Path
from ..module_utils._core.suggest import nearest
from ..module_utils._model.build import Finding
from ..module_utils._model.contract import run_variables, variables
from ..module_utils._model.layers import Place
from ._places import Scan, scan

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # another ansible-core: the files are scanned instead
    Origin = None

_SUFFIXES = (".yml", ".yaml", ".json", "")


def relative(path: str, project: str) -> str:
    """A file as a person of this project names it."""
    inside = os.path.relpath(path, project)
    return path if inside.startswith("..") else inside


def plain(value: Any, root: Path, project: str) -> tuple[Any, dict[Path, Place]]:
    """A value of the inventory without its tags, and the places of its keys and items that have a line, by path."""
    places: dict[Path, Place] = {}
    return _plain(value, root, project, places), places


def _plain(value: Any, path: Path, project: str, places: dict[Path, Place]) -> Any:
    if isinstance(value, dict):
        found = {}
        for key, item in value.items():
            name = json.loads(json.dumps(key, default=str)) if isinstance(key, str) else key
            here = (*path, str(name))
            _note(key, here, project, places)
            found[name] = _plain(item, here, project, places)
        return found
    if isinstance(value, (list, tuple)):
        items = []
        for index, item in enumerate(value):
            _note(item, (*path, index), project, places)
            items.append(_plain(item, (*path, index), project, places))
        return items
    if value is None or isinstance(value, (bool, int, float, str)):
        return json.loads(json.dumps(value))
    return value


def _note(value: Any, path: Path, project: str, places: dict[Path, Place]) -> None:
    origin = Origin.get_tag(value) if Origin is not None else None
    if origin is not None and origin.path and origin.line_num:
        places[path] = Place(relative(str(origin.path), project), int(origin.line_num))


@dataclass
class Files:
    """The YAML files of the inventory that speak about one host, in the order in which Ansible reads them."""

    base: str | None
    scans: dict[str, Scan] = field(default_factory=dict)

    def places(self, variable: str, root: Path) -> dict[Path, Place]:
        """The places below a variable, of the last file that sets it; none where no file does."""
        found: dict[Path, Place] = {}
        for one in self.scans.values():
            if (variable,) in one.places:
                found = {root: one.places[(variable,)], **one.under(variable, root)}
        return found

    def group(self, groups: list[str]) -> str:
        """The one group of ``groups`` that has variables of its own besides ``all``, or none where that is not clear."""
        candidates = [
            group for group in groups if group != "all" and self.base and list(_files(os.path.join(self.base, "group_vars", group)))
        ]
        return candidates[0] if len(candidates) == 1 else ""

    def environments(self) -> frozenset[str] | None:
        """The environments that the project has an inventory for, or none where there is no such folder."""
        if self.base is None:
            return None
        names = (os.path.splitext(name) for name in sorted(os.listdir(self.base)))
        return frozenset(stem for stem, suffix in names if suffix in (".yml", ".yaml"))

    def findings(self, roles: frozenset[str]) -> list[Finding]:
        """What is wrong by the look of the files: unreadable, a key twice, a key in two files, a key that nobody reads.

        ``roles``: further variables that are known, the options of roles.
        """
        return [*self.unreadable(), *self._again(), *self._twice(), *self._unknown(roles)]

    def unreadable(self) -> list[Finding]:
        """The files that Ansible cannot take as variables: there is nothing to be said of their content."""
        return [Finding((), one.unreadable, Place(file, one.line)) for file, one in self.scans.items() if one.unreadable]

    def _again(self) -> Iterator[Finding]:
        for one in self.scans.values():
            for path, first, place in one.twice:
                yield Finding(path, f"stands in the file twice, first at line {first.line}; the last one would win in silence", place)

    def _twice(self) -> Iterator[Finding]:
        for variable in variables():
            places = [one.places[(variable,)] for one in self.scans.values() if (variable,) in one.places]
            for place in places[1:]:
                yield Finding(
                    (variable,),
                    f"is set in {places[0]} already, and Ansible would take only one of the two; merge them, or say what differs in "
                    "platform_environment_overrides or platform_cluster_overrides",
                    place,
                )

    def _unknown(self, roles: frozenset[str]) -> Iterator[Finding]:
        known = {*variables(), *run_variables(), *roles}
        for one in self.scans.values():
            for path, place in one.places.items():
                name = str(path[0])
                if len(path) != 1 or name in known:
                    continue
                meant = nearest(name, variables())
                if name.startswith("platform_") or meant:
                    cure = f"did you mean {meant[0]!r}?" if meant else f"allowed: {', '.join(variables())}"
                    yield Finding(path, f"unknown variable; {cure}", place)


def files_of(host: str, groups: list[str], inventory_dir: str | None, project: str) -> Files:
    """The files about one host.

    They lie beside the inventory, or, where that is a script (as in AWX) or a list of hosts, in the project's ``inventories``.
    """
    candidates = [folder for folder in (inventory_dir, os.path.join(project, "inventories")) if folder]
    base = next((folder for folder in candidates if _has_variables(folder)), None)
    return read_files(base, groups, [host], project)


def read_files(base: str | None, groups: Iterable[str], hosts: Iterable[str], project: str) -> Files:
    """The files in the folder ``base`` about groups and hosts, those of ``all`` first."""
    found = Files(base)
    if base is None:
        return found
    names = [*(("group_vars", group) for group in dict.fromkeys(["all", *groups])), *(("host_vars", host) for host in hosts)]
    for kind, name in names:
        for path in _files(os.path.join(base, kind, name)):
            file = relative(path, project)
            with open(path, "rb") as handle:
                found.scans[file] = scan(handle.read(), file)
    return found


def _has_variables(folder: str) -> bool:
    return any(os.path.isdir(os.path.join(folder, name)) for name in ("group_vars", "host_vars"))


def _files(stem: str) -> Iterator[str]:
    if os.path.isdir(stem):
        for folder, folders, names in os.walk(stem):
            folders.sort()
            for name in sorted(names):
                if os.path.splitext(name)[1] in _SUFFIXES and not name.startswith("."):
                    yield os.path.join(folder, name)
    for suffix in _SUFFIXES:
        if os.path.isfile(stem + suffix):
            yield stem + suffix
