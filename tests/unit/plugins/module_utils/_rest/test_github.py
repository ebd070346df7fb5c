# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What GitHub's table is about beyond every API's, against a stand-in that is made from the table's description."""

from __future__ import annotations

import hashlib
import importlib.util
import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.github import API
from ansible_collections.gantry.platform.plugins.module_utils._rest.client import RestError
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import read_document
from ansible_collections.gantry.platform.tests.kit.answering import Given
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import GITHUB, Shelf, rows
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import changed as copied

DOCUMENT, SECRETS = GITHUB.document, GITHUB.secrets
OWNER = DOCUMENT["owner"]
run = GITHUB.run


@pytest.fixture
def github():
    found = GITHUB.account()
    yield found
    found.close()


def changed(change):
    return copied(change, DOCUMENT)


def digest(name):
    return hashlib.sha256(SECRETS[name].encode()).hexdigest()


def test_a_secret_goes_out_sealed_and_only_the_servers_key_opens_it(github):
    sent = []
    kept = github.quirks.kept
    github.quirks.kept = lambda kind, before, after, now: sent.append(after) or kept(kind, before, after, now)
    run(github)
    assert not any(value in json.dumps(sent) for value in SECRETS.values())
    assert github.named("secret", "REGISTRY_TOKEN", "repository/engine")["value"] == digest("REGISTRY")
    assert github.named("environment_secret", "DEPLOYER", "environment/engine/prod")["value"] == digest("DEPLOYER")
    assert github.named("environment_secret", "DEPLOYER", "environment/memory/prod")["value"] == digest("REGISTRY")


def test_a_secret_is_told_by_marks_alone_and_shown_nowhere(github):
    done = run(github)
    said = json.dumps([done, run(github, check_mode=True), github.shelf.content])
    assert not any(value in said for value in SECRETS.values())
    github.log.clear()
    assert run(github)["plan"] == [] and not github.writes
    assert not [path for _verb, path in github.log if path.endswith("public-key")], "the key is only asked for to write"
    plan = run(
        github, changed(lambda d: d["repositories"]["engine"].update(secrets={"REGISTRY_TOKEN": {"value": {"reference": "env:DEPLOYER"}}}))
    )
    assert rows(plan) == {"secret/engine/REGISTRY_TOKEN": ("update", ("value",))}
    assert not any(value in json.dumps(plan) for value in SECRETS.values())
    assert github.named("secret", "REGISTRY_TOKEN", "repository/engine")["value"] == digest("DEPLOYER")


def test_a_secret_that_somebody_removed_is_written_again(github):
    run(github)
    github.rows["secret"].clear()
    assert rows(run(github)) == {"secret/engine/REGISTRY_TOKEN": ("create", ("value",))}


def test_without_the_package_that_seals_nothing_is_begun(github, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="config.repositories.engine.secrets.REGISTRY_TOKEN: it wants the Python package PyNaCl"):
        run(github)
    assert not github.writes
    assert run(github, {"owner": OWNER, "teams": {"ops": {}}})["counts"]["create"] == 1, "what seals nothing needs none"


def test_reviewers_are_numbers_to_the_server_and_names_to_people(github):
    run(github)
    prod = github.named("environment", "prod", "repository/engine")
    ids = {"Team": github.named("team", "ops")["id"], "User": github.named("user", "ann")["id"]}
    assert {one["type"]: one["id"] for one in prod["reviewers"]} == ids and all(isinstance(id_, int) for id_ in ids.values())
    prod["reviewers"] = [{"type": "Team", "id": github.named("team", "cortex")["id"]}]
    plan = run(github, check_mode=True)
    assert list(rows(plan)) == ["environment/engine/prod"] and all(field.startswith("reviewers") for field in plan["plan"][0]["fields"])
    assert "cortex" in str(plan["diff"]) and "ann" in str(plan["diff"])
    run(github)
    assert {one["type"]: one["id"] for one in github.named("environment", "prod", "repository/engine")["reviewers"]} == ids


