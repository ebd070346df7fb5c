# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Systems without a place for a record: it is a Secret of a real cluster, their API a stand-in made from the table's description."""

from __future__ import annotations

import copy
import threading

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.lock import TakenError
from ansible_collections.gantry.platform.plugins.module_utils._core.record import NowhereError
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.administration import Administration
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.grants import granted
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.records import SecretStore
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.pagerduty import API
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.standin import StandIn

CONFIG = {
    "teams": {"core": {"description": "the engine"}, "ops": {}},
    "schedules": {
        "primary": {
            "time_zone": "Europe/Berlin",
            "schedule_layers": [
                {
                    "name": "week",
                    "rotation_virtual_start": "2026-01-05T09:00:00+01:00",
                    "rotation_turn_length_seconds": 604800,
                    "users": ["ann@example.org"],
                }
            ],
        }
    },
    "escalation_policies": {
        "tier-0": {"teams": ["core"], "escalation_rules": [{"escalation_delay_in_minutes": 5, "targets": [{"schedule": "primary"}]}]}
    },
}
MADE = ["team/core", "team/ops", "schedule/primary", "escalation_policy/tier-0"]
TOKEN = "a-token-that-nobody-may-see-4711"


@pytest.fixture
def store(cluster, namespace):
    return lambda owner="us", system="pagerduty", at=None: SecretStore(cluster.client("tests"), at or namespace, system, owner)


@pytest.fixture
def pagerduty():
    found = StandIn(API)
    found.add("user", email="ann@example.org", name="Ann")
    yield found
    found.close()


@pytest.fixture(params=FACES)
def face(request, cluster, tmp_path):
    return Face(request.param, tmp_path, cluster.kubeconfig)


def configure(name, cluster, namespace, pagerduty, config=CONFIG, **more):
    task = {key: more.pop(key) for key in ("check_mode", "diff") if key in more}
    given = {"url": pagerduty.url, "token": TOKEN, "kubeconfig": str(cluster.kubeconfig), "record_namespace": namespace, "owner": "us/prod"}
    return {"name": name, "gantry.platform.pagerduty_config": {**given, "config": config, **more}, **task}


def secrets_of(cluster, namespace):
    return cluster.client("tests").get(f"/api/v1/namespaces/{namespace}/secrets")["items"]


def test_a_version_is_written_over_and_no_other(store):
    ours = store()
    assert ours.read() == (None, None)
    first = ours.write(None, {"format": 1, "paths": {}})
    run = {"holder": "a", "until": "2026"}
    second = ours.write(first, {"format": 1, "paths": {"a": {}}, "run": run})
    assert ours.read() == (second, {"format": 1, "paths": {"a": {}}, "run": run})
    for old in (None, first):
        with pytest.raises(TakenError):
            ours.write(old, {"format": 1, "paths": {"b": {}}})
    assert ours.read()[0] == second


def test_the_deployer_may_write_it(cluster, namespace):
    rules = granted([], Administration([]))["namespace"]
    rbac, admin = "/apis/rbac.authorization.k8s.io/v1", cluster.client("tests")
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "as-granted"}, "rules": rules}
    admin.create(f"{rbac}/namespaces/{namespace}/roles", role, "tests")
    bound = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "as-granted"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "as-granted"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "a-deployer"}],
    }
    admin.create(f"{rbac}/namespaces/{namespace}/rolebindings", bound, "tests")
    deployer = cluster.client("tests", kubeconfig=cluster.kubeconfig, impersonate_user="a-deployer")
    ours = SecretStore(deployer, namespace, "pagerduty", "us")
    cluster.wait_for_right("a-deployer", "list", "secrets", namespace)
    held = ours.write(None, {"format": 1, "run": {"holder": "a"}})
    assert ours.write(held, {"format": 1}) != held and ours.read()[1] == {"format": 1} and list(ours.others()) == []


def test_others_are_those_of_the_same_system(store):
    for system, owner in (("pagerduty", "us"), ("pagerduty", "us/prod"), ("pagerduty", "us-prod"), ("github", "them")):
        store(owner, system).write(None, {"of": owner})
    assert dict(store().others()) == {"us/prod": {"of": "us/prod"}, "us-prod": {"of": "us-prod"}}


