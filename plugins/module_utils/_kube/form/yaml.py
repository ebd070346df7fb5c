# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""YAML in, plain Python out, read as Kubernetes reads it: the fast parser where libyaml is there; errors name source, line and column."""

from __future__ import annotations

import json
from typing import Any

from ..._core.errors import InputError
from .scalars import as_json, as_key, plain, tagged

try:
    import yaml

    _HAS_YAML = True
except ImportError:  # a remote machine's Python may lack it; JSON input still works there
    _HAS_YAML = False

_TAG = "tag:yaml.org,2002:"
_STR, _MAP, _SEQ, _MERGE, _BINARY = (f"{_TAG}{name}" for name in ("str", "map", "seq", "merge", "binary"))
_PLAIN = ""
"""The tag of a scalar that has neither quotes nor a tag of its own."""
_OWN_SCALARS = frozenset(f"{_TAG}{name}" for name in ("null", "bool", "int", "float", "timestamp"))
_CURES = {
    "cannot start any token": "; indent with blanks, and put a text that begins with @, ` or % into quotes",
    "mapping values are not allowed": "; put a text that holds ': ' into quotes",
    "control characters are not allowed": "; write them as escapes in double quotes",
    "special characters are not allowed": "; write them as escapes in double quotes",
}
_MUCH = 1000
_LITTLE_SHARE, _LARGE, _HUGE = 0.10, 400_000, 4_000_000
"""How yaml.v2 bounds aliases: up to _LARGE nodes 99 % of them may come from aliases, from _HUGE on 10 %."""


def _resolved(self: Any, kind: Any, value: Any, implicit: Any) -> str:
    """In place of the resolvers of YAML 1.1: a plain scalar is read later, by Kubernetes' rules."""
    if kind is yaml.ScalarNode:
        return _PLAIN if implicit[0] else _STR
    return _MAP if kind is yaml.MappingNode else _SEQ


def _shown_as(self: Any, kind: Any, value: Any, implicit: Any) -> str:
    """What the dumper believes a plain scalar to be: text that Kubernetes would read as something else needs quotes."""
    if kind is not yaml.ScalarNode or not implicit[0]:
        return _resolved(self, kind, value, implicit)
    read = plain(value)
    if isinstance(read, str):
        return _STR if value != "<<" and value != "=" else _MERGE
    names = {bool: "bool", int: "int", float: "float"}
    return f"{_TAG}{names.get(type(read), 'null')}"


_LOADER: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {"resolve": _resolved}) if _HAS_YAML else None
_DUMPER: Any = type("Dumper", (getattr(yaml, "CSafeDumper", yaml.SafeDumper),), {"resolve": _shown_as}) if _HAS_YAML else None


def load_yaml(text: str, source: str) -> Any:
    """The first document of ``text``."""
    documents = load_all_yaml(text, source)
    return documents[0] if documents else None


def load_all_yaml(text: str, source: str) -> list[Any]:
    """All documents of ``text``, empty ones as None. Raises InputError with ``source``, line and column."""
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return _json_documents(text)
        except ValueError:
            pass  # flow-style YAML begins like JSON
    if not _HAS_YAML:
        raise InputError(f"{source}: reading YAML needs PyYAML on the machine where this runs")
    try:
        loader = _LOADER(text)
        try:
            found: list[Any] = []
            while loader.check_node():
                found.append(_Reader(text, source).value(loader.get_node()))
            return found
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        position = getattr(error, "position", None)
        problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
        if mark:
            place = f"{source}:{mark.line + 1}:{mark.column + 1}"
        elif position is not None:  # what no YAML may hold at all
            place = f"{source}:{text[:position].count(chr(10)) + 1}"
        else:
            place = source
        cure = next((cure for words, cure in _CURES.items() if words in problem), "")
        raise InputError(f"{place}: {problem}{cure}") from error
    except UnicodeError as error:
        raise InputError(f"{source}: holds half of a character (a surrogate), which no file can: {error}") from error
    except RecursionError as error:
        raise InputError(f"{source}: nested too deep") from error


def dump_yaml(value: Any) -> str:
    """``value`` as block YAML for people (diffs); JSON where PyYAML is missing."""
    if not _HAS_YAML:
        return json.dumps(value, indent=2, sort_keys=True) + "\n"
    text: str = yaml.dump(value, Dumper=_DUMPER, default_flow_style=False, sort_keys=True)
    return text


def _json_documents(text: str) -> list[Any]:
    """One JSON document, or several behind each other. Raises ValueError."""
    found: list[Any] = []
    index = 0
    while True:
        while index < len(text) and text[index] in " \t\r\n":
            index += 1
        if index == len(text):
            return found
        document, index = _JSON.raw_decode(text, index)
        found.append(document)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_JSON = json.JSONDecoder(
    parse_float=lambda text: as_json(float(text)), parse_int=lambda text: as_json(int(text)), parse_constant=_no_number
)


