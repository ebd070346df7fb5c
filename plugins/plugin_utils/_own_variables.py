# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Variables that a run works out by itself. From a command line they would beat it, and with it every guard that reads them."""

from __future__ import annotations

import functools
import os
import re
from typing import Any

from ansible.utils.vars import load_extra_vars

from ..module_utils._core.errors import InputError

_ROLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), *("..",) * 2, "roles", "platform")
_WORD = re.compile(r"^\s*(?:register:\s*)?(platform_\w+)\s*(?::|$)", re.M)
_ANSIBLES = {
    "ansible_check_mode",
    "ansible_diff_mode",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
}
_GIVEN_BY_PLAYBOOKS = {"platform_command", "platform_alone"}


def refuse_own_variables(loader: Any) -> None:
    """Raise InputError where a command line (``-e``, a survey, extra variables of AWX) names what a run works out by itself."""
    taken = sorted(set(load_extra_vars(loader)) & (own_variables() | _ANSIBLES))
    if taken:
        raise InputError(
            f"{', '.join(taken)}: set by -e, but a run works this out by itself, and its guards read it; nothing was contacted. "
            "What a run is for is said by its playbook: plan, site, apply, drift; what may be set stands in the README of role platform"
        )


@functools.cache
def own_variables() -> frozenset[str]:
    """Every variable that the role registers, works out in its tasks or has in its vars, and what its playbooks say."""
    found = set(_GIVEN_BY_PLAYBOOKS)
    for folder in ("tasks", "vars"):
        for name in os.listdir(os.path.join(_ROLE, folder)):
            with open(os.path.join(_ROLE, folder, name), encoding="utf-8") as handle:
                found.update(_WORD.findall(handle.read()))
    return frozenset(found)
