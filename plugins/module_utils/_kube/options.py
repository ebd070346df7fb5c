# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The options of ``kube_apply`` and ``kube_verify``: one specification for both faces, and what they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.errors import InputError
from .._core.guards import GUARD_SPEC, OWNER_SPEC, PRUNE_SPEC, guards_of
from .._core.suggest import did_you_mean
from .declare.store import documents_of, read_store
from .form.documents import Document, Loaded, flatten, load_paths, load_text
from .form.kinds import Ref, split_version
from .form.tools import managers_of, taken_from
from .resolve.requests import Administered, ReconcileRequest
from .resolve.wanted import HandedOver, SetInput
from .wire.auth import AuthOptions
from .words import ANSWERS, named_object, refuse_words

_PREFIX = "K8S_AUTH_"
AUTH_SPEC: dict[str, Any] = {
    "kubeconfig": {"type": "raw"},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
    "client_cert": {"type": "path", "aliases": ["cert_file"]},
    "client_key": {"type": "path", "aliases": ["key_file"], "no_log": False},
    "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
    "proxy": {"type": "str"},
    "impersonate_user": {"type": "str"},
    "impersonate_groups": {"type": "list", "elements": "str"},
}
_SET_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "moved_from": {"type": "str"},
}
_DOCUMENTS: dict[str, Any] = {
    "definition": {"type": "raw", "aliases": ["resource_definition", "inline"]},
    "src": {"type": "list", "elements": "path"},
    "template": {"type": "list", "elements": "raw"},
    "rendered": {"type": "dict"},
}
APPLY_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    **_DOCUMENTS,
    **OWNER_SPEC,
    **GUARD_SPEC,
    **PRUNE_SPEC,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "api_version": {"type": "str", "aliases": ["api", "version"]},
    "kind": {"type": "str"},
    "name": {"type": "str"},
    "apply": {"type": "bool"},
    "remote_src": {"type": "bool", "default": False},
    "namespace": {"type": "str"},
    "apply_set": {"type": "dict", "options": _SET_SPEC},
    "sets": {
        "type": "list",
        "elements": "dict",
        "options": {**_SET_SPEC, **_DOCUMENTS, "handed_over": {"type": "list", "elements": "dict"}},
    },
    "vault": {"type": "dict"},
    "store": {"type": "path"},
    "expected_sets": {"type": "list", "elements": "str"},
    "apply_sets": {"type": "list", "elements": "str"},
    "known_sets": {"type": "list", "elements": "str"},
    "remove_sets": {"type": "list", "elements": "str"},
    "identity": {"type": "str"},
    "empty_sets": {"type": "list", "elements": "str", "default": []},
    "renamed": {"type": "dict", "default": {}},
    "force_conflicts": {"type": "raw", "default": False},
    "conflicts": {"type": "str", "choices": ["refuse", "leave"], "default": "refuse"},
    "foreign": {"type": "str", "choices": ["ignore", "report"], "default": "ignore"},
    "remove_foreign": {"type": "list", "elements": "str", "default": []},
    "on_immutable": {"type": "str", "choices": ["fail", "replace"], "default": "fail"},
    "replace_kinds": {"type": "list", "elements": "str", "default": []},
    "adopt": {"type": "list", "elements": "str", "default": []},
    "adopt_from": {"type": "list", "elements": "str", "default": []},
    "retire_releases": {"type": "bool", "default": False},
    "verify": {"type": "str", "choices": ["recorded", "full"], "default": "recorded"},
    "digest_key": {"type": "str", "no_log": True},
    "lock": {"type": "bool", "default": False},
    "run": {"type": "str", "default": ""},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
    "concurrency": {"type": "int", "default": 16},
    "return_objects": {"type": "bool", "default": False},
    "administered": {
        "type": "dict",
        "options": {
            "sets": {"type": "list", "elements": "str", "default": []},
            "command": {"type": "str", "default": ""},
            "refuse": {"type": "bool", "default": True},
        },
    },
}
VERIFY_SPEC: dict[str, Any] = {
    **AUTH_SPEC,
    "store": {"type": "path"},
    "sets": {"type": "list", "elements": "str"},
    "expectations": {"type": "list", "elements": "dict"},
    "wait_timeout": {"type": "int", "default": 0},
}
Params = Mapping[str, Any]
_TARGETS = ("kubeconfig", "context", "host")
"""The options that say which cluster is meant."""
_NO_WORDS = ("USERNAME", "PASSWORD", "NO_PROXY", "PROXY_HEADERS")
"""Variables of kubernetes.core that mean nothing here."""


