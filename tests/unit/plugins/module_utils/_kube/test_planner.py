# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions of the plan, with a server that holds whole objects and answers dry runs as it is told."""

from __future__ import annotations

import copy
import types
from dataclasses import replace

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import RemovalLimits
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.documents import normalise, refuse_duplicates
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.fields import entry_digest
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.observed import Observed
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import PART_OF, Entry, new_record
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.subject import subjects_of
from ansible_collections.gantry.platform.plugins.module_utils._kube.plan.planner import make_plan, sets_to_write
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.requests import ReconcileRequest
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.wanted import HandedOver, Wanted
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import KINDS, document, ref, refusal

MANAGER = "kube_apply:us"
_NOT_OWNED = ("apiVersion", "kind", "name", "namespace", "uid")


def tree(body):
    """Who applied this body owns every member of it."""
    return {f"f:{key}": tree(value) if isinstance(value, dict) else {} for key, value in body.items() if key not in _NOT_OWNED}


class Cluster:
    """One set, its record, and live objects. ``answers`` by id: what a dry run says, an error or a document."""

    threads = 1

    def __init__(self):
        self.record = new_record("one", "gantry-system", "us")
        self.live = {}
        self.answers = {}
        self.warnings_said = []
        self.asked = []
        self.orphans = []
        self.unreadable = {}

    def add(self, body, recorded=True, applied=True, **metadata):
        """A live object, as our last apply left it."""
        body = copy.deepcopy(body)
        one = normalise(body, "f", "one")[0].ref
        body["metadata"]["labels"] = {PART_OF: self.record.id}
        own = [{"manager": MANAGER, "operation": "Apply", "time": "t", "fieldsV1": tree(body)}] if applied else []
        body["metadata"] |= {"uid": f"uid-{one.name}", "managedFields": own, **metadata}
        self.live[one] = body
        if recorded:
            desired = subjects_of(*self._wanted([body_of(body)]), References({}))[one].desired_digest
            self.record.objects[one] = Entry(body["metadata"]["uid"], entry_digest(own[0]) if own else "", desired)
        return one

    def _wanted(self, bodies, handed_over=()):
        objects = refuse_duplicates(normalise(body, "file.yml", "one")[0] for body in bodies)
        handed = {one: [rule for rule in handed_over if rule.ref == one] for one in objects}
        wanted = Wanted(objects, {one: KINDS[one.kind] for one in objects}, set(), handed, [])
        return wanted, Observed(
            {one: body["metadata"] for one, body in self.live.items()},
            dict.fromkeys(["n", "gantry-system"], {}),
            {"one": self.record},
            self.orphans,
            {(kind.group, kind.kind): kind for kind in KINDS.values()},
            self.unreadable,
            "cluster",
        )

    def find(self, path, metadata_only=False):
        self.asked.append(("GET", path))
        return next(
            (copy.deepcopy(body) for one, body in self.live.items() if KINDS[one.kind].path(one.namespace or None, one.name) == path), None
        )

    def list_objects(self, kind, namespace=None, selector="", metadata_only=True):
        return [body for one, body in self.live.items() if one.kind == kind.kind], "1"

    def apply(self, path, body, manager, force=False, dry_run=False):
        assert dry_run and manager == MANAGER
        self.asked.append(("force" if force else "dry run", path))
        answer = self.answers.get(body["metadata"]["name"])
        if isinstance(answer, Exception) and not (force and answer.conflicts):
            raise answer
        merged = copy.deepcopy(body)
        merged["metadata"] |= {"managedFields": [{"manager": MANAGER, "operation": "Apply", "time": "now", "fieldsV1": tree(body)}]}
        return merged, types.SimpleNamespace(warnings=self.warnings_said)

    def plan(self, *bodies, handed_over=(), references=None, **request):
        wanted, observed = self._wanted(bodies, handed_over)
        subjects = subjects_of(wanted, observed, References(references or {}), request.get("apply_sets"))
        return make_plan(self, ReconcileRequest([], "us", **request), wanted, observed, subjects)


