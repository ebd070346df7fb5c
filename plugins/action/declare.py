# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.errors import InputError
from ..module_utils._kube.access.grants import separated
from ..module_utils._kube.declare.foretold import refuse_broken
from ..module_utils._kube.declare.setfile import check_together, set_file, summary
from ..module_utils._kube.declare.store import read_store, write_set
from ..module_utils._kube.form.documents import Document, flatten, load_paths, load_text
from ..plugin_utils._areas import declare_areas, rows_of
from ..plugin_utils._inprocess import outcome, plain, validated
from ..plugin_utils._rendering import render

SPEC: dict[str, Any] = {
    "store": {"type": "path", "required": True},
    "areas": {"type": "list", "elements": "str", "default": []},
    "set": {"type": "str"},
    "namespace": {"type": "str", "default": "gantry-system"},
    "role": {"type": "str", "default": ""},
    "templates": {"type": "list", "elements": "str", "default": []},
    "files": {"type": "list", "elements": "path", "default": []},
    "documents": {"type": "list", "elements": "raw", "default": []},
    "expectations": {"type": "list", "elements": "dict", "default": []},
    "expectations_templates": {"type": "list", "elements": "str", "default": []},
    "handed_over": {"type": "list", "elements": "dict", "default": []},
    "handed_over_templates": {"type": "list", "elements": "str", "default": []},
    "finish": {"type": "bool", "default": False},
    "separate": {"type": "bool", "default": False},
    "entered": {"type": "list", "elements": "str", "default": []},
    "external_namespaces": {"type": "list", "elements": "str", "default": []},
    "external_groups": {"type": "list", "elements": "str", "default": []},
}


class ActionModule(ActionBase):
    """Writes one named set, or those of whole areas, into the store of the run, or checks all sets of the store together."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}

        def work() -> dict[str, Any]:
            params = plain(validated(self, SPEC, dict(self._task.args)))
            contents: list[dict[str, Any]] = []
            if params["areas"]:
                return {"changed": False, **declare_areas(self, params["areas"], params["store"], task_vars)}
            if params["finish"]:
                contents = read_store(params["store"])
                check_together(contents, params["external_namespaces"], params["external_groups"])
                refuse_broken(contents)
            if params["separate"]:
                contents = separated(contents or read_store(params["store"]), params["entered"])
                for content in contents:
                    write_set(params["store"], content)
            if params["finish"] or params["separate"]:
                return {"changed": False, "sets": [summary(content) for content in contents]}
            if not params["set"]:
                raise InputError("set is missing: give the set a name, name areas, or say finish: true to check all sets of the store")
            content = set_file(
                params["set"],
                params["namespace"],
                self._documents(params, task_vars),
                params["role"],
                [*params["expectations"], *self._rows(params["expectations_templates"], task_vars)],
                [*params["handed_over"], *self._rows(params["handed_over_templates"], task_vars)],
            )
            path = write_set(params["store"], content)
            return {"changed": False, "path": path, **summary(content)}

        return outcome(work)

    def _documents(self, params: dict[str, Any], task_vars: dict[str, Any]) -> list[tuple[Document, str]]:
        found: list[tuple[Document, str]] = []
        for name in params["templates"]:
            text, _path = render(self, name, task_vars)
            found += load_text(text, name)
        found += load_paths(self._find_needle("files", name) for name in params["files"]).documents
        for number, item in enumerate(params["documents"], start=1):
            found += load_text(item, f"documents[{number}]") if isinstance(item, str) else flatten(item, f"documents[{number}]")
        return found

    def _rows(self, names: list[str], task_vars: dict[str, Any]) -> list[dict[str, Any]]:
        """Lists of mappings out of templates: for rows that are made in a loop over the model."""
        return [row for name in names for row in rows_of(render(self, name, task_vars)[0], name)]
