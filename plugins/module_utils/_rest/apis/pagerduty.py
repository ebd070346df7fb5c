# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""PagerDuty's REST API v2. Judge: the vendor's own OpenAPI document (github.com/PagerDuty/api-schema, reference/REST/openapiv3.json)."""

from __future__ import annotations

import datetime

from ..._core.change import Impact
from ..._core.forms import moment
from ..._core.pages import Offset
from ..spec import Api, Json, Kind, Ref
from .pagerduty_fields import FIELDS


def _layers(row: Json) -> Json:
    """Layers in the order in which they are written, which is not that in which they are read; one that has ended is none any more."""
    return {**row, "schedule_layers": [layer for layer in reversed(row.get("schedule_layers") or []) if not layer.get("end")]}


def _written_layers(wire: Json, row: Json) -> Json:
    """Every layer over the one of its name, whose start nobody moves. One that is gone can only be ended."""
    now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    before = _layers(row)["schedule_layers"]
    there = {layer.get("name"): layer for layer in before}
    given = [{**{k: there[one["name"]][k] for k in ("id", "start")}, **one} if one["name"] in there else {"start": now, **one}
             for one in wire["schedule_layers"]]  # fmt: skip
    names = {layer["name"] for layer in given}
    return {**wire, "schedule_layers": [*given, *({**layer, "end": now} for layer in before if layer.get("name") not in names)]}


def _ref(*kinds: str, wrap: str = "") -> Ref:
    return Ref(kinds, wrap, {kind: f"{kind}_reference" for kind in kinds})


KINDS = {
    "user": Kind("users", "/users", "user", "users", identity="email", find="query", any_case=True, written=False),
    "team": Kind("teams", "/teams", "team", "teams", constants={"type": "team"}, mark="description"),
    "schedule": Kind(
        "schedules", "/schedules", "schedule", "schedules", detail=True, constants={"type": "schedule"}, mark="description",
        refs={"schedule_layers.users": _ref("user", wrap="user")}, keys={"schedule_layers": "name"},
        forms={"schedule_layers.rotation_virtual_start": moment}, restarts={"schedule_layers": Impact.DISRUPTIVE},
        live=_layers, body=_written_layers,
    ),
    "escalation_policy": Kind(
        "escalation_policies", "/escalation_policies", "escalation_policy", "escalation_policies",
        constants={"type": "escalation_policy"}, mark="description",
        refs={"escalation_rules.targets": _ref("user", "schedule"), "teams": _ref("team")},
        unordered=frozenset({"escalation_rules.targets", "teams"}),
    ),
    "service": Kind(
        "services", "/services", "service", "services", constants={"type": "service"}, mark="description",
        refs={"escalation_policy": _ref("escalation_policy")}, removal=Impact.DESTROYS_DATA,
    ),
    "integration": Kind(
        "integrations", "/services/{service}/integrations", "integration", parent="service", nested="integrations", detail=True,
        deletable=False, fixed=frozenset({"type"}),
    ),
    "event_orchestration": Kind(
        "event_orchestrations", "/event_orchestrations", "orchestration", "orchestrations", mark="description", refs={"team": _ref("team")}
    ),
    "router": Kind(
        "paths", "/event_orchestrations/{event_orchestration}", "orchestration_path", parent="event_orchestration", identity="type",
        id="type", names=("router",), by_name=True, listed=False, deletable=False, empty={"sets": [{"id": "start", "rules": []}]},
        refs={"sets.rules.actions.route_to": Ref(("service",))}, keys={"sets": "id"},
    ),
}  # fmt: skip
API = Api(
    "pagerduty",
    KINDS,
    lambda url: Offset(more="more"),
    "Token token={token}",
    FIELDS,
    {"Accept": "application/vnd.pagerduty+json;version=2"},
)
