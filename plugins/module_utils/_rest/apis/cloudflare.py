# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Cloudflare's API v4. Judge: the typed parameters and addresses of the vendor's own client (PyPI cloudflare, made from its OpenAPI document)."""

from __future__ import annotations

from ..._core.change import Impact
from ..._core.pages import Cursor, Numbered, Whole
from ..spec import Api, Kind, Ref
from .cloudflare_fields import FIELDS, PHASES, SETTINGS

_POOL = Ref(("pool",))
_STEERING = ("default_pools", "fallback_pool", "region_pools", "steering_policy", "enabled")
KINDS = {
    "zone": Kind("zones", "/zones", find="name", any_case=True, written=False),
    "managed_ruleset": Kind("managed_rulesets", "/accounts/{account}/rulesets", way=Cursor("result_info.cursors.after"), written=False),
    "monitor": Kind("monitors", "/accounts/{account}/load_balancers/monitors", identity="description", update="PATCH", way=Whole()),
    "pool": Kind(
        "pools", "/accounts/{account}/load_balancers/pools", update="PATCH", way=Whole(), mark="description",
        refs={"monitor": Ref(("monitor",))}, keys={"origins": "name"}, unordered=frozenset({"origins"}),
        restarts={"origins": Impact.DISRUPTIVE, "enabled": Impact.DISRUPTIVE},
    ),
    "setting": Kind(
        "settings", "/zones/{zone}/settings", parent="zone", identity="id", names=SETTINGS, by_name=True, listed=False, update="PATCH",
        deletable=False,
    ),
    "dns_record": Kind(
        "records", "/zones/{zone}/dns_records", parent="zone", identity="type", also=("name", "content"), update="PATCH", mark="comment",
        restarts={"content": Impact.DISRUPTIVE},
    ),
    "load_balancer": Kind(
        "load_balancers", "/zones/{zone}/load_balancers", parent="zone", update="PATCH", way=Whole(), mark="description",
        refs={"default_pools": _POOL, "fallback_pool": _POOL, "region_pools.*": _POOL},
        restarts=dict.fromkeys(_STEERING, Impact.DISRUPTIVE),
    ),
    "ruleset": Kind(
        "rulesets", "/zones/{zone}/rulesets/phases", one="/zones/{zone}/rulesets/phases/{id}/entrypoint", parent="zone", identity="phase",
        names=PHASES, by_name=True, listed=False, deletable=False, empty={"rules": []}, mark="description",
        refs={"rules.action_parameters.id": Ref(("managed_ruleset",))}, keys={"rules": "ref"},
    ),
}  # fmt: skip
API = Api(
    "cloudflare",
    KINDS,
    lambda url: Numbered(),
    "Bearer {token}",
    FIELDS,
    envelope="result",
    variables={
        "account": {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "x-allowed": "the id of an account, 32 hexadecimal digits in small letters",
        }
    },
)
