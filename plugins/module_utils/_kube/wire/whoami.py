# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""As whom a cluster sees us, what it lets us do, and until when: the apiserver's own answers."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.certificate import not_after
from ..._core.concurrency import map_threads
from ..._core.errors import InputError
from ..._core.suggest import did_you_mean
from ..._core.words import cleaned
from .auth import Access
from .client import KubeClient
from .errors import ApiError

_ATTRIBUTES = ("verb", "group", "resource", "subresource", "namespace", "name")
_ALL = "*"


def read_reviews(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Rows of the option ``may``, checked: ``{verb, resource, group, subresource, namespace, name}``. Raises InputError."""
    for number, row in enumerate(rows, 1):
        for key in row:
            if key not in _ATTRIBUTES:
                raise InputError(
                    f"may, entry {number}: unknown key {key!r}; allowed: {', '.join(_ATTRIBUTES)}{did_you_mean(key, _ATTRIBUTES)}"
                )
        for key in ("verb", "resource"):
            if not row.get(key):
                raise InputError(f"may, entry {number}: {key} is missing; {_ALL!r} means all")
    return [{key: str(row[key]) for key in _ATTRIBUTES if row.get(key)} for row in rows]


def identity_warnings(client: KubeClient, wanted: str) -> list[str]:
    """What is to be said where the cluster sees somebody else than ``wanted``; nothing where no name is wanted."""
    if not wanted:
        return []
    try:
        user = _user(client)
    except ApiError as error:
        return [f"as whom the cluster sees this run cannot be told ({error.status}); it was meant to be {wanted!r}"]
    name = user.get("username") or ""
    if name == wanted:
        return []
    groups = ", ".join(sorted(user.get("groups") or [])) or "none"
    return [
        f"the cluster sees this run as {name!r} (groups: {groups}), not as {wanted!r} (cluster.identity): its rights are not the ones meant"
    ]


def _user(client: KubeClient) -> Mapping[str, Any]:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    found: Mapping[str, Any] = client.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", body, "gantry")["status"]["userInfo"]
    return found


def whoami(client: KubeClient, access: Access, may: Sequence[Mapping[str, str]], now: datetime.datetime) -> dict[str, Any]:
    """``{user: {username, groups}, expires, days_left, reviews}``; the two in the middle are none without a client certificate.

    A review is its row with ``allowed`` and ``reason``. Nothing is stored by the server (SelfSubjectReview, SelfSubjectAccessReview).
    """

    def ask(row: Mapping[str, str]) -> dict[str, Any]:
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": dict(row)},
        }
        answer = client.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body, "kube_access_info")["status"]
        return {**row, "allowed": bool(answer.get("allowed")), "reason": answer.get("reason") or ""}

    user = _user(client)
    end = not_after(access.certificate) if access.certificate else None
    found = {
        "user": {"username": user.get("username", ""), "groups": sorted(user.get("groups") or [])},
        "expires": None if end is None else f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "days_left": None if end is None else (end - now).days,
        "reviews": list(map_threads(ask, list(may), client.threads)),
    }
    return dict(cleaned(found))
