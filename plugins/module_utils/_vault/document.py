# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The one document that says how a Vault shall be configured, and the resources of the API that it means. Contacts nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .._core import compare
from .._core.errors import InputError
from .._core.references import reference_of
from .._core.schema import Path, Problem, Schema, show_path
from .._core.suggest import did_you_mean
from .contents import bounds_problems, form_problems, policy_problems, rules_problems, secret_problems
from .hcl import policy_text
from .names import folded, kept, name_problem, path_problem
from .order import STAGES, depths, place
from .schema import DOCUMENT

Json = dict[str, Any]

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
_FIXED_MOUNTS = {"auth": {"token"}, "engines": {"sys", "identity", "cubbyhole", "agent-registry"}}
"""Mounts that are always there."""
_UNTUNABLE = ("sys", "cubbyhole", "agent-registry")
_RESERVED = {"auth": ("token",), "engines": ("auth", "audit", "sys", "cubbyhole", "identity")}
_VERSIONED = {"kv-v1": "1", "kv-v2": "2"}
"""Types of mounts that are an engine with an option."""
_NO_POLICIES = ("root", "response-wrapping", "control-group")


@dataclass(frozen=True)
class Resource(compare.Resource):
    """One path of the API. ``mount`` is the mount that it lies in, ``auth/<path>`` or ``<path>``, or empty, of the type ``mount_type``.

    ``collection`` is the path that lists its like.
    """

    mount: str = ""
    collection: str = ""
    mount_type: str = ""

    @property
    def path(self) -> str:
        """Where it is written; it is its id as well."""
        return self.id

    @property
    def name(self) -> str:
        """Its name in the collection."""
        return self.id.removeprefix(f"{self.collection}/")


def read_document(document: Any, record_mount: str) -> list[Resource]:
    """The resources, in the order in which they are written. Raises InputError with every mistake, each with its place and a cure."""
    if not isinstance(document, Mapping):
        raise InputError(f"config is a mapping of areas such as policies and engines, found {type(document).__name__}")
    problems = list(form_problems(document)) or Schema(DOCUMENT).check(document)
    found = [] if problems else list(_resources(document, problems))
    for resource in found:
        problems += _check_values(resource)
    problems += _twice(found)
    found = list(_in_depth(found, problems))
    if problems:
        lines = [f"config.{show_path(problem.path)}: {problem.message}" if problem.path else problem.message for problem in problems]
        raise InputError("\n".join([*lines, "Nothing was contacted."]))
    if not any(resource.path == f"sys/mounts/{record_mount}" for resource in found):
        found.insert(0, _record_mount(record_mount))
    return sorted(found, key=lambda resource: (STAGES.index(resource.stage), resource.depth))


def _record_mount(path: str) -> Resource:
    problem = path_problem(path)
    if problem:
        raise InputError(f"record_mount: found {path!r}; {problem}. Nothing was contacted.")
    body = {"type": "kv", "options": {"version": "2"}, "description": "What gantry.platform wrote here, without the values"}
    return Resource(f"sys/mounts/{path}", "mount", "record", "", body, mount=path)


