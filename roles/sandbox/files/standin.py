# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an API that is a table, made from the table and its description: no vendor's server, and called a stand-in wherever it shows.

It keeps what it is told, pages its lists, refuses what the description does not allow, and logs every request, a JSON object a line. What a
vendor's server does beyond its own document is in ``QUIRKS``.
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

_APIS = "ansible_collections.gantry.platform.plugins.module_utils._rest.apis"
_MOST = 100
Row = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One answer; without a body it has none."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


NOT_FOUND = Answer(404, {"error": {"message": "Not Found"}})


class Quirks:
    """A server that keeps what it is told and shows what it kept."""

    def kept(self, kind: str, before: Row | None, after: Row, now: str) -> Row:
        """What is kept of a row that was written; ``now`` is another text at each write."""
        return after

    def shown(self, kind: str, row: Row, listed: bool) -> Row:
        """A row as an answer has it, as one of a list or alone."""
        return row


class PagerDutyQuirks(Quirks):
    """Layers of a schedule come back in reverse, their start is rewritten, one that is left out stays; a list lacks them."""

    def kept(self, kind: str, before: Row | None, after: Row, now: str) -> Row:
        if kind != "schedule":
            return after
        layers = [{"id": f"L{layer['name']}", "end": None, **layer, "start": now} for layer in after["schedule_layers"]]
        sent = {layer["id"] for layer in layers}
        stay = [layer for layer in (before or {}).get("schedule_layers", []) if layer["id"] not in sent]
        return {**after, "schedule_layers": [*stay, *layers]}

    def shown(self, kind: str, row: Row, listed: bool) -> Row:
        if kind != "schedule":
            return row
        if listed:
            return {name: value for name, value in row.items() if name != "schedule_layers"}
        return {**row, "schedule_layers": row["schedule_layers"][::-1]}


QUIRKS: dict[str, type[Quirks]] = {"pagerduty": PagerDutyQuirks}


