# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API in memory, which gives ids of its own and takes the same name twice, and the loop's provider for it."""

from __future__ import annotations

import contextlib
import copy
import itertools

from ansible_collections.gantry.platform.plugins.module_utils._core.change import Impact
from ansible_collections.gantry.platform.plugins.module_utils._core.compare import Resource, Traits
from ansible_collections.gantry.platform.plugins.module_utils._core.diff import ABSENT
from ansible_collections.gantry.platform.plugins.module_utils._core.forms import seconds, shaped
from ansible_collections.gantry.platform.plugins.module_utils._core.lock import TakenError
from ansible_collections.gantry.platform.plugins.module_utils._core.provider import Provider
from ansible_collections.gantry.platform.plugins.module_utils._core.reconcile import Request, reconcile
from ansible_collections.gantry.platform.plugins.module_utils._core.record import Entry, Record
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References

TRAITS = {
    "shelf": Traits(),
    "user": Traits(written=False),
    "team": Traits(defaults={"description": ""}),
    "service": Traits(
        fixed=frozenset({"type"}),
        replaceable=True,
        unseen=frozenset({"secret"}),
        restarts={"urgency": Impact.DISRUPTIVE},
        defaults={"urgency": "high"},
        removal=Impact.DESTROYS_DATA,
    ),
    "key": Traits(),
    "setting": Traits(removable=False),
}
ITEM_KEYS = {"rules": "ref"}
REFERENCES = {"team": "team", "users": "user"}
"""Fields that hold ids on the server and names in a document, with the kind that they name."""


class Killed(BaseException):
    """The run is dead: nothing of it is caught."""


class Server:
    """Rows by id. ``log`` is what was asked. ``dies_at``: the number of the request at which the run is killed, ``before`` or after its effect."""

    def __init__(self):
        self.rows = {}
        self.records = {}
        self.log = []
        self.numbers = itertools.count(1)
        self.stubborn = ()
        """Fields that it takes and leaves as they are."""
        self.asked = 0
        self.dies_at = 0
        self.before = True

    @property
    def writes(self):
        return [row for row in self.log if row[0] not in ("GET", "LIST")]

    def ask(self, verb, what, effect):
        self.asked += 1
        if self.dies_at and (self.asked > self.dies_at or (self.asked == self.dies_at and self.before)):
            raise Killed
        self.log.append((verb, what))
        answer = effect()
        if self.asked == self.dies_at:
            raise Killed
        return copy.deepcopy(answer)

    def get(self, place):
        return self.ask("GET", place, lambda: self.rows.get(place))

    def list(self, kind, parent):
        found = [row for row in self.rows.values() if (row["kind"], row["parent"]) == (kind, parent)]
        return self.ask("LIST", kind, lambda: found)

    def post(self, row):
        row = {**copy.deepcopy(row), "id": f"P{next(self.numbers)}"}
        return self.ask("POST", row["name"], lambda: self.rows.setdefault(row["id"], row))

    def put(self, place, fields):
        kept = {name: value for name, value in copy.deepcopy(fields).items() if name not in self.stubborn}
        return self.ask("PUT", place, lambda: self.rows[place].update(kept))

    def delete(self, place):
        def effect():
            del self.rows[place]
            for child in [child for child, row in self.rows.items() if row["parent"] == place]:
                del self.rows[child]

        return self.ask("DELETE", place, effect)

    def by_hand(self, kind, name, **fields):
        row = {"kind": kind, "name": name, "parent": "", "mark": "", **fields, "id": f"P{next(self.numbers)}"}
        self.rows[row["id"]] = row
        return row

    def named(self, kind, name):
        """The one row of that name."""
        (found,) = [row for row in self.rows.values() if (row["kind"], row["name"]) == (kind, name)]
        return found


class Shelf:
    """The record of one owner, beside the others."""

    def __init__(self, server, owner):
        self._server = server
        self.owner = owner
        self.name = f"the record of {owner}"
        self.system = f"what {owner} has here"
        self.breaking = "by hand"
        self.identity = [owner]

    def read(self):
        return self._server.ask("GET", "record", lambda: self._server.records.get(self.owner, (0, None)))

    def write(self, version, content):
        def effect():
            if version != self._server.records.get(self.owner, (0,))[0]:
                raise TakenError
            self._server.records[self.owner] = version + 1, copy.deepcopy(content)
            return version + 1

        return self._server.ask("PUT", "record", effect)

    def others(self):
        return [(owner, content) for owner, (_version, content) in self._server.records.items() if owner != self.owner]

    def last_words(self):
        return contextlib.nullcontext()


class Described:
    """Every field of the API."""

    item_keys = ITEM_KEYS

    def normal(self, name, value, like=None):
        return seconds(value) if name == "timeout" else sorted(value) if name == "users" and isinstance(value, list) else value

    def default(self, name):
        return "low" if name == "level" else ABSENT


