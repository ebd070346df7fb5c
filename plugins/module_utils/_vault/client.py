# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A Vault API client of few words, on one pool of kept-alive connections."""

from __future__ import annotations

import copy
import json
import os
import re
import ssl
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.access import access_in, text_of
from .._core.concurrency import AdaptiveLimit
from .._core.errors import InputError, ServerError
from .._core.http import Endpoint, Pool, Response, Retry
from .._core.tls import client_context
from .names import LIST, path_problem

Json = dict[str, Any]
_HELP = "help=1"
_STATES = ("standbycode", "perfstandbycode", "drsecondarycode", "sealedcode", "uninitcode")
_ELECTION_PAUSE = 0.25
_PEM = "-----BEGIN CERTIFICATE-----"
_NOT_TWICE = re.compile(
    r"sys/init|auth/token/create(/.*)?|(.*/)?(rotate-root/[^/]+|rotate-role/[^/]+|secret-id"
    r"|generate/(?!intermediate/existing)[a-z/]+|sign-intermediate|import/bundle|import)"
)
"""Paths of which each PUT makes something new, or can be done once only."""
_TOLD = (_HELP, LIST.removeprefix("?"))
"""Queries that an error names, since they make another request of it."""
_LONG = re.compile(r"\S{80,}")
AUTH_SPEC: dict[str, Any] = {
    "access_file": {"type": "path"},
    "url": {"type": "str"},
    "token": {"type": "str", "no_log": True},
    "token_file": {"type": "path", "no_log": False},
    "namespace": {"type": "str"},
    "ca_cert": {"type": "str"},
    "tls_server_name": {"type": "str"},
    "validate_certs": {"type": "bool"},
}
"""Options of every module of the action group ``vault``; each falls back to the variable that Vault's own command reads."""


class VaultError(ServerError):
    """A refusal: HTTP ``status`` and the server's texts in ``errors``. ``attempts`` above 1: an earlier try may have had its effect."""

    def __init__(self, response: Response, what: str) -> None:
        self.status = response.status
        self.attempts = response.attempts
        try:
            body = response.json()
        except ValueError:
            body = {}
        self.errors: list[str] = [str(error) for error in (body.get("errors") or [])] if isinstance(body, dict) else []
        said = "; ".join(_LONG.sub("…", " ".join(error.split())) for error in self.errors)
        super().__init__(f"{what}: {response.status} {said}".rstrip())

    @property
    def unsupported(self) -> bool:
        """Whether the server has no such path at all, as against nothing there yet."""
        return any("unsupported path" in text or "enterprise-only" in text for text in self.errors)

    @property
    def sealed(self) -> bool:
        """Whether the server said no because it is sealed."""
        return any("Vault is sealed" in error for error in self.errors)


@dataclass(frozen=True)
class VaultAccess:
    """Where a Vault is and as whom to speak to it. ``namespace`` is that of Vault Enterprise and OpenBao."""

    endpoint: Endpoint
    token: str = ""
    namespace: str = ""

    def headers(self) -> dict[str, str]:
        """Headers of every request. The first is what Vault demands against forged requests."""
        found = {"X-Vault-Request": "true"}
        if self.token:
            found["X-Vault-Token"] = self.token
        if self.namespace:
            found["X-Vault-Namespace"] = self.namespace
        return found


def resolve_vault(options: Mapping[str, Any], environment: Mapping[str, str]) -> VaultAccess:
    """The access that the task's options describe. Raises InputError that names the option, the file and the cure."""
    options = {
        **access_in(options.get("access_file"), ["namespace"]),
        **{name: value for name, value in options.items() if value not in (None, "")},
    }
    url = options.get("url") or environment.get("VAULT_ADDR") or ""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"url (or VAULT_ADDR) is the address of a Vault as https://host:8200, found {url!r}")
    validate = options.get("validate_certs")
    if validate is None:
        validate = environment.get("VAULT_SKIP_VERIFY", "").lower() not in ("1", "t", "true")
    tls = _tls(options.get("ca_cert") or environment.get("VAULT_CACERT") or "", validate) if parts.scheme == "https" else None
    name = options.get("tls_server_name") or environment.get("VAULT_TLS_SERVER_NAME") or None
    token = options.get("token") or _token_in(options.get("token_file")) or environment.get("VAULT_TOKEN") or ""
    return VaultAccess(Endpoint(url, tls, name), token, options.get("namespace") or environment.get("VAULT_NAMESPACE") or "")


