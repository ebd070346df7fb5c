# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One object that is not provably right: what would an apply change? The server answers, by a dry run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.change import Action, Holder
from ..._core.diff import ABSENT, Difference, differences
from ..._core.pod_security import ENFORCE
from ..form.fields import Path, entries_of, leaves, own_entry, owned, text, value_at
from ..form.foreign import is_bookkeeping, lost
from ..form.kinds import Kind, Ref
from ..observe.subject import Subject
from ..resolve.requests import ReconcileRequest
from ..wire.client import KubeClient
from ..wire.errors import ApiError
from .alone import declared_alone
from .immutable import immutable_changes, is_named, learnt
from .proof import is_empty
from .undo import locate, removals, taken_places, to_take_out

_NOISE = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink", "deletionTimestamp")
_ALLOCATED = ("spec.clusterIP", "spec.clusterIPs", "spec.healthCheckNodePort")
_POD_SECURITY = re.compile(r'would violate PodSecurity "([a-z]+):')
_UNTOLD = "changed by somebody whom managedFields do not name"
_NOBODY = "before-first-apply"


@dataclass
class Finding:
    """What an apply of one object would do. ``problem`` is why it cannot be done; ``action`` none means nothing to do."""

    subject: Subject
    action: Action | None = None
    changes: list[Difference] = field(default_factory=list)
    reason: str = ""
    problem: str = ""
    force: bool = False
    verified: bool = True
    refusal: ApiError | None = None
    """What the server said to the dry run, where that is why it cannot be done."""
    awaited: bool = False
    """Refused now by what this run changes: it is asked again, until it is taken, before it is written."""
    meant: Action = Action.CREATE
    """What an apply would be, were it not refused."""
    replaced: list[str] = field(default_factory=list)
    forbidden: bool = False
    """``problem`` is a right that this identity lacks."""
    live: dict[str, Any] | None = None
    taken_out: list[str] = field(default_factory=list)
    """Paths of what others added and what goes away."""
    former: list[Mapping[str, Any]] = field(default_factory=list)
    """managedFields entries of managers whose ownership is taken over."""
    held_by: tuple[Holder, ...] = ()
    """Who else holds declared fields."""
    contested: set[str] = field(default_factory=set)
    """Managers whose values this run was not told to replace: with one of them the object stays as it is."""

    @property
    def writes(self) -> bool:
        """Whether a run does anything about it."""
        return self.action is not None and self.action.writes


