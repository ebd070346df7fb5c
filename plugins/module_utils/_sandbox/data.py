# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What runs in a sandbox, read from data: tools (binaries), servers (how a tool runs) and clients (who may call)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.errors import InputError
from .._core.suggest import did_you_mean
from .build import Tool

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Server:
    """A server as data. Texts may hold ``{root}``, ``{assets}``, ``{bin}`` and ``{<server>_<port>}``.

    ``ready`` is an http(s) URL that answers 200, or ``tcp:<port>``, within ``ready_within`` seconds. ``files`` are configuration files by
    path below root, ``binaries`` tools to copy there (real files: some servers follow no links). ``hosts`` are the names of its serving
    certificate, signed by ``authority``: the instance's own where it is empty. It runs where one of its ``areas`` is wanted, and all of
    ``only_with`` as well.
    """

    name: str
    tool: str
    arguments: tuple[str, ...]
    ready: str
    areas: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()
    authority: str = ""
    ready_within: float = 30.0
    binaries: tuple[tuple[str, str], ...] = ()
    stop_signal: str = "TERM"
    only_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Client:
    """Who has a kubeconfig ``<name>.kubeconfig``: a user in groups."""

    name: str
    user: str
    groups: tuple[str, ...] = ()


def read_servers(rows: Rows, areas: Sequence[str], further_areas: Iterable[str] = ()) -> list[Server]:
    """The servers of the wanted areas, each behind what it needs. Raises InputError on mistakes in the data.

    ``further_areas`` are known although no server is in them: those of tools.
    """
    servers: dict[str, Server] = {}
    for row in _rows("sandbox_servers", rows, ("name", "tool", "ready"), _OF_SERVERS):
        servers[row["name"]] = Server(
            row["name"],
            row["tool"],
            tuple(map(str, row.get("arguments") or [])),
            row["ready"],
            tuple(row.get("areas") or []),
            tuple(row.get("needs") or []),
            tuple(row.get("ports") or []),
            tuple(sorted((row.get("environment") or {}).items())),
            tuple(sorted((row.get("files") or {}).items())),
            tuple(row.get("hosts") or []),
            row.get("authority") or "",
            float(row.get("ready_within") or 30.0),
            tuple(sorted((row.get("binaries") or {}).items())),
            row.get("stop_signal") or "TERM",
            tuple(row.get("only_with") or []),
        )
    known = {area for server in servers.values() for area in server.areas} | set(further_areas)
    for area in areas:
        if area not in known:
            raise InputError(
                f"sandbox_areas: nothing is in the area {area!r}{did_you_mean(area, known)}; there are {', '.join(sorted(known))}"
            )
    for server in servers.values():
        for area in server.only_with:
            if area not in known:
                raise InputError(f"sandbox_servers: {server.name}: only_with: nothing is in the area {area!r}{did_you_mean(area, known)}")
    ordered: list[Server] = []

    def place(name: str, trail: tuple[str, ...]) -> None:
        if name not in servers:
            raise InputError(f"sandbox_servers: {trail[-1]} needs {name!r}, which is no server{did_you_mean(name, servers)}")
        if name in trail:
            raise InputError(f"sandbox_servers: circle of needs: {' → '.join([*trail, name])}")
        if servers[name] not in ordered:
            for need in servers[name].needs:
                place(need, (*trail, name))
            ordered.append(servers[name])

    for server in servers.values():
        if set(server.areas) & set(areas) and set(server.only_with) <= set(areas):
            place(server.name, ())
    return ordered


def read_tools(rows: Rows, modules: Path, servers: Sequence[Server], areas: Sequence[str]) -> list[Tool]:
    """The tools that the servers run, and those of the wanted areas. ``modules`` holds a folder with go.mod and go.sum for each module.

    A tool without a module is a program of the machine, at ``path``.

    Raises InputError on mistakes in the data.
    """
    checked = _rows("sandbox_tools", rows, ("name",), ("module", "package", "areas", "assets", "ldflags", "path", "tags"))
    names = [row["name"] for row in checked]
    needed: set[str] = set()
    for server in servers:
        for tool in (server.tool, *(tool for _path, tool in server.binaries)):
            if tool not in names:
                raise InputError(f"sandbox_servers: {server.name}: the tool {tool!r} is not in sandbox_tools{did_you_mean(tool, names)}")
            needed.add(tool)
    return [_tool(row, modules) for row in checked if row["name"] in needed or set(areas) & set(row.get("areas") or [])]


def read_clients(rows: Rows, areas: Sequence[str]) -> list[Client]:
    """The clients, without those that are there only with an area that is not wanted. Raises InputError on mistakes in the data."""
    checked = _rows("sandbox_clients", rows, ("name", "user"), ("groups", "only_with"))
    wanted = [row for row in checked if set(row.get("only_with") or []) <= set(areas)]
    return [Client(row["name"], row["user"], tuple(row.get("groups") or [])) for row in wanted]


def areas_of(rows: Rows) -> set[str]:
    """Every area that a row names."""
    return {area for row in rows for area in row.get("areas") or []}


_OF_SERVERS = (
    "areas",
    "needs",
    "ports",
    "arguments",
    "environment",
    "files",
    "hosts",
    "authority",
    "ready_within",
    "binaries",
    "stop_signal",
    "only_with",
)


def _rows(variable: str, rows: Rows, required: Sequence[str], optional: Sequence[str]) -> Rows:
    known = (*required, *optional)
    seen: set[str] = set()
    for number, row in enumerate(rows):
        where = f"{variable}: {row.get('name') or f'row {number + 1}'}"
        for key in row:
            if key not in known:
                raise InputError(f"{where}: unknown key {key!r}{did_you_mean(str(key), known)}")
        for key in required:
            if not row.get(key):
                raise InputError(f"{where}: {key} is missing")
        if row["name"] in seen:
            raise InputError(f"{where}: there are two of this name")
        seen.add(row["name"])
    return rows


def _tool(row: Mapping[str, Any], modules: Path) -> Tool:
    if row.get("path") and "module" not in row:
        return Tool(row["name"], modules, "", path=row["path"])
    for key in ("module", "package"):
        if not row.get(key):
            raise InputError(f"sandbox_tools: {row['name']}: {key} is missing; only a tool with a path needs none")
    folder = modules / row["module"]
    if not (folder / "go.mod").is_file() or not (folder / "go.sum").is_file():
        known = [path.parent.name for path in modules.glob("*/go.mod")]
        raise InputError(f"sandbox_tools: {row['name']}: {folder} has no go.mod and go.sum{did_you_mean(row['module'], known)}")
    assets = row.get("assets") or {}
    return Tool(
        name=row["name"],
        module=folder,
        package=row["package"],
        ldflags=row.get("ldflags") or "",
        tags=row.get("tags") or "",
        path=row.get("path") or "",
        assets_module=assets.get("module") or "",
        assets=tuple(assets.get("files") or ()),
    )
