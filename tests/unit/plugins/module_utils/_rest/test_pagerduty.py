# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What PagerDuty's table is about beyond every API's, against a stand-in that is made from the table's description."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.pagerduty import API
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import read_document
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import PAGERDUTY, Shelf, rows
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import changed as copied

DOCUMENT = PAGERDUTY.document
MADE = ["team/core", "team/ops", "schedule/primary", "event_orchestration/alerts", "escalation_policy/tier-0", "service/engine"]
MADE += ["integration/engine/events", "router/alerts/router"]
run = PAGERDUTY.run


@pytest.fixture
def pagerduty():
    found = PAGERDUTY.account()
    yield found
    found.close()


def changed(change):
    return copied(change, DOCUMENT)


def test_the_plan_of_an_empty_account_is_what_is_done(pagerduty):
    plan = run(pagerduty, check_mode=True)
    assert not pagerduty.writes and [row["id"] for row in plan["plan"]] == MADE
    done = run(pagerduty, approved_digest=plan["digest"])
    assert (done["digest"], done["warnings"]) == (plan["digest"], [])
    policy, ann = pagerduty.named("escalation_policy", "tier-0"), pagerduty.named("user", "ann@example.org")
    assert {"id": ann["id"], "type": "user_reference"} in policy["escalation_rules"][0]["targets"]
    assert policy["description"] == "[gantry.platform: us]"
    assert pagerduty.named("team", "core")["description"] == "the engine [gantry.platform: us]"


def test_a_second_run_reads_each_thing_once_and_lists_and_writes_nothing(pagerduty):
    run(pagerduty)
    pagerduty.log.clear()
    assert run(pagerduty)["plan"] == [] and not pagerduty.writes
    assert len(pagerduty.log) == len(set(pagerduty.log)) == len(MADE) + 2, "the two users are read as well"
    assert all(path.split("/")[-1].startswith("P") or path.endswith("/router") for _verb, path in pagerduty.log)


def test_it_is_the_same_in_another_form(pagerduty):
    run(pagerduty)

    def change(document):
        document["escalation_policies"]["tier-0"]["teams"] = ["core", "ops"]
        document["escalation_policies"]["tier-0"]["escalation_rules"][0]["targets"].reverse()
        document["schedules"]["primary"]["schedule_layers"][0]["rotation_virtual_start"] = "2026-01-05T08:00:00Z"

    assert run(pagerduty, changed(change))["plan"] == []


def test_what_was_changed_by_hand_is_named_in_names(pagerduty):
    run(pagerduty)
    pagerduty.named("service", "engine")["acknowledgement_timeout"] = 60
    policy = pagerduty.named("escalation_policy", "tier-0")
    policy["escalation_rules"][1]["targets"] = [{"id": pagerduty.named("user", "cas@example.org")["id"], "type": "user_reference"}]
    policy["on_call_handoff_notifications"] = "always"
    plan = run(pagerduty, check_mode=True)
    assert rows(plan)["service/engine"] == ("update", ("acknowledgement_timeout",))
    assert "cas@example.org" in str(plan["diff"]) and policy["id"] not in str(plan["diff"])
    run(pagerduty)
    assert pagerduty.named("escalation_policy", "tier-0")["on_call_handoff_notifications"] == "always", "nobody declared it"
    assert run(pagerduty)["plan"] == []


def test_layers_keep_their_place_and_one_that_is_gone_is_ended(pagerduty):
    run(pagerduty)
    assert [layer["name"] for layer in pagerduty.named("schedule", "primary")["schedule_layers"]] == ["night", "day"]
    done = run(pagerduty, changed(lambda document: document["schedules"]["primary"]["schedule_layers"].pop(0)))
    assert done["plan"][0]["impact"] == "disruptive" and done["warnings"] == []
    ends = {layer["name"]: bool(layer["end"]) for layer in pagerduty.named("schedule", "primary")["schedule_layers"]}
    assert ends == {"night": True, "day": False}
    assert run(pagerduty, changed(lambda document: document["schedules"]["primary"]["schedule_layers"].pop(0)))["plan"] == []


def test_a_start_is_not_moved_by_another_change(pagerduty):
    run(pagerduty)
    sent = []
    pagerduty.quirks.kept = lambda kind, before, after, now: sent.append(after) or after
    before = [layer["start"] for layer in pagerduty.named("schedule", "primary")["schedule_layers"]]
    run(pagerduty, changed(lambda document: document["schedules"]["primary"].update(description="new")))
    assert [layer["start"] for layer in sent[0]["schedule_layers"]] == before and all(layer["id"] for layer in sent[0]["schedule_layers"])