def body_of(body):
    """What of an object a person writes."""
    metadata = {key: value for key, value in body["metadata"].items() if key in ("name", "namespace", "labels")}
    if PART_OF in (metadata.get("labels") or {}):
        metadata["labels"] = {key: value for key, value in metadata["labels"].items() if key != PART_OF}
        metadata = {key: value for key, value in metadata.items() if value}
    return {**body, "metadata": metadata}


def rows(work):
    return [(change.id, change.action.value, change.fields, change.reason) for change in work.plan.changes]


def config(name="x", **data):
    return document("ConfigMap", name, data=data or {"a": "1"})


CONFIG = ref("ConfigMap").id


def test_what_is_provably_right_is_not_even_asked_about():
    cluster = Cluster()
    cluster.add(config())
    work = cluster.plan(config())
    assert (rows(work), work.plan.unchanged, cluster.asked) == ([], 1, [])


def forget(cluster, one):
    del cluster.record.objects[one]


@pytest.mark.parametrize(
    "disturb",
    [
        forget,
        lambda cluster, one: cluster.live[one]["metadata"].update(uid="recreated"),
        lambda cluster, one: cluster.live[one]["metadata"]["managedFields"][0].update(time="later"),
        lambda cluster, one: cluster.record.objects.update({one: replace(cluster.record.objects[one], desired="other")}),
    ],
    ids=["not-recorded", "recreated", "entry-touched", "document-changed"],
)
def test_whatever_breaks_the_proof_is_asked_about_and_found_right(disturb):
    cluster = Cluster()
    disturb(cluster, cluster.add(config()))
    work = cluster.plan(config())
    assert work.plan.unchanged == 1 and [what for what, _path in cluster.asked] == ["GET", "dry run"]
    assert rows(work) == [("Secret/gantry-system/one", "update", ("data.record",), "the set's record is out of date")]
    assert ref("ConfigMap") in work.confirmed


def test_a_difference_is_an_update_with_its_field():
    cluster = Cluster()
    cluster.add(config(a="1", b="2"))
    assert rows(cluster.plan(config(a="1", b="3"))) == [(CONFIG, "update", ("data.b",), "")]


def test_who_took_a_field_from_us_is_named():
    cluster = Cluster()
    one = cluster.add(config(a="edited"), applied=False)
    cluster.live[one]["metadata"]["managedFields"] = [
        {"manager": MANAGER, "operation": "Apply", "time": "t", "fieldsV1": {"f:metadata": {"f:labels": {f"f:{PART_OF}": {}}}}},
        {"manager": "kubectl-edit", "operation": "Update", "time": "noon", "fieldsV1": {"f:data": {"f:a": {}}}},
    ]
    assert rows(cluster.plan(config(a="1"))) == [(CONFIG, "update", ("data.a",), "data.a changed by 'kubectl-edit' at noon")]


def test_ownership_lost_with_an_equal_value_is_taken_back():
    cluster = Cluster()
    one = cluster.add(config(a="1"))
    cluster.live[one]["metadata"]["managedFields"][0]["fieldsV1"].pop("f:data")
    assert rows(cluster.plan(config(a="1"))) == [(CONFIG, "update", (), "ownership")]


def test_an_object_of_nobody_is_adopted():
    cluster = Cluster()
    one = cluster.add(config(), recorded=False, applied=False)
    cluster.live[one]["metadata"]["labels"] = {}
    (change,) = cluster.plan(config()).plan.changes
    assert change.action is Action.ADOPT


def test_what_is_new_is_created_and_judged_by_a_dry_run():
    cluster = Cluster()
    assert rows(cluster.plan(config())) == [(CONFIG, "create", (), "")]
    assert cluster.asked == [("dry run", "/api/v1/namespaces/n/configmaps/x")]


def test_changes_come_in_the_order_of_their_stages_and_removals_last():
    cluster = Cluster()
    cluster.add(config("old"))
    work = cluster.plan(document("Deployment"), config(), document("ClusterRole"), prune=Prune("delete"))
    assert [(change.id.split("/")[0].split(".")[0], change.action.value) for change in work.plan.changes] == [
        ("ClusterRole", "create"),
        ("ConfigMap", "create"),
        ("Deployment", "create"),
        ("ConfigMap", "delete"),
    ]


