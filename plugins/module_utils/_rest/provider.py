# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""An API that is a table, as the loop of every API sees one.

Ids become names where a row is read and names ids where it is written. Each thing is read by the id that the record has of it; only what has
none there is looked for in lists.
"""

from __future__ import annotations

import functools
import json
import re
import threading
import urllib.parse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._core.compare import Finding, Traits
from .._core.concurrency import map_threads
from .._core.diff import ABSENT
from .._core.errors import InputError, LostAnswerError
from .._core.forms import masked, shaped
from .._core.provider import Provider
from .._core.record import Entry
from .._core.suggest import did_you_mean
from .client import RestClient
from .document import Thing, each, id_of, named, needs_of
from .spec import Api, Json, Kind, Ref

_THREADS = 8
_MARK = re.compile(r"\s*\[gantry\.platform: ([^\]]*)\]")


class Described:
    """The fields of one kind, as our description says them; values are compared in the form that ``compared`` gave them."""

    def __init__(self, kind: Kind, description: Mapping[str, Any]) -> None:
        self.item_keys = kind.keys
        self._fields = description["properties"]

    def normal(self, name: str, value: Any, like: Any = None) -> Any:
        """The value itself."""
        return value

    def default(self, name: str) -> Any:
        """What it is where nobody sets it."""
        return (self._fields.get(name) or {}).get("default", ABSENT)


class RestProvider(Provider[Thing]):
    """One account. ``owner`` is whose mark its things bear."""

    def __init__(self, client: RestClient, api: Api, owner: str) -> None:
        self.scope = api.name
        self.stages = api.stages()
        self._client = client
        self._api = api
        self._way = api.pages(client.url)
        self._owner = owner
        self._traits = {name: kind.traits(api.described[name]) for name, kind in api.kinds.items()}
        self._made: dict[str, str] = {}
        """Places of what this run made."""
        self._listing = threading.Lock()
        self.forget()

    # reading

    def forget(self) -> None:
        self._found: dict[str, Json] = {}
        """Rows of what was looked for and is there, by id."""
        self._rows: dict[tuple[str, str], Json] = {}
        """Every row that was read, by kind and place."""
        self._lists: dict[tuple[str, str, str], list[Json]] = {}
        self._places: dict[str, str] = {}

    def observe(self, resources: Sequence[Thing], entries: Mapping[str, Entry]) -> None:
        self.forget()
        self._places = {id_: entry.place for id_, entry in entries.items() if entry.place} | self._made
        for stage in self.stages:
            mine = [resource for resource in resources if resource.kind == stage]
            map_threads(self._read, mine, _THREADS)
            map_threads(self._look_for, [one for one in mine if one.id not in self._found], _THREADS)

    def _read(self, thing: Thing) -> None:
        """By the place that is known."""
        place = self._places.get(thing.id)
        row = self._row(thing.kind, place, thing.parent) if place else None
        if row is not None:
            self._found[thing.id] = row
        else:
            self._places.pop(thing.id, None)

    def _look_for(self, thing: Thing) -> None:
        """In the list of its like."""
        kind = self._api.kinds[thing.kind]
        parent = self._place_of(thing.parent) if thing.parent else ""
        if thing.parent and not parent:
            return
        alike = [row for row in self._list(thing.kind, parent, thing.name) if kind.named(row.get(kind.identity)) == thing.name]
        if len(alike) > 1:
            places = ", ".join(str(row["id"]) for row in alike)
            raise InputError(
                f"config.{thing.where}: there are {len(alike)} of kind {thing.kind} named {thing.name} ({places}); name them apart"
            )
        for row in alike:
            self._found[thing.id] = self._whole(thing.kind, row, thing.parent)

    def _whole(self, kind: str, row: Json, parent: str) -> Json:
        return (self._row(kind, str(row["id"]), parent) or row) if self._api.kinds[kind].detail else row

    def _row(self, kind: str, place: str, parent: str = "") -> Json | None:
        """One row by its place; none where it is not there any more."""
        if (kind, place) not in self._rows:
            spec = self._api.kinds[kind]
            above = self._place_of(parent) if parent else ""
            if parent and not above:
                return None
            answer = self._client.find(f"{_path(spec, above)}/{_quoted(place)}")
            if answer is None:
                return None
            self._rows[kind, place] = _inside(answer, spec.wrap)
        return self._rows[kind, place]

    def _list(self, kind: str, parent: str = "", name: str = "") -> list[Json]:
        """All rows of a kind, or those that its search finds for a name."""
        spec = self._api.kinds[kind]
        key = (kind, parent, name if spec.find else "")
        with self._listing:
            if key not in self._lists:
                if spec.nested:
                    above = self._api.kinds[spec.parent]
                    answer = self._client.find(f"{above.path}/{_quoted(parent)}", {"include[]": spec.nested}) or {}
                    self._lists[key] = list(_inside(answer, above.wrap).get(spec.nested) or [])
                else:
                    query = {spec.find: name} if spec.find and name else {}
                    self._lists[key] = list(self._client.rows(_path(spec, parent), query, self._way, spec.rows))
        return self._lists[key]

    def _place_of(self, id_: str) -> str:
        """The server's id of what a name stands for; empty where nobody has it."""
        if id_ in self._found:
            return str(self._found[id_]["id"])
        if id_ in self._places:
            return self._places[id_]
        kind, _slash, name = id_.partition("/")
        spec = self._api.kinds[kind]
        return next((str(row["id"]) for row in self._list(kind, "", name) if spec.named(row.get(spec.identity)) == name), "")

    def identity(self) -> list[str]:
        return [self._api.name, self._client.url]

    def live(self, resource: Thing) -> Json | None:
        kind = self._api.kinds[resource.kind]
        if resource.id not in self._found and not resource.where:  # only the record knows it, and where it is
            self._read(resource)
        row = self._found.get(resource.id)
        if row is None:
            return None
        fields = self._api.described[resource.kind]["properties"]
        found = {name: value for name, value in kind.live(row).items() if name in fields and not fields[name].get("readOnly")}
        if kind.mark in found:
            found[kind.mark] = _MARK.sub("", str(found[kind.mark] or ""))
        for path, ref in kind.refs.items():
            found = each(found, path, functools.partial(self._named, ref))
        return found

    def _named(self, ref: Ref, value: Any) -> Any:
        """A reference of the server's as it stands in a document; its id where nobody has that."""
        inner = value.get(ref.wrap) if ref.wrap and isinstance(value, Mapping) else value
        if not isinstance(inner, Mapping):
            return value
        kind = next((one for one in ref.kinds if self._api.reference.format(kind=one) == inner.get("type")), ref.kinds[0])
        place = str(inner.get("id"))
        spec = self._api.kinds[kind]
        name = spec.named((self._row(kind, place) or {}).get(spec.identity, place))
        return name if len(ref.kinds) == 1 else {kind: name}

    def ours(self, owner: str) -> Iterator[tuple[str, Entry]]:
        for name, kind in self._api.kinds.items():
            for row in self._list(name) if kind.mark and not kind.parent else ():
                if _owner(row, kind) == owner:
                    yield f"{name}/{row[kind.identity]}", Entry(name, place=str(row["id"]))

    def foreign(self, known: Collection[str], thorough: bool) -> Iterator[str]:
        for name, kind in self._api.kinds.items():
            if kind.written and not kind.parent and (thorough or (name, "", "") in self._lists):
                yield from (id_ for id_ in (f"{name}/{row.get(kind.identity)}" for row in self._list(name)) if id_ not in known)

    def requests(self) -> dict[str, int]:
        return dict(self._client.pool.requests)

    # what it is

    def traits(self, kind: str) -> Traits:
        return self._traits.get(kind) or Traits()

    def fields(self, resource: Thing) -> Described:
        return Described(self._api.kinds[resource.kind], self._api.described[resource.kind])

    def compared(self, resource: Thing, declared: Json, live: Json) -> tuple[Json, Json]:
        kind = self._api.kinds[resource.kind]
        wanted, there = (_formed(side, kind) for side in (declared, live))
        return wanted, shaped(there, wanted, kind.keys, ordered=True)

    def place(self, resource: Thing) -> str:
        return str(self._found[resource.id]["id"]) if resource.id in self._found else ""

    def holder(self, resource: Thing) -> str:
        return _owner(self._found.get(resource.id) or {}, self._api.kinds[resource.kind])

    # names

    def recorded(self, id_: str, entry: Entry) -> Thing | None:
        name = id_.removeprefix(f"{id_of(entry.kind, '', entry.parent)}")
        return Thing(id_, entry.kind, entry.kind, "", None, parent=entry.parent, name=name) if entry.kind in self._api.kinds else None

    def needs(self, resource: Thing) -> set[str]:
        return needs_of(self._api, resource.kind, resource.body or {}) | ({resource.parent} if resource.parent else set())

    def there(self, id_: str) -> bool:
        return bool(self._place_of(id_))

    def alike(self, id_: str) -> Iterator[str]:
        kind = id_.partition("/")[0]
        yield from (f"{kind}/{self._api.kinds[kind].named(row.get(self._api.kinds[kind].identity))}" for row in self._list(kind))

    # planning

    def refusals(self, findings: Sequence[Finding[Thing]]) -> Iterable[str]:
        for finding in findings:
            if finding.conflict:
                only_named = not self._api.kinds[finding.resource.kind].written
                yield finding.conflict + (did_you_mean(finding.resource.id, self.alike(finding.resource.id)) if only_named else "")

    # writing

    def write(self, resource: Thing, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        kind = self._api.kinds[resource.kind]
        row = self._found.get(resource.id) if live is not None else None
        wire = self._wire(resource, body, row or {})
        path = _path(kind, self._place_of(resource.parent) if resource.parent else "")
        sent = {kind.wrap: wire} if kind.wrap else wire
        if row is not None:
            self._client.write("PUT", f"{path}/{_quoted(str(row['id']))}", sent, self.may_write)
            return []
        try:
            made = _inside(self._client.write("POST", path, sent, self.may_write), kind.wrap)
        except LostAnswerError:
            made = self._made_all_the_same(resource)
        self._found[resource.id] = made
        self._made[resource.id] = str(made["id"])
        return []

    def _made_all_the_same(self, thing: Thing) -> Json:
        """What a POST made whose answer was lost. Raises LostAnswerError where it made nothing."""
        self._lists.clear()
        self._look_for(thing)
        if thing.id not in self._found:
            raise LostAnswerError(f"{thing.id}: the answer to its creation was lost, and it is not there; run again")
        return self._found[thing.id]

    def _wire(self, resource: Thing, body: Json, row: Json) -> Json:
        """What is sent: over the whole of what is there, so that what nobody declared stays."""
        kind, fields = self._api.kinds[resource.kind], self._api.described[resource.kind]["properties"]
        kept = {name: value for name, value in row.items() if name in fields and not fields[name].get("readOnly") and not masked(value)}
        wire = dict(body)
        for path, ref in kind.refs.items():
            wire = each(wire, path, functools.partial(self._reference, ref))
        if kind.mark:
            text = _MARK.sub("", str(body.get(kind.mark, row.get(kind.mark)) or ""))
            wire[kind.mark] = f"{text} [gantry.platform: {self._owner}]".lstrip()
        return kind.body({**kept, **wire, kind.identity: resource.name, **kind.constants}, row)

    def _reference(self, ref: Ref, value: Any) -> Json:
        kind, name = named(ref, value)
        found = {"id": self._place_of(id_of(kind, name)), "type": self._api.reference.format(kind=kind)}
        return {ref.wrap: found} if ref.wrap else found

    def remove(self, resource: Thing, place: str) -> None:
        parent = self._place_of(resource.parent) if resource.parent else ""
        self._client.delete(f"{_path(self._api.kinds[resource.kind], parent)}/{_quoted(place)}", self.may_write)
        self._found.pop(resource.id, None)
        self._places.pop(resource.id, None)
        self._made.pop(resource.id, None)


def _path(kind: Kind, parent: str) -> str:
    return kind.path.replace("{parent}", _quoted(parent))


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")


def _inside(answer: Json, wrap: str) -> Json:
    found: Json = answer.get(wrap, answer) if wrap else answer
    return found


def _owner(row: Json, kind: Kind) -> str:
    """Whose mark a row bears."""
    found = _MARK.search(str(row.get(kind.mark) or "")) if kind.mark else None
    return found[1] if found else ""


def _formed(side: Json, kind: Kind) -> Json:
    """Values in one form, lists without an order in one."""
    for path, form in kind.forms.items():
        side = each(side, path, form)
    for path in kind.unordered:
        side = _sorted_at(side, path)
    return side


def _sorted_at(value: Any, path: str) -> Any:
    if not path:
        return sorted(value, key=lambda item: json.dumps(item, sort_keys=True)) if isinstance(value, list) else value
    if isinstance(value, list):
        return [_sorted_at(item, path) for item in value]
    name, _dot, rest = path.partition(".")
    return {**value, name: _sorted_at(value[name], rest)} if isinstance(value, Mapping) and name in value else value
