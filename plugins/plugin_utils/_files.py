# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Files on the controller: the small JSON documents that a run leaves, and what is written whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any

from ansible import constants

from ..module_utils._core.errors import InputError


def project_folder() -> str:
    """Where relative paths of a run begin: the folder of ``ansible.cfg``, or the current one."""
    return os.path.dirname(os.path.abspath(constants.CONFIG_FILE)) if constants.CONFIG_FILE else os.getcwd()


def in_project(path: str) -> str:
    """The absolute path of one that is relative to the project."""
    return os.path.join(project_folder(), os.path.expanduser(path))


def read_json(path: str) -> Any:
    """The document in a file, none where there is no file. Raises InputError that names the file."""
    try:
        with open(path, encoding="utf-8") as handle:
            return json.load(handle)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error


def write_json(path: str, document: Any) -> bool:
    """Write a document whole or not at all, prove it by reading it again. False where the file holds it already."""
    text = json.dumps(document, indent=2, sort_keys=False) + "\n"
    try:
        with open(path, encoding="utf-8") as handle:
            if handle.read() == text:
                return False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    write_whole(path, text.encode(), 0o640)
    if read_json(path) != json.loads(text):
        raise InputError(f"{path} does not hold what was written to it; is somebody else writing there?")
    return True


def write_whole(path: str, content: bytes, mode: int) -> None:
    """Write a file whole or not at all, and the folders above it where there are none. Raises InputError that names the file."""
    temporary = ""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".writing-", dir=os.path.dirname(path))
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def remove_file(path: str) -> None:
    """Remove a file that may not exist."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path} cannot be removed: {error.strerror}") from error


def git_revision(folder: str) -> str:
    """The commit of the checkout, with ``-dirty`` where files differ from it; empty where Git cannot tell."""
    try:
        answer = subprocess.run(
            ["git", "-C", folder, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
