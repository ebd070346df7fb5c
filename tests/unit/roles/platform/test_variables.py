# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the flow works out for the systems that are configured, out of the role's own variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

VARS = Path(__file__).resolve().parents[4] / "roles" / "platform" / "vars" / "main.yml"
SERVER = "StatefulSet.apps/forge/forge"


def worked_out(name, **known):
    """One of the role's variables, with this known besides."""
    loader = DataLoader()
    own = loader.load_from_file(str(VARS), trusted_as_template=True)
    return Templar(loader, variables={**own, **known}).template(trust_as_template(f"{{{{ {name} }}}}"))


def planned(*ids, action="create"):
    return {"plan": [{"id": one, "action": action} for one in ids]}


@pytest.mark.parametrize(
    ("hub", "made_now"),
    [
        # `wave 2` is planned behind `wave 1`, and what comes after the clusters behind all of their waves.
        ({"platform_notes": {"notes": [planned(SERVER), {"expectations": {}}, planned("Namespace/-/late")]}}, True),
        ({"platform_notes": {"notes": [planned("Namespace/-/forge"), planned(SERVER, action="update")]}}, False),
        ({"platform_notes": {"notes": []}}, False),
        # A role that runs alone notes nothing.
        ({"platform_reconciled": planned(SERVER)}, True),
        ({"platform_reconciled": planned(SERVER, action="update")}, False),
        ({}, False),
    ],
    ids=["made", "there", "nothing", "alone: made", "alone: there", "never planned"],
)
def test_what_the_hub_makes_in_this_run_serves_nobody_yet(hub, made_now):
    known = {"platform_simulated": False, "platform_hub": "one", "hostvars": {"one": hub}}
    assert (SERVER in worked_out("platform_made_now", **known)) is made_now


@pytest.mark.parametrize("known", [{"platform_simulated": True, "platform_hub": "one"}, {"platform_simulated": False, "platform_hub": ""}])
def test_a_server_of_a_trial_and_one_of_no_cluster_of_the_run_is_there(known):
    hub = {"platform_notes": {"notes": [planned(SERVER)]}}
    assert worked_out("platform_made_now", hostvars={"one": hub}, **known) == []


@pytest.mark.parametrize(("command", "areas"), [("site", ["checked", "looks", "compared"]), ("verify", ["checked", "looks"])])
def test_what_was_compared_already_is_not_compared_again_to_verify_it(command, areas):
    rows = [{"area": "checked", "verifies": True}, {"area": "compared", "verifies": False}, {"area": "looks", "verifies": True}]
    found = worked_out("platform_verifying", platform_switched_on=rows, platform_configuring=rows[:2], platform_command=command)
    assert [row["area"] for row in found] == areas
