# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One resource, as declared and as it is: what differs, and what the record must say about what cannot be seen."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

from .._core.canonical import digest
from .._core.change import Action, Change, Impact
from .._core.credentials import masked_text, masked_value
from .._core.diff import ABSENT, differences
from .._core.forms import empty, masked
from .._core.redaction import CHANGED, SET, UNSET
from .._core.schema import Problem
from .._core.suggest import did_you_mean
from .client import Json
from .document import Resource
from .fields import Fields
from .kinds import KINDS, Kind
from .record import Entry, Record


@dataclass
class Finding:
    """What comparing came to. ``body`` holds resolved secrets and must not be shown.

    ``changed`` are the fields to write, ``kept`` those that are declared and must not be written. ``marks`` belong into the record once the
    resource is as declared.
    """

    resource: Resource
    body: Json
    live: Json | None
    change: Change | None = None
    changed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    marks: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    conflict: str = ""
    half_made: bool = False

    @property
    def writes(self) -> bool:
        """Whether the resource itself is written; an entry without any field is as well."""
        return self.half_made or (self.change is not None and self.change.action in (Action.CREATE, Action.UPDATE, Action.REPLACE))


def unknown_fields(resource: Resource, fields: Fields) -> list[Problem]:
    """Declared fields that the server in use does not know."""
    if not fields.known:
        return []
    known = sorted(fields.properties)
    return [
        Problem(
            (),
            f"config.{resource.where}.{name}: unknown to this server; {resource.path} takes {', '.join(known)}{did_you_mean(name, known)}",
        )
        for name in resource.body or {}
        if name not in fields.properties
    ]


def examine(
    resource: Resource, body: Json, live: Json | None, fields: Fields, record: Record, reset_root: Container[str], unknown: Container[str]
) -> Finding:
    """Compare. ``body`` is the declared one with its secrets resolved; of those in ``unknown`` the reference cannot be resolved yet."""
    kind = KINDS[resource.kind]
    found = Finding(resource, body, live)
    if live is None:
        found.changed = set(body)
        found.change = _creation(found)
        return found
    comparison = _Comparison(found, kind, fields, record, reset_root, unknown)
    comparison.run()
    found.change = comparison.change()
    return found


def removal(resource: Resource, live: Json | None, reason: str = "") -> Change | None:
    """The change that removes it, or none where it is not there."""
    if live is None:
        return None
    impact = KINDS[resource.kind].removal
    return Change(resource.path, Action.DELETE, impact, reason=reason, scope="vault", before={}, after={}, fingerprint=resource.path)


def _creation(found: Finding) -> Change:
    resource = found.resource
    # No marks of secrets in the fingerprint: those of a record that is not there yet have another key each time.
    after = {name: SET if name in resource.secrets else value for name, value in sorted(found.body.items())}
    return Change(resource.path, Action.CREATE, fields=tuple(after), before={}, after=after, scope="vault", fingerprint=digest(after))


