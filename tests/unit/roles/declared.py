# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles declare for inventories, rendered by the real playbook run: model, declare, set files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import EVERY_COMPONENT, Row, rows
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST

CHECKOUT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = ("sandbox", "dev", "staging", "prod", "dr")


def of_clusters() -> list[Row]:
    """The areas whose documents are ours, in the order of a run: the components' are their projects'."""
    return [row for row in rows().values() if row.on == "cluster" and EVERY_COMPONENT not in row.components]


class Declared:
    """One cluster: its effective model and the sets that were declared for it."""

    def __init__(self, store: Path, model: dict[str, Any]) -> None:
        self.store = store
        self.model = model

    @cached_property
    def sets(self) -> dict[str, dict[str, Any]]:
        """The set files by name."""
        contents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(self.store.glob("*.json"))]
        return {content["set"]: content for content in contents}

    def documents(self, of: str, kind: str = "") -> list[dict[str, Any]]:
        """The documents of a set, of one kind where it is named."""
        return [document for document in self.sets[of]["documents"] if kind in ("", document["kind"])]

    def one(self, of: str, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        """The one document of this kind and name."""
        (found,) = [
            document
            for document in self.documents(of, kind)
            if document["metadata"]["name"] == name and namespace in ("", document["metadata"].get("namespace"))
        ]
        return found


def declare(folder: Path, inventories: list[Path], roles: list[str], areas: str = "", **variables: Any) -> dict[str, Declared]:
    """Declare the areas of ``roles`` for every cluster of the inventories; gives what came out by host. Nothing is contacted.

    ``areas`` are those that a sandbox was told to have besides those of its inventory, ``variables`` are given on the command line.
    With the baseline comes the set ``deployer-access``, which otherwise goes straight to a cluster.
    """
    access = {
        "name": "Declare the deployer's access",
        "ansible.builtin.include_role": {"name": "gantry.platform.cluster_baseline", "tasks_from": "access"},
    }
    play = {
        "name": "Declare",
        "hosts": "all:!control",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Expand the model",
                "gantry.platform.platform_model": {"read_only": True},
                "register": "platform_model",
            },
            {"name": "Declare", "gantry.platform.declare": {"store": "{{ platform_model.store }}", "areas": roles}},
            *([access] if "cluster_baseline" in roles else []),
            {
                "name": "Keep",
                "gantry.platform.new_files": {
                    "dest": str(folder),
                    "files": "{{ {inventory_hostname ~ '.json': {'store': platform_model.store, 'effective': platform_model.effective} | to_json} }}",
                },
                "register": "kept",
                "failed_when": "not kept.changed",
            },
        ],
    }
    book = folder / "declare.yml"
    book.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    extra = {"platform_run_folder": f"{folder}/run", "platform_areas": areas, **variables}
    (folder / "extra.json").write_text(json.dumps(extra), encoding="utf-8")
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(book), "-e", f"@{folder}/extra.json"]
    for inventory in inventories:
        command += ["-i", str(inventory)]
    environment = {
        **os.environ,
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {}
    for path in sorted(folder.glob("*.json")):
        if path.name != "extra.json":
            kept = json.loads(path.read_text(encoding="utf-8"))
            found[path.stem] = Declared(Path(kept["store"]), kept["effective"])
    return found
