# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What the server would refuse in the middle of a run, told while planning: from its description, its lists and what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._core.compare import Finding
from .._core.credentials import masked_value
from .._core.schema import show_value
from .._core.suggest import did_you_mean
from .document import Resource
from .fields import Fields
from .kinds import KINDS
from .names import folded
from .server import Server

_ALWAYS = {"auth": {"token"}, "mount": {"database", "identity", "cubbyhole", "system"}}
"""Types that no catalogue names."""


def refusals(server: Server, findings: Sequence[Finding[Resource]]) -> list[str]:
    """Every refusal that can be known, with its place in the document and a cure.

    What has no right form is told first, written or not: compared, it may look like what is there.
    """
    found: list[str] = []
    known = _Known(server, findings)
    for finding in findings:
        place = f"config.{finding.resource.where}"
        fields = KINDS[finding.resource.kind].fields(server, finding.resource)
        if wrong := list(_forms(finding, fields)):
            found += [f"{place}{text}" for text in wrong]
        elif finding.conflict:
            found.append(finding.conflict)
        elif finding.change is not None and finding.writes and finding.resource.where:
            found += [f"{place}{text}" for text in (*_open_secrets(finding, fields), *_of_one(finding, known))]
    return found


class _Known:
    """What there will be when everything declared is written."""

    def __init__(self, server: Server, findings: Sequence[Finding[Resource]]) -> None:
        self.server = server
        declared = [finding.resource for finding in findings]
        self.auths = {*server.auths, *(one.path.removeprefix("sys/auth/") for one in declared if one.kind == "auth")}
        self.mounts = {*server.mounts, *(one.path.removeprefix("sys/mounts/") for one in declared if one.kind == "mount")}
        self.names = {
            kind: {
                *(folded(f"identity/{kind}/name/{name}") for name in server.ids[kind]),
                *(folded(one.path) for one in declared if one.kind == kind),
            }
            for kind in ("entity", "group")
        }
        self.plugins = {
            (one.path.split("/")[3], one.path.split("/", 4)[4]) for one in declared if one.kind == "plugin" and one.body is not None
        }

    def types(self, kind: str) -> set[str]:
        """Types of plugins of a kind, ``auth``, ``secret`` or ``database``; empty where nobody can say."""
        listed = self.server.plugins()[kind]
        return {*listed, *(name for of, name in self.plugins if of == kind)} if listed else set()


def _of_one(finding: Finding[Resource], known: _Known) -> Iterator[str]:
    resource, body = finding.resource, finding.body
    if resource.kind in ("mount", "auth"):
        yield from _mount(finding, known)
    elif resource.kind == "connection" and body.get("plugin_name"):
        types = known.types("database")
        if types and str(body["plugin_name"]) not in types:
            cure = did_you_mean(str(body["plugin_name"]), types)
            yield f".plugin_name: this server has no {body['plugin_name']}; it has {', '.join(sorted(types))}{cure}"
    elif resource.kind in ("entity", "group"):
        yield from _identity(resource.kind, body, known)
    elif resource.kind == "issuer" and finding.live is None and body.get("type") == "intermediate":
        signer = str(body["signed_by"]).partition("/issuer/")[0]
        if signer not in known.mounts:
            yield f".signed_by: there is no mount {signer}{did_you_mean(signer, known.mounts)}"
    elif resource.path.startswith("sys/quotas/"):
        kind = resource.path.split("/")[2]
        if body.get("type", kind) != kind:
            yield f".type: found {show_value(body['type'])}, which the server passes over; allowed: {kind}"
        yield from _quota(body, known)


def _forms(finding: Finding[Resource], fields: Fields) -> Iterator[str]:
    """Values that the server cannot read as what they are to be."""
    for name, value in finding.body.items():
        if allowed := fields.refusal(name, value):
            shown = "a secret that is none" if name in finding.resource.secrets else show_value(masked_value(value))
            yield f".{name}: found {shown}; allowed: {allowed}"


def _open_secrets(finding: Finding[Resource], fields: Fields) -> Iterator[str]:
    for name, value in finding.body.items():
        text = isinstance(value, (str, int)) and not isinstance(value, bool)
        if value and text and fields.sensitive(name) and name not in finding.resource.secrets:
            yield f'.{name} is a secret, says the server, and stands there as text; name where it is: {{reference: "env:NAME"}}'


def _mount(finding: Finding[Resource], known: _Known) -> Iterator[str]:
    resource, server = finding.resource, known.server
    section, kind = ("auth", "auth") if resource.kind == "auth" else ("mounts", "secret")
    path = resource.path.removeprefix(f"sys/{section}/")
    if finding.live is None:
        types = known.types(kind)
        wanted = str(finding.body.get("type"))
        in_use = {str(row.get("type")) for row in (server.auths if kind == "auth" else server.mounts).values()}
        if types and wanted not in types | in_use | _ALWAYS[resource.kind]:
            yield f".type: this server has no {wanted}; it has {', '.join(sorted(types))}{did_you_mean(wanted, types)}"
        others = known.auths if kind == "auth" else known.mounts
        for other in sorted(others - {path}):
            if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                yield f": a mount cannot lie below another; there is {other}"
    elif "options" in finding.changed:
        have = str((finding.live.get("options") or {}).get("version") or "1")
        want = str((finding.body.get("options") or {}).get("version") or "1")
        if finding.body.get("type", "kv") == "kv" and (have, want) == ("2", "1"):
            yield ".options.version: an engine of version 2 cannot become one of version 1; take another path"


def _identity(kind: str, body: Mapping[str, Any], known: _Known) -> Iterator[str]:
    mounts = {**body.get("aliases", {}), **({body["alias"]["mount"]: ""} if body.get("alias") else {})}
    for mount in mounts:
        if mount not in known.auths:
            yield f": there is no auth method {mount} to tie an alias to; there are {', '.join(sorted(known.auths))}{did_you_mean(mount, known.auths)}"
    for of, key in (("entity", "member_entities"), ("group", "member_groups")):
        for name in body.get(key) or ():
            if folded(f"identity/{of}/name/{name}") not in known.names[of]:
                names = [path.removeprefix(f"identity/{of}/name/") for path in known.names[of]]
                yield f".{key}: there is no {of} {name!r} that could be a member{did_you_mean(name, names)}"


def _quota(body: Mapping[str, Any], known: _Known) -> Iterator[str]:
    path = str(body.get("path") or "").strip("/")
    mounts = {*known.mounts, *(f"auth/{name}" for name in known.auths), "sys", "identity", "cubbyhole"}
    if path and known.server.mounts and not any(f"{path}/".startswith(f"{mount}/") for mount in mounts):
        yield f".path: there is no mount {path}{did_you_mean(path, mounts)}"