def test_what_an_environment_has_and_nobody_declares_stays_through_a_change(github):
    run(github)
    github.named("environment", "dev", "repository/engine").update(wait_timer=30, prevent_self_review=True)
    run(github, changed(lambda d: d["repositories"]["engine"]["environments"]["dev"].update(reviewers=[{"user": "bob"}])))
    dev = github.named("environment", "dev", "repository/engine")
    assert (dev["wait_timer"], dev["prevent_self_review"], len(dev["reviewers"])) == (30, True, 1)


def test_a_rule_that_somebody_took_out_is_named_and_one_put_in_as_well(github):
    run(github)
    ruleset = github.named("ruleset", "main", "repository/engine")
    ruleset["rules"] = [rule for rule in ruleset["rules"] if rule["type"] != "non_fast_forward"]
    ruleset["rules"].reverse()
    plan = run(github, check_mode=True)
    assert [row["id"] for row in plan["plan"]] == ["ruleset/engine/main"] and "non_fast_forward" in str(plan["plan"][0]["fields"])
    run(github)
    ruleset = github.named("ruleset", "main", "repository/engine")
    ruleset["rules"].append({"type": "creation"})
    ruleset["bypass_actors"] = [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
    assert "creation" in str(run(github, check_mode=True)["plan"][0]["fields"])
    run(github)
    assert {rule["type"] for rule in github.named("ruleset", "main", "repository/engine")["rules"]} == {
        "pull_request",
        "required_status_checks",
        "required_linear_history",
        "non_fast_forward",
    }


def test_the_order_of_rules_says_nothing_and_what_the_server_adds_is_no_change(github):
    run(github)
    ruleset = github.named("ruleset", "main", "repository/engine")
    ruleset["rules"].reverse()
    for rule in ruleset["rules"]:
        rule.setdefault("parameters", {})["allowed_merge_methods"] = ["squash"]
    assert run(github, check_mode=True)["plan"] == []


def test_a_file_is_committed_upon_what_is_there(github):
    run(github)
    file = github.named("file", ".github/CODEOWNERS", "repository/engine")
    first, file["content"] = file["sha"], "* @nobody\n"
    done = run(github)
    assert rows(done) == {"file/engine/.github/CODEOWNERS": ("update", ("content",))} and done["warnings"] == []
    file = github.named("file", ".github/CODEOWNERS", "repository/engine")
    assert file["content"] == f"* @{OWNER}/cortex\n" and file["sha"] != first
    assert ("PUT", f"/repos/{OWNER}/engine/contents/.github%2FCODEOWNERS") in github.writes


def test_what_only_a_change_may_say_is_said_right_after_it_was_made(github):
    run(github)
    place, made = ("PATCH", f"/repos/{OWNER}/engine"), ("POST", f"/orgs/{OWNER}/repos")
    assert [github.writes.count(one) for one in (place, made)] == [1, 2] and github.writes.index(made) < github.writes.index(place)
    assert github.named("repository", "engine")["security_and_analysis"] == {"secret_scanning": {"status": "enabled"}}


def test_a_secondary_limit_is_waited_for_and_a_refusal_is_none(github):
    answers, usual = (
        [Given({"message": "You have exceeded a secondary rate limit"}, 403, (("Retry-After", "0"),))] * 2,
        github._server.answer,
    )
    github._server.answer = lambda asked: answers.pop() if answers else usual(asked)
    assert run(github, {"owner": OWNER, "teams": {"ops": {}}})["counts"]["create"] == 1 and not answers
    github._server.answer = lambda asked: Given({"message": "Resource not accessible by integration"}, 403)
    with pytest.raises(RestError, match="403 Resource not accessible by integration"):
        run(github)


def test_lists_go_on_by_the_header_link_and_only_of_the_repository_itself(github):
    for number in range(5):
        github.add("team", name=f"t{number}", slug=f"t{number}")
    asked, usual = [], github._server.answer
    github._server.answer = lambda request: asked.append(request.path) or usual(request)
    found = run(github, {"owner": OWNER, "teams": {}}, prune=Prune("report"))["foreign"]
    assert {row["id"] for row in found} == {f"team/t{number}" for number in range(5)}
    assert [path for path in asked if "/teams" in path][0].endswith("?per_page=100") and any("page=3" in path for path in asked)
    run(github)
    github.shelf = Shelf()
    asked.clear()
    run(github)
    assert all("includes_parents=false" in path for path in asked if path.partition("?")[0].endswith("/rulesets"))
    assert any(path.partition("?")[0].endswith("/rulesets") for path in asked)


def test_a_repository_goes_only_by_name_and_takes_all_in_it_along(github):
    run(github)
    left = changed(lambda d: d["repositories"].pop("memory"))
    assert rows(run(github, left, prune=Prune("delete"))) == {"repository/memory": ("blocked", ())}
    done = run(github, left, prune=Prune("delete", data=frozenset({"repository/memory"})))
    assert rows(done) == {"repository/memory": ("delete", ())}
    assert list(github.rows["repository"]) == ["engine"] and "memory/prod" not in github.rows["environment"]
    assert run(github, left, prune=Prune("delete", data=frozenset({"repository/memory"})))["plan"] == []


def test_what_nobody_has_is_refused_with_the_nearest(github):
    def change(document):
        document["repositories"]["engine"]["teams"]["cortx"] = {"permission": "pull"}
        document["repositories"]["engine"]["environments"]["prod"]["reviewers"] = [{"team": "opz"}]

    with pytest.raises(RefusedError) as told:
        run(github, changed(change))
    assert "names team/cortx, which is neither declared nor there; did you mean 'team/cortex'?" in told.value.message
    assert "names team/opz" in told.value.message and "'team/ops'?" in told.value.message
    with pytest.raises(RefusedError, match="there is no user/zoe, and this collection makes none"):
        run(github, changed(lambda d: d["repositories"]["engine"]["environments"]["prod"].update(reviewers=[{"user": "zoe"}])))
    assert not github.writes


@pytest.mark.parametrize(
    ("repository", "words"),
    [
        ({"secrets": {"KEY": {"value": "s3cr3t"}}}, "reference"),
        ({"secrets": {"lower": {"value": {"reference": "env:X"}}}}, "capital letters, digits and _"),
        ({"secrets": {"GITHUB_X": {"value": {"reference": "env:X"}}}}, "not beginning with a digit or GITHUB_"),
        ({"variables": {"A B": {"value": "x"}}}, "capital letters, digits and _"),
        ({"teams": {"Core Team": {"permission": "push"}}}, "the slug of a team"),
        ({"security": {"vulnerability-alert": {}}}, "did you mean 'vulnerability-alerts'?"),
        ({"rulesets": {"main": {"enforcement": "on", "rules": []}}}, "rulesets.main.enforcement"),
        ({"rulesets": {"main": {"enforcement": "active", "rules": [{"type": "non_fastforward"}]}}}, "did you mean 'non_fast_forward'?"),
        ({"environments": {"prod": {"reviewers": [{"id": 5}]}}}, "reviewers[0]"),
        ({"visibilty": "private"}, "did you mean 'visibility'?"),
    ],
)
def test_a_document_is_refused_with_its_place_before_anything_is_asked(repository, words):
    with pytest.raises(InputError) as told:
        read_document(API, {"owner": OWNER, "repositories": {"engine": repository}})
    assert words in told.value.message and "Nothing was contacted." in told.value.message
    assert "s3cr3t" not in told.value.message
    with pytest.raises(InputError, match="the login of an organization"):
        read_document(API, {"owner": "../orgs"})
