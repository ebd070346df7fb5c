# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What policies mean: HCL (or its JSON form) read into one shape, and written from data.

The server keeps a policy's text as it was sent. Two texts that say the same must not count as different, so what they say is compared.
Only what policies are made of is read: blocks with one label, and texts, numbers, booleans, lists and maps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_TOKEN = re.compile(
    r"""
    (?P<skip>   [\s,]+ | (?:\#|//)[^\n]* | /\*.*?\*/ )
  | (?P<heredoc> <<-?(?P<end>\w+)\n(?P<lines>.*?)\n[ \t]*(?P=end)\b )
  | (?P<text>   "(?:[^"\\]|\\.)*" )
  | (?P<number> -?\d+(?:\.\d+)?(?![\w.]) )
  | (?P<word>   [A-Za-z_][\w-]* )
  | (?P<mark>   [{}\[\]=] )
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": True, "false": False, "null": None}
_LEGACY = {
    "deny": ["deny"],
    "read": ["read", "list"],
    "write": ["create", "read", "update", "delete", "list"],
    "sudo": ["create", "read", "update", "delete", "list", "sudo"],
}
"""What ``policy = "…"`` in a path meant before there were capabilities; from Vault's vault/policy.go."""
CAPABILITIES = ("create", "read", "update", "patch", "delete", "list", "sudo", "deny", "subscribe", "recover")


class HclError(ValueError):
    """The text cannot be read; says where."""


def parse(text: str) -> Json:
    """Attributes by name, blocks by ``kind "label"``. Raises HclError."""
    if text.lstrip().startswith("{"):
        try:
            document = json.loads(text)
        except ValueError as error:
            raise HclError(f"it begins as JSON and is none: {error}") from None
        return _from_json(document)
    tokens = list(_tokens(text))
    found, rest = _body(tokens, 0, closed=False)
    if rest != len(tokens):
        raise HclError(f"line {tokens[rest][2]}: {tokens[rest][1]!r} is one too many")
    return found


def policy_meaning(text: str) -> Json:
    """What an ACL policy grants: rules by path, capabilities sorted. Raises HclError."""
    found: Json = {}
    for key, value in parse(text).items():
        if not key.startswith('path "') or not isinstance(value, Mapping):
            found[key] = value
            continue
        rule = {name: item for name, item in value.items() if name != "policy"}
        granted = [*_LEGACY.get(str(value.get("policy")), ()), *(rule.get("capabilities") or ())]
        rule["capabilities"] = ["deny"] if "deny" in granted else sorted({str(item) for item in granted})
        found[key] = rule
    return found


def policy_text(rules: Mapping[str, Any]) -> str:
    """A policy written from data: ``{path: [capabilities] | {capabilities: […], required_parameters: […], …}}``."""
    blocks = []
    for path, rule in rules.items():
        content = rule if isinstance(rule, Mapping) else {"capabilities": rule}
        lines = [f"  {_name(name)} = {_written(value)}" for name, value in content.items()]
        blocks.append(f"path {_quoted(path)} {{\n" + "\n".join(lines) + "\n}\n")
    return "\n".join(blocks)


def _written(value: Any) -> str:
    """A value; in an object of HCL, names are followed by ``=`` and never by a colon."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(name))} = {_written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """A text of HCL. What stands between ``${`` and ``}`` would be read as an expression, quotes and all."""
    return json.dumps(text, ensure_ascii=False).replace("${", "\\u0024{")


def _name(text: Any) -> str:
    """The name of an attribute, in quotes where it is no plain word."""
    return str(text) if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(text)) else _quoted(str(text))


def _tokens(text: str) -> Iterator[tuple[str, Any, int]]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        line = text.count("\n", 0, place) + 1
        if match is None:
            raise HclError(f"line {line}: {text[place : place + 20]!r} is not understood")
        place = match.end()
        kind = match.lastgroup or ""
        if match.group("heredoc") is not None:
            yield "value", match.group("lines"), line
        elif kind == "text":
            yield "text", _unquoted(match.group(), line), line
        elif kind == "number":
            number = match.group()
            yield "value", float(number) if "." in number else int(number), line
        elif kind in ("word", "mark"):
            yield kind, match.group(), line


def _unquoted(word: str, line: int) -> str:
    try:
        return str(json.loads(word.replace("\n", "\\n")))
    except ValueError:
        raise HclError(f"line {line}: the text {word[:40]} has an escape that is not understood") from None


def _body(tokens: list[tuple[str, Any, int]], at: int, *, closed: bool) -> tuple[Json, int]:
    """Attributes and blocks up to the closing brace (or the end)."""
    found: Json = {}
    while at < len(tokens):
        kind, name, line = tokens[at]
        if (kind, name) == ("mark", "}") and closed:
            return found, at + 1
        if kind not in ("word", "text"):
            raise HclError(f"line {line}: a name was expected, not {name!r}")
        at += 1
        labels = []
        while at < len(tokens) and tokens[at][0] == "text":
            labels.append(tokens[at][1])
            at += 1
        following = tokens[at][:2] if at < len(tokens) else ("end", "the end")
        if following == ("mark", "{"):
            content, at = _body(tokens, at + 1, closed=True)
            _add(found, " ".join([str(name), *(json.dumps(label) for label in labels)]), content)
        elif following == ("mark", "=") and not labels:
            found[str(name)], at = _value(tokens, at + 1)
        else:
            raise HclError(f"line {line}: after {name} an = or a {{ was expected, not {following[1]!r}")
    if closed:
        raise HclError("a { has no }")
    return found, at


def _value(tokens: list[tuple[str, Any, int]], at: int) -> tuple[Any, int]:
    if at >= len(tokens):
        raise HclError("a value is missing at the end")
    kind, value, line = tokens[at]
    if kind in ("text", "value"):
        return value, at + 1
    if kind == "word" and value in _WORDS:
        return _WORDS[value], at + 1
    if (kind, value) == ("mark", "["):
        items, at = [], at + 1
        while at < len(tokens) and tokens[at][:2] != ("mark", "]"):
            item, at = _value(tokens, at)
            items.append(item)
        if at >= len(tokens):
            raise HclError(f"line {line}: a [ has no ]")
        return items, at + 1
    if (kind, value) == ("mark", "{"):
        return _body(tokens, at + 1, closed=True)
    raise HclError(f"line {line}: a value was expected, not {value!r}")


def _add(found: Json, key: str, content: Any) -> None:
    """A block that stands twice is a list: which of the two the server takes is not ours to say."""
    if key in found:
        earlier = found[key] if isinstance(found[key], list) else [found[key]]
        content = [*earlier, content]
    found[key] = content


def _from_json(document: Any) -> Json:
    if not isinstance(document, Mapping):
        raise HclError("it is JSON, but no object")
    found: Json = {}
    for kind, content in document.items():
        rows: Iterable[Any] = content if isinstance(content, list) else [content]
        for row in rows:
            if isinstance(row, Mapping):
                for label, block in row.items():
                    for one in block if isinstance(block, list) else [block]:
                        _add(found, f"{kind} {json.dumps(label)}", one)
            else:
                found[kind] = content
    return found
