# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Values in one form, as the server in use describes its own fields (``?help=1``).

``90m`` is sent and 5400 comes back, ``a,b`` is sent and a list comes back: what differs in form only is no difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .._core.concurrency import map_threads
from .._core.diff import ABSENT
from .._core.forms import boolean, kind_of, mapped, masked, moment, network, number, seconds, text
from . import forms

Json = dict[str, Any]

_ORDERED = re.compile(r"(^|_)statements$|^args$|^commands?$")
"""Lists whose order means something; every other list of Vault is a set: policies, names, networks, domains."""
_LOWERED = re.compile(r"(^|_)policies(_glob)?$|^(entity|group)_ids$")
"""Lists of names that the server keeps in small letters."""
_NETWORKS = re.compile(r"cidr")
_UNTOLD = {("sys/quotas/", "path"): "mount"}
"""Forms that the server keeps to and does not tell, by the beginning of the path and the field."""
_MEANT: dict[str, dict[Any, Any]] = {"token_type": {"": "default"}, "interval": {0: 1}, "group_by": {"": "ip"}}
"""What the server makes of nothing, by the field."""


class Fields:
    """The fields of one path: what the server says of each in its description of the request. ``open`` takes more than it says.

    ``replaced``: what a write leaves out the server sets back to what it would be anyway.
    """

    item_keys: Mapping[str, str] = {}

    def __init__(self, properties: Mapping[str, Json] | None, *, open_: bool = False, replaced: bool = False) -> None:
        self.properties = properties or {}
        self.known = properties is not None and not open_
        self.replaced = replaced

    def kept(self, live: Mapping[str, Any]) -> Json:
        """What of the fields on the server has to be sent again, so that it stays as it is."""
        return {name: value for name, value in live.items() if name in self.properties and value is not None and not masked(value)}

    def default(self, name: str) -> Any:
        """What the server says that the field is where nobody sets it."""
        return (self.properties.get(name) or {}).get("default", ABSENT)

    def normal(self, name: str, value: Any, like: Any = None) -> Any:
        """``value`` of the field in the form in which two values can be compared.

        Where the server does not describe the field, the form is that of ``like``, a value that it gave back.
        """
        described = self.properties.get(name) or {}
        kind, form = described.get("type") or kind_of(value, like), described.get("format")
        if form in ("duration", "seconds"):
            read = _whole(seconds(value))
            return _MEANT.get(name, {}).get(read, read) if isinstance(read, (int, str)) else read
        if form == "date-time":
            return moment(value)
        if form == "mount":
            return text(value).strip("/")
        if kind == "array":
            return self._list(name, value)
        if kind == "object":
            value, like = (item if isinstance(item, Mapping) or form != "kvpairs" else forms.pairs(item) for item in (value, like))
            return forms.alike(mapped(value), mapped(like))
        if kind == "boolean":
            return boolean(value)
        if kind in ("integer", "number"):
            return number(value)
        if isinstance(value, Mapping):  # a text of which only the meaning counts
            return value
        if kind == "string":
            read = _MEANT.get(name, {}).get(text(value), text(value))
            return read.lower() if form == "lowercase" else read
        return "" if value is None else value

    def sent(self, name: str, value: Any) -> Any:
        """``value`` as it is sent: in the form in which the server keeps it, so that what it makes of another one plays no part."""
        described = self.properties.get(name) or {}
        kind, form = described.get("type"), described.get("format")
        if value is None:
            return value
        if form in ("duration", "seconds"):
            read = seconds(value)
            return f"{int(read)}s" if isinstance(read, (int, float)) and not isinstance(read, bool) and read == int(read) else value
        if kind == "array" and (described.get("items") or {}).get("type") == "string":
            return forms.listed(value, ordered=not isinstance(value, str) or bool(_ORDERED.search(name)))
        if form == "kvpairs":
            return forms.pairs(value)
        if kind == "object":
            return mapped(value)
        return text(value) if kind == "string" and not isinstance(value, (Mapping, list)) else value

    def refusal(self, name: str, value: Any) -> str:
        """What the field takes, in words, where ``value`` is not of that form; empty where the server can read it."""
        described = self.properties.get(name) or {}
        return forms.takes(described.get("type"), described.get("format"), (described.get("items") or {}).get("type"), value)

    def sensitive(self, name: str) -> bool:
        """Whether the server says of the field that nobody should see it."""
        return bool(((self.properties.get(name) or {}).get("x-vault-displayAttrs") or {}).get("sensitive"))

    @staticmethod
    def _list(name: str, value: Any) -> Any:
        items = forms.listed(value, ordered=bool(_ORDERED.search(name)))
        change = str.lower if _LOWERED.search(name) else network if _NETWORKS.search(name) else None
        if change is None or not isinstance(items, list):
            return items
        return sorted({change(item) for item in items if isinstance(item, str)})


