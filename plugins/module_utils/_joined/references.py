# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""References with every scheme that there is, put together in this one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws.secrets import SecretsManager
from .._core.errors import InputError
from .._core.redaction import Secrets
from .._core.references import References
from .._core.sops import SopsFiles
from .._core.suggest import did_you_mean
from .._vault.client import AUTH_SPEC, VaultClient, resolve_vault
from .._vault.secrets import SecretReader

Resolver = Callable[[str], str]
"""The value of what stands behind ``<scheme>:``."""


def once(make: Callable[[], Resolver], *_what: Any) -> Resolver:
    """A resolver of a scheme; what reads is made when it is first asked, so that nothing is contacted for a scheme that nobody names."""
    made: list[Resolver] = []

    def resolve(rest: str) -> str:
        if not made:
            made.append(make())
        return made[0](rest)

    return resolve


def references_for(
    environment: Mapping[str, str],
    folder: str = "",
    *,
    secrets: Secrets | None = None,
    vault: Resolver | Mapping[str, Any] | None = None,
    kube: Resolver | None = None,
    gate: Callable[[], None] = lambda: None,
    keep: Callable[..., Resolver] = once,
) -> References:
    """``env``, ``file``, ``sops`` and ``aws-sm``; ``vault`` where there is one (what reads it, or the options by which it is reached), and
    ``kube`` where there is a cluster. Paths begin in ``folder``. ``keep`` gets what makes a resolver and all that it depends on.
    """
    secrets = Secrets() if secrets is None else secrets
    resolvers = {"sops": keep(lambda: SopsFiles(environment, folder), "sops", folder)}
    if isinstance(vault, Mapping):
        options = vault_options(vault)
        resolvers["vault"] = keep(lambda: _reader(options, environment, secrets, gate), "vault", *sorted(options.items()))
    elif vault is not None:
        resolvers["vault"] = vault
    resolvers["aws-sm"] = keep(lambda: SecretsManager(environment), "aws-sm")
    if kube is not None:
        resolvers["kube"] = kube
    return References(environment, folder, resolvers, secrets)


def register_users(secrets: Secrets, kubeconfig: Mapping[str, Any]) -> None:
    """A kubeconfig is one value of many: what lets its users in is told by nobody on its own either."""
    for entry in kubeconfig.get("users") or []:
        for member in ("token", "password", "client-key-data"):
            value = (entry.get("user") or {}).get(member)
            if isinstance(value, str):
                secrets.add(value)


def vault_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The option ``vault`` of a module whose own server is another one. Raises InputError that names a word that there is not."""
    for name in given:
        if name not in AUTH_SPEC:
            raise InputError(f"vault: unknown option {name!r}{did_you_mean(name, AUTH_SPEC)}")
    return {name: value for name, value in given.items() if value is not None}


def _reader(options: Mapping[str, Any], environment: Mapping[str, str], secrets: Secrets, gate: Callable[[], None]) -> SecretReader:
    try:
        access = resolve_vault(options, environment)
    except InputError as error:
        raise InputError(f"references to a Vault cannot be resolved: vault: {error.message}") from None
    secrets.add(access.token)
    return SecretReader(VaultClient(access, "references", gate))
