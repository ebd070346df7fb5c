# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What is there now: metadata of every owned or desired object, in one LIST per kind."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._core.canonical import digest
from ..._core.concurrency import map_threads
from ..._core.errors import GantryError, InputError, UnreachableError
from ..form.kinds import Kind, Ref
from ..resolve.wanted import SetInput, Wanted
from ..wire.client import Document, KubeClient
from ..wire.discovery import Discovery
from ..wire.errors import ApiError
from .record import ID_LABEL, OWNER_LABEL, PART_OF, SetRecord, new_record, read_record, who_has

_SECRET = Kind("", "v1", "Secret", "secrets", True)
_NAMESPACE = Kind("", "v1", "Namespace", "namespaces", False)
_CRD = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", False)
_SELECTED_SETS = 100
"""Above this many sets the selector asks for the label alone and the sets are told apart here: URLs have limits."""
_SINGLE_GETS = 3
_SECRETS_ONE_BY_ONE = 12
"""Up to this many namespaces Secrets are listed in each, which a least-privileged identity may, and without a refusal in the audit
log. Above it one list of all is tried first."""
_EVER_WRITTEN = {"HorizontalPodAutoscaler.autoscaling", "PersistentVolumeClaim", "ResourceQuota"}
"""Kinds without a generation in whose status controllers write all the time."""
Metadata = dict[str, Any]


@dataclass
class Observed:
    """Live metadata by identity, namespaces that exist, and the records of all sets of this owner."""

    metadata: dict[Ref, Metadata] = field(default_factory=dict)
    namespaces: dict[str, Metadata] = field(default_factory=dict)
    records: dict[str, SetRecord] = field(default_factory=dict)
    orphans: list[SetRecord] = field(default_factory=list)
    """Sets of this owner that the run neither declares nor knows."""
    kinds: dict[tuple[str, str], Kind] = field(default_factory=dict)
    unreadable: dict[tuple[str, str], str] = field(default_factory=dict)
    """(group, kind) → why it cannot be read: nothing of such a kind may be called gone, and nothing of it is written."""
    shut: set[str] = field(default_factory=set)
    """Namespaces whose Secrets this identity may not read."""
    cluster_uid: str = ""
    whole: dict[Ref, Document] = field(default_factory=dict)
    """Objects of kinds that the cluster itself keeps writing to: read whole, since their metadata alone prove nothing."""

    def removed(self, names: Collection[str]) -> list[SetRecord]:
        """The orphaned sets that go away whole: those that are named."""
        return [record for record in self.orphans if record.name in names]

    def has_namespace(self, name: str) -> bool:
        """Whether a namespace exists."""
        return name in self.namespaces


def read_sets(client: KubeClient, sets: Iterable[SetInput], owner: str, known: Iterable[str]) -> Observed:
    """One LIST per namespace that holds parents, and a GET for each set that is new. Raises InputError where its place is taken."""
    observed = Observed()
    named = {one.name: one for one in sets if one.name}
    ours = set(named) | set(known)
    for namespace in sorted({one.namespace for one in named.values()}):
        parents, _version = client.list_objects(_SECRET, namespace, f"{ID_LABEL},{OWNER_LABEL}={owner}", metadata_only=False)
        for parent in parents:
            record = read_record(parent)
            if record.name in named:
                observed.records[record.name] = record
            elif record.name not in ours:
                observed.orphans.append(record)
    new = [one for one in named.values() if one.name not in observed.records]
    there = map_threads(lambda one: client.find(_SECRET.path(one.namespace, one.name), metadata_only=True), new, client.threads)
    taken = [
        f"  {_secret(one).id} {who}, and set {one.name} would keep its record there; rename the set, or remove the Secret"
        for one, found in zip(new, there, strict=True)
        if found and (who := who_has(found["metadata"], owner))
    ]
    if taken:
        raise InputError("the record of a set is a Secret of its name, which is taken; nothing was written:\n" + "\n".join(sorted(taken)))
    for one, found in zip(new, there, strict=True):
        version = found["metadata"]["resourceVersion"] if found else ""
        observed.records[one.name] = new_record(one.name, one.namespace, owner, version)
    for one in named.values():
        if one.moved_from and one.moved_from != one.namespace:
            _take_along(client, one, owner, observed)
    return observed


