# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Binaries from pinned Go modules, built once for a user and kept under a key of everything that goes into them."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .._core.errors import InputError, ServerError
from .golang import go_binary, go_environment, module_folder
from .locks import locked

_LAST_LINES = 15


@dataclass(frozen=True)
class Tool:
    """A binary. ``module`` is a folder with go.mod and go.sum, ``package`` the main package in it: ``.`` of its own files.

    ``path`` names a binary of the machine to use instead. ``assets`` are files out of ``assets_module`` to keep beside it. ``seconds`` is
    about how long two cores build it, ``megabytes`` what it takes on disk.
    """

    name: str
    module: Path
    package: str
    ldflags: str = ""
    tags: str = ""
    path: str = ""
    assets_module: str = ""
    assets: tuple[str, ...] = field(default=())
    seconds: int = 0
    megabytes: int = 0

    @property
    def key(self) -> str:
        """Identifies the binary: same key, same bytes."""
        sources = sorted(path.name for path in self.module.glob("*.go"))
        content = [(self.module / name).read_bytes() for name in ("go.mod", "go.sum", *sources)]
        rest = json.dumps([self.package, self.ldflags, self.tags, self.assets_module, self.assets, sys.platform, os.uname().machine])
        return hashlib.sha256(b"\0".join([*content, rest.encode()])).hexdigest()[:20]


@dataclass(frozen=True)
class Binary:
    """A binary that is there, with the folder of its assets."""

    path: Path
    assets: Path


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where binaries are kept: the user's cache folder."""
    return Path(environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME") or "~").expanduser() / ".cache") / "gantry" / "bin"


def missing(tools: Sequence[Tool], environment: Mapping[str, str]) -> list[str]:
    """Names of the tools that would have to be built."""
    return [tool.name for tool in tools if _existing(tool, environment) is None]


def ensure(tools: Sequence[Tool], environment: Mapping[str, str], tell: Callable[[str], None]) -> dict[str, Binary]:
    """Every tool's binary; what is missing is built. Raises InputError or ServerError with the compiler's last lines."""
    found: dict[str, Binary] = {}
    absent = missing(tools, environment)
    for tool in tools:
        existing = _existing(tool, environment)
        if existing is None:
            what = f"building {tool.name} ({absent.index(tool.name) + 1} of {len(absent)})"
            existing = _build(tool, environment, functools.partial(tell, what))
        found[tool.name] = existing
    return found


class Building:
    """Builds what is missing, one after the other, while its caller goes on with what is built already."""

    def __init__(self, tools: Sequence[Tool], environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self.absent = missing(tools, environment)
        self.binaries = {tool.name: _existing(tool, environment) or _future(tool, environment) for tool in tools}
        self._tools, self._environment, self._tell = list(tools), environment, tell
        self._built = {tool.name for tool in tools} - set(self.absent)
        self._began, self._ended = time.monotonic(), 0.0
        self._failed: BaseException | None = None
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Building:
        if self.absent:
            self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._given_up.set()
        if self.absent:
            self._thread.join()

    @property
    def goes_on(self) -> bool:
        """Whether something is still being built. Raises what a build failed with."""
        if self._failed is not None:
            raise self._failed
        return len(self._built) < len(self._tools)

    @property
    def seconds(self) -> float:
        """How long it has built."""
        return (self._ended or time.monotonic()) - self._began if self.absent else 0.0

    def wait(self) -> None:
        """Until everything is built."""
        while self.goes_on:
            time.sleep(0.1)

    def has(self, *names: str) -> bool:
        """Whether all of these tools are there."""
        return set(names) <= self._built

    def _run(self) -> None:
        try:
            for tool in self._tools:
                if tool.name in self.absent:
                    what = f"building {tool.name} ({self.absent.index(tool.name) + 1} of {len(self.absent)})"
                    _build(tool, self._environment, functools.partial(self._said, what))
                    self._built.add(tool.name)
            self._ended = time.monotonic()
        except BaseException as error:
            self._failed = error

    def _said(self, what: str) -> None:
        if self._given_up.is_set():
            raise InterruptedError(what)
        self._tell(what)


def _existing(tool: Tool, environment: Mapping[str, str]) -> Binary | None:
    own = Path(tool.path).expanduser()
    if tool.path and not os.access(own, os.X_OK):
        raise InputError(f"{tool.name}: {own} is no executable file")
    if tool.path and not tool.assets:
        return Binary(own, own.parent)
    assets = cache_folder(environment) / f"{tool.name}-{tool.key}"
    if tool.path:
        return Binary(own, assets) if assets.is_dir() else None
    offered = Path(environment["KUBEBUILDER_ASSETS"]) / tool.name if environment.get("KUBEBUILDER_ASSETS") else None
    if offered is not None and os.access(offered, os.X_OK) and not tool.assets:
        return Binary(offered, assets)
    return Binary(assets / tool.name, assets) if (assets / tool.name).is_file() else None


def _future(tool: Tool, environment: Mapping[str, str]) -> Binary:
    """Where it will be."""
    target = cache_folder(environment) / f"{tool.name}-{tool.key}"
    return Binary(Path(tool.path).expanduser() if tool.path else target / tool.name, target)


def _build(tool: Tool, environment: Mapping[str, str], tell: Callable[[], None]) -> Binary:
    made = _future(tool, environment)
    target = made.assets
    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_suffix(".lock"), tell):
        if not target.is_dir():
            temporary = Path(tempfile.mkdtemp(prefix=f"{tool.name}-", dir=target.parent))
            try:
                _compile(tool, temporary, environment, tell)
                _keep_assets(tool, temporary, environment)
                temporary.rename(target)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return made


def _compile(tool: Tool, folder: Path, environment: Mapping[str, str], tell: Callable[[], None]) -> None:
    if tool.path:
        return
    command = [go_binary(environment), "build", "-trimpath", "-ldflags", f"-s -w {tool.ldflags}".strip(), "-o", str(folder / tool.name)]
    command += (["-tags", tool.tags] if tool.tags else []) + [tool.package]
    log = folder / "build.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=tool.module, stdout=output, stderr=subprocess.STDOUT, env=go_environment(environment))
        try:
            while process.poll() is None:
                time.sleep(0.2)
                tell()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
        raise ServerError(f"building {tool.name} failed; the compiler's last lines:\n{last}\nThe module is {tool.module}")
    log.unlink()


def _keep_assets(tool: Tool, folder: Path, environment: Mapping[str, str]) -> None:
    if not tool.assets:
        return
    source = module_folder(tool.module, tool.assets_module, environment)
    for name in tool.assets:
        shutil.copyfile(source / name, folder / Path(name).name)
