# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists in pages from a real server, whole ones and all that servers get wrong; the token must never leave it."""

from __future__ import annotations

import itertools
import re
import time
import urllib.parse

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import ServerError, UnreachableError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Pool, Retry
from ansible_collections.gantry.platform.plugins.module_utils._core.pages import (
    Cursor,
    Links,
    Next,
    Numbered,
    Offset,
    PagesError,
    Whole,
    links,
    path_below,
    rows,
)
from ansible_collections.gantry.platform.tests.kit.answering import Given, answering
from ansible_collections.gantry.platform.tests.kit.faults import AFTER, BEFORE, FaultyServer, first_of_each
from hypothesis import given
from hypothesis import strategies as st

EVERY = [{"id": number} for number in range(7)]
QUICK = Retry(first_pause=0.001, longest_pause=0.01)


def query(asked):
    return dict(urllib.parse.parse_qsl(asked.path.partition("?")[2]))


@pytest.fixture
def listed():
    """The rows that a server gives, and what it was asked; ``way`` gets the server's address."""

    def ask(answer, way=lambda url: Whole(), field="", path="/things", prefix="", through=(), **more):
        with answering(answer) as server:
            address = server.url
            if through:
                proxy = FaultyServer(server.endpoint)
                proxy.rule, address = through[0], proxy.url
            pool = Pool(server.endpoint.__class__(address + prefix), "a", lambda renew: {"Authorization": "Bearer canary"})
            try:
                found = list(rows(lambda one: pool.request("GET", one, retry=QUICK), path, way(server.url + prefix), field, **more))
            finally:
                if through:
                    proxy.close()
            return found, [one.path for one in server.asked]

    return ask


def by_offset(most=3, **said):
    """A server of offsets; ``said`` are further fields as functions of the offset behind a page."""

    def answer(asked):
        begin, limit = int(query(asked)["offset"]), min(most, int(query(asked)["limit"]))
        part = EVERY[begin : begin + limit]
        return Given({"things": part, **{name: value(begin + len(part)) for name, value in said.items()}})

    return answer


def by_number(**said):
    def answer(asked):
        begin = (int(query(asked)["page"]) - 1) * int(query(asked)["per_page"])
        part = EVERY[begin : begin + int(query(asked)["per_page"])]
        return Given({"result": part, "about": said})

    return answer


def by_cursor(asked):
    begin = int(query(asked).get("after", "0").removeprefix("at "))
    ends = begin + 3 >= len(EVERY)
    return Given({"data": {"items": EVERY[begin : begin + 3]}, "meta": {} if ends else {"next": f"at {begin + 3}"}})


def by_link(address):
    """A server that names the next page in a header; ``address`` makes what it says of the page's own path."""

    def answer(asked):
        begin = int(query(asked).get("from", 0))
        host = f"http://{asked.headers['Host']}"
        more = (("Link", f'<{address(host, begin + 3)}>; rel="prev next"'),) if begin + 3 < len(EVERY) else ()
        return Given(EVERY[begin : begin + 3], headers=(("Link", '</about>; rel="help"; title="a, <b>; rel=next"'), *more))

    return answer


def by_next(asked):
    begin = int(query(asked).get("from", 0))
    return Given({"rows": EVERY[begin : begin + 3], "links": {"next": f"/api/things?from={begin + 3}" if begin + 3 < len(EVERY) else None}})


@pytest.mark.parametrize(
    ("answer", "way", "field", "requests"),
    [
        (lambda asked: Given(EVERY), lambda url: Whole(), "", 1),
        (by_offset(more=lambda count: count < 7), lambda url: Offset(3, more="more"), "things", 3),
        (by_offset(total=lambda count: 7), lambda url: Offset(3, total="total"), "things", 3),
        (by_offset(), lambda url: Offset(3), "things", 4),
        # It gives fewer than it is asked for.
        (by_offset(most=2, more=lambda count: count < 7), lambda url: Offset(100, more="more"), "things", 4),
        (by_offset(most=2), lambda url: Offset(100), "things", 5),
        (by_number(pages=3), lambda url: Numbered(3, pages="about.pages"), "result", 3),
        (by_number(total=7), lambda url: Numbered(3, total="about.total"), "result", 3),
        (by_number(), lambda url: Numbered(3), "result", 4),
        (by_cursor, lambda url: Cursor("meta.next", "after"), "data.items", 3),
        (by_link(lambda host, begin: f"{host}/things?from={begin}"), Links, "", 3),
        (by_link(lambda host, begin: f"/things?from={begin}"), Links, "", 3),
        (by_link(lambda host, begin: f"?from={begin}"), Links, "", 3),
    ],
    ids=[
        "whole",
        "more",
        "total",
        "offset",
        "fewer",
        "fewer, until nothing",
        "pages",
        "rows",
        "numbers",
        "cursor",
        "link",
        "path",
        "query",
    ],
)
def test_every_row_comes_once_and_no_page_is_asked_for_twice(listed, answer, way, field, requests):
    found, asked = listed(answer, way, field)
    assert (found, len(asked), len(set(asked))) == (EVERY, requests, requests)


