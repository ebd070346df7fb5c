# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What an API over HTTP is, as data: its kinds, how they are found, named, paged and written. Contacts nothing."""

from __future__ import annotations

import base64
import graphlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.change import Impact
from .._core.compare import Traits
from .._core.pages import Way

Json = dict[str, Any]


@dataclass(frozen=True)
class Ref:
    """A field that names other things, by their ids on the wire.

    In a document one of a single kind is its name, one of several ``{kind: name}``. ``wrap`` is the key around each on the wire, ``types`` the
    ``type`` beside the id there, by kind; without any the id stands alone. ``by`` is the field that is the id here, where that is another one
    than that of its address.
    """

    kinds: tuple[str, ...]
    wrap: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    by: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of thing. Paths of fields are without indexes: ``schedule_layers.users``.

    In addresses a kind's name in braces is the id of the parent of that kind, another word a variable of the API (``{account}``).
    """

    section: str
    """Its key in a document; that of a kind with a parent stands in the parent's body."""
    path: str
    """Where all of it is, and where one is made."""
    wrap: str = ""
    """The key around one in a request and an answer."""
    rows: str = ""
    """The key around many."""
    rows_at: str = ""
    """Where its list is, where that is not ``path``."""
    one: str = ""
    """Where one is, ``{id}`` is its own; below ``path`` unless said."""
    identity: str = "name"
    """The field that is its name in a document."""
    also: tuple[str, ...] = ()
    """Fields that name it with ``identity``: a name is the words of all; the last one may be left out where the rest is enough."""
    id: str = "id"
    """The field that is the server's own id of it."""
    by_name: bool = False
    """Whether its name is its id, and writing there makes it; then a body does not say it."""
    of: str = ""
    """The kind of what has its name as well, where it is about that: what a team may do in something has the team's name."""
    alone: bool = True
    """Whether one can be read alone, and not only in the list."""
    asks: Mapping[str, str] = field(default_factory=dict)
    """What its list is asked with."""
    any_case: bool = False
    """Whether its names are the same in any case; then they are written in small letters."""
    parent: str = ""
    nested: str = ""
    """The key of the parent's answer that lists it, where it has no list of its own."""
    listed: bool = True
    """Whether there is a list of it at all."""
    way: Way | None = None
    """How that list goes on, where it is in another way than those of the API."""
    names: tuple[str, ...] = ()
    """What its names may be, where the API has a fixed number of them."""
    find: str = ""
    """The parameter by which its list is narrowed to a name."""
    gathers: str = ""
    """The field that holds a list which stands alone where one is: all of it is read and written as one."""
    detail: bool = False
    """Whether its list lacks fields that reading one gives."""
    written: bool = True
    deletable: bool = True
    empty: Mapping[str, Any] = field(default_factory=dict)
    """Fields of one that counts as none: what is written where it should go and cannot be deleted."""
    update: str = "PUT"
    """The verb of a change: PUT sends the whole, over what is there, PATCH what is declared."""
    guard: Mapping[str, str] = field(default_factory=dict)
    """Parameters of a change by which the server refuses it where another came first, and the field of what is there that each has."""
    later: frozenset[str] = frozenset()
    """Fields that only a change may say: they are written right after it was made."""
    first: str = ""
    """What below its ``path`` is read before each write, for ``body``: a key to seal it with."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Python modules that its hooks want beyond those of the collection, and the package that has each."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    """What every request says of it."""
    mark: str = ""
    """The text that bears whose it is."""
    refs: Mapping[str, Ref] = field(default_factory=dict)
    after: frozenset[str] = frozenset()
    """Kinds that are written before it although no field names one: the server looks for what fits."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """What tells the items of a list apart, by its path."""
    unordered: frozenset[str] = frozenset()
    """Lists whose order says nothing."""
    forms: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    restarts: Mapping[str, Impact] = field(default_factory=dict)
    removal: Impact = Impact.DISRUPTIVE
    row: Callable[[Json, str], Json | None] = lambda answer, place: answer
    """The row in an answer to a request for one, where its shape is the kind's own; none where that says that there is none."""
    live: Callable[[Json], Json] = lambda row: row
    """What is compared of a row."""
    body: Callable[[Json, Json], Json] = lambda wire, row: wire
    """What is sent, over the row that is there (empty where none is), with what was read ``first``."""

    @property
    def placed(self) -> bool:
        """Whether its name is where it is."""
        return self.by_name or self.id == self.identity

    def named(self, name: Any) -> str:
        """A name in the form in which it is compared."""
        return str(name).lower() if self.any_case else str(name)

    def at(self, place: str) -> str:
        """Where the one with this place is; without one where it is made."""
        return (self.one or f"{self.path}/{{id}}") if place else self.path

    def said_by(self, name: str) -> Json:
        """The fields that a name stands for."""
        words = name.split(" ", len(self.also)) if self.also else [name]
        return dict(zip((self.identity, *self.also), words, strict=False))

    def called(self, row: Mapping[str, Any]) -> str:
        """The name of a row, without what it may leave out; empty where the row says none."""
        return " ".join(self.named(row[name]) for name in (self.identity, *self.also[:-1]) if row.get(name) is not None)

    def stands_for(self, name: str, row: Mapping[str, Any]) -> bool:
        """Whether a name is that of a row."""
        return all(self.named(row.get(field)) == said for field, said in self.said_by(name).items())

    def traits(self, description: Mapping[str, Any]) -> Traits:
        """What the loop knows of it."""
        fields = description["properties"]
        return Traits(
            fixed=self.fixed,
            replaceable=bool(self.fixed) and self.deletable,
            unseen=frozenset(name for name, said in fields.items() if said.get("writeOnly")),
            restarts=self.restarts,
            defaults={name: said["default"] for name, said in fields.items() if "default" in said},
            removal=self.removal,
            removable=self.deletable or bool(self.empty),
            written=self.written,
        )


@dataclass(frozen=True)
class Api:
    """One API. ``kinds`` by name, ``pages`` how lists go on, of the address of the API."""

    name: str
    kinds: Mapping[str, Kind]
    pages: Callable[[str], Way]
    authorization: str
    """The header; ``{token}`` stands for the token."""
    described: Mapping[str, Mapping[str, Any]]
    """The fields of each kind, as our own description says them."""
    headers: Mapping[str, str] = field(default_factory=dict)
    envelope: str = ""
    """The key around whatever an answer says."""
    logs_in: bool = False
    """Whether ``user:password`` is taken in the place of a token, which has no colon."""
    patience: float = 60.0
    """Seconds in which a request is tried again: more than the server tells who asks too often to wait."""
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What a document has to say of whose account it is about, as schemas by name; words of addresses."""

    def authorized(self, token: str) -> str:
        """The header for a token, or for a user and the password (RFC 7617)."""
        if self.logs_in and ":" in token:
            return f"Basic {base64.b64encode(token.encode()).decode()}"
        return self.authorization.format(token=token)

    def stages(self) -> tuple[str, ...]:
        """Kinds in the order of writes: what others name, lie in or have to find comes first."""
        first = {
            name: {kind.parent, kind.of, *kind.after, *(one for ref in kind.refs.values() for one in ref.kinds)} - {"", name}
            for name, kind in self.kinds.items()
        }
        return tuple(graphlib.TopologicalSorter(first).static_order())
