# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The loop of every API against one in memory; Vault's own tests are in tests/integration/vault."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import reconcile as tested
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._core.memory import Killed, Server, planned, rows, run, thing
from hypothesis import given, settings
from hypothesis import strategies as st

DELETE = Prune("delete")
CANARY = "canary-canary"


@pytest.fixture(autouse=True)
def _one_after_the_other(monkeypatch):
    monkeypatch.setattr(tested, "_THREADS", 1)


@pytest.fixture
def server():
    found = Server()
    found.by_hand("user", "ann")
    return found


TEAM = thing("team", "core", description="ours")
SERVICE = thing("service", "api", team="core", users=["ann"], type="web", rules=[{"ref": "a", "on": True}, {"ref": "b", "on": True}])
KEY = thing("key", "k", parent="service/api", level="low")
ANN = thing("user", "ann")
ALL = (ANN, TEAM, SERVICE, KEY)


def without(*gone):
    return [one for one in ALL if one not in gone]


def test_an_empty_server_is_planned_as_it_is_then_made(server):
    plan = planned(server, *ALL)
    assert not server.writes
    done = run(server, *ALL, approved_digest=plan["digest"])
    assert (done["digest"], rows(done)) == (plan["digest"], rows(plan))
    assert [one["id"] for one in done["plan"]] == ["team/core", "service/api", "key/k"]
    unverified = {one["id"]: one["reason"] for one in done["plan"] if not one["verified"]}
    assert unverified == {"service/api": "it names team/core, which this run makes", "key/k": "it names service/api, which this run makes"}
    assert server.named("service", "api")["team"] == server.named("team", "core")["id"], "on the wire it is an id"


def test_a_second_run_reads_each_thing_once_and_lists_and_writes_nothing(server):
    run(server, *ALL)
    server.log.clear()
    assert run(server, *ALL, prune=DELETE)["changed"] is False
    assert sorted(server.log) == sorted([("GET", "record"), *(("GET", id_) for id_ in server.rows)])


def test_a_field_that_was_declared_goes_back_to_what_nobody_sets(server):
    run(server, thing("service", "api", urgency="low", type="web"))
    done = run(server, thing("service", "api"))
    assert rows(done) == {"service/api": ("update", ("urgency",))} and server.named("service", "api")["urgency"] == "high"
    assert done["plan"][0]["impact"] == "disruptive", "the kind says that this field is dear"
    assert done["warnings"] == ["service/api: type is declared no longer, and stays as it is"]
    assert run(server, thing("service", "api"))["warnings"] == []


def test_what_cannot_be_changed_is_made_anew_only_where_it_is_named(server):
    run(server, *ALL)
    other = [*without(SERVICE, KEY), thing("service", "api", type="tcp")]
    with pytest.raises(
        RefusedError, match="type is 'web' and cannot be changed to 'tcp'; to have it removed and made anew name service/api in"
    ):
        run(server, *other)
    with pytest.raises(RefusedError, match="add destroys_data to allowed_impact"):
        run(server, *other, replaceable=frozenset({"service/api"}), allowed_impact=("safe", "disruptive"))
    before = server.named("service", "api")["id"]
    done = run(server, *other, replaceable=frozenset({"service/api"}))
    assert rows(done)["service/api"][0] == "replace" and server.named("service", "api")["id"] != before
    assert run(server, *other)["changed"] is False


def test_what_others_name_is_not_made_anew_unless_they_are(server):
    run(server, *ALL)
    other = [*without(SERVICE), thing("service", "api", type="tcp")]
    done = run(server, *other, replaceable=frozenset({"service/api"}))
    assert rows(done) == {"service/api": ("blocked", ())} and "key/k name it" in done["plan"][0]["reason"]
    assert server.named("service", "api")["type"] == "web"


def test_what_is_named_and_neither_declared_nor_there_is_refused_with_the_nearest(server):
    server.by_hand("team", "ops")
    with pytest.raises(RefusedError) as told:
        run(server, TEAM, thing("service", "a", team="cor"), thing("service", "b", team="op"), thing("service", "c", users=["anne"]))
    for words in ("names team/cor, which is neither", "'team/core'?", "'team/ops'?", "names user/anne", "'user/ann'?"):
        assert words in told.value.message
    assert not server.writes
    assert run(server, thing("service", "b", team="ops"))["changed"]


