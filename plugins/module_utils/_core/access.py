# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How a server is reached, out of files: what the sandbox wrote beside its servers, and tokens."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from .errors import InputError
from .suggest import did_you_mean

Json = dict[str, Any]
ACCESS = ("url", "ca_cert", "token_file")
"""What every access file may say."""


def access_in(path: str | None, more: Sequence[str] = ()) -> Json:
    """What an access file says: ``{url, ca_cert, token_file}`` and what of ``more`` it has; paths begin at the file's folder.

    A token file that is not there yet is left out: its server may not be initialised. Raises InputError.
    """
    if not path:
        return {}
    full = os.path.abspath(os.path.expanduser(path))
    try:
        with open(full, encoding="utf-8") as handle:
            found = json.load(handle)
    except OSError as error:
        raise InputError(f"access_file: {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"access_file: {path} is no JSON: {error}") from error
    known = (*ACCESS, *more)
    for name in found if isinstance(found, dict) else ("nothing",):
        if name not in known:
            raise InputError(f"access_file: {path} has {name!r}; allowed: {', '.join(known)}{did_you_mean(name, known)}")
    paths = {name: os.path.join(os.path.dirname(full), found[name]) for name in ("ca_cert", "token_file") if found.get(name)}
    if not os.path.exists(paths.get("token_file", "")):
        paths["token_file"] = ""
    return {**found, **paths}


def text_of(path: str, option: str) -> str:
    """What a file holds, without the white space around it. Raises InputError that names the option."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as handle:
            return handle.read().strip()
    except OSError as error:
        raise InputError(f"{option}: {path} cannot be read: {error.strerror}") from error
