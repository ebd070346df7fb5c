# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Lists that come in pages, row by row. A list is whole or an error: what is missing in it would be made again, or taken for removed.

Nothing is sent in here: the caller's ``send`` gets a path and gives the answer, ``Pool.request`` among its retries.
"""

from __future__ import annotations

import hashlib
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .errors import ServerError
from .http import Response
from .suggest import did_you_mean
from .words import clean

_SHOWN = 80
_FIELD = r"""\s*+;\s*+(?:([^\s=;,"]++)\s*+(?:=\s*+("(?:[^"\\]|\\.)*+"|[^\s;,"]*+))?)?"""
_PARAMETER = re.compile(_FIELD)
_LINK = re.compile(rf"[\s,]*+<([^<>]*+)>((?:{_FIELD})*+)\s*+(?=,|\Z)")
"""A link of RFC 8288 (section 3): its target, and its parameters. Nothing in it is looked at twice, however odd the header is."""
_PORTS = {"http": 80, "https": 443}


class PagesError(ServerError):
    """What a server gives is no list in pages, or one without an end."""


@dataclass(frozen=True)
class Page:
    """One answer: the path that was asked, its body, its rows, and how many rows came before it."""

    path: str
    answer: Response
    body: Any
    rows: list[Any]
    before: int = 0


class Way(Protocol):
    """How a list goes on."""

    def first(self, path: str) -> str:
        """The path of the first page."""

    def after(self, page: Page) -> str | None:
        """The path of the page behind this one, none behind the last. Raises PagesError."""


@dataclass(frozen=True)
class Whole:
    """Everything in one answer."""

    def first(self, path: str) -> str:
        return path

    def after(self, page: Page) -> str | None:
        return None


@dataclass(frozen=True)
class Offset:
    """``?offset=200&limit=100``: goes on as long as the field ``more`` is true, or up to the field ``total``.

    Without either it ends with a page that has no rows: a server may give fewer than it is asked for. For the same reason the next offset
    is counted by what came.
    """

    limit: int = 100
    more: str = ""
    total: str = ""
    offset_word: str = "offset"
    limit_word: str = "limit"

    def first(self, path: str) -> str:
        return with_query(path, {self.offset_word: 0, self.limit_word: self.limit})

    def after(self, page: Page) -> str | None:
        count = page.before + len(page.rows)
        if not _goes_on(page, count, self.more, self.total):
            return None
        return with_query(page.path, {self.offset_word: count})


@dataclass(frozen=True)
class Numbered:
    """``?page=3&per_page=50``: goes on up to the number of pages in the field ``pages``, or the number of rows in the field ``total``.

    Without either it ends with a page that has no rows.
    """

    per_page: int = 50
    pages: str = ""
    total: str = ""
    page_word: str = "page"
    per_page_word: str = "per_page"
    begins_at: int = 1

    def first(self, path: str) -> str:
        return with_query(path, {self.page_word: self.begins_at, self.per_page_word: self.per_page})

    def after(self, page: Page) -> str | None:
        number = int(_query(page.path)[self.page_word])
        if self.pages:
            goes_on = number - self.begins_at + 1 < _number(page, self.pages)
        else:
            goes_on = _goes_on(page, page.before + len(page.rows), "", self.total)
        return with_query(page.path, {self.page_word: number + 1}) if goes_on else None


@dataclass(frozen=True)
class Cursor:
    """``?cursor=<what the field ``next`` of the last page said>``: ends where it says nothing. A page without rows ends nothing."""

    next: str = "next_cursor"
    word: str = "cursor"
    limit: int = 0
    limit_word: str = "limit"

    def first(self, path: str) -> str:
        return with_query(path, {self.limit_word: self.limit}) if self.limit else path

    def after(self, page: Page) -> str | None:
        cursor = _at(page.body, self.next)
        if cursor is None or cursor == "":
            return None
        if not isinstance(cursor, str | int) or isinstance(cursor, bool):
            raise PagesError(f"{self.next} is no cursor: {_shown(cursor)}")
        return with_query(page.path, {self.word: cursor})


@dataclass(frozen=True)
class Links:
    """The header ``Link`` with the relation ``next`` (RFC 8288). ``base`` is the address that paths begin at, ``Endpoint.url``."""

    base: str
    limit: int = 0
    limit_word: str = "per_page"

    def first(self, path: str) -> str:
        return with_query(path, {self.limit_word: self.limit}) if self.limit else path

    def after(self, page: Page) -> str | None:
        found = links(", ".join(page.answer.headers.get_all("Link") or []))
        return path_below(self.base, page.path, found["next"]) if "next" in found else None


@dataclass(frozen=True)
class Next:
    """The address of the next page in the field ``field``, relative or whole; ends where that is empty. ``base`` as of ``Links``."""

    base: str
    field: str = "next"

    def first(self, path: str) -> str:
        return path

    def after(self, page: Page) -> str | None:
        target = _at(page.body, self.field)
        if target is None or target == "":
            return None
        if not isinstance(target, str):
            raise PagesError(f"{self.field} is no address: {_shown(target)}")
        return path_below(self.base, page.path, target)


def rows(send: Callable[[str], Response], path: str, way: Way, field: str = "", most: int = 10_000) -> Iterator[Any]:
    """Every row of a list, each page asked for when the rows before it have been taken.

    ``field`` is where an answer has its rows (``result``, ``data.items``), empty where it is a list itself. Raises PagesError, which says
    at which page, for an answer that is no success, no JSON or no list, for a page that comes twice, and beyond ``most`` pages.
    """
    asked: set[str] = set()
    seen: set[str] = set()
    following: str | None = way.first(path)
    number = before = 0
    while following is not None:
        number += 1
        try:
            if following in asked:
                raise PagesError("the server leads back to a page that it gave already")
            if number > most:
                raise PagesError(f"that is more than {most} pages")
            asked.add(following)
            page = _page(send(following), following, field, before)
            if page.rows:
                mark = hashlib.sha256(json.dumps(page.rows, sort_keys=True).encode()).hexdigest()
                if mark in seen:
                    raise PagesError("the server gives the same rows again")
                seen.add(mark)
            following = way.after(page)
        except PagesError as error:
            raise PagesError(f"GET {clean(path.split('?')[0])}, page {number}: {error.message}") from None
        before += len(page.rows)
        yield from page.rows


def links(header: str) -> dict[str, str]:
    """Relation (in lower case) → target of a ``Link`` header; of several with one relation the first. Raises PagesError.

    A link with an ``anchor`` is about something else than what was asked for, and left out (RFC 8288, 3.2).
    """
    found: dict[str, str] = {}
    header = header.rstrip(", \t")
    here = 0
    while here < len(header):
        link = _LINK.match(header, here)
        if link is None:
            raise PagesError(f"the header Link cannot be read: {_shown(header[here:])}")
        here = link.end()
        parameters: dict[str, str] = {}
        for name, value in ((one[1], one[2] or "") for one in _PARAMETER.finditer(link[2]) if one[1]):
            # Of a parameter that comes twice the first counts (3.3).
            parameters.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value)
        if "anchor" not in parameters:
            for relation in parameters.get("rel", "").lower().split():
                found.setdefault(relation, link[1])
    return found


def path_below(base: str, asked: str, target: str) -> str:
    """The path below ``base`` of an address that the server named in its answer to ``asked``; relative ones begin there.

    Raises PagesError for one of another server, or beside ``base``: the token is for nobody else, and goes nowhere else.
    """
    if not (target.isascii() and target.isprintable()) or " " in target or "\\" in target:
        raise PagesError(f"the next page is at {_shown(target)}, which is no address")
    ours = urllib.parse.urlsplit(base)
    try:
        found = urllib.parse.urlsplit(urllib.parse.urljoin(base.rstrip("/") + asked, target))
        theirs = _origin(found)
    except ValueError:
        raise PagesError(f"the next page is at {_shown(target)}, which is no address") from None
    prefix, path = ours.path.rstrip("/"), found.path or "/"
    climbs = ".." in urllib.parse.unquote(path).split("/")
    if theirs != _origin(ours) or "@" in found.netloc or climbs or not f"{path}/".startswith(f"{prefix}/"):
        raise PagesError(
            f"the next page is at {_shown(target)}, which is not below {base}, and nothing but that gets the token; "
            "where it is the same server, name it as it names itself"
        )
    return path[len(prefix) :] + (f"?{found.query}" if found.query else "")


def _origin(parts: urllib.parse.SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def _page(answer: Response, path: str, field: str, before: int) -> Page:
    if not 200 <= answer.status < 300:
        raise PagesError(f"the server answered {answer.status}: {_shown(answer.body.decode(errors='replace'))}")
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        raise PagesError(f"the answer is no JSON: {len(answer.body)} bytes, {_shown(answer.body.decode(errors='replace'))}") from None
    found = _at(body, field)
    if not isinstance(found, list):
        known = f"; there are {', '.join(map(str, body))}{did_you_mean(field, body)}" if field and isinstance(body, dict) else ""
        raise PagesError(f"the answer has no list{f' at {field}' if field else ''}, but {_shown(found)}{clean(known)}")
    return Page(path, answer, body, found, before)


def _goes_on(page: Page, count: int, more: str, total: str) -> bool:
    """Whether rows are left after ``count``."""
    if more:
        left = _at(page.body, more)
        if not isinstance(left, bool):
            raise PagesError(f"{more} is neither true nor false: {_shown(left)}")
        return left
    if not total:
        return bool(page.rows)
    whole = _number(page, total)
    if count < whole and not page.rows:
        raise PagesError(f"{total} says {whole} rows, and the server gave {count}")
    return count < whole


def _number(page: Page, field: str) -> int:
    found = _at(page.body, field)
    if not isinstance(found, int) or isinstance(found, bool):
        raise PagesError(f"{field} is no number: {_shown(found)}")
    return found


def _at(body: Any, field: str) -> Any:
    """What a body has at a dotted path; none where that is not there."""
    for key in field.split(".") if field else ():
        body = body.get(key) if isinstance(body, Mapping) else None
    return body


def _query(path: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(path.partition("?")[2], keep_blank_values=True))


def with_query(path: str, values: Mapping[str, Any]) -> str:
    """The path with these values in its query, in the place of former ones."""
    if not values:
        return path
    where, _mark, query = path.partition("?")
    kept = [(key, values.get(key, value)) for key, value in urllib.parse.parse_qsl(query, keep_blank_values=True)]
    return f"{where}?{urllib.parse.urlencode([*kept, *((key, value) for key, value in values.items() if key not in dict(kept))])}"


def _shown(value: Any) -> str:
    """The beginning of what a server said, in one line."""
    text = value if isinstance(value, str) else json.dumps(value)
    return clean(repr(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else ""))
