# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One thing of an API, as declared and as it is: what differs, and what the record must say about what cannot be seen.

Both sides are in names: what the server knows by its own ids a provider has turned into names before.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from .canonical import digest
from .change import Action, Change, Impact
from .credentials import masked_text, masked_value
from .diff import ABSENT, differences
from .forms import empty, masked
from .record import Entry, Json, Record
from .redaction import CHANGED, SET, UNSET

NOT_ENDED = "a run that began to write it did not end"


@dataclass(frozen=True)
class Resource:
    """One thing that is declared. ``body`` holds its fields, none where it must be absent; ``where`` is its place in the document.

    ``id`` names it for good. ``secret_version`` counts up to have secrets written that look unchanged. ``parent`` is the id of what it
    lies in, ``stage`` and ``depth`` say when it is written.
    """

    id: str
    kind: str
    stage: str
    where: str
    body: Json | None
    secret_version: int = 0
    secrets: frozenset[str] = frozenset()
    depth: int = 0
    """Within its stage: what another one of it needs is written before."""
    parent: str = ""


Thing = TypeVar("Thing", bound=Resource)


@dataclass(frozen=True)
class Traits:
    """All that the loop knows of a kind."""

    fixed: frozenset[str] = frozenset()
    """Fields that are given once and cannot be changed."""
    replaceable: bool = False
    """Whether it may be made anew, where it is named, for a fixed field that differs."""
    replaced: bool = False
    """Whether a change of any field takes its place: its write does so."""
    unseen: frozenset[str] = frozenset()
    """Fields that the server never gives back as they are, whatever it says of them."""
    restarts: Mapping[str, Impact] = field(default_factory=dict)
    """Fields whose change is more than safe."""
    defaults: Mapping[str, Any] | None = None
    """What a field that is declared no longer goes back to; none where the kind keeps what nobody declares."""
    removal: Impact = Impact.DISRUPTIVE
    container: bool = False
    """Whether others put things into it: declared no longer it stays, as foreign, until it is named."""
    removable: bool = True
    """Whether the API can remove one at all."""
    written: bool = True
    """Whether it is ours to write; if not, it is only named and has to be there."""
    made_once: bool = False
    """Whether it keeps what it was made of: later changes of such fields are refused, not ignored."""
    ended_by_writing: bool = False
    """Whether the server may have it half made where a run was killed, and writing what is there already ends it."""
    protects: bool = False
    """Whether its secrets are root credentials, which this collection or the server rotates and nobody may put back."""


class Fields(Protocol):
    """What may be written of one thing, and in which form values are compared."""

    @property
    def item_keys(self) -> Mapping[str, str]:
        """The field that tells the items of a list of mappings apart, by the list's path."""

    def normal(self, name: str, value: Any, like: Any = None) -> Any:
        """``value`` of a field in the form in which two can be compared; ``like`` is the other one."""

    def default(self, name: str) -> Any:
        """What a field is that nobody sets; ``ABSENT`` where the server does not say."""


@dataclass
class Finding(Generic[Thing]):
    """What comparing came to. ``body`` holds resolved secrets and must not be shown.

    ``changed`` are the fields to write, ``kept`` those that are declared and must not be written. ``marks`` belong into the record once the
    resource is as declared, ``place`` as well: it is where the server has it. ``anew`` says that what is there has to go first.
    """

    resource: Thing
    body: Json
    live: Json | None
    change: Change | None = None
    changed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    conflict: str = ""
    place: str = ""
    half_made: bool = False
    anew: bool = False

    @property
    def writes(self) -> bool:
        """Whether the resource itself is written; an entry without any field is as well."""
        return self.half_made or (self.change is not None and self.change.action in (Action.CREATE, Action.UPDATE, Action.REPLACE))


@dataclass(frozen=True)
class Subject(Generic[Thing]):
    """How one resource is compared: its kind's traits, its fields, what of ``body`` is compared, where the server has it."""

    resource: Thing
    traits: Traits
    fields: Fields
    scope: str
    compared: tuple[Json, Json]
    """The declared and the live side in the form in which both are compared."""
    place: str = ""
    reset: bool = False
    """Whether its root credential was named to be written."""
    replace: bool = False
    """Whether it was named to be made anew."""
    unknown: Container[str] = ()
    """Fields whose reference cannot be resolved yet."""


