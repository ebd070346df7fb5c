# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A certificate authority of the sandbox's own, its certificates and kubeconfigs. Made once and kept."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import os
from pathlib import Path
from typing import Any

from .._core.canonical import canonical
from .._core.errors import InputError

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError as error:
    MISSING: ImportError | None = error
else:
    MISSING = None

_DAYS = 3650
_RENEWED_BEFORE = datetime.timedelta(days=30)
_BOTH = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH] if MISSING is None else []


class Authority:
    """The authority in a folder: ``ca.crt``, ``ca.key``, and what it signs beside them."""

    def __init__(self, folder: Path) -> None:
        if MISSING is not None:
            raise InputError(f"the sandbox's certificates need the Python package cryptography: {MISSING}; make deps installs it")
        self.folder = folder
        self.made: list[str] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = self._private_key("ca")
        self._certificate = self._load_or_make_authority()

    def server(self, name: str, hosts: list[str]) -> None:
        """A certificate for names and addresses to serve as, and to call other servers with."""
        names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
        self._sign(name, _name(name, []), _BOTH, names)

    def client(self, name: str, user: str, groups: list[str]) -> None:
        """A client certificate of a user in groups."""
        self._sign(name, _name(user, groups), _BOTH[1:], [])

    def signing_pair(self, name: str) -> None:
        """A key pair for tokens: ``name.key`` and ``name.pub``."""
        key = self._private_key(name)
        public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self._write(f"{name}.pub", public)

    def kubeconfig(self, path: Path, server: str, name: str) -> None:
        """A kubeconfig with everything inside, for the client certificate ``name``."""
        content: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "sandbox", "cluster": {"server": server, "certificate-authority-data": self._encoded("ca.crt")}}],
            "users": [
                {
                    "name": name,
                    "user": {"client-certificate-data": self._encoded(f"{name}.crt"), "client-key-data": self._encoded(f"{name}.key")},
                }
            ],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": name}}],
            "current-context": "sandbox",
        }
        wanted = canonical(content)
        if not path.is_file() or path.read_bytes() != wanted:
            _write_private(path, wanted)
            self.made.append(path.name)

    def _encoded(self, name: str) -> str:
        return base64.b64encode((self.folder / name).read_bytes()).decode()

    def _private_key(self, name: str) -> Any:
        path = self.folder / f"{name}.key"
        if path.is_file():
            return serialization.load_pem_private_key(path.read_bytes(), None)
        key = ec.generate_private_key(ec.SECP256R1())
        no_password = serialization.NoEncryption()
        self._write(path.name, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password))
        return key

    def _load_or_make_authority(self) -> Any:
        path = self.folder / "ca.crt"
        if path.is_file():
            kept = x509.load_pem_x509_certificate(path.read_bytes())
            if _has(kept, x509.SubjectKeyIdentifier):
                return kept
        subject = _name("gantry sandbox", [])
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = _builder(subject, subject, self._key, self._key)
        builder = builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
        certificate = builder.sign(self._key, hashes.SHA256())
        self._write(path.name, certificate.public_bytes(serialization.Encoding.PEM))
        return certificate

    def _sign(self, name: str, subject: Any, purposes: list[Any], names: list[Any]) -> None:
        path = self.folder / f"{name}.crt"
        if path.is_file() and self._is_current(x509.load_pem_x509_certificate(path.read_bytes()), subject, names):
            return
        builder = _builder(subject, self._certificate.subject, self._private_key(name), self._key)
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        self._write(path.name, builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _is_current(self, certificate: Any, subject: Any, names: list[Any]) -> bool:
        """Whether a kept certificate says what is wanted now, by this authority, and for some time yet."""
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        if not _has(certificate, x509.AuthorityKeyIdentifier):
            return False
        found = [list(part.value) for part in certificate.extensions if isinstance(part.value, x509.SubjectAlternativeName)]
        left = certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
        return bool(certificate.subject == subject and found == ([names] if names else []) and left > _RENEWED_BEFORE)

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        if not path.is_file() or path.read_bytes() != content:
            _write_private(path, content)
            self.made.append(name)


def _builder(subject: Any, issuer: Any, key: Any, issuers_key: Any) -> Any:
    """RFC 5280, 4.2.1.1 and 4.2.1.2 ask for both key identifiers, and Python refuses a chain without them from 3.13 on."""
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuers_key.public_key()), False)
    # An hour of grace: clocks of a machine and its containers differ.
    return builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=_DAYS))


def _has(certificate: Any, extension: Any) -> bool:
    return any(isinstance(part.value, extension) for part in certificate.extensions)


def _name(user: str, groups: list[str]) -> Any:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, user)])


def _write_private(path: Path, content: bytes) -> None:
    """Readable by the owner alone from its first byte."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
