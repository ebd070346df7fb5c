# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The one way in which our clients check who a server is."""

from __future__ import annotations

import ssl

_STRICT = getattr(ssl, "VERIFY_X509_STRICT", 0)


def client_context(cafile: str | None = None, cadata: str | None = None) -> ssl.SSLContext:
    """A context that checks chain, name and dates, by the given authority or by the machine's.

    Python switches OpenSSL's strict reading of RFC 5280 on from 3.13 on. Clusters whose authority is older than that habit (it has no
    key identifiers) would be out of reach from one Python to the next, so it is off: what is checked is the same on every Python.
    """
    context = ssl.create_default_context(cafile=cafile, cadata=cadata)
    context.verify_flags &= ~_STRICT
    return context
