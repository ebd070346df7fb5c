# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox with every area that the tests of this folder share."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import Runs
from ansible_collections.gantry.platform.tests.kit.audit import VaultAudit
from ansible_collections.gantry.platform.tests.unit.roles.declared import ENVIRONMENTS, declare
from ansible_collections.gantry.platform.tests.unit.roles.with_grafana import with_grafana
from ansible_collections.gantry.platform.tests.unit.roles.with_history import with_history
from ansible_collections.gantry.platform.tests.unit.roles.with_outside import with_outside

HOST = "sandbox"
"""The sandbox's only host."""


class Everything(Runs):
    """Playbooks on a sandbox with every area and all their servers."""

    def __init__(self) -> None:
        folder = INSTANCES / "everything"
        root = {"sandbox_root": str(folder / HOST), "platform_run_folder": str(folder / "run")}
        areas = [row.area for row in rows().values() if row.on == "cluster"]
        super().__init__(folder, HOST, HOST, **root, platform_areas=",".join(areas))
        self.vault = VaultAudit.of(self.cluster)
        self.planned = self.first = self.written_by_the_plan = None

    def mark(self) -> tuple[int, int]:
        """Where the servers' logs stand."""
        return self.audit.mark(), self.vault.mark()

    def written(self, mark: tuple[int, int]) -> list[str]:
        """What the platform has written since to any server, as paths."""
        kube, vault = mark
        return [request.path for request in self.audit.changes(kube)] + self.vault.configured(vault)


@pytest.fixture(scope="package")
def everything():
    """A sandbox with every area: ``planned`` while it was empty, then after one run, ``first``."""
    made = Everything()
    made.remove()
    try:
        code, output = made.command("ansible-playbook", *made.words("molecule/shared/prepare.yml"))
        assert code == 0, output
        since = made.mark()
        code, output, made.planned = made.play("plan")
        assert code == 0, output[-3000:]
        made.written_by_the_plan = made.written(since)
        code, output, made.first = made.play("site")
        assert code == 0, output[-3000:]
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="package")
def clusters(tmp_path_factory):
    """What every shipped cluster declares with Grafana and what is no pod, the sandbox with Vault, prod with history in a bucket."""
    folder = with_outside(with_grafana(with_history(tmp_path_factory.mktemp("inventories"))))
    inventories = [folder / f"{name}.yml" for name in ENVIRONMENTS]
    return declare(tmp_path_factory.mktemp("declared"), inventories, ["monitoring"], areas="logging,monitoring,slo,tracing,vault")