def bare(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document without status and what the server keeps for itself."""
    metadata = {key: value for key, value in document["metadata"].items() if key not in _NOISE}
    return {**{key: value for key, value in document.items() if key != "status"}, "metadata": metadata}


def examine_existing(
    client: KubeClient, subject: Subject, request: ReconcileRequest, action: Action, enforced: Mapping[str, str]
) -> Finding:
    """GET and dry-run apply of an object that exists."""
    finding = Finding(subject, meant=action)
    live = client.find(subject.path)
    if live is None:
        finding.action, finding.reason = Action.CREATE, "gone since the lists were read"
        return finding
    finding.live = live
    finding.former = [entry for entry in entries_of(live["metadata"], request.adopt) if not entry.get("subresource")]
    body = {**subject.body, "metadata": {**subject.body["metadata"], "uid": live["metadata"]["uid"]}}
    try:
        answer = _dry_run(client, subject, body, request, finding, enforced)
    except ApiError as error:
        _refused(client, finding, live, error, request)
        return finding
    if answer is None:
        return finding
    if not live["metadata"].get("managedFields"):
        # Nobody is known to have written it: what is there goes to a manager of the server's own making when we apply.
        finding.former = [entry for entry in entries_of(answer["metadata"], request.adopt) if entry.get("manager") == _NOBODY]
    owned_now = owned(own_entry(live["metadata"], request.manager))
    finding.changes = [d for d in differences(bare(live), bare(answer)) if not _is_seed(subject, d.path) and not _is_kept_book(subject, d)]
    own_changes = bool(finding.changes)
    given_up = _given_up(client, request, subject, live, answer, finding.former)
    finding.changes += given_up
    if not _take_out(client, finding, live, request):
        return finding
    desired_leaves = owned(own_entry(answer["metadata"], request.manager))
    held = lost(desired_leaves, live["metadata"], request.manager)
    _judge_holders(finding, held, request)
    handing_over = bool(owned_now & {seed.segments for seed in subject.seeds})
    # What the document leaves empty claims nothing: others fill it, and the claim is lost with that.
    missing = {path for path in desired_leaves - owned_now if not is_empty(value_at(subject.body, path))}
    if finding.changes:
        finding.action = action
        untold = subject.entry is not None and bool(subject.entry.value) and subject.entry.desired == subject.desired_digest and not held
        told = [_UNTOLD if untold and own_changes and action is Action.UPDATE else _by_others(held)]
        told += [f"takes away {_first(paths)}" for paths in ([one.path for one in given_up], finding.taken_out) if paths]
        finding.reason = "; ".join(filter(None, told))
    elif finding.former:
        finding.action, finding.reason = Action.ADOPT, "ownership" if not held else f"ownership, {_by_others(held)}"
    elif missing or handing_over:
        # Where nothing is owned there is no entry to be had: an object with nothing but a name is right as it is.
        finding.action, finding.reason = action, f"ownership, {_by_others(held)}" if held and action is Action.ADOPT else "ownership"
    if finding.contested:
        finding.action = Action.CONFLICT
    return finding


def _judge_holders(finding: Finding, held: Mapping[Path, tuple[str, str]], request: ReconcileRequest) -> None:
    """Who else holds what would change, and which of them nobody said to take it from, by name or by place."""
    changed = [change.path for change in finding.changes]
    by: dict[tuple[str, str], list[str]] = {}
    for path, holder in sorted(held.items()):
        if holder[0] not in request.helpers and (not changed or any(_below(one, text(path)) or _below(text(path), one) for one in changed)):
            by.setdefault(holder, []).append(text(path))
    finding.held_by = tuple(Holder(manager, time, tuple(paths)) for (manager, time), paths in sorted(by.items()))
    places = taken_places(request).get(finding.subject.ref.id, set())
    # A conflict of which managedFields do not tell the place is taken by name alone.
    finding.contested -= {
        one.manager for one in finding.held_by if all(any(_below(path, place) for place in places) for path in one.fields)
    }


def examine_unasked(client: KubeClient, subject: Subject, kind: Kind, action: Action) -> Finding:
    """GET of an object whose new version the server does not know yet: what differs is all that can be said of it."""
    finding = Finding(subject, action, verified=False, meant=action)
    finding.live = client.find(kind.path(subject.ref.namespace or None, subject.ref.name))
    if finding.live is None:
        finding.action = finding.meant = Action.CREATE
    else:
        finding.changes = plain_changes(finding.live, subject)
    return finding


def plain_changes(live: Mapping[str, Any], subject: Subject) -> list[Difference]:
    """What of the document differs from what is there, without the server's word for it."""
    return [d for d in differences(bare(live), bare(subject.body)) if d.after is not ABSENT and not _is_seed(subject, d.path)]


def examine_new(client: KubeClient, subject: Subject, request: ReconcileRequest, enforced: Mapping[str, str]) -> Finding:
    """Dry-run apply of an object that does not exist."""
    finding = Finding(subject, Action.CREATE)
    try:
        _dry_run(client, subject, subject.body, request, finding, enforced)
    except ApiError as error:
        finding.problem, finding.refusal, finding.forbidden = error.message, error, error.forbidden
    return finding


def pod_security_problem(warnings: Iterable[str], namespace_level: str) -> str:
    """A workload's pods would be refused: the warning that says so, where the level is the one that is enforced."""
    for warning in warnings:
        match = _POD_SECURITY.search(warning)
        if match and namespace_level == match.group(1):
            return warning
    return ""


def enforced_levels(namespaces: Mapping[str, Mapping[str, Any]], subjects: Mapping[Ref, Subject]) -> dict[str, str]:
    """The PodSecurity level that each namespace will enforce after this run."""
    found = {name: (metadata.get("labels") or {}).get(ENFORCE) or "" for name, metadata in namespaces.items()}
    for ref, subject in subjects.items():
        if ref.group_kind == "Namespace":
            found[ref.name] = (subject.body["metadata"].get("labels") or {}).get(ENFORCE) or found.get(ref.name, "")
    return found


def _dry_run(
    client: KubeClient, subject: Subject, body: Mapping[str, Any], request: ReconcileRequest, finding: Finding, enforced: Mapping[str, str]
) -> dict[str, Any] | None:
    try:
        answer, response = client.apply(subject.path, body, request.manager, dry_run=True)
    except ApiError as error:
        if not error.conflicts:
            raise
        contested = [conflict for conflict in error.conflicts if not _is_ours_to_take(subject, conflict, request)]
        managers = {conflict["manager"] for conflict in contested}
        finding.contested = set() if request.may_force(managers) else managers - request.taken
        finding.force = True
        answer, response = client.apply(subject.path, body, request.manager, force=True, dry_run=True)
    violation = pod_security_problem(response.warnings, enforced.get(subject.ref.namespace, ""))
    if violation:
        finding.problem = f"its pods would be refused: {violation}"
        return None
    return answer


def _take_out(client: KubeClient, finding: Finding, live: Mapping[str, Any], request: ReconcileRequest) -> bool:
    """What of others' additions goes away, as a dry run shows it. False where the server refuses that."""
    subject = finding.subject
    paths = to_take_out(subject, live["metadata"], request)
    operations = removals(live, paths)
    if not operations:
        return True
    try:
        cleared = client.json_patch(subject.path, operations, request.manager, dry_run=True)
    except ApiError as error:
        finding.problem = f"what others added cannot be taken out: {error.message}"
        return False
    finding.taken_out = [path for path in paths if locate(live, path) is not None]
    known = {change.path for change in finding.changes}
    finding.changes += [d for d in differences(bare(live), bare(cleared)) if d.path not in known and not _is_kept_book(subject, d)]
    return True


def _first(paths: list[str]) -> str:
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _refused(client: KubeClient, finding: Finding, live: Mapping[str, Any], error: ApiError, request: ReconcileRequest) -> None:
    subject = finding.subject
    paths = immutable_changes(subject.ref, live, subject.body, error)
    if not paths and is_named(subject.ref, request.replace_kinds):
        paths = learnt(client, subject, error, request.manager)
    if not paths:
        finding.problem, finding.refusal, finding.forbidden = error.message, error, error.forbidden
        return
    finding.replaced = paths
    finding.action = Action.REPLACE
    finding.verified = False
    finding.reason = f"{', '.join(paths)} cannot be changed in place"
    wanted = plain_changes(live, subject)
    # A cause may name what no path of the document leads to ("spec.persistentvolumesource"): then all that differs is shown.
    finding.changes = [d for d in wanted if any(_below(d.path, path) for path in paths)] or wanted


def _given_up(
    client: KubeClient,
    request: ReconcileRequest,
    subject: Subject,
    live: dict[str, Any],
    answer: Mapping[str, Any],
    former: list[Mapping[str, Any]],
) -> list[Difference]:
    """What goes away when former managers' fields become ours and our document does not have them; not what the server puts there again."""
    if not former:
        return []
    ids = [id(entry) for entry in former]
    kept: set[Path] = set()
    former_names = {entry.get("manager") for entry in former}
    for entry in answer["metadata"].get("managedFields") or []:
        if entry.get("manager") not in former_names or entry.get("subresource"):
            kept |= set(leaves(entry.get("fieldsV1") or {}))
    seeds = {seed.segments for seed in subject.seeds}
    gone = {path for entry in former if id(entry) in ids for path in leaves(entry.get("fieldsV1") or {})} - kept - seeds
    found = {path: value for path in sorted(gone) if (value := value_at(live, path)) is not None}
    try:
        alone = declared_alone(client, request.manager, subject, live) if found else {}
    except ApiError:
        alone = {}  # then nobody knows which of them are defaults, and all are shown
    return [Difference(text(path), value, ABSENT) for path, value in found.items() if value_at(alone, path) != value]


def _is_ours_to_take(subject: Subject, conflict: Mapping[str, str], request: ReconcileRequest) -> bool:
    """A field that another name of ours holds, or that we handed over and now declare again: whoever holds it has it from us."""
    if conflict["manager"] in (request.manager, *request.helpers):
        return True
    handed_now = {".".join(seed.path) for seed in subject.seeds}
    handed = set(subject.entry.handed if subject.entry else ()) - handed_now
    return any(_below(conflict["field"].lstrip("."), path) for path in handed)


def _by_others(held: Mapping[Path, tuple[str, str]]) -> str:
    if not held:
        return ""
    by: dict[tuple[str, str], list[str]] = {}
    for path, holder in sorted(held.items()):
        by.setdefault(holder, []).append(text(path))
    parts = []
    for (manager, time), paths in sorted(by.items()):
        parts.append(f"{_first(paths)} changed by {manager!r}" + (f" at {time}" if time else ""))
    return "; ".join(parts)


def _is_seed(subject: Subject, path: str) -> bool:
    if subject.ref.kind == "Service" and path in _ALLOCATED:
        return True
    return any(_below(path, ".".join(seed.path)) for seed in subject.seeds)


def _is_kept_book(subject: Subject, difference: Difference) -> bool:
    """A controller's bookkeeping that follows from a change: nobody declares it, nobody decides about it."""
    if not is_bookkeeping(subject.ref, difference.path):
        return False
    declared = differences({}, {"metadata": {"annotations": dict(subject.annotations)}})
    return difference.path not in {one.path for one in declared}


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith((prefix + ".", prefix + "["))
