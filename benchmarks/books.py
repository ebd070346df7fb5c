# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks beside each other on one sandbox: written, measured from outside, and shown as a table for each scenario."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import page

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def role(tasks: str, folder: Path, areas: Sequence[str]) -> None:
    """Tasks of the role sandbox on the benchmark's own instance."""
    values = json.dumps({"sandbox_root": str(folder), "sandbox_areas": [*areas]})
    command = [tool("ansible"), "localhost", "-m", "ansible.builtin.include_role", "-a", f"name=gantry.platform.sandbox tasks_from={tasks}"]
    subprocess.run([*command, "-e", values], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def tool(name: str) -> str:
    """A program beside the interpreter."""
    return str(Path(sys.executable).with_name(name))


def playbook(folder: Path, name: str, tasks: list[dict[str, Any]]) -> Path:
    """A play on this machine, which nobody else may read: it may hold a token."""
    path = folder / f"{name}.yml"
    python = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": python, "tasks": tasks}]), encoding="utf-8")
    path.chmod(0o600)
    return path


def run(book: Path, **environment: str) -> dict[str, Any]:
    """One ansible-playbook: ``{wall, cpu, code}``. What it printed goes to a log beside the playbook."""
    cost = book.with_name("cost.json")
    given = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible" / "collections"), "ANSIBLE_STDOUT_CALLBACK": "minimal"}
    with book.with_suffix(".log").open("ab") as log:
        command = [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(cost), tool("ansible-playbook"), "-i", "localhost,", str(book)]
        subprocess.run(command, cwd=ROOT, env=given | environment, stdout=log, stderr=log, check=True)
    return dict(json.loads(cost.read_text()))


def tables(rows: Sequence[Mapping[str, Any]], scenarios: Mapping[str, str], ours: str, writes: Sequence[str], digits: int = 0) -> list[str]:
    """A table for each scenario. Each of ``rows`` has ``requests`` by how, of which ``writes`` change something."""
    parts = []
    for scenario, heading in scenarios.items():
        mine = [row for row in rows if row["scenario"] == scenario]
        slowest = max(row["wall"] for row in mine)
        table = [
            [
                f"**{row['tool']}**" if row["tool"] == ours else row["tool"],
                f"{slowest / row['wall']:.{digits}f} ×",
                f"{row['wall']:.2f}",
                f"{row['cpu']:.2f}",
                str(sum(number for how, number in row["requests"].items() if how in writes)),
                str(sum(row["requests"].values())),
                str(row["failed"]),
            ]
            for row in mine
        ]
        parts += [f"## {heading}", "", *page.table(["", "faster", "wall s", "client CPU s", "writes", "requests", "failed"], table), ""]
    return parts