def test_what_is_being_deleted_is_blocked_and_its_finalizers_are_named():
    cluster = Cluster()
    cluster.add(config(), deletionTimestamp="noon", finalizers=["a/b"])
    work = cluster.plan(config(a="2"))
    assert rows(work) == [(CONFIG, "blocked", (), "is being deleted since noon, finalizers: a/b")]
    assert not work.plan.changed


@pytest.mark.parametrize(
    ("uid", "image", "ttl", "known", "created"),
    [
        ("u", "a", None, "done", False),
        ("u", "a", 60, "", False),
        ("u", "a", 60, "done", False),
        ("u", "a", None, "", True),  # deleted by hand before anybody saw it complete
        ("u", "a", 60, "unready", True),  # a run waited for it, and did not see its end
        ("", "a", 60, "", True),
        ("u", "b", 60, "done", True),
    ],
)
def test_a_job_that_is_gone_is_done_where_it_completed_or_its_ttl_took_it(uid, image, ttl, known, created):
    cluster = Cluster()
    spec = {"ttlSecondsAfterFinished": ttl} if ttl else {}
    one = cluster.add(document("Job", spec={"image": "a", **spec}))
    del cluster.live[one]
    cluster.record.objects[one] = replace(cluster.record.objects[one], uid=uid)
    if known:
        getattr(cluster.record, known).add(one)
    work = cluster.plan(document("Job", spec={"image": image, **spec}))
    assert [change.id for change in work.plan.changes if change.action.value == "create"] == ([one.id] if created else [])
    assert (one in work.finished) is not created


def test_a_finished_job_that_its_ttl_is_taking_is_not_in_the_way():
    cluster = Cluster()
    cluster.add(document("Job", spec={"ttlSecondsAfterFinished": 0}), deletionTimestamp="noon", finalizers=["foregroundDeletion"])
    assert rows(cluster.plan(document("Job", spec={"ttlSecondsAfterFinished": 0}))) == []


def test_an_object_of_somebody_elses_set_is_not_touched():
    cluster = Cluster()
    one = cluster.add(config(), recorded=False)
    cluster.live[one]["metadata"]["labels"] = {PART_OF: "applyset-theirs-v1"}
    with pytest.raises(RefusedError, match=r"(?s)belong to an apply set of somebody else.*ConfigMap/n/x \(file.yml\)"):
        cluster.plan(config())


CONFLICT = refusal(409, "", {"field": ".data.a", "reason": "FieldManagerConflict", "message": 'conflict with "helm" using v1'})


@pytest.mark.parametrize("request_", [{"force_conflicts": True}, {"force_conflicts": ("helm",)}, {"adopt": ("helm",)}])
def test_a_conflict_is_forced_where_that_was_allowed(request_):
    cluster = Cluster()
    one = cluster.add(config())
    cluster.answers["x"] = CONFLICT
    work = cluster.plan(config(a="2"), **request_)
    assert work.findings[one].force and rows(work)[0][:3] == (CONFIG, "update", ("data.a",))


IMMUTABLE = refusal(422, "x is invalid", {"field": "spec.template", "reason": "FieldValueInvalid"})


def test_what_cannot_be_changed_in_place_is_replaced_only_when_that_was_asked_for():
    def plan(**request):
        cluster = Cluster()
        cluster.add(document("Job", spec={"template": "a"}))
        cluster.answers["x"] = IMMUTABLE
        return cluster.plan(document("Job", spec={"template": "b"}), **request)

    work = plan(on_immutable="replace")
    assert rows(work) == [("Job.batch/n/x", "replace", ("spec.template",), "spec.template cannot be changed in place")]
    assert not work.plan.changes[0].verified
    for request, words in (
        ({}, "on_immutable: replace"),
        ({"on_immutable": "replace", "replace_kinds": ["Secret"]}, "replace_kinds names Job"),
    ):
        with pytest.raises(InputError, match=words):
            plan(**request)


