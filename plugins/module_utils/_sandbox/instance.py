# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""One instance: a folder with ports, certificates, configuration, logs and data of servers that are described as data."""

from __future__ import annotations

import json
import os
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
from .._core.suggest import did_you_mean
from .build import Binary
from .certificates import Authority
from .supervisor import UP, Program, Supervisor

_SERVER_KEYS = ("name", "tool", "areas", "needs", "ports", "arguments", "environment", "files", "ready", "ready_within")
_LAST_LINES = 12


@dataclass(frozen=True)
class Server:
    """A server as data. Texts may hold ``{root}``, ``{assets}``, ``{bin}`` and ``{<server>_<port>}``.

    ``ready`` is an http(s) URL that answers 200, or ``tcp:<port>``; ``files`` are configuration files by path below root.
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
    ready_within: float = 30.0


def read_servers(rows: Sequence[Mapping[str, Any]], areas: Sequence[str]) -> list[Server]:
    """The servers of the wanted areas, each behind what it needs. Raises InputError on mistakes in the data."""
    known = {area for row in rows for area in row.get("areas") or []}
    for area in areas:
        if area not in known:
            raise InputError(
                f"sandbox_areas: no server is in the area {area!r}{did_you_mean(area, known)}; there are {', '.join(sorted(known))}"
            )
    servers: dict[str, Server] = {}
    for row in rows:
        for key in row:
            if key not in _SERVER_KEYS:
                raise InputError(f"sandbox_servers: {row.get('name')}: unknown key {key!r}{did_you_mean(str(key), _SERVER_KEYS)}")
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
            float(row.get("ready_within") or 30.0),
        )
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
        if set(server.areas) & set(areas):
            place(server.name, ())
    return ordered


class Instance:
    """The servers of one folder. ``changed`` collects what was made or started."""

    def __init__(self, root: Path, servers: Sequence[Server]) -> None:
        self.root = root
        self._servers = list(servers)
        self._ports_file = root / "ports.json"
        self.changed: list[str] = []

    @property
    def supervisor(self) -> Supervisor:
        """The instance's supervisor; its port is kept with the others."""
        return Supervisor(self.root, self.ports().get("supervisor", 0))

    def ports(self) -> dict[str, int]:
        """Name → port, as chosen at the first start."""
        if not self._ports_file.is_file():
            return {}
        found: dict[str, int] = json.loads(self._ports_file.read_text())
        return found

    def is_up(self) -> bool:
        """Whether every server runs."""
        states = self.supervisor.states() if self.ports() else {}
        return all(states.get(server.name) in UP for server in self._servers)

    def start(self, binaries: Mapping[str, Binary], clients: Sequence[Mapping[str, Any]], tell: Callable[[str], None]) -> None:
        """Bring everything up, in order of need. Raises ServerError with a server's last lines where it does not come up."""
        for name in ("logs", "data", "config", "bin"):
            (self.root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._choose_ports()
        self._certificates(clients)
        self._link_tools(binaries)
        programs = [self._program(server, binaries) for server in self._servers]
        supervisor = self.supervisor
        reconfigured = supervisor.write_config(programs)
        if not supervisor.is_running():
            supervisor.start()
            self.changed.append("supervisor")
        elif reconfigured:
            supervisor.reload()
        ready: set[str] = set()
        waiting = list(self._servers)
        while waiting:
            now = [server for server in waiting if set(server.needs) <= ready]
            for server in now:
                if supervisor.start_program(server.name):
                    self.changed.append(server.name)
            for server in now:
                tell(f"starting {server.name}")
                self._wait_ready(server, supervisor)
                ready.add(server.name)
                waiting.remove(server)

    def stop(self) -> bool:
        """Stop everything, keep the data. False where nothing ran."""
        return self.supervisor.stop() if self.ports() else False

    def remove(self) -> bool:
        """Stop everything and remove the folder. False where there is none."""
        self.stop()
        existed = self.root.is_dir()
        shutil.rmtree(self.root, ignore_errors=True)
        return existed

    def status(self) -> list[dict[str, Any]]:
        """One row for each server: name, state, pid, ports, log."""
        supervisor = self.supervisor
        states, pids, ports = (supervisor.states(), supervisor.pids(), self.ports()) if self.ports() else ({}, {}, {})
        return [
            {
                "name": server.name,
                "state": "running" if states.get(server.name) in UP else states.get(server.name, "STOPPED").lower(),
                "pid": pids.get(server.name, 0),
                "ports": {name: ports.get(_port_name(server, name), 0) for name in server.ports},
                "log": str(self.root / "logs" / f"{server.name}.log"),
            }
            for server in self._servers
        ]

    def text(self, template: str, binaries: Mapping[str, Binary] | None = None, tool: str = "") -> str:
        """A text of the data with its places filled in."""
        places: dict[str, Any] = {"root": self.root, "bin": self.root / "bin", **self.ports()}
        if binaries is not None and tool:
            places["assets"] = binaries[tool].assets
        try:
            return template.format_map(places)
        except (KeyError, IndexError, ValueError) as error:
            raise InputError(f"sandbox_servers: {template!r}: there is no place {error}; there are {', '.join(sorted(places))}") from error

    def _choose_ports(self) -> None:
        """Free ports, kept for the life of the instance: clients have them in their configuration."""
        ports = self.ports()
        names = ["supervisor", *(_port_name(server, port) for server in self._servers for port in server.ports)]
        absent = [name for name in names if name not in ports]
        if not absent:
            return
        sockets = []
        for name in absent:
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            sockets.append(listener)
            ports[name] = listener.getsockname()[1]
        for listener in sockets:
            listener.close()
        self._ports_file.write_text(json.dumps(ports, indent=2, sort_keys=True) + "\n")
        self.changed.append("ports")

    def _certificates(self, clients: Sequence[Mapping[str, Any]]) -> None:
        authority = Authority(self.root / "pki")
        authority.server("apiserver", ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"])
        authority.signing_pair("service-accounts")
        address = self.text("https://127.0.0.1:{kube_apiserver_https}")
        for client in clients:
            authority.client(client["name"], client["user"], client.get("groups") or [])
            authority.kubeconfig(self.root / f"{client['name']}.kubeconfig", address, client["name"])
        self.changed += authority.made

    def _link_tools(self, binaries: Mapping[str, Binary]) -> None:
        for name, binary in binaries.items():
            link = self.root / "bin" / name
            if not link.is_symlink() or os.readlink(link) != str(binary.path):
                link.unlink(missing_ok=True)
                link.symlink_to(binary.path)

    def _program(self, server: Server, binaries: Mapping[str, Binary]) -> Program:
        for name, template in server.files:
            path = self.root / name
            content = self.text(template, binaries, server.tool)
            if not path.is_file() or path.read_text() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
                self.changed.append(name)
        return Program(
            server.name,
            (str(binaries[server.tool].path), *(self.text(argument, binaries, server.tool) for argument in server.arguments)),
            self.root / "logs" / f"{server.name}.log",
            {key: self.text(value, binaries, server.tool) for key, value in server.environment},
        )

    def _wait_ready(self, server: Server, supervisor: Supervisor) -> None:
        url = self.text(server.ready)
        deadline = time.monotonic() + server.ready_within
        while not self._answers(url):
            state = supervisor.states().get(server.name, "gone")
            if state in ("FATAL", "EXITED", "STOPPED", "gone"):
                raise ServerError(f"{server.name} does not run ({state.lower()}). {self._why(server)}")
            if time.monotonic() > deadline:
                raise TimeoutExceededError(f"{server.name} was not ready within {server.ready_within:.0f} s. {self._why(server)}")
            time.sleep(0.05)

    def _answers(self, url: str) -> bool:
        kind, _colon, rest = url.partition(":")
        if kind == "tcp":
            with socket.socket() as probe:
                probe.settimeout(1)
                return probe.connect_ex(("127.0.0.1", int(rest))) == 0
        context = None
        if kind == "https":
            context = ssl.create_default_context(cafile=str(self.root / "pki" / "ca.crt"))
            if "/readyz" not in url:
                # These servers make a certificate of their own at each start; only whether they answer is asked.
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            else:
                context.load_cert_chain(self.root / "pki" / "admin.crt", self.root / "pki" / "admin.key")
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
            with opener.open(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _why(self, server: Server) -> str:
        log = self.root / "logs" / f"{server.name}.log"
        last = log.read_text(errors="replace").splitlines()[-_LAST_LINES:] if log.is_file() else []
        return (
            f"Its last lines ({log}):\n"
            + "\n".join(f"  {line}" for line in last)
            + "\nMend the cause and start again; make clean begins anew."
        )


def _port_name(server: Server, port: str) -> str:
    return f"{server.name}_{port}".replace("-", "_")
