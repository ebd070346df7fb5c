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
from ansible_collections.gantry.platform.plugins.plugin_utils._run_folder import remove_dead_runs, run_name, run_store


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
    for name in (living, dead, foreign, "notes"):
        (tmp_path / name).mkdir()
    remove_dead_runs(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted([living, foreign, "notes"])


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