class _Comparison:
    """The fields of one resource that is there."""

    def __init__(
        self, found: Finding, kind: Kind, fields: Fields, record: Record, reset_root: Container[str], unknown: Container[str]
    ) -> None:
        self._found = found
        self._resource = found.resource
        self._kind = kind
        self._fields = fields
        self._record = record
        self._entry = record.entries.get(found.resource.path)
        self._reset = found.resource.path in reset_root
        self._unknown = unknown
        self._before: Json = {}
        self._after: Json = {}
        self._prints: Json = {}
        self._reasons: list[str] = []
        self._verified = True

    def run(self) -> None:
        """Every declared field."""
        found = self._found
        declared, live = self._kind.compared(found.body), self._kind.compared(found.live or {})
        for name, value in declared.items():
            have = live.get(name, ABSENT)
            secret = name in self._resource.secrets
            if have is not ABSENT and not masked(have) and not (secret and empty(have)):
                self._seen(name, value, have, secret)
            elif secret or not self._counts_as_left_out(name, value):
                self._unseen(name, value, secret)

    def change(self) -> Change | None:
        """What has to be done, or none."""
        found, resource = self._found, self._resource
        if found.changed:
            replaced = resource.kind == "audit"
            return Change(
                resource.path,
                Action.REPLACE if replaced else Action.UPDATE,
                Impact.DISRUPTIVE if replaced else Impact.SAFE,
                tuple(dict.fromkeys([*self._before, *self._after])),
                "; ".join(dict.fromkeys(self._reasons)),
                self._before,
                self._after,
                self._verified,
                "vault",
                digest(self._prints),
            )
        if self._entry is None or self._entry.pending:
            found.half_made = self._entry is not None and self._kind.ended_by_writing
            first = "a run that began to write it did not end" if self._entry else "it is there already and is ours from now on"
            reason = "; ".join(dict.fromkeys([first, *self._reasons]))
            return Change(resource.path, Action.ADOPT, reason=reason, scope="vault", before={}, after={}, fingerprint=resource.path)
        if found.kept:
            return Change(
                resource.path,
                Action.BLOCKED,
                fields=tuple(sorted(found.kept)),
                reason="; ".join(self._reasons),
                scope="vault",
                before={},
                after={},
            )
        return None

    def _seen(self, name: str, value: Any, have: Any, secret: bool) -> None:
        want, has = self._fields.normal(name, value, have), self._fields.normal(name, have, value)
        if want == has or (empty(want) and empty(has)):
            return
        if name in self._kind.fixed:
            self._found.conflict = (
                f"{self._resource.path}: {name} is {masked_value(has)!r} and cannot be changed to {masked_value(want)!r}; "
                "take another path, or remove the one that is there by name"
            )
            return
        self._found.changed.add(name)
        if secret:
            self._show(name, SET, CHANGED)
        else:
            for difference in differences(has, want, name):
                self._show(difference.path, difference.before, difference.after)
        self._prints[name] = self._record.mark(self._resource.path, name, value, self._resource.secret_version) if secret else want

    def _unseen(self, name: str, value: Any, secret: bool) -> None:
        """A field that the server does not give back: only the record knows."""
        path, entry = self._resource.path, self._entry or Entry(self._resource.kind)
        shown = CHANGED if secret else value
        if name in self._unknown:
            self._verified = False
            self._reasons.append(f"what {name} refers to is not there yet")
            self._write(name, SET, shown)
            return
        mark = self._record.mark(path, name, value, self._resource.secret_version)
        known = entry.marks.get(name)
        self._found.marks[name] = mark
        if entry.pending and not self._kind.made_once:
            self._reasons.append("a run that began to write it did not end")
            self._write(name, UNSET if secret else ABSENT, shown)
        elif self._kind.protects_root and secret:
            self._root(name, known, mark, entry)
        elif known is None and self._kind.made_once:
            return
        elif known is None:
            self._verified = False
            self._reasons.append(f"the server does not give back {name}, and nothing says what it was set to")
            self._write(name, SET if secret else ABSENT, shown)
        elif known != mark and self._kind.made_once:
            self._found.conflict = f"{path}: {name} was said when it was made and cannot be changed; make another one beside it"
        elif known != mark:
            self._write(name, SET if secret else ABSENT, shown)

    def _root(self, name: str, known: str | None, mark: str, entry: Entry) -> None:
        """A root credential: once it may have been rotated, the declared one would lock everybody out."""
        if self._reset and (known is None or entry.rotated or self._resource.path in self._record.renewing or known != mark):
            self._write(name, SET, CHANGED)
        elif known is None:
            self._found.kept.add(name)
            self._reasons.append(
                f"{name} stays as it is: it may have been rotated since. To write the declared one name the path in reset_root"
            )
        elif known != mark and (entry.rotated or self._resource.path in self._record.renewing):
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
        normal = self._fields.normal(name, value)
        default = (self._fields.properties.get(name) or {}).get("default", ABSENT)
        return empty(normal) if default is ABSENT else bool(normal == self._fields.normal(name, default))
