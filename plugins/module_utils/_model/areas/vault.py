# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a model says of Vault: how each service gets in and what it reads there, and what cannot be right about it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Path, Problem
from ..._core.suggest import did_you_mean
from ..look import Json, Say, entries, seconds

RULES: dict[str, str] = {
    "vault_url": "Vault is reached as vault.<domain>:8200, unless it says so itself",
    "vault_image": "servers and agents run <first registry>/hashicorp/vault:1.21.1, unless an image is named",
    "vault_kv": "secrets lie in a mount that has the environment's name",
    "vault_seal": "a server is opened by the key service of the cloud that its cluster runs in",
    "database_name": "a database is named as its entry, with underscores",
    "generated_secrets": "a generated secret lies in Vault below its service, as long as the area vault is on",
    "vault_access": "a service logs in by its ServiceAccount and reads its own secrets and database logins, as long as the area vault is on",
}
SEALS: dict[str, tuple[str, ...]] = {
    "awskms": ("region", "kms_key_id"),
    "gcpckms": ("project", "region", "key_ring", "crypto_key"),
    "azurekeyvault": ("vault_name", "key_name"),
    "transit": ("address", "key_name", "mount_path"),
    "shamir": (),
}
"""Kinds of seals and the fields that each needs (https://developer.hashicorp.com/vault/docs/configuration/seal)."""

_SECRET_FIELDS = {
    "token": "VAULT_TOKEN",
    "access_key": "AWS_ACCESS_KEY_ID",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
    "client_secret": "AZURE_CLIENT_SECRET",
}
"""Fields of seals that are secrets, and the variables that stand for them."""

_SEAL: Path = ("security", "vault", "seal")
_GENERATED = "generated"
_OPERATOR = "vault-secrets-operator"
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def is_on(model: Mapping[str, Any]) -> bool:
    """Whether the area vault is on."""
    return bool(((model.get("settings") or {}).get("areas") or {}).get("vault"))


def derive(model: Json, say: Say) -> None:
    """Everything about Vault, and what each service gets of it; ``model`` is merged and valid, and the common rules have been applied."""
    vault, settings, environment = model["security"]["vault"], model["settings"], model["environment"]["name"]
    path: Path = ("security", "vault")
    if "url" not in vault:
        say((*path, "url"), f"https://vault.{settings['domain']}:8200", "vault_url", ("settings", "domain"))
    if "image" not in vault:
        say((*path, "image"), f"{settings['registries'][0].rstrip('/')}/hashicorp/vault:1.21.1", "vault_image", ("settings", "registries"))
    if "kv" not in vault:
        say((*path, "kv"), environment, "vault_kv", ("environment", "name"))
    if "seal" not in vault and "cluster" in model:
        say((*path, "seal"), _seal(model), "vault_seal", ("cluster", "provider"))
    for name, database in model["foundation"]["databases"].items():
        if "database" not in database:
            say(("foundation", "databases", name, "database"), name.replace("-", "_"), "database_name")
    for name in model["services"]:
        _derive_access(model, name, say)


def _derive_access(model: Json, name: str, say: Say) -> None:
    """The generated secrets of a service as references, and how it reads what is its own. Other references are there already."""
    path: Path = ("services", name)
    service = model["services"][name]
    if not is_on(model):
        say((*path, "vault"), None, "vault_access", ("settings", "areas", "vault"))
        return
    kv = model["security"]["vault"]["kv"]
    for secret in sorted(service["generated_secrets"]):
        if secret not in service["secrets"]:
            here: Path = (*path, "generated_secrets", secret)
            say((*path, "secrets", secret), f"vault:{kv}/{name}/{_GENERATED}#{secret}", "generated_secrets", here)
    if "cluster" not in model:
        say((*path, "vault"), None, "vault_access")
        return
    found = {key: split_reference(reference) for key, reference in sorted(service["secrets"].items())}
    databases = model["foundation"]["databases"]
    access = {
        "role": name,
        "auth": f"auth/kubernetes-{model['cluster']['name']}",
        "secrets": {
            key: {"path": api_path(*place, kv), "key": place[1], "object": object_name(name, api_path(*place, kv), kv)}
            for key, place in found.items()
            if place
        },
        "databases": {
            database: {
                "path": f"database/creds/{name}-{database}",
                "object": f"{name}-vault-database-{database}",
                **{key: databases[database][key] for key in ("host", "port", "database", "tls")},
            }
            for database in sorted(service["databases"])
        },
    }
    say((*path, "vault"), access, "vault_access", (*path, "secrets"), (*path, "databases"))


def words(model: Json) -> Mapping[str, Any] | None:
    """What the texts of Vault's contributions leave open; none where no server runs, so that nothing is contributed."""
    if "hub" not in model.get("cluster", {}).get("roles", ()):
        return None
    vault, chart = model["security"]["vault"], model["settings"]["components"].get("vault", {})
    from_chart = chart.get("enabled", False) and chart.get("source") == "upstream"
    return {
        "quorum": vault["replicas"] // 2 + 1,
        "snapshot_age": vault["snapshots"]["max_age"],
        "snapshot_seconds": int(seconds(vault["snapshots"]["max_age"])),
        "service_label": "vault-internal" if from_chart else "service",
        "service_value": "true" if from_chart else "vault-internal",
    }


def split_reference(reference: str) -> tuple[str, str] | None:
    """Path and key of ``vault:<path>#<key>``, none of any other reference."""
    if not reference.startswith("vault:"):
        return None
    path, _hash, key = reference.removeprefix("vault:").partition("#")
    return path, key


