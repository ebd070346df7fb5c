# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small inventory whose secrets the Vault Secrets Operator delivers, unless it is told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories


def operated(folder: Path, references: Mapping[str, str] | None = None, **vault: Any) -> Path:
    """The sandbox with a service that has secrets of two paths and two databases, and one that has none; ``vault`` says more of it."""
    inventories = copy_of_the_inventories(folder)
    shared, sandbox = inventories / "group_vars" / "all", inventories / "group_vars" / "sandbox_environment"
    common = {"team": "memory", "tier": "t3", "data_class": "internal", "replicas": {"min": 1, "max": 1}}
    services = {
        "store": {
            **common,
            "description": "Keeps what was learnt",
            "generated_secrets": {"SIGNING_KEY": {}},
            "databases": {"memory": {}, "long-term": {"access": "read"}},
        },
        "quiet": {**common, "description": "Knows no secret"},
    }
    references = references or {"API_KEY": 'vault:sandbox/store#api "key"', "TOKEN": "vault:sandbox/store#token"}
    overrides = {
        "security": {"vault": {"delivery": "operator", **vault}},
        "settings": {"areas": {"alerting": False, "monitoring": False, "slo": False}, "components": {"vault-secrets-operator": {}}},
    }
    released = {name: {"digest": "sha256:" + "a" * 64} for name in services}
    databases = {name: {"host": f"{name}.db.example", "password": "env:PASSWORD"} for name in ("memory", "long-term")}
    foundation = _read(sandbox / "10_foundation.yml").get("platform_foundation") or {}
    _write(shared / "40_services.yml", platform_services=services)
    _write(shared / "50_slos.yml", platform_slos={})
    _write(sandbox / "10_foundation.yml", platform_foundation={**foundation, "databases": databases})
    _write(sandbox / "20_overrides.yml", platform_environment_overrides=overrides)
    _write(sandbox / "90_secret_references.yml", platform_secret_references={"services": {"store": dict(references)}})
    _write(sandbox / "release.yml", platform_release={"services": released})
    return inventories / "sandbox.yml"


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def _write(path: Path, **content: Any) -> None:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
