# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Expectations that the declared documents themselves break: told before anything is contacted, not after everything was applied.

Of access alone (roles and bindings): it is what is declared, while other kinds hold what only the server knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import InputError
from ..form.builtin import RBAC
from ..form.documents import normalise
from ..form.kinds import split_version
from ..verify.expectations import judge, read_expectations
from .store import documents_of


def refuse_broken(contents: Sequence[Mapping[str, Any]]) -> None:
    """Raise InputError with each declared role or binding that breaks what must be true, and how an exception is declared."""
    access = [
        item
        for content in contents
        for document, source in documents_of(content)
        if (item := normalise(document, source, content["set"])[0]).ref.group == RBAC
    ]
    rows = [(row, f"set {content['set']}") for content in contents for row in content.get("expectations") or []]
    problems = []
    for expectation in read_expectations(rows):
        if split_version(expectation.api_version)[0] != RBAC or expectation.object or expectation.selector or not expectation.condition:
            continue
        for item in access:
            if item.ref.kind == expectation.kind and expectation.namespace in ("", item.ref.namespace):
                found = judge(expectation, [item.body])
                if not found.passed:
                    cure = f"; where that is meant, {expectation.exception}" if expectation.exception else ""
                    problems.append(f"  {item.ref.id} ({item.source}) breaks {expectation.name}: {expectation.meaning}{cure}")
    if problems:
        raise InputError("what is declared would break what must be true; nothing was contacted:\n" + "\n".join(problems))
