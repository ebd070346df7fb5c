# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Checks JSON values against a JSON Schema (draft 2020-12), all errors at once, each with its path and a cure.

Four annotations are ours: ``x-partial: true`` marks a value whose keys may be missing and get no defaults, ``x-derived``
a key that is never offered to a person, ``x-allowed`` says in words what a pattern says, ``x-secret: true`` that what stands there in the wrong
form may be a secret, and is not shown.

A pattern is about the whole text, so it is anchored at both ends, and what ends in a line break does not fit it. Of formats
there are ``line`` and ``text``, see ``words``.

Only the keywords of ``_CHECKS`` are known. Any other one is refused when the schema is loaded, so that a rule which
nobody enforces cannot be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .suggest import did_you_mean
from .words import clean, is_line, is_text

Path = tuple[str | int, ...]
"""Where a value lies: the keys and indexes from the root."""

Hook = Callable[[Path, Mapping[str, Any], Any], Iterator["Problem"]]
"""Called with path, schema and value of every property that is present; yields further problems."""

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (Mapping,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples"})


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. ``at_key``: the key itself is, so its line is meant and not its value's.

    ``missing``: there is nothing at ``path``. ``home``: where the name would have to stand that nothing bears.
    """

    path: Path
    message: str
    at_key: bool = False
    missing: bool = False
    home: Path = ()


def show_path(path: Path) -> str:
    """The path as JMESPath: ``services."memory-store".dependencies[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part) else json.dumps(part, ensure_ascii=False)
            text += f".{name}" if text else name
    return text


def show_value(value: Any, most: int = 60) -> str:
    """A value as JSON, cut where it is long."""
    text = clean(json.dumps(_with_text_keys(value), ensure_ascii=False, default=str))
    return text if len(text) <= most else text[: most - 1] + "…"


class Schema:
    """A schema, loaded and itself checked."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._check_keywords(document, "#")

    def resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema with its ``$ref`` followed; what stands beside the reference wins."""
        while "$ref" in schema:
            target: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        return schema

    def at(self, path: Path) -> Mapping[str, Any] | None:
        """The schema of the value at ``path``, or none where the schema has no such place."""
        schema: Any = self.resolve(self.document)
        for part in path:
            child = _child(schema, part)
            if child is None:
                return None
            schema = self.resolve(child)
        return schema if isinstance(schema, Mapping) else None

    def check(self, value: Any, path: Path = (), *, partial: bool = False, hook: Hook | None = None) -> list[Problem]:
        """Every problem of ``value``, which lies at ``path``.

        ``partial``: the value is one layer of many, so keys may be missing and null means "remove".
        """
        schema = self.at(path)
        if schema is None:
            raise ValueError(f"the schema has no {show_path(path)}")
        return list(self._check(path, schema, value, partial, hook))

    def fill(self, value: Any, path: Path = ()) -> tuple[Any, dict[Path, Any]]:
        """The value with all defaults, and every default that the schema has for a place of it, used or not."""
        found: dict[Path, Any] = {}
        return self._fill(path, self.at(path) or {}, value, found), found

    def _fill(self, path: Path, schema: Mapping[str, Any], value: Any, found: dict[Path, Any]) -> Any:
        if isinstance(value, list) and "items" in schema:
            items = self.resolve(schema["items"])
            return [self._fill((*path, index), items, item, found) for index, item in enumerate(value)]
        if not isinstance(value, Mapping):
            return value
        filled = dict(value)
        if schema.get("x-partial"):
            return filled
        for key, raw in schema.get("properties", {}).items():
            child = self.resolve(raw)
            if "default" in child:
                found[(*path, key)] = child["default"]
                filled.setdefault(key, json.loads(json.dumps(child["default"])))
        for key in list(filled):
            raw_child = _child(schema, key)
            if raw_child is not None:
                filled[key] = self._fill((*path, key), self.resolve(raw_child), filled[key], found)
        return filled

    def _check(self, path: Path, schema: Mapping[str, Any], value: Any, partial: bool, hook: Hook | None) -> Iterator[Problem]:
        if hook is not None:
            yield from hook(path, schema, value)
        partial = partial or bool(schema.get("x-partial"))
        if value is None and partial and path:
            return
        types = schema.get("type")
        if types is not None and not any(_is(value, name) for name in _listed(types)):
            allowed = " or ".join(_WORDS[name] for name in _listed(types))
            cure = "; put it in quotes" if "string" in _listed(types) and not isinstance(value, (Mapping, list, type(None))) else ""
            if schema.get("x-secret"):
                yield Problem(path, f"found a value, which is not shown; allowed: {schema.get('x-allowed') or allowed}")
            else:
                yield Problem(path, f"found {show_value(value)}; allowed: {allowed}{cure}")
            return
        yield from _check_scalar(path, schema, value)
        if isinstance(value, Mapping):
            yield from self._check_object(path, schema, value, partial, hook)
        elif isinstance(value, list):
            yield from self._check_array(path, schema, value, partial, hook)

    def _check_object(
        self, path: Path, schema: Mapping[str, Any], value: Mapping[Any, Any], partial: bool, hook: Hook | None
    ) -> Iterator[Problem]:
        properties = schema.get("properties", {})
        if not partial:
            for key in schema.get("required", ()):
                if key not in value:
                    yield Problem(
                        (*path, key), f"missing; allowed: {self._allowed(self.resolve(properties[key]))}", at_key=True, missing=True
                    )
            if len(value) < schema.get("minProperties", 0):
                yield Problem(path, f"found {len(value)} entries; allowed: at least {schema['minProperties']}")
            if len(value) > schema.get("maxProperties", len(value)):
                yield Problem(path, f"found {len(value)} entries; allowed: at most {schema['maxProperties']}")
        for key, item in value.items():
            if not isinstance(key, str):
                yield Problem((*path, str(key)), f"found the key {show_value(key)}; allowed: text; put it in quotes", at_key=True)
                continue
            names = schema.get("propertyNames")
            if names is not None:
                yield from (
                    Problem((*path, key), problem.message, at_key=True)
                    for problem in self._check((), self.resolve(names), key, False, None)
                )
            child = _child(schema, key)
            if child is not None:
                yield from self._check((*path, key), self.resolve(child), item, partial, hook)
            elif schema.get("additionalProperties") is False:
                known = [name for name, child in properties.items() if "x-derived" not in child]
                yield Problem((*path, key), f"unknown key; allowed: {', '.join(known)}{did_you_mean(key, known)}", at_key=True)

    def _check_array(self, path: Path, schema: Mapping[str, Any], value: list[Any], partial: bool, hook: Hook | None) -> Iterator[Problem]:
        if len(value) < schema.get("minItems", 0):
            yield Problem(path, f"found {len(value)} items; allowed: at least {schema['minItems']}")
        if schema.get("uniqueItems"):
            seen: set[str] = set()
            for index, item in enumerate(value):
                token = json.dumps(_with_text_keys(item), sort_keys=True, default=str)
                if token in seen:
                    yield Problem((*path, index), f"found {show_value(item)} twice; allowed: each item once")
                seen.add(token)
        if "items" in schema:
            items = self.resolve(schema["items"])
            for index, item in enumerate(value):
                # An item of a list is never a layer of its own: lists are replaced as a whole.
                yield from self._check((*path, index), items, item, False, hook)

    def _allowed(self, schema: Mapping[str, Any]) -> str:
        if "x-allowed" in schema:
            return str(schema["x-allowed"])
        if "enum" in schema:
            return ", ".join(map(str, schema["enum"]))
        return " or ".join(_WORDS[name] for name in _listed(schema.get("type", "string")))

    def _check_keywords(self, schema: Mapping[str, Any], where: str) -> None:
        for keyword, content in schema.items():
            if keyword not in _CHECKS and keyword not in _ANNOTATIONS and not keyword.startswith("x-"):
                raise ValueError(f"{where}: the keyword {keyword!r} is not supported{did_you_mean(keyword, _CHECKS)}")
            if keyword == "pattern" and not (content.startswith("^") and content.endswith("$")):
                raise ValueError(f"{where}: the pattern {content!r} is not about the whole text; begin it with ^ and end it with $")
            if keyword == "format" and content not in _FORMATS:
                raise ValueError(f"{where}: the format {content!r} is not known{did_you_mean(content, _FORMATS)}")
            if keyword in ("properties", "$defs"):
                for name, child in content.items():
                    self._check_keywords(child, f"{where}/{keyword}/{name}")
            elif keyword in ("items", "propertyNames", "additionalProperties") and isinstance(content, Mapping):
                self._check_keywords(content, f"{where}/{keyword}")


_CHECKS = frozenset(
    "$ref type enum const pattern format minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum properties required "
    "additionalProperties propertyNames minProperties maxProperties items minItems uniqueItems".split()
)


def _check_scalar(path: Path, schema: Mapping[str, Any], value: Any) -> Iterator[Problem]:
    # Values are many and wrong ones few: only those are made a text.
    for words in _refused(schema, value):
        yield Problem(path, f"found {show_value(value)}{words}")


def _refused(schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    """What follows ``found <value>``, for everything that is wrong with it."""
    if "enum" in schema and not any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in schema["enum"]):
        names = [str(one) for one in schema["enum"]]
        yield f"; allowed: {', '.join(names)}{did_you_mean(str(value), names)}"
    if "const" in schema and value != schema["const"]:
        yield f"; allowed: {show_value(schema['const'])}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"; allowed: at least {schema['minLength']} characters"
        elif len(value) > schema.get("maxLength", len(value)):
            yield f", {len(value):,} characters; allowed: at most {schema['maxLength']:,}"
        elif ("pattern" in schema and not re.fullmatch(schema["pattern"], value)) or not _FORMATS[schema.get("format", "")](value):
            yield f"; allowed: {schema.get('x-allowed') or schema.get('pattern') or schema['format']}"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        for keyword, holds, words in _BOUNDS:
            if keyword in schema and not holds(value, schema[keyword]):
                yield f"; allowed: {words} {schema[keyword]}"


_FORMATS: Mapping[str, Callable[[str], bool]] = {"": lambda _value: True, "line": is_line, "text": is_text}

_BOUNDS: tuple[tuple[str, Callable[[float, float], bool], str], ...] = (
    ("minimum", lambda value, bound: value >= bound, "at least"),
    ("maximum", lambda value, bound: value <= bound, "at most"),
    ("exclusiveMinimum", lambda value, bound: value > bound, "more than"),
    ("exclusiveMaximum", lambda value, bound: value < bound, "less than"),
)


def _child(schema: Mapping[str, Any], part: str | int) -> Mapping[str, Any] | None:
    if isinstance(part, int):
        child = schema.get("items")
    else:
        child = schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    return child if isinstance(child, Mapping) else None


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name]) or (name == "integer" and isinstance(value, float) and value.is_integer())


def _with_text_keys(value: Any) -> Any:
    """YAML has keys that JSON has not (dates, numbers beside texts)."""
    if isinstance(value, Mapping):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
