# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The store of a run: what the roles declared, on its way to the engine. One file for each set."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..._core.canonical import canonical
from ..._core.errors import InputError
from ..form.documents import Document

_NEEDED = {"set", "namespace", "documents"}


def write_set(folder: str, content: Mapping[str, Any]) -> str:
    """Write a set into the store, at once or not at all, and give its path."""
    path = os.path.join(folder, f"{content['set']}.json")
    temporary = f"{path}.{os.getpid()}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(canonical(content))
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"{path}: the set cannot be written: {error.strerror}; the store is made by gantry.platform.platform_model"
        ) from error
    return path


def read_store(folder: str, expected: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The set files of a run's store, by name. Raises InputError where an expected one is missing."""
    found = []
    for path in sorted(Path(folder).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: the set file cannot be read: {error}") from error
        if not isinstance(content, dict) or not _NEEDED <= set(content):
            raise InputError(f"{path}: not a set file: it needs {', '.join(sorted(_NEEDED))}")
        found.append(content)
    missing = sorted(set(expected) - {content["set"] for content in found})
    if missing:
        raise InputError(f"the store {folder} lacks the set(s) {', '.join(missing)}: a role's declare did not run")
    return sorted(found, key=lambda content: str(content["set"]))


def documents_of(content: Mapping[str, Any]) -> list[tuple[Document, str]]:
    """The documents of a set file with their sources."""
    sources = content.get("sources") or []
    name = f"set {content['set']}"
    return [(document, sources[number] if number < len(sources) else name) for number, document in enumerate(content["documents"])]
