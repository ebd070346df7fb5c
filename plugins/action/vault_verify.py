# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._kube.wire.secrets import cluster_secrets
from ..module_utils._vault.options import VERIFY_SPEC, run_verification
from ..plugin_utils._inprocess import in_process


class ActionModule(ActionBase):
    """In process on a local connection; anywhere else the module of the same name runs."""

    _supports_check_mode = False
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work(params: dict[str, Any], environment: dict[str, str], gate: Any) -> dict[str, Any]:
            # A token that was made is revoked whatever happens: those requests ask no gate.
            cluster = cluster_secrets(params, environment, gate)
            return run_verification(params, environment, cluster.token_of if cluster else None)

        return in_process(self, "gantry.platform.vault_verify", VERIFY_SPEC, task_vars, work)