def examine(subject: Subject[Thing], body: Json, live: Json | None, record: Record) -> Finding[Thing]:
    """Compare. ``body`` is the declared one with its secrets resolved."""
    found = Finding(subject.resource, body, live, place=subject.place)
    if not subject.traits.written:
        if live is None:
            found.conflict = f"config.{subject.resource.where}: there is no {subject.resource.id}, and this collection makes none"
    elif live is None:
        found.changed = set(body)
        found.change = _creation(found, subject.scope)
    else:
        comparison = _Comparison(found, subject, record)
        comparison.run()
        found.change = comparison.change()
    return found


def given_up(resource: Resource, traits: Traits, entry: Entry | None) -> tuple[Json, list[str]]:
    """Fields that were declared and no longer are: what they go back to, and what is said of those that stay."""
    back: Json = {}
    warnings = []
    for name in entry.fields if entry and traits.defaults is not None else ():
        if name in (resource.body or {}):
            continue
        if traits.defaults and name in traits.defaults:
            back[name] = traits.defaults[name]
        else:
            warnings.append(f"{resource.id}: {name} is declared no longer, and stays as it is")
    return back, warnings


def removal(resource: Resource, live: Json | None, traits: Traits, scope: str, reason: str = "") -> Change | None:
    """The change that removes it, or none where it is not there."""
    if live is None:
        return None
    return Change(resource.id, Action.DELETE, traits.removal, reason=reason, scope=scope, before={}, after={}, fingerprint=resource.id)


def kept(change: Change, reason: str) -> Change:
    """The same, wanted and not to be done."""
    return Change(change.id, Action.BLOCKED, reason=reason, scope=change.scope, before={}, after={}, fingerprint=change.id)


def _creation(found: Finding[Thing], scope: str) -> Change:
    resource = found.resource
    # No marks of secrets in the fingerprint: those of a record that is not there yet have another key each time.
    after = {name: SET if name in resource.secrets else value for name, value in sorted(found.body.items())}
    return Change(resource.id, Action.CREATE, fields=tuple(after), before={}, after=after, scope=scope, fingerprint=digest(after))


