# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The folder of a run: one name for the whole ansible-playbook process, and removal of what dead runs left."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess

from ..module_utils._core.errors import InputError
from ._files import in_project


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
    """Remove the folders in ``base`` of processes that are gone. Those of other machines are not judged."""
    for name in os.listdir(base):
        machine, _dash, rest = name.partition("-")
        pid = rest.partition("-")[0]
        if machine == _machine() and pid.isdigit() and name != run_name(int(pid)):
            shutil.rmtree(os.path.join(base, name), ignore_errors=True)


def _machine() -> str:
    """A short name of this machine; a process number means something on it alone."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


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
