# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What every module is made of: options, and the work that one call of it does. Faces are its documentation and one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import GantryError
from .._core.redaction import Secrets

Result = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a module: its options as they were validated, and its surroundings, on this machine or on another one."""

    params: Mapping[str, Any]
    environment: Mapping[str, str]
    folder: str = ""
    """Where relative paths of references begin."""
    check_mode: bool = False
    diff: bool = False
    """Whether somebody looks at a diff."""
    gate: Callable[[], None] = lambda: None
    """Asked before every request."""
    tell: Callable[[str], None] = lambda text: None
    secrets: Secrets = field(default_factory=Secrets)


@dataclass(frozen=True, eq=False)
class Face:
    """A module: its name, its options, and what a call of it does. ``elsewhere`` makes of a task's options those for another machine."""

    name: str
    spec: Mapping[str, Any]
    work: Callable[[Call], Result]
    check_mode: bool = True
    elsewhere: Callable[[dict[str, Any]], dict[str, Any]] = lambda args: args
    of_today: Callable[[dict[str, Any]], tuple[dict[str, Any], list[str]]] = lambda args: (args, [])
    """A task's options with values of before in the form of today, and what to write instead of each."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Options that there are not, with what to write instead."""

    def call(self, call: Call) -> Result:
        """The result of ``call``, without a value of a secret that it came to know, failed or not; an error of ours is a failed result."""
        for name, option in self.spec.items():
            if option.get("no_log") and isinstance(call.params.get(name), str):
                call.secrets.add(call.params[name])
        try:
            result = self.work(call)
        except GantryError as error:
            result = {"failed": True, "msg": error.message, **error.details}
        if not call.diff:
            result.pop("diff", None)
        scrubbed: Result = call.secrets.scrubbed(result)
        return scrubbed
