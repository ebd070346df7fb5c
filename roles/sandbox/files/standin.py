# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an API that is a table, made from the table and its description: no vendor's server, and called a stand-in wherever it shows.

It keeps what it is told, pages its lists, refuses what the description does not allow, and logs every request, a JSON object a line. What a
vendor's server does beyond its own document is in ``standin_quirks.py``.
"""

from __future__ import annotations

import argparse
import copy
import http.server
import importlib
import itertools
import json
import os
import re
import secrets
import sys
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standin_quirks import QUIRKS, Quirks, Row

_APIS = "ansible_collections.gantry.platform.plugins.module_utils._rest.apis"
_MOST = 100


@dataclass(frozen=True)
class Answer:
    """One answer; without a body it has none."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Account:
    """One account of an API. ``most`` are the rows of a page, whatever was asked for.

    With ``invents`` whoever is looked up by name exists: of the people and zones of a trial nobody knows which there are.
    """

    def __init__(self, api: Any, most: int = _MOST, invents: bool = False) -> None:
        self.api = api
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in api.kinds}
        """Rows of each kind, by the ids of what they lie in and their own."""
        self._most = most
        self._invents = invents
        self.quirks = QUIRKS.get(api.name, Quirks)()
        self._numbers = itertools.count(1)
        self._at = importlib.import_module("..._core.paths", type(api).__module__).at
        self._addresses = [
            (name, found)
            for name, kind in api.kinds.items()
            for found in map(_pattern, (kind.rows_at or kind.path, kind.path, kind.at("one")))
        ]

    def restored(self, rows: Mapping[str, Mapping[str, Row]]) -> None:
        """Take over what an earlier one kept."""
        for name, kept in rows.items():
            self.rows[name] = dict(kept)
        ids = [str(row.get("id")) for kept in self.rows.values() for row in kept.values()]
        used = [int(id_.removeprefix("P")) for id_ in ids if re.fullmatch(r"P?[0-9]+", id_)]
        self._numbers = itertools.count(max(used, default=0) + 1)

    def add(self, kind: str, parent: str = "", **row: Any) -> Row:
        """One made by hand, in what has the id ``parent``."""
        spec = self.api.kinds[kind]
        made = {**self._new(kind, row), **({"parent": parent} if parent else {}), **row}
        key = _key(parent, self._place(kind, str(made[spec.id])))
        self.rows[kind][key] = self.quirks.kept(kind, None, made, "made")
        return self.rows[kind][key]

    def answer(self, verb: str, address: str, body: Any) -> Answer:
        """The answer to a request."""
        parts = urllib.parse.urlsplit(address)
        query = dict(urllib.parse.parse_qsl(parts.query))
        for kind, pattern in self._addresses:
            names = self.api.kinds[kind].names
            if (found := pattern.fullmatch(parts.path)) and (not names or found.groupdict().get("id") in (None, *names)):
                words = {word: urllib.parse.unquote(said) for word, said in found.groupdict().items()}
                above, outer = "", self.api.kinds[kind].parent
                while outer:
                    above, outer = _key(words[outer], above) if above else words[outer], self.api.kinds[outer].parent
                return self._answer(verb, kind, above, words.get("id"), query, body)
        return self._said(404, {"error": {"message": "Not Found"}})

    def _new(self, kind: str, sent: Row) -> Row:
        """What the server says of its own of a row that is made."""
        numbers = {name: next(self._numbers) for name in dict.fromkeys(("id", self.api.kinds[kind].id)) if name not in sent}
        born = self.quirks.born(kind, numbers.get("id", 0), sent)
        return {**{name: f"P{number}" for name, number in numbers.items()}, **born}

    def _place(self, kind: str, id_: str) -> str:
        """Where one is: a name that is the same in any case is one place."""
        return self.api.kinds[kind].named(id_) if self.api.kinds[kind].placed else id_

    def _answer(self, verb: str, kind: str, parent: str, id_: str | None, query: Mapping[str, str], body: Any) -> Answer:
        spec, rows = self.api.kinds[kind], self.rows[kind]
        id_ = None if id_ is None else self._place(kind, id_)
        if parent and parent not in self.rows[spec.parent]:
            return self._said(404, {"error": {"message": "Not Found"}})
        if id_ is None and verb == "GET":
            return Answer(405) if spec.nested or not spec.listed else self._page(kind, parent, query)
        if id_ is not None and (beside := self.quirks.beside(kind, id_)) is not None:
            return self._said(200, beside) if verb == "GET" else Answer(405)
        if id_ is not None and _key(parent, id_) not in rows:
            if (known := self.quirks.there(kind, id_)) is not None:
                rows[_key(parent, id_)] = {**known, "parent": parent}
            elif self._invents and not spec.written and spec.placed:
                self.add(kind, parent, **{spec.identity: id_})
            elif not spec.by_name or verb not in ("PUT", "PATCH", spec.update):
                return self._said(404, {"error": {"message": "Not Found"}})
        if id_ is not None and verb == "GET":
            return Answer(204) if self.quirks.wordless(verb, kind, id_) else self._one(200, kind, rows[_key(parent, id_)], query)
        if id_ is not None and verb == "DELETE":
            return self._delete(kind, _key(parent, id_))
        if not spec.written or verb != ("POST" if id_ is None else spec.update):
            return Answer(405)
        sent = (body or {}).get(spec.wrap) if spec.wrap else body or {}
        before = rows.get(_key(parent, id_)) if id_ else None
        if isinstance(sent, dict) and self.quirks.overtaken(kind, before, sent, query):
            return self._said(409, {"error": {"message": "it is not what it was"}})
        return self._write(kind, parent, id_, before, sent)

    def _write(self, kind: str, parent: str, id_: str | None, before: Row | None, sent: Any) -> Answer:
        spec, rows = self.api.kinds[kind], self.rows[kind]
        over = before if before is not None and spec.update == "PATCH" else {}
        shown = self.quirks.said(kind, sent) if isinstance(sent, dict) else sent
        fields = self.api.described[kind]["properties"]
        written = {name: value for name, value in over.items() if name in fields and not fields[name].get("readOnly")}
        wrong = list(self._wrong(kind, {**written, **shown} if isinstance(shown, dict) else shown))
        if isinstance(sent, dict) and (more := self.quirks.refused(kind, before, sent)):
            wrong.append(more)
        if wrong:
            return self._said(400, {"error": {"message": "Invalid Input Provided", "errors": wrong}})
        known = {name: said["default"] for name, said in fields.items() if "default" in said}
        new = {name: before[name] for name in ("id",) if name in before} if before else self._new(kind, sent)
        new |= {spec.id: id_} if id_ else {}
        row = {**new, **({"parent": parent} if parent else {}), **known, **over, **sent}
        key = _key(parent, str(row[spec.id]))
        rows[key] = self.quirks.kept(kind, before, row, f"start-{next(self._numbers)}")
        if self.quirks.wordless("PUT", kind, key):
            return Answer(204)
        return self._one(200 if before else 201, kind, rows[key], {})

    def _delete(self, kind: str, key: str) -> Answer:
        if not self.api.kinds[kind].deletable:
            return Answer(405)
        del self.rows[kind][key]
        self._delete_below(kind, key)
        return Answer(204)

    def _delete_below(self, kind: str, key: str) -> None:
        for child, rows in self.rows.items():
            if self.api.kinds[child].parent == kind:
                for inner in [inner for inner, row in rows.items() if row.get("parent") == key]:
                    del rows[inner]
                    self._delete_below(child, inner)

    def _said(self, status: int, body: Row, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        return Answer(status, {"success": status < 300, **body} if self.api.envelope else body, headers)

    def _one(self, status: int, kind: str, row: Row, query: Mapping[str, str]) -> Answer:
        shown = self.quirks.answered(kind, self._shown(kind, row, query))
        for key in filter(None, (self.api.kinds[kind].wrap, self.api.envelope)):
            shown = {key: shown}
        return self._said(status, shown)

    def _shown(self, kind: str, row: Row, query: Mapping[str, str], listed: bool = False) -> Row:
        fields = self.api.described[kind]["properties"]
        found = copy.deepcopy(self.quirks.shown(kind, row, listed))
        found = {name: value for name, value in found.items() if name != "parent" and not fields.get(name, {}).get("writeOnly")}
        for child, spec in self.api.kinds.items():
            if spec.parent == kind and spec.nested == query.get("include[]"):
                mine = [one for one in self.rows[child].values() if one["parent"] == row["id"]]
                found[spec.nested] = [{key: one[key] for key in ("id", "name", "type")} for one in mine]
        return found

    def _page(self, kind: str, parent: str, query: Mapping[str, str]) -> Answer:
        spec, way = self.api.kinds[kind], self.api.pages("http://stand-in")
        wanted = query.get(spec.find, "") if spec.find else ""
        if self._invents and not spec.written and wanted and wanted not in [row[spec.identity] for row in self.rows[kind].values()]:
            self.add(kind, **{spec.identity: wanted, "name": wanted})
        mine = [row for row in self.rows[kind].values() if row.get("parent", "") == parent]
        found = [self._shown(kind, row, query, listed=True) for row in mine if wanted.casefold() in str(row.get(spec.identity)).casefold()]
        most = len(found) if type(spec.way or way).__name__ == "Whole" else self._most
        way = spec.way or way
        if hasattr(way, "offset_word"):
            begin = int(query.get(way.offset_word) or 0)
            return Answer(200, {spec.rows: found[begin : begin + most], "offset": begin, "limit": most, "more": begin + most < len(found)})
        begin = (int(query.get("page") or 1) - 1) * most
        rows = found[begin : begin + most]
        shown: Any = {spec.rows: rows} if spec.rows else rows
        if total := getattr(way, "total", ""):
            shown[total] = len(found)
        if self.api.envelope:
            return self._said(200, {self.api.envelope: shown})
        goes_on = hasattr(way, "base") and begin + most < len(found)
        more = urllib.parse.urlencode({**query, "page": begin // most + 2}) if goes_on else ""
        return Answer(200, shown, (("Link", f'<?{more}>; rel="next"'),) if more else ())

    def _wrong(self, kind: str, body: Any) -> Iterator[str]:
        spec = self.api.kinds[kind]
        if not isinstance(body, dict):
            yield f"{spec.wrap or 'the body'} is missing"
            return
        yield from self._against(self.api.described[kind], body, "", spec)
        for path, ref in spec.refs.items():
            for named in self._at(body, path):
                one = named[ref.wrap] if ref.wrap else named
                id_ = one["id"] if ref.types else one
                kinds = [name for name in ref.kinds if not ref.types or one["type"] == ref.types[name]]
                if not any(row[ref.by or self.api.kinds[name].id] == id_ for name in kinds[:1] for row in self.rows[name].values()):
                    yield f"{path}: there is no {one}"

    def _against(self, said: Mapping[str, Any], value: Any, path: str, spec: Any) -> Iterator[str]:
        if path in spec.refs:
            return
        if "enum" in said and value not in said["enum"]:
            yield f"{path}: {value!r}"
        if isinstance(value, list):
            for item in value:
                yield from self._against(said.get("items") or {}, item, path, spec)
        elif isinstance(value, dict) and "properties" in said:
            own = self.quirks.own if path else frozenset()
            more = bool(said.get("additionalProperties"))
            for name, one in value.items():
                field = said["properties"].get(name)
                if field is None and name not in own and not more or (field or {}).get("readOnly"):
                    yield f"{path}.{name}: may not be written"
                elif field:
                    yield from self._against(field, one, f"{path}.{name}" if path else name, spec)
            left_out = {spec.identity} if spec.by_name and not path else set()
            yield from (f"{path}.{name}: is missing" for name in said.get("required", ()) if name not in {*value, *left_out})


def _pattern(address: str) -> re.Pattern[str]:
    """Which paths an address of the table stands for."""
    said: set[str] = set()

    def word(found: re.Match[str]) -> str:
        again = found[1] in said
        said.add(found[1])
        return f"(?P={found[1]})" if again else f"(?P<{found[1]}>[^/]+)"

    return re.compile(re.sub(r"\{(\w+)\}", word, address))


def _key(parent: str, id_: str) -> str:
    return f"{parent}/{id_}" if parent else id_


class Kept:
    """An account of the sandbox: its state is a file, its token another one, and every request a line of its log."""

    def __init__(self, api: Any, folder: Path) -> None:
        self._account = Account(api, invents=True)
        self._file = folder / "data" / api.name / "state.json"
        self._log = folder / "logs" / f"{api.name}-requests.log"
        self._lock = threading.Lock()
        # Where a user may log in by a password the sandbox does, as production has to.
        self._allowed = api.authorized(_token(folder / f"{api.name}.token", "somebody:" if api.logs_in else ""))
        if self._file.is_file():
            self._account.restored(json.loads(self._file.read_text(encoding="utf-8")))
        else:
            for kind, row in self._account.quirks.shipped():
                self._account.add(kind, **row)

    def answer(self, verb: str, address: str, authorization: str, content: bytes) -> Answer:
        """The answer to a request; what it changed is kept before it is given."""
        path = urllib.parse.urlsplit(address).path
        if path == "/ready":
            return Answer(200, {})
        with self._lock:
            answer = self._judged(verb, address, authorization, content)
            with self._log.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"verb": verb, "path": path, "status": answer.status}) + "\n")
            if answer.status < 300:
                _replace(self._file, json.dumps(self._account.rows))
        return answer

    def _judged(self, verb: str, address: str, authorization: str, content: bytes) -> Answer:
        if not secrets.compare_digest(authorization.encode(), self._allowed.encode()):
            return Answer(401, {"error": {"message": "Unauthorized"}})
        try:
            body = json.loads(content) if content else None
        except ValueError:
            return Answer(400, {"error": {"message": "no JSON"}})
        return self._account.answer(verb, address, body)


def _token(path: Path, user: str) -> str:
    """The account's only token, or its only user with the password, made where there is none yet."""
    if not path.is_file():
        _replace(path, user + secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may ever read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    temporary.rename(path)


def table(name: str) -> Any:
    """The table of an API, out of the collection that this file belongs to."""
    sys.path.insert(0, str(Path(__file__).parents[6]))
    return importlib.import_module(f"{_APIS}.{name}").API


def main() -> None:
    """Answer until the supervisor ends this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    kept = Kept(table(given.api), given.folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def _any(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = kept.answer(self.command, self.path, self.headers.get("Authorization") or "", content)
            body = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *answer.headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, format: str, *args: Any) -> None:
            """The log of requests says it."""

    http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
