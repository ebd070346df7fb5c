# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shipped inventories, where every cluster has a Grafana with single sign-on."""

from __future__ import annotations

from pathlib import Path

import yaml

GRAFANA = {
    "url": "https://grafana.consciousness.example",
    "admin_password": "vault:shared/grafana#admin",
    "api": {"url": "https://grafana.consciousness.example", "password": "env:GRAFANA_ADMIN"},
    "sso": {
        "issuer": "https://login.consciousness.example/realms/staff",
        "client": "grafana",
        "client_secret": "vault:shared/grafana#client",
        "roles": {"admins": ["site-reliability"], "viewers": ["everybody"]},
    },
}


READER = {"password": "env:LOGS_READER", "ca": "vault:shared/logs#ca"}


def with_grafana(inventories: Path) -> Path:
    """The same folder of copied inventories, where all say it."""
    platform = inventories / "group_vars" / "all" / "20_platform.yml"
    content = yaml.safe_load(platform.read_text(encoding="utf-8"))
    content["platform_settings"]["monitoring"]["grafana"] = GRAFANA
    content["platform_settings"]["logging"]["reader"] = READER
    platform.write_text(yaml.safe_dump(content), encoding="utf-8")
    return inventories
