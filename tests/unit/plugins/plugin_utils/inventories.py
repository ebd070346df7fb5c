# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real inventories, read by Ansible itself, as an action plugin sees them."""

from __future__ import annotations

import shutil
from pathlib import Path

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

CHECKOUT = Path(__file__).resolve().parents[4]


def copy_of_the_inventories(folder: Path) -> Path:
    """The shipped inventories in ``folder/inventories``, to break."""
    return Path(shutil.copytree(CHECKOUT / "inventories", folder / "inventories"))


def task_vars(*sources: Path, limit: list[str] | None = None) -> dict:
    """What Ansible hands to a task of a play over all hosts of ``sources``."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(source) for source in sources])
    manager = VariableManager(loader=loader, inventory=inventory)
    hosts = [host.name for host in inventory.get_hosts()]
    return {
        "hostvars": HostVars(inventory, manager, loader),
        "groups": inventory.get_groups_dict(),
        "ansible_play_hosts_all": limit or hosts,
    }
