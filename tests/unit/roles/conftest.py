# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shipped inventories, declared once for all tests of roles."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT, ENVIRONMENTS, Declared, declare, of_clusters


@pytest.fixture(scope="session")
def shipped(tmp_path_factory) -> dict[str, Declared]:
    """By cluster, what baseline, Vault (also where it is off) and workloads declare for the five shipped inventories."""
    inventories = [CHECKOUT / "inventories" / f"{name}.yml" for name in ENVIRONMENTS]
    return declare(tmp_path_factory.mktemp("shipped"), inventories, ["cluster_baseline", "vault", "workloads"])


@pytest.fixture(scope="session")
def everything(tmp_path_factory) -> dict[str, Declared]:
    """By cluster, what the five shipped inventories declare with every area on."""
    inventories = [CHECKOUT / "inventories" / f"{name}.yml" for name in ENVIRONMENTS]
    every = of_clusters()
    return declare(tmp_path_factory.mktemp("everything"), inventories, [row.area for row in every], ",".join(row.area for row in every))
