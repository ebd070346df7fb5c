# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The one document that says how a Vault shall be configured, and the resources of the API that it means. Contacts nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import InputError
from .._core.references import reference_of
from .._core.schema import Path, Problem, Schema, show_path
from .._core.suggest import did_you_mean
from .hcl import CAPABILITIES, HclError, parse, policy_text
from .schema import DOCUMENT

Json = dict[str, Any]

STAGES = (
    "record",
    "plugins",
    "audit",
    "namespaces",
    "mounts",
    "policies",
    "configuration",
    "issuers",
    "intermediates",
    "roles",
    "entities",
    "groups",
    "oidc",
    "quotas",
)
"""The order of writes, each stage in parallel. Removal goes the other way."""

_AUTH: dict[str, dict[str, str]] = {
    "approle": {"roles": "role/{}"},
    "aws": {"client": "config/client", "identity": "config/identity", "roles": "role/{}"},
    "azure": {"config": "config", "roles": "role/{}"},
    "cert": {"config": "config", "certificates": "certs/{}"},
    "gcp": {"config": "config", "roles": "role/{}"},
    "github": {"config": "config", "teams": "map/teams/{}", "users": "map/users/{}"},
    "jwt": {"config": "config", "roles": "role/{}"},
    "kubernetes": {"config": "config", "roles": "role/{}"},
    "ldap": {"config": "config", "groups": "groups/{}", "users": "users/{}"},
    "oidc": {"config": "config", "roles": "role/{}"},
    "okta": {"config": "config", "groups": "groups/{}", "users": "users/{}"},
    "radius": {"config": "config", "users": "users/{}"},
    "token": {"roles": "roles/{}"},
    "userpass": {"users": "users/{}"},
}
_ENGINES: dict[str, dict[str, str]] = {
    "aws": {"config": "config/root", "lease": "config/lease", "roles": "roles/{}"},
    "azure": {"config": "config", "roles": "roles/{}"},
    "database": {"connections": "config/{}", "roles": "roles/{}", "static_roles": "static-roles/{}"},
    "gcp": {"config": "config", "roles": "roleset/{}"},
    "kubernetes": {"config": "config", "roles": "roles/{}"},
    "kv": {"config": "config"},
    "ldap": {"config": "config", "roles": "role/{}", "static_roles": "static-role/{}"},
    "pki": {
        "issuers": "issuer/{}",
        "urls": "config/urls",
        "crl": "config/crl",
        "cluster": "config/cluster",
        "acme": "config/acme",
        "auto_tidy": "config/auto-tidy",
        "roles": "roles/{}",
    },
    "rabbitmq": {"connection": "config/connection", "lease": "config/lease", "roles": "roles/{}"},
    "ssh": {"ca": "config/ca", "roles": "roles/{}"},
    "transit": {"keys": "keys/{}"},
}
_KINDS = {
    ("pki", "issuers"): "issuer",
    ("transit", "keys"): "transit_key",
    ("ssh", "ca"): "once",
    ("database", "connections"): "connection",
}
_LATER = ("roles", "static_roles", "users", "groups", "teams", "certificates")
"""Collections whose entries name what the others make."""
_OF_MOUNTS = ("type", "description", "local", "seal_wrap", "options", "plugin_version", "tune", "entries")
_OIDC = {"keys": "key", "assignments": "assignment", "scopes": "scope", "clients": "client", "providers": "provider", "roles": "role"}
_SECRET = re.compile(
    r"(^|_)(password|passphrase|bindpass|secret|secret_key|client_secret|secret_id|private_key|token_reviewer_jwt|jwt|token|"
    r"credentials|api_token|access_key|hmac_key|bind_pass)$"
)
_URL_PASSWORD = re.compile(r"://[^/@\s:]*:(?!\{\{)[^@\s/]+@")


@dataclass(frozen=True)
class Resource:
    """One thing of the API. ``body`` holds its declared fields, none where it must be absent; ``where`` is its place in the document.

    ``mount`` is the mount that it lies in, ``auth/<path>`` or ``<path>``, or empty. ``collection`` is the path that lists its like.
    ``secret_version`` counts up to have secrets written that look unchanged.
    """

    path: str
    kind: str
    stage: str
    where: str
    body: Json | None
    mount: str = ""
    collection: str = ""
    secret_version: int = 0
    secrets: frozenset[str] = field(default=frozenset())

    @property
    def name(self) -> str:
        """Its name in the collection."""
        return self.path.removeprefix(f"{self.collection}/")


