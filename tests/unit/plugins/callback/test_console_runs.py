# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of somebody's playbooks with the console: in a pipe, in a terminal, stopped in the middle."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.tests.kit.terminal import in_terminal
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import CHECKOUT

BLOCK = [
    {"name": "Break", "ansible.builtin.fail": {"msg": "as it must"}},
]
TASKS = [
    {"name": "Look", "ansible.builtin.assert": {"that": True}},
    {"name": "Say", "ansible.builtin.debug": {"msg": "hello from {{ inventory_hostname }}"}},
    {"name": "Try", "block": BLOCK, "rescue": [{"name": "Mend", "ansible.builtin.debug": {"msg": "mended"}}]},
    {"name": "Write", "ansible.builtin.copy": {"dest": "{{ folder }}/file", "content": "new\n", "mode": "0600"}, "when": "first"},
    {"name": "Reach", "ansible.builtin.ping": {}, "when": "not first"},
    {"name": "Stop", "ansible.builtin.fail": {"msg": "no further"}, "when": "first"},
]


class Books:
    """Playbooks of a folder, for two hosts of which the second cannot be reached."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("COLUMNS", "GITHUB_ACTIONS", "NO_COLOR")},
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        }
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_ssh_executable": "/bin/false"}
        hosts = {"first": {**local, "first": True}, "second": {**away, "first": False}}
        (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}), encoding="utf-8")

    def command(self, tasks, *words, hosts="all"):
        book = self.folder / "book.yml"
        play = {"name": "Theirs", "hosts": hosts, "gather_facts": False, "vars": {"folder": str(self.folder)}, "tasks": tasks}
        book.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
        return [Path(sys.executable).parent / "ansible-playbook", "-i", self.folder / "hosts.yml", book, *words]

    def run(self, tasks, *words, **more):
        done = subprocess.run(
            self.command(tasks, *words, **more),
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def books(tmp_path):
    return Books(tmp_path)


def test_of_somebodys_playbook_all_that_matters_is_shown(books):
    code, said = books.run(TASKS)
    assert code in (2, 4), said
    assert "Look" not in said, "it was fine and changed nothing"
    for host in ("first", "second"):
        # Which of the two comes first is theirs.
        assert re.search(rf"^Say\n(  \w+: hello from \w+\n)?  {host}: hello from {host}\n", said, re.MULTILINE), said
        assert re.search(rf"^Break\n(  \w+: failed.*\n +at .*\n)?  {host}: failed: as it must\n +at \S*book\.yml:\d+\n", said, re.MULTILINE)
        assert re.search(rf"^Mend\n(  \w+: mended\n)?  {host}: mended\n", said, re.MULTILINE), said
    assert "Write\n  first: changed\n" in said
    assert re.search(r"Reach\n  second: failed: cannot be reached: ", said)
    assert "Stop\n  first: failed: no further\n" in said
    assert re.search(r"PLAY RECAP.*\nfirst +: ok=\d+ +changed=1 +unreachable=0 +failed=1 +skipped=1 +rescued=1 ", said)
    assert re.search(r"second +: .*unreachable=1", said)
    assert "\x1b" not in said, "no colour in a pipe"


def test_check_mode_and_diffs_are_as_ever(books):
    code, said = books.run(TASKS[3:4], "--check", "--diff", hosts="first")
    assert code == 0, said
    assert re.search(r"Write\n--- before\n\+\+\+ after: .*\n@@ .*\n\+new\n\n  first: changed\n", said)
    assert not (books.folder / "file").exists()


def test_v_is_ansibles_own_output(books):
    _code, said = books.run(TASKS[:2], "-v", hosts="first")
    assert "PLAY [Theirs]" in said and "TASK [Say]" in said and "TASK [Look]" in said and "PLAY RECAP" in said


def test_a_task_that_takes_long_has_a_live_line_that_leaves_nothing_behind(books):
    # It ends when the line has been seen.
    go = books.folder / "go"

    def watch(wrote):
        if re.search(r"Wait [1-9]\d* s", wrote):
            go.touch()
        return b""

    waiting = {"name": "Wait", "ansible.builtin.wait_for": {"path": str(go), "timeout": LONGEST, "sleep": 1}}
    ended = {"name": "End", "ansible.builtin.debug": {"msg": "done"}}
    shown = in_terminal(books.command([waiting, ended], hosts="first"), CHECKOUT, books.environment, watch=watch)
    assert shown.code == 0, shown.wrote
    assert any(re.fullmatch(r"  Wait [1-9]\d* s", line) for line in shown.passed)
    assert not any("Wait" in line for line in shown.lines)
    assert "  first: done" in shown.lines


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_those_of_the_terminal(books, variables, coloured):
    shown = in_terminal(books.command(TASKS[:2], hosts="first"), CHECKOUT, books.environment | variables)
    assert shown.code == 0, shown.wrote
    assert bool(re.search(r"\x1b\[[0-9;]+m", shown.wrote)) is coloured


def test_who_stops_a_run_gets_the_terminal_back(books):
    keys = [b"\x03"]

    def watch(wrote):
        return keys.pop() if keys and re.search(r"Wait [1-9]\d* s", wrote) else b""

    waiting = {"name": "Wait", "ansible.builtin.wait_for": {"path": str(books.folder / "never"), "timeout": LONGEST}}
    shown = in_terminal(books.command([waiting], hosts="first"), CHECKOUT, books.environment, watch=watch)
    assert shown.code not in (0, 2), shown.wrote
    assert "interrupted" in "\n".join(shown.lines).lower()
    assert not any(line.startswith("  Wait") for line in shown.lines), shown.lines


def test_a_question_has_the_terminal_for_itself(books):
    # What is typed before the question listens is thrown away.
    def watch(wrote):
        return b"yes\r" if "Really?:" in wrote and "it was" not in wrote else b""

    asking = {"name": "Ask", "ansible.builtin.pause": {"prompt": "Really?"}, "register": "asked"}
    said = {"name": "Tell", "ansible.builtin.debug": {"msg": "it was {{ asked.user_input }}"}}
    shown = in_terminal(books.command([asking, said], hosts="first"), CHECKOUT, books.environment, watch=watch)
    assert shown.code == 0, shown.wrote
    assert "  first: it was yes" in shown.lines
    assert not any("Ask" in text for text in shown.passed)
