# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A kubeconfig as client-go reads it: several files are one, and each field of it is honoured or refused by its name, never passed over.

The format is Kubernetes' ``client.config.k8s.io/v1``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._core.errors import InputError
from ..._core.suggest import did_you_mean
from ..._core.text import read_text
from ..form.yaml import load_yaml

_FILES = {"clusters": ("certificate-authority",), "users": ("client-certificate", "client-key", "tokenFile")}
_SINGULAR = {"clusters": "cluster", "contexts": "context", "users": "user"}
_TEXT, _YES, _TEXTS, _LISTS, _PART, _ANY = "a text", "true or false", "a list of texts", "a mapping to lists of texts", "a mapping", ""
_FIELDS: dict[str, dict[str, str]] = {
    "clusters": {
        "server": _TEXT,
        "tls-server-name": _TEXT,
        "insecure-skip-tls-verify": _YES,
        "certificate-authority": _TEXT,
        "certificate-authority-data": _TEXT,
        "proxy-url": _TEXT,
        "disable-compression": _YES,
        "extensions": _ANY,
    },
    "contexts": {"cluster": _TEXT, "user": _TEXT, "namespace": _TEXT, "extensions": _ANY},
    "users": {
        "client-certificate": _TEXT,
        "client-certificate-data": _TEXT,
        "client-key": _TEXT,
        "client-key-data": _TEXT,
        "token": _TEXT,
        "tokenFile": _TEXT,
        "as": _TEXT,
        "as-uid": _TEXT,
        "as-groups": _TEXTS,
        "as-user-extra": _LISTS,
        "username": _TEXT,
        "password": _TEXT,
        "auth-provider": _PART,
        "exec": _PART,
        "extensions": _ANY,
    },
}
_REFUSED = {
    "auth-provider": "client-go has given these up; write exec with the provider's plugin",
    "username": "apiservers take no passwords; write token, a client certificate or exec",
    "password": "apiservers take no passwords; write token, a client certificate or exec",
}
_PLUGIN = ("apiVersion", "command", "args", "env", "installHint", "provideClusterInfo", "interactiveMode")
_PLUGIN_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


@dataclass(frozen=True)
class Chosen:
    """One context of a kubeconfig with all that it names. ``place`` is the kubeconfig, ``cluster_name`` the cluster's name in it."""

    place: str
    cluster_name: str
    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    namespace: str | None


def load_kubeconfig(given: str | Mapping[str, Any] | None, environment: Mapping[str, str]) -> tuple[Mapping[str, Any] | None, str]:
    """The kubeconfig and where it is from, none where there is none: as given, of KUBECONFIG, or ~/.kube/config.

    Of several files the first that has a name wins. Paths in a file are from its own folder.
    """
    if isinstance(given, Mapping):
        return _from_folder(given, os.getcwd(), "the given kubeconfig"), "the given kubeconfig"
    paths = given or environment.get("KUBECONFIG") or os.path.expanduser("~/.kube/config")
    found: dict[str, Any] | None = None
    origin = paths
    for path in (os.path.expanduser(part) for part in paths.split(os.pathsep) if part):
        if not os.path.exists(path):
            if given:
                raise InputError(f"the kubeconfig {path} does not exist")
            continue
        content = load_yaml(read_text(path), path)
        if not isinstance(content, dict):
            raise InputError(f"{path} is not a kubeconfig: it holds no mapping")
        content = _from_folder(content, os.path.dirname(os.path.abspath(path)), path)
        if found is None:
            found, origin = content, path
            continue
        for key in _SINGULAR:
            found[key] = [*(found.get(key) or []), *(content.get(key) or [])]
        found["current-context"] = found.get("current-context") or content.get("current-context")
    return found, origin


def choose(config: Mapping[str, Any], origin: str, name: str | None) -> Chosen:
    """The context ``name``, the current one without a name, or the only one. Raises InputError that names what is wrong and where."""
    contexts = _named(config, "contexts")
    name = name or config.get("current-context")
    if not name and len(contexts) == 1:
        name = next(iter(contexts))
    if name not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        raise InputError(f"{origin}: there is no context {name!r}; it has: {known}{did_you_mean(name or '', contexts)}")
    context = _checked(contexts[name], "contexts", f"{origin}: context {name!r}")
    cluster = _member(config, origin, "clusters", context.get("cluster"), name)
    if not cluster.get("server"):
        raise InputError(f"{origin}: the cluster {context['cluster']!r} has no server")
    if cluster.get("insecure-skip-tls-verify") and (cluster.get("certificate-authority") or cluster.get("certificate-authority-data")):
        raise InputError(f"{origin}: the cluster {context['cluster']!r} has an authority and insecure-skip-tls-verify; remove one of them")
    user = _member(config, origin, "users", context.get("user"), name) if context.get("user") else {}
    place = f"{origin}: the user {context.get('user')!r}"
    for key, cure in _REFUSED.items():
        if user.get(key):
            raise InputError(f"{place} has {key}: {cure}")
    if not user.get("as") and (user.get("as-uid") or user.get("as-groups") or user.get("as-user-extra")):
        raise InputError(f"{place} has groups, a uid or extras to appear with, and nobody to appear as; write as")
    if user.get("exec"):
        _check_plugin(user["exec"], place)
    return Chosen(origin, context["cluster"], cluster, user, context.get("namespace") or None)


