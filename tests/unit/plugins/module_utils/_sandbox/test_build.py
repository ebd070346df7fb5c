# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._sandbox import golang
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import Building, Tool, cache_folder, ensure, missing
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST

GO = """#!/bin/sh
if [ "$1" = env ]; then echo go1.26.0; exit 0; fi
if [ "$1" = mod ]; then echo "{\\"Dir\\": \\"$ASSETS\\"}"; exit 0; fi
echo "$@" >> "$CALLS"
if [ -n "$BREAKS" ]; then for n in $(seq 40); do echo "line $n"; done; exit 1; fi
while [ "$1" != -o ]; do shift; done
while [ -n "$UNTIL" ] && [ ! -e "$UNTIL" ]; do sleep 0.05; done
echo built > "$2"
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """An environment whose go writes down its calls and makes files that say "built", with ``UNTIL`` once there is such a file."""
    monkeypatch.setattr(golang.sys, "executable", str(tmp_path / "nowhere" / "python"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go").write_text(GO)
    (tmp_path / "bin" / "go").chmod(0o755)
    assets = tmp_path / "assets"
    (assets / "deep").mkdir(parents=True)
    (assets / "deep" / "crd.yaml").write_text("kind: CustomResourceDefinition\n")
    calls = tmp_path / "calls"
    calls.touch()
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "CALLS": str(calls), "ASSETS": str(assets)}
    return {**home, "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}


@pytest.fixture
def tool(tmp_path):
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module m\n")
    (module / "go.sum").write_text("")
    return Tool("server", module, "./cmd/server", ldflags="-X v=1", tags="minimal")


def calls(machine):
    return Path(machine["CALLS"]).read_text(encoding="utf-8").splitlines()


def test_a_tool_is_built_once_and_kept(machine, tool, tmp_path):
    told = []
    assert missing([tool], machine) == ["server"]
    until = tmp_path / "told"
    first = ensure([tool], machine | {"UNTIL": str(until)}, lambda text: (told.append(text), until.touch()))["server"]
    assert first.path.read_text() == "built\n"
    assert first.path.is_relative_to(cache_folder(machine))
    assert told and set(told) == {"building server (1 of 1)"}
    assert missing([tool], machine) == []
    assert ensure([tool], machine, told.append)["server"] == first
    assert [call.split()[:5] for call in calls(machine)] == [["build", "-trimpath", "-ldflags", "-s", "-w"]]
    assert calls(machine)[0].endswith("-tags minimal ./cmd/server")


@pytest.mark.parametrize("change", ["go.sum", "main.go", "ldflags", "tags", "package"])
def test_everything_that_goes_into_it_is_in_its_key(tool, change):
    before = tool.key
    if change.startswith(("go.", "main.")):
        (tool.module / change).write_text("m v1 h1:x\n")
    else:
        tool = replace(tool, **{change: "other"})
    assert tool.key != before


def test_two_who_start_at_once_build_once(machine, tool, tmp_path):
    found, busy, until = [], set(), tmp_path / "both"

    def tell(_text):
        """One builds and the other one waits, or both build."""
        busy.add(threading.get_ident())
        if len(busy) == 2:
            until.touch()

    slow = machine | {"UNTIL": str(until)}
    both = [threading.Thread(target=lambda: found.append(ensure([tool], slow, tell))) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(LONGEST)
    assert found[0] == found[1]
    assert len(calls(machine)) == 1


def test_a_failed_build_shows_the_last_lines_and_leaves_nothing(machine, tool):
    with pytest.raises(ServerError) as failed:
        ensure([tool], machine | {"BREAKS": "1"}, lambda text: None)
    assert "line 40" in failed.value.message and "line 10\n" not in failed.value.message
    assert [path.name for path in cache_folder(machine).iterdir() if path.is_dir()] == []
    assert ensure([tool], machine, lambda text: None)["server"].path.is_file()


def test_files_of_another_module_lie_beside_it(machine, tool):
    with_assets = replace(tool, assets_module="example.com/m", assets=("deep/crd.yaml",))
    found = ensure([with_assets], machine, lambda text: None)["server"]
    assert (found.assets / "crd.yaml").read_text().startswith("kind:")


def test_a_binary_of_the_machine_is_used_instead(machine, tool, tmp_path):
    own = tmp_path / "own"
    own.write_text("mine")
    with pytest.raises(InputError, match="is no executable file"):
        ensure([replace(tool, path=str(own))], machine, lambda text: None)
    own.chmod(0o755)
    assert ensure([replace(tool, path=str(own))], machine, lambda text: None)["server"].path == own
    assert calls(machine) == []


def test_a_folder_of_test_binaries_is_honoured(machine, tool, tmp_path):
    offered = tmp_path / "offered"
    offered.mkdir()
    given = machine | {"KUBEBUILDER_ASSETS": str(offered)}
    assert missing([tool], given) == ["server"]
    (offered / "server").write_text("theirs")
    os.chmod(offered / "server", 0o755)
    assert ensure([tool], given, lambda text: None)["server"].path == offered / "server"
    assert calls(machine) == []


def test_what_is_missing_is_built_beside_its_caller(machine, tool, tmp_path):
    told, until = threading.Event(), tmp_path / "seen"

    def tell(text):
        assert text == "building server (1 of 1)"
        told.set()

    other = replace(tool, name="other", ldflags="")
    ensure([other], machine, lambda text: None)
    with Building([tool, other], machine | {"UNTIL": str(until)}, tell) as building:
        assert (building.absent, building.has("other"), building.has("server")) == (["server"], True, False)
        assert told.wait(LONGEST) and building.goes_on
        until.touch()
        building.wait()
        assert building.has("server", "other") and building.binaries["server"].path.read_text() == "built\n"
    assert building.seconds == building.seconds > 0, "what is done takes no longer"
    with Building([tool, other], machine, tell) as again:
        assert (again.absent, again.goes_on, again.seconds) == ([], False, 0.0)


def test_a_build_that_fails_ends_its_callers_waiting(machine, tool):
    with Building([tool], machine | {"BREAKS": "1"}, lambda text: None) as building, pytest.raises(ServerError, match="line 40"):
        building.wait()


def test_who_gives_up_ends_the_compiler(machine, tool, tmp_path):
    compiling, never = threading.Event(), machine | {"UNTIL": str(tmp_path / "never")}
    with pytest.raises(KeyboardInterrupt), Building([tool], never, lambda text: compiling.set()):
        assert compiling.wait(LONGEST)
        raise KeyboardInterrupt
    # The caller is let go only when the compiler is gone, and what it left is, too.
    assert [path.name for path in cache_folder(machine).iterdir() if path.is_dir()] == []
