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

import contextlib
import functools
import http
import importlib.util
import itertools
import threading
import urllib.parse
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._core.compare import Finding, Traits
from .._core.concurrency import map_threads
from .._core.diff import ABSENT
from .._core.errors import InputError, LostAnswerError, ServerError
from .._core.forms import masked, shaped
from .._core.mark import marked, owner_of, unmarked
from .._core.pages import Whole
from .._core.paths import each, sorted_at
from .._core.provider import Provider
from .._core.record import Entry
from .._core.suggest import did_you_mean
from .client import RestClient, RestError
from .document import Thing, id_of, named, needs_of
from .spec import Api, Json, Kind, Ref

_THREADS = 8
_MANY = 4
"""From how many things on their list is asked for, and not each of them."""
_PAGE = 50
"""Rows that a page of a list has at least."""
_OVERTAKEN = (http.HTTPStatus.CONFLICT, http.HTTPStatus.UNPROCESSABLE_ENTITY)
"""What a server says of a write over something else than what is there; GitHub 422 of a file that was to be new."""
_THERE_ALREADY = (*_OVERTAKEN, http.HTTPStatus.BAD_REQUEST)
"""What it says where something new is there; Elasticsearch and OpenSearch 400 of a data stream."""


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

    def __init__(self, client: RestClient, api: Api, owner: str, variables: Mapping[str, str] | None = None) -> None:
        self.scope = api.name
        self.stages = api.stages()
        self._client = client
        self._api = api
        self._variables = dict(variables or {})
        self._way = api.pages(client.url)
        self._owner = owner
        self._traits = {name: kind.traits(api.described[name]) for name, kind in api.kinds.items()}
        self._made: dict[str, str] = {}
        """Places of what this run made."""
        self._parents: dict[str, str] = {}
        """What each lies in."""
        self._only_named: dict[str, Json] = {}
        """Rows of what is never written, so that nothing else has to be read to name it."""
        self._listing = threading.RLock()
        self.forget()

    # reading

    def forget(self) -> None:
        self._found: dict[str, Json] = {}
        """Rows of what was looked for and is there, by id."""
        self._rows: dict[str, Json | None] = {}
        """Every row that was read, by its address; none where nothing is."""
        self._lists: dict[tuple[str, str, str], list[Json]] = {}
        self._places: dict[str, str] = {}

    def observe(self, resources: Sequence[Thing], entries: Mapping[str, Entry]) -> None:
        self.forget()
        self._places = {id_: entry.place for id_, entry in entries.items() if entry.place} | self._made
        self._parents |= {id_: entry.parent for id_, entry in entries.items()} | {resource.id: resource.parent for resource in resources}
        for stage in self.stages:
            mine = [resource for resource in resources if resource.kind == stage]
            for parent in dict.fromkeys(resource.parent for resource in mine):
                self._list_many(stage, parent, [one for one in mine if one.parent == parent and one.id in self._places])
            map_threads(self._read, [one for one in mine if one.id not in self._found], _THREADS)
            map_threads(self._look_for, [one for one in mine if one.id not in self._found], _THREADS)

    def _list_many(self, kind: str, parent: str, things: Sequence[Thing]) -> None:
        """Find many by pages of their list, as long as those are fewer than half of the things."""
        spec = self._api.kinds[kind]
        address = self._address(spec.rows_at or spec.path, parent)
        if len(things) < _MANY or spec.detail or spec.nested or not spec.listed or address is None:
            return
        most = len(things) // 2 * _PAGE
        rows = list(itertools.islice(self._pages(spec, address, spec.asks), most))
        if len(rows) < most:
            self._lists[kind, parent, ""] = rows
        by_place = {str(row[spec.id]): row for row in rows}
        for thing in things:
            if (row := by_place.get(self._places[thing.id])) is not None:
                self._found[thing.id] = row
            elif len(rows) < most:
                del self._places[thing.id]

    def _read(self, thing: Thing) -> None:
        """By the place that is known."""
        kind = self._api.kinds[thing.kind]
        place = self._places.get(thing.id) or (thing.name if kind.placed else "")
        row = self._row(thing.kind, place, thing.parent) if place else None
        if row is not None:
            self._found[thing.id] = row
            self._only_named |= {} if kind.written else {thing.id: row}
        else:
            self._places.pop(thing.id, None)

    def _look_for(self, thing: Thing) -> None:
        """In the list of its like."""
        kind = self._api.kinds[thing.kind]
        if kind.placed or (thing.parent and not self._place_of(thing.parent)):
            return
        alike = [row for row in self._list(thing.kind, thing.parent, thing.name) if kind.stands_for(thing.name, row)]
        if len(alike) > 1:
            places = ", ".join(str(row[kind.id]) for row in alike)
            cure = f"write {kind.also[-1]} behind the name" if kind.also else "name them apart"
            raise InputError(f"config.{thing.where}: there are {len(alike)} of kind {thing.kind} named {thing.name} ({places}); {cure}")
        for row in alike:
            self._found[thing.id] = self._whole(thing.kind, row, thing.parent)

    def _whole(self, kind: str, row: Json, parent: str) -> Json:
        spec = self._api.kinds[kind]
        return (self._row(kind, str(row[spec.id]), parent) or row) if spec.detail else row

    def _row(self, kind: str, place: str, parent: str = "") -> Json | None:
        """One row by its place; none where it is not there any more."""
        spec = self._api.kinds[kind]
        address = self._address(spec.at(place), parent, place)
        if address is None:
            return None
        if not spec.alone:
            return next((row for row in self._list(kind, parent) if str(row[spec.id]) == place), None)
        if address not in self._rows:
            answer = self._client.find(address) if not spec.gathers else {spec.gathers: [*self._client.rows(address, {}, Whole(), "")]}
            self._rows[address] = None if answer is None else spec.row(self._inside(answer, spec.wrap), place)
        return self._rows[address]

    def _list(self, kind: str, parent: str = "", name: str = "") -> list[Json]:
        """All rows of a kind, or those that its search finds for a name."""
        spec = self._api.kinds[kind]
        key = (kind, parent, name if spec.find else "")
        with self._listing:
            if key not in self._lists:
                self._lists[key] = list(self._listed(spec, parent, {**spec.asks, **({spec.find: name} if spec.find and name else {})}))
            return self._lists[key]

    def _listed(self, spec: Kind, parent: str, query: Mapping[str, str]) -> Iterable[Json]:
        if spec.nested:
            above = self._api.kinds[spec.parent]
            place = self._place_of(parent)
            address = self._address(above.at(place), self._parents.get(parent, ""), place)
            answer = (self._client.find(address, {"include[]": spec.nested}) if address else None) or {}
            return self._inside(answer, above.wrap).get(spec.nested) or []
        address = self._address(spec.rows_at or spec.path, parent)
        return self._pages(spec, address, query) if address and spec.listed else ()

    def _pages(self, spec: Kind, address: str, query: Mapping[str, str]) -> Iterator[Json]:
        field = ".".join(filter(None, (self._api.envelope, spec.rows)))
        return self._client.rows(address, query, spec.way or self._way, field)

    def _address(self, address: str, parent: str, place: str = "") -> str | None:
        """An address of the table with its words filled in; none where what it lies in is not there."""
        words = {"id": place, **self._variables}
        while parent:
            words[parent.partition("/")[0]] = above = self._place_of(parent)
            if not above:
                return None
            parent = self._parents.get(parent, "")
        return address.format_map({word: urllib.parse.quote(said, safe="") for word, said in words.items()})

    def _inside(self, answer: Json, wrap: str) -> Json:
        """What an answer is about, without what is around it."""
        found: Json = answer
        for key in filter(None, (self._api.envelope, wrap)):
            found = found.get(key, found)
        return found

    def _place_of(self, id_: str) -> str:
        """The server's id of what a name stands for; empty where nobody has it."""
        kind = id_.partition("/")[0]
        spec, parent = self._api.kinds[kind], self._parents.get(id_, "")
        name = id_.removeprefix(id_of(kind, "", parent))
        if id_ in self._found:
            return self._place(spec, self._found[id_], name)
        if id_ in self._places:
            return self._places[id_]
        if spec.placed:
            return name if self._row(kind, name, parent) is not None else ""
        if spec.parent:
            return ""
        return next((str(row[spec.id]) for row in self._list(kind, "", name) if spec.stands_for(name, row)), "")

    def _place(self, spec: Kind, row: Json, name: str) -> str:
        return name if spec.placed else str(row[spec.id])

    def identity(self) -> list[str]:
        return [self._api.name, self._client.url, *self._variables.values()]

    def live(self, resource: Thing) -> Json | None:
        kind = self._api.kinds[resource.kind]
        if resource.id not in self._found and not resource.where:  # only the record knows it, and where it is
            self._read(resource)
        row = self._found.get(resource.id)
        if row is None or (_is_nothing(kind, row) and not (resource.body and _is_nothing(kind, {**kind.empty, **resource.body}))):
            return None
        fields = self._api.described[resource.kind]["properties"]
        found = {name: value for name, value in kind.live(row).items() if name in fields and not fields[name].get("readOnly")}
        if kind.mark in found:
            found[kind.mark] = unmarked(found[kind.mark])
        for path, ref in kind.refs.items():
            found = each(found, path, functools.partial(self._named, ref))
        return found

    def _named(self, ref: Ref, value: Any) -> Any:
        """A reference of the server's as it stands in a document; its id where nobody has that."""
        inner = value.get(ref.wrap) if ref.wrap and isinstance(value, Mapping) else value
        kind, place = ref.kinds[0], str(inner)
        if ref.types:
            if not isinstance(inner, Mapping):
                return value
            kind = next((one for one in ref.types if ref.types[one] == inner.get("type")), kind)
            place = str(inner.get("id"))
        spec = self._api.kinds[kind]
        row = self._known(kind, ref.by, place) if ref.by else self._row(kind, place)
        name = spec.called(row or {}) or place
        return name if len(ref.kinds) == 1 else {kind: name}

    def _known(self, kind: str, field: str, value: str) -> Json | None:
        """The row whose field has a value, among what was looked for and, where there is one, in the list."""
        mine = [row for id_, row in {**self._only_named, **self._found}.items() if id_.startswith(f"{kind}/")]
        listed = self._list(kind) if self._api.kinds[kind].listed and not any(str(row.get(field)) == value for row in mine) else []
        return next((row for row in (*mine, *listed) if str(row.get(field)) == value), None)

    def ours(self, owner: str, resources: Sequence[Thing]) -> Iterator[tuple[str, Entry]]:
        for name, kind in self._api.kinds.items():
            parents = dict.fromkeys(one.parent for one in resources if one.kind == name) if kind.parent else {"": None}
            for parent in parents if kind.mark and kind.listed else ():
                declared = [one for one in resources if one.kind == name and one.parent == parent]
                for row in self._list(name, parent):
                    if _owner(row, kind) == owner:
                        id_ = next((one.id for one in declared if kind.stands_for(one.name, row)), id_of(name, kind.called(row), parent))
                        yield id_, Entry(name, place=str(row[kind.id]), parent=parent)

    def foreign(self, known: Collection[str], thorough: bool) -> Iterator[str]:
        for name, kind in self._api.kinds.items():
            if not kind.written or not kind.listed or kind.nested:
                continue
            parents = [id_ for id_ in self._found if id_.startswith(f"{kind.parent}/")] if kind.parent else [""]
            places = {str(row[kind.id]) for id_, row in self._found.items() if id_.startswith(f"{name}/")}
            for parent in parents:
                if thorough or (name, parent, "") in self._lists:
                    rows = [row for row in self._list(name, parent) if str(row[kind.id]) not in places]
                    yield from (id_ for id_ in (id_of(name, kind.called(row), parent) for row in rows) if id_ not in known)

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
        spec = self._api.kinds[resource.kind]
        return self._place(spec, self._found[resource.id], resource.name) if resource.id in self._found else ""

    def holder(self, resource: Thing) -> str:
        return _owner(self._found.get(resource.id) or {}, self._api.kinds[resource.kind])

    # names

    def recorded(self, id_: str, entry: Entry) -> Thing | None:
        name = id_.removeprefix(f"{id_of(entry.kind, '', entry.parent)}")
        return Thing(id_, entry.kind, entry.kind, "", None, parent=entry.parent, name=name) if entry.kind in self._api.kinds else None

    def needs(self, resource: Thing) -> set[str]:
        about = self._api.kinds[resource.kind].of
        found = {resource.parent, id_of(about, resource.name) if about else ""} - {""}
        return needs_of(self._api, resource.kind, resource.body or {}) | found

    def there(self, id_: str) -> bool:
        return bool(self._place_of(id_))

    def alike(self, id_: str) -> Iterator[str]:
        kind = id_.partition("/")[0]
        yield from (f"{kind}/{self._api.kinds[kind].called(row)}" for row in self._list(kind))

    def spoken_for(self, resource: Thing, declared: Mapping[str, Thing]) -> bool:
        # What is not ours to remove takes nothing along.
        above = self._api.kinds.get(self._api.kinds[resource.kind].parent)
        return above is not None and above.written and super().spoken_for(resource, declared)

    # planning

    def problems(self, resources: Sequence[Thing]) -> Iterable[str]:
        for resource in resources:
            for module, package in self._api.kinds[resource.kind].packages.items():
                if importlib.util.find_spec(module) is None:
                    yield f"config.{resource.where}: it wants the Python package {package} on this machine; install {package}"

    def refusals(self, findings: Sequence[Finding[Thing]]) -> Iterable[str]:
        for finding in findings:
            if finding.conflict:
                only_named = not self._api.kinds[finding.resource.kind].written
                yield finding.conflict + (did_you_mean(finding.resource.id, self.alike(finding.resource.id)) if only_named else "")

    # writing

    def write(self, resource: Thing, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        with _about(resource):
            self._write(resource, body, live)
        return []

    def _write(self, resource: Thing, body: Json, live: Json | None) -> None:
        kind = self._api.kinds[resource.kind]
        row = self._found.get(resource.id) if live is not None else None
        wire = self._wire(resource, body, row or {})
        making = {name: value for name, value in wire.items() if row is not None or name not in kind.later}
        sent = {kind.wrap: making} if kind.wrap else making
        place = self._place(kind, row or {}, resource.name) if row is not None or kind.by_name else ""
        address = self._address(kind.at(place), resource.parent, place) or ""
        if row is not None:
            self._put(resource, body, address, sent, {name: row[said] for name, said in kind.guard.items()})
            return
        try:
            answer = self._put(resource, body, address, sent) if kind.by_name else self._client.write("POST", address, sent, self.may_write)
            made = self._inside(answer, kind.wrap)
        except LostAnswerError:
            made = {}
        if not kind.by_name and kind.id not in made:  # lost, or an answer that does not say what was made
            made = self._made_all_the_same(resource)
        self._found[resource.id] = {kind.identity: resource.name, **made} if kind.placed else made
        self._made[resource.id] = place = self._place(kind, made, resource.name)
        if later := {name: value for name, value in wire.items() if name in kind.later}:
            self._client.write(kind.update, self._address(kind.at(place), resource.parent, place) or "", later, self.may_write)

    def _put(self, resource: Thing, body: Json, address: str, sent: Json, guard: Mapping[str, str] | None = None) -> Json:
        """Write where it is; without ``guard`` something new. What a server refuses as changed meanwhile, or as there already, may be this
        very write, whose first answer was lost.
        """
        try:
            # It is the same done twice, whatever the verb.
            return self._client.write(self._api.kinds[resource.kind].update, address, sent, self.may_write, guard, once=False)
        except RestError as error:
            if error.status not in (_THERE_ALREADY if guard is None else _OVERTAKEN):
                raise
            self._read_again(resource)
            live = self.live(resource)
            wanted, there = self.compared(resource, body, live or {})
            if live is None or wanted != there:
                raise
            return {}

    def _made_all_the_same(self, thing: Thing) -> Json:
        """What a POST made whose answer was lost. Raises LostAnswerError where it made nothing."""
        self._read_again(thing)
        if thing.id not in self._found:
            self._look_for(thing)
        if thing.id not in self._found:
            raise LostAnswerError(f"{thing.id}: no answer says what its creation made, and it is not there; run again")
        return self._found[thing.id]

    def _read_again(self, thing: Thing) -> None:
        """By its place, and believe no list that began before."""
        with self._listing:  # another thread's list that is on its way is as old
            self._lists.clear()
            self._rows.clear()
        self._found.pop(thing.id, None)
        self._read(thing)

    def _wire(self, resource: Thing, body: Json, row: Json) -> Json:
        """What is sent: over the whole of what is there, so that what nobody declared stays."""
        kind, fields = self._api.kinds[resource.kind], self._api.described[resource.kind]["properties"]
        kept = {name: value for name, value in row.items() if name in fields and not fields[name].get("readOnly") and not masked(value)}
        wire = dict(body)
        for path, ref in kind.refs.items():
            wire = each(wire, path, functools.partial(self._reference, ref))
        if kind.mark:
            wire[kind.mark] = marked(body.get(kind.mark, row.get(kind.mark)), self._owner)
        said = {} if kind.by_name else kind.said_by(resource.name)
        over = {**row, **self._read_first(resource)} if kind.first else row
        return kind.body({**(kept if kind.update == "PUT" else {}), **wire, **said, **kind.constants}, over)

    def _read_first(self, resource: Thing) -> Json:
        """What a body of its kind cannot be made without. Raises ServerError where it is not there."""
        kind = self._api.kinds[resource.kind]
        address = f"{self._address(kind.path, resource.parent)}/{kind.first}"
        found = self._client.find(address)
        if found is None:
            raise ServerError(f"{resource.id}: GET {address}: there is none")
        return found

    def _reference(self, ref: Ref, value: Any) -> Any:
        kind, name = named(ref, value)
        place: Any = self._place_of(id_of(kind, name))
        if ref.by:
            place = (self._found.get(id_of(kind, name)) or self._row(kind, place) or {}).get(ref.by)
        if not ref.types:
            return place
        found = {"id": place, "type": ref.types[kind]}
        return {ref.wrap: found} if ref.wrap else found

    def remove(self, resource: Thing, place: str) -> None:
        kind = self._api.kinds[resource.kind]
        address = self._address(kind.at(place), resource.parent, place) or ""
        with _about(resource):
            if not kind.deletable:
                nothing = {**kind.constants, **kind.empty}
                self._client.write(kind.update, address, {kind.wrap: nothing} if kind.wrap else nothing, self.may_write)
            else:
                self._client.delete(address, self.may_write)
        for known in (self._found, self._places, self._made):
            known.pop(resource.id, None)


@contextlib.contextmanager
def _about(resource: Thing) -> Iterator[None]:
    """Who reads a refusal knows the thing by its name; the address has the server's ids."""
    try:
        yield
    except RestError as error:
        error.message = f"{f'config.{resource.where}' if resource.where else resource.id}: {error.message}"
        raise


def _owner(row: Json, kind: Kind) -> str:
    """Whose mark a row bears."""
    return owner_of(row.get(kind.mark)) if kind.mark else ""


def _is_nothing(kind: Kind, said: Json) -> bool:
    """Whether a row, or a body, is one that counts as none. Who declares that has it."""
    return bool(kind.empty) and all(said.get(name) == value for name, value in kind.empty.items())


def _formed(side: Json, kind: Kind) -> Json:
    """Values in one form, lists without an order in one."""
    for path, form in kind.forms.items():
        side = each(side, path, form)
    for path in kind.unordered:
        side = sorted_at(side, path, kind.keys.get(path, ""))
    return side
