# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to hold for every API that is a table, against the stand-in made from it: an API is a row of ``suite.CASES``."""

from __future__ import annotations

import concurrent.futures
import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import reconcile
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._rest import provider
from ansible_collections.gantry.platform.plugins.module_utils._rest.client import RestError
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import read_document
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import CASES, Killed, Shelf, rows


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


@pytest.fixture
def server(case):
    found = case.account()
    yield found
    found.close()


def counted(server):
    return {kind: len(kept) for kind, kept in server.rows.items()}


def test_the_plan_of_an_empty_account_is_what_is_done(case, server):
    plan = case.run(server, check_mode=True)
    assert not server.writes
    assert {row["id"] for row in plan["plan"]} == set(case.things())
    done = case.run(server, approved_digest=plan["digest"])
    assert (done["digest"], done["warnings"]) == (plan["digest"], [])
    assert "c-a-n-a-r-y" not in str((plan, done, server.shelf.content))


def test_a_second_run_asks_once_for_each_thing_at_most_and_writes_nothing(case, server):
    case.run(server)
    server.log.clear()
    assert case.run(server)["plan"] == [] and not server.writes
    assert len(server.log) <= len(read_document(case.api, case.document))


def test_throttled_and_with_the_first_answer_of_each_write_lost_nothing_is_made_twice(case, server):
    undisturbed = case.account()
    server.throttle, server.loses = 3, True
    for document, options in ((case.document, {}), (case.then, {"prune": Prune("delete", data=case.removable)})):
        plan = case.run(undisturbed, document, **options)["plan"]
        assert case.run(server, document, **options)["plan"] == plan != []
        assert counted(server) == counted(undisturbed)
        assert case.run(server, document, **options)["plan"] == []
    undisturbed.close()


def test_of_two_runs_at_once_one_waits_and_finds_nothing_to_do(case, server):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        plans = [run.result()["plan"] for run in [pool.submit(case.run, server, holder=name) for name in ("one", "other")]]
    assert sorted(map(len, plans)) == [0, len(case.things())]
    undisturbed = case.account()
    case.run(undisturbed)
    assert counted(server) == counted(undisturbed) and len(server.writes) == len(undisturbed.writes)
    undisturbed.close()


def test_what_a_server_refuses_names_the_thing_in_the_document(case, server):
    things = {thing.id: thing for thing in read_document(case.api, case.document)}
    server.quirks.refused = lambda kind, before, sent: "it does not like that"
    with pytest.raises(RestError, match="it does not like that") as told:
        case.run(server)
    refused = [id_ for id_, thing in things.items() if told.value.message.startswith(f"config.{thing.where}: ")]
    assert case.things()[0] in refused


def killed_at(case, server, point, document, **options):
    """A run that dies before its request number ``point``; whether it came to its end all the same."""
    left = iter(range(point))

    def gate():
        if next(left, None) is None:
            server.shelf.dead = True
            raise Killed

    try:
        case.run(server, document, gate=gate, **options)
    except Killed:
        server.shelf.dead = False
        return False
    return True


@pytest.mark.parametrize("loses_its_record", [False, True], ids=["", "and-its-record-lost"])
def test_a_run_that_is_killed_before_any_request_is_ended_by_the_next(case, loses_its_record, monkeypatch):
    """Before each of its requests in turn, so between any two: while all is made, and while it is changed and removed."""
    for module in (reconcile, provider):
        # One request after the other: so a number is the same point in every run.
        monkeypatch.setattr(module, "_THREADS", 1)
    points = killed_everywhere(case, case.document, loses_its_record)
    if not loses_its_record:
        points += killed_everywhere(case, case.then, prune=Prune("delete", data=case.removable))
        assert points >= 50


def killed_everywhere(case, document, loses_its_record=False, **options):
    """At how many requests runs to a document were killed, from nothing or to the second document from the first."""
    server, whole = case.account(), case.account()
    for account in (server, whole):
        if document is case.then:
            case.run(account)
    case.run(whole, document, **options)
    rows_before, shelf_before = copy.deepcopy(server.rows), server.shelf
    alive, point = False, 0
    while not alive:
        point += 1
        server.rows, server.shelf = copy.deepcopy(rows_before), copy.deepcopy(shelf_before)
        alive = killed_at(case, server, point, document, **options)
        if loses_its_record and not alive:
            server.shelf = Shelf()
        case.run(server, document, **options)
        server.log.clear()
        assert case.run(server, document, **options)["plan"] == [] and not server.writes
        assert counted(server) == counted(whole), (point, server.rows)
    server.close()
    whole.close()
    return point


def other(value, declared):
    """Another value of its type, which differs in something that is declared."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [other(value[0], declared[0]), *value[1:]]
    # What a server nests elsewhere is looked for where it has it.
    name = next(name for name in (*declared, *value) if name in value and name not in ("id", "name", "ref"))
    return {**value, name: other(value[name], declared.get(name, value[name]))}


def test_each_declared_field_that_is_changed_by_hand_is_found_and_put_back(case, server):
    case.run(server)
    tried = 0
    for thing in read_document(case.api, case.document):
        kind = case.api.kinds[thing.kind]
        refs = {path.partition(".")[0] for path in kind.refs if "." not in path or path.endswith(".*")}
        names = {kind.identity, *kind.also} if not kind.by_name else {kind.identity}
        for name in set(thing.body or {}) - refs - names - kind.fixed - thing.secrets if kind.written else ():
            if thing.body[name] == {}:
                continue  # there is nothing in it that could differ
            row = server.named(thing.kind, thing.name, thing.parent)
            row[name] = other(row[name], thing.body[name])
            tried += 1
            found = rows(case.run(server, check_mode=True))
            assert list(found) == [thing.id] and {field.partition(".")[0].partition("[")[0] for field in found[thing.id][1]} == {name}
            case.run(server)
            assert case.run(server, check_mode=True)["plan"] == []
    assert tried >= 5


def test_without_its_record_everything_is_adopted(case, server):
    case.run(server)
    before = copy.deepcopy(server.rows)
    server.shelf = Shelf()
    done = case.run(server, prune=Prune("delete"))
    secret = {thing.id for thing in read_document(case.api, case.document) if thing.secrets}
    # What is never given back and on no record may be anything: it is written.
    assert {id_: action for id_, (action, _fields) in rows(done).items()} == {
        id_: "update" if id_ in secret else "adopt" for id_ in case.things()
    }
    assert server.rows == before
    assert case.run(server, prune=Prune("delete"))["plan"] == []


@pytest.mark.parametrize("by", ["mark", "record"])
def test_what_is_anothers_is_refused(case, server, by):
    """By the mark that it bears, or where the API has no place for one by the record of the other owner on the same hub."""
    marks = any(kind.mark for kind in case.api.kinds.values())
    case.run(server)
    before = len(server.writes)
    shelf = Shelf() if by == "mark" and marks else Shelf({"us": server.shelf})
    with pytest.raises(RefusedError, match=" is us's"):
        case.run(server, owner="them", shelf=shelf)
    assert len(server.writes) == before


def test_what_is_declared_no_more_goes(case, server):
    case.run(server)
    before = counted(server)
    done = case.run(server, case.then, prune=Prune("delete", data=case.removable))
    gone = {row["id"] for row in done["plan"] if row["action"] == "delete"}
    assert gone and counted(server) != before
    assert case.run(server, case.then, prune=Prune("delete", data=case.removable))["plan"] == []
    assert not gone & set(rows(case.run(server, case.then, check_mode=True)))