class Account:
    """One account of an API. ``most`` are the rows of a page, whatever was asked for.

    With ``invents`` whoever is looked up by name exists: of the people of a trial nobody knows who they are.
    """

    def __init__(self, api: Any, most: int = _MOST, invents: bool = False) -> None:
        self.api = api
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in api.kinds}
        self._most = most
        self._invents = invents
        self.quirks = QUIRKS.get(api.name, Quirks)()
        self._numbers = itertools.count(1)

    def restored(self, rows: Mapping[str, Mapping[str, Row]]) -> None:
        """Take over what an earlier one kept."""
        for name, kept in rows.items():
            self.rows[name] = dict(kept)
        used = [int(id_[1:]) for kept in self.rows.values() for id_ in kept]
        self._numbers = itertools.count(max(used, default=0) + 1)

    def add(self, kind: str, **row: Any) -> Row:
        """One made by hand."""
        made = {"id": f"P{next(self._numbers)}", **row}
        self.rows[kind][made["id"]] = self.quirks.kept(kind, None, made, "made")
        return self.rows[kind][made["id"]]

    def answer(self, verb: str, address: str, body: Any) -> Answer:
        """The answer to a request."""
        parts = urllib.parse.urlsplit(address)
        query = dict(urllib.parse.parse_qsl(parts.query))
        for kind, spec in self.api.kinds.items():
            path = re.fullmatch(spec.path.replace("{parent}", "(?P<parent>[^/]+)") + "(?:/(?P<id>[^/]+))?", parts.path)
            if path:
                return self._answer(verb, kind, path.groupdict().get("parent") or "", path["id"], query, body)
        return NOT_FOUND

    def _answer(self, verb: str, kind: str, parent: str, id_: str | None, query: Mapping[str, str], body: Any) -> Answer:
        spec, rows = self.api.kinds[kind], self.rows[kind]
        if id_ is None and verb == "GET":
            return Answer(405) if spec.nested else self._page(kind, query)
        if id_ is not None and (id_ not in rows or rows[id_].get("parent", "") != parent):
            return NOT_FOUND
        if id_ is not None and verb == "GET":
            return Answer(200, {spec.wrap: self._shown(kind, rows[id_], query)})
        if id_ is not None and verb == "DELETE":
            return self._delete(kind, id_)
        if not spec.written or verb not in ("POST", "PUT") or (verb == "POST") is not (id_ is None):
            return Answer(405)
        wrong = list(self._wrong(kind, (body or {}).get(spec.wrap)))
        if wrong:
            return Answer(400, {"error": {"message": "Invalid Input Provided", "errors": wrong}})
        known = {name: said["default"] for name, said in self.api.described[kind]["properties"].items() if "default" in said}
        row = {"id": id_ or f"P{next(self._numbers)}", **({"parent": parent} if parent else {}), **known, **body[spec.wrap]}
        rows[row["id"]] = self.quirks.kept(kind, rows.get(id_ or ""), row, f"start-{next(self._numbers)}")
        return Answer(200 if id_ else 201, {spec.wrap: self._shown(kind, rows[row["id"]], {})})

    def _delete(self, kind: str, id_: str) -> Answer:
        if not self.api.kinds[kind].deletable:
            return Answer(405)
        del self.rows[kind][id_]
        for children in self.rows.values():
            for child in [child for child, row in children.items() if row.get("parent") == id_]:
                del children[child]
        return Answer(204)

    def _shown(self, kind: str, row: Row, query: Mapping[str, str], listed: bool = False) -> Row:
        found = copy.deepcopy(self.quirks.shown(kind, row, listed))
        for child, spec in self.api.kinds.items():
            if spec.parent == kind and spec.nested == query.get("include[]"):
                mine = [one for one in self.rows[child].values() if one["parent"] == row["id"]]
                found[spec.nested] = [{key: one[key] for key in ("id", "name", "type")} for one in mine]
        return found

    def _page(self, kind: str, query: Mapping[str, str]) -> Answer:
        spec = self.api.kinds[kind]
        wanted = query.get(spec.find, "") if spec.find else ""
        if self._invents and not spec.written and wanted and wanted not in [row[spec.identity] for row in self.rows[kind].values()]:
            self.add(kind, **{spec.identity: wanted, "name": wanted})
        found = [row for row in self.rows[kind].values() if wanted.casefold() in row[spec.identity].casefold()]
        begin = int(query.get("offset") or 0)
        page = [self._shown(kind, row, query, listed=True) for row in found[begin : begin + self._most]]
        return Answer(200, {spec.rows: page, "offset": begin, "limit": self._most, "more": begin + self._most < len(found)})

    def _wrong(self, kind: str, body: Any) -> Iterator[str]:
        spec = self.api.kinds[kind]
        if not isinstance(body, dict):
            yield f"{spec.wrap} is missing"
            return
        yield from self._against(self.api.described[kind], body, "", spec)
        for path, ref in spec.refs.items():
            for named in _at(body, path):
                one = named[ref.wrap] if ref.wrap else named
                kinds = [name for name in ref.kinds if one["type"] == self.api.reference.format(kind=name)]
                if not kinds or one["id"] not in self.rows[kinds[0]]:
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
            own = {"id", "start", "end"} if path else set()
            for name, one in value.items():
                field = said["properties"].get(name)
                if field is None and name not in own or (field or {}).get("readOnly"):
                    yield f"{path}.{name}: may not be written"
                elif field:
                    yield from self._against(field, one, f"{path}.{name}" if path else name, spec)
            yield from (f"{path}.{name}: is missing" for name in said.get("required", ()) if name not in value)


def _at(value: Any, path: str) -> Iterator[Any]:
    """What stands at a path, in every item of the lists on the way."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    else:
        name, _dot, rest = path.partition(".")
        if isinstance(value, Mapping) and name in value:
            yield from _at(value[name], rest)


class Kept:
    """An account of the sandbox: its state is a file, its token another one, and every request a line of its log."""

    def __init__(self, api: Any, folder: Path) -> None:
        self._account = Account(api, invents=True)
        self._file = folder / "data" / api.name / "state.json"
        self._log = folder / "logs" / f"{api.name}-requests.log"
        self._lock = threading.Lock()
        self._allowed = api.authorization.format(token=_token(folder / f"{api.name}.token"))
        if self._file.is_file():
            self._account.restored(json.loads(self._file.read_text(encoding="utf-8")))

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


def _token(path: Path) -> str:
    """The account's only token, made where there is none yet."""
    if not path.is_file():
        _replace(path, secrets.token_urlsafe(24))
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
