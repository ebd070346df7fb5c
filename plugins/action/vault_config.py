# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._aws.secrets import SecretsManager
from ..module_utils._kube.wire.secrets import cluster_secrets
from ..module_utils._vault.options import CONFIG_SPEC, run
from ..plugin_utils._inprocess import Progress, in_process


class ActionModule(ActionBase):
    """The engine in process on a local connection; anywhere else the module of the same name runs it."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        tell = Progress((task_vars or {}).get("inventory_hostname", ""))

        def work(params: dict[str, Any], environment: dict[str, str], gate: Any) -> dict[str, Any]:
            cluster = cluster_secrets(params, environment, gate)
            resolvers = {"aws-sm": SecretsManager(environment), **({"kube": cluster} if cluster else {})}
            found = run(params, environment, self._loader.get_basedir(), self._task.check_mode, resolvers, gate, tell)
            if not self._task.diff:
                found.pop("diff")
            return found

        return in_process(self, "gantry.platform.vault_config", CONFIG_SPEC, task_vars, work)
