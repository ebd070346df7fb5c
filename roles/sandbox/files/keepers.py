# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sandbox's own programs share: a server of it to call, a list to follow, a port that says whether all is well."""

from __future__ import annotations

import http.client
import http.server
import json
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

WATCH_SECONDS = 300


class Refused(Exception):
    """A request that was answered with an error, or not at all. Its text names no secret; ``status`` is 0 without an answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


def said_by(status: int, content: bytes) -> str:
    """A server's own words of an error, in one line. A fault of the server may quote what it worked on: those words stay there."""
    if status >= 500 and status != 503:
        return f"{status}, its log says why"
    try:
        answer = json.loads(content)
        said = answer.get("errors") or [answer.get("message") or ""]
        words = " ".join(" ".join(map(str, said)).replace("*", " ").split())
    except (ValueError, AttributeError, TypeError):
        words = ""
    words = words.removeprefix("1 error occurred: ")
    return f"{status} {words}".strip()


def quoted(path: str) -> str:
    """A path as a URL carries it."""
    return urllib.parse.quote(path)


def say(text: str) -> None:
    """One line in the log."""
    print(text, flush=True)


class Server:
    """A server at ``url`` that is trusted by ``authority``; ``caller`` calls it, and ``pair`` are certificate and key to do so with."""

    def __init__(self, caller: str, url: str, authority: Path, pair: tuple[Path, Path] | None = None) -> None:
        self._caller = caller
        self.url = url.rstrip("/")
        context = ssl.create_default_context(cafile=str(authority))
        if pair:
            context.load_cert_chain(*pair)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))

    def open(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, seconds: float = 5) -> Any:
        """The open answer of one request. Raises Refused."""
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/{path}", content, {"User-Agent": self._caller, **(headers or {})}, method=method)
        try:
            return self._opener.open(request, timeout=seconds)
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(said_by(error.code, error.read()), error.code) from None
        except (OSError, http.client.HTTPException) as error:
            raise Refused(f"no answer ({type(error).__name__})") from None

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The whole answer. Raises Refused."""
        try:
            with self.open(method, path, body, headers) as answer:
                content = answer.read()
            return dict(json.loads(content)) if content else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Refused(f"no whole answer ({type(error).__name__})") from None


class Cluster:
    """The cluster's API, called by the certificate of the client ``name``."""

    def __init__(self, name: str, url: str, folder: Path) -> None:
        self.name = name
        pki = folder / "pki"
        self._server = Server(name, url, pki / "ca.crt", (pki / f"{name}.crt", pki / f"{name}.key"))

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = "", /) -> dict[str, Any]:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        return self._server.call(method, f"{path}?fieldManager={self.name}" if body is not None else path, body, {"Content-Type": kind})

    def listed(self, path: str, query: str) -> tuple[list[dict[str, Any]], str]:
        """All objects of a list, and the version to follow it from. Raises Refused and KeyError."""
        answer = self("GET", f"{path}?{query}")
        return answer["items"], answer["metadata"]["resourceVersion"]

    def follow(self, path: str, query: str, version: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Events of a list since a version, (type, object). Raises Refused and what reading raises."""
        query += f"&watch=true&resourceVersion={version}&timeoutSeconds={WATCH_SECONDS}"
        with self._server.open("GET", f"{path}?{query}", seconds=WATCH_SECONDS + 30) as answer:
            for line in answer:
                event = json.loads(line)
                yield event["type"], event["object"]


def serve(port: int, holds: threading.Event) -> http.server.ThreadingHTTPServer:
    """Answer 200 on a port of loopback while ``holds`` is set, in a thread."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200 if holds.is_set() else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
