# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A supervisord of an instance's own: keeps its servers running, talks XML-RPC on a loopback port with a password."""

from __future__ import annotations

import configparser
import contextlib
import http.client
import importlib.util
import io
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.errors import InputError, ServerError, TimeoutExceededError

_WITHIN = 120.0
"""Seconds for the supervisor to answer, or to end what it runs: it kills after ten, and a machine may be busy."""
UP = ("RUNNING", "STARTING")
"""supervisor says STARTING in a program's first second."""
_MARK = "GANTRY_SANDBOX"
"""In the environment of everything that an instance runs: its folder."""
_PASSED = ("GOGC", "HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "PYTHONPATH", "TMPDIR", "TZ", "USER")
"""What servers get of the caller's environment. Its tokens and proxies are not theirs, and would stay in them for days."""
_NOWHERE = "http://127.0.0.1:9"
"""The proxy of servers written in Go, the port that discards: what they call over HTTP is on loopback, which they call without it."""

_GARBAGE = "200"
"""By how many percent the heap of a server written in Go may grow before it is cleaned: its default, 100, costs a rehearsal a tenth more CPU.
400 in the caller's environment takes another eighth from an apiserver, and lets it have a third more memory."""


@dataclass(frozen=True)
class Program:
    """A server as the supervisor sees it."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    stop_signal: str = "TERM"


class Supervisor:
    """The supervisord of the instance in ``root``, running or not."""

    def __init__(self, root: Path, port: int) -> None:
        self._root = root
        self._port = port
        self._config = root / "supervisord.conf"
        self._password_file = root / "supervisord.password"

    def write_config(self, programs: list[Program]) -> None:
        """Write the configuration."""
        _write_private(self._config, self._text(programs))

    def knows(self, programs: list[Program]) -> bool:
        """Whether the configuration says these programs, just so."""
        return self._config.is_file() and self._config.read_text() == self._text(programs)

    def _text(self, programs: list[Program]) -> str:
        config = configparser.RawConfigParser()
        config["supervisord"] = {
            # Relative to the instance's folder, where it runs: supervisord expands percent signs of some paths twice.
            "logfile": "logs/supervisord.log",
            "logfile_maxbytes": "10MB",
            "pidfile": "supervisord.pid",
            "nodaemon": "false",
            "silent": "true",
            "minfds": "1024",
        }
        config["inet_http_server"] = {"port": f"127.0.0.1:{self._port}", "username": "gantry", "password": self._password()}
        config["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"}
        for order, program in enumerate(programs):
            config[f"program:{program.name}"] = {
                "command": " ".join(_quoted(word) for word in program.command),
                "environment": ",".join(f'{key}="{_escaped(value)}"' for key, value in sorted(program.environment.items())),
                # They end in the opposite order: nothing loses what it needs before it is gone itself.
                "priority": str(order + 1),
                "autostart": "false",
                "autorestart": "true",
                "startsecs": "1",
                "startretries": "3",
                "stopsignal": program.stop_signal,
                "stopwaitsecs": "10",
                "stopasgroup": "true",
                "killasgroup": "true",
                "redirect_stderr": "true",
                "stdout_logfile": f"logs/{program.name}.log",
                "stdout_logfile_maxbytes": "50MB",
                "stdout_logfile_backups": "1",
            }
        text = io.StringIO()
        config.write(text)
        return text.getvalue()

    def start(self) -> None:
        """Start the supervisor itself."""
        if importlib.util.find_spec("supervisor") is None:
            raise InputError("the sandbox's servers need the Python package supervisor; make deps installs it")
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", self._config.name]
        environment = {"GOGC": _GARBAGE} | {name: os.environ[name] for name in _PASSED if name in os.environ}
        environment |= {_MARK: str(self._root), "HTTP_PROXY": _NOWHERE, "HTTPS_PROXY": _NOWHERE}
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self._root,
            env=environment,
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            raise ServerError(f"the supervisor did not start: {(done.stderr or done.stdout).strip()}")
        self._until(self.is_running, _WITHIN, "the supervisor to answer")

    def reload(self) -> None:
        """Take over a changed configuration: programs that changed are stopped, new ones are known."""
        rpc = self._rpc()
        added, changed, removed = rpc.supervisor.reloadConfig()[0]
        # supervisor lists programs in the order in which they start.
        for name in [name for name in reversed(self.states()) if name in (*changed, *removed)]:
            rpc.supervisor.stopProcessGroup(name)
            rpc.supervisor.removeProcessGroup(name)
        for name in [*added, *changed]:
            rpc.supervisor.addProcessGroup(name)

    def is_running(self) -> bool:
        """Whether it answers."""
        try:
            self._rpc().supervisor.getState()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False
        return True

    def infos(self) -> dict[str, dict[str, Any]]:
        """Program → what supervisor says of it, ``statename`` and ``pid`` among it; empty where it does not run."""
        try:
            rows: Any = self._rpc().supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return {}
        return {row["name"]: row for row in rows}

    def states(self) -> dict[str, str]:
        """Program → state in supervisor's words (RUNNING, STOPPED, STARTING, BACKOFF, FATAL …); empty where it does not run."""
        return {name: row["statename"] for name, row in self.infos().items()}

    def start_program(self, name: str) -> bool:
        """Start a program. False where it runs already."""
        if self.states().get(name) in (*UP, "BACKOFF"):
            return False
        self._rpc().supervisor.startProcess(name, False)
        return True

    def stop(self, order: Sequence[Sequence[str]] = ()) -> bool:
        """Stop all programs and the supervisor; False where nothing ran. Those of a row of ``order`` stop together, row by row.

        The supervisor itself stops one after the other, and looks once a second.
        """
        ran = self.is_running()
        if ran:
            named = {name for row in order for name in row}
            for row in ([name for name in self.states() if name not in named], *order):
                self._stop_together(row)
            pid = self._rpc().supervisor.getPID()
            self._rpc().supervisor.shutdown()
            self._until(lambda: not _alive(pid), _WITHIN, "the servers to stop")
        return self.end_orphans() or ran

    def _stop_together(self, names: Sequence[str]) -> None:
        for name in names:
            # It may have ended by itself meanwhile, or never have been started.
            with contextlib.suppress(xmlrpc.client.Fault):
                self._rpc().supervisor.stopProcess(name, False)
        self._until(lambda: not {self.states().get(name) for name in names} & {"STOPPING", *UP}, _WITHIN, f"{', '.join(names)} to stop")

    def _rpc(self) -> Any:
        return xmlrpc.client.ServerProxy(f"http://gantry:{self._password()}@127.0.0.1:{self._port}/RPC2")

    def _password(self) -> str:
        if not self._password_file.is_file():
            _write_private(self._password_file, secrets.token_hex(16))
        return self._password_file.read_text()

    def end_orphans(self) -> bool:
        """End servers of this instance whose supervisor was killed: they hold its ports and its data. False where there are none."""
        mark = f"{_MARK}={self._root}".encode()
        ended = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark in variables and int(folder.name) != os.getpid():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(folder.name), signal.SIGKILL)
                ended.append(int(folder.name))
        self._until(lambda: not any(map(_alive, ended)), _WITHIN, "servers without a supervisor to end")
        return bool(ended)

    @staticmethod
    def _until(met: Any, seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not met():
            if time.monotonic() > end:
                raise TimeoutExceededError(f"waited {seconds:.0f} s for {what}")
            time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()


def _quoted(word: str) -> str:
    """supervisord splits commands as a shell does and expands percent signs."""
    return shlex.quote(word).replace("%", "%%")


def _escaped(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"')


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
