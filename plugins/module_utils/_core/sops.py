# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""References into files that SOPS encrypted: ``sops:<file>#<key>``, the key a dotted path.

The program ``sops`` decrypts: no Python library of it is kept. What it decrypted is in memory only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import InputError

PROGRAM_VARIABLE = "ANSIBLE_SOPS_BINARY"
"""Names the program where it is not on PATH; community.sops calls it the same."""

_SECONDS = 60  # a key service in a cloud answers within a few; one that does not must not hold up a run for ever
_NO_KEY = 128
_NOT_AS_WRITTEN = (24, 25, 51, 52)
_NOT_ENCRYPTED = "sops metadata not found"
_SHOWN_VARIABLE = re.compile(r"_(FILE|CMD|PATH)\Z")


class SopsFiles:
    """The encrypted files of one folder. Each is decrypted once, by the program that ``environment`` leads to and with its keys."""

    def __init__(self, environment: Mapping[str, str], folder: str = "") -> None:
        self._environment = environment
        self._folder = folder
        self._documents: dict[str, Any] = {}

    def __call__(self, rest: str) -> str:
        """The value of ``file#key``; what is no text as JSON. Raises InputError that names the reference and the cure, never a value."""
        path, _hash, key = rest.partition("#")
        if not (path and key):
            raise InputError(
                f"the secret reference 'sops:{rest}' is not whole; allowed: sops:<file>#<key>, the key as in database.password"
            )
        full = os.path.abspath(os.path.join(self._folder, os.path.expanduser(path)))
        try:
            if full not in self._documents:
                self._documents[full] = decrypted(full, self._environment)
        except InputError as error:
            raise InputError(f"the secret reference 'sops:{rest}' cannot be resolved: {error.message}") from None
        value = picked(self._documents[full], key.split("."))
        if value is None:
            raise InputError(f"the secret reference 'sops:{rest}' cannot be resolved: {full} has no {key}, or it is null there")
        return value if isinstance(value, str) else json.dumps(value)


def decrypted(path: str, environment: Mapping[str, str]) -> Any:
    """The document in a file, as JSON knows it. Raises InputError with the reason and the cure, never with a value.

    Only the path is an argument, and the values come through a pipe: neither a list of processes nor a disk ever has them.
    """
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise InputError(f"{error.strerror} ({path})") from error
    import subprocess  # here, since most runs decrypt nothing

    command = [program(environment), "--decrypt", "--output-type", "json", path]
    # A session of its own has no terminal: a key with a passphrase is an error then and no question that nobody sees.
    process = subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    with process:
        try:
            output, errors = process.communicate(timeout=_SECONDS)
        except BaseException as error:
            process.kill()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            output = None
    if output is None:
        raise InputError(f"sops did not end within {_SECONDS} s; can the key service of {path} be reached from here?")
    if process.returncode:
        raise InputError(reason(process.returncode, errors.decode(errors="replace"), path, environment))
    document = _read(output)
    if document is None:
        raise InputError(f"what sops makes of {path} is no single document; allowed are YAML, JSON and dotenv (by the file's ending)")
    return document


def program(environment: Mapping[str, str]) -> str:
    """The path of sops. Raises InputError with the cure."""
    given = environment.get(PROGRAM_VARIABLE)
    import shutil

    found = shutil.which(given or "sops", path=environment.get("PATH") or os.defpath)
    if found is None:
        where = f"{given}, which {PROGRAM_VARIABLE} names, is no executable file" if given else "the program sops is not on PATH"
        raise InputError(f"{where}; install sops 3.9 or newer on the machine that runs the task, or name it in {PROGRAM_VARIABLE}")
    return found


def reason(code: int, said: str, path: str, environment: Mapping[str, str]) -> str:
    """Why sops refused a file, and the cure.

    Its own words are repeated only where they are about keys: for a file that was edited by hand they quote the line, and for
    another checksum they give the checksum of the values, which is enough to try guesses.
    """
    if code == _NO_KEY:
        words = " ".join(without_keys(said, environment).partition("Recovery failed")[0].replace("|", " ").split())
        cure = "give this run the key (SOPS_AGE_KEY_FILE, or access to the file's key service), or have your key added by 'sops updatekeys'"
        return f"no key at hand opens {path}; {cure}. sops says: {words}"
    if code in _NOT_AS_WRITTEN:
        return f"{path} was changed by something else than sops; take its last good version back and change that one by 'sops edit'"
    if said.strip() == _NOT_ENCRYPTED:
        return f"{path} is not encrypted; 'sops encrypt --in-place' does that, and what it held until now is no secret any more"
    return f"sops ended with {code}; its words are not repeated since they may quote the file: run 'sops decrypt' on {path} by hand"


def without_keys(text: str, environment: Mapping[str, str]) -> str:
    """The text without what variables of sops and of its key services hold, other than names of files and programs."""
    values = {
        line.strip()
        for name, value in environment.items()
        if re.search(r"SOPS|TOKEN|SECRET|PASS|KEY", name) and not _SHOWN_VARIABLE.search(name)
        for line in value.splitlines()
    }
    for value in sorted(values, key=len, reverse=True):
        if len(value) > 3:
            text = text.replace(value, "<secret>")
    return text


def picked(value: Any, names: Sequence[str]) -> Any:
    """What lies below ``value`` at a dotted path that was split; None where nothing does.

    A name may hold dots itself (``ca.crt``): the longest that leads anywhere is taken. In a list a name is a place, from 0.
    """
    if not names:
        return value
    if isinstance(value, list):
        place = int(names[0]) if names[0].isdecimal() else len(value)
        return picked(value[place], names[1:]) if place < len(value) else None
    if isinstance(value, dict):
        for count in range(len(names), 0, -1):
            found = picked(value.get(".".join(names[:count])), names[count:])
            if found is not None:
                return found
    return None


def _read(output: bytes) -> Any:
    """The JSON document, or None. The decoder's own errors hold the text that they are about."""
    try:
        return json.loads(output)
    except ValueError:
        return None
