# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The modules of the action group ``rest``: what a call of each does. Each is the table of an API."""

from __future__ import annotations

import functools
import urllib.parse
from typing import Any

from .._core.access import access_in, text_of
from .._core.errors import InputError, UnreachableError, UntrustedError
from .._core.guards import GUARD_SPEC, OWNER_SPEC, PRUNE_SPEC, guards_of
from .._core.http import Endpoint, Pool, Retry
from .._core.lock import holder_name
from .._core.reconcile import Request, plan_of_absent, reconcile
from .._core.record import Record
from .._core.tls import client_context
from .._kube.wire.auth import AuthOptions, resolve_access
from .._kube.wire.records import SecretStore
from .._kube.wire.secrets import ClusterSecrets
from .._rest.apis import cloudflare, elasticsearch, github, grafana, pagerduty
from .._rest.client import RestClient
from .._rest.document import read_document
from .._rest.provider import RestProvider
from .._rest.spec import Api
from .face import Call, Face, Result
from .kube import cluster
from .references import references_for

SPEC: dict[str, Any] = {
    "access_file": {"type": "path"},
    "url": {"type": "str"},
    "token": {"type": "str", "no_log": True},
    "token_file": {"type": "path", "no_log": False},
    "ca_cert": {"type": "path"},
    **OWNER_SPEC,
    **GUARD_SPEC,
    **PRUNE_SPEC,
    "config": {"type": "dict", "required": True},
    "replaceable": {"type": "list", "elements": "str", "default": []},
    "kubeconfig": {"type": "path", "required": True},
    "context": {"type": "str"},
    "record_namespace": {"type": "str", "default": "gantry-system"},
    "vault": {"type": "dict"},
    "wait_timeout": {"type": "int", "default": 120},
    "may_be_absent": {"type": "bool", "default": False},
}
_NOBODY = (502, 503, 504)
"""What a gateway says where nobody is behind it."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def endpoint_of(call: Call, url: str, *, anonymous: bool = False) -> tuple[Endpoint, str]:
    """Where the API is, ``url`` unless the options say another place, and the token to speak with; none is wanted of who may be ``anonymous``.

    Raises InputError.
    """
    given = {name: value for name, value in call.params.items() if value not in (None, "")}
    options = {**access_in(given.get("access_file")), **given}
    address = options.get("url") or url
    if not address:
        raise InputError("url (or access_file) is missing: the address of the API")
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"url is the address of the API as https://host, found {address!r}")
    token = options.get("token") or (text_of(options["token_file"], "token_file") if options.get("token_file") else "")
    if not token and not anonymous:
        raise InputError("token (or token_file) is missing: the token to speak with")
    if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError(f"url: {address} would carry the token over the network in the clear; use https")
    if token:
        call.secrets.add(token)
    return Endpoint(address, client_context(cafile=options.get("ca_cert")) if parts.scheme == "https" else None), token


def config(api: Api, url: str, call: Call) -> Result:
    """``<api>_config``."""
    params = call.params
    request = Request(
        read_document(api, params["config"]),
        params["owner"],
        call.check_mode,
        float(params["wait_timeout"]),
        replaceable=frozenset(params["replaceable"]),
        **guards_of(params, SPEC),
    )
    endpoint, token = endpoint_of(call, url)
    name = f"{api.name}_config"
    headers = {**api.headers, "Authorization": api.authorized(token)}
    if params["may_be_absent"] and call.check_mode and _is_absent(endpoint, name, call):
        return plan_of_absent(request, api.name, "it is not there yet")
    access = resolve_access(AuthOptions(params["kubeconfig"], params["context"], environment=call.environment))
    access.register = call.secrets.add
    with cluster(call, name, access) as hub:
        references = references_for(
            call.environment, call.folder, secrets=call.secrets, vault=params["vault"] or {}, kube=ClusterSecrets(hub), gate=call.gate
        )
        record = Record(SecretStore(hub, params["record_namespace"], api.name, params["owner"]))
        client = RestClient(endpoint, headers, name, call.gate, Retry(seconds=api.patience))
        try:
            provider = RestProvider(client, api, params["owner"], {name: params["config"][name] for name in api.variables})
            return reconcile(provider, request, references, record, holder_name(call.environment), call.tell)
        finally:
            client.close()


def _is_absent(endpoint: Endpoint, name: str, call: Call) -> bool:
    """Whether nothing answers there. Who is not trusted is somebody."""
    pool = Pool(endpoint, name, lambda renew: {}, call.gate)
    try:
        return pool.request("GET", "/", retry=Retry(attempts=2, seconds=5.0)).status in _NOBODY
    except UntrustedError:
        raise
    except UnreachableError:
        return True
    finally:
        pool.close()


def _face(api: Api, url: str = "") -> Face:
    return Face(f"{api.name}_config", SPEC, functools.partial(config, api, url))


CLOUDFLARE = _face(cloudflare.API, "https://api.cloudflare.com/client/v4")
ELASTICSEARCH = _face(elasticsearch.API)
GITHUB = _face(github.API, "https://api.github.com")
GRAFANA = _face(grafana.API)
PAGERDUTY = _face(pagerduty.API, "https://api.pagerduty.com")