class Specs:
    """Fields of every path that the server describes; none of a path that it does not.

    ``ask`` gives the server's description of a path (``?help=1``) and the mount in which it lies; none where it has none. A path that a
    description said to be like others is not asked for again. The description of everything at once (``sys/internal/specs/openapi``) would
    be one answer, of megabytes, which an audit device copies byte by byte: seconds of the server's time.
    """

    def __init__(self, ask: Callable[[str], tuple[str, Json] | None]) -> None:
        self._ask = ask
        self._by_length: dict[int, list[_Template]] = {}
        self._alone: dict[str, _Template | None] = {}

    def learn(self, paths: Iterable[str], threads: int) -> None:
        """Ask for paths side by side, which ``of`` would ask for one by one. Raises VaultError."""
        wanted = sorted({path for path in paths if not self._knows(path)})
        for path, answer in zip(wanted, map_threads(self._ask, wanted, threads), strict=True):
            self._keep(path, answer)

    def of(self, path: str, *, open_: bool = False) -> Fields:
        """The fields that a write of ``path`` takes. Raises VaultError."""
        if not self._knows(path):
            self._keep(path, self._ask(path))
        template = self._like(path)
        properties, replaced = (template.properties, template.replaced) if template else (None, False)
        for (beginning, name), form in _UNTOLD.items():
            if path.startswith(beginning) and properties and name in properties:
                properties = {**properties, name: {**properties[name], "format": form}}
        return Fields(properties, open_=open_, replaced=replaced)

    def _knows(self, path: str) -> bool:
        return path in self._alone or self._like(path) is not None

    def _keep(self, path: str, answer: tuple[str, Json] | None) -> None:
        mount, document = answer or ("", {})
        schemas = (document.get("components") or {}).get("schemas") or {}
        found = [
            # Where a part alone can be written (PATCH) a POST replaces the whole.
            _Template(mount.split("/"), below.strip("/").split("/"), _properties(entry["post"], schemas), "patch" in entry)
            for below, entry in (document.get("paths") or {}).items()
            if "post" in entry
        ]
        for template in found:
            self._by_length.setdefault(len(template.parts), []).append(template)
        if self._like(path) is None:
            # A parameter may have slashes in it, as the path of a mount.
            self._alone[path] = found[0] if len(found) == 1 else None

    def _like(self, path: str) -> _Template | None:
        """The nearest template that is known."""
        if path in self._alone:
            return self._alone[path]
        parts = path.split("/")
        near = [template for template in self._by_length.get(len(parts), ()) if template.fits(parts)]
        return max(near, key=lambda template: template.literal, default=None)


class _Template:
    """What a description says of paths that are alike but for their parameters."""

    def __init__(self, mount: list[str], below: list[str], properties: Mapping[str, Json] | None, replaced: bool) -> None:
        # A mount may be called {x}; only below it are braces parameters.
        self.parts: list[str | None] = [*mount, *(None if part.startswith("{") else part for part in below)]
        self.properties, self.replaced = properties, replaced
        self.literal = sum(part is not None for part in self.parts)

    def fits(self, parts: list[str]) -> bool:
        """Whether a path of so many parts is one of them."""
        return all(said is None or said == part for said, part in zip(self.parts, parts, strict=True))


def _properties(operation: Json, schemas: Mapping[str, Json]) -> Mapping[str, Json] | None:
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema") or {}
    if "$ref" in schema:
        schema = schemas.get(schema["$ref"].rpartition("/")[2]) or {}
    elif not schema:
        # On its way from a plugin that runs beside the server the reference gets lost; what it names is there.
        words = str(operation.get("operationId") or "").split("-")
        schema = schemas.get("".join(word[:1].upper() + word[1:] for word in words) + "Request") or {}
    return schema.get("properties")


def _whole(value: Any) -> Any:
    """The server keeps whole seconds."""
    return int(value) if isinstance(value, float) else value
