# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The module ``kube_identity``: a kubeconfig of one user that ends by itself, kept in a file."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping
from typing import Any

from .._core.errors import InputError
from .._kube.access.identity import ends, make, renewal
from .._kube.form.yaml import load_yaml
from .._kube.options import AUTH_SPEC, auth_options
from .._kube.wire.kubeconfig import choose, load_kubeconfig
from .face import Call, Face, Result
from .kube import cluster
from .references import register_users

SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "user": {"type": "str", "required": True},
    "dest": {"type": "path", "required": True},
    "days": {"type": "int", "default": 90},
    "renew_before": {"type": "int", "default": 30},
}


def identity(call: Call) -> Result:
    """``kube_identity``."""
    given = call.params
    now = datetime.datetime.now(datetime.UTC)
    expires, renewed_at = _held(given)
    due = renewed_at is None or renewed_at < now
    if due and not call.check_mode:
        expires = _renewed(call, now)
    return {"changed": due, "expires": expires.isoformat() if expires else ""}


def _held(given: Mapping[str, Any]) -> tuple[datetime.datetime | None, datetime.datetime | None]:
    """When what is there ends, and when it is to be renewed; none where nothing is. Raises InputError where it is somebody else's."""
    path = given["dest"]
    if not os.path.exists(path):
        return None, None
    with open(path, encoding="utf-8") as handle:
        content = load_yaml(handle.read(), path)
    found = ends(content, given["user"])
    if found is None:
        raise InputError(
            f"{path} is a kubeconfig of somebody else, or not made here, and is left alone; name another file, or move it away"
        )
    return found, renewal(content, found, datetime.timedelta(days=given["renew_before"]))


def _renewed(call: Call, now: datetime.datetime) -> datetime.datetime | None:
    given = call.params
    options = auth_options(given, call.environment)
    config, origin = load_kubeconfig(options.kubeconfig, options.environment)
    if config is None:
        raise InputError("the administrator's kubeconfig is missing: set kubeconfig")
    chosen = choose(config, origin, options.context)
    with cluster(call, "kube_identity") as client:
        made = make(client, chosen.cluster, given["user"], given["days"], now)
    register_users(call.secrets, made)
    path = given["dest"]
    os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        json.dump(made, handle)
    os.replace(temporary, path)
    return ends(made, given["user"])


IDENTITY = Face("kube_identity", SPEC, identity)
