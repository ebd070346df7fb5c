# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who a server is: the same answer on every Python, also for authorities that are older than Python's strictness."""

from __future__ import annotations

import datetime
import re
import socket
import ssl
import threading

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.tls import client_context
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def signed(folder, name, *, issuer=None, until=NOW + DAY, host="localhost"):
    """A certificate as an authority of ten years ago made it: no key identifiers. Gives (name, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by, by_key = issuer or (subject, key)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(by).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(NOW - 9 * DAY).not_valid_after(until)
    builder = builder.add_extension(x509.BasicConstraints(issuer is None, None), True)
    if issuer:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
    pem = builder.sign(by_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{name}.pem").write_bytes(pem + secret)
    return subject, key


@pytest.fixture
def called(tmp_path):
    """Call a TLS server with the certificate ``serving``, trusting ``trusted``."""

    def call(serving, trusted):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / f"{serving}.pem")
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            connection, _address = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.sendall(b"hello")
            except OSError:
                return  # the client did not like us

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), timeout=LONGEST) as plain,
                client_context(str(tmp_path / f"{trusted}.pem")).wrap_socket(plain, server_hostname="localhost") as secure,
            ):
                return secure.recv(5)
        finally:
            thread.join()
            listener.close()

    return call


def test_an_authority_without_key_identifiers_is_trusted_where_it_is_named(tmp_path, called):
    signed(tmp_path, "served", issuer=signed(tmp_path, "authority"))
    assert called("served", "authority") == b"hello"


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"until": NOW - DAY}, "expired"), ({"host": "elsewhere.example"}, "Hostname mismatch")],
)
def test_dates_and_names_are_checked_all_the_same(tmp_path, called, changed, words):
    signed(tmp_path, "served", issuer=signed(tmp_path, "authority"), **changed)
    with pytest.raises(ssl.SSLCertVerificationError, match=words):
        called("served", "authority")


def test_another_authority_is_not_trusted(tmp_path, called):
    signed(tmp_path, "served", issuer=signed(tmp_path, "authority"))
    signed(tmp_path, "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        called("served", "other")


def test_no_client_of_ours_makes_its_own_context(checkout):
    plugins = checkout / "plugins"
    makers = {path.name for path in plugins.rglob("*.py") if re.search(r"create_default_context|PROTOCOL_TLS_CLIENT", path.read_text())}
    assert makers == {"tls.py"}