def auth_options(params: Params, environment: Mapping[str, str]) -> AuthOptions:
    """Who we are and where: all by the task, or all by K8S_AUTH_<OPTION>. Nothing of the one is mixed into the other: a token must not
    go to a cluster that somebody else named, nor a cluster's changes to another one. Raises InputError.
    """
    named = {name: params[name] for name in AUTH_SPEC if params.get(name) not in (None, "", [])}
    said = {
        name: (variable, environment[variable])
        for name, option in AUTH_SPEC.items()
        for variable in reversed([f"{_PREFIX}{word.upper()}" for word in (name, *option.get("aliases", ()))])
        if environment.get(variable)
    }
    targets = [said[name][0] for name in _TARGETS if name in said]
    if named and targets and not any(name in named for name in _TARGETS):
        raise InputError(
            f"the task names {', '.join(named)} and the environment {targets[0]}: nothing of both is mixed. "
            "Name the cluster in the task (kubeconfig, context or host), or all of it in the environment"
        )
    values = named
    if not named:
        values = {name: value for name, (_variable, value) in said.items()}
        meant = [word for word in _NO_WORDS if environment.get(_PREFIX + word)]
        if meant and values:
            raise InputError(f"{_PREFIX}{meant[0]} cannot be honoured: {ANSWERS[meant[0].lower()]}")
    if values.get("host") and (values.get("kubeconfig") or values.get("context")):
        where = "the task" if named else "the environment"
        raise InputError(f"{where} names host and {'kubeconfig' if values.get('kubeconfig') else 'context'}: two clusters; name one")
    checked, groups = values.get("validate_certs"), values.get("impersonate_groups") or ()
    left_out = f"; the task names {', '.join(named)}, so {', '.join(targets)} was not looked at" if named and targets else ""
    return AuthOptions(
        **{name: values.get(name) for name in AUTH_SPEC if name not in ("validate_certs", "impersonate_groups")},
        validate_certs=checked if isinstance(checked, bool) or checked is None else str(checked).lower() not in ("0", "false", "no", "off"),
        impersonate_groups=tuple(groups.split(",") if isinstance(groups, str) else groups),
        environment=environment,
        left_out=left_out,
    )


def apply_request(params: Params, check_mode: bool) -> ReconcileRequest:
    """The request that the options of one task make. Raises InputError."""
    refuse_words(params)
    guards = guards_of(params, APPLY_SPEC)
    key = params.get("digest_key")
    names = params.get("apply_sets")
    sets = _sets(params)
    taken = taken_from(params["adopt_from"])
    if params["retire_releases"] and not any(one.name for one in taken):
        raise InputError("retire_releases: name the releases, adopt_from: [helm:<namespace>/<release>]")
    _known(names, sets, "apply_sets")
    return ReconcileRequest(
        sets=sets,
        owner=params["owner"],
        check_mode=check_mode,
        absent=params.get("state") == "absent",
        apply_sets=None if names is None else frozenset(names),
        known_sets=frozenset(params.get("known_sets") or ()),
        remove_sets=frozenset(params.get("remove_sets") or ()),
        empty_sets=frozenset(params.get("empty_sets") or ()),
        renamed={str(former): str(now) for former, now in params["renamed"].items()},
        force_conflicts=_force(params.get("force_conflicts")),
        conflicts=params["conflicts"],
        foreign=params["foreign"],
        remove_foreign=tuple(params["remove_foreign"]),
        on_immutable=params["on_immutable"],
        replace_kinds=list(params["replace_kinds"]),
        adopt=(*params["adopt"], *managers_of(taken)),
        adopt_from=tuple(taken),
        retire_releases=params["retire_releases"],
        verify=params["verify"],
        digest_key=key.encode() if key else None,
        wait=params["wait"],
        wait_timeout=float(params["wait_timeout"]),
        lock=params["lock"],
        run=params["run"],
        identity=params.get("identity") or "",
        default_namespace=params.get("namespace"),
        return_objects=params["return_objects"],
        administered=_administered(params.get("administered") or {}),
        **guards,
    )