class _Reader:
    """Values out of one document's nodes."""

    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._forms: dict[int, dict[str, Any]] = {}
        self._read = self._repeated = self._depth = 0

    def value(self, node: Any) -> Any:
        """The node as None, bool, int, float, text, list or dict with text keys. Raises InputError."""
        known = id(node) in self._seen
        self._seen.add(id(node))
        self._count(node, known)
        if isinstance(node, yaml.ScalarNode):
            return self._said(node, as_json, self._scalar(node))
        if id(node) in self._open:
            raise self._error(node, "an anchor holds itself")
        self._open.add(id(node))
        self._depth += known
        try:
            if isinstance(node, yaml.SequenceNode):
                self._only(node, _SEQ)
                return [self.value(item) for item in node.value]
            self._only(node, _MAP)
            found: dict[str, Any] = {}
            self._fill(found, node)
            return found
        finally:
            self._depth -= known
            self._open.discard(id(node))

    def _fill(self, found: dict[str, Any], node: Any) -> None:
        """The pairs in their order; what comes later wins, a merge among them, as in Kubernetes' reader."""
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == "<<" and key.tag in (_PLAIN, _MERGE):
                sources = [value] if isinstance(value, yaml.MappingNode) else value.value if isinstance(value, yaml.SequenceNode) else []
                if not sources and not isinstance(value, yaml.SequenceNode):
                    raise self._error(value, "<< merges a mapping or a list of mappings")
                for one in reversed(sources):
                    if not isinstance(one, yaml.MappingNode):
                        raise self._error(one, "<< merges a mapping or a list of mappings")
                    merged = self.value(one)
                    for text in merged:
                        self._once(node, key, text, self._forms.get(id(one), {}).get(text, text), text in found)
                    found.update(merged)
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key is a text, not a list or a mapping")
            read = self._scalar(key)
            text = self._said(key, as_key, read)
            self._once(node, key, text, read, text in found)
            found[text] = self.value(value)

    def _once(self, mapping: Any, key: Any, text: str, read: Any, known: bool) -> None:
        """Refuse a key that is there in another form too: Kubernetes' reader keeps both until they are text, and then takes either, by luck."""
        forms = self._forms.get(id(mapping), {})
        other = forms.get(text, text)
        if known and (type(other), other) != (type(read), read):
            raise self._error(
                key, f"the key {text!r} is there twice, written in two ways, and Kubernetes takes either by luck; write it once"
            )
        if read is not text:
            self._forms.setdefault(id(mapping), {})[text] = read

    def _scalar(self, node: Any) -> Any:
        if node.tag == _PLAIN:
            value = plain(node.value)
            # The parser takes the tag ! for none; no value but a text has one in what was written.
            tagged_as_text = not isinstance(value, str) and "!" in self._text[node.start_mark.index : node.end_mark.index]
            return node.value if tagged_as_text else value
        if node.tag == _STR:
            return node.value
        if node.tag in _OWN_SCALARS:
            return self._said(node, lambda text: tagged(node.tag, text), node.value)
        if node.tag == _BINARY:
            raise self._error(
                node, "!!binary has no place in JSON; write the text itself, or its base64 without the tag in data or binaryData"
            )
        raise self._unknown(node)

    def _only(self, node: Any, tag: str) -> None:
        if node.tag != tag:
            raise self._unknown(node)

    def _unknown(self, node: Any) -> InputError:
        tag = f"!!{node.tag.removeprefix(_TAG)}" if node.tag.startswith(_TAG) else node.tag
        cure = "decrypt the value, or write a reference to it" if tag.startswith("!vault") else "write the value without a tag"
        return self._error(node, f"the tag {tag} means nothing to Kubernetes, which would drop it; {cure}")

    def _said(self, node: Any, make: Any, value: Any) -> Any:
        try:
            return make(value)
        except ValueError as error:
            raise self._error(node, str(error)) from None

    def _count(self, node: Any, known: bool) -> None:
        """A few lines of aliases can stand for millions of values; Kubernetes' reader refuses that by these same numbers."""
        self._read += 1
        self._repeated += bool(known or self._depth)
        if self._repeated > 100 and self._read > _MUCH:
            span = min(max(self._read - _LARGE, 0), _HUGE - _LARGE) / (_HUGE - _LARGE)
            if self._repeated > self._read * (0.99 - (0.99 - _LITTLE_SHARE) * span):
                raise self._error(node, "aliases stand for far more than is written; write it out, or with fewer aliases")

    def _error(self, node: Any, problem: str) -> InputError:
        mark = node.start_mark
        return InputError(f"{self._source}:{mark.line + 1}:{mark.column + 1}: {problem}")
