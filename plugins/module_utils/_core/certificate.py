# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""From when to when a certificate holds. The standard library reads no certificates, and two dates are worth no dependency."""

from __future__ import annotations

import datetime
import ssl

_UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x17, 0x18, 0xA0


def not_before(pem: str) -> datetime.datetime:
    """When it begins to hold. Raises ValueError where ``pem`` is no certificate."""
    return _validity(pem)[0]


def not_after(pem: str) -> datetime.datetime:
    """When it ceases to hold. Raises ValueError where ``pem`` is no certificate."""
    return _validity(pem)[1]


def _validity(pem: str) -> tuple[datetime.datetime, datetime.datetime]:
    """RFC 5280, 4.1: the validity is the fifth field of tbsCertificate, or the fourth where the version is left out."""
    first = pem[: pem.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)] if ssl.PEM_FOOTER in pem else pem
    der = ssl.PEM_cert_to_DER_cert(first.strip())
    try:
        _tag, certificate = _split(der)[0]
        fields = _split(_split(certificate)[0][1])
        validity = fields[4 if fields[0][0] == _VERSION else 3][1]
        begin, end = (_time(tag, content) for tag, content in _split(validity))
    except (IndexError, ValueError) as error:
        raise ValueError("it is no certificate") from error
    return begin, end


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
