# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""From when to when a certificate holds, and whose it is. The standard library reads no certificates, and that is worth no dependency."""

from __future__ import annotations

import base64
import datetime
import re
from dataclasses import dataclass

_UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x17, 0x18, 0xA0
_PEM = re.compile(r"-----BEGIN (?P<what>(?:NEW )?CERTIFICATE(?: REQUEST)?)-----(?P<text>.*?)-----END (?P=what)-----", re.DOTALL)
_RSA, _EC, _ED25519 = (bytes.fromhex(text) for text in ("2a864886f70d010101", "2a8648ce3d0201", "2b6570"))
_BITS_OF_POINTS = {28: 224, 32: 256, 48: 384, 66: 521}
"""Bits of a key on a curve, by the bytes of one coordinate."""


@dataclass(frozen=True)
class Claims:
    """Whom a certificate, or a request for one, is about. Names are in DER, as the certificate has them: equal names are equal bytes.

    ``issuer`` is empty in a request. ``key_type`` is rsa, ec, ed25519, or empty where it is another; ``key_bits`` are 0 but for rsa and ec.
    """

    subject: bytes
    issuer: bytes
    key_type: str
    key_bits: int


def not_before(pem: str) -> datetime.datetime:
    """When it begins to hold. Raises ValueError where ``pem`` is no certificate."""
    return _validity(pem)[0]


def not_after(pem: str) -> datetime.datetime:
    """When it ceases to hold. Raises ValueError where ``pem`` is no certificate."""
    return _validity(pem)[1]


def claims(pem: str) -> Claims:
    """What the first certificate, or request for one, in ``pem`` says. Raises ValueError where there is none."""
    kind, fields = _signed(pem)
    try:
        if kind.endswith("REQUEST"):
            # RFC 2986, 4.1: version, subject, key.
            return Claims(fields[1][1], b"", *_key(fields[2][1]))
        # RFC 5280, 4.1: serial number, signature, issuer, validity, subject, key, the version before them if it is not the first one.
        _serial, _signature, issuer, _dates, subject, key = fields[fields[0][0] == _VERSION :][:6]
        return Claims(subject[1], issuer[1], *_key(key[1]))
    except (IndexError, ValueError) as error:
        raise ValueError("it is no certificate") from error


def _validity(pem: str) -> tuple[datetime.datetime, datetime.datetime]:
    """RFC 5280, 4.1: the validity is the fifth field of tbsCertificate, or the fourth where the version is left out."""
    _kind, fields = _signed(pem)
    try:
        validity = fields[4 if fields[0][0] == _VERSION else 3][1]
        begin, end = (_time(tag, content) for tag, content in _split(validity))
    except (IndexError, ValueError) as error:
        raise ValueError("it is no certificate") from error
    return begin, end


def _signed(pem: str) -> tuple[str, list[tuple[int, bytes]]]:
    """What the first block of ``pem`` is called, and the fields of what is signed in it."""
    found = _PEM.search(pem)
    if found is None:
        raise ValueError("it is no certificate in PEM")
    try:
        _tag, outer = _split(base64.b64decode("".join(found["text"].split()), validate=True))[0]
        return found["what"], _split(_split(outer)[0][1])
    except (IndexError, ValueError) as error:
        raise ValueError("it is no certificate") from error


def _key(info: bytes) -> tuple[str, int]:
    """The type and the bits of a SubjectPublicKeyInfo."""
    (_tag, algorithm), (_other, key) = _split(info)
    kind, content = _split(algorithm)[0][1], key[1:]  # the first byte of a BIT STRING counts the bits at its end that are none
    if kind == _RSA:
        modulus = _split(_split(content)[0][1])[0][1]
        return "rsa", int.from_bytes(modulus, "big").bit_length()
    if kind == _EC:
        return "ec", _BITS_OF_POINTS.get((len(content) - 1) // 2, 0)
    return ("ed25519", 0) if kind == _ED25519 else ("", 0)


def _split(data: bytes) -> list[tuple[int, bytes]]:
    """The values of a constructed value in DER, as (tag, content)."""
    found = []
    place = 0
    while place < len(data):
        tag, length, place = data[place], data[place + 1], place + 2
        if length & 0x80:
            size = length & 0x7F
            length, place = int.from_bytes(data[place : place + size], "big"), place + size
        found.append((tag, data[place : place + length]))
        place += length
    return found


def _time(tag: int, content: bytes) -> datetime.datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: two digits from 50 on are of the last century.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC)
