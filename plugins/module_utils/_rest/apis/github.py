# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""GitHub's REST API (2022-11-28). Judge: the vendor's own OpenAPI document (npm @octokit/openapi, generated/api.github.com.json)."""

from __future__ import annotations

import base64

from ..._core.change import Impact
from ..._core.pages import Links
from ..spec import Api, Json, Kind, Ref
from .github_fields import FIELDS, SWITCHES


def _new_team(wire: Json, row: Json) -> Json:
    """Its name becomes its slug; one that is there keeps the name it has."""
    return {name: value for name, value in wire.items() if name != "slug"} | ({} if row else {"name": wire["slug"]})


def _file(row: Json) -> Json:
    """Its text."""
    return {"content": base64.b64decode(row["content"]).decode(errors="replace")}


def _commit(wire: Json, row: Json) -> Json:
    """The commit that says so, upon what is there."""
    content = base64.b64encode(wire["content"].encode()).decode()
    return {"content": content, "message": "As the platform declares it", **({"sha": row["sha"]} if row else {})}


def _sealed(wire: Json, key: Json) -> Json:
    """The value as only the server can open it."""
    from nacl.public import PublicKey, SealedBox

    box = SealedBox(PublicKey(base64.b64decode(key["key"]))).encrypt(wire["value"].encode())
    return {"encrypted_value": base64.b64encode(box).decode(), "key_id": key["key_id"]}


def _environment(row: Json) -> Json:
    """Its rules in the words in which they are written."""
    rules = {rule["type"]: rule for rule in row.get("protection_rules") or []}
    reviews = rules.get("required_reviewers", {})
    return {
        "wait_timer": rules.get("wait_timer", {}).get("wait_timer", 0),
        "prevent_self_review": reviews.get("prevent_self_review", False),
        "reviewers": [{"type": one["type"], "id": one["reviewer"]["id"]} for one in reviews.get("reviewers") or []],
        "deployment_branch_policy": row.get("deployment_branch_policy"),
    }


_REPOSITORY = "/repos/{owner}/{repository}"
_LATER = frozenset({"allow_update_branch", "archived", "security_and_analysis", "web_commit_signoff_required"})
_ENVIRONMENT = f"{_REPOSITORY}/environments/{{environment}}"


def _secrets(path: str, parent: str) -> Kind:
    return Kind(
        "secrets", path, rows="secrets", parent=parent, id="name", by_name=True, first="public-key", packages={"nacl": "PyNaCl"}, body=_sealed
    )  # fmt: skip


KINDS = {
    "user": Kind("users", "/users", identity="login", id="login", any_case=True, listed=False, written=False),
    "team": Kind("teams", "/orgs/{owner}/teams", identity="slug", id="slug", update="PATCH", mark="description", body=_new_team),
    "repository": Kind(
        "repositories", "/orgs/{owner}/repos", one="/repos/{owner}/{id}", id="name", update="PATCH", mark="description", detail=True,
        later=_LATER, removal=Impact.DESTROYS_DATA, restarts={"visibility": Impact.DISRUPTIVE, "archived": Impact.DISRUPTIVE},
    ),
    "repository_team": Kind(
        "teams", f"{_REPOSITORY}/teams", one="/orgs/{owner}/teams/{id}/repos/{owner}/{repository}", parent="repository", of="team",
        identity="slug", id="slug", by_name=True, alone=False,
    ),
    "switch": Kind(
        "security", _REPOSITORY, parent="repository", identity="switch", names=SWITCHES, by_name=True, listed=False, empty={"enabled": False}
    ),
    "code_scanning": Kind(
        "code_scanning", f"{_REPOSITORY}/code-scanning", parent="repository", identity="setup", names=("default-setup",), by_name=True,
        listed=False, update="PATCH", deletable=False, empty={"state": "not-configured"},
    ),
    "file": Kind(
        "files", f"{_REPOSITORY}/contents", parent="repository", identity="path", id="path", by_name=True, listed=False, deletable=False,
        live=_file, body=_commit,
    ),
    "variable": Kind("variables", f"{_REPOSITORY}/actions/variables", rows="variables", parent="repository", id="name", update="PATCH"),
    "secret": _secrets(f"{_REPOSITORY}/actions/secrets", "repository"),
    "environment": Kind(
        "environments", f"{_REPOSITORY}/environments", rows="environments", parent="repository", id="name", by_name=True,
        refs={"reviewers": Ref(("team", "user"), types={"team": "Team", "user": "User"}, by="id")}, unordered=frozenset({"reviewers"}),
        live=_environment, body=lambda wire, row: {**(_environment(row) if row else {}), **wire},
    ),
    "environment_branch": Kind(
        "branches", f"{_ENVIRONMENT}/deployment-branch-policies", rows="branch_policies", parent="environment"
    ),
    "environment_variable": Kind("variables", f"{_ENVIRONMENT}/variables", rows="variables", parent="environment", id="name", update="PATCH"),
    "environment_secret": _secrets(f"{_ENVIRONMENT}/secrets", "environment"),
    "ruleset": Kind(
        "rulesets", f"{_REPOSITORY}/rulesets", parent="repository", detail=True, asks={"includes_parents": "false"},
        keys={"rules": "type", "rules.parameters.required_status_checks": "context"},
        unordered=frozenset({"rules", "bypass_actors", "conditions.ref_name.include", "conditions.ref_name.exclude"}),
    ),
}  # fmt: skip
_OWNER = {"type": "string", "pattern": "^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}$", "x-allowed": "the login of an organization"}
API = Api(
    "github", KINDS, lambda url: Links(url, limit=100), "Bearer {token}", FIELDS,
    {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}, patience=180.0, variables={"owner": _OWNER},
)  # fmt: skip
