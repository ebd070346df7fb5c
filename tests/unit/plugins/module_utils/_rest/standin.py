# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's stand-in for an API that is a table, on a port of the test's: it throttles and loses answers on demand."""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
import threading
import urllib.parse
from pathlib import Path

from ansible_collections.gantry.platform.tests.kit.answering import Answering, Given

PROGRAM = Path(__file__).resolve().parents[5] / "roles" / "sandbox" / "files" / "standin.py"


def program():
    """The program, as a module."""
    if "standin" not in sys.modules:
        sys.path.insert(0, str(PROGRAM.parent))  # where it finds what it shares, as when it is started
        spec = importlib.util.spec_from_file_location("standin", PROGRAM)
        sys.modules["standin"] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
        spec.loader.exec_module(sys.modules["standin"])
    return sys.modules["standin"]


class StandIn(program().Account):
    """One account. ``log`` are the requests: verb and path.

    ``throttle`` says 429 to every so many; with ``loses`` a gateway loses the first answer of each write.
    """

    def __init__(self, api):
        super().__init__(api, most=2)
        self.log = []
        self.throttle, self.loses = 0, False
        self._lost = set()
        self._asked = itertools.count(1)
        self._lock = threading.Lock()
        self._server = Answering(self._given)
        self.url = self._server.url

    def close(self):
        self._server.close()

    def _given(self, asked):
        with self._lock:
            if self.throttle and next(self._asked) % self.throttle == 0:
                return Given({"error": {"message": "Rate Limit Exceeded"}}, 429, (("Retry-After", "0"),))
            self.log.append((asked.method, urllib.parse.urlsplit(asked.path).path))
            answer = self.answer(asked.method, asked.path, json.loads(asked.body or b"null"))
            write = (asked.method, asked.path, asked.body)
            if asked.method != "GET" and self.loses and answer.status < 300 and write not in self._lost:
                self._lost.add(write)
                return Given(b"", 502)
            return Given(b"" if answer.body is None else answer.body, answer.status, answer.headers)

    @property
    def writes(self):
        return [row for row in self.log if row[0] != "GET"]

    def named(self, kind, name, parent=""):
        """The row that a name stands for, below the parent whose id in a document is given."""
        spec = self.api.kinds[kind]
        above = ""
        if parent:
            kind_above, _slash, name_above = parent.partition("/")
            grand = self.api.kinds[kind_above].parent
            first, _slash, last = name_above.partition("/") if grand else ("", "", name_above)
            row = self.named(kind_above, last, f"{grand}/{first}" if grand else "")
            above = "/".join(filter(None, (row.get("parent"), str(row[self.api.kinds[kind_above].id]))))
        (found,) = [
            row
            for row in self.rows[kind].values()
            if row.get("parent", "") == above and (row[spec.id] == name if spec.by_name else spec.stands_for(name, row))
        ]
        return found
