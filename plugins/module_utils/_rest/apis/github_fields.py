# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The fields of GitHub's REST API (2022-11-28) that this collection uses, in our own words; tests compare them with the vendor's document.

A JSON Schema of each kind. It is Python and no JSON, since a module takes nothing else along to another machine.
"""

from __future__ import annotations

from typing import Any

SWITCHES = ("automated-security-fixes", "private-vulnerability-reporting", "vulnerability-alerts")
_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "array", "items": _TEXT}
_BOOLEAN: dict[str, Any] = {"type": "boolean"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_ON: dict[str, Any] = {"type": "boolean", "default": True}
_OFF: dict[str, Any] = {"type": "boolean", "default": False}
_SWITCH: dict[str, Any] = {"type": "object", "required": ["status"], "properties": {"status": _TEXT}}
_WORD: dict[str, Any] = {
    "type": "string",
    "pattern": "^(?!GITHUB_)[A-Z_][A-Z0-9_]*$",
    "x-allowed": "capital letters, digits and _, not beginning with a digit or GITHUB_",
    "readOnly": True,
}
_SLUG: dict[str, Any] = {
    "type": "string",
    "pattern": "^[a-z0-9]+([_-][a-z0-9]+)*$",
    "x-allowed": "the slug of a team: small letters and digits, with single - or _ between them",
    "readOnly": True,
}
_VARIABLE: dict[str, Any] = {
    "type": "object",
    "required": ["name", "value"],
    "properties": {"name": {**_WORD, "readOnly": False}, "value": _TEXT},
}
_SECRET: dict[str, Any] = {
    "type": "object",
    "required": ["value"],
    "properties": {"name": _WORD, "value": {"type": "string", "writeOnly": True}},
}
_CHECKS: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["context"],
        "properties": {"context": _TEXT, "integration_id": {"type": "integer"}},
    },
}
RULES = (
    "creation",
    "update",
    "deletion",
    "required_linear_history",
    "required_deployments",
    "required_signatures",
    "pull_request",
    "required_status_checks",
    "non_fast_forward",
)
FIELDS: dict[str, dict[str, Any]] = {
    "user": {"type": "object", "properties": {"login": _TEXT}},
    "team": {
        "type": "object",
        "properties": {
            "slug": _SLUG,
            "description": {"type": "string", "default": ""},
            "privacy": {"type": "string", "enum": ["secret", "closed"]},
            "notification_setting": {"type": "string", "enum": ["notifications_enabled", "notifications_disabled"]},
        },
    },
    "repository": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {
                "type": "string",
                "pattern": "^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$",
                "x-allowed": "the name of a repository, without its owner",
            },
            "description": {"type": "string", "default": ""},
            "homepage": _TEXT,
            "visibility": {"type": "string", "enum": ["public", "private"]},
            "has_issues": _ON,
            "has_projects": _ON,
            "has_wiki": _ON,
            "allow_squash_merge": _ON,
            "allow_merge_commit": _ON,
            "allow_rebase_merge": _ON,
            "allow_auto_merge": _OFF,
            "allow_update_branch": _OFF,
            "delete_branch_on_merge": _OFF,
            "web_commit_signoff_required": _OFF,
            "archived": _OFF,
            "security_and_analysis": {
                "type": "object",
                "properties": {
                    "advanced_security": _SWITCH,
                    "code_security": _SWITCH,
                    "secret_scanning": _SWITCH,
                    "secret_scanning_push_protection": _SWITCH,
                },
            },
        },
    },
    "repository_team": {
        "type": "object",
        "required": ["permission"],
        "properties": {"slug": _SLUG, "permission": _TEXT},
    },
    "switch": {"type": "object", "properties": {}},
    "code_scanning": {
        "type": "object",
        "required": ["state"],
        "properties": {
            "state": {"type": "string", "enum": ["configured"]},
            "query_suite": {"type": "string", "enum": ["default", "extended"]},
            "threat_model": {"type": "string", "enum": ["remote", "remote_and_local"]},
        },
    },
    "file": {"type": "object", "required": ["content"], "properties": {"content": _TEXT}},
    "variable": _VARIABLE,
    "secret": _SECRET,
    "environment": {
        "type": "object",
        "properties": {
            "wait_timer": {"type": "integer", "minimum": 0, "maximum": 43200, "default": 0},
            "prevent_self_review": _OFF,
            "reviewers": {"type": "array", "default": []},
            "deployment_branch_policy": {
                "type": "object",
                "required": ["protected_branches", "custom_branch_policies"],
                "properties": {"protected_branches": _BOOLEAN, "custom_branch_policies": _BOOLEAN},
            },
        },
    },
    "environment_branch": {"type": "object", "required": ["name"], "properties": {"name": _TEXT}},
    "environment_variable": _VARIABLE,
    "environment_secret": _SECRET,
    "ruleset": {
        "type": "object",
        "required": ["name", "enforcement", "rules"],
        "properties": {
            "name": _TEXT,
            "target": {"type": "string", "enum": ["branch", "tag", "push"], "default": "branch"},
            "enforcement": {"type": "string", "enum": ["disabled", "active", "evaluate"]},
            "bypass_actors": {
                "type": "array",
                "default": [],
                "items": {
                    "type": "object",
                    "required": ["actor_id", "actor_type", "bypass_mode"],
                    "properties": {
                        "actor_id": {"type": "integer"},
                        "actor_type": {
                            "type": "string",
                            "enum": ["Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User"],
                        },
                        "bypass_mode": {"type": "string", "enum": ["always", "pull_request", "exempt"]},
                    },
                },
            },
            "conditions": {
                "type": "object",
                "properties": {
                    "ref_name": {
                        "type": "object",
                        "required": ["include", "exclude"],
                        "properties": {"include": _TEXTS, "exclude": _TEXTS},
                    }
                },
            },
            "rules": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {
                        "type": {"type": "string", "enum": list(RULES)},
                        "parameters": {
                            "type": "object",
                            "properties": {
                                "update_allows_fetch_and_merge": _BOOLEAN,
                                "required_deployment_environments": _TEXTS,
                                "dismiss_stale_reviews_on_push": _BOOLEAN,
                                "require_code_owner_review": _BOOLEAN,
                                "require_last_push_approval": _BOOLEAN,
                                "required_approving_review_count": {**_COUNT, "maximum": 10},
                                "required_review_thread_resolution": _BOOLEAN,
                                "allowed_merge_methods": {
                                    "type": "array",
                                    "items": {"type": "string", "enum": ["merge", "squash", "rebase"]},
                                },
                                "required_status_checks": _CHECKS,
                                "strict_required_status_checks_policy": _BOOLEAN,
                                "do_not_enforce_on_create": _BOOLEAN,
                            },
                        },
                    },
                },
            },
        },
    },
}
