# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The query API of Prometheus, which Thanos has too: https://prometheus.io/docs/prometheus/latest/querying/api/"""

from __future__ import annotations

import datetime
import time
import urllib.parse
from fractions import Fraction
from typing import Any

from .._core.errors import InputError, ServerError
from .._core.exact import duration, seconds
from .._core.http import Pool, Retry
from .._core.words import clean
from .face import Call
from .rest import endpoint_of

OPTIONS: dict[str, Any] = {
    "url": {"type": "str"},
    "access_file": {"type": "path"},
    "token": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path"},
    "at": {"type": "str", "default": ""},
}


class Refused(ServerError):
    """The query itself is wrong, or too much for the server."""


class Prometheus:
    """A server, as the options of ``call`` name it."""

    def __init__(self, call: Call) -> None:
        endpoint, token = endpoint_of(call, "", anonymous=True)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = Pool(endpoint, "gantry-prometheus", lambda renew: headers, call.gate, timeout=120)

    def ask(self, path: str, **query: Any) -> tuple[list[dict[str, Any]], list[str]]:
        """(series, warnings) of one query. Raises Refused, and ServerError."""
        body = urllib.parse.urlencode(query).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._pool.request("POST", f"/api/v1/{path}", body, kind, Retry(attempts=4, seconds=150), once=False)
        try:
            said = answer.json()
        except ValueError as error:
            raise ServerError(f"{path}: {answer.status}, which is no answer of Prometheus'") from error
        if not isinstance(said, dict) or said.get("status") != "success":
            why = said.get("error", "") if isinstance(said, dict) else ""
            kind_of = Refused if answer.status in (400, 422) else ServerError
            raise kind_of(clean(f"{path}: {answer.status} {why}"[:500]))
        return said["data"]["result"], [clean(str(one)) for one in said.get("warnings", [])]

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def moment(said: str) -> int:
    """The option ``at`` in seconds since 1970; without it that is now. Raises InputError."""
    if not said:
        return int(time.time())
    try:
        at = datetime.datetime.fromisoformat(said.replace("Z", "+00:00"))
    except ValueError as error:
        raise InputError(f"at: found {said!r}; allowed: a time such as 2026-11-29T12:00:00Z") from error
    return int((at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp())


def length(option: str, said: str, least: int, most: int) -> int:
    """An option that is a length of time, in seconds. Raises InputError."""
    allowed = f"allowed: a length of time from {duration(Fraction(least))} to {duration(Fraction(most))}, such as 15m, 2h or 1d"
    try:
        found = int(seconds(said))
    except (KeyError, ValueError) as error:
        raise InputError(f"{option}: found {said!r}; {allowed}") from error
    if not least <= found <= most:
        raise InputError(f"{option}: found {said!r}; {allowed}")
    return found
