# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shipped inventories, where every cluster measures what is no pod, and asks an address of its own."""

from __future__ import annotations

from pathlib import Path

import yaml

SCRAPE = {
    "databases": {
        "targets": ["127.0.0.1:9187", "db.consciousness.example:9187"],
        "cidrs": ["10.64.8.0/24"],
        "labels": {"kind": "database"},
    },
    "devices": {
        "http": {"url": "https://inventory.consciousness.example/targets"},
        "cidrs": ["10.64.9.0/24"],
        "labels": {"kind": "device"},
        "scheme": "https",
        "ca": "vault:shared/devices#ca",
        "server_name": "devices.consciousness.example",
        "basic_auth": {"username": "vault:shared/devices#user", "password": "vault:shared/devices#password"},
    },
    "found": {"dns": {"names": ["metrics.consciousness.example"], "type": "A", "port": 9100}, "cidrs": ["10.64.10.0/24"], "interval": "1m"},
}
PROBES = {"status-page": {"url": "http://status.consciousness.example:8080/health", "statuses": [200], "team": "cortex"}}


def with_outside(inventories: Path) -> Path:
    """The same folder of copied inventories, where all say it."""
    platform = inventories / "group_vars" / "all" / "20_platform.yml"
    content = yaml.safe_load(platform.read_text(encoding="utf-8"))
    content["platform_settings"]["monitoring"] |= {"scrape": SCRAPE, "probes": PROBES}
    platform.write_text(yaml.safe_dump(content), encoding="utf-8")
    return inventories
