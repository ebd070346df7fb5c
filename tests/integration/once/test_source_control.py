# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The area source_control on a sandbox: from the inventory to what a stand-in for GitHub keeps."""

from __future__ import annotations

import copy

import yaml
from ansible_collections.gantry.platform.tests.integration.runs import ROOT

PLACE = "/repos/consciousness-example/engine"
RULESET = "ruleset/engine/main"
SECRETS = {"REGISTRY": "GANTRY_TEST_REGISTRY", "DEPLOYER": "GANTRY_TEST_DEPLOYER"}
VALUES = {"GANTRY_TEST_REGISTRY": "r3g1stry-t0ken-of-the-engine", "GANTRY_TEST_DEPLOYER": "d3pl0yer-t0ken-of-prod"}


def ruleset_of(once):
    (row,) = [row for row in once.ask("github", "GET", f"{PLACE}/rulesets") if row["name"] == "main"]
    assert "rules" not in row, "a list lacks them, as GitHub's does"
    return f"{PLACE}/rulesets/{row['id']}", once.ask("github", "GET", f"{PLACE}/rulesets/{row['id']}")


def test_repositories_have_their_teams_rules_and_environments(once):
    made = {change["id"] for change in once.applied}
    assert {RULESET, "team/cortex", "repository/platform", "repository_team/engine/cortex", "file/engine/.github/CODEOWNERS"} <= made
    prod = once.ask("github", "GET", f"{PLACE}/environments/prod")
    (reviews,) = [rule for rule in prod["protection_rules"] if rule["type"] == "required_reviewers"]
    team = once.ask("github", "GET", "/orgs/consciousness-example/teams/cortex")
    assert [(one["type"], one["reviewer"]["id"]) for one in reviews["reviewers"]] == [("Team", team["id"])] and reviews[
        "prevent_self_review"
    ]
    assert "[gantry.platform: " in team["description"]
    _path, ruleset = ruleset_of(once)
    rules = {rule["type"]: rule.get("parameters") for rule in ruleset["rules"]}
    assert rules["pull_request"]["required_approving_review_count"] == 2 and "non_fast_forward" in rules


def test_a_branch_rule_that_somebody_changed_is_named_with_its_fields_and_put_back(once):
    path, ruleset = ruleset_of(once)
    before = copy.deepcopy(ruleset["rules"])
    rules = [rule for rule in ruleset["rules"] if rule["type"] != "non_fast_forward"]
    (review,) = [rule for rule in rules if rule["type"] == "pull_request"]
    review["parameters"]["required_approving_review_count"] = 0
    once.ask("github", "PUT", path, {key: ruleset[key] for key in ("name", "target", "enforcement", "conditions")} | {"rules": rules})
    once.drifts("source_control", RULESET, "rules")
    fields = once.put_back("source_control", RULESET)["fields"]
    assert any("required_approving_review_count" in field for field in fields) and any("non_fast_forward" in field for field in fields)
    assert ruleset_of(once)[1]["rules"] == before


def test_secrets_are_written_once_sealed_and_told_nowhere(once, monkeypatch):
    file = ROOT / "inventories" / "group_vars" / "sandbox_environment" / "20_overrides.yml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))["platform_environment_overrides"]
    said["settings"]["source_control"] = {"environments": {"prod": {"secrets": {name: f"env:{one}" for name, one in SECRETS.items()}}}}
    words = once.words("site", platform_area=["source_control"], platform_environment_overrides=said)
    before = once.writes("github")
    code, output = once.command("ansible-playbook", *words, "-vvvv", "--diff", **VALUES)
    assert code == 0, output
    written = once.writes("github")
    places = [f"/repos/consciousness-example/{name}/environments/prod/secrets" for name in ("engine", "memory", "platform")]
    assert sorted(written[len(before) :]) == sorted(("PUT", f"{place}/{name}") for place in places for name in SECRETS)
    code, again = once.command("ansible-playbook", *words, "-vvvv", "--diff", **VALUES)
    assert (code, once.reported()["status"], once.writes("github")) == (0, "clean", written), again
    kept = "".join(path.read_text(encoding="utf-8", errors="replace") for path in once.folder.rglob("*.log"))
    for value in [*VALUES.values(), once.token("github")]:
        assert value not in output and value not in again and value not in kept