def _take_along(client: KubeClient, one: SetInput, owner: str, observed: Observed) -> None:
    """Add to a set what its record in another namespace holds."""
    found = client.find(_SECRET.path(one.moved_from, one.name))
    if found is None:
        return  # it has moved
    theirs = Ref("", "Secret", one.moved_from, one.name).id
    who = who_has(found["metadata"], owner)
    if who:
        raise InputError(f"{theirs} {who}: set {one.name} cannot have moved from there; take moved_from away")
    former, record = read_record(found), observed.records[one.name]
    observed.records[one.name] = replace(record, objects={**former.objects, **record.objects}, former=former)


def owners_of(client: KubeClient, ids: Collection[str], namespaces: Iterable[str]) -> dict[str, SetRecord]:
    """The sets behind ids that objects bear: by id, where the record is found."""
    selector = f"{ID_LABEL} in ({','.join(sorted(ids))})"
    try:
        found = client.list_objects(_SECRET, None, selector)[0]
    except ApiError:
        found = []
        for namespace in sorted(set(namespaces)):
            with contextlib.suppress(ApiError):  # it only helps to say it better
                found += client.list_objects(_SECRET, namespace, selector)[0]
    sets = {}
    for item in found:
        labels, metadata = item["metadata"].get("labels") or {}, item["metadata"]
        sets[labels.get(ID_LABEL) or ""] = SetRecord(
            metadata["name"], metadata["namespace"], labels.get(OWNER_LABEL) or "", b"", exists=True
        )
    return sets


def records_changed(client: KubeClient, owner: str, observed: Observed) -> bool:
    """Whether another run has written a record since ``observed``: asked once the lock is ours, when none can any more."""
    known = {(record.namespace, record.name): record.version for record in observed.records.values()}
    for namespace in sorted({namespace for namespace, _name in known}):
        found = client.list_objects(_SECRET, namespace, f"{ID_LABEL},{OWNER_LABEL}={owner}")[0]
        versions = {(namespace, item["metadata"]["name"]): item["metadata"]["resourceVersion"] for item in found}
        if any(
            versions.get(place, "") != version
            for place, version in known.items()
            if place[0] == namespace and (version or place in versions)
        ):
            return True
    return False


def refuse_parents(wanted: Wanted, observed: Observed) -> None:
    """Raise InputError where a desired Secret is the one that a set keeps its record in: each would undo the other."""
    places = {_secret(record): record.name for record in observed.records.values()}
    taken = []
    for ref, item in wanted.objects.items():
        metadata = observed.metadata.get(ref) or {}
        name = places.get(ref) or (ref.name if ref.group_kind == "Secret" and ID_LABEL in (metadata.get("labels") or {}) else "")
        if name:
            taken.append(f"  {ref.id} ({item.source}) is where set {name} keeps its record; rename the Secret, or the set")
    if taken:
        raise InputError("these Secrets are the records of sets; nothing was written:\n" + "\n".join(sorted(taken)))


def _secret(one: SetInput | SetRecord) -> Ref:
    return Ref("", "Secret", one.namespace, one.name)