def read_document(document: Any, record_mount: str) -> list[Resource]:
    """The resources, in the order in which they are written. Raises InputError with every mistake, each with its place and a cure."""
    if not isinstance(document, Mapping):
        raise InputError(f"config is a mapping of areas such as policies and engines, found {type(document).__name__}")
    problems = Schema(DOCUMENT).check(document)
    found = [] if problems else list(_resources(document, problems))
    for resource in found:
        problems += _check_values(resource)
    if problems:
        lines = [f"config.{show_path(problem.path)}: {problem.message}" if problem.path else problem.message for problem in problems]
        raise InputError("\n".join([*lines, "Nothing was contacted."]))
    if not any(resource.path == f"sys/mounts/{record_mount}" for resource in found):
        found.insert(0, _record_mount(record_mount))
    return sorted(found, key=lambda resource: STAGES.index(resource.stage))


def _record_mount(path: str) -> Resource:
    body = {"type": "kv", "options": {"version": "2"}, "description": "What gantry.platform wrote here, without the values"}
    return Resource(f"sys/mounts/{path}", "mount", "record", "", body, path)


def _resources(document: Mapping[str, Any], problems: list[Problem]) -> Iterator[Resource]:
    for kind, plugins in (document.get("plugins") or {}).items():
        for name, body in plugins.items():
            yield _resource(("plugins", kind, name), f"sys/plugins/catalog/{kind}/{name}", "plugin", "plugins", body)
    for name, body in (document.get("audit") or {}).items():
        yield _resource(("audit", name), f"sys/audit/{name}", "audit", "audit", body, collection="sys/audit")
    for name, body in (document.get("namespaces") or {}).items():
        yield _resource(("namespaces", name), f"sys/namespaces/{name}", "namespace", "namespaces", body, collection="sys/namespaces")
    for section, prefix, table in (("auth", "auth/", _AUTH), ("engines", "", _ENGINES)):
        for path, mount in (document.get(section) or {}).items():
            yield from _mount((section, path), f"{prefix}{path}", mount, table, problems)
    for name, text in (document.get("password_policies") or {}).items():
        body = None if text is None else {"policy": text}
        path = f"sys/policies/password/{name}"
        yield _resource(("password_policies", name), path, "password_policy", "policies", body, collection="sys/policies/password")
    for name, policy in (document.get("policies") or {}).items():
        rules: Json | None = None if policy is None else {"policy": policy if isinstance(policy, str) else policy_text(policy)}
        if isinstance(policy, Mapping):
            problems += _check_rules(("policies", name), policy)
        yield _resource(("policies", name), f"sys/policies/acl/{name}", "policy", "policies", rules, collection="sys/policies/acl")
    yield from _identity(document.get("identity") or {})
    for kind, quotas in (document.get("quotas") or {}).items():
        collection = f"sys/quotas/{kind.replace('_', '-')}"
        for name, body in quotas.items():
            yield _resource(("quotas", kind, name), f"{collection}/{name}", "entry", "quotas", body, collection=collection)
    for path, body in (document.get("entries") or {}).items():
        yield _resource(("entries", path), path, "entry", "roles", body)


def _identity(identity: Mapping[str, Any]) -> Iterator[Resource]:
    for section, kind in (("entities", "entity"), ("groups", "group")):
        for name, body in (identity.get(section) or {}).items():
            collection = f"identity/{kind}/name"
            yield _resource(("identity", section, name), f"{collection}/{name}", kind, section, body, collection=collection)
    oidc = identity.get("oidc") or {}
    if "config" in oidc:
        yield _resource(("identity", "oidc", "config"), "identity/oidc/config", "entry", "oidc", oidc["config"])
    for section, part in _OIDC.items():
        for name, body in (oidc.get(section) or {}).items():
            collection = f"identity/oidc/{part}"
            yield _resource(("identity", "oidc", section, name), f"{collection}/{name}", "entry", "oidc", body, collection=collection)


