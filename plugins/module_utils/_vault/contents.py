# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a document may not hold, told from itself: credentials as text, policies that no server reads, lives longer than their bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._core.credentials import credential_in, masked_text, texts_of
from .._core.forms import boolean, seconds
from .._core.references import reference_of
from .._core.schema import Path, Problem, show_path
from .._core.suggest import did_you_mean
from . import forms
from .hcl import CAPABILITIES, HclError, parse

_SECRET = re.compile(
    r"(^|_)(password|passphrase|bindpass|secret|secret_key|client_secret|secret_id|private_key|token_reviewer_jwt|jwt|token|"
    r"credentials|api_token|access_key|hmac_key|bind_pass)$"
)
_NO_SECRETS = ("bind_secret_id",)
"""Switches that are named as what they switch."""
_REFERENCE = '{reference: "env:NAME" | "file:path" | "sops:file#key" | "aws-sm:name" | "vault:path#key"}'
_RULE = (
    "capabilities",
    "policy",
    "allowed_parameters",
    "denied_parameters",
    "required_parameters",
    "min_wrapping_ttl",
    "max_wrapping_ttl",
    "mfa_methods",
    "control_group",
    "pagination_limit",
    "list_scan_response_keys_filter_path",
    "expiration",
    "comment",
    "subscribe_event_types",
)
"""What stands in a path of a policy: Vault's vault/policy.go, and OpenBao's."""
_LIVES = (("token_ttl", "token_max_ttl"), ("default_lease_ttl", "max_lease_ttl"), ("default_ttl", "max_ttl"), ("ttl", "max_ttl"))
_DURATIONS = re.compile(r"(^|_)ttl$|^token_period$")


def form_problems(value: Any, path: Path = ()) -> Iterator[Problem]:
    """What YAML has and the API has not: dates and times, and keys that are no text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                yield from form_problems(item, (*path, key))
            else:
                yield Problem((*path, str(key)), f"found the key {key!r}; allowed: text; put it in quotes", at_key=True)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from form_problems(item, (*path, index))
    elif not isinstance(value, (str, int, float, type(None))):
        yield Problem(path, f"found {value!r}; allowed: text, a number, true or false, a list or a mapping; put it in quotes")


def secret_problems(name: str, value: Any) -> Iterator[str]:
    """``<place below the resource>: <what is wrong>`` for every credential that stands there as text."""
    for path in _secrets_in((name,), value):
        yield f"{masked_text(show_path(path))} is a secret and stands there as text; name where it is: {_REFERENCE}"
    for path, text in texts_of({name: _without_references(value)}):
        found = credential_in(text)
        if found:
            where = masked_text(show_path(path))
            address = (
                "; write {{username}}:{{password}} there, and the password under password as a reference" if "password" in found else ""
            )
            yield f"{where} has {found}{address}. What may not be read is named by where it is: {_REFERENCE}"


def _secrets_in(path: Path, value: Any) -> Iterator[Path]:
    if reference_of(value) is not None:
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets_in((*path, str(key)), item)
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secrets_in((*path, index), item)
        return
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    # ``bind_secret_id: "true"`` is no secret id.
    text = isinstance(value, str) and value and not value.startswith("{{") and not isinstance(boolean(value), bool)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and re.search(r"pass|secret", key)
    if _SECRET.search(key) and key not in _NO_SECRETS and (text or number):
        yield path


def _without_references(value: Any) -> Any:
    if reference_of(value) is not None:
        return None
    if isinstance(value, Mapping):
        return {key: _without_references(item) for key, item in value.items()}
    return [_without_references(item) for item in value] if isinstance(value, list) else value


def rules_problems(where: Path, rules: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with a policy that is given as data."""
    for path, rule in rules.items():
        if not isinstance(path, str):
            yield Problem((*where, str(path)), f"found the key {path!r}; allowed: a path; put it in quotes", at_key=True)
            continue
        if isinstance(rule, Mapping):
            for key in rule:
                if key not in _RULE:
                    yield Problem(
                        (*where, path, str(key)), f"unknown key; allowed: {', '.join(_RULE)}{did_you_mean(str(key), _RULE)}", at_key=True
                    )
        granted: Any = rule.get("capabilities") if isinstance(rule, Mapping) else rule
        if not isinstance(granted, Iterable) or isinstance(granted, (str, Mapping)):
            yield Problem((*where, path), f"allowed: a list of capabilities: {', '.join(CAPABILITIES)}")
            continue
        for one in granted:
            if one not in CAPABILITIES:
                what = f"found {one!r}; allowed: {', '.join(CAPABILITIES)}{did_you_mean(str(one), CAPABILITIES)}"
                yield Problem((*where, path), what)


def policy_problems(kind: str, text: Any) -> Iterator[str]:
    """What is wrong with a policy that is given as text."""
    try:
        read = parse(str(text))
    except HclError as error:
        yield f": the policy cannot be read: {error}"
        return
    if kind != "policy":
        return
    for key, block in read.items():
        if key != "name" and not key.startswith('path "'):
            yield f": {key} is nothing that a policy has; allowed: blocks of path"
            continue
        for rule in block if isinstance(block, list) else [block]:
            for name in rule if isinstance(rule, Mapping) else ():
                if name not in _RULE:
                    yield f": {key} has {name}, which is unknown; allowed: {', '.join(_RULE)}{did_you_mean(name, _RULE)}"
            granted = rule.get("capabilities") if isinstance(rule, Mapping) else None
            for one in granted if isinstance(granted, list) else ():
                if one not in CAPABILITIES:
                    yield f": {key} has the capability {one!r}; allowed: {', '.join(CAPABILITIES)}{did_you_mean(str(one), CAPABILITIES)}"


def bounds_problems(body: Mapping[str, Any]) -> Iterator[str]:
    """Durations that are none, whatever server it is, and those that are longer than what bounds them."""
    for name, value in body.items():
        if isinstance(name, str) and _DURATIONS.search(name) and reference_of(value) is None:
            allowed = forms.takes("string", "duration", None, value)
            if allowed:
                yield f".{name}: found {value!r}; allowed: {allowed}"
    for name, bound in _LIVES:
        life, most = seconds(body.get(name)), seconds(body.get(bound))
        if all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (life, most)) and 0 < most < life:
            yield f".{name}: found {body[name]!r}, which is longer than {bound}: {body[bound]!r}"