def observe(
    client: KubeClient,
    discovery: Discovery,
    wanted: Wanted,
    observed: Observed,
    records: Iterable[SetRecord],
    administered: Collection[str] = (),
) -> None:
    """Fill ``observed`` with everything that the desired and recorded objects need for a decision.

    ``administered`` are sets that somebody else applies: Secrets of theirs that may not be read stop nothing.
    """
    records = list(records)
    scopes: dict[str, set[str]] = {}
    for item in wanted.objects.values():
        if item.is_secret:
            scopes.setdefault(item.ref.namespace, set()).add(item.scope)
    for record in records:
        for ref in record.objects:
            if ref.group_kind == "Secret":
                scopes.setdefault(ref.namespace, set()).add(record.name)
    elsewhere = {namespace for namespace, names in scopes.items() if names <= set(administered)}
    refs = set(wanted.objects) | {ref for record in records for ref in record.objects}
    by_kind: dict[tuple[str, str], set[str]] = {}
    for ref in refs:
        by_kind.setdefault((ref.group, ref.kind), set()).add(ref.namespace)
    for ref, kind in wanted.kinds.items():
        if ref not in wanted.upcoming:
            observed.kinds.setdefault((ref.group, ref.kind), kind)
    for key in by_kind:
        # A version that this run's definition ends would be of no use for a removal.
        staying = (discovery.find(version, key[1]) for version in wanted.declared.get(key, ()))
        served = next(filter(None, staying), None) or discovery.preferred(*key)
        if served is None and key not in wanted.pending:
            if key[0] in discovery.stale:
                observed.unreadable[key] = f"the server behind {key[0]} does not answer (its APIService is not available)"
            elif _crd_exists(client, key, discovery):
                observed.unreadable[key] = "its definition is there and not served"
            observed.kinds.pop(key, None)
        elif served is not None and (key not in observed.kinds):
            observed.kinds[key] = served

    ids = {record.id for record in records}
    selector = PART_OF if len(ids) > _SELECTED_SETS else f"{PART_OF} in ({','.join(sorted(ids))})"
    jobs: list[tuple[Kind, str]] = []
    for key, namespaces in by_kind.items():
        found = observed.kinds.get(key)
        if found is None or key in wanted.pending or not ids:
            continue
        one_by_one = found.group_kind == "Secret" and len(namespaces) <= _SECRETS_ONE_BY_ONE
        jobs += [(found, namespace) for namespace in sorted(namespaces)] if one_by_one else [(found, "")]

    shut: dict[str, ApiError] = {}
    broken: dict[tuple[str, str], GantryError] = {}

    def read(job: tuple[Kind, str]) -> list[Metadata] | None:
        kind, namespace = job
        key = (kind.group, kind.kind)
        try:
            if not kind.namespaced and not namespace:
                return _list_or_get(client, kind, selector, sorted(ref.name for ref in refs if (ref.group, ref.kind) == key))
            return _list(client, kind, namespace, selector, observed.whole)
        except UnreachableError as error:
            broken[key] = error
        except ApiError as error:
            if error.status == 403 and kind.namespaced and (not namespace or kind.group_kind == "Secret"):
                if namespace:
                    shut[namespace] = error
                return [] if namespace else None
            if error.status in (401, 403):
                raise
            broken[key] = error
        return []

    answered = False
    while jobs:
        refused: list[tuple[Kind, str]] = []
        for (kind, _namespace), answer in zip(jobs, map_threads(read, jobs, client.threads), strict=True):
            answered = answered or (kind.group, kind.kind) not in broken
            if answer is None:  # not everywhere, then where it is needed
                refused += [(kind, name) for name in sorted(by_kind[(kind.group, kind.kind)])]
            for metadata in answer or []:
                labels = metadata.get("labels") or {}
                if labels.get(PART_OF) in ids:
                    observed.metadata[Ref(kind.group, kind.kind, metadata.get("namespace") or "", metadata["name"])] = metadata
        jobs = refused
    for key, error in broken.items():
        if not answered and isinstance(error, UnreachableError):
            raise error  # not this kind: the server
        observed.unreadable[key] = error.message
        observed.kinds.pop(key, None)
    _read_namespaces(client, wanted, observed)
    observed.shut = set(shut)
    _refuse_shut({name: refusal for name, refusal in shut.items() if name not in elsewhere}, wanted, observed)
    _read_missing(client, wanted, observed, shut)


