# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A client of few words for an API over HTTP with JSON, on one pool of kept-alive connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._core.concurrency import AdaptiveLimit
from .._core.errors import ServerError
from .._core.http import Endpoint, Pool, Response, Retry
from .._core.pages import Way, rows, with_query
from .._core.words import clean

Json = dict[str, Any]
_LONGEST = 500


class RestError(ServerError):
    """A refusal: HTTP ``status`` and what the server said, in one line."""

    def __init__(self, response: Response, what: str) -> None:
        self.status = response.status
        try:
            said = "; ".join(_texts(response.json()))
        except ValueError:
            said = ""
        super().__init__(clean(f"{what}: {response.status} {said[:_LONGEST]}".rstrip()))


class RestClient:
    """One account of one API. Paths are below the endpoint's; each part of one that is data is quoted by who makes it."""

    def __init__(
        self,
        endpoint: Endpoint,
        headers: Mapping[str, str],
        user_agent: str,
        gate: Callable[[], None] = lambda: None,
        retry: Retry | None = None,
    ) -> None:
        self.url = endpoint.url
        kept = {"Accept": "application/json", **headers}
        self.pool = Pool(endpoint, user_agent, lambda renew: kept, gate, limit=AdaptiveLimit(most=8))
        self._retry = retry or Retry()

    def find(self, path: str, query: Mapping[str, str] | None = None) -> Json | None:
        """A GET; none where there is nothing. Raises RestError."""
        try:
            return self._read("GET", path, self._answer("GET", with_query(path, query or {})))
        except RestError as error:
            if error.status in (404, 410):
                return None
            raise

    def rows(self, path: str, query: Mapping[str, str], way: Way, field: str) -> Iterator[Json]:
        """Every row of a list. Raises RestError, PagesError."""
        return rows(lambda page: self._answer("GET", page), with_query(path, query), way, field)

    def write(
        self,
        method: str,
        path: str,
        body: Json,
        may_write: Callable[[], None],
        query: Mapping[str, str] | None = None,
        once: bool | None = None,
    ) -> Json:
        """A request that changes something, without a body where that says nothing. Raises RestError, LostAnswerError.

        ``once`` says that twice is not the same, as where a POST makes something: unless said, every POST is sent once.
        """
        content = json.dumps(body).encode() if body else None
        return self._read(method, path, self._answer(method, with_query(path, query or {}), content, may_write, once))

    def delete(self, path: str, may_write: Callable[[], None]) -> None:
        """A DELETE; what is gone already is gone. Raises RestError."""
        try:
            self._answer("DELETE", path, gate=may_write)
        except RestError as error:
            if error.status not in (404, 410):
                raise

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()

    def _answer(
        self, method: str, address: str, body: bytes | None = None, gate: Callable[[], None] = lambda: None, once: bool | None = None
    ) -> Response:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        response = self.pool.request(method, address, body, headers, self._retry, gate, once=once)
        if response.status >= 300:
            raise RestError(response, f"{method} {address.partition('?')[0]}")
        return response

    def _read(self, method: str, path: str, response: Response) -> Json:
        try:
            found = response.json() if response.body else {}
        except ValueError as error:
            raise ServerError(f"{method} {path}: the answer is no JSON") from error
        if not isinstance(found, dict):
            raise ServerError(f"{method} {path}: the answer is no mapping")
        return found


def _texts(value: Any) -> list[str]:
    """What an answer says in words, wherever it says it."""
    if isinstance(value, str):
        return [" ".join(value.split())]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]