class Memory(Provider[Resource]):
    """What the loop is told of it."""

    scope = "memory"
    stages = tuple(TRAITS)

    def __init__(self, server, owner):
        self.server = server
        self.owner = owner
        self._made = {}

    def observe(self, resources, entries):
        self._lists = {}
        self._rows = {}
        self._found = {}
        self._places = {id_: entry.place for id_, entry in entries.items() if entry.place} | self._made
        for resource in resources:
            self._find(resource)

    def _find(self, resource):
        row = self._get(self._places.get(resource.id, ""))
        if row is None and resource.where:
            parent = self._place_of(resource.parent) if resource.parent else ""
            rows = self._list(resource.kind, parent) if parent or not resource.parent else []
            row = next((row for row in rows if row["name"] == resource.id.partition("/")[2]), None)
        if row is not None:
            self._found[resource.id] = row

    def _get(self, place):
        if place and place not in self._rows:
            self._rows[place] = self.server.get(place)
        return self._rows.get(place)

    def _list(self, kind, parent=""):
        if (kind, parent) not in self._lists:
            self._lists[kind, parent] = self.server.list(kind, parent)
            self._rows |= {row["id"]: row for row in self._lists[kind, parent]}
        return self._lists[kind, parent]

    def _place_of(self, id_):
        if id_ in self._found:
            return self._found[id_]["id"]
        kind, _slash, name = id_.partition("/")
        return next((row["id"] for row in self._list(kind) if row["name"] == name), "")

    def identity(self):
        return "memory"

    def live(self, resource):
        if resource.id not in self._found and not resource.where:
            self._find(resource)
        row = self._found.get(resource.id)
        if row is None:
            return None
        found = {name: value for name, value in row.items() if name not in ("id", "kind", "name", "parent", "mark")}
        if "secret" in found:
            found["secret"] = "what this API makes of it"
        for field in REFERENCES.keys() & found.keys():
            found[field] = self._named(found[field])
        return found

    def _named(self, value):
        return [self._named(one) for one in value] if isinstance(value, list) else (self._get(value) or {"name": value})["name"]

    def ours(self, owner, resources):
        for kind in TRAITS:
            for row in self.server.list(kind, ""):
                if row["mark"] == owner:
                    yield f"{kind}/{row['name']}" if row["name"] else "", Entry(kind, place=row["id"])
                for child in self.server.list("key", row["id"]) if kind == "service" else ():
                    yield f"key/{child['name']}", Entry("key", place=child["id"], parent=f"service/{row['name']}")

    def foreign(self, known, thorough):
        for kind, parent in list(self._lists):
            yield from (f"{kind}/{row['name']}" for row in self._list(kind, parent) if f"{kind}/{row['name']}" not in known)

    def traits(self, kind):
        return TRAITS[kind]

    def fields(self, resource):
        return Described()

    def compared(self, resource, declared, live):
        return shaped(declared, declared, ITEM_KEYS), {**live, **shaped(live, declared, ITEM_KEYS)}

    def place(self, resource):
        return (self._found.get(resource.id) or {"id": ""})["id"]

    def holder(self, resource):
        return (self._found.get(resource.id) or {"mark": ""})["mark"]

    def recorded(self, id_, entry):
        return Resource(id_, entry.kind, entry.kind, "", None, parent=entry.parent)

    def needs(self, resource):
        found = {resource.parent} if resource.parent else set()
        for field in REFERENCES.keys() & (resource.body or {}).keys():
            value = resource.body[field]
            found |= {f"{REFERENCES[field]}/{name}" for name in (value if isinstance(value, list) else [value])}
        return found

    def there(self, id_):
        return bool(self._place_of(id_))

    def alike(self, id_):
        kind = id_.partition("/")[0]
        return [f"{kind}/{row['name']}" for row in self._list(kind)]

    def holds_record(self, resource):
        return resource.kind == "shelf"

    def write(self, resource, body, live, changed):
        self.may_write()
        wire = dict(body)
        for field in REFERENCES.keys() & body.keys():
            value = body[field]
            ids = [self._place_of(f"{REFERENCES[field]}/{name}") for name in (value if isinstance(value, list) else [value])]
            wire[field] = ids if isinstance(value, list) else ids[0]
        if live is not None:
            self.server.put(self._found[resource.id]["id"], wire)
            return []
        parent = self._place_of(resource.parent) if resource.parent else ""
        row = {"kind": resource.kind, "name": resource.id.partition("/")[2], "parent": parent, "mark": self.owner, **wire}
        made = self.server.post(row)
        self._found[resource.id] = made
        self._made[resource.id] = made["id"]
        return ["welcome"] if body.get("greets") else []

    def remove(self, resource, place):
        self.may_write()
        self.server.delete(place)
        self._found.pop(resource.id, None)
        self._made.pop(resource.id, None)


def thing(kind, name, parent="", **body):
    """One declared thing; ``absent=True`` where it must not be there."""
    id_ = f"{kind}/{name}"
    absent = body.pop("absent", False)
    secrets = frozenset(field for field in body if field == "secret")
    return Resource(id_, kind, kind, id_, None if absent else body, secrets=secrets, parent=parent)


def run(server, *things, owner="us", environment=None, **options):
    """One call of the loop, as of a run with a name that is always the same: whoever was killed finds its own lock."""
    stages = list(TRAITS)
    resources = sorted(things, key=lambda one: stages.index(one.kind))
    request = Request(resources, owner, **options)
    return reconcile(Memory(server, owner), request, References(environment or {}), Record(Shelf(server, owner)), f"{owner}@here")


def planned(server, *things, **options):
    """What a run would do."""
    return run(server, *things, check_mode=True, **options)


def rows(result):
    """What a plan says of each thing."""
    return {row["id"]: (row["action"], tuple(row["fields"])) for row in result["plan"]}
