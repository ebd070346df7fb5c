# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy on loopback between a client and a real server that answers wrongly when told to: every provider runs the same faults.

Plain HTTP on the client's side; towards the server it is who its endpoint says, with the headers that came.
"""

from __future__ import annotations

import http.client
import http.server
import socket
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.gantry.platform.plugins.module_utils._core.http import Endpoint
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"}


@dataclass(frozen=True)
class Fault:
    """What happens instead of, or to, an answer.

    ``status`` answers without asking the server; ``cut`` breaks the connection ``before`` the server is asked, in the ``middle``
    of its answer's body, or ``after`` the server has done it, without an answer; ``delay`` only waits.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    delay: float = 0.0


BEFORE = [*(Fault(status=status) for status in (429, 500, 502, 503, 504)), Fault(cut="before")]
"""The server was never asked."""
AFTER = [Fault(cut="middle"), Fault(cut="after")]
"""The server has done it, and its answer was lost."""
Rule = Callable[[str, str], Fault | None]
"""(method, path with query) → what to do to this request."""


class FaultyServer:
    """The proxy. ``rule`` may be changed at any time; ``url`` is where clients go.

    ``done`` counts the faults, ``kept`` what never came to the server.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.rule: Rule = lambda method, path: None
        self.done = self.kept = 0
        owner = self

        class Handler(_Handler):
            faulty = owner

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def upstream(self) -> http.client.HTTPConnection:
        """A new connection to the server."""
        parts = urllib.parse.urlsplit(self.endpoint.url)
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LONGEST)
        return http.client.HTTPSConnection(parts.hostname or "", parts.port, context=self.endpoint.tls, timeout=LONGEST)


def first_of_each(fault: Fault, concerns: Callable[[str, str], bool] = lambda method, path: True) -> Rule:
    """The first try of every request meets the fault, the second one does not."""
    seen: set[tuple[str, str]] = set()
    lock = threading.Lock()

    def rule(method: str, path: str) -> Fault | None:
        with lock:
            if not concerns(method, path) or (method, path) in seen:
                return None
            seen.add((method, path))
            return fault

    return rule


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty: FaultyServer

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.faulty.rule(self.command, self.path) or Fault()
        self.faulty.done += fault != Fault()
        time.sleep(fault.delay)
        self.faulty.kept += fault.cut == "before" or bool(fault.status)
        if fault.cut == "before":
            self._cut()
        elif fault.status:
            self._answer(fault.status, fault.headers, b"not today")
        else:
            self._forward(body, fault)

    do_GET = do_PATCH = do_POST = do_PUT = do_DELETE = _any

    def _forward(self, body: bytes, fault: Fault) -> None:
        upstream = self.faulty.upstream()
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            if "watch=true" in self.path:
                self._stream(answer, fault)
                return
            content = answer.read()
        finally:
            upstream.close()
        if fault.cut == "after":
            self._cut()
            return
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        self._answer(answer.status, kept, content, len(content) // 2 if fault.cut == "middle" else None)

    def _stream(self, answer: http.client.HTTPResponse, fault: Fault) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type") or "")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while line := answer.readline():
            if fault.cut:
                self._cut()
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _answer(self, status: int, headers: dict[str, str], content: bytes, most: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:most])
        if most is not None:
            self._cut()

    def _cut(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
