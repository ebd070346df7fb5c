# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile text for every text of the model in which the schema lets one stand.

The schema is walked, so that a text that comes new is tried by itself. A hostile text has a harmless twin: what is rendered with
the one must be what is rendered with the other, but for that text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ansible_collections.gantry.platform.plugins.module_utils._core.schema import Path, Schema
from ansible_collections.gantry.platform.plugins.module_utils._model.contract import schema

SIGNS = "'\"`\\ {{ 7*7 }} {% raw %} {# x ${X} $(id) `id` # --- : , % & * ! | > ; ] } \\n \\u0041 é 😀"
"""One line in which every other language has something to say."""
_LINES = f'{SIGNS}\n"]\n---\nkind: Secret\n- a: {{b: c}}\n  # {SIGNS}\n}}\npath "*" {{\n  capabilities = ["sudo"]\n}}\n\tend'
_WITHOUT_HASH = SIGNS.replace("#", "")
_TEXTS = (_LINES, SIGNS, _WITHOUT_HASH, "a 'b' or c", "a b")
_FRAMES = ("{}", "/{}", "file:{}", "vault:{}", "sops:{}", "aws-sm:{}", "https://{}", "#{}")


_LARGE = ("environment", "cluster", "settings", "team", "service", "slo", "security", "vault", "recovery", "foundation", "finops")
"""Definitions that no single text refers to."""


class Twin(NamedTuple):
    """A text as it is harmless and as it is hostile; the frame is what its form begins with."""

    path: Path
    harmless: str
    hostile: str
    frame: str = "{}"


def hostile(part: Any) -> tuple[str, str] | None:
    """(frame, text) of the worst text that a part of the schema accepts, or none where it accepts none."""
    used = {name: content for name, content in schema().document["$defs"].items() if name not in _LARGE}
    one = Schema({"$ref": "#/$defs/-", "$defs": {**used, "-": part}})
    for text in _TEXTS:
        for frame in _FRAMES:
            if not one.check(frame.replace("{}", text)):
                return frame, text
    return None


def places(raw: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every place of the schema where a text may stand that somebody chooses: its path, with ``*`` for names and items, and its part."""
    part = schema().resolve(raw or schema().document)
    if "x-derived" in part or part.get("x-partial"):
        return
    if "string" in _kinds(part):
        yield path, part
    if "items" in part:
        yield from places(part["items"], (*path, "*"))
    for key, child in part.get("properties", {}).items():
        yield from places(child, (*path, key))
    if isinstance(part.get("propertyNames"), dict):
        yield (*path, "<name>"), schema().resolve(part["propertyNames"])
    if isinstance(part.get("additionalProperties"), dict):
        yield from places(part["additionalProperties"], (*path, "*"))


def _kinds(part: Any) -> list[str]:
    kinds = part.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def infest(model: Any, twins: list[Twin], exact: dict[tuple[str, ...], Callable[[Path], str]]) -> tuple[Any, Any]:
    """(harmless, hostile) of a model: each text that may be hostile, replaced by one of its own. ``exact``: by place what gives a frame."""
    known = {place: hostile(part) for place, part in places() if place[-1] != "<name>"}

    def walk(value: Any, path: Path, place: tuple[str, ...]) -> tuple[Any, Any]:
        if isinstance(value, dict):
            pairs = {key: walk(item, (*path, key), _below(place, key)) for key, item in value.items()}
            return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}
        if isinstance(value, list):
            rows = [walk(item, (*path, index), (*place, "*")) for index, item in enumerate(value)]
            return [row[0] for row in rows], [row[1] for row in rows]
        found = known.get(place)
        if not isinstance(value, str) or found is None:
            return value, value
        frame, text = found
        if place in exact:
            frame, text = exact[place](path), _WITHOUT_HASH
        mark = f"harmless{len(twins):03}"
        twins.append(Twin(path, mark, text, frame))
        return frame.replace("{}", mark), frame.replace("{}", text)

    def _below(place: tuple[str, ...], key: str) -> tuple[str, ...]:
        return (*place, key) if (*place, key) in prefixes else (*place, "*")

    prefixes = {place[:length] for place in known for length in range(1, len(place) + 1)}
    return walk(model, (), ())