def _resources(document: Mapping[str, Any], problems: list[Problem]) -> Iterator[Resource]:
    for kind, plugins in (document.get("plugins") or {}).items():
        for name, body in plugins.items():
            if _right(("plugins", kind, name), path_problem(name), problems):
                yield _resource(("plugins", kind, name), f"sys/plugins/catalog/{kind}/{name}", "plugin", "plugins", body)
    for section, kind in (("audit", "audit"), ("namespaces", "namespace")):
        for name, body in (document.get(section) or {}).items():
            if _right((section, name), path_problem(name), problems):
                yield _resource((section, name), f"sys/{section}/{name}", kind, section, body, collection=f"sys/{section}")
    for section, prefix, table in (("auth", "auth/", _AUTH), ("engines", "", _ENGINES)):
        for path, mount in (document.get(section) or {}).items():
            if _right((section, path), path_problem(path) or _taken(section, path), problems):
                yield from _mount((section, path), f"{prefix}{path}", mount, table, problems)
    for name, text in (document.get("password_policies") or {}).items():
        body = None if text is None else {"policy": text}
        path = f"sys/policies/password/{name}"
        if _right(("password_policies", name), name_problem("password_policies", name), problems):
            yield _resource(("password_policies", name), path, "password_policy", "policies", body, collection="sys/policies/password")
    for name, policy in (document.get("policies") or {}).items():
        reserved = "allowed: another name; this one is the server's own" if name.lower() in _NO_POLICIES else ""
        if not _right(("policies", name), reserved or name_problem("policies", name), problems):
            continue
        if isinstance(policy, Mapping):
            wrong = list(rules_problems(("policies", name), policy))
            problems += wrong
            if wrong:
                continue
        rules: Json | None = None if policy is None else {"policy": policy if isinstance(policy, str) else policy_text(policy)}
        path = f"sys/policies/acl/{kept('policies', name)}"
        yield _resource(("policies", name), path, "policy", "policies", rules, collection="sys/policies/acl")
    yield from _identity(document.get("identity") or {}, problems)
    for kind, quotas in (document.get("quotas") or {}).items():
        collection = f"sys/quotas/{kind.replace('_', '-')}"
        for name, body in quotas.items():
            if _right(("quotas", kind, name), name_problem("quotas", name), problems):
                yield _resource(("quotas", kind, name), f"{collection}/{name}", "entry", "quotas", body, collection=collection)
    for path, body in (document.get("entries") or {}).items():
        if _right(("entries", path), path_problem(path), problems):
            yield _resource(("entries", path), path, "entry", "roles", body)


def _right(where: Path, problem: str, problems: list[Problem]) -> bool:
    if problem:
        problems.append(Problem(where, problem, at_key=True))
    return not problem


def _taken(section: str, path: str) -> str:
    first = path.split("/")[0]
    return (
        f"allowed: a path that does not begin with {first}/, which is the server's own"
        if first != path and first in _RESERVED[section]
        else ""
    )


def _identity(identity: Mapping[str, Any], problems: list[Problem]) -> Iterator[Resource]:
    for section, kind in (("entities", "entity"), ("groups", "group")):
        for name, body in (identity.get(section) or {}).items():
            collection = f"identity/{kind}/name"
            if _right(("identity", section, name), name_problem(section, name), problems):
                problems += _member_problems(("identity", section, name), body or {})
                body = _with_mounts(body)
                yield _resource(("identity", section, name), f"{collection}/{name}", kind, section, body, collection=collection)
    oidc = identity.get("oidc") or {}
    if "config" in oidc:
        yield _resource(("identity", "oidc", "config"), "identity/oidc/config", "entry", "oidc", oidc["config"])
    for section, part in _OIDC.items():
        for name, body in (oidc.get(section) or {}).items():
            collection = f"identity/oidc/{part}"
            if _right(("identity", "oidc", section, name), name_problem("oidc", name), problems):
                yield _resource(("identity", "oidc", section, name), f"{collection}/{name}", "entry", "oidc", body, collection=collection)


def _with_mounts(body: Json | None) -> Json | None:
    """Mounts as the server names them in its lists, however they are written."""
    if body is None:
        return None
    body = dict(body)
    if "aliases" in body:
        body["aliases"] = {_auth_path(mount): name for mount, name in body["aliases"].items()}
    if "alias" in body:
        body["alias"] = {**body["alias"], "mount": _auth_path(body["alias"]["mount"])}
    return body


def _auth_path(mount: str) -> str:
    return mount.strip("/").removeprefix("auth/")


def _member_problems(where: Path, body: Mapping[str, Any]) -> Iterator[Problem]:
    """What the server refuses to say of a group or an entity."""
    external = body.get("type") == "external"
    for key in ("member_entities", "member_groups"):
        if external and body.get(key):
            yield Problem((*where, key), "allowed: nothing; the members of an external group are told by its auth method", at_key=True)
    if "alias" in body and not external:
        yield Problem((*where, "alias"), "allowed in a group with type: external; an internal one has members", at_key=True)
    if "root" in [policy.strip().lower() for policy in body.get("policies") or ()]:
        yield Problem((*where, "policies"), "found 'root', which Vault gives to nobody in this way")


