# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._sandbox import golang
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.golang import go_binary, go_environment, module_folder


def fake(folder: Path, version: str, output: str = "", code: int = 0) -> Path:
    """A go that says this version, and this for everything else."""
    folder.mkdir()
    script = folder / "go"
    script.write_text(f"#!/bin/sh\nif [ \"$1\" = env ]; then echo {version}; exit 0; fi\necho '{output}'\nexit {code}\n")
    script.chmod(0o755)
    return script


@pytest.fixture(autouse=True)
def no_go_beside_python(monkeypatch, tmp_path):
    monkeypatch.setattr(golang.sys, "executable", str(tmp_path / "nowhere" / "python"))


def path_of(*folders):
    return {"PATH": ":".join(map(str, [*folders, "/usr/bin", "/bin"]))}


def test_the_first_that_is_new_enough_is_taken(tmp_path):
    fake(tmp_path / "old", "go1.22.5")
    devel = fake(tmp_path / "odd", "devel")
    new = fake(tmp_path / "new", "go1.26.1")
    assert go_binary(path_of(devel.parent, tmp_path / "old", tmp_path / "new")) == str(new)


def test_the_one_beside_python_serves_too(tmp_path, monkeypatch):
    brought = fake(tmp_path / "venv", "go1.27.0")
    monkeypatch.setattr(golang.sys, "executable", str(brought.with_name("python")))
    assert go_binary({"PATH": str(tmp_path / "nothing")}) == str(brought)


def test_one_that_is_too_old_is_named_with_the_cure(tmp_path):
    old = fake(tmp_path / "old", "go1.25.9")
    with pytest.raises(InputError) as refused:
        go_binary({"PATH": str(old.parent)})
    assert str(old) in refused.value.message and "make deps" in refused.value.message and "1.26" in refused.value.message


def test_builds_see_the_pinned_module_alone():
    found = go_environment({"GOWORK": "/other", "GOFLAGS": "-mod=mod", "HOME": "/h"})
    assert found == {"HOME": "/h", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}


def test_a_modules_folder_is_what_go_says(tmp_path):
    fake(tmp_path / "go", "go1.26.0", json.dumps({"Dir": "/cache/m@v1"}))
    assert module_folder(tmp_path, "example.com/m", path_of(tmp_path / "go")) == Path("/cache/m@v1")


def test_a_module_that_cannot_be_read_is_named(tmp_path):
    fake(tmp_path / "go", "go1.26.0", "checksum mismatch", 1)
    with pytest.raises(ServerError, match="example.com/m .*checksum mismatch"):
        module_folder(tmp_path, "example.com/m", path_of(tmp_path / "go"))