def test_a_field_that_was_handed_over_is_none_of_our_business():
    cluster = Cluster()
    one = cluster.add(document("Deployment", spec={"paused": False}))
    cluster.live[one]["spec"]["replicas"] = 7
    forget(cluster, one)
    rule = HandedOver(one, ("spec", "replicas"), 2)
    work = cluster.plan(document("Deployment", spec={"paused": False, "replicas": 2}), handed_over=[rule])
    assert [change.id for change in work.plan.changes] == ["Secret/gantry-system/one"]


def test_pods_that_the_namespace_would_refuse_are_a_problem_of_the_workload():
    said = 'would violate PodSecurity "restricted:latest": runAsNonRoot != true'
    for level, refused in (("restricted", True), ("baseline", False)):
        cluster = Cluster()
        cluster.warnings_said = [said]
        namespace = document("Namespace", "n")
        namespace["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": level}
        if not refused:
            assert len(cluster.plan(document("Deployment"), namespace).plan.changes) == 2
            continue
        with pytest.raises(InputError, match="its pods would be refused: would violate"):
            cluster.plan(document("Deployment"), namespace)


DELETE = Prune("delete")


@pytest.mark.parametrize(
    ("metadata", "request_", "removed"),
    [
        ({}, {"prune": DELETE}, True),
        ({}, {"prune": Prune("none")}, False),
        ({}, {"prune": Prune("report")}, False),
        ({}, {"prune": DELETE, "apply_sets": frozenset()}, False),
        ({}, {"prune": DELETE, "apply_sets": frozenset({"one"})}, True),
        ({"ownerReferences": [{"controller": True}]}, {"prune": DELETE}, False),
        ({"ownerReferences": [{"controller": False}]}, {"prune": DELETE}, True),
        ({"labels": {}}, {"prune": DELETE}, False),
        ({"labels": {PART_OF: "applyset-theirs-v1"}}, {"prune": DELETE}, False),
        ({"deletionTimestamp": "noon"}, {"prune": DELETE}, False),
    ],
)
def test_only_what_is_recorded_labelled_and_nobodys_child_goes_away(metadata, request_, removed):
    cluster = Cluster()
    cluster.add(config("old"), **metadata)
    work = cluster.plan(**request_)
    assert rows(work) == ([("ConfigMap/n/old", "delete", (), "declared no more")] if removed else [])
    assert [removal.uid for group in work.removals for removal in group] == (["uid-old"] if removed else [])
    assert any("mode: delete removes it" in warning for warning in work.plan.warnings) is (request_["prune"].mode == "report")


def test_a_label_alone_is_no_reason_to_remove():
    """Controllers copy labels: EndpointSlices carry those of their Service."""
    cluster = Cluster()
    cluster.add(config("copied"), recorded=False)
    assert rows(cluster.plan(prune=DELETE)) == []


@pytest.mark.parametrize(("kinds", "removed"), [((), False), (("PersistentVolumeClaim",), True), (("Secret",), False)])
def test_what_may_hold_data_goes_only_when_its_kind_is_named(kinds, removed):
    cluster = Cluster()
    cluster.add(document("PersistentVolumeClaim", "data"))
    work = cluster.plan(prune=Prune("delete", data=frozenset(kinds)))
    assert bool(work.plan.changes) is removed
    assert (
        any("it may hold data; to remove it name PersistentVolumeClaim in prune.data" in text for text in work.plan.warnings) is not removed
    )


def test_an_orphaned_set_is_reported_and_goes_as_a_whole_when_it_is_named():
    def orphaned():
        cluster = Cluster()
        cluster.add(config("theirs"))
        cluster.orphans, cluster.record = [replace(cluster.record, name="orphan")], new_record("one", "gantry-system", "us")
        cluster.live[ref("ConfigMap", "theirs")]["metadata"]["labels"] = {PART_OF: cluster.orphans[0].id}
        return cluster

    kept = orphaned().plan(prune=DELETE)
    assert (rows(kept), kept.orphan_sets) == ([], ["orphan"])
    assert rows(orphaned().plan(remove_sets=frozenset({"orphan"}))) == [("ConfigMap/n/theirs", "delete", (), "declared no more")]


