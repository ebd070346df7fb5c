# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dashboards as Grafana reads them, judged by the types that Grafana makes from its own schemas, and their queries by Prometheus' grammar."""

from __future__ import annotations

import itertools
import json

import promql_parser
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.boards import boards
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.grafana import dashboard, queries
from ansible_collections.gantry.platform.plugins.module_utils._slo.board import boards as objectives
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import read_all
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

SERVICES = {
    "engine": {
        "namespace": "cortex", "team": "cortex", "protocol": "grpc", "description": "It thinks",
        "metrics": {"measures": {
            "score": {"title": "Coherence", "kind": "histogram", "unit": "percentunit"},
            "moments_total": {"title": "Moments", "kind": "counter", "unit": "short"},
            "depth": {"title": "Depth", "kind": "gauge", "unit": "s"},
        }},
    },
    "gateway": {"namespace": "senses", "team": "senses", "protocol": "http", "description": "It hears", "metrics": {"measures": {}}},
    "dark": {"namespace": "senses", "team": "senses", "protocol": "http", "description": "Nobody sees it"},
}  # fmt: skip
SLOS = {
    name: {"service": "engine", "namespace": "cortex", "team": "cortex", "tier": "t0", "protocol": "grpc", "min_events": 0,
           "indicator": "availability", "objective": 99.9, "window": "30d", **more}
    for name, more in {"answers": {}, "soon": {"burn_rates": []}}.items()
}  # fmt: skip
PLATFORM = boards(SERVICES, {"cortex": {}, "senses": {}, "idle": {}})
FOUND = {**PLATFORM, **objectives(read_all(SLOS))}


def lost(ours, theirs, path=""):
    """What Grafana's own types do not know of ours, or say otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            yield from lost(value, theirs[key], f"{path}.{key}") if key in theirs else [f"{path}.{key}"]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{path}[{index}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} is {theirs!r}"


def judged(document):
    register_default_plugins()
    return list(lost(document, json.loads(json.dumps(Dashboard.from_json(document), cls=JSONEncoder))))


def test_there_is_a_board_for_each_service_and_team_that_is_measured_and_no_other():
    assert set(PLATFORM) == {"platform", "product", "service-engine", "service-gateway", "team-cortex", "team-senses"}
    titles = [panel["title"] for panel in FOUND["service-engine"]["panels"]]
    assert titles == [
        "Requests",
        "Errors",
        "Duration",
        "Replicas that answer",
        "What it measures of its own",
        "Coherence",
        "Moments",
        "Depth",
    ]


@pytest.mark.parametrize("name", FOUND)
def test_grafanas_own_types_know_all_of_it(name):
    assert judged(dashboard(name, FOUND[name])) == []


def test_what_grafana_does_not_know_is_told():
    wrong = dashboard("platform", FOUND["platform"])
    wrong["panels"][0]["gridPosition"] = wrong["panels"][0].pop("gridPos")
    wrong["panels"][1]["fieldConfig"]["defaults"]["units"] = "s"
    assert judged(wrong) == [".panels[0].gridPosition", ".panels[1].fieldConfig.defaults.units"]


@pytest.mark.parametrize("name", FOUND)
def test_panels_lie_beside_each_other_and_have_ids_of_their_own(name):
    panels = dashboard(name, FOUND[name])["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(one["x"] + one["w"] <= 24 for one in places)
    for one, other in itertools.combinations(places, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"], (one, other)


def test_every_query_is_promql():
    found = [query for board in FOUND.values() for query in queries(board)]
    for query in found:
        promql_parser.parse(query)
    assert len(found) > 30


def test_an_objective_has_a_board_of_its_own_in_its_teams_folder():
    assert set(FOUND) - set(PLATFORM) == {"objectives", "slo-answers", "slo-soon"}
    board = FOUND["slo-answers"]
    assert (board["folder"], board["description"]) == ("cortex", "99.9 % of engine in 30d")
    assert board["panels"][-1]["title"] == "Burn rates" and FOUND["slo-soon"]["panels"][-1]["title"] == "Budget left"


def test_the_uid_is_the_names_and_stays():
    first, again, other = (dashboard(name, FOUND["platform"])["uid"] for name in ("a", "a", "b"))
    assert first == again != other and len(first) <= 40