def test_a_namespace_that_is_not_there_is_said(store):
    with pytest.raises(NowhereError, match="there is no namespace nowhere-at-all"):
        store(at="nowhere-at-all").write(None, {})


def test_who_runs_can_be_taken_out_by_hand_as_the_message_says(store, cluster, namespace):
    ours = store()
    ours.write(None, {"format": 1, "run": {"holder": "dead"}})
    secret = ours.breaking.split()[5]
    cluster.client("tests").json_patch(
        f"/api/v1/namespaces/{namespace}/secrets/{secret}", [{"op": "remove", "path": "/data/run"}], "by-hand"
    )
    assert ours.read()[1] == {"format": 1}


def test_a_life_of_an_account(cluster, face, namespace, pagerduty):
    played = face.play(
        configure("planned", cluster, namespace, pagerduty, check_mode=True),
        configure("made", cluster, namespace, pagerduty, diff=True),
        configure("again", cluster, namespace, pagerduty),
    )
    assert played.results["planned"].get("plan"), played.output
    planned, made, again = (played.results[name] for name in ("planned", "made", "again"))
    assert [change["id"] for change in planned["plan"]] == [change["id"] for change in made["plan"]] == MADE
    assert planned["digest"] == made["digest"] and (again["changed"], again["plan"]) == (False, [])
    assert pagerduty.named("team", "core")["description"] == "the engine [gantry.platform: us/prod]"
    (secret,) = secrets_of(cluster, namespace)
    assert secret["metadata"]["annotations"] == {"gantry.dev/owner": "us/prod"} and set(secret["data"]) == {"record"}

    writes, version = len(pagerduty.writes), secret["metadata"]["resourceVersion"]
    pagerduty.named("team", "core")["description"] = "by hand"
    other = copy.deepcopy(CONFIG)
    other["schedules"]["primary"]["schedule_layers"][0]["users"] = ["anne@example.org"]
    played = face.play(
        configure("drift", cluster, namespace, pagerduty, check_mode=True, diff=True),
        configure("nobody", cluster, namespace, pagerduty, other),
        configure("misspelt", cluster, namespace, pagerduty, {"team": {}}),
    )
    assert [(change["id"], change["fields"]) for change in played.results["drift"]["plan"]] == [("team/core", ["description"])]
    assert "by hand" in str(played.results["drift"]["diff"])
    assert "user/anne@example.org" in played.results["nobody"]["msg"] and "did you mean" in played.results["nobody"]["msg"]
    assert "config" in played.results["misspelt"]["msg"] and "did you mean 'teams'" in played.results["misspelt"]["msg"]
    assert len(pagerduty.writes) == writes and secrets_of(cluster, namespace)[0]["metadata"]["resourceVersion"] == version
    assert TOKEN not in played.output


class Slow(StandIn):
    """Its first write is answered when the test lets it."""

    def __init__(self, api):
        self.held, self.go_on = threading.Event(), threading.Event()
        super().__init__(api)

    def _given(self, asked):
        if asked.method == "POST" and not self.held.is_set():
            self.held.set()
            self.go_on.wait(LONGEST)
        return super()._given(asked)


def test_two_runs_at_once_take_turns_and_make_nothing_twice(cluster, namespace, tmp_path):
    pagerduty, played = Slow(API), {}
    pagerduty.add("user", email="ann@example.org", name="Ann")

    def play(name):
        (tmp_path / name).mkdir()
        face = Face("action", tmp_path / name, cluster.kubeconfig)
        played[name] = face.play(configure(name, cluster, namespace, pagerduty)).results[name]

    runs = [threading.Thread(target=play, args=(name,)) for name in ("first", "second")]
    runs[0].start()
    assert pagerduty.held.wait(LONGEST)
    asked = len(pagerduty.log)
    runs[1].start()
    until(lambda: len(pagerduty.log) > asked, "the second run looks at the account")
    pagerduty.go_on.set()
    for run in runs:
        run.join()
    assert [played[name]["changed"] for name in ("first", "second")] == [True, False]
    pagerduty.close()
    assert sorted(row["name"] for row in pagerduty.rows["team"].values()) == ["core", "ops"]
