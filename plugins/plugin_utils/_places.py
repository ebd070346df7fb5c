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


MOST_VALUES = 50_000
"""As many values may stand in a file, those that anchors repeat counted each time."""

_CURES = (
    ("mapping values are not allowed", "put a text that holds a colon in quotes, and look at the indentation"),
    ("Colons in unquoted", "put a text that holds a colon in quotes"),
    ("'\\t'", "indent with spaces, not with tabs"),
    ("a tab", "indent with spaces, not with tabs"),
    ("special characters are not allowed", "delete the control character"),
    ("control characters are not allowed", "delete the control character"),
    ("but found another document", "one file is one document: delete what divides it (---), or make two files of it"),
    ("could not find expected ':'", "a key ends in a colon, and so does the one above it"),
    ("cannot start any token", "put a text that begins with this sign in quotes"),
    ("undefined alias", "name the anchor (&name) before it is used (*name)"),
)
_TAGS = frozenset({"!vault", "!vault-encrypted", "!unsafe", "!"})


@dataclass
class Scan:
    """What a file says where. ``places`` by path, the top-level key first; ``twice``: keys that stand in it
    again, with both places; ``unreadable``: why Ansible cannot take it as variables, with ``line``."""

    places: dict[Path, Place] = field(default_factory=dict)
    twice: list[tuple[Path, Place, Place]] = field(default_factory=list)
    unreadable: str = ""
    line: int | None = None

    def under(self, variable: str, root: Path) -> dict[Path, Place]:
        """The places below one top-level key, by path in the model, where the key's value lies at ``root``."""
        return {(*root, *path[1:]): place for path, place in self.places.items() if path[0] == variable}


def scan(content: str | bytes, file: str) -> Scan:
    """The places of every key and item of a YAML file; tags such as ``!vault`` are not looked into."""
    found = Scan()
    text = content if isinstance(content, str) else _decoded(content, found)
    if text is None or text.startswith("$ANSIBLE_VAULT;"):
        return found
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        _explain(error, text, found)
        return found
    except RecursionError:
        found.unreadable = "is nested too deeply; allowed: what a person can read"
        return found
    if root is None or _is_wrong(root, found):
        return found
    for path, place in _walk(root, (), file):
        # A list's item and a key cannot share a path, so a path that comes again is a key that is said again.
        if path in found.places and not any(path[: len(above)] == above for above, _first, _again in found.twice):
            found.twice.append((path, found.places[path], place))
        found.places[path] = place
    return found


def _decoded(content: bytes, found: Scan) -> str | None:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff") or content[:64].count(0) * 3 > len(content[:64]):
        found.unreadable = "is written in UTF-16; save it as UTF-8"
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found.line = content[: error.start].count(b"\n") + 1
        found.unreadable = f"is not UTF-8: it has the byte {content[error.start]:#04x}; save it as UTF-8"
        return None


def _explain(error: yaml.YAMLError, text: str, found: Scan) -> None:
    """The words of YAML's reader with the line and what helps."""
    mark = getattr(error, "problem_mark", None)
    position = getattr(error, "position", None)
    if mark is not None:
        found.line = mark.line + 1
    elif isinstance(position, int):
        found.line = text.encode().count(b"\n", 0, position) + 1
    words = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    lines = text.splitlines()
    words += " at its end" if found.line and found.line > len(lines) else ""
    found.line = found.line if found.line and found.line <= len(lines) else None
    at = lines[found.line - 1] if found.line else ""
    if "\t" in at[: len(at) - len(at.lstrip())]:
        words += ": a tab"
    cure = next((cure for sign, cure in _CURES if sign in words), "look at this line and the one above it")
    found.unreadable = f"cannot be read as YAML: {words}; {cure}"


def _is_wrong(root: yaml.Node, found: Scan) -> bool:
    """Whether it is YAML, but nothing that can be variables: what Ansible would say of it names no file."""
    if isinstance(root, yaml.ScalarNode) and root.tag == "tag:yaml.org,2002:null":
        return True
    if not isinstance(root, yaml.MappingNode):
        kind = "a list" if isinstance(root, yaml.SequenceNode) else "text"
        found.line, found.unreadable = (
            root.start_mark.line + 1,
            f"found {kind}; allowed: variables by name, such as platform_services: {{}}",
        )
        return True
    # Nodes are shared where anchors repeat them, so this looks at each once, however often it counts.
    sizes: dict[int, int] = {}
    pending: list[tuple[yaml.Node, bool]] = [(root, False)]
    open_nodes: set[int] = set()
    while pending:
        node, done = pending.pop()
        children = [one for pair in node.value for one in pair] if isinstance(node, yaml.MappingNode) else node.value
        children = children if isinstance(node, yaml.CollectionNode) else []
        if done:
            open_nodes.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(one)] for one in children)
            problem = (
                f"grows to more than {MOST_VALUES:,} values by its anchors; write out what is meant"
                if sizes[id(node)] > MOST_VALUES
                else ""
            )
        elif id(node) in sizes:
            continue
        else:
            problem = _of_node(node)
            if id(node) in open_nodes:
                problem = "contains itself by its anchor; write out what is meant"
            open_nodes.add(id(node))
            pending.append((node, True))
            pending += [(one, False) for one in children if id(one) not in sizes]
        if problem:
            found.line, found.unreadable = node.start_mark.line + 1, problem
            return True
    return False


def _of_node(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode) and any(not isinstance(key, yaml.ScalarNode) for key, _value in node.value):
        return "has a key that is no text; put what begins with {{ in quotes"
    if (node.tag.startswith("!") and node.tag not in _TAGS) or node.tag.startswith("tag:yaml.org,2002:python/"):
        return f"has the tag {node.tag}, which nothing here knows; allowed: no tag, !unsafe or !vault"
    return ""


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
