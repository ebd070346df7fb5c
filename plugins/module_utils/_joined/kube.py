# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The modules of the action group ``kube``: what a call of each does."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from typing import Any

from .._core.errors import InputError
from .._core.lock import holder_name
from .._kube.declare.store import read_store
from .._kube.engine import reconcile
from .._kube.form.yaml import load_yaml
from .._kube.options import APPLY_SPEC, AUTH_SPEC, VERIFY_SPEC, apply_request, auth_options, expectation_rows
from .._kube.verify.expectations import read_expectations, result_of
from .._kube.verify.expectations import verify as verify_expectations
from .._kube.wire.auth import Access, resolve_access
from .._kube.wire.client import KubeClient, patience_of
from .._kube.wire.secrets import ClusterSecrets
from .._kube.wire.whoami import read_reviews, whoami
from .._kube.words import ANSWERS
from .face import Call, Face, Result
from .references import references_for, register_users

ACCESS_INFO_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "reference": {"type": "str"},
    "folder": {"type": "path", "default": ""},
    "may": {"type": "list", "elements": "dict", "default": []},
}


def access_of(call: Call, **instead: Any) -> Access:
    """The way to the cluster that the options name. Raises InputError. ``instead`` are options that take the place of the task's."""
    access = resolve_access(auth_options({**call.params, **instead}, call.environment))
    access.register = call.secrets.add
    return access


@contextlib.contextmanager
def cluster(call: Call, name: str, access: Access | None = None, **more: Any) -> Iterator[KubeClient]:
    """That cluster, for as long as it is needed."""
    client = KubeClient(access or access_of(call), name, call.gate, **more)
    try:
        yield client
    finally:
        client.close()


def apply(call: Call) -> Result:
    """``kube_apply``."""
    params = call.params
    request = apply_request(params, call.check_mode)
    holder = holder_name(call.environment)
    patience = patience_of(request.wait_timeout, call.tell)
    with cluster(call, f"kube_apply/{holder.split()[-1]}", concurrency=params["concurrency"], retry=patience) as client:
        references = references_for(
            call.environment, call.folder, secrets=call.secrets, vault=params["vault"] or {}, kube=ClusterSecrets(client), gate=call.gate
        )
        return reconcile(client, request, references, holder, call.tell).as_result(diff=call.diff)


def apply_elsewhere(args: dict[str, Any]) -> dict[str, Any]:
    """A store lies on the controller: for another machine its sets become arguments."""
    folder = args.pop("store", None)
    if folder:
        args["sets"] = [
            {
                "name": content["set"],
                "namespace": content["namespace"],
                "definition": content["documents"],
                "handed_over": content.get("handed_over") or [],
            }
            for content in read_store(folder, args.pop("expected_sets", None) or ())
        ]
    return args


def verify(call: Call) -> Result:
    """``kube_verify``."""
    expectations = read_expectations(expectation_rows(call.params))
    with cluster(call, "kube_verify") as client:
        return result_of(verify_expectations(client, expectations, float(call.params["wait_timeout"]), call.tell))


def verify_elsewhere(args: dict[str, Any]) -> dict[str, Any]:
    """A store lies on the controller: for another machine its expectations become arguments."""
    if args.get("store"):
        args["expectations"] = [item for item, _source in expectation_rows(args)]
        args = {key: value for key, value in args.items() if key not in ("store", "sets")}
    return args


def access_info(call: Call) -> Result:
    """``kube_access_info``."""
    may = read_reviews(call.params["may"])
    access = access_of(call, **_referenced(call))
    with cluster(call, "kube_access_info", access) as client:
        return {"changed": False, **whoami(client, access, may, datetime.datetime.now(datetime.UTC))}


def _referenced(call: Call) -> dict[str, Any]:
    reference = call.params["reference"]
    if not reference:
        return {}
    # No scheme that needs a server of the platform: this is for the hour when those are away.
    text = references_for(call.environment, call.params["folder"], secrets=call.secrets).resolve(reference)
    try:
        kubeconfig = load_yaml(text, reference)
    except InputError:
        kubeconfig = None
    if not isinstance(kubeconfig, dict) or "clusters" not in kubeconfig:
        # No words of a parser: they would quote the secret.
        raise InputError(f"what {reference!r} refers to is no kubeconfig")
    register_users(call.secrets, kubeconfig)
    return {"kubeconfig": kubeconfig, "host": None}


APPLY = Face("kube_apply", APPLY_SPEC, apply, elsewhere=apply_elsewhere, answers=ANSWERS)
VERIFY = Face("kube_verify", VERIFY_SPEC, verify, elsewhere=verify_elsewhere)
ACCESS_INFO = Face("kube_access_info", ACCESS_INFO_SPEC, access_info)
