# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says where an effective value comes from; see ``module_utils/_model/explain.py``."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._core.errors import GantryError, InputError
from ..module_utils._core.schema import show_path
from ..module_utils._core.words import clean_lines
from ..module_utils._model.explain import Explained, explain, table
from ..plugin_utils._inprocess import outcome, validated
from ..plugin_utils._model_input import model_of

try:
    import jmespath
except ImportError:
    jmespath = None

ARGUMENTS: dict[str, Any] = {"query": {"type": "str", "required": True}, "hosts": {"type": "list", "elements": "str"}}


class ActionModule(ActionBase):
    """Runs on the controller, reads the inventory and nothing else."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}

        def work() -> dict[str, Any]:
            options = validated(self, ARGUMENTS, dict(self._task.args))
            query = options["query"]
            found: dict[str, Explained] = {}
            silent: dict[str, GantryError] = {}
            for host in options["hosts"] or [variables["inventory_hostname"]]:
                try:
                    found[host] = explain(model_of(host, variables, read_only=True), query, _search)
                except GantryError as error:
                    silent[host] = error
            if not found:
                raise next(iter(silent.values()))
            answers: dict[str, list[str]] = {}
            for host, one in found.items():
                answers.setdefault("\n".join(table(one, query)), []).append(host)
            for text, hosts in answers.items():
                Display().display(clean_lines(f"{', '.join(hosts)}\n{text}\n"))
            for host, error in silent.items():
                Display().display(clean_lines(f"{host}\n{error.message}\n"))
            first = next(iter(found.values()))
            return {"changed": False, "hosts": list(answers.values()), "value": first.value, "said": _said(first)}

        return outcome(work)


def _said(explained: Explained) -> list[dict[str, Any]]:
    return [
        {
            "path": show_path(path),
            "layer": one.layer,
            "source": one.source,
            "origins": list(one.origins),
            "value": one.value,
            "removed": one.removed,
        }
        for path, statements in explained.leaves.items()
        for one in statements
    ]


def _search(query: str, value: Any) -> Any:
    if jmespath is None:
        raise InputError("a query needs the Python library jmespath on the control node; install it, or ask for a plain path")
    try:
        return jmespath.search(query, value)
    except jmespath.exceptions.JMESPathError as error:
        raise InputError(f"the query {query!r} is not right: {error}") from error
