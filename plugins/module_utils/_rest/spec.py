# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What an API over HTTP is, as data: its kinds, how they are found, named, paged and written. Contacts nothing."""

from __future__ import annotations

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

    In a document one of a single kind is its name, one of several ``{kind: name}``. ``wrap`` is the key around each on the wire.
    """

    kinds: tuple[str, ...]
    wrap: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of thing. Paths of fields are without indexes: ``schedule_layers.users``."""

    section: str
    """Its key in a document; that of a kind with a parent stands in the parent's body."""
    path: str
    """Where all of it is; ``{parent}`` is the parent's id."""
    wrap: str
    """The key around one in a request and an answer."""
    rows: str
    """The key around many."""
    identity: str = "name"
    """The field that is its name in a document."""
    any_case: bool = False
    """Whether its names are the same in any case; then they are written in small letters."""
    parent: str = ""
    nested: str = ""
    """The key of the parent's answer that lists it, where it has no list of its own."""
    find: str = ""
    """The parameter by which its list is narrowed to a name."""
    detail: bool = False
    """Whether its list lacks fields that reading one gives."""
    written: bool = True
    deletable: bool = True
    constants: Mapping[str, Any] = field(default_factory=dict)
    """What every request says of it."""
    mark: str = ""
    """The text that bears whose it is."""
    refs: Mapping[str, Ref] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    """What tells the items of a list apart, by its path."""
    unordered: frozenset[str] = frozenset()
    """Lists whose order says nothing."""
    forms: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    restarts: Mapping[str, Impact] = field(default_factory=dict)
    removal: Impact = Impact.DISRUPTIVE
    live: Callable[[Json], Json] = lambda row: row
    """What is compared of a row."""
    body: Callable[[Json, Json], Json] = lambda wire, row: wire
    """What is sent, over the row that is there (empty where none is)."""

    def named(self, name: Any) -> str:
        """A name in the form in which it is compared."""
        return str(name).lower() if self.any_case else str(name)

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
            removable=self.deletable,
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
    reference: str = ""
    """The ``type`` of a reference on the wire; ``{kind}`` stands for its kind."""

    def stages(self) -> tuple[str, ...]:
        """Kinds in the order of writes: what others name or lie in comes first."""
        found: list[str] = []

        def add(name: str) -> None:
            kind = self.kinds[name]
            for other in [kind.parent, *(one for ref in kind.refs.values() for one in ref.kinds)]:
                if other and other != name and other not in found:
                    add(other)
            if name not in found:
                found.append(name)

        for name in self.kinds:
            add(name)
        return tuple(found)