def test_what_is_named_cannot_go_in_the_same_run(server):
    run(server, *ALL)
    for gone in ((thing("team", "core", absent=True),), ()):
        with pytest.raises(RefusedError, match="config.service/api: names team/core, which is to be removed"):
            run(server, *without(TEAM), *gone, prune=DELETE)


def test_a_removed_parent_speaks_for_its_children(server):
    run(server, *ALL)
    named = Prune("delete", data=frozenset({"service/api"}))
    done = run(server, *without(SERVICE, KEY), prune=named)
    assert rows(done) == {"service/api": ("delete", ())}
    assert [row["kind"] for row in server.rows.values()] == ["user", "team"]
    assert set(server.records["us"][1]["paths"]) == {"team/core", "user/ann"}


def test_what_holds_data_goes_only_by_name_and_what_cannot_be_removed_stays_beside(server):
    run(server, *ALL, thing("setting", "s", on=True))
    done = run(server, *without(SERVICE, KEY), prune=DELETE)
    assert rows(done) == {"service/api": ("blocked", ())} and "name service/api in prune.data" in done["plan"][0]["reason"]
    assert {one["id"]: one["path"] for one in done["foreign"]} == {"setting/s": "it is declared nowhere; this API cannot remove it"}
    assert run(server, *ALL, thing("setting", "s", absent=True), prune=DELETE)["plan"][0]["action"] == "blocked"


def test_sets_are_compared_by_their_key_and_only_what_is_declared(server):
    run(server, *ALL)
    row = server.named("service", "api")
    row["rules"] = [{"ref": "new", "on": False}, {"ref": "b", "on": True, "seen": 5}, {"ref": "a", "on": True}]
    row["undeclared"] = "x"
    assert rows(planned(server, *ALL)) == {"service/api": ("update", ("rules[ref=new].on", "rules[ref=new].ref"))}
    row["rules"].pop(0)
    assert planned(server, *ALL)["plan"] == []
    run(server, *without(SERVICE), thing("service", "api", team="core", users=["ann"], type="web", rules=[]))
    assert row["undeclared"] == "x", "a write keeps what nobody declared"


def test_what_did_not_stick_is_said(server):
    run(server, TEAM)
    server.stubborn = ("description",)
    done = run(server, thing("team", "core", description="other"))
    assert done["warnings"] == ["team/core: the server made something else of description; the next run will see it as changed"]


def test_what_the_server_said_is_said(server):
    assert run(server, thing("team", "core", greets=True))["warnings"] == ["team/core: welcome"]


def test_a_value_that_is_never_given_back_is_known_by_its_mark(server):
    declared = thing("service", "api", secret={"reference": "env:S"})
    run(server, declared, environment={"S": CANARY})
    assert run(server, declared, environment={"S": CANARY})["changed"] is False
    done = run(server, declared, environment={"S": CANARY + "2"})
    assert rows(done) == {"service/api": ("update", ("secret",))} and server.named("service", "api")["secret"] == CANARY + "2"
    assert CANARY not in json.dumps([done, server.records["us"]])


def test_what_is_only_named_has_to_be_there_and_is_never_written(server):
    with pytest.raises(RefusedError, match="config.user/bob: there is no user/bob, and this collection makes none"):
        run(server, thing("user", "bob"))
    run(server, *ALL)
    done = run(server, thing("team", "core", description="other"), prune=DELETE)
    assert "user/ann" not in rows(done) and server.named("user", "ann")


# what the record is for


def test_without_a_record_what_bears_our_mark_is_adopted_and_nothing_made_twice(server):
    run(server, *ALL)
    renamed = server.by_hand("team", "old", mark="us")
    del server.records["us"]
    done = run(server, *ALL, prune=DELETE)
    assert {id_: action for id_, (action, _fields) in rows(done).items()} == {
        "team/core": "adopt",
        "service/api": "adopt",
        "key/k": "adopt",
    }
    assert {one["id"]: one["path"] for one in done["foreign"]}["team/old"].startswith("it bears the mark of us, and no record says that")
    assert run(server, *ALL, prune=DELETE)["changed"] is False and renamed["id"] in server.rows, "a mark alone removes nothing"
    run(server, *ALL, thing("team", "old", absent=True))
    assert renamed["id"] not in server.rows


def test_without_a_record_what_bears_our_mark_and_no_name_is_no_invitation(server):
    server.by_hand("team", "", mark="us")
    with pytest.raises(RefusedError, match=r"the record of us is missing, and of kind team there is what bears the mark of us \(P2\)"):
        run(server, *ALL)
    assert not server.writes


