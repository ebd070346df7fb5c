# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How to reach a cluster and as whom: kubeconfig, in-cluster, or host and token; with exec plugins and renewal.

Exec plugins speak ``client.authentication.k8s.io``; impersonation is Kubernetes' own, by headers.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._core.errors import InputError, UnreachableError
from ..._core.http import Endpoint
from ..._core.tls import client_context
from .kubeconfig import choose, load_kubeconfig, plugin_cluster

_IN_CLUSTER = "/var/run/secrets/kubernetes.io/serviceaccount"
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_IN_HEADERS = "!#$&'*+-.^_`|~"
"""What a header's name may hold beside letters and digits; the rest of an extra's key is written as %XX."""
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
    impersonate_user: str | None = None
    impersonate_groups: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    left_out: str = ""
    """What an error adds: variables that were not looked at because the task names its cluster."""


@dataclass
class Access:
    """An endpoint with the source of its headers; ``namespace`` is the context's default one, ``certificate`` the client's in PEM.

    ``appears_as`` are the headers that ask the server to take us for somebody else.
    """

    endpoint: Endpoint
    credentials: Credentials
    namespace: str | None = None
    certificate: str | None = None
    appears_as: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    register: Callable[[str | None], None] = lambda token: None
    """Told every token that is sent, wherever it came from."""

    def headers(self, renew: bool) -> Mapping[str, str | tuple[str, ...]]:
        """Headers for one request; ``renew`` is true after the server refused the last ones."""
        token = self.credentials.token(renew)
        self.register(token)
        return {**self.appears_as, "Authorization": f"Bearer {token}"} if token else self.appears_as

    @property
    def warnings(self) -> list[str]:
        """What somebody who reads the run's report must know of this way to the cluster."""
        tls = self.endpoint.tls
        if not self.endpoint.url.startswith("https:"):
            if urllib.parse.urlsplit(self.endpoint.url).hostname in _THIS_MACHINE:
                return []
            return [f"{self.endpoint.url} is spoken to without TLS: who listens reads and changes everything, tokens included"]
        if tls is not None and tls.verify_mode is ssl.CERT_NONE:
            return [f"the certificate of {self.endpoint.url} is not checked: whoever answers there gets our credentials"]
        return []


class Credentials:
    """A bearer token: a fixed one, one read from a file, or one that an exec plugin prints until it expires."""

    def __init__(
        self,
        token: str | None = None,
        token_file: str | None = None,
        plugin: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        cluster: Mapping[str, Any] | None = None,
    ) -> None:
        self._cluster = cluster
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
        import subprocess  # here, since most kubeconfigs name no plugin

        plugin = self._plugin or {}
        version = plugin.get("apiVersion", "client.authentication.k8s.io/v1")
        environment = dict(self._environment)
        environment.update({item["name"]: item["value"] for item in plugin.get("env") or []})
        asked: dict[str, Any] = {"interactive": False} | ({"cluster": self._cluster} if plugin.get("provideClusterInfo") else {})
        environment["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": asked})
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
    config, origin = load_kubeconfig(options.kubeconfig, options.environment)
    if config is None:
        if os.path.exists(f"{_IN_CLUSTER}/token"):
            return _in_cluster(options)
        raise InputError(
            "no cluster is named: set kubeconfig (or K8S_AUTH_KUBECONFIG or KUBECONFIG), or host and api_key; "
            f"~/.kube/config does not exist and this is not a pod{options.left_out}"
        )
    return _from_kubeconfig(options, config, origin)


def _explicit(options: AuthOptions) -> Access:
    certificate = (options.client_cert, options.client_key) if options.client_cert else None
    pair = _read_pair(certificate) if certificate else None
    tls = _tls(options, options.ca_cert, None, pair)
    host = options.host or ""
    url = host if "://" in host else f"https://{host}"
    endpoint = Endpoint(url, tls, proxy=_proxy(options.proxy, "proxy"))
    return Access(endpoint, Credentials(options.api_key), certificate=pair[0] if pair else None, appears_as=_appears_as(options, {}))


def _in_cluster(options: AuthOptions) -> Access:
    host = options.environment.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
    port = options.environment.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    with open(f"{_IN_CLUSTER}/namespace", encoding="utf-8") as handle:
        namespace = handle.read().strip()
    tls = _tls(options, f"{_IN_CLUSTER}/ca.crt", None, None)
    credentials = Credentials(token_file=f"{_IN_CLUSTER}/token")
    return Access(Endpoint(f"https://{host}:{port}", tls), credentials, namespace, appears_as=_appears_as(options, {}))


