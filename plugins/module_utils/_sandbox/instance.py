# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One instance: a folder with ports, certificates, configuration, logs and data of servers that are described as data."""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import os
import re
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.errors import InputError, ServerError, TimeoutExceededError
from .._core.tls import client_context
from .build import Binary, Building
from .certificates import Authority
from .data import Client, Server
from .locks import locked
from .ports import choose_ports, read_ports
from .supervisor import UP, Program, Supervisor

_LAST_LINES = 12
_READY_WITHIN = 300.0
"""Seconds: many times what a server takes on an idle machine. One that ends by itself is told at once."""
_FOLDERS = ("logs", "data", "config", "bin")
_REPORTS = ("plan.json", "drift.json")


@dataclass(frozen=True)
class _Start:
    """A server that is starting: where and how it is asked, and until when it may be silent."""

    server: Server
    url: str
    context: ssl.SSLContext | None
    deadline: float


class Instance:
    """The servers of one folder. ``changed`` collects what was made or started, ``cache`` is the user's folder for all instances.

    ``places`` are further places of the servers' texts.
    """

    def __init__(self, root: Path, servers: Sequence[Server], cache: Path, places: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self._servers = list(servers)
        self._places = dict(places or {})
        self._ports_file = root / "ports.json"
        self._registry = cache / "ports.json"
        self._lock = root.parent / f".{root.name}.lock"
        self.changed: list[str] = []

    @property
    def supervisor(self) -> Supervisor:
        """The instance's supervisor; its port is kept with the others."""
        return Supervisor(self.root, self.ports().get("supervisor", 0))

    def ports(self) -> dict[str, int]:
        """Name → port, as chosen at the first start."""
        return read_ports(self._ports_file)

    def has_ports(self) -> bool:
        """Whether every server of it was started here once."""
        ports = self.ports()
        return all(_port_name(server, port) in ports for server in self._servers for port in server.ports)

    def pending(self, binaries: Mapping[str, Binary]) -> list[str]:
        """What a start would make or start, as far as it can be known without doing it."""
        self._check_folder()
        states = self.supervisor.states() if self.ports() else {}
        idle = [server.name for server in self._servers if states.get(server.name) not in UP]
        if not states or not self.has_ports() or {server.tool for server in self._servers} - set(binaries):
            return idle
        programs = [self._program(server, binaries) for server in self._servers]
        return idle if self.supervisor.knows(programs) else [*idle, "supervisord.conf"]

    def start(self, building: Building, clients: Sequence[Client], tell: Callable[[str], None]) -> None:
        """Bring everything up, in order of need, each server when what it runs is built.

        Raises ServerError with a server's last lines where it does not come up.
        """
        binaries = building.binaries
        self._check_folder()
        with locked(self._lock, lambda: tell("waiting for another run that starts or stops the same servers")):
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            runs = bool(self.ports()) and self.supervisor.is_running()
            if not runs:
                self.supervisor.end_orphans()
            names = ["supervisor", *(_port_name(server, port) for server in self._servers for port in server.ports)]
            self.changed += [f"port {name}" for name in choose_ports(self._ports_file, names, self._registry, may_move=not runs)]
            for name in (*_FOLDERS, *(f"data/{server.name}" for server in self._servers)):
                (self.root / name).mkdir(exist_ok=True, mode=0o700)
            self._certificates(clients)
            self._link_tools(binaries)
            self._write_files(binaries)
            # What is there already is copied before the supervisor reads which programs changed.
            for server in self._servers:
                if building.has(*_tools_of(server)):
                    self._copy_binaries(server, binaries)
            self._supervise([self._program(server, binaries) for server in self._servers], runs)
            self._start_servers(tell, building)

    def stop(self) -> bool:
        """Stop everything, keep the data. False where nothing ran."""
        if not self.ports():
            return False
        with locked(self._lock):
            return self.supervisor.stop(self._falling())

    def remove(self) -> bool:
        """Stop everything and remove the folder. False where there is none."""
        if not self.root.is_dir():
            return False
        self._check_folder()
        self.stop()
        with locked(self._lock):
            shutil.rmtree(self.root)
            self._lock.unlink()
        return True

    def digests(self) -> dict[str, str]:
        """The tools that were copied here for a server which takes a program by its digest only: path below the folder → SHA-256."""
        found = {}
        for name in sorted({name for server in self._servers for name, _tool in server.binaries}):
            if (self.root / name).is_file():
                with (self.root / name).open("rb") as handle:
                    found[name] = hashlib.file_digest(handle, "sha256").hexdigest()
        return found

    def status(self) -> list[dict[str, Any]]:
        """One row for each server: name, state, pid, ports, log."""
        supervisor, ports = self.supervisor, self.ports()
        infos = supervisor.infos() if ports else {}
        rows = []
        for server in self._servers:
            info = infos.get(server.name, {})
            state = info.get("statename", "STOPPED")
            rows.append(
                {
                    "name": server.name,
                    "state": "running" if state in UP else state.lower(),
                    "pid": info.get("pid", 0),
                    "ports": {name: ports.get(_port_name(server, name), 0) for name in server.ports},
                    "log": str(self.root / "logs" / f"{server.name}.log"),
                }
            )
        return rows

    def silent(self) -> dict[str, str]:
        """The servers that do not do what they are for, each with why."""
        states = self.supervisor.infos() if self.ports() else {}
        found = {}
        for server in self._servers:
            state = states.get(server.name, {}).get("statename", "STOPPED")
            why = _silence(self.text(server.serves or server.ready), self._context(server)) if state in UP else f"it is {state.lower()}"
            if why:
                found[server.name] = why
        return found

    def _check_folder(self) -> None:
        """A folder with other things in it is nobody's to fill, and least of all to remove."""
        if re.search(r"\s[;#]", str(self.root)):
            raise InputError(f"sandbox_root: the supervisor takes what follows a blank with ; or # as a comment: {str(self.root)!r}")
        # A run of the environment before its sandbox is there leaves its report.
        strange = self.root.is_dir() and any(path.name not in _REPORTS for path in self.root.iterdir())
        if (strange or (self.root.exists() and not self.root.is_dir())) and not self.ports():
            raise InputError(f"sandbox_root: {self.root} holds something that is no sandbox; name a folder that is empty or not there yet")

    def _supervise(self, programs: list[Program], runs: bool) -> None:
        supervisor = self.supervisor
        known = supervisor.knows(programs)
        if not known:
            supervisor.write_config(programs)
        if not runs:
            supervisor.start()
            self.changed.append("supervisor")
        elif not known:
            supervisor.reload()

    def _start_servers(self, tell: Callable[[str], None], building: Building) -> None:
        """Each as soon as what it needs is ready and what it runs is built, not when all that started with that are."""
        supervisor = self.supervisor
        ready: set[str] = set()
        waiting, starting = list(self._servers), dict[str, _Start]()
        while waiting or starting:
            builds = building.goes_on
            for server in [server for server in waiting if set(server.needs) <= ready and building.has(*_tools_of(server))]:
                self._copy_binaries(server, building.binaries)
                if supervisor.start_program(server.name):
                    self.changed.append(server.name)
                waiting.remove(server)
                starting[server.name] = _Start(server, self.text(server.ready), self._context(server), time.monotonic() + _READY_WITHIN)
            states = supervisor.states()
            if builds:
                # A compiler keeps every core busy: time that it takes is none of the servers'.
                now = time.monotonic()
                starting = {name: dataclasses.replace(start, deadline=now + _READY_WITHIN) for name, start in starting.items()}
            up = {name for name, start in starting.items() if self._is_ready(start, states.get(name, "gone"))}
            for name in up:
                del starting[name]
            ready |= up
            if (starting or waiting) and not up:
                if not builds:
                    tell(f"starting {', '.join(starting)}")
                time.sleep(0.05)

    def _falling(self) -> list[list[str]]:
        """In which order they stop, together where they can: nobody loses what it needs before it is gone itself."""
        rows, left = [], list(self._servers)
        while left:
            needed = {name for server in left for name in server.needs}
            rows.append([server.name for server in left if server.name not in needed])
            left = [server for server in left if server.name in needed]
        return rows

    def text(self, template: str, server: Server | None = None, binaries: Mapping[str, Binary] | None = None) -> str:
        """A text of the data with its places filled in, those of a server among them."""
        places: dict[str, Any] = {**self._places, "root": self.root, "bin": self.root / "bin", **self.ports()}
        if server is not None:
            places["files"] = server.own_files
        if server is not None and binaries is not None:
            places["assets"] = binaries[server.tool].assets
        try:
            return template.format_map(places)
        except (KeyError, IndexError, ValueError) as error:
            raise InputError(f"servers: {template!r}: there is no place {error}; there are {', '.join(sorted(places))}") from error

    def _certificates(self, clients: Sequence[Client]) -> None:
        authorities = {name: Authority(self._pki(name)) for name in sorted({"", *(server.authority for server in self._servers)})}
        for server in self._servers:
            if server.hosts:
                authorities[server.authority].server(f"serving-{server.name}", list(server.hosts))
        if "kube_apiserver_https" in self.ports():
            ours = authorities[""]
            ours.signing_pair("service-accounts")
            address = self.text("https://127.0.0.1:{kube_apiserver_https}")
            for client in clients:
                ours.client(client.name, self.text(client.user), list(client.groups))
                ours.kubeconfig(self.root / f"{client.name}.kubeconfig", address, client.name)
        self.changed += [name for authority in authorities.values() for name in authority.made]

    def _pki(self, authority: str) -> Path:
        return self.root / "pki" / authority

    def _link_tools(self, binaries: Mapping[str, Binary]) -> None:
        for name, binary in binaries.items():
            link = self.root / "bin" / name
            if not link.is_symlink() or os.readlink(link) != str(binary.path):
                link.unlink(missing_ok=True)
                link.symlink_to(binary.path)

    def _write_files(self, binaries: Mapping[str, Binary]) -> None:
        for server in self._servers:
            for name, content in self._files(server, binaries).items():
                path = self.root / name
                if not path.is_file() or path.read_text() != content:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(content)
                    self.changed.append(name)

    def _copy_binaries(self, server: Server, binaries: Mapping[str, Binary]) -> None:
        for name, tool in server.binaries:
            if copy_file(binaries[tool].path, self.root / name):
                self.changed.append(name)

    def _files(self, server: Server, binaries: Mapping[str, Binary]) -> dict[str, str]:
        texts = {name: self.text(template, server, binaries) for name, template in server.files}
        return texts | {name: "".join(file.read_text(encoding="utf-8") for file in parts) for name, parts in server.copies}

    def _identity(self, server: Server) -> list[bytes]:
        """The certificate that a server serves with, and its authority's."""
        pki = self._pki(server.authority)
        files = [pki / f"serving-{server.name}.crt", pki / "ca.crt"] if server.hosts else []
        return [file.read_bytes() for file in files if file.is_file()]

    def _program(self, server: Server, binaries: Mapping[str, Binary]) -> Program:
        environment = {key: self.text(value, server, binaries) for key, value in server.environment}
        # With it a changed file or certificate makes another program of it, which the supervisor starts anew.
        environment["GANTRY_FILES"] = hashlib.sha256(repr([self._files(server, binaries), self._identity(server)]).encode()).hexdigest()
        return Program(
            server.name,
            (str(binaries[server.tool].path), *(self.text(argument, server, binaries) for argument in server.arguments)),
            environment,
            server.stop_signal,
        )

    def _is_ready(self, start: _Start, state: str) -> bool:
        server = start.server
        silence = _silence(start.url, start.context)
        if not silence:
            return True
        if state in ("FATAL", "EXITED", "STOPPED", "gone"):
            raise ServerError(f"{server.name} does not run ({state.lower()}). {self._why(server)}")
        if time.monotonic() > start.deadline:
            raise TimeoutExceededError(f"{server.name} was not ready within {_READY_WITHIN:.0f} s ({silence}). {self._why(server)}")
        return False

    def _context(self, server: Server) -> ssl.SSLContext | None:
        """How it is asked. Its own certificate is also the one that it is called with: no other server on this port can pass for it."""
        if not server.ready.startswith("https:"):
            return None
        pki = self._pki(server.authority)
        context = client_context(str(pki / "ca.crt"))
        context.load_cert_chain(pki / f"serving-{server.name}.crt", pki / f"serving-{server.name}.key")
        return context

    def _why(self, server: Server) -> str:
        log = self.root / "logs" / f"{server.name}.log"
        last = log.read_text(errors="replace").splitlines()[-_LAST_LINES:] if log.is_file() else []
        return (
            f"Its last lines ({log}):\n"
            + "\n".join(f"  {line}" for line in last)
            + "\nMend the cause and start again; make clean begins anew."
        )


def _tools_of(server: Server) -> list[str]:
    return [server.tool, *(tool for _name, tool in server.binaries)]


def copy_file(source: Path, target: Path) -> bool:
    """Copy a binary, in one step. False where the same one is there."""
    theirs = source.stat()
    if target.is_file() and (target.stat().st_size, target.stat().st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns):
        return False
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = target.with_name(f".{target.name}")
    shutil.copy2(source, temporary)
    temporary.rename(target)
    return True


def _silence(url: str, context: ssl.SSLContext | None) -> str:
    """Why what is there does not count as ready; nothing where it does."""
    kind, _colon, rest = url.partition(":")
    if kind == "tcp":
        with socket.socket() as probe:
            probe.settimeout(1)
            failed = probe.connect_ex(("127.0.0.1", int(rest)))
            return os.strerror(failed) if failed else ""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=2) as answer:
            return "" if answer.status == 200 else f"it answers {answer.status}"
    except urllib.error.HTTPError as error:
        return f"it answers {error.code}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except (http.client.HTTPException, OSError) as error:
        return str(error) or type(error).__name__


def _port_name(server: Server, port: str) -> str:
    return f"{server.name}_{port}".replace("-", "_")