def test_what_was_made_anew_by_hand_is_ours_again(server):
    run(server, TEAM)
    old = server.named("team", "core")
    del server.rows[old["id"]]
    server.by_hand("team", "core", description="ours")
    done = run(server, TEAM)
    assert rows(done) == {"team/core": ("adopt", ())} and "another one stands there" in done["plan"][0]["reason"]
    assert run(server, TEAM)["changed"] is False


def test_of_what_was_made_anew_by_hand_nothing_is_known_that_is_not_given_back(server):
    declared = thing("service", "api", secret={"reference": "env:S"})
    run(server, declared, environment={"S": CANARY})
    del server.rows[server.named("service", "api")["id"]]
    server.by_hand("service", "api", secret="another")
    assert rows(run(server, declared, environment={"S": CANARY})) == {"service/api": ("update", ("secret",))}
    assert server.named("service", "api")["secret"] == CANARY
    assert run(server, declared, environment={"S": CANARY})["changed"] is False


def test_what_is_made_again_is_on_the_record_as_begun(server, monkeypatch):
    def dies(row):
        raise Killed

    run(server, TEAM)
    del server.rows[server.named("team", "core")["id"]]
    with monkeypatch.context() as patched:
        patched.setattr(server, "post", dies)
        with pytest.raises(Killed):
            run(server, TEAM)
    assert server.records["us"][1]["paths"]["team/core"]["pending"] is True
    assert rows(run(server, TEAM)) == {"team/core": ("create", ("description",))}
    assert "pending" not in server.records["us"][1]["paths"]["team/core"]


def test_what_is_gone_and_stands_under_its_name_by_hand_is_not_ours_to_remove(server):
    run(server, TEAM, thing("team", "other"))
    old = server.named("team", "other")
    del server.rows[old["id"]]
    theirs = server.by_hand("team", "other")
    run(server, TEAM, prune=DELETE)
    assert theirs["id"] in server.rows


def test_two_owners_never_touch_each_others(server):
    run(server, *ALL)
    theirs = thing("team", "theirs", description="x")
    run(server, theirs, owner="them", prune=DELETE)
    before = copy.deepcopy(server.rows)
    for declared in (thing("team", "core", description="stolen"), thing("team", "core", description="ours")):
        with pytest.raises(RefusedError, match="config.team/core: team/core is us's; take it out of one of the two documents"):
            run(server, theirs, declared, owner="them")
    server.named("team", "core")["mark"] = ""
    with pytest.raises(RefusedError, match="team/core is us's"):
        run(server, theirs, TEAM, owner="them")
    server.named("team", "core")["mark"] = before[server.named("team", "core")["id"]]["mark"]
    assert run(server, *ALL, prune=DELETE)["plan"] == [] and server.rows == before


def test_two_runs_at_once_one_stops(server):
    run(server, TEAM)
    version, content = server.records["us"]
    server.records["us"] = version, {**content, "run": {"holder": "ann@laptop", "since": "s", "until": "u", "seconds": 30}}
    with pytest.raises(RefusedError, match="another run is writing to what us has here: ann@laptop"):
        run(server, thing("team", "core", description="other"), patience=0.0)
    assert server.named("team", "core")["description"] == "ours"


def test_what_another_run_wrote_meanwhile_is_planned_again(server, monkeypatch):
    """The lock is taken over another version than the plan was made on."""
    run(server, TEAM)
    taken = tested.RecordLock.__enter__

    def late(lock):
        monkeypatch.undo()
        run(server, thing("team", "core", description="both"), owner="us")
        return taken(lock)

    monkeypatch.setattr(tested.RecordLock, "__enter__", late)
    done = run(server, thing("team", "core", description="both"))
    assert done["changed"] is False and len([row for row in server.writes if row[0] == "PUT" and row[1] != "record"]) == 1


def test_what_holds_the_record_comes_first_and_is_changed_like_everything(server):
    run(server, TEAM, thing("shelf", "s", label="a"))
    assert [what for verb, what in server.writes if verb == "POST"] == ["s", "core"]
    assert server.writes.index(("POST", "s")) < server.writes.index(("PUT", "record"))
    server.log.clear()
    run(server, TEAM, thing("shelf", "s", label="b"))
    assert server.named("shelf", "s")["label"] == "b" and server.writes[0] == ("PUT", "record"), "once it is there, under the lock"