def _mount(
    where: Path, path: str, given: Mapping[str, Any] | None, table: Mapping[str, Mapping[str, str]], problems: list[Problem]
) -> Iterator[Resource]:
    section, name = str(where[0]), str(where[1])
    kind, own = ("auth", f"sys/auth/{name}") if section == "auth" else ("mount", f"sys/mounts/{name}")
    fixed = name in _FIXED_MOUNTS[section]
    if given is None:
        if _right(where, "allowed: a mapping; this one is always there" if fixed else "", problems):
            yield Resource(own, kind, "mounts", show_path(where), None, mount=path)
        return
    body = {key: given[key] for key in ("type", "description", "local", "seal_wrap", "options", "plugin_version") if key in given}
    if section == "engines" and given["type"] in _VERSIONED:
        version = _VERSIONED[given["type"]]
        if str((given.get("options") or {}).get("version", version)) != version:
            problems.append(Problem((*where, "options", "version"), f"the type {given['type']} is version {version}"))
        given = {**given, "type": "kv"}
        body |= {"type": "kv", "options": {**(given.get("options") or {}), "version": version}}
    templates = table.get(given["type"], {})
    known = (*_OF_MOUNTS, *templates)
    for key in given:
        if key not in known:
            what = f"unknown key of type {given['type']}; allowed: {', '.join(known)}{did_you_mean(key, known)}"
            problems.append(Problem((*where, key), what, at_key=True))
    if (section == "auth") and (given["type"] == "token") != (name == "token"):
        problems.append(Problem((*where, "type"), "the type token is that of auth.token, and of nothing else"))
    for key in set(body) & {"local", "seal_wrap", "options", "plugin_version"} if fixed else ():
        problems.append(Problem((*where, key), "cannot be said of a mount that is always there; allowed: description, tune", at_key=True))
    if name in _UNTUNABLE and section == "engines" and (given.get("tune") or "description" in given):
        problems.append(Problem(where, "the server does not let anybody tune this mount", at_key=True))
    if not fixed:
        yield Resource(own, kind, "mounts", show_path(where), {**body, **(given.get("tune") or {})}, mount=path, mount_type=given["type"])
    elif given.get("tune") or "description" in given:  # it is always there and cannot be made
        tuned = {**{key: body[key] for key in ("description",) if key in body}, **(given.get("tune") or {})}
        yield Resource(own, kind, "mounts", show_path(where), tuned, mount=path, mount_type=given["type"])
    for key, template in templates.items():
        kind, stage = _KINDS.get((given["type"], key), "entry"), "roles" if key in _LATER else "configuration"
        if key not in given:
            continue
        if not isinstance(given[key], Mapping):
            problems.append(Problem((*where, key), "allowed: a mapping"))
        elif "{}" not in template:
            yield _resource((*where, key), f"{path}/{template}", kind, stage, given[key], path, mount_type=given["type"])
        else:
            of_mount = (path, given["type"])
            yield from _collection((*where, key), f"{path}/{template.removesuffix('/{}')}", kind, stage, given[key], of_mount, problems)
    for below, entry in (given.get("entries") or {}).items():
        if _right((*where, "entries", below), path_problem(below), problems):
            yield _resource((*where, "entries", below), f"{path}/{below}", "entry", "roles", entry, path, mount_type=given["type"])


def _collection(
    where: Path, collection: str, kind: str, stage: str, entries: Mapping[str, Any], mount: tuple[str, str], problems: list[Problem]
) -> Iterator[Resource]:
    rule = f"{where[0]} {mount[1]} {where[-1]}"
    for name, body in entries.items():
        if not isinstance(name, str):
            problems.append(Problem((*where, str(name)), f"found the key {name!r}; allowed: a name; put it in quotes", at_key=True))
        elif body is not None and not isinstance(body, Mapping):
            problems.append(Problem((*where, name), "allowed: a mapping of the entry's fields, or null to have it removed"))
        elif _right((*where, name), name_problem(rule, name), problems):
            if kind == "issuer" and body is not None:
                problems += issuer_problems((*where, name), body)
            signed = kind == "issuer" and body is not None and body.get("type") == "intermediate"
            due = "intermediates" if signed else "issuers" if kind == "issuer" else stage
            yield _resource((*where, name), f"{collection}/{kept(rule, name)}", kind, due, body, mount[0], collection, mount[1])


