# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What may be shown of a document: of a Secret that its values are set, and no more."""

from __future__ import annotations

from ..._core.redaction import SET
from .documents import Document

_VALUES = ("data", "stringData")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def shown_document(body: Document, secret: bool) -> Document:
    """A document without the values of a Secret, which kubectl repeats in an annotation."""
    if not secret:
        return body
    shown = {key: dict.fromkeys(value, SET) if key in _VALUES and isinstance(value, dict) else value for key, value in body.items()}
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    if _LAST_APPLIED in annotations:
        shown["metadata"] = {**body["metadata"], "annotations": {**annotations, _LAST_APPLIED: SET}}
    return shown


def is_hidden(path: str, secret: bool) -> bool:
    """Whether the value at a path of an object is shown as the fact that it is set."""
    return (secret and path.split(".")[0].split("[")[0] in _VALUES) or _LAST_APPLIED in path
