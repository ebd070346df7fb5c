# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How to reach a cluster and as whom: kubeconfig, in-cluster, or host and token; with exec plugins and renewal.

The kubeconfig format is Kubernetes' ``client.config.k8s.io/v1``; exec plugins speak ``client.authentication.k8s.io``.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import ssl
import subprocess
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import InputError, UnreachableError
from .._core.http import Endpoint
from .._core.suggest import did_you_mean
from .._core.tls import client_context
from .yaml import load_yaml

_IN_CLUSTER = "/var/run/secrets/kubernetes.io/serviceaccount"
_RENEW_BEFORE = datetime.timedelta(seconds=30)


@dataclass(frozen=True)
class AuthOptions:
    """The options of a task, named like kubernetes.core's. ``kubeconfig`` is a path, several paths or the content itself."""

    kubeconfig: str | Mapping[str, Any] | None = None
    context: str | None = None
    host: str | None = None
    api_key: str | None = None
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    validate_certs: bool | None = None
    proxy: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass
class Access:
    """An endpoint with the source of its headers; ``namespace`` is the context's default one, ``certificate`` the client's in PEM."""

    endpoint: Endpoint
    credentials: Credentials
    namespace: str | None = None
    certificate: str | None = None

    def headers(self, renew: bool) -> Mapping[str, str]:
        """Headers for one request; ``renew`` is true after the server refused the last ones."""
        token = self.credentials.token(renew)
        return {"Authorization": f"Bearer {token}"} if token else {}


