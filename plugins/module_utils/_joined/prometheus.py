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
from .._core.http import Pool, Response, Retry
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


_WAITS, _MAY_TAKE = 120, 100
"""Seconds until an answer is given up, and those a query may take: the server ends it first, and says so."""
_NOT_OF_THE_QUERY = (401, 403, 404, 429)
"""What is said of who asks or of the address, in whatever form."""
_FIRST, _LAST = 0, int(datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC).timestamp()) - 1
"""Moments around which there is still time on both sides that can be written."""


class Refused(ServerError):
    """The query itself is wrong, or too much for the server, which is there and says so."""


class Prometheus:
    """A server, as the options of ``call`` name it."""

    def __init__(self, call: Call) -> None:
        endpoint, token = endpoint_of(call, "", anonymous=True)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = Pool(endpoint, "gantry-prometheus", lambda renew: headers, call.gate, timeout=_WAITS)

    def ask(self, path: str, **query: Any) -> tuple[list[Any], list[str]]:
        """(series, warnings) of one query; a number or text alone is (time, value). Raises Refused, and ServerError."""
        body = urllib.parse.urlencode({**query, "timeout": f"{_MAY_TAKE}s"}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        retry = Retry(attempts=4, seconds=150, permanent=_took_too_long)
        answer = self._pool.request("POST", f"/api/v1/{path}", body, kind, retry, once=False)
        said = _object(answer)
        if said is None:
            raise ServerError(f"{path}: {answer.status}, which is no answer of Prometheus'")
        if said.get("status") != "success":
            named = said.get("errorType")
            of_the_query = answer.status in (400, 422) or (isinstance(named, str) and answer.status not in _NOT_OF_THE_QUERY)
            why = said.get("error") or named or ""
            raise (Refused if of_the_query else ServerError)(clean(f"{path}: {answer.status} {why}"[:500]))
        data = said.get("data")
        # What found nothing may say null.
        found = (data.get("result") if isinstance(data, dict) else data) or []
        if not isinstance(found, list):
            raise ServerError(clean(f"{path}: {answer.status}, and the result is no list but {found!r}"[:500]))
        return found, [clean(str(one)) for one in said.get("warnings") or []]

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _object(answer: Response) -> dict[str, Any] | None:
    """The object that an answer is; none where it is anything else."""
    try:
        said = answer.json()
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _took_too_long(answer: Response) -> bool:
    """Whether the server ended the query: asked again it takes as long again."""
    said = _object(answer) if answer.status == 503 else None
    return said is not None and said.get("errorType") in ("timeout", "canceled")


def moment(said: str) -> int:
    """The option ``at`` in seconds since 1970; without it that is now. Raises InputError."""
    if not said:
        return int(time.time())
    try:
        at = datetime.datetime.fromisoformat(said.replace("Z", "+00:00"))
        found = int((at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp())
        if not _FIRST <= found <= _LAST:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise InputError(f"at: found {said!r}; allowed: a time such as 2026-11-29T12:00:00Z, from the year 1970 to 9998") from error
    return found


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
