# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The options of the modules that run in process as well: one specification for both faces, and what they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import GantryError, InputError
from .._core.plan import RemovalLimits
from .._core.schema import Schema, show_path
from .._core.suggest import did_you_mean
from .._core.words import listed
from .client import AUTH_SPEC, Json, VaultAccess
from .config import EVERY_IMPACT, PRUNE, Request
from .document import read_document
from .verify import Mint, verify

CONFIG_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "config": {"type": "dict", "required": True},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
    "owner": {"type": "str", "default": "gantry"},
    "record_mount": {"type": "str", "default": "gantry"},
    "prune": {"type": "str", "default": "none", "choices": list(PRUNE)},
    "removable": {"type": "list", "elements": "str", "default": []},
    "reset_root": {"type": "list", "elements": "str", "default": []},
    "removal_limits": {
        "type": "dict",
        "default": {},
        "options": {"max_count": {"type": "int", "default": 20}, "max_percent": {"type": "int", "default": 25}},
    },
    "removal_limits_variable": {"type": "str", "default": "removal_limits"},
    "allowed_impact": {"type": "list", "elements": "str", "choices": list(EVERY_IMPACT), "default": list(EVERY_IMPACT)},
    "allowed_impact_variable": {"type": "str", "default": "allowed_impact"},
    "approved_digest": {"type": "str"},
    "known_policies": {"type": "list", "elements": "str", "default": []},
    "may_be_absent": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
}

ROTATE_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "rotate": {"type": "dict", "required": True},
    "whole": {"type": "list", "elements": "str", "default": []},
    "allowed_impact": {"type": "list", "elements": "str", "choices": list(EVERY_IMPACT), "default": list(EVERY_IMPACT)},
    "allowed_impact_variable": {"type": "str", "default": "allowed_impact"},
    "owner": {"type": "str", "default": "gantry"},
    "record_mount": {"type": "str", "default": "gantry"},
    "wait_timeout": {"type": "int", "default": 120},
}
VERIFY_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "peers": {"type": "int", "default": 0},
    "policies": {"type": "dict", "default": {}},
    "logins": {"type": "dict", "default": {}},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_GRANTS = {"type": "object", "additionalProperties": {**_TEXTS, "minItems": 1}}
_CASE: dict[str, Any] = {"type": "object", "additionalProperties": False}
_CASES = Schema(
    {
        "type": "object",
        "properties": {
            "policies": {
                "type": "object",
                "additionalProperties": {
                    **_CASE,
                    "required": ["policies"],
                    "properties": {"policies": {**_TEXTS, "minItems": 1}, "may": _GRANTS, "may_not": _GRANTS},
                },
            },
            "logins": {
                "type": "object",
                "additionalProperties": {
                    **_CASE,
                    "required": ["namespace", "service_account", "role"],
                    "properties": {
                        **{key: {"type": "string"} for key in ("namespace", "service_account", "role", "mount", "audience")},
                        **{key: _TEXTS for key in ("may_read", "may_not_read", "credentials")},
                    },
                },
            },
        },
    }
)


def config_request(params: Mapping[str, Any], check_mode: bool) -> Request:
    """The request that the options of one task make. Raises InputError."""
    limits = params["removal_limits"] or {}
    request = Request(
        read_document(params["config"], params["record_mount"]),
        params["owner"],
        params["record_mount"],
        params["prune"],
        frozenset(params["removable"]),
        frozenset(params["reset_root"]),
        RemovalLimits(limits.get("max_count", 20), limits.get("max_percent", 25)),
        tuple(params["allowed_impact"]),
        params["allowed_impact_variable"],
        params["approved_digest"] or "",
        check_mode,
        frozenset(params["known_policies"]),
        params["removal_limits_variable"],
        float(params["wait_timeout"]),
    )
    declared = {resource.path for resource in request.resources}
    for path in request.reset_root - declared:
        raise InputError(f"reset_root names {path}, which is not declared{did_you_mean(path, declared)}")
    return request


def verification(params: Mapping[str, Any], access: VaultAccess, mint: Mint | None) -> Json:
    """What ``vault_verify`` is asked for. Raises GantryError with all that does not hold. ``mint`` makes tokens of a cluster, if there is one."""
    problems = _CASES.check({"policies": params["policies"], "logins": params["logins"]})
    if problems:
        raise InputError("\n".join(f"{show_path(problem.path)}: {problem.message}" for problem in problems))
    if params["logins"] and mint is None:
        raise InputError("logins need a kubeconfig: tokens of ServiceAccounts come from their cluster")
    verdicts = verify(access, params, mint)
    failing = [verdict for verdict in verdicts if not verdict.passed]
    if failing:
        lines = [f"{len(failing)} of {len(verdicts)} checks fail:"]
        lines += [f"  {verdict.meaning}: expected {verdict.expected}, found {verdict.found}" for verdict in failing]
        raise GantryError(listed(lines), verdicts=[verdict.as_result() for verdict in failing])
    return {"changed": False, "verdicts": [verdict.as_result() for verdict in verdicts]}
