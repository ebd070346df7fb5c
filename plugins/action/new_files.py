# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.errors import InputError
from ..plugin_utils._files import write_whole
from ..plugin_utils._inprocess import outcome, plain, validated

SPEC: dict[str, Any] = {
    "dest": {"type": "path", "required": True},
    "folders": {"type": "dict", "default": {}},
    "files": {"type": "dict", "default": {}},
}


class ActionModule(ActionBase):
    """Writes the files of a folder that are not there yet, in one task: a module process for each takes half a second."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            options = plain(validated(self, SPEC, dict(self._task.args)))
            wanted = {name: text.encode() for name, text in options["files"].items()}
            for name, source in options["folders"].items():
                wanted |= {f"{name}/{inside}": content for inside, content in _contents(source).items()}
            dest = Path(options["dest"])
            missing = sorted(name for name in wanted if not os.path.lexists(_below(dest, name)))
            if not self._task.check_mode:
                for name in missing:
                    write_whole(str(dest / name), wanted[name], 0o644)
            return {"changed": bool(missing), "written": missing}

        return outcome(work)


def _below(dest: Path, name: str) -> Path:
    path = dest / name
    if os.path.isabs(name) or ".." in Path(name).parts:
        raise InputError(f"{name} is not below {dest}")
    return path


def _contents(source: str) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    folder = Path(source)
    if not folder.is_dir():
        raise InputError(f"{source} is no folder")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