def test_the_next_page_is_below_the_servers_own_path_and_what_was_asked_stays(listed):
    found, asked = listed(by_next, lambda url: Next(url, "links.next"), "rows", path="/things?state=on", prefix="/api")
    assert (found, asked[0], asked[1]) == (EVERY, "/api/things?state=on", "/api/things?from=3")
    found, asked = listed(
        by_offset(total=lambda count: 7), lambda url: Offset(3, total="total"), "things", path="/things?state=on&offset=9"
    )
    assert (found, asked[2]) == (EVERY, "/things?state=on&offset=6&limit=3")


def test_a_page_is_asked_for_when_somebody_wants_its_rows():
    with answering(by_offset()) as server:
        pool = Pool(server.endpoint, "a")
        found = rows(lambda path: pool.request("GET", path), "/things", Offset(3), "things")
        assert server.asked == []
        assert [*itertools.islice(found, 3)] == EVERY[:3]
        assert len(server.asked) == 1


def test_a_page_without_rows_ends_no_list_of_cursors(listed):
    pages = iter([{"rows": [], "next_cursor": "b"}, {"rows": [1], "next_cursor": "c"}, {"rows": [], "next_cursor": ""}])
    found, asked = listed(lambda _asked: Given(next(pages)), lambda url: Cursor(), "rows")
    assert (found, len(asked)) == ([1], 3)


FULL = {"rows": [1, 2], "next": 7, "more": True, "total": 9, "pages": 9}


@pytest.mark.parametrize(
    ("body", "way", "words"),
    [
        # without an end
        (FULL, lambda url: Cursor("next"), r"^GET /things, page 2: the server gives the same rows again$"),
        ({**FULL, "rows": []}, lambda url: Cursor("next"), "page 3: the server leads back to a page that it gave already"),
        (FULL, lambda url: Offset(more="more"), "page 2: the server gives the same rows again"),
        ({**FULL, "rows": []}, lambda url: Offset(more="more"), "page 2: the server leads back"),
        (FULL, lambda url: Offset(), "page 2: the server gives the same rows again"),
        (FULL, lambda url: Numbered(pages="pages"), "page 2: the server gives the same rows again"),
        ({**FULL, "next": "/things?secret=canary"}, lambda url: Next(url), "page 2: the server leads back"),
        # not whole
        ({**FULL, "rows": []}, lambda url: Offset(total="total"), "total says 9 rows, and the server gave 0"),
        (b'{"rows": [1, 2', lambda url: Whole(), r"""page 1: the answer is no JSON: 14 bytes, '{"rows": \[1, 2'$"""),
        (b"", lambda url: Whole(), "the answer is no JSON: 0 bytes"),
        (b"[" * 100_000, lambda url: Whole(), "the answer is no JSON: 100000 bytes"),
        (b"<html>\x1b[2J sign in", lambda url: Whole(), r"<html>\\x1b\[2J sign in"),
        # not what it is said to be
        ([1], lambda url: Whole(), r"the answer has no list at rows, but 'null'$"),
        ({"row": [1]}, lambda url: Whole(), "the answer has no list at rows, but 'null'; there are row; did you mean 'row'?"),
        ({"rows": {"a": 1}}, lambda url: Whole(), "no list at rows, but '{\"a\": 1}'"),
        ({**FULL, "more": "yes"}, lambda url: Offset(more="more"), "more is neither true nor false: 'yes'"),
        ({**FULL, "total": None}, lambda url: Offset(total="total"), "total is no number: 'null'"),
        ({**FULL, "pages": True}, lambda url: Numbered(pages="pages"), "pages is no number: 'true'"),
        ({**FULL, "next": {}}, lambda url: Cursor("next"), "next is no cursor: '{}'"),
        ({**FULL, "next": 7}, lambda url: Next(url), "next is no address: '7'"),
    ],
)
def test_a_list_that_has_no_end_or_is_not_whole_is_told_with_its_page(listed, body, way, words):
    with pytest.raises(PagesError, match=words):
        listed(lambda asked: Given(body), way, "rows", path="/things?secret=canary")


def test_odd_texts_in_rows_are_rows(listed):
    assert listed(lambda asked: Given(b'["\\ud800", NaN, 1e999]'))[0][0] == "\ud800"


def test_a_list_longer_than_the_bound_is_refused(listed):
    count = itertools.count()
    with pytest.raises(PagesError, match="page 6: that is more than 5 pages"):
        listed(lambda asked: Given({"rows": [next(count)], "next_cursor": str(next(count))}), lambda url: Cursor(), "rows", most=5)


@pytest.mark.parametrize("status", [401, 404, 422])
def test_a_page_that_is_refused_is_an_error_with_the_servers_words(listed, status):
    with pytest.raises(ServerError, match=f"page 1: the server answered {status}: .*no such team"):
        listed(lambda asked: Given({"error": "no such team"}, status))


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER], ids=str)
def test_what_passes_by_itself_leaves_the_list_whole(listed, fault):
    found, asked = listed(by_cursor, lambda url: Cursor("meta.next", "after"), "data.items", through=[first_of_each(fault)])
    assert (found, len(set(asked))) == (EVERY, 3)


