# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both faces of the engine, driven as people drive them: by ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FACES = ("action", "module")


@dataclass
class Played:
    """One ansible-playbook: what it answered, all that it printed, every argument list of a process begun since that was seen meanwhile."""

    code: int
    output: str
    results: dict[str, dict[str, Any]]
    command_lines: set[str] = field(default_factory=set)


class Face:
    """Runs tasks through the action in Ansible's process, or through the module as on another machine.

    ``folder`` is the home of everything that the run leaves: temporary files, results, playbooks.
    """

    def __init__(self, name: str, folder: Path, kubeconfig: str) -> None:
        self.name = name
        self.folder = folder
        self.kubeconfig = kubeconfig

    def play(
        self,
        *tasks: dict[str, Any],
        words: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        keys: dict[str, Any] | None = None,
    ) -> Played:
        """One play with these tasks; each registers its result under its name, failed ones included.

        ``environment`` is that of ansible-playbook, ``keys`` are further keys of the play.
        """
        earlier = _processes()
        process = self.start(*tasks, words=words, environment=environment, keys=keys)
        seen: set[str] = set()
        lines = []
        for line in process.stdout or ():
            running = _processes()
            # A number that was free meanwhile is another process's.
            earlier &= running
            seen |= _command_lines(running - earlier)
            lines.append(line)
        process.wait()
        results = {}
        for task in tasks:
            kept = self.folder / f"{task['name']}.json"
            if kept.exists():
                results[task["name"]] = json.loads(kept.read_text(encoding="utf-8"))
                kept.unlink()
        return Played(process.returncode, "".join(lines), results, seen)

    def start(
        self,
        *tasks: dict[str, Any],
        words: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        keys: dict[str, Any] | None = None,
    ) -> subprocess.Popen[str]:
        """The running ansible-playbook of such a play."""
        steps = []
        for task in tasks:
            # The action hands over to the module where the task is delegated, as it is on a jump host.
            elsewhere = {"delegate_to": "elsewhere"} if self.name == "module" else {}
            steps += [
                {"block": [{**task, **elsewhere, "register": "answer"}], "rescue": [{"ansible.builtin.meta": "noop"}]},
                {
                    "name": "Keep the result",
                    # In Ansible's own process: ansible.builtin.copy is a second's work, more than most of what is kept.
                    "gantry.platform.new_files": {"dest": str(self.folder), "files": {f"{task['name']}.json": "{{ answer | to_json }}"}},
                    "check_mode": False,
                    "no_log": True,
                },
            ]
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        defaults = {"group/gantry.platform.kube": {"kubeconfig": self.kubeconfig}}
        book = self.folder / "playbook.yml"
        whole = {"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": steps, **(keys or {})}
        book.write_text(json.dumps([whole]), encoding="utf-8")
        given = {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            # What a module returns is judged by Ansible's own output of it.
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote"),
            "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "TMPDIR": str(self.folder),
        }
        return subprocess.Popen(
            [
                *(str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,elsewhere,"),
                *("-e", json.dumps(local), str(book), *words),
            ],
            cwd=ROOT,
            env={**os.environ, **given, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _processes() -> set[str]:
    """The numbers of this machine's processes."""
    return {name for name in os.listdir("/proc") if name.isdecimal()}


def _command_lines(processes: set[str]) -> set[str]:
    """The arguments of each of these that still runs."""
    found = set()
    for number in processes:
        try:
            found.add(Path("/proc", number, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found