class _Comparison:
    """The fields of one resource that is there."""

    def __init__(self, found: Finding[Any], subject: Subject[Any], record: Record) -> None:
        self._found = found
        self._subject = subject
        self._resource = found.resource
        self._traits = subject.traits
        self._fields = subject.fields
        self._record = record
        self._entry = record.entries.get(found.resource.id)
        self._before: Json = {}
        self._after: Json = {}
        self._prints: Json = {}
        self._reasons: list[str] = []
        self._verified = True

    def run(self) -> None:
        """Every declared field."""
        declared, live = self._subject.compared
        for name, value in declared.items():
            have = live.get(name, ABSENT)
            secret = name in self._resource.secrets
            if name not in self._traits.unseen and have is not ABSENT and not masked(have) and not (secret and empty(have)):
                self._seen(name, value, have, secret)
            elif secret or name in self._traits.unseen or not self._counts_as_left_out(name, value):
                self._unseen(name, value, secret)

    def change(self) -> Change | None:
        """What has to be done, or none."""
        found, resource = self._found, self._resource
        if found.changed:
            replaced = self._traits.replaced or found.anew
            return Change(
                resource.id,
                Action.REPLACE if replaced else Action.UPDATE,
                self._impact(replaced),
                tuple(dict.fromkeys([*self._before, *self._after])),
                "; ".join(dict.fromkeys(self._reasons)),
                self._before,
                self._after,
                self._verified,
                self._subject.scope,
                digest(self._prints),
            )
        first = self._not_ours_yet()
        if first:
            found.half_made = self._entry is not None and self._traits.ended_by_writing
            reason = "; ".join(dict.fromkeys([first, *self._reasons]))
            return Change(resource.id, Action.ADOPT, reason=reason, scope=self._subject.scope, before={}, after={}, fingerprint=resource.id)
        if found.kept:
            return Change(
                resource.id,
                Action.BLOCKED,
                fields=tuple(sorted(found.kept)),
                reason="; ".join(self._reasons),
                scope=self._subject.scope,
                before={},
                after={},
            )
        return None

    def _not_ours_yet(self) -> str:
        if self._entry is None:
            return "it is there already and is ours from now on"
        if self._entry.pending:
            return NOT_ENDED
        return "another one stands there than the one that was recorded" if self._entry.place != self._subject.place else ""

    def _impact(self, replaced: bool) -> Impact:
        impacts = [self._traits.restarts.get(name, Impact.SAFE) for name in self._found.changed]
        impacts += [Impact.DISRUPTIVE] if replaced else []
        impacts += [self._traits.removal] if self._found.anew else []
        return max(impacts, key=lambda impact: impact.rank)

    def _seen(self, name: str, value: Any, have: Any, secret: bool) -> None:
        want, has = self._fields.normal(name, value, have), self._fields.normal(name, have, value)
        if want == has or (empty(want) and empty(has)):
            return
        if name in self._traits.fixed:
            if not self._subject.replace:
                self._found.conflict = f"{self._resource.id}: {name} is {masked_value(has)!r} and cannot be changed to "
                self._found.conflict += f"{masked_value(want)!r}; {self._way_out()}"
                return
            self._found.anew = True
            self._reasons.append(f"{name} cannot be changed, so it is removed and made anew")
        self._found.changed.add(name)
        if secret:
            self._show(name, SET, CHANGED)
        else:
            for difference in differences(has, want, name, self._fields.item_keys):
                self._show(difference.path, difference.before, difference.after)
        self._prints[name] = self._record.mark(self._resource.id, name, value, self._resource.secret_version) if secret else want

    def _way_out(self) -> str:
        if self._traits.replaceable:
            return f"to have it removed and made anew name {self._resource.id} in replaceable"
        return "take another path, or remove the one that is there by name"

    def _unseen(self, name: str, value: Any, secret: bool) -> None:
        """A field that the server does not give back: only the record knows."""
        id_, entry = self._resource.id, self._entry or Entry(self._resource.kind)
        shown = CHANGED if secret else value
        if name in self._subject.unknown:
            self._verified = False
            self._reasons.append(f"what {name} refers to is not there yet")
            self._write(name, SET, shown)
            return
        mark = self._record.mark(id_, name, value, self._resource.secret_version)
        # What is known of one that is gone says nothing of what stands there now.
        known = entry.marks.get(name) if entry.place == self._subject.place else None
        self._found.marks[name] = mark
        root = self._traits.protects and secret
        rotated = root and (entry.rotated or id_ in self._record.renewing)
        if entry.pending and not self._traits.made_once and not rotated:
            self._reasons.append(NOT_ENDED)
            self._write(name, UNSET if secret else ABSENT, shown)
        elif root:
            self._root(name, known, mark, entry)
        elif known is None and self._traits.made_once:
            return
        elif known is None:
            self._verified = False
            self._reasons.append(f"the server does not give back {name}, and nothing says what it was set to")
            self._write(name, SET if secret else ABSENT, shown)
        elif known != mark and self._traits.made_once:
            self._found.conflict = f"{id_}: {name} was said when it was made and cannot be changed; make another one beside it"
        elif known != mark:
            self._write(name, SET if secret else ABSENT, shown)

    def _root(self, name: str, known: str | None, mark: str, entry: Entry) -> None:
        """A root credential: once it may have been rotated, the declared one would lock everybody out."""
        renewing = self._resource.id in self._record.renewing
        if self._subject.reset and (known is None or entry.rotated or renewing or known != mark):
            self._write(name, SET, CHANGED)
        elif known is None:
            self._found.kept.add(name)
            self._reasons.append(
                f"{name} stays as it is: it may have been rotated since. To write the declared one name the path in reset_root"
            )
        elif known != mark and (entry.rotated or renewing):
            self._found.kept.add(name)
            self._found.marks[name] = known
            when = f"at {entry.rotated}" if entry.rotated else "perhaps, by a run that did not end,"
            self._reasons.append(f"{name} was rotated {when} and is not put back. To write the declared one name the path in reset_root")
        elif known != mark:
            self._write(name, SET, CHANGED)

    def _write(self, name: str, before: Any, after: Any) -> None:
        self._found.changed.add(name)
        self._show(name, before, after)
        self._prints[name] = self._found.marks.get(name, "")

    def _show(self, path: str, before: Any, after: Any) -> None:
        # What was set by hand may hold what nobody may declare.
        path = masked_text(path)
        if before is not ABSENT:
            self._before[path] = masked_value(before)
        if after is not ABSENT:
            self._after[path] = masked_value(after)

    def _counts_as_left_out(self, name: str, value: Any) -> bool:
        """The server leaves out what is empty, and says nothing of what is as it would be anyway."""
        normal, default = self._fields.normal(name, value), self._fields.default(name)
        return empty(normal) if default is ABSENT else bool(normal == self._fields.normal(name, default))