def test_a_list_that_is_cut_for_good_is_no_list():
    with answering(by_offset()) as server:
        proxy = FaultyServer(server.endpoint)
        proxy.rule = lambda method, path: AFTER[0] if "offset=3" in path else None
        pool, found = Pool(server.endpoint.__class__(proxy.url), "a"), []
        with pytest.raises(UnreachableError):
            found.extend(rows(lambda path: pool.request("GET", path, retry=Retry(2, 5, 0.001)), "/things", Offset(3), "things"))
        proxy.close()


# links


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", {}),
        (" , ,", {}),
        ('<https://a/?p=2>; rel="next", <https://a/?p=9>; rel="last"', {"next": "https://a/?p=2", "last": "https://a/?p=9"}),
        ("<a>;rel=next", {"next": "a"}),
        ('<a> ; REL = "Next LAST" ; title="x, y; <z>"', {"next": "a", "last": "a"}),
        (r'<a>; title="with \" and \\"; rel=next,<b>; rel=prev', {"next": "a", "prev": "b"}),
        ("<a,b;c>; rel=next", {"next": "a,b;c"}),
        ("<a>; rel=next; rel=prev", {"next": "a"}),
        ("<a>; rel=next, <b>; rel=next", {"next": "a"}),
        ("<a>; rel=next;", {"next": "a"}),
        ("<a>;; crossorigin; rel=next ; ;", {"next": "a"}),
        ('<a>; rel=next; anchor="/other"', {}),
        ("<a>", {}),
        ("<>; rel=next", {"next": ""}),
        ("<a>; title*=UTF-8''x%20y; rel=\"https://example/rel next\"", {"https://example/rel": "a", "next": "a"}),
    ],
)
def test_links_are_read_as_rfc_8288_writes_them(header, found):
    assert links(header) == found


@pytest.mark.parametrize(
    "header", ["a; rel=next", "<a; rel=next", '<a>; rel="next', "<a> <b>; rel=next", "<a>; rel=next <b>", "<a>; =next"]
)
def test_a_header_that_is_none_is_told(header):
    with pytest.raises(PagesError, match="the header Link cannot be read"):
        links(header)


@given(st.text(alphabet='<>;,="\\ab \t', max_size=60))
def test_any_header_is_read_or_told(header):
    try:
        assert all(isinstance(target, str) for target in links(header).values())
    except PagesError as problem:
        assert "cannot be read" in problem.message


@pytest.mark.parametrize(
    "odd", ['<a>; rel="' + "\\a" * 30000, "<a>" + " " * 60000 + "b", "<a>" + "; a" * 20000 + "=;,<", "," * 60000 + "b"]
)
def test_an_odd_header_is_read_once(odd):
    began = time.process_time()
    with pytest.raises(PagesError):
        links(odd)
    assert time.process_time() - began < 20


BASE = "https://api.example:8443/v1"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("https://api.example:8443/v1/things?page=2", "/things?page=2"),
        ("HTTPS://API.example:8443/v1/things?page=2#top", "/things?page=2"),
        ("/v1/things?page=2", "/things?page=2"),
        ("?page=2", "/things?page=2"),
        ("others?page=2", "/others?page=2"),
        ("//api.example:8443/v1/a%2Fb", "/a%2Fb"),
        ("/v1?page=2", "?page=2"),
        ("../v1/things", "/things"),
    ],
)
def test_an_address_of_the_server_is_a_path_of_its_pool(target, path):
    assert path_below(BASE, "/things?page=1", target) == path


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/v1/things",
        "https://api.example/v1/things",
        "http://api.example:8443/v1/things",
        "//evil.example/v1/things",
        "https://api.example:8443@evil.example/v1/things",
        "https://token@api.example:8443/v1/things",
        "https://api.example:8443/v2/things",
        "https://api.example:8443/v1things",
        "/things?page=2",
        "/v1/../admin",
        "/v1/%2e%2e/admin",
        "/v1/..%2fadmin",
        "file:///v1/things",
        "https://api.example:8443\\@evil.example/v1",
        "/v1/things?a=b c",
        "/v1/things\r\nX: y",
        "/v1/ünsafe",
        "https://[api/v1",
        "https://api.example:port/v1/things",
    ],
)
def test_nothing_but_the_server_itself_gets_the_token(target):
    with pytest.raises(
        PagesError, match="which is (no address|not below https://api.example:8443/v1, and nothing but that gets the token)"
    ):
        path_below(BASE, "/things?page=1", target)


@pytest.mark.parametrize("way", [Links, Next])
def test_a_list_that_goes_on_at_another_server_ends_in_an_error_and_that_server_is_not_asked(listed, way):
    with answering(lambda asked: Given({"rows": []})) as other:
        elsewhere = f"{other.url}/things?page=2"
        answer = Given({"rows": EVERY, "next": elsewhere}, headers=(("Link", f"<{elsewhere}>; rel=next"),))
        with pytest.raises(PagesError, match=re.escape(f"page 1: the next page is at '{elsewhere}', which is not below http://")):
            listed(lambda asked: answer, way, "rows")
        assert other.asked == []