def test_without_its_record_everything_is_adopted(pagerduty):
    run(pagerduty)
    left = pagerduty.add("team", name="left", description="x [gantry.platform: us]")
    theirs = pagerduty.add("team", name="theirs", description="x [gantry.platform: them]")
    pagerduty.shelf = Shelf()
    done = run(pagerduty, prune=Prune("delete"))
    assert {action for action, _fields in rows(done).values()} == {"adopt"}
    assert "it bears the mark of us" in {row["id"]: row["path"] for row in done["foreign"]}["team/left"]
    assert {left["id"], theirs["id"]} <= set(pagerduty.rows["team"]), "a mark alone removes nothing"
    assert run(pagerduty, prune=Prune("delete"))["plan"] == []


def test_what_bears_anothers_mark_is_refused(pagerduty):
    run(pagerduty)
    with pytest.raises(RefusedError, match="config.teams.core: team/core is us's"):
        run(pagerduty, {"teams": {"core": {}}}, owner="them", shelf=Shelf())


def test_two_of_one_name_are_never_guessed(pagerduty):
    for _again in range(2):
        pagerduty.add("team", name="core", description="")
    with pytest.raises(InputError, match=r"config.teams.core: there are 2 of kind team named core \(P5, P6\)"):
        run(pagerduty)


def test_of_two_that_bear_one_name_and_mark_neither_is_taken(pagerduty):
    run(pagerduty)
    pagerduty.shelf = Shelf()
    pagerduty.add("team", name="core", description="a copy [gantry.platform: us]")
    with pytest.raises(InputError, match=r"config.teams.core: there are 2 of kind team named core"):
        run(pagerduty)


def test_what_nobody_has_is_refused_with_the_nearest(pagerduty):
    def change(document):
        document["schedules"]["primary"]["schedule_layers"][0]["users"] = ["anne@example.org"]
        document["services"]["engine"]["escalation_policy"] = "tier0"

    with pytest.raises(RefusedError) as told:
        run(pagerduty, changed(change))
    assert "there is no user/anne@example.org" in told.value.message and "'user/ann@example.org'?" in told.value.message
    assert "names escalation_policy/tier0" in told.value.message and "'escalation_policy/tier-0'?" in told.value.message
    assert not pagerduty.writes


def test_what_is_no_longer_declared_goes_a_service_only_by_name(pagerduty):
    run(pagerduty)
    left = {"teams": {"core": {"description": "the engine"}}}
    routed = DOCUMENT["event_orchestrations"]["alerts"] | {"paths": {}}
    done = run(pagerduty, {**DOCUMENT, "services": {}, "event_orchestrations": {"alerts": routed}}, prune=Prune("delete"))
    assert rows(done) == {"service/engine": ("blocked", ()), "router/alerts/router": ("delete", ())}
    done = run(pagerduty, left, prune=Prune("delete", data=frozenset({"service/engine"})))
    gone = ["escalation_policy/tier-0", "event_orchestration/alerts", "schedule/primary", "service/engine", "team/ops"]
    assert [row["id"] for row in done["plan"]] == gone
    assert [path.split("/")[1] for verb, path in pagerduty.writes if verb == "DELETE"] == [
        "services",
        "escalation_policies",
        "event_orchestrations",
        "schedules",
        "teams",
    ]
    assert not pagerduty.rows["integration"] and len(pagerduty.rows["user"]) == 4


def test_what_is_there_beside_is_told_to_who_asks(pagerduty):
    run(pagerduty)
    pagerduty.add("service", name="by-hand", description="", escalation_policy={})
    pagerduty.log.clear()
    assert [row["id"] for row in run(pagerduty, prune=Prune("report"))["foreign"]] == ["service/by-hand"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"team": {}}, "config.team: unknown key"),
        ({"teams": {"a": {"descripton": "x"}}}, "did you mean 'description'?"),
        ({"teams": {"a": {"default_role": "boss"}}}, "config.teams.a.default_role"),
        ({"services": {"a": {}}}, "config.services.a.escalation_policy: missing"),
        ({"services": {"a": {"escalation_policy": {"id": "P1"}}}}, "config.services.a.escalation_policy"),
        ({"schedules": {"a": {"time_zone": "UTC", "schedule_layers": [], "teams": []}}}, "config.schedules.a.teams"),
        (
            {"escalation_policies": {"a": {"escalation_rules": [{"escalation_delay_in_minutes": 1, "targets": [{"team": "x"}]}]}}},
            "targets[0]",
        ),
        ({"services": {"a": {"escalation_policy": "x", "integrations": {"i": {"type": "fax"}}}}}, "integrations.i.type"),
    ],
)
def test_a_document_is_refused_with_its_place_before_anything_is_asked(document, words):
    with pytest.raises(InputError) as told:
        read_document(API, document)
    assert words in told.value.message and "Nothing was contacted." in told.value.message