def _from_kubeconfig(options: AuthOptions, config: Mapping[str, Any], origin: str) -> Access:
    chosen = choose(config, origin, options.context)
    cluster, user = chosen.cluster, chosen.user
    token = options.api_key or user.get("token")
    token_file = None if options.api_key else user.get("tokenFile")
    # As for kubectl: who has a token is not asked for another one.
    plugin = None if token or token_file else user.get("exec")
    credentials = Credentials(token, token_file, plugin, options.environment, plugin_cluster(chosen))
    pair = _certificate_pair(options, user, origin)
    if plugin and pair is None:
        credentials.token()
        pair = credentials.certificate
    ca_data = None if options.ca_cert else _decoded(cluster, "certificate-authority-data", origin)
    ca_file = options.ca_cert or (None if ca_data else cluster.get("certificate-authority"))
    validate = options.validate_certs
    if validate is None and cluster.get("insecure-skip-tls-verify"):
        validate = False
    place = f"{origin}: proxy-url of the cluster {chosen.cluster_name!r}"
    endpoint = Endpoint(
        _address(cluster["server"], f"{origin}: the cluster {chosen.cluster_name!r}"),
        _tls(options, ca_file, ca_data, pair, validate),
        cluster.get("tls-server-name"),
        _proxy(options.proxy, "proxy") or _proxy(cluster.get("proxy-url"), place),
        not cluster.get("disable-compression"),
    )
    return Access(endpoint, credentials, chosen.namespace, pair[0] if pair else None, _appears_as(options, user))


def _address(server: str, place: str) -> str:
    """The server's address; without a scheme it is meant with https, and a token is never sent in plain text by mistake."""
    url = server if "://" in server else f"https://{server}"
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"{place}: server is https://host:port, found {server!r}")
    return url


def _appears_as(options: AuthOptions, user: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    headers = _impersonation(options, user)
    for value in (one for values in headers.values() for one in (values if isinstance(values, tuple) else (values,))):
        if not value.isprintable():
            raise InputError(f"to appear as {value!r} is not possible: a header takes one line of text")
    return headers


def _impersonation(options: AuthOptions, user: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """The headers of impersonation: what the task names instead of what the kubeconfig does, as ``kubectl --as``."""
    if options.impersonate_groups and not options.impersonate_user:
        raise InputError("impersonate_groups needs impersonate_user: groups alone are nobody")
    if options.impersonate_user:
        return {"Impersonate-User": options.impersonate_user} | (
            {"Impersonate-Group": options.impersonate_groups} if options.impersonate_groups else {}
        )
    if not user.get("as"):
        return {}
    headers: dict[str, str | tuple[str, ...]] = {"Impersonate-User": user["as"]}
    if user.get("as-uid"):
        headers["Impersonate-Uid"] = user["as-uid"]
    if user.get("as-groups"):
        headers["Impersonate-Group"] = tuple(user["as-groups"])
    for key, values in (user.get("as-user-extra") or {}).items():
        headers[f"Impersonate-Extra-{urllib.parse.quote(key.lower(), safe=_IN_HEADERS)}"] = tuple(values)
    return headers


def _proxy(url: str | None, place: str) -> str | None:
    """``url`` where it names a proxy that is spoken to in plain HTTP; the tunnel through it carries the cluster's own TLS."""
    if url and (urllib.parse.urlsplit(url).scheme != "http" or not urllib.parse.urlsplit(url).hostname):
        shown = urllib.parse.urlsplit(url)._replace(netloc=urllib.parse.urlsplit(url).hostname or "").geturl()
        raise InputError(f"{place}: proxies are reached by http://host:port, found {shown!r}")
    return url


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


def _certificate_pair(options: AuthOptions, user: Mapping[str, Any], origin: str) -> tuple[str, str] | None:
    """Certificate and key of the task, or of the kubeconfig: there each may lie in it or in a file, and what lies in it wins."""
    if options.client_cert:
        return _read_pair((options.client_cert, options.client_key))
    certificate, key = _decoded(user, "client-certificate-data", origin), _decoded(user, "client-key-data", origin)
    if not certificate and not user.get("client-certificate"):
        return None
    file, key_file = user.get("client-certificate"), user.get("client-key")
    if certificate is None:
        certificate = _read_pair((file, None))[0]
    if key is None:
        key = _read_pair((key_file, None))[0] if key_file else certificate
    return certificate, key


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
