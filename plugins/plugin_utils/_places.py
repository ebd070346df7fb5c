# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Places of keys in YAML text: which line says what, and which key is said twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from ..module_utils._core.schema import Path
from ..module_utils._model.layers import Place

# The C reader is about ten times faster and gives the same marks; it is not in every build of PyYAML.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Scan:
    """What a file says where. ``places`` by path, the top-level key first; ``twice``: keys that stand in it
    again, with both places."""

    places: dict[Path, Place] = field(default_factory=dict)
    twice: list[tuple[Path, Place, Place]] = field(default_factory=list)
    unreadable: str = ""

    def under(self, variable: str, root: Path) -> dict[Path, Place]:
        """The places below one top-level key, by path in the model, where the key's value lies at ``root``."""
        return {(*root, *path[1:]): place for path, place in self.places.items() if path[0] == variable}


def scan(text: str, file: str) -> Scan:
    """The places of every key and item of a YAML file; tags such as ``!vault`` are not looked into."""
    found = Scan()
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        found.unreadable = str(getattr(error, "problem", None) or error)
        return found
    if root is not None:
        for path, place in _walk(root, (), file):
            # A list's item and a key cannot share a path, so a path that comes again is a key that is said again.
            if path in found.places and not any(path[: len(above)] == above for above, _first, _again in found.twice):
                found.twice.append((path, found.places[path], place))
            found.places[path] = place
    return found


def _walk(node: yaml.Node, path: Path, file: str) -> Iterator[tuple[Path, Place]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value)
            here = (*path, name)
            yield here, Place(file, key.start_mark.line + 1)
            yield from _walk(value, here, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            here = (*path, index)
            yield here, Place(file, item.start_mark.line + 1)
            yield from _walk(item, here, file)
