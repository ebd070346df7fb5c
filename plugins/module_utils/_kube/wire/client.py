# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A Kubernetes API client of few words: get, list, apply, delete, watch, on one pool of kept-alive connections."""

from __future__ import annotations

import copy
import json
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..._core.canonical import canonical
from ..._core.concurrency import AdaptiveLimit
from ..._core.http import Pool, Response, Retry
from ..form.kinds import Kind
from .auth import Access
from .errors import ApiError, permanent, silent_webhook

_PAGE = 500
_TRY = 35.0
"""Seconds that one try may take whatever was asked: a webhook has at most 30, and then the server names it."""
_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"
_LEAVE_NOTHING = ("reviews", "/token")
"""How paths end to which a POST may be sent twice: answers to a question, and tokens that end by themselves."""
Document = dict[str, Any]


def patience_of(asked: float, tell: Callable[[str], None] = lambda text: None) -> Retry:
    """How long a server that does not do its part is asked again: as long as the task waits for anything, and at most a minute.

    ``tell`` hears at once of a webhook that is in the way.
    """

    def said(response: Response) -> None:
        webhook = silent_webhook(response)
        if webhook:
            tell(webhook)

    return Retry(seconds=min(60.0, max(1.0, asked)), permanent=permanent, tell=said)


class KubeClient:
    """One cluster, one identity. ``warnings`` collects what the server said in Warning headers, once each."""

    def __init__(
        self,
        access: Access,
        user_agent: str = "kube_apply",
        gate: Callable[[], None] = lambda: None,
        concurrency: int = 16,
        retry: Retry | None = None,
    ) -> None:
        self.pool = Pool(access.endpoint, user_agent, access.headers, gate, _TRY, AdaptiveLimit(most=concurrency))
        self.default_namespace = access.namespace
        self.server = access.endpoint.url
        self.warnings: dict[str, None] = dict.fromkeys(access.warnings)
        self._may_write: Callable[[], None] = lambda: None
        self._limited = True
        self._retry = retry or Retry(permanent=permanent)

    def guarded(self, may_write: Callable[[], None]) -> KubeClient:
        """The same client, which asks ``may_write`` right before each try of a request that changes something."""
        other = copy.copy(self)
        other._may_write = may_write
        return other

    def unlimited(self) -> KubeClient:
        """The same client, whose requests wait for no others: for what others wait for."""
        other = copy.copy(self)
        other._limited = False
        return other

    @property
    def threads(self) -> int:
        """How many threads are worth having."""
        return self.pool.limit.most

    def get(self, path: str, accept: str = "application/json") -> Document:
        """One GET. Raises ApiError."""
        return self._json("GET", path, headers={"Accept": accept})

    def find(self, path: str, metadata_only: bool = False) -> Document | None:
        """One GET; none where the object does not exist."""
        accept = _METADATA.format("") if metadata_only else "application/json"
        try:
            return self.get(path, accept)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list_objects(
        self, kind: Kind, namespace: str | None = None, selector: str = "", metadata_only: bool = True, fields: str = ""
    ) -> tuple[list[Document], str]:
        """Every object of a kind, in pages of 500, and the resourceVersion of the list."""
        accept = _METADATA.format("List") if metadata_only else "application/json"
        query = {"limit": str(_PAGE)}
        if selector:
            query["labelSelector"] = selector
        if fields:
            query["fieldSelector"] = fields
        found: list[Document] = []
        while True:
            try:
                answer = self.get(f"{kind.path(namespace)}?{urllib.parse.urlencode(query)}", accept)
            except ApiError as error:
                if error.status != 410 or "limit" not in query:
                    raise
                # The server forgot the list that it was giving out page by page: again from the start, in one.
                found, query = [], {key: value for key, value in query.items() if key not in ("limit", "continue")}
                continue
            # Items of a list do not say what they are.
            found.extend({"apiVersion": kind.api_version, "kind": kind.kind, **item} for item in answer.get("items") or [])
            metadata = answer.get("metadata") or {}
            if not metadata.get("continue"):
                return found, metadata.get("resourceVersion") or ""
            query["continue"] = metadata["continue"]

    def ask(self, path: str, body: Mapping[str, Any], manager: str) -> tuple[Document, Response]:
        """A dry-run apply of something that nobody declared: its warnings are no warnings about the run. Raises ApiError."""
        return self.apply(path, body, manager, dry_run=True, warn=False)

    def apply(
        self, path: str, body: Mapping[str, Any], manager: str, force: bool = False, dry_run: bool = False, warn: bool = True
    ) -> tuple[Document, Response]:
        """Server-side apply with strict field validation. Raises ApiError."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": "true" if force else "false"}
        if dry_run:
            query["dryRun"] = "All"
        headers = {"Content-Type": "application/apply-patch+yaml", "Accept": "application/json"}
        response = self._send("PATCH", f"{path}?{urllib.parse.urlencode(query)}", canonical(body), headers, warn)
        answer: Document = response.json()
        return answer, response

    def json_patch(self, path: str, operations: list[Document], manager: str, dry_run: bool = False) -> Document:
        """An RFC 6902 patch. Raises ApiError."""
        headers = {"Content-Type": "application/json-patch+json", "Accept": "application/json"}
        query = f"fieldManager={urllib.parse.quote(manager)}" + ("&dryRun=All" if dry_run else "")
        answer: Document = self._send("PATCH", f"{path}?{query}", json.dumps(operations).encode(), headers, warn=not dry_run).json()
        return answer

    def create(self, path: str, body: Mapping[str, Any], manager: str, dry_run: bool = False) -> Document:
        """A POST, sent once unless it leaves nothing behind. Raises ApiError, and LostAnswerError: then look whether it is there."""
        query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self._json("POST", f"{path}?{urllib.parse.urlencode(query)}", canonical(body), headers)

    def replace(self, path: str, body: Mapping[str, Any], manager: str) -> Document:
        """A PUT; carries a resourceVersion where the caller wants one writer to win. Raises ApiError."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self._json("PUT", f"{path}?fieldManager={urllib.parse.quote(manager)}", canonical(body), headers)

    def delete(self, path: str, uid: str, propagation: str = "Background", dry_run: bool = False, version: str = "") -> bool:
        """Delete exactly the object with this uid, and in this version where one is given. False where it was gone already. Raises ApiError."""
        exactly = {"uid": uid} | ({"resourceVersion": version} if version else {})
        body: Document = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": exactly, "propagationPolicy": propagation}
        if dry_run:
            body["dryRun"] = ["All"]
        try:
            self._send("DELETE", path + ("?dryRun=All" if dry_run else ""), canonical(body), {"Content-Type": "application/json"})
        except ApiError as error:
            if error.status == 404 and not error.kind_not_served:
                return False
            raise
        return True

    def watch(self, kind: Kind, resource_version: str, namespace: str | None, seconds: float, selector: str = "") -> Iterator[Document]:
        """Events of a kind since ``resource_version``, bookmarks included, for at most ``seconds``."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(max(1, int(seconds))),
        }
        if selector:
            query["labelSelector"] = selector
        for line in self.pool.stream(
            f"{kind.path(namespace)}?{urllib.parse.urlencode(query)}", {"Accept": "application/json"}, seconds + 10
        ):
            yield json.loads(line)

    def close(self) -> None:
        """Close all connections."""
        self.pool.close()

    def _json(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Document:
        answer: Document = self._send(method, path, body, headers).json()
        return answer

    def _send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, warn: bool = True
    ) -> Response:
        passing = "dryRun=All" in path or path.partition("?")[0].endswith(_LEAVE_NOTHING)
        gate = (lambda: None) if method == "GET" or passing else self._may_write
        response = self.pool.request(method, path, body, headers, self._retry, gate, method == "POST" and not passing, self._limited)
        for warning in response.warnings if warn else ():
            self.warnings.setdefault(warning)
        if response.status >= 400:
            raise ApiError(response, f"{method} {path.split('?')[0]}")
        return response