def _mount(
    where: Path, path: str, given: Mapping[str, Any] | None, table: Mapping[str, Mapping[str, str]], problems: list[Problem]
) -> Iterator[Resource]:
    section, name = str(where[0]), str(where[1])
    kind, own = ("auth", f"sys/auth/{name}") if section == "auth" else ("mount", f"sys/mounts/{name}")
    if given is None:
        yield Resource(own, kind, "mounts", show_path(where), None, path)
        return
    templates = table.get(given["type"], {})
    known = (*_OF_MOUNTS, *templates)
    for key in given:
        if key not in known:
            what = f"unknown key of type {given['type']}; allowed: {', '.join(known)}{did_you_mean(key, known)}"
            problems.append(Problem((*where, key), what, at_key=True))
    body = {key: given[key] for key in ("type", "description", "local", "seal_wrap", "options", "plugin_version") if key in given}
    if not (section == "auth" and name == "token"):  # it is always there and cannot be made
        yield Resource(own, kind, "mounts", show_path(where), {**body, **(given.get("tune") or {})}, path)
    for key, template in templates.items():
        kind, stage = _KINDS.get((given["type"], key), "entry"), "roles" if key in _LATER else "configuration"
        if key not in given:
            continue
        if not isinstance(given[key], Mapping):
            problems.append(Problem((*where, key), "allowed: a mapping"))
        elif "{}" not in template:
            yield _resource((*where, key), f"{path}/{template}", kind, stage, given[key], path)
        else:
            yield from _collection((*where, key), f"{path}/{template.removesuffix('/{}')}", kind, stage, given[key], path, problems)
    for below, entry in (given.get("entries") or {}).items():
        yield _resource((*where, "entries", below), f"{path}/{below}", "entry", "roles", entry, path)


def _collection(
    where: Path, collection: str, kind: str, stage: str, entries: Mapping[str, Any], mount: str, problems: list[Problem]
) -> Iterator[Resource]:
    for name, body in entries.items():
        if not isinstance(name, str) or not re.fullmatch(r"[^/\s]+", name):
            problems.append(Problem((*where, str(name)), "allowed: a name without blanks and slashes; put it in quotes", at_key=True))
        elif body is not None and not isinstance(body, Mapping):
            problems.append(Problem((*where, name), "allowed: a mapping of the entry's fields, or null to have it removed"))
        else:
            signed = kind == "issuer" and body is not None and body.get("type") == "intermediate"
            due = "intermediates" if signed else "issuers" if kind == "issuer" else stage
            yield _resource((*where, name), f"{collection}/{name}", kind, due, body, mount, collection)


def _resource(
    where: Path, path: str, kind: str, stage: str, body: Mapping[str, Any] | None, mount: str = "", collection: str = ""
) -> Resource:
    version = 0
    if body is not None:
        body = dict(body)
        version = body.pop("secret_version", 0)
    secrets = frozenset(name for name, value in (body or {}).items() if any(_references(value)))
    return Resource(path, kind, stage, show_path(where), body, mount, collection, version, secrets)


def _references(value: Any) -> Iterator[str]:
    reference = reference_of(value)
    if reference is not None:
        yield reference
    elif isinstance(value, (Mapping, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _references(item)


def _check_values(resource: Resource) -> Iterator[Problem]:
    """Secrets that are written out, policies that cannot be read, versions that are none."""
    where: Path = (resource.where,)
    if not isinstance(resource.secret_version, int) or isinstance(resource.secret_version, bool):
        yield Problem((), f"config.{resource.where}.secret_version: allowed: a whole number that counts up")
    for name, value in (resource.body or {}).items():
        if _SECRET.search(name) and isinstance(value, str) and value and name not in resource.secrets:
            yield Problem((), f"config.{resource.where}.{name} is a secret and stands there as text; name where it is: "
                              f"{{reference: \"env:NAME\" | \"file:path\" | \"sops:file#key\" | \"aws-sm:name\" | \"vault:path#key\"}}")  # fmt: skip
        if isinstance(value, str) and _URL_PASSWORD.search(value):
            cure = "write {{username}}:{{password}} there, and the password under password as a reference"
            yield Problem((), f"config.{resource.where}.{name} has a password in an address; {cure}")
    if resource.kind in ("policy", "password_policy") and resource.body is not None:
        try:
            parse(resource.body["policy"])
        except HclError as error:
            yield Problem((), f"config.{where[0]}: the policy cannot be read: {error}")


def _check_rules(where: Path, rules: Mapping[str, Any]) -> Iterator[Problem]:
    for path, rule in rules.items():
        granted: Any = rule.get("capabilities") if isinstance(rule, Mapping) else rule
        if not isinstance(granted, Iterable) or isinstance(granted, str):
            yield Problem((*where, str(path)), f"allowed: a list of capabilities: {', '.join(CAPABILITIES)}")
            continue
        for one in granted:
            if one not in CAPABILITIES:
                what = f"found {one!r}; allowed: {', '.join(CAPABILITIES)}{did_you_mean(str(one), CAPABILITIES)}"
                yield Problem((*where, str(path)), what)
