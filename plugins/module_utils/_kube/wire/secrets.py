# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""References to Secrets of a cluster, ``kube:<namespace>/<name>#<key>``, and tokens of its ServiceAccounts."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..._core.errors import InputError
from ..._core.references import MissingSecretError
from .auth import AuthOptions, resolve_access
from .client import KubeClient
from .errors import ApiError

_TOKEN_SECONDS = 600  # the shortest life that the apiserver gives
_FILLED_WITHIN = 10.0


def cluster_secrets(
    options: Mapping[str, Any], environment: Mapping[str, str], gate: Callable[[], None] = lambda: None
) -> ClusterSecrets | None:
    """Those of the cluster that a task names by ``kubeconfig`` and ``context``; none where it names none."""
    if not options.get("kubeconfig"):
        return None
    access = resolve_access(AuthOptions(options["kubeconfig"], options.get("context"), environment=environment))
    return ClusterSecrets(KubeClient(access, "secrets", gate))


class ClusterSecrets:
    """Secrets of one cluster, each read when it is asked for."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def __call__(self, rest: str) -> str:
        """The value of ``namespace/name#key``. Raises InputError that names the reference, never a value."""
        path, _hash, key = rest.partition("#")
        namespace, _slash, name = path.partition("/")
        if not (namespace and name and key):
            raise InputError(f"the secret reference 'kube:{rest}' is not whole; allowed: kube:<namespace>/<name>#<key>")
        data = self._data(f"/api/v1/namespaces/{namespace}/secrets/{name}", key)
        if key not in data:
            raise MissingSecretError(
                f"the secret reference 'kube:{rest}' cannot be resolved: there is no such Secret, it has no {key}, or it may not be read"
            )
        return base64.b64decode(data[key]).decode()

    def _data(self, path: str, key: str) -> Mapping[str, str]:
        """What the Secret holds. The token of a ServiceAccount is waited for: a controller fills it in soon after the Secret was made."""
        end = time.monotonic() + _FILLED_WITHIN
        while True:
            try:
                found = self._client.find(path) or {}
            except ApiError as error:
                if error.status == 403:  # so says the server of a namespace that this identity has not entered yet
                    return {}
                raise
            data: Mapping[str, str] = found.get("data") or {}
            if key in data or found.get("type") != "kubernetes.io/service-account-token" or time.monotonic() > end:
                return data
            time.sleep(0.1)

    def token_of(self, namespace: str, account: str, audience: str) -> str:
        """A token of a ServiceAccount that ends by itself. Raises ApiError."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        spec = {"audiences": [audience], "expirationSeconds": _TOKEN_SECONDS}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        return str(self._client.create(path, body, "gantry")["status"]["token"])
