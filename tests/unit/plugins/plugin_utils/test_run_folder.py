# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.plugin_utils import _files, _run_folder
from ansible_collections.gantry.platform.plugins.plugin_utils._run_folder import (
    leave_word,
    left_word,
    lives,
    remove_dead_runs,
    run_name,
    run_store,
)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    return tmp_path


def test_a_store_lies_in_the_runs_folder_and_belongs_to_its_owner_alone(project):
    store = run_store("prod-euw1")
    assert store == str(project / ".gantry/run" / run_name(os.getppid()) / "prod-euw1")
    assert stat.S_IMODE(os.stat(store).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(os.path.dirname(store)).st_mode) == 0o700


def test_a_store_begins_empty_and_leaves_its_neighbours_alone(project):
    old, neighbour = run_store("a"), run_store("b")
    for folder in (old, neighbour):
        with open(os.path.join(folder, "x.json"), "w", encoding="utf-8") as handle:
            handle.write("{}")
    assert os.listdir(run_store("a")) == []
    assert os.listdir(neighbour) == ["x.json"]


def test_another_folder_may_be_chosen(project):
    assert run_store("a", "runs").startswith(str(project / "runs"))


def test_a_name_is_the_same_for_one_process_and_of_no_other(monkeypatch):
    assert run_name(os.getpid()) == run_name(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        alive = run_name(process.pid)
        assert alive != run_name(os.getpid())
        process.communicate(b"\n")
    assert run_name(process.pid) != alive


def test_what_dead_runs_left_is_removed_and_what_living_ones_use_stays(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        process.wait()
    machine = run_name(os.getpid()).partition("-")[0]
    living, dead, foreign = run_name(os.getpid()), f"{machine}-{process.pid}-0123abcd", f"other0-{process.pid}-0123abcd"
    again = f"{machine}-{os.getpid()}-0123abcd"
    for name in (living, dead, foreign, again, "notes"):
        (tmp_path / name).mkdir()
    remove_dead_runs(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted([living, foreign, "notes"])
    assert [lives(name) for name in (living, dead, foreign, again, "notes")] == [True, False, None, False, None]


@pytest.mark.parametrize("differs", ["/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"])
def test_a_run_of_another_boot_or_container_with_the_same_host_name_is_not_judged(tmp_path, monkeypatch, differs):
    """Two containers of one machine share a checkout: in each the other's process number is free, or somebody else's."""
    elsewhere = {differs: "another"}
    text, link = _run_folder._text, _run_folder._link
    monkeypatch.setattr(_run_folder, "_text", lambda path: elsewhere.get(path) or text(path))
    monkeypatch.setattr(_run_folder, "_link", lambda path: elsewhere.get(path) or link(path))
    _run_folder._machine.cache_clear()
    theirs = [run_name(1), run_name(os.getpid()), f"{run_name(1).partition('-')[0]}-99999999-0123abcd"]
    monkeypatch.undo()
    _run_folder._machine.cache_clear()
    assert theirs[1] != run_name(os.getpid())
    for name in theirs:
        (tmp_path / name).mkdir()
    remove_dead_runs(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted(theirs)


def test_a_process_that_may_not_be_looked_at_is_alive(monkeypatch, tmp_path):
    """Somebody else's, on a machine that hides processes of others."""

    def refuse(pid, number):
        raise PermissionError

    monkeypatch.setattr(_run_folder.os, "kill", refuse)
    monkeypatch.setattr(_run_folder, "_birth", lambda pid: "none")
    name = f"{_run_folder._machine()}-4711-0123abcd"
    (tmp_path / name).mkdir()
    remove_dead_runs(str(tmp_path))
    assert (lives(name), os.listdir(tmp_path)) == (None, [name])


def test_a_run_in_another_pid_namespace_keeps_its_store(tmp_path):
    """The real thing where this user may make one: the run there is number 1 or 2, and lives."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]);"
        "from ansible_collections.gantry.platform.plugins.plugin_utils._run_folder import run_name;"
        "import os, pathlib; pathlib.Path(sys.argv[1], run_name(os.getpid())).mkdir(); print('made', flush=True); input()"
    )
    words = [
        "unshare",
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--mount-proc",
        sys.executable,
        "-c",
        script,
        str(tmp_path),
        sys.path[0],
    ]
    made = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if made.stdout.readline() != "made\n":  # no such namespaces here: the tests above say the same of patched ones
        return
    kept = os.listdir(tmp_path)
    remove_dead_runs(str(tmp_path))
    assert os.listdir(tmp_path) == kept != []
    made.communicate("\n")


def test_what_a_stopped_worker_says_lies_beside_its_store(project):
    store = run_store("prod-euw1")
    assert left_word(store) is None
    leave_word(store, {"failed": True, "msg": "stopped"})
    assert left_word(store) == {"failed": True, "msg": "stopped"}
    assert os.listdir(store) == []


def test_where_there_is_no_proc_the_start_is_asked_of_ps(monkeypatch):
    def no_file(*_args, **_options):
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", no_file)
    monkeypatch.setattr(_run_folder.os.path, "isdir", lambda _path: False)
    answer = subprocess.CompletedProcess([], 0, stdout="Tue Nov 24 00:00:00 2026\n")
    monkeypatch.setattr(_run_folder.subprocess, "run", lambda *_args, **_options: answer)
    assert len(run_name(1).split("-")[2]) == 8


def test_a_folder_that_cannot_be_made_names_the_cure(project):
    (project / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="choose another one with platform_run_folder"):
        run_store("a", "file")
