# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

SAID = {"owner": "mind", "repository": "platform", "team": "cortex", "environments": {"prod": {"protected": True}}}


def with_source_control(on=True, team="cortex", repositories=(), **said):
    """The example with the area on, its first services in repositories; the team may have another name."""
    services, teams = copy.deepcopy(VALUES["platform_services"]), copy.deepcopy(VALUES["platform_teams"])
    teams[team] = teams.pop("cortex")
    for service, repository in zip(services.values(), repositories, strict=False):
        service["repository"] = repository
    for service in services.values():
        service["team"] = team
    settings = {**VALUES["platform_settings"], "areas": {"source_control": on}, "source_control": {**SAID, "team": team, **said}}
    settings["source_control"] = {name: value for name, value in settings["source_control"].items() if value is not None}
    return inventory(platform_settings=settings, platform_services=services, platform_teams=teams)


def test_what_nobody_says_is_careful():
    found = model(with_source_control(repositories=[{"name": "engine"}])).effective["settings"]["source_control"]
    assert (found["visibility"], found["dependabot"], found["signed_commits"]) == ("private", True, False)
    assert found["reviews"] == {"t0": 2, "t1": 1, "t2": 1, "t3": 1} and found["url"] == "https://api.github.com"
    assert found["environments"]["prod"] == {"protected": True, "wait_minutes": 0, "secrets": {}}


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({}, None),
        ({"owner": None}, "settings.source_control.owner: is missing"),
        ({"owner": None, "on": False}, None),
        ({"owner": "mind/body"}, "the login of an organization"),
        ({"team": "brain--stem"}, "GitHub has no team of that name"),
        ({"team": "brain--stem", "on": False}, None),
        ({"repositories": [{"name": "platform"}]}, "'platform' is the repository of this inventory"),
        ({"repositories": [{"name": "engine"}, {"name": "Engine"}]}, "is 'engine' to GitHub; spell it the same everywhere"),
        ({"repositories": [{"name": "Platform"}]}, "'Platform' is the repository of this inventory"),
        (
            {"checks": ["lint"], "repositories": [{"name": "engine", "checks": ["lint"]}]},
            "found 'lint', which is asked of 'engine' already",
        ),
        ({"repositories": [{"name": "engine", "checks": ["a"]}, {"name": "engine", "checks": ["a"]}]}, "found 'a', which is asked of"),
        ({"repositories": [{"name": "engine", "checks": ["a"]}, {"name": "engine", "checks": ["b"]}]}, None),
        ({"repositories": [{"name": "a b"}]}, "the name of a repository"),
        ({"repositories": [{"name": "engine", "secrets": {"lower": "env:X"}}]}, "capital letters, digits and _"),
        ({"repositories": [{"name": "engine", "secrets": {"KEY": "s3cr3t"}}]}, "a reference that needs no Vault"),
        ({"environments": {"prod": {"reviewers": ["cortx"]}}}, "found the unknown team 'cortx'; allowed: cortex; did you mean 'cortex'?"),
        ({"environments": {"prod": {"reviewers": ["cortex"] * 7}}}, "GitHub asks at most 6"),
        ({"environments": {"prod": {"protectd": True}}}, "did you mean 'protected'?"),
        ({"url": "http://api.github.com"}, "https://api.github.com"),
    ],
)
def test_where_code_is_is_checked_before_anybody_is_asked(said, wrong):
    found = "\n".join(errors(with_source_control(**said)))
    assert wrong in found if wrong else not found, found
