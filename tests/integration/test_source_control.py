# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The area source_control on a sandbox: from the inventory to what a stand-in for GitHub keeps. Its log of requests is the judge."""

from __future__ import annotations

import json
import urllib.request

import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import ROOT, Runs, conforms

HOST = "sandbox"
RULESET = "ruleset/engine/main"
SECRETS = {"REGISTRY": "GANTRY_TEST_REGISTRY", "DEPLOYER": "GANTRY_TEST_DEPLOYER"}
VALUES = {"GANTRY_TEST_REGISTRY": "r3g1stry-t0ken-of-the-engine", "GANTRY_TEST_DEPLOYER": "d3pl0yer-t0ken-of-prod"}


class SourceControl(Runs):
    """Playbooks on a sandbox with the stand-in; only what exists once is written."""

    def __init__(self):
        folder = INSTANCES / "source-control"
        root = {"sandbox_root": str(folder / HOST), "platform_run_folder": str(folder / "run")}
        super().__init__(folder, HOST, HOST, **root, platform_areas="source_control", platform_area="source_control")

    def requests(self):
        """(verb, path) of every request so far that the stand-in took."""
        log = self.cluster / "logs" / "github-requests.log"
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.is_file() else []
        return [(row["verb"], row["path"]) for row in rows if row["status"] < 300]

    def writes(self):
        return [request for request in self.requests() if request[0] != "GET"]

    @property
    def token(self):
        return (self.cluster / "github.token").read_text(encoding="utf-8")

    def ask(self, verb, path, body=None):
        """A request of somebody's own."""
        access = json.loads((self.cluster / "github.json").read_text(encoding="utf-8"))
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(access["url"] + path, content, headers, method=verb)) as answer:
            return json.loads(answer.read() or b"{}")


@pytest.fixture(scope="module")
def github():
    patch = pytest.MonkeyPatch()
    for name, value in VALUES.items():
        patch.setenv(name, value)
    made = SourceControl()
    made.remove()
    try:
        code, output = made.command("ansible-playbook", *made.words("molecule/shared/prepare.yml", platform_area=""))
        assert code == 0, output
        made.planned = made.play("plan")
        made.written_by_the_plan = made.writes()
        made.applied = made.play("site")
        yield made
    finally:
        made.remove()
        patch.undo()


def test_the_plan_of_an_empty_organization_is_what_is_done(github):
    code, output, planned = github.planned
    assert code == 0, output
    assert github.written_by_the_plan == []
    code, output, applied = github.applied
    assert code == 0, output
    assert (conforms(applied)["status"], applied["hosts"][HOST]["verified"]) == ("applied", True)
    assert [change["id"] for change in planned["changes"]] == [change["id"] for change in applied["changes"]]
    assert {change["action"] for change in applied["changes"]} == {"create"}
    assert {RULESET, "team/cortex", "repository/platform", "repository_team/engine/cortex", "environment/engine/prod"} <= {
        change["id"] for change in applied["changes"]
    }
    prod = github.ask("GET", "/repos/consciousness-example/engine/environments/prod")
    (reviews,) = [rule for rule in prod["protection_rules"] if rule["type"] == "required_reviewers"]
    team = github.ask("GET", "/orgs/consciousness-example/teams/cortex")
    assert [(one["type"], one["reviewer"]["id"]) for one in reviews["reviewers"]] == [("Team", team["id"])] and reviews[
        "prevent_self_review"
    ]
    assert "[gantry.platform: " in team["description"]
    assert "stand-in" in github.command("ansible-playbook", *github.words("status"))[1]


def test_a_second_run_writes_nothing_and_tells_no_secret(github):
    before, changed = github.writes(), github.audited()
    code, output = github.command("ansible-playbook", *github.words("site"), "-vvvv", "--diff")
    assert code == 0, output
    assert (github.reported()["status"], github.writes(), github.audited()) == ("clean", before, changed)
    assert github.token not in output


def test_a_branch_rule_that_somebody_changed_is_named_with_its_fields_and_put_back(github):
    place = "/repos/consciousness-example/engine/rulesets"
    (row,) = [row for row in github.ask("GET", place) if row["name"] == "main"]
    assert "rules" not in row, "a list lacks them, as GitHub's does"
    ruleset = github.ask("GET", f"{place}/{row['id']}")
    rules = [rule for rule in ruleset["rules"] if rule["type"] != "non_fast_forward"]
    (review,) = [rule for rule in rules if rule["type"] == "pull_request"]
    review["parameters"]["required_approving_review_count"] = 0
    github.ask(
        "PUT", f"{place}/{row['id']}", {key: ruleset[key] for key in ("name", "target", "enforcement", "conditions")} | {"rules": rules}
    )
    before = github.writes()

    code, output, report = github.play("drift")
    assert code != 0
    assert [(change["id"], change["action"]) for change in conforms(report, "drift")["changes"]] == [(RULESET, "update")]
    fields = report["changes"][0]["fields"]
    assert any("required_approving_review_count" in field for field in fields) and any("non_fast_forward" in field for field in fields)
    code, output, _report = github.play("verify")
    assert code != 0 and f"not as declared: {RULESET}" in " ".join(output.split())
    assert github.writes() == before

    code, output, report = github.play("site")
    assert code == 0, output
    assert [change["id"] for change in report["changes"]] == [RULESET]
    back = github.ask("GET", f"{place}/{row['id']}")
    assert {rule["type"] for rule in back["rules"]} >= {"non_fast_forward", "deletion", "required_linear_history"}
    code, output, report = github.play("drift")
    assert (code, report["status"]) == (0, "clean"), output


def test_secrets_are_written_once_sealed_and_told_nowhere(github):
    file = ROOT / "inventories" / "group_vars" / "sandbox_environment" / "20_overrides.yml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))["platform_environment_overrides"]
    said["settings"]["source_control"] = {"environments": {"prod": {"secrets": {name: f"env:{one}" for name, one in SECRETS.items()}}}}
    more = {"platform_environment_overrides": said}
    before = github.writes()
    code, output = github.command("ansible-playbook", *github.words("site", **more), "-vvvv", "--diff")
    assert code == 0, output
    puts = [path for verb, path in github.writes()[len(before) :] if verb == "PUT"]
    places = [f"/repos/consciousness-example/{name}/environments/prod/secrets" for name in ("engine", "memory", "platform")]
    assert sorted(puts) == sorted(f"{place}/{name}" for place in places for name in SECRETS)
    written = github.writes()
    assert github.command("ansible-playbook", *github.words("site", **more), "-vvvv", "--diff")[0] == 0
    assert github.writes() == written
    kept = "".join(path.read_text(encoding="utf-8", errors="replace") for path in github.folder.rglob("*.log"))
    for value in [*VALUES.values(), github.token]:
        assert value not in output and value not in kept
