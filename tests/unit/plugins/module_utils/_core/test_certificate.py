# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.certificate import claims, not_after, not_before
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

KEY = ec.generate_private_key(ec.SECP256R1())
MOMENTS = st.datetimes(datetime.datetime(1951, 1, 1), datetime.datetime(2120, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=datetime.UTC)
)


def certificate(begin, end):
    """Judged by a library that reads all of X.509."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gantry")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
    )
    made = builder.not_valid_before(begin).not_valid_after(end).sign(KEY, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@settings(max_examples=40)
@given(MOMENTS, st.integers(1, 40 * 365 * 86400))
def test_both_dates_are_those_of_the_certificate(begin, length):
    end = begin + datetime.timedelta(seconds=length)
    pem = certificate(begin, end)
    assert (not_before(pem), not_after(pem)) == (begin, end)
    assert not_before(pem + certificate(begin - datetime.timedelta(days=1), end)) == begin


KEYS = {
    ("rsa", 2048): lambda: rsa.generate_private_key(65537, 2048),
    ("rsa", 3072): lambda: rsa.generate_private_key(65537, 3072),
    **{
        ("ec", curve.key_size): lambda curve=curve: ec.generate_private_key(curve)
        for curve in (ec.SECP224R1(), ec.SECP256R1(), ec.SECP521R1())
    },
    ("ed25519", 0): ed25519.Ed25519PrivateKey.generate,
    ("", 0): ed448.Ed448PrivateKey.generate,
}


@pytest.mark.parametrize("kind", KEYS, ids=str)
def test_whose_it_is_is_read_of_certificates_and_of_requests_for_one(kind):
    key = KEYS[kind]()
    subject, issuer = (
        x509.Name([x509.NameAttribute(of, name * 30) for of in (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME)])
        for name in ("ü", "x")
    )
    request = (
        x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, None if "ed" in kind[0] or not kind[0] else hashes.SHA256())
    )
    asked = claims(request.public_bytes(serialization.Encoding.PEM).decode())
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key()).serial_number(2**100)
    made = builder.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=1)).sign(KEY, hashes.SHA256())
    has = claims(made.public_bytes(serialization.Encoding.PEM).decode() + certificate(begin, begin + datetime.timedelta(days=2)))
    assert (has.subject, has.issuer) == (subject.public_bytes()[3:], issuer.public_bytes()[2:])
    assert (asked.subject, asked.issuer) == (has.subject, b"")
    assert (asked.key_type, asked.key_bits) == (has.key_type, has.key_bits) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_certificate_is_refused(text):
    for read in (not_after, claims):
        with pytest.raises(ValueError, match="it is no certificate"):
            read(text)
