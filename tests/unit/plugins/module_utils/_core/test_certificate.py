# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.certificate import not_after, not_before
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
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


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(ValueError, match=r"certificate|PEM|Invalid"):
        not_after(text)
