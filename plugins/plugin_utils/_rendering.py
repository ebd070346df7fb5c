# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Templates rendered on the controller as ansible.builtin.template would, without a file for the result."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template


def render(action: ActionBase, name: str, task_vars: dict[str, Any]) -> tuple[str, str]:
    """(text, full path) of a template, looked for in the role's and the play's ``templates`` folders."""
    try:
        path = action._find_needle("templates", name)
    except AnsibleError as error:
        raise AnsibleActionFail(f"template {name!r}: {error}") from error
    folders = [*task_vars.get("ansible_search_path", []), action._loader.get_basedir(), os.path.dirname(path)]
    search = [place for folder in folders for place in (os.path.join(folder, "templates"), folder)]
    templar = action._templar.copy_with_new_env(searchpath=search, available_variables=task_vars)
    try:
        text = templar.template(
            trust_as_template(action._loader.get_text_file_contents(path)),
            escape_backslashes=False,
            overrides={"trim_blocks": True, "lstrip_blocks": True},
        )
    except AnsibleError as error:
        raise AnsibleActionFail(f"template {path}: {error}") from error
    return ("" if text is None else str(text)), path
