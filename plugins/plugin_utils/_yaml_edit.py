# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Texts set in a YAML file without touching anything else of it: comments, order, quotes and line ends stay."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from ..module_utils._core.errors import InputError

Path = tuple[str, ...]
_TEXT_TAG = "tag:yaml.org,2002:str"
_PLAIN = re.compile(r"[A-Za-z](?:[\w./@+:-]*[\w./@+-])?", re.ASCII)
"""What is a text to every reader of YAML, inside of braces as well; a version stands in quotes, since 1.10 and 1e3 would be numbers."""
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What YAML 1.1 or 1.2 reads as something else than a text."""


def set_texts(content: str, wanted: Mapping[Path, str], file: str) -> str:
    """The content with each path set to its text. What is there is replaced, what is not gets lines, in order where keys are in order.

    Each text, and each name of a path, is read back as exactly the same text. Raises InputError where the file cannot be edited like
    that; it is then as it was.
    """
    strange = InputError(f"{file} is written in a way that cannot be changed line by line (anchors, for example); write it out")
    for part in [*wanted.values(), *(name for path in wanted for name in path)]:
        if any("\ud800" <= char <= "\udfff" for char in part):
            raise InputError(f"{file}: {part!r} is no text that UTF-8 can write; nothing was written")
    try:
        expected = _unshared(variables_of(content, file))
    except RecursionError as error:
        raise strange from error
    for path, text in wanted.items():
        target = expected
        for part in path[:-1]:
            following = target.get(part)
            target[part] = following = following if isinstance(following, dict) else {}
            target = following
        target[path[-1]] = text
    edited = content
    try:
        for path, text in wanted.items():
            edited = _set(edited, path, text)
        after = _unshared(variables_of(edited, file))
    except (InputError, yaml.YAMLError) as error:
        raise strange from error
    if after != expected:
        raise strange
    return edited


def variables_of(content: str, file: str) -> dict[str, Any]:
    """What a file of variables says by name. Raises InputError where that is not what it is."""
    try:
        found = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise InputError(f"{file} cannot be read as YAML: {error}") from error
    if found is not None and not isinstance(found, dict):
        raise InputError(f"{file} holds no variables by name")
    return found or {}


def _unshared(value: Any) -> Any:
    """With a copy of its own wherever an anchor repeats something, and a NaN that equals itself."""
    if isinstance(value, dict):
        return {key: _unshared(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unshared(inner) for inner in value]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def _written(text: str, style: str | None = None) -> str:
    """A text as it stands in the file, on one line: in quotes where one was there or where a reader might take it for something else."""
    if style not in ("'", '"') and _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    # PyYAML's own, since what JSON escapes is not what YAML has to.
    return yaml.safe_dump(text, default_style='"', width=math.inf, allow_unicode=True).rstrip("\n")


def _set(content: str, path: Path, text: str) -> str:
    node, depth = yaml.compose(content, Loader=yaml.SafeLoader), 0
    key: yaml.Node | None = None
    in_braces = False
    while isinstance(node, yaml.MappingNode) and depth < len(path):
        in_braces = in_braces or bool(node.flow_style and node.value)
        found = next(((name, value) for name, value in node.value if (name.tag, name.value) == (_TEXT_TAG, path[depth])), None)
        if found is None:
            break
        (key, node), depth = found, depth + 1
    if depth == len(path) and node is not None:
        start, end = node.start_mark.index, node.end_mark.index
        # What is empty begins right behind its colon, and a text of several lines ends behind its last line's end.
        before = " " if start == end else ""
        after = next((one for one in ("\r\n", "\n") if content[start:end].endswith(one)), "")
        return f"{content[:start]}{before}{_written(text, getattr(node, 'style', None))}{after}{content[end:]}"
    missing = path[depth:]
    if in_braces and node is not None:
        names = [_written(name) for name in missing]
        inside = "".join(f"{name}: {{" for name in names[:-1]) + f"{names[-1]}: {_written(text)}" + "}" * (len(names) - 1)
        if isinstance(node, yaml.MappingNode) and node.value:
            end = node.end_mark.index - 1
            return f"{content[:end].rstrip()}, {inside}{content[end:]}"
        return f"{content[: node.start_mark.index]}{{{inside}}}{content[node.end_mark.index :]}"
    return _insert(content, node, key, missing, text)


def _insert(content: str, node: yaml.Node | None, key: yaml.Node | None, missing: Path, text: str) -> str:
    """With what is missing of the path as lines of its own."""
    newline = "\r\n" if "\r\n" in content else "\n"
    lines = content.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += newline
    if isinstance(node, yaml.MappingNode) and node.value:
        column, at = node.value[0][0].start_mark.column, _line_of(node, missing[0])
    elif key is not None and node is not None:
        column, at = key.start_mark.column + 2, key.start_mark.line + 1
        # An empty mapping in braces, or a null that is written out, goes from its line.
        line, start = lines[at - 1], node.start_mark.column
        if node.start_mark.index < node.end_mark.index:
            lines[at - 1] = line[:start].rstrip() + (line[node.end_mark.column :] or newline)
    else:
        column, at = 0, len(lines)
    block = [f"{' ' * (column + 2 * deep)}{_written(name)}:{newline}" for deep, name in enumerate(missing[:-1])]
    block.append(f"{' ' * (column + 2 * (len(missing) - 1))}{_written(missing[-1])}: {_written(text)}{newline}")
    return "".join([*lines[:at], *block, *lines[at:]])


def _line_of(node: yaml.MappingNode, name: str) -> int:
    """Before which line a new key comes: behind the keys before it where they are in order, else behind the last one."""
    names = [key.value for key, _value in node.value]
    before = sum(one < name for one in names) if names == sorted(names) else len(names)
    if before == 0:
        return int(node.start_mark.line)
    return _last_line(node.value[before - 1]) + 1


def _last_line(entry: tuple[yaml.Node, yaml.Node]) -> int:
    """The last line of what stands there; the end of a block is where the next thing begins, comments in between included."""
    key, value = entry
    if isinstance(value, yaml.CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        return _last_line(last if isinstance(value, yaml.MappingNode) else (last, last))
    return int(value.end_mark.line if value.end_mark.column else max(key.start_mark.line, value.end_mark.line - 1))