def plugin_cluster(chosen: Chosen) -> dict[str, Any]:
    """What an exec plugin that asks for it is told about the cluster."""
    cluster = chosen.cluster
    told: dict[str, Any] = {"server": cluster["server"]}
    for key in ("tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url", "disable-compression"):
        if cluster.get(key):
            told[key] = cluster[key]
    for extension in cluster.get("extensions") or []:
        if extension.get("name") == "client.authentication.k8s.io/exec":
            told["config"] = extension.get("extension")
    return told


def _check_plugin(plugin: Mapping[str, Any], place: str) -> None:
    if not plugin.get("command"):
        raise InputError(f"{place}: the exec plugin has no command")
    _refuse_misspelt(plugin, _PLUGIN, f"{place}: exec")
    version = plugin.get("apiVersion")
    if version not in _PLUGIN_VERSIONS:
        raise InputError(f"{place}: exec has the apiVersion {version!r}; it can be {' or '.join(_PLUGIN_VERSIONS)}")
    if plugin.get("interactiveMode") == "Always":
        raise InputError(f"{place}: the exec plugin asks at a terminal (interactiveMode: Always), and a run has none; use another identity")
    if plugin.get("interactiveMode") not in (None, "Never", "IfAvailable"):
        raise InputError(f"{place}: exec has the interactiveMode {plugin['interactiveMode']!r}; it can be Never or IfAvailable")
    for row in plugin.get("env") or []:
        if not isinstance(row, Mapping) or not isinstance(row.get("name"), str) or not isinstance(row.get("value"), str):
            raise InputError(f"{place}: exec: each row of env has a name and a value, both texts")


def _from_folder(config: Mapping[str, Any], folder: str, origin: str) -> dict[str, Any]:
    """The kubeconfig with its paths made whole."""
    whole = dict(config)
    for plural, keys in _FILES.items():
        rows = config.get(plural) or []
        if not isinstance(rows, list):
            raise InputError(f"{origin}: {plural} is a list of mappings, found {type(rows).__name__}")
        singular = _SINGULAR[plural]
        whole[plural] = [
            {**row, singular: _whole(row[singular], keys, folder)}
            if isinstance(row, Mapping) and isinstance(row.get(singular), Mapping)
            else row
            for row in rows
        ]
    return whole


def _whole(member: Mapping[str, Any], keys: tuple[str, ...], folder: str) -> dict[str, Any]:
    found = dict(member)
    for key in keys:
        if isinstance(found.get(key), str) and found[key]:
            found[key] = os.path.join(folder, found[key])
    plugin = found.get("exec")
    if isinstance(plugin, Mapping) and isinstance(plugin.get("command"), str) and "/" in plugin["command"]:
        found["exec"] = {**plugin, "command": os.path.join(folder, plugin["command"])}
    return found


def _named(config: Mapping[str, Any], plural: str) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for item in config.get(plural) or []:
        if isinstance(item, Mapping) and item.get("name"):
            named.setdefault(item["name"], item.get(_SINGULAR[plural]) or {})
    return named


def _member(config: Mapping[str, Any], origin: str, plural: str, name: str | None, context: str) -> Mapping[str, Any]:
    members, singular = _named(config, plural), _SINGULAR[plural]
    if name not in members:
        raise InputError(f"{origin}: context {context!r} names the {singular} {name!r}, which is not among its {plural}")
    return _checked(members[name], plural, f"{origin}: the {singular} {name!r}")


def _checked(member: Any, plural: str, place: str) -> Mapping[str, Any]:
    """The member, each of its fields of the form that client-go wants."""
    if not isinstance(member, Mapping):
        raise InputError(f"{place} is a mapping, found {type(member).__name__}")
    fields = _FIELDS[plural]
    _refuse_misspelt(member, fields, place)
    for key, form in fields.items():
        value = member.get(key)
        if value is not None and not _has_form(value, form):
            raise InputError(f"{place}: {key} is {form}, found {type(value).__name__}; a text that looks like something else needs quotes")
    return member


def _refuse_misspelt(member: Mapping[str, Any], known: Any, place: str) -> None:
    """A key that nobody knows is somebody's own; one that is nearly known was meant."""
    for key in member:
        hint = did_you_mean(str(key), known) if key not in known else ""
        if hint:
            raise InputError(f"{place}: unknown key {key!r}{hint}")


def _has_form(value: Any, form: str) -> bool:
    def texts(given: Any) -> bool:
        return isinstance(given, list) and all(isinstance(item, str) for item in given)

    if form == _LISTS:
        return isinstance(value, Mapping) and all(texts(item) for item in value.values())
    kinds: dict[str, Any] = {_TEXT: str, _YES: bool, _PART: Mapping}
    return texts(value) if form == _TEXTS else form == _ANY or isinstance(value, kinds[form])
