# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The words of those who come from ``kubernetes.core.k8s``: what ``kube_apply`` understands as well, and what it says to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.errors import InputError

ANSWERS = {
    "append_hash": "give the object the name that you want; prune removes the one that left the set",
    "continue_on_error": "leave it out: everything that cannot be applied is named before the first write",
    "delete_all": "name the objects, or let prune or remove_sets remove what a set holds",
    "delete_options": "leave it out: objects are deleted by their uid, in the background, and wait waits until they are gone",
    "force": "write on_immutable: replace to make an object again, force_conflicts to take fields of other managers over",
    "generate_name": "write name: what is applied has a name",
    "hidden_fields": "leave it out: return_objects returns what was written, without the values of Secrets",
    "label_selectors": "name the objects, or let prune or remove_sets remove what a set holds",
    "merge_type": "leave it out: server-side apply merges; declare the fields that are to be yours, and no others",
    "no_proxy": "leave proxy out",
    "password": "write api_key, client_cert with client_key, or a kubeconfig: apiservers take no passwords",
    "persist_config": "leave it out: tokens are renewed in memory",
    "proxy_headers": "write proxy: http://user:password@host:port",
    "server_side_apply": "leave it out: it is what is done; owner names the field manager, force_conflicts takes fields over",
    "username": "write api_key, client_cert with client_key, or a kubeconfig: apiservers take no passwords",
    "validate": "leave it out: the server validates every document strictly",
    "wait_condition": "let gantry.platform.kube_verify wait for it: expectations with a condition, and wait_timeout",
    "wait_sleep": "leave it out: the wait watches the cluster",
}
"""Options that do not exist here: what to write instead."""


def named_object(params: Mapping[str, Any]) -> dict[str, Any] | None:
    """The document that ``api_version``, ``kind``, ``name`` and ``namespace`` make; none where a task names no kind. Raises InputError."""
    kind, name = params.get("kind"), params.get("name")
    if not kind and not name and not params.get("api_version"):
        return None
    lacking = [word for word in ("kind", "name") if not params.get(word)]
    if lacking:
        raise InputError(f"{lacking[0]} is missing: api_version, kind and name together name one object")
    metadata = {"name": name} | ({"namespace": params["namespace"]} if params.get("namespace") else {})
    return {"apiVersion": params.get("api_version") or "v1", "kind": kind, "metadata": metadata}


def refuse_words(params: Mapping[str, Any]) -> None:
    """Raise InputError for values that mean something there and nothing here."""
    if params.get("apply") is False:
        raise InputError("apply: false asks for another patch than server-side apply, which is what is done; leave it out")
    if params.get("state") == "absent":
        for word in ("sets", "store", "apply_set"):
            if params.get(word):
                raise InputError(f"state: absent removes the objects that the task names, not {word}; a set goes by remove_sets or prune")