def test_a_server_that_is_not_there_yet_is_planned_without_a_digest():
    found = tested.plan_of_absent(tested.Request([TEAM, thing("team", "x", absent=True)]), "memory", "there is none yet")
    assert rows(found) == {"team/core": ("create", ("description",))} and found["digest"] == ""


def test_a_reference_that_nobody_can_resolve_is_refused_with_its_place(server):
    with pytest.raises(InputError, match="config.service/api.secret: .*env:NONE"):
        run(server, thing("service", "api", secret={"reference": "env:NONE"}))


# whatever is declared, drifts or dies

NAMES = ("a", "b", "c")
TEXT = st.sampled_from(["x", "y", "z"])
RULES = st.lists(st.fixed_dictionaries({"ref": st.sampled_from("pqr"), "on": st.booleans()}), unique_by=lambda row: row["ref"], max_size=3)


@st.composite
def documents(draw):
    teams = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    services = draw(st.lists(st.sampled_from(NAMES), unique=True))
    found = [ANN, *(thing("team", name, description=draw(TEXT)) for name in teams)]
    for name in services:
        more = {"rules": draw(RULES), "timeout": draw(st.sampled_from(["90m", 5400, "1h", 60])), "urgency": draw(TEXT)}
        body = {field: value for field, value in more.items() if draw(st.booleans())}
        found.append(thing("service", name, team=draw(st.sampled_from(teams)), users=["ann"], **body))
        if draw(st.booleans()):
            found.append(thing("key", f"of-{name}", parent=f"service/{name}", level=draw(TEXT)))
    return found


def fresh():
    found = Server()
    found.by_hand("user", "ann")
    return found


EVERYTHING = Prune("delete", data=frozenset(f"service/{name}" for name in NAMES))


def is_whole(server, document, left=()):
    """What is declared is there once, nothing else of ours is but what is ``left``, and another run has nothing to do."""
    server.log.clear()
    assert run(server, *document, prune=EVERYTHING)["plan"] == [] and not server.writes
    assert not [row for row in server.log if row[0] == "LIST"]
    there = sorted(f"{row['kind']}/{row['name']}" for row in server.rows.values())
    declared = [one.id for one in document]
    assert sorted(one for one in there if one not in left) == sorted(one for one in declared if one not in left)
    assert len(there) == len(set(there)) and set(declared) <= set(there)


@settings(max_examples=60)
@given(documents(), documents())
def test_a_plan_is_what_is_done_and_a_second_run_writes_nothing(first, second):
    server = fresh()
    for document in (first, second):
        try:
            plan = planned(server, *document, prune=EVERYTHING)
        except RefusedError as error:
            assert "to be removed" in error.message
            return
        done = run(server, *document, prune=EVERYTHING, approved_digest=plan["digest"])
        assert (rows(done), done["digest"]) == (rows(plan), plan["digest"])
        is_whole(server, document)


@settings(max_examples=60)
@given(documents(), st.data())
def test_a_change_by_hand_is_found_exactly(document, data):
    server = fresh()
    run(server, *document)
    declared = [(one, field) for one in document for field in one.body or () if field not in ("team", "users", "rules")]
    drifts = data.draw(st.lists(st.sampled_from(declared), unique_by=lambda row: (row[0].id, row[1]), min_size=1, max_size=3))
    for one, field in drifts:
        server.named(one.kind, one.id.partition("/")[2])[field] = 77 if field == "timeout" else "by hand"
    server.named("team", document[1].id.partition("/")[2])["nobody"] = "declared it"
    found = rows(planned(server, *document))
    assert {(id_, field) for id_, (_action, fields) in found.items() for field in fields} == {(one.id, field) for one, field in drifts}
    run(server, *document)
    is_whole(server, document)


@settings(max_examples=120)
@given(documents(), documents(), st.integers(1, 60), st.booleans(), st.booleans())
def test_a_run_that_is_killed_anywhere_is_ended_by_the_next(first, second, number, before, forgets):
    """Between any two requests, the record's among them; ``forgets``: the record is lost as well."""
    server = fresh()
    run(server, *first)
    server.asked, server.dies_at, server.before = 0, number, before
    try:
        run(server, *second, prune=EVERYTHING)
    except (Killed, RefusedError) as ended:
        if isinstance(ended, RefusedError):
            assert "to be removed" in ended.message
            return
    server.dies_at = 0
    if forgets:
        server.records.clear()
    ended = run(server, *second, prune=EVERYTHING)
    is_whole(server, second, {row["id"] for row in ended["foreign"]} if forgets else ())
