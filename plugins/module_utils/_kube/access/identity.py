# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A kubeconfig for somebody who has none yet: a client certificate that the cluster signs, or a token of a ServiceAccount.

An administrator asks. The key is made here and goes nowhere but into the kubeconfig.
"""

from __future__ import annotations

import base64
import datetime
import time
import uuid
from collections.abc import Mapping
from typing import Any

from ..._core.certificate import not_after
from ..._core.errors import InputError, ServerError, TimeoutExceededError
from ..form.kinds import Kind
from ..wire.client import KubeClient

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID
except ImportError as error:
    MISSING: ImportError | None = error
else:
    MISSING = None

_CSR = Kind("certificates.k8s.io", "v1", "CertificateSigningRequest", "certificatesigningrequests", False)
_ACCOUNT = Kind("", "v1", "ServiceAccount", "serviceaccounts", True)
_SIGNER = "kubernetes.io/kube-apiserver-client"
_ACCOUNTS = "system:serviceaccount:"
_SECONDS = 30.0
_PAUSE = 0.1
_MANAGER = "kube_identity"
_EXPIRES = "gantry.dev/expires"
_ROUNDED = datetime.timedelta(hours=1)
"""So much less than was asked for a cluster may give without meaning it: certificates begin a few minutes before they are made."""


def ends(kubeconfig: Any, user: str) -> datetime.datetime | None:
    """When the identity of a kubeconfig that was made for ``user`` ends; none where it is another one's, or not of our making."""
    try:
        (entry,) = [row for row in kubeconfig["users"] if row["name"] == user]
        held = entry["user"]
        if held.get("client-certificate-data"):
            return not_after(base64.b64decode(held["client-certificate-data"]).decode())
        (noted,) = [row["extension"] for row in kubeconfig["extensions"] if row["name"] == _EXPIRES]
        return datetime.datetime.fromisoformat(noted["expires"])
    except (KeyError, TypeError, ValueError):
        return None


def renewal(kubeconfig: Any, expires: datetime.datetime, before: datetime.timedelta) -> datetime.datetime:
    """When it is due anew: so long before its end, or when a third of it is left where the cluster gave less than was asked for."""
    try:
        (noted,) = [row["extension"] for row in kubeconfig["extensions"] if row["name"] == _EXPIRES]
        lasts = expires - datetime.datetime.fromisoformat(noted["made"])
        asked = datetime.timedelta(days=noted["days"])
    except (KeyError, TypeError, ValueError):
        return expires - before
    return expires - (min(before, lasts / 3) if lasts < asked - _ROUNDED else before)


def make(client: KubeClient, cluster: Mapping[str, Any], user: str, days: int, now: datetime.datetime) -> dict[str, Any]:
    """A kubeconfig that gets into ``cluster`` (an entry of a kubeconfig) as ``user`` for so many days. Raises InputError, ServerError."""
    if user.startswith(_ACCOUNTS):
        held, expires = _token(client, user, days)
    else:
        held, expires = _certificate(client, user, days), now + datetime.timedelta(days=days)
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "extensions": [{"name": _EXPIRES, "extension": {"made": now.isoformat(), "days": days, "expires": expires.isoformat()}}],
        "clusters": [{"name": "cluster", "cluster": _whole(cluster)}],
        "users": [{"name": user, "user": held}],
        "contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": user}}],
        "current-context": "cluster",
    }


def _whole(cluster: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster's entry with its authority inside: the administrator's files may be out of the deployer's reach."""
    found = dict(cluster)
    file = found.pop("certificate-authority", "")
    if file and not found.get("certificate-authority-data"):
        try:
            with open(file, "rb") as handle:
                found["certificate-authority-data"] = _encoded(handle.read())
        except OSError as error:
            raise InputError(f"the CA certificate {file} cannot be read: {error.strerror}") from error
    return found


def _token(client: KubeClient, user: str, days: int) -> tuple[dict[str, str], datetime.datetime]:
    namespace, _colon, name = user.removeprefix(_ACCOUNTS).partition(":")
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": days * 86400}}
    status = client.create(f"{_ACCOUNT.path(namespace, name)}/token", body, _MANAGER)["status"]
    return {"token": status["token"]}, datetime.datetime.fromisoformat(status["expirationTimestamp"].replace("Z", "+00:00"))


def _certificate(client: KubeClient, user: str, days: int) -> dict[str, str]:
    if MISSING is not None:
        raise InputError(f"a client certificate needs the Python package cryptography: {MISSING}")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    name = f"gantry-identity-{uuid.uuid4().hex[:12]}"
    spec = {
        "request": _encoded(asked.public_bytes(serialization.Encoding.PEM)),
        "signerName": _SIGNER,
        "usages": ["client auth"],
        "expirationSeconds": days * 86400,
    }
    made = client.create(
        _CSR.path(), {"apiVersion": _CSR.api_version, "kind": _CSR.kind, "metadata": {"name": name}, "spec": spec}, _MANAGER
    )
    path = _CSR.path(None, name)
    try:
        approved = {
            "type": "Approved",
            "status": "True",
            "reason": "Access",
            "message": f"the identity {user}, asked for by an administrator",
        }
        client.replace(f"{path}/approval", {**made, "status": {"conditions": [approved]}}, _MANAGER)
        certificate = _signed(client, path)
    finally:
        client.delete(path, made["metadata"]["uid"])
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {"client-certificate-data": certificate, "client-key-data": _encoded(private)}


def _signed(client: KubeClient, path: str) -> str:
    """The certificate, in base64 as a kubeconfig has it, as soon as the signer has made it."""
    end = time.monotonic() + _SECONDS
    while True:
        status = client.get(path).get("status") or {}
        if status.get("certificate"):
            return str(status["certificate"])
        for condition in status.get("conditions") or []:
            if condition.get("type") in ("Denied", "Failed"):
                raise ServerError(f"the cluster signs no certificate of {_SIGNER}: {condition.get('message') or condition['type']}")
        if time.monotonic() > end:
            raise TimeoutExceededError(
                f"waited {_SECONDS:.0f} s for the signer {_SIGNER}. Some providers (EKS) sign none: name an identity of the provider, or "
                f"{_ACCOUNTS}gantry-system:<name>, in platform_cluster.identity"
            )
        time.sleep(_PAUSE)


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()
