# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an API that is a table, made from the table and its description: it keeps state, pages, throttles, loses answers on demand.

It refuses what the description does not allow. What the vendor's server does beyond its own document is in ``Quirks``.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
import threading
import urllib.parse

from ansible_collections.gantry.platform.plugins.module_utils._rest.document import at
from ansible_collections.gantry.platform.tests.kit.answering import Answering, Given

NOT_FOUND = Given({"error": {"message": "Not Found"}}, 404)


class Quirks:
    """PagerDuty's schedules: layers come back in reverse, their start is rewritten, one that is left out stays."""

    def kept(self, kind, before, after, now):
        if kind != "schedule":
            return after
        layers = [{"id": f"L{layer['name']}", "end": None, **layer, "start": now} for layer in after["schedule_layers"]]
        sent = {layer["id"] for layer in layers}
        stay = [layer for layer in (before or {}).get("schedule_layers", []) if layer["id"] not in sent]
        return {**after, "schedule_layers": [*stay, *layers]}

    def shown(self, kind, row, listed):
        if kind != "schedule":
            return row
        if listed:
            return {name: value for name, value in row.items() if name != "schedule_layers"}
        return {**row, "schedule_layers": row["schedule_layers"][::-1]}


class StandIn:
    """One account. ``log`` are the requests: verb and path; ``throttle`` says 429 to every so many, ``lose`` has a gateway lose so many answers of writes."""

    most = 2
    """Rows of a page, whatever was asked for."""

    def __init__(self, api):
        self.api = api
        self.rows = {name: {} for name in api.kinds}
        self.log = []
        self.throttle = self.lose = 0
        self.quirks = Quirks()
        self._numbers = itertools.count(1)
        self._asked = itertools.count(1)
        self._lock = threading.Lock()
        self._server = Answering(self._given)
        self.url = self._server.url

    def close(self):
        self._server.close()

    def _given(self, asked):
        with self._lock:
            return self.answer(asked.method, asked.path, json.loads(asked.body or b"null"))

    @property
    def writes(self):
        return [row for row in self.log if row[0] != "GET"]

    def add(self, kind, **row):
        """One made by hand."""
        row = {"id": f"P{next(self._numbers)}", **row}
        self.rows[kind][row["id"]] = self.quirks.kept(kind, None, row, "made")
        return self.rows[kind][row["id"]]

    def named(self, kind, name):
        identity = self.api.kinds[kind].identity
        (found,) = [row for row in self.rows[kind].values() if row[identity] == name]
        return found

    def answer(self, verb, address, body):
        if self.throttle and next(self._asked) % self.throttle == 0:
            return Given({"error": {"message": "Rate Limit Exceeded"}}, 429, (("Retry-After", "0"),))
        parts = urllib.parse.urlsplit(address)
        query = dict(urllib.parse.parse_qsl(parts.query))
        self.log.append((verb, parts.path))
        for kind, spec in self.api.kinds.items():
            path = re.fullmatch(spec.path.replace("{parent}", "(?P<parent>[^/]+)") + "(?:/(?P<id>[^/]+))?", parts.path)
            if path:
                parent = path.groupdict().get("parent") or ""
                answer = self._answer(verb, kind, spec, parent, path["id"], query, body)
                if verb != "GET" and self.lose and answer.status < 300:
                    self.lose -= 1
                    return Given(b"", 502)
                return answer
        return NOT_FOUND

    def _answer(self, verb, kind, spec, parent, id_, query, body):
        rows = self.rows[kind]
        if id_ is None and verb == "GET":
            return Given(status=405) if spec.nested else self._page(kind, spec, query)
        if id_ is not None and (id_ not in rows or rows[id_].get("parent", "") != parent):
            return NOT_FOUND
        if verb == "GET":
            return Given({spec.wrap: self._shown(kind, rows[id_], query)})
        if verb == "DELETE":
            if not spec.deletable:
                return Given(status=405)
            del rows[id_]
            for children in self.rows.values():
                for child in [child for child, row in children.items() if row.get("parent") == id_]:
                    del children[child]
            return Given(b"", 204)
        wrong = list(self._wrong(kind, spec, (body or {}).get(spec.wrap)))
        if wrong:
            return Given({"error": {"message": "Invalid Input Provided", "errors": wrong}}, 400)
        row = {"id": id_ or f"P{next(self._numbers)}", **({"parent": parent} if parent else {}), **self._defaults(kind), **body[spec.wrap]}
        rows[row["id"]] = self.quirks.kept(kind, rows.get(id_), row, f"start-{next(self._numbers)}")
        return Given({spec.wrap: self._shown(kind, rows[row["id"]], {})}, 200 if id_ else 201)

    def _defaults(self, kind):
        return {name: said["default"] for name, said in self.api.described[kind]["properties"].items() if "default" in said}

    def _shown(self, kind, row, query, listed=False):
        found = copy.deepcopy(self.quirks.shown(kind, row, listed))
        for child, spec in self.api.kinds.items():
            if spec.parent == kind and spec.nested == query.get("include[]"):
                found[spec.nested] = [
                    {k: one[k] for k in ("id", "name", "type")} for one in self.rows[child].values() if one["parent"] == row["id"]
                ]
        return found

    def _page(self, kind, spec, query):
        wanted = query.get(spec.find, "") if spec.find else ""
        found = [row for row in self.rows[kind].values() if wanted.casefold() in row[spec.identity].casefold()]
        begin = int(query.get("offset") or 0)
        page = [self._shown(kind, row, query, listed=True) for row in found[begin : begin + self.most]]
        return Given({spec.rows: page, "offset": begin, "limit": self.most, "more": begin + self.most < len(found)})

    def _wrong(self, kind, spec, body):
        if not isinstance(body, dict):
            yield f"{spec.wrap} is missing"
            return
        yield from self._against(self.api.described[kind], body, "", spec)
        for path, ref in spec.refs.items():
            for one in at(body, path):
                one = one[ref.wrap] if ref.wrap else one
                kinds = [name for name in ref.kinds if one["type"] == self.api.reference.format(kind=name)]
                if not kinds or one["id"] not in self.rows[kinds[0]]:
                    yield f"{path}: there is no {one}"

    def _against(self, said, value, path, spec):
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