class VaultClient:
    """One Vault, one token. Paths are those of the API below ``/v1/``, unquoted: whatever a name holds is quoted here."""

    def __init__(
        self,
        access: VaultAccess,
        user_agent: str = "gantry.platform",
        gate: Callable[[], None] = lambda: None,
        concurrency: int = 16,
        retry: Retry | None = None,
    ) -> None:
        headers = access.headers()
        self.pool = Pool(access.endpoint, user_agent, lambda renew: headers, gate, limit=AdaptiveLimit(most=concurrency))
        self._retry = retry or Retry(permanent=_permanent)
        self.may_write: Callable[[], None] = lambda: None

    def guarded(self, may_write: Callable[[], None]) -> VaultClient:
        """The same client, which asks ``may_write`` right before each try of a request that changes something."""
        other = copy.copy(self)
        other.may_write = may_write
        return other

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """A GET. Raises VaultError."""
        return self._send("GET", path, query=urllib.parse.urlencode(query or {}))

    def health(self) -> Json:
        """``sys/health`` of a server in whatever state: its usual way to say so is a status that counts as a failure."""
        return self.read("sys/health", dict.fromkeys(_STATES, "200"))

    def describe(self, path: str) -> Json:
        """What the server says that may be done with ``path``, as an OpenAPI document of its mount. Raises VaultError."""
        return self._send("GET", path, query=_HELP).get("openapi") or {}

    def find(self, path: str) -> Json | None:
        """A GET; none where there is nothing. Raises VaultError, ``unsupported`` where there can be nothing."""
        try:
            return self.read(path)
        except VaultError as error:
            if error.status == 404 and not error.unsupported:
                return None
            raise

    def write(self, path: str, body: Mapping[str, Any]) -> Json:
        """A PUT, which Vault takes for POST everywhere: sent once where doing it twice makes two. Raises VaultError, LostAnswerError."""
        try:
            return self._send("PUT", path, json.dumps(body).encode())
        except VaultError as error:
            # An earlier try of this very request made it and its answer was lost; what is there is read back by who wrote.
            if error.attempts > 1 and any("already in use" in text for text in error.errors):
                return {}
            raise

    def delete(self, path: str) -> None:
        """A DELETE. Raises VaultError."""
        self._send("DELETE", path)

    def names(self, path: str) -> list[str]:
        """What lies below ``path``, folders with a slash at their end; nothing where there is nothing. Raises VaultError."""
        return [str(name) for name in self._listed(path).get("keys") or []]

    def rows(self, path: str) -> dict[str, Json]:
        """What a list of ids says of each. Raises VaultError."""
        return self._listed(path).get("key_info") or {}

    def download(self, path: str) -> bytes:
        """A GET of something that is no JSON. Raises VaultError."""
        return self._answer("GET", path, None, {}).body

    def upload(self, path: str, content: bytes) -> None:
        """A POST of something that is no JSON. Raises VaultError."""
        self._answer("POST", path, content, {"Content-Type": "application/octet-stream"})

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()

    def _listed(self, path: str) -> Json:
        return (self.find(path + LIST) or {}).get("data") or {}

    def _send(self, method: str, path: str, body: bytes | None = None, query: str = "") -> Json:
        response = self._answer(method, path, body, {"Content-Type": "application/json"} if body is not None else {}, query)
        if not response.body:
            return {}
        answer: Json = response.json()
        return answer

    def _answer(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], query: str = "") -> Response:
        place = path.removesuffix(LIST)
        query = query or path[len(place) :].removeprefix("?")
        # A server takes dots and empty parts for another path, and answers with its address. A folder may end in its slash.
        problem = path_problem(place.removesuffix("/"))
        if problem:
            raise InputError(f"{method} {place}: this is no path of Vault; {problem}")
        address = f"/v1/{urllib.parse.quote(place)}{'?' if query else ''}{query}"
        end = time.monotonic() + self._retry.seconds
        once = method == "POST" or (method == "PUT" and bool(_NOT_TWICE.fullmatch(place)))
        gate = (lambda: None) if method == "GET" else self.may_write
        response = self.pool.request(method, address, body, headers, self._retry, gate, once)
        # A standby forwards; it sends elsewhere only while it cannot reach a leader.
        while response.status in (307, 308) and time.monotonic() < end:
            time.sleep(_ELECTION_PAUSE)
            response = self.pool.request(method, address, body, headers, self._retry, gate, once)
        if response.status in (307, 308):
            leader = response.headers.get("Location") or "the leader"
            raise ServerError(f"{method} {place}: this node is a standby that does not forward; give the address of {leader} as url")
        if response.status >= 400:
            # Of a path that can be read its description and its list are other requests, which other rights allow.
            raise VaultError(response, f"{method} {place}{f'?{query}' if query in _TOLD else ''}")
        return response


def told(answer: Mapping[str, Any]) -> list[str]:
    """What the server said to a request beside its answer."""
    return [str(text) for text in answer.get("warnings") or []]


def _permanent(response: Response) -> bool:
    """A sealed Vault says 503 until somebody unseals it."""
    return response.status == 503 and b"Vault is sealed" in response.body


def _tls(authority: str, validate: bool) -> ssl.SSLContext:
    if not validate:
        context = client_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    text = authority if authority.startswith(_PEM) else None
    try:
        return client_context(None if text else os.path.expanduser(authority) or None, text)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"ca_cert: {'the text' if text else authority} is no certificate in PEM: {error}") from error


def _token_in(path: str | None) -> str:
    """The token in a file: alone, or as ``root_token`` of what vault_init delivered."""
    text = text_of(path, "token_file") if path else ""
    if not text.startswith("{"):
        return text
    try:
        token = json.loads(text).get("root_token")
    except ValueError:
        token = None
    if not token:
        raise InputError(f"token_file: {path} holds neither a token nor what vault_init delivers")
    return str(token)