def api_path(path: str, _key: str, kv: str) -> str:
    """The path of the API behind one as ``vault kv get`` takes it."""
    return f"{kv}/data/{path.removeprefix(f'{kv}/')}"


def object_name(service: str, path: str, kv: str) -> str:
    """The Secret by which the operator delivers one path of the API: ``<service>-vault`` for the service's own, below it with the rest.

    It depends on the path alone, so that another path beside it renames nothing. A rest that is no DNS label, or that a database's
    Secret could be named by, is told apart by its digest.
    """
    rest = path.removeprefix(f"{kv}/data/{service}")
    if not rest:
        return f"{service}-vault"
    rest = rest.removeprefix("/")
    if _LABEL.fullmatch(rest) and not rest.startswith("database-"):
        return f"{service}-vault-{rest}"
    readable = re.sub(r"[^a-z0-9]+", "-", rest.lower()).strip("-")[:31].strip("-")
    mark = hashlib.sha256(rest.encode()).hexdigest()[:8]
    return "-".join(part for part in (service, "vault", readable, mark) if part)


def check(model: Mapping[str, Any], _situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    on = is_on(model)
    vault = _part(_part(model, "security"), "vault")
    kv = vault.get("kv") or _part(model, "environment").get("name")
    references = _part(_part(model, "secret_references"), "services")
    for name, secrets in references.items():
        for key, reference in secrets.items() if isinstance(secrets, Mapping) else ():
            place = split_reference(reference) if isinstance(reference, str) else None
            path: Path = ("secret_references", "services", name, key)
            if place and not on:
                yield Problem(
                    path, f"found {reference!r}, but the area vault is off; turn settings.areas.vault on, or take another kind of reference"
                )
            elif place and place[0] != f"{kv}/{name}" and not place[0].startswith(f"{kv}/{name}/"):
                yield Problem(path, f"found {reference!r}; allowed: vault:{kv}/{name}#<key>, or below: a service reads its own paths only")
    yield from _seal_problems(vault)
    services = _part(model, "services")
    for name, service in services.items():
        for database, login in entries(service, "databases").items() if isinstance(service, dict) else ():
            ttl, longest = login.get("ttl"), login.get("max_ttl")
            if seconds(ttl) > seconds(longest) > 0:
                where: Path = ("services", name, "databases", database, "ttl")
                yield Problem(where, f"found {ttl!r}, above max_ttl, which is {longest!r}; allowed: at most that")
    if on:
        yield from _databases(model)
        yield from _delivery(model, vault)
        yield from _room(model)


def _databases(model: Mapping[str, Any]) -> Iterator[Problem]:
    known = _part(_part(model, "foundation"), "databases")
    for name, service in _part(model, "services").items():
        for database in _part(service, "databases"):
            if database not in known:
                allowed = ", ".join(sorted(known)) or "none is declared in foundation.databases"
                words = f"found the unknown database {database!r}; allowed: {allowed}{did_you_mean(database, known)}"
                yield Problem(("services", name, "databases", database), words, at_key=True, home=("foundation", "databases"))


def _delivery(model: Mapping[str, Any], vault: Mapping[str, Any]) -> Iterator[Problem]:
    """Objects of the operator need its definitions, and somebody who acts on them."""
    component = _part(_part(model, "settings"), "components").get(_OPERATOR)
    enabled = isinstance(component, Mapping) and component.get("enabled", True)
    if vault.get("delivery") == "operator" and not enabled:
        yield Problem(
            ("security", "vault", "delivery"),
            f"found 'operator', but the component {_OPERATOR} is not enabled; add settings.components.{_OPERATOR}: {{}}, or take injector",
        )


def _room(model: Mapping[str, Any]) -> Iterator[Problem]:
    """The role vault declares the namespace, certificates and policies beside what the chart brings."""
    namespace = _part(_part(_part(model, "settings"), "components"), "vault").get("namespace", "vault")
    if namespace != "vault":
        path: Path = ("settings", "components", "vault", "namespace")
        yield Problem(path, f"found {namespace!r}; allowed: vault, as long as the area vault is on")


def _seal_problems(vault: Mapping[str, Any]) -> Iterator[Problem]:
    seal = _part(vault, "seal")
    config = _part(seal, "config")
    for key in SEALS.get(str(seal.get("type")), ()):
        if key not in config:
            yield Problem((*_SEAL, "config", key), f"missing; the seal {seal['type']} needs it", at_key=True)
    for key, variable in _SECRET_FIELDS.items():
        if key in config:
            yield Problem(
                (*_SEAL, "config", key), f"everybody can read it here; give a reference as seal.environment.{variable}", at_key=True
            )
    if seal.get("type") == "transit" and "VAULT_TOKEN" not in _part(seal, "environment"):
        yield Problem((*_SEAL, "environment", "VAULT_TOKEN"), "missing; a server gets into the other Vault by it", at_key=True)


def _seal(model: Mapping[str, Any]) -> Json:
    cluster, name = model["cluster"], f"{model['settings']['product']}-{model['environment']['name']}"
    provider, account = cluster["provider"], model["foundation"]["accounts"].get(cluster.get("account"), {}).get("id", "")
    if provider == "eks":
        return {"type": "awskms", "config": {"region": cluster["region"], "kms_key_id": f"alias/{name}-vault"}}
    if provider == "gke":
        config = {"project": account, "region": cluster["region"], "key_ring": name, "crypto_key": "vault"}
        return {"type": "gcpckms", "config": config}
    if provider == "aks":
        return {"type": "azurekeyvault", "config": {"vault_name": name, "key_name": "vault"}}
    return {"type": "shamir", "config": {}}


def _part(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
