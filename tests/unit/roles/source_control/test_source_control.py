# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where code is, as the shipped inventories say it: GitHub's document, read as the module reads it."""

from __future__ import annotations

import base64
import copy
import json
import re

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.filter.quoted import FilterModule
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.github import API
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import needs_of, read_document
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT
from jinja2 import Environment

TEMPLATE = CHECKOUT / "roles" / "source_control" / "templates" / "github.yaml.j2"


def document(model):
    texts = Environment(autoescape=False, trim_blocks=True, lstrip_blocks=True)
    quoted = FilterModule().filters()["quoted"]
    texts.filters |= {"to_json": json.dumps, "combine": lambda one, other: {**one, **other}, "gantry.platform.quoted": quoted}
    texts.filters["regex_replace"] = lambda value, pattern, by: re.sub(pattern, by, value)
    given = {f"source_control_{part}": model[part] for part in ("teams", "services")}
    text = texts.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        **given, source_control_settings=model["settings"]["source_control"]
    )
    return yaml.safe_load(text)


def rules(found, repository):
    return {rule["type"]: rule.get("parameters", {}) for rule in found["repositories"][repository]["rulesets"]["main"]["rules"]}


@pytest.fixture
def model(shipped):
    """What prod says, for a test to change."""
    return copy.deepcopy(shipped["prod-euw1"].model)


def test_every_shipped_inventory_says_a_document_in_which_all_that_is_named_is_declared(shipped):
    for cluster in shipped.values():
        things = {thing.id: thing for thing in read_document(API, document(cluster.model))}
        for name, service in cluster.model["services"].items():
            if "repository" in service:
                assert f"repository_team/{service['repository']['name']}/{service['team']}" in things, name
        for thing in things.values():
            assert needs_of(API, thing.kind, thing.body or {}) <= set(things), thing.id
        assert {f"team/{team}" for team in cluster.model["teams"]} <= set(things)
        assert "repository/platform" in things


def test_a_default_branch_takes_only_what_was_reviewed_by_tier(model):
    engine, memory = (model["services"][name] for name in ("consciousness-engine", "memory-store"))
    engine["tier"], memory["tier"] = "t0", "t3"
    model["settings"]["source_control"]["checks"] = ["lint"]
    found = document(model)
    first, last = rules(found, "engine"), rules(found, "memory")
    assert (first["pull_request"]["required_approving_review_count"], last["pull_request"]["required_approving_review_count"]) == (2, 1)
    assert {"deletion", "non_fast_forward", "required_linear_history"} <= set(first) and "required_signatures" not in first
    assert first["required_status_checks"]["required_status_checks"] == [{"context": "lint"}, {"context": "test"}]
    assert found["repositories"]["engine"]["rulesets"]["main"]["bypass_actors"] == []
    assert found["repositories"]["engine"]["files"][".github/CODEOWNERS"]["content"] == "* @consciousness-example/cortex\n"


def test_services_may_share_a_repository_whose_highest_tier_counts(model):
    memory, engine = model["services"]["memory-store"], model["services"]["consciousness-engine"]
    memory["tier"], engine["tier"] = "t3", "t0"
    memory["repository"] = {"name": "engine", "checks": ["recall"], "secrets": {"KEY": "env:KEY"}}
    found = document(model)
    assert "memory" not in found["repositories"] and sorted(found["repositories"]["engine"]["teams"]) == ["cortex", "memory"]
    assert rules(found, "engine")["pull_request"]["required_approving_review_count"] == 2
    assert {row["context"] for row in rules(found, "engine")["required_status_checks"]["required_status_checks"]} == {"test", "recall"}
    assert found["repositories"]["engine"]["secrets"] == {"KEY": {"value": {"reference": "env:KEY"}}}
    assert found["repositories"]["engine"]["files"][".github/CODEOWNERS"]["content"].split() == [
        "*",
        "@consciousness-example/cortex",
        "@consciousness-example/memory",
    ]


def test_a_protected_environment_is_approved_by_others_and_deployed_from_the_branch(model):
    settings = model["settings"]["source_control"]
    settings["environments"]["prod"]["reviewers"] = ["trust"]
    settings["environments"]["dev"]["wait_minutes"] = 5
    settings["branch"] = "trunk"
    found = document(model)["repositories"]["engine"]["environments"]
    assert found["prod"]["reviewers"] == [{"team": "trust"}] and found["prod"]["prevent_self_review"]
    assert (found["prod"]["branches"], found["dev"]["wait_timer"]) == ({"trunk": {}}, 5)
    assert "reviewers" not in found["dev"] and "branches" not in found["dev"]
    del settings["environments"]["prod"]["reviewers"]
    assert document(model)["repositories"]["engine"]["environments"]["prod"]["reviewers"] == [{"team": "cortex"}]


def test_switches_are_switches(model):
    settings = model["settings"]["source_control"]
    one = document(model)["repositories"]["engine"]
    assert one["security"] == {"vulnerability-alerts": {}, "automated-security-fixes": {}} and one["code_scanning"] == {}
    assert "security_and_analysis" not in one
    settings |= {"dependabot": False, "code_scanning": True, "secret_scanning": True, "signed_commits": True, "app": 7}
    found = document(model)
    one = found["repositories"]["engine"]
    assert one["security"] == {} and one["code_scanning"] == {"default-setup": {"state": "configured"}}
    assert one["security_and_analysis"]["secret_scanning"] == {"status": "enabled"}
    assert "required_signatures" in rules(found, "engine")
    assert one["rulesets"]["main"]["bypass_actors"] == [{"actor_id": 7, "actor_type": "Integration", "bypass_mode": "always"}]
    assert read_document(API, found)


def test_where_nothing_has_a_repository_there_are_teams_alone(model):
    for service in model["services"].values():
        service.pop("repository", None)
    del model["settings"]["source_control"]["repository"]
    found = document(model)
    assert found["repositories"] == {} and set(found["teams"]) == set(model["teams"])
    assert {thing.kind for thing in read_document(API, found)} == {"team"}


def test_what_is_committed_is_what_was_said(model):
    content = document(model)["repositories"]["platform"]["files"][".github/CODEOWNERS"]["content"]
    sent = API.kinds["file"].body({"content": content}, {"sha": "1"})
    assert base64.b64decode(sent["content"]).decode() == content == "* @consciousness-example/trust\n" and sent["sha"] == "1"
