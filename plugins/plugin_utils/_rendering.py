# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Templates rendered on the controller as ansible.builtin.template would, and files as it finds them, without a file for the result."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template

from ..module_utils._core.errors import InputError
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._core.text import decoded
from ..module_utils._kube.form.documents import Loaded, load_paths, load_text

_JINJA = (
    *("newline_sequence", "block_start_string", "block_end_string", "variable_start_string", "variable_end_string"),
    *("trim_blocks", "lstrip_blocks"),
)


def render(action: ActionBase, name: str, task_vars: dict[str, Any], overrides: Mapping[str, Any] | None = None) -> tuple[str, str]:
    """(text, full path) of a template, looked for in the role's and the play's ``templates`` folders; ``overrides`` are Jinja's settings."""
    try:
        path = action._find_needle("templates", name)
    except AnsibleError as error:
        raise AnsibleActionFail(f"template {name!r}: {error}") from error
    return render_file(action, path, task_vars.get("ansible_search_path", []), task_vars, overrides), path


def render_file(
    action: ActionBase, path: str, roots: Sequence[str], variables: Mapping[str, Any], overrides: Mapping[str, Any] | None = None
) -> str:
    """The text of the template at ``path``; what it includes is looked for below ``roots``, the project and beside it."""
    folders = [*roots, action._loader.get_basedir(), os.path.dirname(path)]
    search = [place for folder in folders for place in (os.path.join(folder, "templates"), folder)]
    templar = action._templar.copy_with_new_env(searchpath=search, available_variables=variables)
    content = _content(action, path)
    source = decoded(content, path)
    try:
        text = templar.template(
            # Ansible's own reading marks where each piece comes from; it knows UTF-8 alone.
            trust_as_template(action._loader.get_text_file_contents(path) if source.encode() == content else source),
            escape_backslashes=False,
            overrides={"trim_blocks": True, "lstrip_blocks": True, **(overrides or {})},
        )
    except AnsibleError as error:
        raise AnsibleActionFail(f"template {path}: {error}") from error
    return "" if text is None else str(text)


def load_templates(action: ActionBase, given: Any, task_vars: dict[str, Any]) -> Loaded:
    """The documents of templates: names, or mappings with ``path`` and settings of Jinja as kubernetes.core.k8s takes them."""
    loaded = Loaded()
    entries = given if isinstance(given, list) else [given]
    if not entries:
        loaded.add([], "template", "names no file")
    for entry in entries:
        name, overrides = _template(entry)
        text, path = render(action, name, task_vars, overrides)
        loaded.add(load_text(text, path), path, "rendered to nothing")
    return loaded


def load_sources(action: ActionBase, given: Any) -> Loaded:
    """The documents of files, folders and globs on the controller, found as a role's and a play's files are; vaulted ones decrypted."""
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"src takes names of files, folders or globs, found {type(given).__name__}")
    loaded = load_paths([_found(action, name) for name in names], read=lambda path: decoded(_content(action, path), path))
    if not names:
        loaded.add([], "src", "names no file")
    return loaded


def _template(entry: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(entry, str):
        return entry, {}
    if not isinstance(entry, Mapping) or not isinstance(entry.get("path"), str):
        raise InputError(f"template takes names of template files, or mappings with path, found {type(entry).__name__}")
    overrides = {str(key): value for key, value in entry.items() if key != "path"}
    for key in overrides:
        if key not in _JINJA:
            raise InputError(f"template {entry['path']}: unknown key {key!r}{did_you_mean(key, ('path', *_JINJA))}")
    return entry["path"], overrides


def _found(action: ActionBase, name: str) -> str:
    """The full path of a file, folder or glob."""
    if "://" in name or os.path.isabs(os.path.expanduser(name)):
        return name
    if not glob.has_magic(name):
        try:
            return str(action._find_needle("files", name))
        except AnsibleError as error:
            raise InputError(f"src {name!r}: {error}; with remote_src: true it is read where the task runs") from error
    folders = [*action._task.get_search_path(), action._loader.get_basedir()]
    places = [os.path.join(folder, below, name) for folder in folders for below in ("files", "")]
    found = next((place for place in places if glob.glob(place, recursive=True)), None)
    if found is None:
        raise InputError(f"src {name!r} matches no file; looked for {', '.join(dict.fromkeys(places))}")
    return found


def _content(action: ActionBase, path: str) -> bytes:
    """A file's bytes, decrypted where Ansible's vault encrypted them."""
    try:
        return bytes(action._loader._get_file_contents(path)[0])
    except AnsibleError as error:
        raise InputError(f"{path}: {error}") from error