def expectation_rows(params: Params) -> list[tuple[Any, str]]:
    """(expectation, source) pairs of a kube_verify task. Raises InputError."""
    rows: list[tuple[Any, str]] = [
        (item, f"expectations[{number}]") for number, item in enumerate(params.get("expectations") or [], start=1)
    ]
    if params.get("store"):
        wanted = params.get("sets")
        for content in read_store(params["store"], wanted or ()):
            if wanted is None or content["set"] in wanted:
                rows += [(item, f"set {content['set']}") for item in content.get("expectations") or []]
    elif params.get("sets"):
        raise InputError("sets names sets of a store; give store as well")
    return rows


def _administered(given: Params) -> Administered:
    return Administered(frozenset(given.get("sets") or ()), given.get("command") or "", bool(given.get("refuse", True)))


def _sets(params: Params) -> list[SetInput]:
    ways = [name for name in ("sets", "store") if params.get(name)]
    single = any(params.get(name) is not None for name in _DOCUMENTS)
    named = named_object(params)
    if len(ways) + single + bool(named) != 1:
        raise InputError(
            "give the documents in exactly one way: definition, src or template; sets; or store; or api_version, kind and name"
        )
    if params.get("store"):
        return [
            SetInput(
                content["set"],
                content["namespace"],
                documents_of(content),
                [_handed_over(item, f"set {content['set']}") for item in content.get("handed_over") or []],
                reasons=content.get("reasons") or {},
            )
            for content in read_store(params["store"], params.get("expected_sets") or ())
        ]
    if params.get("sets"):
        return [
            _set(one, one, [_handed_over(item, f"set {one['name']}") for item in one.get("handed_over") or []]) for one in params["sets"]
        ]
    of = params.get("apply_set") or {}
    if not of and (params.get("prune") or {}).get("mode", "none") not in (None, "none"):
        raise InputError("prune needs apply_set: without a name there is no record of what belongs to it")
    found = _set(of, params if named is None else {"definition": named}, [])
    if not found.documents and (not of or found.name not in (params.get("empty_sets") or ())):
        cure = f"; where set {found.name} is meant to hold nothing, name it in empty_sets" if of else ""
        raise InputError(f"there is nothing to apply: {'; '.join(found.empty)}{cure}")
    return [found]


def _set(named: Mapping[str, Any], params: Params, handed_over: list[HandedOver]) -> SetInput:
    loaded = _documents(params)
    name, namespace, before = (named.get(key) or "" for key in ("name", "namespace", "moved_from"))
    return SetInput(name, namespace, loaded.documents, handed_over, loaded.empty, moved_from=before)


def _documents(params: Params) -> Loaded:
    if params.get("template"):
        raise InputError("template is rendered on the controller: use the action gantry.platform.kube_apply by its full name, or src")
    loaded = load_paths(params.get("src") or [])
    for word in ("src", "template"):
        if params.get(word) == []:
            loaded.add([], word, "names no file")
    if params.get("definition") is not None:
        loaded.add(_given(params["definition"], "definition"), "definition", "holds no object")
    rendered = params.get("rendered") or {}
    for document, source in zip(rendered.get("documents") or [], rendered.get("sources") or [], strict=True):
        loaded.documents += flatten(document, source)
    loaded.empty += rendered.get("empty") or []
    return loaded


def _given(item: Any, where: str) -> list[tuple[Document, str]]:
    if isinstance(item, str):
        return load_text(item, where)
    if isinstance(item, list):
        return [pair for number, part in enumerate(item, start=1) for pair in _given(part, f"{where}[{number}]")]
    return flatten(item, where)


def _handed_over(item: Mapping[str, Any], source: str) -> HandedOver:
    try:
        group, _version = split_version(item["api_version"])
        ref = Ref(group, item["kind"], item.get("namespace") or "", item["name"])
        return HandedOver(ref, tuple(str(item["path"]).split(".")), item.get("seed"), str(item.get("reason") or ""))
    except KeyError as error:
        raise InputError(
            f"{source}: handed_over: {error.args[0]} is missing; it takes api_version, kind, namespace, name, path, seed, reason"
        ) from error


def _force(value: Any) -> bool | tuple[str, ...]:
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.lower() in ("true", "yes", "false", "no"):
        return value.lower() in ("true", "yes")
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise InputError(f"force_conflicts is true, false or a list of field managers, found {value!r}")


def _known(names: Iterable[str] | None, sets: Iterable[SetInput], option: str) -> None:
    have = {one.name for one in sets}
    missing = sorted(set(names or ()) - have)
    if missing:
        known = ", ".join(sorted(have)) or "none"
        raise InputError(f"{option}: no set is called {missing[0]!r}; there are {known}{did_you_mean(missing[0], have)}")
