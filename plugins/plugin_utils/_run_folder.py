# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The folder of a run: one name for the whole ansible-playbook process, and removal of what dead runs left."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from ..module_utils._core.errors import InputError
from ._files import in_project, read_json, write_json


def run_store(host: str, folder: str = "") -> str:
    """The host's empty store (absolute, mode 0700) in this run's folder. Folders of dead runs are removed."""
    base = in_project(folder or os.path.join(".gantry", "run"))
    store = os.path.join(base, run_name(os.getppid()), host)
    try:
        os.makedirs(base, mode=0o700, exist_ok=True)
        remove_dead_runs(base)
        shutil.rmtree(store, ignore_errors=True)
        os.makedirs(store, mode=0o700)
        os.chmod(os.path.dirname(store), 0o700)
        os.chmod(store, 0o700)
    except OSError as error:
        raise InputError(
            f"the run's folder {store} cannot be made: {error.strerror}; choose another one with platform_run_folder"
        ) from error
    return store


def run_name(pid: int) -> str:
    """``<machine>-<pid>-<digest of its start>``: the same for all workers of one process, and never used again."""
    return f"{_machine()}-{pid}-{_birth(pid)}"


def remove_dead_runs(base: str) -> None:
    """Remove the folders in ``base`` of processes that are certainly gone. Those of other machines and containers are not judged."""
    for name in os.listdir(base):
        if lives(name) is False:
            shutil.rmtree(os.path.join(base, name), ignore_errors=True)


def clear_dead_runs(folder: str) -> None:
    """Remove from ``folder`` (the project's ``.gantry``) the stores and Ansible's temporary folders of runs that are gone."""
    base, temporary = (os.path.join(folder, name) for name in ("run", "tmp"))
    if os.path.isdir(base):
        remove_dead_runs(base)
    for name in os.listdir(temporary) if os.path.isdir(temporary) else ():
        # Ansible calls it ansible-local-<pid> and eight characters that mean nothing.
        number = name.removeprefix("ansible-local-")[:-8]
        if number.isdecimal() and not os.path.exists(f"/proc/{number}") and _birth(int(number)) == "none":
            shutil.rmtree(os.path.join(temporary, name), ignore_errors=True)
    for path in (base, temporary):
        with contextlib.suppress(OSError):  # somebody's are left in it, or it is not there
            os.rmdir(path)


def lives(name: str) -> bool | None:
    """Whether the run of this name goes on; none where that cannot be seen from here."""
    machine, _dash, rest = name.partition("-")
    number, _dash, birth = rest.partition("-")
    if machine != _machine() or not number.isdecimal() or not birth:
        return None
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        pass
    found = _birth(int(number))
    return None if "none" in (found, birth) else found == birth


def leave_word(store: str, answer: Mapping[str, Any]) -> None:
    """Keep what a worker would have answered beside its store: the run that it belongs to is being stopped."""
    write_json(_word(store), dict(answer))


def left_word(store: str) -> Any:
    """What a stopped worker left beside its store, or nothing."""
    return read_json(_word(store))


def _word(store: str) -> str:
    return os.path.normpath(store) + ".interrupted.json"


@functools.cache
def _machine() -> str:
    """A short name of what a process number means something in: this boot of this machine, and in it this container's processes.

    Containers of one machine, and machines that share a folder, may all have the same host name.
    """
    words = [_text("/proc/sys/kernel/random/boot_id"), *(_link(f"/proc/self/ns/{kind}") for kind in ("pid", "time"))]
    if not words[0]:
        began = subprocess.run(["sysctl", "-n", "kern.boottime"], capture_output=True, text=True, check=False)
        words = [platform.node(), began.stdout.strip()]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _birth(pid: int) -> str:
    """A digest of when the process began, or ``none`` where there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as handle:
            # The command's name stands in parentheses and may hold anything; the start is the 20th field behind it.
            began = handle.read().rpartition(")")[2].split()[19]
    except OSError:
        if os.path.isdir("/proc/self"):
            return "none"
        answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        began = answer.stdout.strip()
    return hashlib.sha256(began.encode()).hexdigest()[:8] if began else "none"
