# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The module ``alertmanager_silence``: what a call of it does."""

from __future__ import annotations

import datetime
import json
import urllib.parse
from typing import Any

from .._alertmanager.silences import Step, read, steps
from .._core.errors import ServerError
from .._core.http import Pool, Response, Retry
from .face import Call, Face, Result
from .rest import endpoint_of

SPEC: dict[str, Any] = {
    "url": {"type": "str"},
    "access_file": {"type": "path"},
    "token": {"type": "str", "no_log": True},
    "token_file": {"type": "path", "no_log": False},
    "ca_cert": {"type": "path"},
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "matchers": {"type": "list", "elements": "str", "default": []},
    "comment": {"type": "str", "default": ""},
    "created_by": {"type": "str", "default": "gantry.platform"},
    "starts_at": {"type": "str"},
    "ends_at": {"type": "str"},
    "duration": {"type": "str", "default": "2h"},
}
_SILENCES = "/api/v2/silences"


def silence(call: Call) -> Result:
    """``alertmanager_silence``."""
    absent = call.params["state"] == "absent"
    wanted = read({**call.params, "matchers": ["alertname=none"]} if absent else call.params)
    endpoint, token = endpoint_of(call, "", anonymous=True)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    pool = Pool(endpoint, "alertmanager_silence", lambda renew: headers, call.gate)
    try:
        there = _json(pool.request("GET", _SILENCES, retry=Retry(seconds=30.0)), f"GET {_SILENCES}")
        found = list(steps(wanted, there, datetime.datetime.now(datetime.UTC), absent))
        ids = [one.id for one in found if one.action == "update"]
        if not call.check_mode:
            # What is not wanted goes last: nobody is told in between.
            ids = [made for one in sorted(found, key=lambda one: one.action == "expire") if (made := _done(pool, one))]
    finally:
        pool.close()
    return {
        "changed": bool(found),
        "silence_id": ids[0] if ids else "",
        "actions": [one.action for one in found],
        "diff": [{"before_header": wanted.name, "after_header": wanted.name, "before": "", "after": _shown(found)}] if found else [],
    }


def _done(pool: Pool, step: Step) -> str:
    if step.action == "expire":
        path = f"/api/v2/silence/{urllib.parse.quote(step.id, safe='')}"
        _json(pool.request("DELETE", path), f"DELETE {path}")
        return ""
    content = json.dumps(step.body).encode()
    answer = pool.request("POST", _SILENCES, content, {"Content-Type": "application/json"})
    return str(_json(answer, f"POST {_SILENCES}").get("silenceID") or "")


def _json(answer: Response, what: str) -> Any:
    if answer.status >= 300:
        raise ServerError(f"{what}: {answer.status} {answer.body[:300].decode(errors='replace')}")
    try:
        return answer.json() if answer.body else {}
    except ValueError as error:
        raise ServerError(f"{what}: the answer is no JSON") from error


def _shown(found: list[Step]) -> str:
    return "".join(f"{one.action} {one.id}\n{json.dumps(one.body, indent=2, sort_keys=True) if one.body else ''}\n" for one in found)


SILENCE = Face("alertmanager_silence", SPEC, silence)
