# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for whoever is told of alerts: each keeps what it hears as a line of a log, and refuses what the real one would.

PagerDuty's by its own description of an alert event (github.com/PagerDuty/developer-docs, docs/events-API-v2/02-Trigger-Events.md); Slack's
and Teams' by what Alertmanager's own notifiers send and take for a delivery, webhooks by Alertmanager's version 4. Runs under the supervisor:
standard library only.
"""

from __future__ import annotations

import argparse
import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_ACTIONS = ("trigger", "acknowledge", "resolve")
_SEVERITIES = ("critical", "error", "warning", "info")
Body = dict[str, Any]


def event(body: Body) -> Iterator[str]:
    """What PagerDuty's Events API v2 would refuse."""
    if not re.fullmatch(r"[0-9A-Za-z]{32}", str(body.get("routing_key"))):
        yield "routing_key is no key of 32 characters"
    if body.get("event_action") not in _ACTIONS:
        yield f"event_action is none of {', '.join(_ACTIONS)}"
    if len(str(body.get("dedup_key", ""))) > 255:
        yield "dedup_key is longer than 255 characters"
    payload = body.get("payload") or {}
    if body.get("event_action") == "trigger":
        yield from (f"payload.{name} is missing" for name in ("summary", "source", "severity") if not payload.get(name))
        if len(str(payload.get("summary"))) > 1024:
            yield "payload.summary is longer than 1024 characters"
        if payload.get("severity") not in _SEVERITIES:
            yield f"payload.severity is none of {', '.join(_SEVERITIES)}"
    yield from ("a link has no href" for link in body.get("links") or () if not link.get("href"))


def message(body: Body) -> Iterator[str]:
    """What an incoming webhook of Slack would refuse."""
    if not body.get("text") and not body.get("attachments"):
        yield "no_text"


def card(body: Body) -> Iterator[str]:
    """What a workflow of Teams would refuse: it wants adaptive cards."""
    kinds = [one.get("contentType") for one in body.get("attachments") or ()]
    if body.get("type") != "message" or not kinds or set(kinds) != {"application/vnd.microsoft.card.adaptive"}:
        yield "no message with an adaptive card"


def webhook(body: Body) -> Iterator[str]:
    """What nobody would understand as Alertmanager's."""
    if body.get("version") != "4" or not isinstance(body.get("alerts"), list):
        yield "no webhook of version 4"


TOKEN = "standin"
"""What whoever starts jobs wants to hear."""
SINKS: dict[str, tuple[Callable[[Body], Iterator[str]], int, Body | str]] = {
    "/v2/enqueue": (event, 202, {"status": "success", "message": "Event processed"}),
    "/slack": (message, 200, "ok"),
    "/teams": (card, 202, ""),
    "/webhook": (webhook, 200, ""),
    "/automation": (webhook, 200, ""),
    "/dead-man": (webhook, 200, ""),
}
"""By path: what is refused, and status and content of an answer to what is not. Slack's is these two letters: anything else counts as failed."""


def main() -> None:
    """Listen until the supervisor ends this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    given = parser.parse_args()
    lock = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(200 if self.path == "/ready" else 404, {})

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            refuses, status, answer = SINKS.get(self.path, (None, 404, ""))
            try:
                body = json.loads(content)
                wrong = list(refuses(body)) if refuses else ["there is nobody"]
                if self.path == "/automation" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    wrong.append("no token")
            except (ValueError, AttributeError, TypeError):
                body, wrong = None, ["no JSON of a kind that is understood"]
            if wrong:
                status = status if status == 404 else 400
            with lock, given.log.open("a", encoding="utf-8") as log:
                row = {"at": time.time(), "to": self.path, "status": status, "wrong": wrong, "body": body}
                log.write(json.dumps(row) + "\n")
            if wrong:
                answer = {"errors": wrong} if isinstance(answer, dict) else wrong[0]
            self._say(status, answer)

        def _say(self, status: int, body: Body | str) -> None:
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """The log of what was received says it."""

    http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
