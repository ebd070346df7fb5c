# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Where a plan's body and a run's record are kept between runs: a folder, or a Secret of a cluster.

Written as text: ``plans`` or ``/srv/plans`` is a folder, ``secret:gantry-system/gantry-plan`` a Secret. Both name one
environment's document each, so that what is kept stays bounded.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._core.errors import InputError

_SECRET = "secret:"  # not a password: the scheme of a place
_MOST_BYTES = 1_000_000
_KEY = "document"


@dataclass(frozen=True)
class Place:
    """A folder (``folder``) or a Secret (``namespace`` and ``name``)."""

    folder: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def in_cluster(self) -> bool:
        """Whether a cluster holds it."""
        return bool(self.name)

    @property
    def path(self) -> str:
        """URL path of the Secret."""
        return f"/api/v1/namespaces/{self.namespace}/secrets/{self.name}"


def parse_place(text: str) -> Place:
    """A place from its text. Raises InputError."""
    if not text.startswith(_SECRET):
        if not text.strip():
            raise InputError("the store is empty: name a folder, or secret:<namespace>/<name>")
        return Place(folder=text)
    namespace, slash, name = text.removeprefix(_SECRET).partition("/")
    if not slash or not namespace or not name or "/" in name:
        raise InputError(f"the store {text!r} must be a folder or secret:<namespace>/<name>, as in secret:gantry-system/gantry-plan")
    return Place(namespace=namespace, name=name)


def secret_of(place: Place, document: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """The Secret that holds the document, compressed. Raises InputError where it does not fit into one."""
    packed = gzip.compress(json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), mtime=0)
    if len(packed) > _MOST_BYTES:
        raise InputError(f"the document has {len(packed)} bytes and does not fit into a Secret; use a folder as platform_plan_store")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": place.name,
            "namespace": place.namespace,
            "labels": {"app.kubernetes.io/managed-by": "gantry.platform", **labels},
        },
        "type": "Opaque",
        "data": {_KEY: base64.b64encode(packed).decode()},
    }


def document_of(secret: Mapping[str, Any]) -> dict[str, Any]:
    """The document that the Secret holds. Raises InputError where it holds none."""
    try:
        found = json.loads(gzip.decompress(base64.b64decode(secret["data"][_KEY])))
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        metadata = secret.get("metadata") or {}
        name = f"{metadata.get('namespace')}/{metadata.get('name')}"
        raise InputError(f"Secret {name} holds no document of this collection (key {_KEY}); remove it or name another store") from error
    if not isinstance(found, dict):
        raise InputError("the stored document is not an object")
    return found