class Credentials:
    """A bearer token: a fixed one, one read from a file, or one that an exec plugin prints until it expires."""

    def __init__(
        self,
        token: str | None = None,
        token_file: str | None = None,
        plugin: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._token = token
        self._file = token_file
        self._plugin = plugin
        self._environment = environment or {}
        self._expires: datetime.datetime | None = None
        self._lock = threading.Lock()
        self.certificate: tuple[str, str] | None = None

    def token(self, renew: bool = False) -> str | None:
        """The token to send now, or none (client certificates)."""
        if self._file:
            try:
                with open(self._file, encoding="utf-8") as handle:
                    return handle.read().strip()
            except OSError as error:
                raise InputError(f"the token file {self._file} cannot be read: {error.strerror}") from error
        if self._plugin is None:
            return self._token
        with self._lock:
            now = datetime.datetime.now(datetime.UTC)
            stale = self._token is None and self.certificate is None
            stale = stale or (self._expires is not None and now + _RENEW_BEFORE >= self._expires)
            if stale or renew:
                self._run_plugin()
            return self._token

    def _run_plugin(self) -> None:
        plugin = self._plugin or {}
        version = plugin.get("apiVersion", "client.authentication.k8s.io/v1")
        environment = dict(self._environment)
        environment.update({item["name"]: item["value"] for item in plugin.get("env") or []})
        environment["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}})
        command = [plugin["command"], *(plugin.get("args") or [])]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            hint = plugin.get("installHint") or "install it or put it on PATH"
            raise UnreachableError(f"the kubeconfig's exec plugin {command[0]!r} did not run ({error}); {hint}") from error
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
            raise UnreachableError(f"the kubeconfig's exec plugin {command[0]!r} failed with {done.returncode}: {' / '.join(last)}")
        try:
            status = dict(json.loads(done.stdout)["status"])
        except (ValueError, KeyError, TypeError) as error:
            raise UnreachableError(f"the kubeconfig's exec plugin {command[0]!r} did not print an ExecCredential with a status") from error
        self._token = status.get("token")
        if status.get("clientCertificateData"):
            self.certificate = (status["clientCertificateData"], status.get("clientKeyData") or "")
        expires = status.get("expirationTimestamp")
        self._expires = datetime.datetime.fromisoformat(expires.replace("Z", "+00:00")) if expires else None


def resolve_access(options: AuthOptions) -> Access:
    """Find out where the cluster is and as whom to speak, in this order: host, kubeconfig, in-cluster.

    Raises InputError that names the file, the context and the cure.
    """
    if options.host:
        return _explicit(options)
    config, origin = _load_kubeconfig(options)
    if config is None:
        if os.path.exists(f"{_IN_CLUSTER}/token"):
            return _in_cluster(options)
        raise InputError(
            "no cluster is named: set kubeconfig (or K8S_AUTH_KUBECONFIG or KUBECONFIG), or host and api_key; "
            "~/.kube/config does not exist and this is not a pod"
        )
    return _from_kubeconfig(options, config, origin)


def _explicit(options: AuthOptions) -> Access:
    certificate = (options.client_cert, options.client_key) if options.client_cert else None
    pair = _read_pair(certificate) if certificate else None
    tls = _tls(options, options.ca_cert, None, pair)
    host = options.host or ""
    url = host if "://" in host else f"https://{host}"
    endpoint = Endpoint(url, tls, proxy=_proxy(options.proxy, "proxy"))
    return Access(endpoint, Credentials(options.api_key), certificate=pair[0] if pair else None)


def _in_cluster(options: AuthOptions) -> Access:
    host = options.environment.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
    port = options.environment.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    with open(f"{_IN_CLUSTER}/namespace", encoding="utf-8") as handle:
        namespace = handle.read().strip()
    tls = _tls(options, f"{_IN_CLUSTER}/ca.crt", None, None)
    return Access(Endpoint(f"https://{host}:{port}", tls), Credentials(token_file=f"{_IN_CLUSTER}/token"), namespace)


def _from_kubeconfig(options: AuthOptions, config: Mapping[str, Any], origin: str) -> Access:
    contexts = _named(config, "contexts", "context")
    name = options.context or config.get("current-context")
    if not name and len(contexts) == 1:
        name = next(iter(contexts))
    if name not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        raise InputError(f"{origin}: there is no context {name!r}; it has: {known}{did_you_mean(name or '', contexts)}")
    context = contexts[name]
    cluster = _member(config, origin, "clusters", "cluster", context.get("cluster"), name)
    if not cluster.get("server"):
        raise InputError(f"{origin}: the cluster {context['cluster']!r} has no server")
    user = _member(config, origin, "users", "user", context.get("user"), name) if context.get("user") else {}
    folder = os.path.dirname(os.path.abspath(origin)) if os.path.exists(origin) else os.getcwd()

    plugin = _plugin(user, origin, folder)
    token_file = user.get("tokenFile")
    credentials = Credentials(
        options.api_key or user.get("token"),
        os.path.join(folder, token_file) if token_file and not options.api_key else None,
        plugin if plugin and not options.api_key else None,
        options.environment,
    )
    pair = _certificate_pair(options, user, folder, origin)
    if plugin and not options.api_key and pair is None:
        credentials.token()
        pair = credentials.certificate
    authority = cluster.get("certificate-authority")
    ca_file = options.ca_cert or (os.path.join(folder, authority) if authority else None)
    ca_data = None if options.ca_cert else _decoded(cluster, "certificate-authority-data", origin)
    validate = options.validate_certs
    if validate is None and cluster.get("insecure-skip-tls-verify"):
        validate = False
    proxy = _proxy(options.proxy, "proxy") or _proxy(cluster.get("proxy-url"), f"{origin}: proxy-url of the cluster {context['cluster']!r}")
    endpoint = Endpoint(cluster["server"], _tls(options, ca_file, ca_data, pair, validate), cluster.get("tls-server-name"), proxy)
    return Access(endpoint, credentials, context.get("namespace"), pair[0] if pair else None)


def _proxy(url: str | None, place: str) -> str | None:
    """``url`` where it names a proxy that is spoken to in plain HTTP; the tunnel through it carries the cluster's own TLS."""
    if url and (urllib.parse.urlsplit(url).scheme != "http" or not urllib.parse.urlsplit(url).hostname):
        shown = urllib.parse.urlsplit(url)._replace(netloc=urllib.parse.urlsplit(url).hostname or "").geturl()
        raise InputError(f"{place}: proxies are reached by http://host:port, found {shown!r}")
    return url


def _load_kubeconfig(options: AuthOptions) -> tuple[Mapping[str, Any] | None, str]:
    given = options.kubeconfig
    if isinstance(given, Mapping):
        return given, "the given kubeconfig"
    paths = given or options.environment.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
    found: dict[str, Any] | None = None
    origin = paths
    for path in (os.path.expanduser(part) for part in paths.split(os.pathsep) if part):
        if not os.path.exists(path):
            if given:
                raise InputError(f"the kubeconfig {path} does not exist")
            continue
        try:
            with open(path, encoding="utf-8") as handle:
                content = load_yaml(handle.read(), path)
        except OSError as error:
            raise InputError(f"the kubeconfig {path} cannot be read: {error.strerror}") from error
        if not isinstance(content, dict):
            raise InputError(f"{path} is not a kubeconfig: it holds no mapping")
        if found is None:
            found, origin = dict(content), path
            continue
        for key in ("clusters", "contexts", "users"):
            found[key] = [*(found.get(key) or []), *(content.get(key) or [])]
        found.setdefault("current-context", content.get("current-context"))
    return found, origin


def _named(config: Mapping[str, Any], plural: str, singular: str) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for item in config.get(plural) or []:
        if isinstance(item, Mapping) and item.get("name"):
            named.setdefault(item["name"], item.get(singular) or {})
    return named


def _member(config: Mapping[str, Any], origin: str, plural: str, singular: str, name: str | None, context: str) -> Mapping[str, Any]:
    members = _named(config, plural, singular)
    if name not in members:
        raise InputError(f"{origin}: context {context!r} names the {singular} {name!r}, which is not among its {plural}")
    member: Mapping[str, Any] = members[name]
    return member


def _plugin(user: Mapping[str, Any], origin: str, folder: str) -> Mapping[str, Any] | None:
    """The user's exec plugin; a command with a slash is meant from the kubeconfig's folder."""
    plugin: Mapping[str, Any] | None = user.get("exec")
    if not plugin:
        return None
    if not plugin.get("command"):
        raise InputError(f"{origin}: the exec plugin has no command")
    command = plugin["command"]
    return {**plugin, "command": os.path.join(folder, command) if "/" in command else command}


def _decoded(holder: Mapping[str, Any], key: str, origin: str) -> str | None:
    try:
        return base64.b64decode(holder.get(key) or "").decode() or None
    except ValueError:
        raise InputError(f"{origin}: {key} is not text in base64") from None


def _read_pair(paths: tuple[str | None, str | None]) -> tuple[str, str]:
    texts = []
    for path in (paths[0], paths[1] or paths[0]):
        try:
            with open(os.path.expanduser(path or ""), encoding="utf-8") as handle:
                texts.append(handle.read())
        except OSError as error:
            raise InputError(f"the client certificate or key {path} cannot be read: {error.strerror}") from error
    return texts[0], texts[1]


def _certificate_pair(options: AuthOptions, user: Mapping[str, Any], folder: str, origin: str) -> tuple[str, str] | None:
    if options.client_cert:
        return _read_pair((options.client_cert, options.client_key))
    if user.get("client-certificate-data"):
        return _decoded(user, "client-certificate-data", origin) or "", _decoded(user, "client-key-data", origin) or ""
    if user.get("client-certificate"):
        key = user.get("client-key") or user["client-certificate"]
        return _read_pair((os.path.join(folder, user["client-certificate"]), os.path.join(folder, key)))
    return None


def _tls(
    options: AuthOptions,
    ca_file: str | None,
    ca_data: str | None,
    pair: tuple[str, str] | None,
    validate: bool | None = None,
) -> ssl.SSLContext:
    validate = options.validate_certs if validate is None else validate
    if ca_file and not os.path.exists(os.path.expanduser(ca_file)):
        raise InputError(f"the CA certificate {ca_file} does not exist")
    try:
        context = client_context(os.path.expanduser(ca_file) if ca_file else None, ca_data)
    except ssl.SSLError as error:
        raise InputError(
            f"the CA certificate {ca_file or 'inside the kubeconfig'} holds no certificate: {error.reason or error}"
        ) from error
    if validate is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if pair:
        _load_pair(context, pair)
    return context


def _load_pair(context: ssl.SSLContext, pair: tuple[str, str]) -> None:
    """Load a certificate and key. OpenSSL's binding takes only files: on Linux an anonymous one in memory serves."""
    content = (pair[0].rstrip() + "\n" + pair[1]).encode()
    if not hasattr(os, "memfd_create"):
        raise InputError("client certificates inside a kubeconfig need Linux; name files with client-certificate instead")
    handle = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        os.write(handle, content)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    except ssl.SSLError as error:
        raise InputError(f"the client certificate and key do not fit together: {error.reason or error}") from error
    finally:
        os.close(handle)
