# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._kube.options import VERIFY_SPEC, auth_options, expectation_rows
from ..module_utils._kube.verify.expectations import read_expectations, result_of, verify
from ..module_utils._kube.wire.auth import resolve_access
from ..module_utils._kube.wire.client import KubeClient
from ..plugin_utils._inprocess import Progress, outcome, plain, runs_here, task_environment, validated, worker


class ActionModule(ActionBase):
    """The check in process on a local connection; anywhere else the module of the same name does it."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}

        def work() -> dict[str, Any]:
            args = dict(self._task.args)
            if not runs_here(self):
                if args.get("store"):
                    args["expectations"] = [item for item, _source in expectation_rows(args)]
                    args = {key: value for key, value in args.items() if key not in ("store", "sets")}
                return self._execute_module("gantry.platform.kube_verify", module_args=args, task_vars=task_vars)
            return self._verify(plain(validated(self, VERIFY_SPEC, args)), task_vars)

        return outcome(work)

    def _verify(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        expectations = read_expectations(expectation_rows(params))
        access = resolve_access(auth_options(params, task_environment(self)))
        with worker() as gate:
            client = KubeClient(access, "kube_verify", gate)
            try:
                progress = Progress(task_vars.get("inventory_hostname", ""))
                return result_of(verify(client, expectations, float(params["wait_timeout"]), progress))
            finally:
                client.close()
