# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shipped inventories, where the three clusters of prod keep history in one bucket."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories

BUCKET = {
    "type": "s3",
    "name": "consciousness-prod-history",
    "endpoint": "s3.eu-west-1.amazonaws.com",
    "credentials": "vault:prod/monitoring#bucket",
}


def with_history(folder: Path) -> Path:
    """The folder of the copies."""
    inventories = copy_of_the_inventories(folder)
    overrides = inventories / "group_vars" / "prod" / "20_overrides.yml"
    content = yaml.safe_load(overrides.read_text(encoding="utf-8"))
    content["platform_environment_overrides"]["settings"]["monitoring"] = {"thanos": {"bucket": BUCKET}}
    overrides.write_text(yaml.safe_dump(content), encoding="utf-8")
    return inventories
