# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime
import json
import ssl
import stat

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._sandbox import certificates as tested
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def make(folder):
    authority = Authority(folder)
    authority.server("serving", ["localhost", "127.0.0.1"])
    authority.client("ann", "ann", ["team", "more"])
    authority.signing_pair("tokens")
    authority.kubeconfig(folder / "ann.kubeconfig", "https://127.0.0.1:1", "ann")
    return authority


def certificate(folder, name):
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def test_everything_is_made_once_and_kept(tmp_path):
    first = make(tmp_path)
    assert set(first.made) == {
        "ca.key",
        "ca.crt",
        "serving.key",
        "serving.crt",
        "ann.key",
        "ann.crt",
        "tokens.key",
        "tokens.pub",
        "ann.kubeconfig",
    }
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert make(tmp_path).made == []
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_only_the_owner_can_read_it(tmp_path):
    make(tmp_path)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_client_is_a_user_in_groups_and_no_server(tmp_path):
    make(tmp_path)
    ann = certificate(tmp_path, "ann")
    names = [(part.oid, part.value) for part in ann.subject]
    assert names == [(NameOID.ORGANIZATION_NAME, "team"), (NameOID.ORGANIZATION_NAME, "more"), (NameOID.COMMON_NAME, "ann")]
    assert list(ann.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    ann.verify_directly_issued_by(certificate(tmp_path, "ca"))


def test_a_server_is_known_by_its_names_and_addresses(tmp_path):
    make(tmp_path)
    names = certificate(tmp_path, "serving").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "again",
    [
        lambda authority: authority.server("serving", ["localhost"]),
        lambda authority: authority.client("ann", "ann", ["team"]),
    ],
)
def test_what_is_wanted_otherwise_is_signed_anew_with_the_same_key(tmp_path, again):
    make(tmp_path)
    authority = Authority(tmp_path)
    again(authority)
    assert len(authority.made) == 1 and authority.made[0].endswith(".crt")


def test_what_ends_soon_is_renewed(tmp_path, monkeypatch):
    monkeypatch.setattr(tested, "_DAYS", 20)
    make(tmp_path)
    monkeypatch.undo()
    authority = Authority(tmp_path)
    authority.client("ann", "ann", ["team", "more"])
    assert authority.made == ["ann.crt"]
    left = certificate(tmp_path, "ann").not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    assert left > datetime.timedelta(days=365)


def test_what_another_authority_signed_is_not_kept(tmp_path):
    make(tmp_path)
    for name in ("ca.key", "ca.crt"):
        (tmp_path / name).unlink()
    assert "ann.crt" in make(tmp_path).made


def test_a_kubeconfig_has_everything_inside(tmp_path):
    make(tmp_path)
    content = json.loads((tmp_path / "ann.kubeconfig").read_text())
    (cluster,), (user,) = content["clusters"], content["users"]
    assert cluster["cluster"]["server"] == "https://127.0.0.1:1"
    authority = base64.b64decode(cluster["cluster"]["certificate-authority-data"]).decode()
    assert ssl.create_default_context(cadata=authority).cert_store_stats()["x509_ca"] == 1
    assert base64.b64decode(user["user"]["client-key-data"]) == (tmp_path / "ann.key").read_bytes()


def test_a_chain_says_both_keys(tmp_path):
    make(tmp_path)
    authority = certificate(tmp_path, "ca").extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    for name in ("ca", "serving", "ann"):
        extensions = certificate(tmp_path, name).extensions
        assert extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == authority.digest
        assert extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_certificates_without_key_identifiers_are_signed_anew_with_the_same_keys(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(tested.x509.CertificateBuilder, "add_extension", without_key_identifiers(x509.CertificateBuilder.add_extension))
        make(tmp_path)
    keys = {path.name: path.read_bytes() for path in tmp_path.glob("*.key")}
    assert set(make(tmp_path).made) == {"ca.crt", "serving.crt", "ann.crt", "ann.kubeconfig"}
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.key")} == keys
    assert make(tmp_path).made == []


def without_key_identifiers(add):
    def adds(builder, extension, critical):
        identifiers = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
        return builder if isinstance(extension, identifiers) else add(builder, extension, critical)

    return adds
