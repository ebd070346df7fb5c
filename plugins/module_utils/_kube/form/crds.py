# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Custom resource definitions out of a folder of upstream files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..._core.errors import InputError
from ..._core.text import decoded
from .documents import Document, load_text

_CRD = "CustomResourceDefinition"
_MADE_BY_CLUSTER = ("status",)


def read_crds(folder: Path, patterns: Iterable[str]) -> list[Document]:
    """Every definition that the files hold, by name. Raises InputError where a pattern matches nothing."""
    found: dict[str, Document] = {}
    for pattern in patterns:
        files = sorted(folder.glob(pattern))
        if not files:
            raise InputError(f"no file of {folder.name} matches {pattern!r}; upstream moved its definitions: look and change the catalogue")
        for file in files:
            for document, _source in load_text(decoded(file.read_bytes(), file.name), file.name):
                if document.get("kind") == _CRD:
                    found[document["metadata"]["name"]] = {key: value for key, value in document.items() if key not in _MADE_BY_CLUSTER}
    if not found:
        raise InputError(f"{folder.name}: {', '.join(patterns)} hold no {_CRD}")
    return [found[name] for name in sorted(found)]
