# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Objects that somebody else applies, an administrator: compared by reading alone, shown in the plan, and refused before the first write.

No dry run: that would need the very rights that the deployer must not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.change import Action, Change
from ..._core.diff import ABSENT, Difference
from ..._core.errors import RefusedError
from ..._core.words import listed
from ..form.builtin import CLUSTER_SCOPED, RBAC
from ..form.kinds import Ref
from ..form.quantity import amount
from ..observe.observed import Observed, live_label
from ..observe.subject import Subject
from ..resolve.requests import Administered
from ..wire.client import KubeClient
from ..wire.errors import ApiError
from .examine import Finding, bare

_MOST_NAMED = 20
_MOST_RIGHTS = 4
WHOSE = "an administrator's"
_KEPT = {"automountServiceAccountToken", "allowPrivilegeEscalation", "readOnlyRootFilesystem", "runAsNonRoot"}
"""Fields whose false the server keeps: where it is gone, somebody took it away."""


def examine_read_only(client: KubeClient, subject: Subject, why: str) -> Finding:
    """What an administrator's apply would change, by what is declared and what is there."""
    reason = f"{WHOSE}: {why or 'the access of the deployer'}"
    if subject.live is None:
        return Finding(subject, Action.CREATE, reason=reason, verified=False)
    try:
        live = client.find(subject.path)
    except ApiError as error:
        if error.status != 403:
            raise
        return Finding(subject)  # what this identity may not read it cannot call different
    if live is None:
        return Finding(subject, Action.CREATE, reason=reason, verified=False)
    finding = Finding(subject, live=live)
    strict = subject.ref.kind in CLUSTER_SCOPED or subject.ref.group == RBAC
    label = bare(subject.body)["metadata"].get("labels") or {}
    moved = subject.record is not None and live_label(live["metadata"]) != subject.record.id
    wanted = bare(subject.body)
    if moved:
        own = {key: value for key, value in label.items() if key != "applyset.kubernetes.io/part-of"}
        wanted = {**wanted, "metadata": {**wanted["metadata"], "labels": own}}
    finding.changes = list(_missing(wanted, bare(live), "", strict))
    if finding.changes or moved:
        finding.action = Action.ADOPT if moved else Action.UPDATE
        finding.reason, finding.verified = reason + _rights(subject.body, live), False
    return finding


def _rights(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> str:
    """Which rights a role lacks or has too many, in words."""
    if wanted["kind"] not in ("Role", "ClusterRole"):
        return ""
    declared, held = (_expanded(role.get("rules") or []) for role in (wanted, live))
    parts = [f"{word} {_said(rights)}" for word, rights in (("lacks", declared - held), ("has too much:", held - declared)) if rights]
    return f"; it {' and '.join(parts)}" if parts else ""


def _expanded(rules: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for rule in rules:
        names = "".join(f" {name}" for name in sorted(rule.get("resourceNames") or ()))
        what = [
            f"{resource}.{group}" if group else resource
            for group in rule.get("apiGroups") or ()
            for resource in rule.get("resources") or ()
        ]
        found |= {(f"{one}{names}", verb) for one in [*what, *(rule.get("nonResourceURLs") or ())] for verb in rule.get("verbs") or ()}
    return found


def _said(rights: set[tuple[str, str]]) -> str:
    by_object: dict[str, list[str]] = {}
    for what, verb in sorted(rights):
        by_object.setdefault(what, []).append(verb)
    shown = [f"{', '.join(verbs)} {what}" for what, verbs in by_object.items()]
    return "; ".join(shown[:_MOST_RIGHTS]) + (f" and {len(shown) - _MOST_RIGHTS} more" if len(shown) > _MOST_RIGHTS else "")


def unreadable(subject: Subject, observed: Observed) -> bool:
    """A Secret in a namespace that this identity does not enter: nothing can be said of it."""
    return subject.desired.is_secret and subject.ref.namespace in observed.shut


def leftovers(observed: Observed, sets: Iterable[str], wanted: Mapping[Ref, Any]) -> list[tuple[Ref, str]]:
    """(object, set) of what an administrator applied and nobody declares any more."""
    return [
        (ref, name)
        for name in sorted(sets)
        for ref in (observed.records[name].objects if name in observed.records else ())
        if ref not in wanted and (live := observed.metadata.get(ref)) is not None and live_label(live) == observed.records[name].id
    ]


def guard_administered(changes: Iterable[Change], administered: Administered) -> None:
    """Refuse the plan where an administrator must act first. Raises RefusedError with objects, reasons and the command."""
    waiting = [change for change in changes if change.scope in administered.sets and change.action is not Action.DELETE]
    if not waiting or not administered.refuse:
        return
    lines = [f"  {change.action.value} {change.id}: {change.reason}{_fields(change)}" for change in waiting]
    more = [f"  and {len(lines) - _MOST_NAMED} more"] if len(lines) > _MOST_NAMED else []
    raise RefusedError(
        f"{len(waiting)} object(s) that only an administrator may apply are not as declared; nothing was written.\n"
        + listed([*lines[:_MOST_NAMED], *more, *([administered.cure] if administered.cure else [])]),
        refused=[change.as_result() for change in waiting],
    )


def _fields(change: Change) -> str:
    return f" ({', '.join(change.fields[:3])}{' …' if len(change.fields) > 3 else ''})" if change.fields else ""


def _missing(wanted: Any, live: Any, path: str, strict: bool) -> Iterable[Difference]:
    """What is declared and is not there, or otherwise. Defaults that the server added are no difference.

    ``strict``: nor may a list have more than is declared; otherwise members with names are looked up by them.
    """
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        for key, value in wanted.items():
            inner = f"{path}.{key}" if path else str(key)
            if key not in live:
                if key in _KEPT or value not in ({}, [], None, "", False, 0):
                    yield Difference(inner, ABSENT, value)
            else:
                yield from _missing(value, live[key], inner, strict)
    elif isinstance(wanted, list) and isinstance(live, list):
        names = [item.get("name") if isinstance(item, Mapping) else None for item in wanted]
        if not strict and wanted and all(names):
            by_name = {item.get("name"): item for item in live if isinstance(item, Mapping)}
            for name, item in zip(names, wanted, strict=True):
                yield from _missing(item, by_name.get(name, {}), f"{path}[name={name}]", strict)
        elif len(wanted) != len(live):
            yield Difference(path, live, wanted)
        else:
            for number, (one, other) in enumerate(zip(wanted, live, strict=True)):
                yield from _missing(one, other, f"{path}[{number}]", strict)
    elif not _same(wanted, live):
        yield Difference(path, live, wanted)


def _same(wanted: Any, live: Any) -> bool:
    return (
        bool(wanted == live)
        or (str(wanted) == str(live) and not isinstance(wanted, bool) and not isinstance(live, bool))
        or (amount(wanted) is not None and amount(wanted) == amount(live))
    )