def issuer_problems(where: Path, body: Mapping[str, Any]) -> Iterator[Problem]:
    """What cannot be said of an issuer, here and where one is renewed."""
    kind, signer = body.get("type", "root"), body.get("signed_by")
    if kind not in ("root", "intermediate"):
        yield Problem((*where, "type"), f"found {kind!r}; allowed: root, intermediate")
    elif kind == "root" and "signed_by" in body:
        yield Problem((*where, "signed_by"), "a root signs itself; say type: intermediate, or leave signed_by out", at_key=True)
    elif kind == "intermediate" and (not isinstance(signer, str) or path_problem(signer)):
        yield Problem((*where, "signed_by"), "allowed: the mount of the issuer that signs, or <mount>/issuer/<name>", at_key=True)


def _resource(
    where: Path,
    path: str,
    kind: str,
    stage: str,
    body: Mapping[str, Any] | None,
    mount: str = "",
    collection: str = "",
    mount_type: str = "",
) -> Resource:
    version = 0
    if body is not None:
        body = dict(body)
        version = body.pop("secret_version", 0)
    secrets = frozenset(name for name, value in (body or {}).items() if any(_references(value)))
    return Resource(path, kind, stage, show_path(where), body, version, secrets, mount=mount, collection=collection, mount_type=mount_type)


def _references(value: Any) -> Iterator[str]:
    reference = reference_of(value)
    if reference is not None:
        yield reference
    elif isinstance(value, (Mapping, list)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _references(item)


def _check_values(resource: Resource) -> Iterator[Problem]:
    """Secrets that are written out, policies that cannot be read, versions that are none."""
    where = resource.where
    if not isinstance(resource.secret_version, int) or isinstance(resource.secret_version, bool):
        yield Problem((), f"config.{where}.secret_version: allowed: a whole number that counts up")
    elif resource.secret_version and not resource.secrets:
        yield Problem((), f"config.{where}.secret_version: there is no secret beside it that it could have written")
    for name, value in (resource.body or {}).items():
        if not isinstance(name, str):
            yield Problem((), f"config.{where}: found the key {name!r}; allowed: text; put it in quotes")
            continue
        for problem in secret_problems(name, value):
            yield Problem((), f"config.{where}.{problem}")
    for problem in bounds_problems(resource.body or {}):
        yield Problem((), f"config.{where}{problem}")
    if resource.kind in ("policy", "password_policy") and resource.body is not None:
        for problem in policy_problems(resource.kind, resource.body["policy"]):
            yield Problem((), f"config.{where}{problem}")


def _twice(resources: list[Resource]) -> Iterator[Problem]:
    """Two names that are one to the server."""
    seen: dict[str, Resource] = {}
    for resource in resources:
        first = seen.setdefault(folded(resource.path), resource)
        if first is not resource:
            yield Problem((), f"config.{resource.where} and config.{first.where} are the same to the server, which calls it {first.path}")


def _in_depth(resources: list[Resource], problems: list[Problem]) -> Iterator[Resource]:
    """Each with its depth; what needs itself in the end is a problem."""
    needs: dict[str, list[str]] = {}
    issuers = [resource for resource in resources if resource.kind == "issuer" and resource.body is not None]
    for resource in resources:
        body = resource.body or {}
        if resource.kind == "group":
            needs[folded(resource.path)] = [folded(f"{resource.collection}/{name}") for name in body.get("member_groups") or ()]
        elif resource.stage == "intermediates" and isinstance(body.get("signed_by"), str):
            mount, named, name = body["signed_by"].partition("/issuer/")
            signers = [one.path for one in issuers if one.mount == mount and (one.name == name if named else one is not resource)]
            needs[resource.path] = signers
    found, circle = depths(needs)
    if circle:
        problems.append(Problem((), f"these need one another, none can be first: {' needs '.join(circle)}"))
    for resource in resources:
        yield replace(resource, depth=found.get(folded(resource.path), place(resource.kind, resource.path)[1]))
