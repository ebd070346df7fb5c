# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What an apiserver says when it says no, without the values that it likes to repeat."""

from __future__ import annotations

import re
from typing import Any

from ..._core.errors import ServerError
from ..._core.http import Response
from ..._core.words import clean

_VALUE = re.compile(r"(Invalid value|Unsupported value|Duplicate value): ")
_BEGINS = re.compile(
    r"\"|[&({[]|map\[|[a-z0-9]+\.[A-Z]\w*[{(]"  # texts, JSON and Go's objects
    r"|(?:-?[0-9][0-9.eE+-]*[A-Za-z]*|true|false|null)(?=: |, |\]|$)"
)
"""How a value looks. The words of a rule about an object stand there without one."""
_ENDS = re.compile(r": |, |\]|$")
_DUMP = re.compile(r"\s*&?\b[a-z0-9]+\.[A-Z]\w*\{.*|\n.*", re.S)
"""Go's form of an object, or the many lines of two that were compared."""
_NOT_TYPED = "failed to create typed"
_CONVERSION = b"conversion webhook for "
_NOT_TYPED_IN_FULL = re.compile(rf"{_NOT_TYPED} \w+ object \([^()]*\): \.?")
_WEBHOOK = re.compile(r'failed calling webhook \\?"([^"\\]+)')
_IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.){200,}"')
_IN_FULL = re.compile(r".*? is invalid")
_MOST_CAUSES = 50


def safe_message(message: str) -> str:
    """``message`` without the values that validation errors quote, which may hold a whole pod template or a secret; their words are kept."""
    kept, at = [], 0
    while found := _VALUE.search(message, at):
        kept += [message[at : found.start()], found.group(1)]
        at = _end_of_value(message, found.end())
    kept.append(message[at:])
    return _IN_QUOTES.sub('"…"', "".join(kept))


def _end_of_value(text: str, at: int) -> int:
    """Where a value ends that Go wrote: behind its quotes and brackets. All the rest belongs to one whose end cannot be known."""
    if not _BEGINS.match(text, at):
        return at - len(": ")
    if text.startswith("&", at):  # such texts have no quotes inside
        return len(text)
    depth, start = 0, at
    while at < len(text):
        sign = text[at]
        if sign == '"':
            at += 1
            while at < len(text) and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
            if text[start] == '"' and not depth and at < len(text) and not _ENDS.match(text, at + 1):
                return start - len(": ")  # a rule's words that begin with a name in quotes
        elif sign in "{[(":
            depth += 1
        elif sign in "}])":
            if not depth:
                return at
            depth -= 1
        elif not depth and text[at : at + 2] in (": ", ", "):
            return at
        at += 1
    return len(text)


def _said(message: str, causes: list[dict[str, str]]) -> str:
    """What a refusal of fields says: each cause with its path and words, once; ``message`` itself where it has none."""
    told = [cause for cause in causes if cause.get("field") and cause.get("message")]
    whole = _IN_FULL.match(message)
    if not told or len(told) != len(causes) or not whole:
        return safe_message(message)
    lines = list(dict.fromkeys(f"{cause['field']}: {_DUMP.sub('', safe_message(cause['message']))}" for cause in told))
    more = f"; and {len(lines) - _MOST_CAUSES} more" if len(lines) > _MOST_CAUSES else ""
    return f"{whole.group()}: {'; '.join(lines[:_MOST_CAUSES])}{more}"


class ApiError(ServerError):
    """A refusal: HTTP ``status``, Kubernetes ``reason`` and ``causes`` as ``{field, reason, message}``."""

    def __init__(self, response: Response, what: str) -> None:
        body: Any = None
        if response.is_json:
            try:
                body = response.json()
            except ValueError:
                body = None
        body = body if isinstance(body, dict) else {}
        self.status = response.status
        self.reason: str = body.get("reason") or ""
        self.raw_message: str = body.get("message") or response.body[:300].decode(errors="replace").strip()
        details = body.get("details") or {}
        self.causes: list[dict[str, str]] = details.get("causes") or []
        self.is_status = bool(body)
        self.attempts = response.attempts
        untyped = _NOT_TYPED_IN_FULL.match(self.raw_message)
        said = (
            safe_message(self.raw_message[untyped.end() :])
            if untyped
            else f"{what}: {response.status} {_said(self.raw_message, self.causes)}"
        )
        super().__init__(clean(said))

    def __reduce__(self) -> Any:
        return (ServerError, (self.message,))

    @property
    def conflicts(self) -> list[dict[str, str]]:
        """Fields that other managers own: ``{field, manager}``."""
        found = []
        for cause in self.causes:
            if cause.get("reason") == "FieldManagerConflict":
                match = re.search(r'conflict with "([^"]*)"', cause.get("message", ""))
                found.append({"field": cause.get("field", ""), "manager": match.group(1) if match else "unknown"})
        return found

    @property
    def changed_since(self) -> bool:
        """The object is not the one that was observed: created, recreated or gone meanwhile."""
        if self.status == 409 and not self.conflicts and not self.namespace_terminating:
            return True
        return self.status == 422 and any(cause.get("field") == "metadata.uid" for cause in self.causes)

    @property
    def schema_mismatch(self) -> bool:
        """The document does not fit the schema of its kind."""
        return self.status == 400 or (self.status == 500 and _NOT_TYPED in self.raw_message)

    @property
    def forbidden(self) -> bool:
        """The identity lacks a right; no quota and no policy said no."""
        return self.status == 403 and ("is forbidden: User" in self.raw_message or "permissions not currently held" in self.raw_message)

    @property
    def invalid(self) -> bool:
        """Values that the schema or the rules of the kind do not allow; a policy's denial names no field."""
        return self.status == 422 and any(cause.get("reason") and cause.get("field") for cause in self.causes)

    @property
    def over_quota(self) -> bool:
        """A ResourceQuota has no room, or was not counted yet."""
        return self.status == 403 and ("exceeded quota" in self.raw_message or "status unknown for quota" in self.raw_message)

    @property
    def namespace_terminating(self) -> bool:
        """The namespace is being deleted and takes nothing new."""
        return any(cause.get("reason") == "NamespaceTerminating" for cause in self.causes)

    @property
    def kind_not_served(self) -> bool:
        """The path itself is unknown: a kind that is not served (yet). A missing object answers with a Status."""
        return self.status == 404 and not self.is_status

    @property
    def out_of_order(self) -> bool:
        """The server could not answer, whatever was asked of this kind."""
        return self.status >= 500 or self.status == 429

    @property
    def passing(self) -> bool:
        """A refusal that ends by itself within seconds: RBAC that spreads, a CRD or namespace that goes away."""
        if self.namespace_terminating or self.kind_not_served:
            return True
        return self.status in (403, 405, 409) and "custom resource definition is terminating" in self.raw_message


def silent_webhook(response: Response) -> str:
    """The admission webhook that did not do its part, with what the server says of it; empty where it was something else."""
    found = _WEBHOOK.search(response.body.decode(errors="replace")) if response.status == 500 else None
    return f"the admission webhook {found[1]} does not answer" if found else ""


def permanent(response: Response) -> bool:
    """A 500 that no retry cures within a run: the document does not fit its schema, or what converts its kind does not answer."""
    if response.status == 429:  # "storage is (re)initializing", for as long as the webhook is away
        return _CONVERSION in response.body
    return response.status == 500 and (_NOT_TYPED.encode() in response.body or _CONVERSION in response.body)
