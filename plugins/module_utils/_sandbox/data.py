# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What can run in a sandbox, read from files: tools (binaries), servers (how a tool runs), clients (who may call), what is simulated.

A folder of definitions holds ``servers/*.yml``, the Go modules of its tools as ``modules/<name>/go.{mod,sum}``, programs and
texts of its own below ``files/``, and as ``tasks/started/<file>.yml`` what is done once the servers of ``servers/<file>.yml`` were started.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._core.errors import InputError
from .._core.suggest import did_you_mean
from .build import Tool

try:
    import yaml
except ImportError as error:  # Ansible itself needs it; only a check of imports runs without
    MISSING: ImportError | None = error
else:
    MISSING = None

PYTHON = "python"
"""The tool that needs no row: the Python that runs this."""
_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tools": (("module", "package"), ("areas", "assets", "ldflags", "tags", "takes")),
    "servers": (
        ("tool", "ready"),
        (
            "areas",
            "needs",
            "ports",
            "arguments",
            "environment",
            "files",
            "copies",
            "hosts",
            "authority",
            "serves",
            "binaries",
            "stop_signal",
            "only_with",
            "packages",
        ),
    ),
    "clients": (("user",), ("groups", "only_with")),
}
"""Kind → keys that a row must have, and may have."""
_LISTS = ("simulated", "expectations")
_MAPPINGS = ("access", "adds")


@dataclass(frozen=True)
class Server:
    """A server as data. Texts may hold ``{root}``, ``{assets}``, ``{bin}``, ``{files}``, ``{<server>_<port>}`` and the caller's places.

    ``ready`` is an http(s) URL that answers 200, or ``tcp:<port>``; ``serves`` is what answers once all is done that comes after its
    start, ``ready`` where it is empty. ``files`` are configuration files by path below root, ``copies`` files that are joined there as they
    are, ``binaries`` tools to copy there (real files: some servers follow no links). ``hosts`` are the names of its serving certificate,
    signed by ``authority``: the instance's own where it is empty. It runs where one of its ``areas`` is wanted, and all of ``only_with`` as
    well. ``packages`` are what it needs of Python besides the sandbox itself, by module and the name under which pip knows that.
    ``own_files`` is the folder that ``{files}`` means.
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
    copies: tuple[tuple[str, tuple[Path, ...]], ...] = ()
    hosts: tuple[str, ...] = ()
    authority: str = ""
    serves: str = ""
    binaries: tuple[tuple[str, str], ...] = ()
    stop_signal: str = "TERM"
    only_with: tuple[str, ...] = ()
    packages: tuple[tuple[str, str], ...] = ()
    own_files: Path = Path()


@dataclass(frozen=True)
class Client:
    """Who has a kubeconfig ``<name>.kubeconfig``: a user in groups."""

    name: str
    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    """One row of a file, and where it stands."""

    name: str
    body: Mapping[str, Any]
    file: Path
    where: str

    def folder(self, name: str) -> Path:
        return self.file.parent.parent / name


@dataclass(frozen=True)
class Selection:
    """What the wanted areas come to: servers, each behind what it needs, their tools, clients, and what to say and to ask of them.

    ``access`` are texts by what each is about; ``tasks`` the files of tasks for when the servers were started.
    """

    servers: list[Server]
    tools: list[Tool]
    clients: list[Client]
    simulated: list[str]
    expectations: list[dict[str, Any]]
    access: dict[str, str]
    tasks: list[Path]


@dataclass
class Definitions:
    """Every row of the files of some folders, by kind and name. Raises InputError on mistakes in them."""

    folders: Sequence[Path]
    _rows: dict[str, dict[str, _Row]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    _lists: dict[str, dict[Path, list[Any]]] = field(default_factory=lambda: {kind: {} for kind in _LISTS})
    _mappings: dict[str, dict[Path, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in _MAPPINGS})

    def __post_init__(self) -> None:
        for folder in self.folders:
            files = sorted((folder / "servers").glob("*.yml"))
            if not files:
                raise InputError(f"definitions: {folder} has no servers/*.yml")
            for file in files:
                self._read(file)

    def _read(self, file: Path) -> None:
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: it is no YAML: {error}") from error
        known = (*_KINDS, *_LISTS, *_MAPPINGS)
        for kind, found in content.items():
            if kind not in known:
                raise InputError(f"{file.name}: unknown key {kind!r}{did_you_mean(str(kind), known)}")
            if kind in _LISTS:
                self._lists[kind][file] = list(found)
                continue
            if kind in _MAPPINGS:
                self._mappings[kind][file] = dict(found)
                continue
            for name, body in found.items():
                self._add(kind, _Row(name, body or {}, file, f"{file.name}: {kind}.{name}"))

    def _add(self, kind: str, row: _Row) -> None:
        required, optional = _KINDS[kind]
        known = (*required, *optional)
        for key in row.body:
            if key not in known:
                raise InputError(f"{row.where}: unknown key {key!r}{did_you_mean(str(key), known)}")
        for key in required:
            if not row.body.get(key):
                raise InputError(f"{row.where}: {key} is missing")
        other = self._rows[kind].setdefault(row.name, row)
        if other is not row:
            raise InputError(f"{row.where}: there is one of this name in {other.file.name}")

    @property
    def areas(self) -> set[str]:
        """Every area in which something is."""
        rows = (*self._rows["servers"].values(), *self._rows["tools"].values())
        return {area for row in rows for area in row.body.get("areas") or []}

    def select(self, areas: Sequence[str], only: Iterable[str] = (), binaries: Mapping[str, str] | None = None) -> Selection:
        """What runs for these areas, or of that only the named servers. ``binaries`` are programs of the machine to use for tools."""
        known = self.areas
        for area in areas:
            if area not in known:
                raise InputError(f"areas: nothing is in the area {area!r}{did_you_mean(area, known)}; there are {', '.join(sorted(known))}")
        for row in self._rows["servers"].values():
            for area in row.body.get("only_with") or []:
                if area not in known:
                    raise InputError(f"{row.where}: only_with: nothing is in the area {area!r}{did_you_mean(area, known)}")
        chosen = self._ordered(areas)
        wanted = set(only)
        if unknown := sorted(wanted - set(self._rows["servers"])):
            raise InputError(f"only: there is no server {unknown[0]!r}{did_you_mean(unknown[0], self._rows['servers'])}")
        chosen = [row for row in chosen if not wanted or row.name in wanted]
        files = [*dict.fromkeys(row.file for row in chosen)]
        clients = [row for row in self._rows["clients"].values() if set(row.body.get("only_with") or []) <= set(areas)]
        added = self._added(files)
        return Selection(
            [_server(row, added.get(row.name, {})) for row in chosen],
            self._tools(chosen, areas, binaries or {}),
            [Client(row.name, row.body["user"], tuple(row.body.get("groups") or [])) for row in clients],
            [text for file in files for text in self._lists["simulated"].get(file, [])],
            [dict(one) for file in files for one in self._lists["expectations"].get(file, [])],
            {name: str(text) for file in files for name, text in self._mappings["access"].get(file, {}).items()},
            [path for file in files if (path := file.parent.parent / "tasks" / "started" / file.name).is_file()],
        )

    def _added(self, files: Sequence[Path]) -> dict[str, dict[str, list[Path]]]:
        """What these files add to the copies of other files' servers: server → path → texts."""
        servers = self._rows["servers"]
        found: dict[str, dict[str, list[Path]]] = {}
        for file in files:
            for name, copies in self._mappings["adds"].get(file, {}).items():
                where = f"{file.name}: adds.{name}"
                if name not in servers:
                    raise InputError(f"{where}: there is no server {name!r}{did_you_mean(name, servers)}")
                joined = servers[name].body.get("copies") or {}
                for path, texts in copies.items():
                    if path not in joined:
                        raise InputError(f"{where}: {path!r} is none of its copies{did_you_mean(path, joined)}")
                    found.setdefault(name, {}).setdefault(path, []).extend(_texts(file, f"{where}.{path}", texts))
        return found

    def _ordered(self, areas: Sequence[str]) -> list[_Row]:
        servers = self._rows["servers"]
        ordered: list[_Row] = []

        def place(name: str, trail: tuple[str, ...]) -> None:
            if name not in servers:
                raise InputError(f"{servers[trail[-1]].where} needs {name!r}, which is no server{did_you_mean(name, servers)}")
            if name in trail:
                raise InputError(f"{servers[name].where}: circle of needs: {' → '.join([*trail, name])}")
            if servers[name] not in ordered:
                for need in servers[name].body.get("needs") or []:
                    place(need, (*trail, name))
                ordered.append(servers[name])

        for name, row in servers.items():
            if set(row.body.get("areas") or []) & set(areas) and set(row.body.get("only_with") or []) <= set(areas):
                place(name, ())
        return ordered

    def _tools(self, servers: Sequence[_Row], areas: Sequence[str], binaries: Mapping[str, str]) -> list[Tool]:
        rows = self._rows["tools"]
        needed: set[str] = set()
        for server in servers:
            for tool in (server.body["tool"], *(server.body.get("binaries") or {}).values()):
                if tool not in rows and tool != PYTHON:
                    raise InputError(f"{server.where}: {tool!r} is no tool{did_you_mean(tool, [*rows, PYTHON])}")
                needed.add(tool)
        found = [
            _tool(row, binaries.get(row.name) or "")
            for row in rows.values()
            if row.name in needed or set(areas) & set(row.body.get("areas") or [])
        ]
        return [*found, Tool(PYTHON, Path(), "", path=sys.executable)] if PYTHON in needed else found

    def tool(self, name: str) -> Tool:
        """One tool by its name."""
        return _tool(self._rows["tools"][name], "")


def _texts(definition: Path, where: str, names: Sequence[str]) -> list[Path]:
    """Files beside a file of definitions."""
    found = [definition.parent.parent / "files" / name for name in names]
    for file in found:
        if not file.is_file():
            raise InputError(f"{where}: {file} does not exist")
    return found


def _server(row: _Row, added: Mapping[str, Sequence[Path]]) -> Server:
    body, own_files = row.body, row.folder("files")
    copies = [
        (name, (*_texts(row.file, f"{row.where}: copies.{name}", texts), *added.get(name, ())))
        for name, texts in (body.get("copies") or {}).items()
    ]
    return Server(
        row.name,
        body["tool"],
        tuple(map(str, body.get("arguments") or [])),
        body["ready"],
        tuple(body.get("areas") or []),
        tuple(body.get("needs") or []),
        tuple(body.get("ports") or []),
        tuple(sorted((body.get("environment") or {}).items())),
        tuple(sorted((body.get("files") or {}).items())),
        tuple(sorted(copies)),
        tuple(body.get("hosts") or []),
        body.get("authority") or "",
        body.get("serves") or "",
        tuple(sorted((body.get("binaries") or {}).items())),
        body.get("stop_signal") or "TERM",
        tuple(body.get("only_with") or []),
        tuple(sorted((body.get("packages") or {}).items())),
        own_files,
    )


def _tool(row: _Row, path: str) -> Tool:
    modules = row.folder("modules")
    folder = modules / row.body["module"]
    if not (folder / "go.mod").is_file() or not (folder / "go.sum").is_file():
        known = [file.parent.name for file in modules.glob("*/go.mod")]
        raise InputError(f"{row.where}: {folder} has no go.mod and go.sum{did_you_mean(row.body['module'], known)}")
    assets, takes = row.body.get("assets") or {}, row.body.get("takes") or {}
    return Tool(
        name=row.name,
        module=folder,
        package=row.body["package"],
        ldflags=row.body.get("ldflags") or "",
        tags=row.body.get("tags") or "",
        path=path,
        assets_module=assets.get("module") or "",
        assets=tuple(assets.get("files") or ()),
        seconds=int(takes.get("seconds") or 0),
        megabytes=int(takes.get("megabytes") or 0),
    )