def _refuse_shut(shut: Mapping[str, ApiError], wanted: Wanted, observed: Observed) -> None:
    """Raise the refusal of a namespace whose Secrets may not be read, unless this run brings the namespace or the way into it.

    Then nothing of ours is there, or a run died on the threshold; a Secret that is there all the same stops its creation.
    """
    entered = {ref.namespace for ref in wanted.objects if ref.kind == "RoleBinding" and ref not in observed.metadata}
    for namespace, refusal in shut.items():
        if observed.has_namespace(namespace) and namespace not in entered:
            raise refusal


def _list(client: KubeClient, kind: Kind, namespace: str, selector: str, whole: dict[Ref, Document] | None = None) -> list[Metadata]:
    """Metadata of the objects of a kind in a namespace or, without one, everywhere.

    ``whole`` gets the objects themselves where their metadata would not do.
    """
    entire = whole is not None and kind.group_kind in _EVER_WRITTEN
    items = client.list_objects(kind, namespace or None, selector, metadata_only=not entire)[0]
    if whole is not None and entire:
        whole |= {Ref(kind.group, kind.kind, i["metadata"].get("namespace") or "", i["metadata"]["name"]): i for i in items}
    return [item["metadata"] for item in items]


def _list_or_get(client: KubeClient, kind: Kind, selector: str, names: Iterable[str]) -> list[Metadata]:
    """Metadata of a cluster-scoped kind; one by one where this identity may see named ones only."""
    try:
        return _list(client, kind, "", selector)
    except ApiError as error:
        if error.status != 403:
            raise
    found = map_threads(lambda name: client.find(kind.path(None, name), metadata_only=True), list(names), client.threads)
    return [item["metadata"] for item in found if item]


def _read_namespaces(client: KubeClient, wanted: Wanted, observed: Observed) -> None:
    """Which of the namespaces that objects need exist; kube-system's uid is the cluster's identity."""
    needed = {ref.namespace for ref in wanted.objects if ref.namespace} | {
        ref.name for ref in wanted.objects if ref.group_kind == "Namespace"
    }
    needed |= {record.namespace for record in observed.records.values()} | {"kube-system"}
    for ref, metadata in observed.metadata.items():
        if ref.group_kind == "Namespace":
            observed.namespaces[ref.name] = metadata
    missing = sorted(needed - set(observed.namespaces))
    for metadata in _namespaces(client, missing):
        if metadata["name"] in missing:
            observed.namespaces[metadata["name"]] = metadata
    observed.cluster_uid = (observed.namespaces.get("kube-system") or {}).get("uid") or ""
    if not observed.cluster_uid and "kube-system" in observed.namespaces:
        observed.cluster_uid, whose = _another_identity(client, wanted, observed)
        wanted.warnings.append(
            f"this identity may not read the namespace kube-system, whose uid names a cluster; its plans are bound to {whose} instead"
        )
    for ref in wanted.objects:
        if ref.group_kind == "Namespace" and ref.name in observed.namespaces:
            observed.metadata.setdefault(ref, observed.namespaces[ref.name])


def _another_identity(client: KubeClient, wanted: Wanted, observed: Observed) -> tuple[str, str]:
    """What else tells this cluster from others, and in words: a namespace that is seen, or the server's address."""
    homes = [record.namespace for record in observed.records.values()] + [ref.namespace for ref in wanted.objects]
    for name in sorted(filter(None, homes)):
        uid = (observed.namespaces.get(name) or {}).get("uid")
        if uid:
            return f"namespace:{uid}", f"the uid of the namespace {name}"
    return f"server:{digest(client.server)}", "the server's address"


def _namespaces(client: KubeClient, names: Sequence[str]) -> list[Metadata]:
    """Those that exist. One that this identity may not look at counts as there: what is asked in it will tell."""
    if len(names) > _SINGLE_GETS:
        try:
            return [item["metadata"] for item in client.list_objects(_NAMESPACE)[0]]
        except ApiError as error:
            if error.status != 403:
                raise

    def one(name: str) -> Metadata | None:
        try:
            found = client.find(_NAMESPACE.path(None, name), metadata_only=True)
        except ApiError as error:
            if error.status != 403:
                raise
            return {"name": name}
        return found["metadata"] if found else None

    return [metadata for metadata in map_threads(one, list(names), client.threads) if metadata]


