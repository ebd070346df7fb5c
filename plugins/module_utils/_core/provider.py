# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What one kind of API is to the loop: how it is read, named, written. What it does not say has an answer that holds for most."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Generic

from .compare import Fields, Finding, Thing, Traits
from .record import Entry, Json


class Provider(ABC, Generic[Thing]):
    """One server or account. Methods that ask it raise GantryError."""

    scope = ""
    """What the changes belong to: their ``set`` in a result."""
    stages: Sequence[str] = ()
    """The order of writes; within a stage by depth, what has one depth in parallel."""
    reveals: Collection[str] = ()
    """Stages behind which everything is looked at once more, because only what they made says what the rest may be."""
    exclusive = True
    """Whether a thing that another owner has on record is not ours to take."""
    may_write: Callable[[], None] = staticmethod(lambda: None)
    """Asked right before each try of a request that changes something; the loop sets it to its lock."""

    # reading

    def forget(self) -> None:
        """What was read is old: another run had the lock meanwhile."""

    @abstractmethod
    def observe(self, resources: Sequence[Thing], entries: Mapping[str, Entry]) -> None:
        """Read what many resources share: first what the record has a place of, then lists for the rest. Called again after writes."""

    @abstractmethod
    def identity(self) -> Any:
        """Which server or account this is, once it was observed: a part of every digest."""

    @abstractmethod
    def live(self, resource: Thing) -> Json | None:
        """Its fields on the server, in names; none where it is not there."""

    def ours(self, owner: str, resources: Sequence[Thing]) -> Iterable[tuple[str, Entry]]:
        """Things that bear this owner's mark, for when the record is missing; an empty id where a mark does not say which one it is."""
        return ()

    def foreign(self, known: Collection[str], thorough: bool) -> Iterable[str]:
        """Ids of what is there beside the declared, and not among those, which are folded.

        ``thorough`` is for who only wants to know: then lists are read for it that nothing else needs.
        """
        return ()

    def requests(self) -> dict[str, int]:
        """How many were sent, by method."""
        return {}

    # what it is

    @abstractmethod
    def traits(self, kind: str) -> Traits:
        """All that the loop has to know of a kind."""

    @abstractmethod
    def fields(self, resource: Thing) -> Fields:
        """What may be written of it."""

    def compared(self, resource: Thing, declared: Json, live: Json) -> tuple[Json, Json]:
        """Both sides in the form in which they are compared; of the live one only what the declared one speaks of matters."""
        return declared, live

    def place(self, resource: Thing) -> str:
        """The server's own id of it, where it has another one than its name and is there."""
        return ""

    def holder(self, resource: Thing) -> str:
        """The owner whose mark it bears on the server; empty where it bears none."""
        return ""

    def former(self, resource: Thing, live: Json) -> Json:
        """What has to be written to have back what is about to be replaced."""
        return live

    # names

    def folded(self, id_: str) -> str:
        """Equal for ids that the server takes for the same thing."""
        return id_

    def recorded_as(self, id_: str) -> str:
        """Equal for ids that may stand for the same thing in a record, earlier spellings among them."""
        return self.folded(id_)

    @abstractmethod
    def recorded(self, id_: str, entry: Entry) -> Thing | None:
        """A thing of which only the record is known; none where it is of a kind that is not."""

    def stage_of(self, kind: str, id_: str) -> tuple[str, int]:
        """When a thing is written, as stage and depth: of what is only in the record nothing else is known."""
        return kind, 0

    def called(self, resource: Thing) -> str:
        """How people name it where it may be removed by name only."""
        return resource.id

    def spoken_for(self, resource: Thing, declared: Mapping[str, Thing]) -> bool:
        """Whether its parent, which is declared no longer, speaks for what nobody declares below it."""
        parent = declared.get(resource.parent)
        return bool(resource.parent) and (parent is None or parent.body is None)

    def within(self, id_: str, entries: Mapping[str, Entry]) -> list[str]:
        """What of the record lies in this one, and is gone with it."""
        found: list[str] = []
        parents = {id_}
        while parents:
            below = [one for one, entry in entries.items() if entry.parent in parents and one not in found]
            found, parents = found + below, set(below)
        return found

    # what one needs of another

    def needs(self, resource: Thing) -> Iterable[str]:
        """Ids of what it names: each has to be declared or there."""
        return ()

    def there(self, id_: str) -> bool:
        """Whether the server has it. Asked of what is needed and not declared as well."""
        return True

    def alike(self, id_: str) -> Iterable[str]:
        """Ids of its kind on the server: what may have been meant."""
        return ()

    def waits_for(self, resource: Thing, created: Collection[str]) -> str:
        """Why the server cannot judge a change of it yet; empty where it can. ``created`` are ids that this run makes."""
        first = sorted((set(self.needs(resource)) & set(created)) - {resource.id})
        return f"it names {', '.join(first)}, which this run makes" if first else ""

    # planning

    def problems(self, resources: Sequence[Thing]) -> Iterable[str]:
        """What of the declared the server in use does not know, each with its place."""
        return ()

    def refusals(self, findings: Sequence[Finding[Thing]]) -> Iterable[str]:
        """What the server would refuse in the middle of a run, each with its place and a cure."""
        return (finding.conflict for finding in findings if finding.conflict)

    def warnings(self, findings: Sequence[Finding[Thing]]) -> Iterable[str]:
        """What is allowed and looks wrong."""
        return ()

    # writing

    def holds_record(self, resource: Thing) -> bool:
        """Whether the record lies in it, so that it comes before the lock."""
        return False

    def was_first(self, error: Exception) -> bool:
        """Whether a write failed only because another run made the same thing."""
        return False

    @abstractmethod
    def write(self, resource: Thing, body: Json, live: Json | None, changed: set[str]) -> list[str]:
        """Make it so, by the ids that the names in ``body`` have now; what the server said about it. ``live`` is none where it is made."""

    @abstractmethod
    def remove(self, resource: Thing, place: str) -> None:
        """Remove it; ``place`` is where the server had it when it was planned."""
