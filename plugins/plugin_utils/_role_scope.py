# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a role of this collection would see if it were included here, without the tasks that including it costs: its options with their
defaults, its variables, its templates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template
from ansible.utils.vars import load_extra_vars

from ._rendering import render_file

ROLES = Path(__file__).parents[2] / "roles"
"""Of the collection to which this file belongs."""


class RoleScope:
    """One role's options, variables and templates within a task of another one.

    What ranks above what is Ansible's own order: defaults, then all that the task knows, then the role's variables, ``given`` as the
    arguments of an include, and what stands on the command line.
    """

    def __init__(self, action: ActionBase, role: str, task_vars: Mapping[str, Any], **given: Any) -> None:
        self.folder = ROLES / role
        self._action = action
        self._search = [str(self.folder), *task_vars.get("ansible_search_path", [])]
        self.variables: dict[str, Any] = {
            **self._file("defaults"),
            **task_vars,
            **self._file("vars"),
            **given,
            **load_extra_vars(action._loader),
            "role_name": role,
            "role_path": str(self.folder),
            "ansible_search_path": self._search,
        }
        self._templar = action._templar.copy_with_new_env(available_variables=self.variables)

    def value(self, name: str, default: Any = None) -> Any:
        """A variable with all that it is made of. Raises AnsibleActionFail that names it."""
        if name not in self.variables:
            return default
        try:
            return self._templar.template(trust_as_template(f"{{{{ {name} }}}}"))
        except AnsibleError as error:
            raise AnsibleActionFail(f"{name} of role {self.folder.name}: {error}") from error

    def has(self, template: str) -> bool:
        """Whether the role has this template."""
        return (self.folder / "templates" / template).is_file()

    def render(self, template: str) -> str:
        """The text of one of the role's templates. Raises AnsibleActionFail that names the file."""
        return render_file(self._action, str(self.folder / "templates" / template), self._search, self.variables)

    def _file(self, folder: str) -> dict[str, Any]:
        path = self.folder / folder / "main.yml"
        return dict(self._action._loader.load_from_file(str(path), trusted_as_template=True) or {}) if os.path.isfile(path) else {}
