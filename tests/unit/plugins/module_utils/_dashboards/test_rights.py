# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may do what in which folder, before the stand-in of Grafana's API."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.rights import rights
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import GRAFANA, rows

FOLDERS = {"platform": {"title": "Platform"}, "team-cortex": {"title": "cortex", "team": "cortex"}}
TEAMS = {"cortex": {"board_editors": ["ann@example.org"]}, "senses": {}}
USUAL = {"editors": "view", "viewers": "view"}


def said(document, title="cortex"):
    return document["folders"][title]["parts"]["permissions"]["items"]


@pytest.mark.parametrize(
    ("others", "roles"),
    [
        (USUAL, [{"role": "Editor", "permission": 1}, {"role": "Viewer", "permission": 1}]),
        ({"editors": "edit", "viewers": "none"}, [{"role": "Editor", "permission": 2}]),
        ({"editors": "none", "viewers": "none"}, []),
    ],
)
def test_in_a_teams_folder_its_people_edit_and_others_do_what_is_said(others, roles):
    document = rights(FOLDERS, {"folders": others}, TEAMS)
    assert said(document) == [{"teamId": "cortex", "permission": 2}, *roles]
    assert said(document, "Platform") == [{"role": "Editor", "permission": 1}, {"role": "Viewer", "permission": 1}]
    assert {title: one["uid"] for title, one in document["folders"].items()} == {"Platform": "platform", "cortex": "team-cortex"}
    assert {name: one["parts"]["members"]["members"] for name, one in document["teams"].items()} == {
        "cortex": ["ann@example.org"], "senses": [],
    }  # fmt: skip


CASE = dataclasses.replace(GRAFANA, document=rights(FOLDERS, {"folders": USUAL}, TEAMS))


@pytest.fixture
def server():
    """Grafana once it has provisioned its folders, to which it gave the rights that it gives any."""
    found = CASE.account()
    for uid, folder in FOLDERS.items():
        found.add("folder", title=folder["title"], uid=uid)
    yield found
    found.close()


def kept(server, folder):
    return server.rows["permissions"][f"{folder}/permissions"]["items"]


def test_what_a_new_folder_allows_everybody_goes_and_a_second_run_writes_nothing(server):
    done = CASE.run(server)
    assert not [row for row in done["plan"] if row["id"].startswith("folder/") and row["action"] == "create"], "the folders are those there"
    (team,) = [row for row in server.rows["team"].values() if row["name"] == "cortex"]
    assert sorted(kept(server, "team-cortex"), key=str) == sorted(
        [{"teamId": team["id"], "permission": 2}, {"role": "Editor", "permission": 1}, {"role": "Viewer", "permission": 1}], key=str
    )
    assert server.rows["members"][f"{team['id']}/members"]["members"] == ["ann@example.org"]
    before = len(server.writes)
    assert CASE.run(server)["plan"] == [] and len(server.writes) == before


def test_who_gets_in_by_hand_is_found_and_let_go_of(server):
    CASE.run(server)
    kept(server, "team-cortex").append({"userId": 3, "permission": 4})
    found = CASE.run(server, check_mode=True)
    assert list(rows(found)) == ["permissions/cortex/permissions"]
    CASE.run(server)
    assert not [one for one in kept(server, "team-cortex") if one.get("userId")]


def test_who_has_no_account_yet_is_named_and_nothing_is_written(server):
    document = rights(FOLDERS, {"folders": USUAL}, {**TEAMS, "senses": {"board_editors": ["zoe@example.org"]}})
    with pytest.raises(RefusedError, match="zoe@example.org"):
        CASE.run(server, document)
    assert not server.writes


def test_a_team_that_is_no_more_goes_and_what_its_folder_holds_stays(server):
    CASE.run(server)
    CASE.run(server, {"teams": {}, "folders": {"Platform": CASE.document["folders"]["Platform"]}}, prune=Prune("delete"))
    assert server.rows["team"] == {} and set(server.rows["folder"]) == set(FOLDERS)
