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
from .._core.guards import GUARD_SPEC, OWNER_SPEC, PRUNE_SPEC, guards_of, of_before
from .._core.schema import Schema, show_path
from .._core.suggest import did_you_mean
from .._core.words import listed
from .client import AUTH_SPEC, Json, VaultAccess
from .config import Request
from .document import read_document
from .verify import Mint, verify

RECORD_SPEC: dict[str, Any] = {
    **OWNER_SPEC,
    "record_mount": {"type": "str", "default": "gantry"},
    "wait_timeout": {"type": "int", "default": 120},
}
"""The options of every module that writes the record: whose it is, where it lies, and how long another run of it is waited for."""
CONFIG_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    **RECORD_SPEC,
    **GUARD_SPEC,
    **PRUNE_SPEC,
    "config": {"type": "dict", "required": True},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
    "removable": of_before(type="list", elements="str"),
    "reset_root": {"type": "list", "elements": "str", "default": []},
    "removal_limits": of_before(
        type="dict", options={"max_count": {"type": "int", "default": 20}, "max_percent": {"type": "int", "default": 25}}
    ),
    "removal_limits_variable": of_before(type="str"),
    "known_policies": {"type": "list", "elements": "str", "default": []},
    "may_be_absent": {"type": "bool", "default": False},
}

ROTATE_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    **RECORD_SPEC,
    **GUARD_SPEC,
    "rotate": {"type": "dict", "required": True},
    "whole": {"type": "list", "elements": "str", "default": []},
}
REVOKE_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    **GUARD_SPEC,
    "leases": {"type": "list", "elements": "str", "default": []},
    "accessors": {"type": "list", "elements": "str", "default": []},
    "entities": {"type": "list", "elements": "str", "default": []},
    "force": {"type": "bool", "default": False},
}
_WORDS_OF_BEFORE: dict[str, tuple[str, str]] = {
    "none": ("none", "{mode: none}"),
    "report": ("report", "{mode: report}"),
    "within_mounts": ("delete", "{mode: delete}"),
    "mounts": ("delete", "{mode: delete, data: [the mounts that may go]}"),
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
    variables = dict(params["variables"])
    if params["removal_limits_variable"]:
        variables.setdefault("prune", params["removal_limits_variable"])
    prune = {**(params["prune"] or {}), **(params["removal_limits"] or {})}
    request = Request(
        read_document(params["config"], params["record_mount"]),
        params["owner"],
        check_mode,
        float(params["wait_timeout"]),
        frozenset(params["removable"] or ()),
        reset_root=frozenset(params["reset_root"]),
        record_mount=params["record_mount"],
        known_policies=frozenset(params["known_policies"]),
        **guards_of({**params, "prune": prune, "variables": variables}, CONFIG_SPEC),
    )
    declared = {resource.id for resource in request.resources}
    for path in request.reset_root - declared:
        raise InputError(f"reset_root names {path}, which is not declared{did_you_mean(path, declared)}")
    return request


def of_today(args: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A task's options with ``prune`` as a mapping where it was the one word of before, and what to write instead of that."""
    word = args.get("prune")
    if not isinstance(word, str) or word not in _WORDS_OF_BEFORE:
        return args, []
    mode, instead = _WORDS_OF_BEFORE[word]
    data = list(args.get("removable") or ()) if word == "mounts" else []
    return {**args, "prune": {"mode": mode, "data": data}}, [f"prune: {word} is written prune: {instead}"]


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