def _read_missing(client: KubeClient, wanted: Wanted, observed: Observed, shut: Collection[str]) -> None:
    """Desired objects without our label: a few GETs, or one LIST per kind and namespace where there are many.

    ``shut``: namespaces whose Secrets cannot be read yet.
    """
    groups: dict[tuple[Kind, str], list[Ref]] = {}
    for ref in wanted.objects:
        if ref in observed.metadata or ref.group_kind == "Namespace":
            continue
        if (ref.group, ref.kind) not in observed.kinds or (ref.group, ref.kind) in wanted.pending:
            continue
        if ref.namespace and not observed.has_namespace(ref.namespace):
            continue
        if ref.namespace in shut and ref.group_kind == "Secret":
            continue
        groups.setdefault((observed.kinds[(ref.group, ref.kind)], ref.namespace), []).append(ref)

    def read(group: tuple[tuple[Kind, str], list[Ref]]) -> list[tuple[Ref, Metadata]]:
        (kind, namespace), refs = group
        if len(refs) <= _SINGLE_GETS:
            singles = [(ref, client.find(kind.path(namespace, ref.name), metadata_only=True)) for ref in refs]
            return [(ref, item["metadata"]) for ref, item in singles if item]
        names = {ref.name: ref for ref in refs}
        items = _list(client, kind, namespace, "")
        return [(names[metadata["name"]], metadata) for metadata in items if metadata["name"] in names]

    def tried(group: tuple[tuple[Kind, str], list[Ref]]) -> list[tuple[Ref, Metadata]]:
        try:
            return read(group)
        except ApiError as error:
            if not error.out_of_order:
                raise
            kind = group[0][0]
            observed.unreadable[(kind.group, kind.kind)] = error.message
            return []

    for answer in map_threads(tried, list(groups.items()), client.threads):
        observed.metadata.update(answer)


def _crd_exists(client: KubeClient, key: tuple[str, str], discovery: Discovery) -> bool:
    """A kind has vanished only when neither discovery nor any CRD knows it."""
    group, kind = key
    if not group or discovery.preferred(_CRD.group, _CRD.kind) is None:
        return False
    try:
        crds, _version = client.list_objects(_CRD, metadata_only=False)
    except ApiError as error:
        if error.status != 403:
            raise
        return True  # not to be known by this identity, so nothing is called gone
    return any(crd["spec"]["group"] == group and crd["spec"]["names"]["kind"] == kind for crd in crds)


def require_namespaces(wanted: Wanted, observed: Observed, cure: str = "") -> None:
    """Raise InputError where an object's or a parent's namespace neither exists nor is declared; ``cure`` is what would make it."""
    declared = {ref.name for ref in wanted.objects if ref.group_kind == "Namespace"}
    lost: dict[str, list[str]] = {}
    for ref, item in wanted.objects.items():
        if ref.namespace and ref.namespace not in declared and not observed.has_namespace(ref.namespace):
            lost.setdefault(ref.namespace, []).append(f"{ref.id} ({item.source})")
    for record in observed.records.values():
        if record.namespace not in declared and not observed.has_namespace(record.namespace):
            lost.setdefault(record.namespace, []).append(f"the record of set {record.name}")
    if lost:
        rows = [
            f"  {name}: needed by {users[0]}" + (f" and {len(users) - 1} more" if len(users) > 1 else "")
            for name, users in sorted(lost.items())
        ]
        raise InputError("these namespaces do not exist and nobody declares them:\n" + "\n".join([*rows, *([cure] if cure else [])]))


def live_label(metadata: Mapping[str, Any]) -> str:
    """The id of the set that an object says it belongs to."""
    return (metadata.get("labels") or {}).get(PART_OF) or ""
