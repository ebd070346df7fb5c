# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Where records of systems lie that have no place for them: one Secret of a cluster for each owner."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from ..._core.errors import InputError
from ..._core.lock import TakenError
from ..._core.record import NowhereError
from ..form.kinds import Kind
from .client import Document, KubeClient
from .errors import ApiError

SECRET = Kind("", "v1", "Secret", "secrets", True)
SYSTEM = "gantry.dev/record-of"
"""Label: the system."""
OWNER = "gantry.dev/owner"
"""Annotation: whose it is."""
_MANAGER = "gantry-record"
_KEY, _RUN = "record", "run"
"""Keys of the Secret. Who runs stands apart, so that somebody can take it out."""
_LONGEST = 40
Version = tuple[str, str] | None
"""The Secret's uid and resourceVersion; none where there is none."""


class SecretStore:
    """The Secret ``gantry-record-<system>-<owner>`` of a namespace that is there."""

    def __init__(self, client: KubeClient, namespace: str, system: str, owner: str) -> None:
        readable = re.sub(r"[^a-z0-9]+", "-", f"{system}-{owner}".lower())[:_LONGEST].strip("-")
        # Two owners may read alike; no two have the same name.
        secret = f"gantry-record-{readable}-{hashlib.sha256(f'{system}/{owner}'.encode()).hexdigest()[:8]}"
        self.name = f"Secret {namespace}/{secret}"
        self.system = f"what {owner} has at {system}"
        self.breaking = f"""kubectl -n {namespace} patch secret {secret} --type=json -p '[{{"op": "remove", "path": "/data/{_RUN}"}}]'"""
        self.identity = [owner, system]
        self._client = client
        self._namespace = namespace
        self._secret = secret
        self._of, self._owner = system, owner

    def read(self) -> tuple[Version, Document | None]:
        """The Secret's version and the document. Raises InputError, ApiError."""
        found = self._client.find(SECRET.path(self._namespace, self._secret))
        return (None, None) if found is None else (_version(found), _content(found))

    def write(self, version: Version, content: Document) -> Version:
        """Write it over exactly this version. Raises TakenError, NowhereError, ApiError."""
        body = self._body(content)
        # An apply, since the deployer may patch Secrets and not replace them. In the first version there was never one: it is only made.
        body["metadata"] |= {"uid": version[0], "resourceVersion": version[1]} if version else {"resourceVersion": "1"}
        try:
            return _version(self._client.apply(SECRET.path(self._namespace, self._secret), body, _MANAGER, force=True)[0])
        except ApiError as error:
            if error.status == 404 and not version:
                raise NowhereError(f"{self.name} cannot be made: there is no namespace {self._namespace}") from error
            if error.status not in (404, 409):
                raise
            # Where the answer to our own write was lost, its repetition is refused: what stands there is ours all the same.
            there, stored = self.read()
            if stored != content:
                raise TakenError from error
            return there

    def others(self) -> Iterator[tuple[str, Document]]:
        """Every other owner of this system and its document."""
        found, _version_of_list = self._client.list_objects(SECRET, self._namespace, f"{SYSTEM}={self._of}", metadata_only=False)
        for secret in found:
            owner = str((secret["metadata"].get("annotations") or {}).get(OWNER) or "")
            if owner and owner != self._owner:
                yield owner, _content(secret)

    def last_words(self) -> AbstractContextManager[None]:
        """In which the pool still sends, whatever the run was told."""
        return self._client.pool.last_words()

    def _body(self, content: Document) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": self._secret,
                "namespace": self._namespace,
                "labels": {"app.kubernetes.io/managed-by": "gantry.platform", SYSTEM: self._of},
                "annotations": {OWNER: self._owner},
            },
            "type": "Opaque",
            "data": {
                _KEY: _encoded({name: value for name, value in content.items() if name != _RUN}),
                **({_RUN: _encoded(content[_RUN])} if content.get(_RUN) else {}),
            },
        }


def _encoded(value: Document) -> str:
    return base64.b64encode(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).decode()


def _version(secret: Document) -> Version:
    return secret["metadata"]["uid"], secret["metadata"]["resourceVersion"]


def _content(secret: Document) -> Document:
    metadata, data = secret["metadata"], secret.get("data") or {}
    try:
        found = json.loads(base64.b64decode(data[_KEY]))
        run = json.loads(base64.b64decode(data[_RUN])) if data.get(_RUN) else None
    except (KeyError, ValueError) as error:
        raise InputError(
            f"Secret {metadata['namespace']}/{metadata['name']} holds no record (key {_KEY}); put it back from a backup, or remove it: what "
            "bears our mark is then found again, and not made once more"
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"Secret {metadata['namespace']}/{metadata['name']} holds no record: its key {_KEY} is no mapping")
    return found | ({_RUN: run} if run else {})