def test_what_cannot_be_read_is_not_called_gone():
    cluster = Cluster()
    cluster.unreadable = {("example.org", "Thing"): "no answer"}
    assert cluster.plan(prune=DELETE).plan.warnings == ["Thing.example.org cannot be read now (no answer): nothing of it is called gone"]


def test_guards_look_at_the_plan_before_it_is_handed_out():
    cluster = Cluster()
    for number in range(3):
        cluster.add(config(f"old{number}"))
    with pytest.raises(RefusedError, match="delete 3 objects, the limit is 2"):
        cluster.plan(prune=Prune("delete", RemovalLimits(max_count=2)))
    with pytest.raises(RefusedError, match="disruptive are not allowed here.*environment.allowed"):
        cluster.plan(prune=DELETE, allowed_impact=("safe",), variables={"allowed_impact": "environment.allowed"})
    with pytest.raises(RefusedError, match="not what was approved"):
        cluster.plan(prune=DELETE, approved_digest="sha256:other")


def digest_of(live="1", want="2", uid="u", uid_of="x"):
    cluster = Cluster()
    one = cluster.add(config(uid_of, a=live), uid=uid)
    cluster.record.key = b"key"
    forget(cluster, one)
    return cluster.plan(config(uid_of, a=want)).plan.digest


def test_an_approval_holds_for_the_same_change_of_the_same_object_and_for_nothing_else():
    assert digest_of() == digest_of()
    assert len({digest_of(), digest_of(live="0"), digest_of(want="3"), digest_of(uid="v"), digest_of(uid_of="y")}) == 5


def test_an_approval_survives_what_controllers_write():
    cluster, quiet = Cluster(), Cluster()
    for one in (cluster, quiet):
        one.record.key = b"key"
        forget(one, one.add(config(a="1")))
    cluster.live[ref("ConfigMap")]["metadata"] |= {"resourceVersion": "99", "generation": 7}
    cluster.live[ref("ConfigMap")]["status"] = {"seen": True}
    assert cluster.plan(config(a="2")).plan.digest == quiet.plan(config(a="2")).plan.digest


def test_of_a_secret_an_approval_tells_rotation_only_to_who_has_the_key():
    def digest(value, **request):
        cluster = Cluster()
        cluster.record.key = b"record"
        body = document("Secret", data={"a": {"reference": "env:A"}})
        return cluster.plan(body, references={"A": value}, **request).plan.digest

    assert digest("one") == digest("two")
    assert digest("one", digest_key=b"k") != digest("two", digest_key=b"k")
    assert digest("one", digest_key=b"k") == digest("one", digest_key=b"k")


def test_what_an_earlier_run_did_not_see_ready_is_waited_for_again():
    cluster = Cluster()
    cluster.record.unready = {cluster.add(config())}
    work = cluster.plan(config())
    assert rows(work) == [("Secret/gantry-system/one", "update", ("data.record",), "not seen ready yet")]
    assert work.unready == {ref("ConfigMap")}


def test_only_records_of_sets_that_change_are_written():
    cluster = Cluster()
    idle = new_record("idle", "gantry-system", "us")
    cluster.add(config())
    assert sets_to_write(cluster.plan(config(a="2")), [cluster.record, idle]) == [cluster.record]
    assert sets_to_write(cluster.plan(config()), [cluster.record, idle]) == []


@pytest.mark.parametrize(("names", "expected"), [(None, 1), (frozenset({"one"}), 1), (frozenset(), 0), (frozenset({"other"}), 0)])
def test_a_run_of_some_sets_changes_only_those(names, expected):
    assert len(Cluster().plan(config(), apply_sets=names).plan.changes) == expected


def test_a_run_asks_for_the_secrets_of_the_sets_that_it_writes_and_of_no_others():
    secret = document("Secret", "x", stringData={"password": {"reference": "env:ELSEWHERE"}})
    assert rows(Cluster().plan(secret, apply_sets=frozenset())) == []
    for narrowed in (frozenset({"one"}), None):
        with pytest.raises(InputError, match="key password .*'env:ELSEWHERE' cannot be resolved: the environment variable is not set"):
            Cluster().plan(secret, apply_sets=narrowed)
