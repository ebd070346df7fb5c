# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The face of the places where documents outlive a run; see ``module_utils/_run/place.py``."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.canonical import canonical
from ..module_utils._core.errors import InputError
from ..module_utils._kube.auth import resolve_access
from ..module_utils._kube.client import KubeClient
from ..module_utils._kube.options import AUTH_SPEC, auth_options
from ..module_utils._run.place import Place, document_of, parse_place, secret_of
from ..plugin_utils._files import in_project, read_json, write_json
from ..plugin_utils._inprocess import outcome, task_environment, validated, worker

ARGUMENTS: dict[str, Any] = {
    **AUTH_SPEC,
    "state": {"type": "str", "choices": ["present", "read"], "default": "present"},
    "place": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "document": {"type": "dict"},
    "src": {"type": "path"},
}
MANAGER = "gantry.platform"


class ActionModule(ActionBase):
    """Runs on the controller, in process; a document equal to the one that is kept is not written again."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            options = validated(self, ARGUMENTS, dict(self._task.args), mutually_exclusive=[("document", "src")])
            place = parse_place(options["place"])
            if options["state"] == "read":
                return {"changed": False, "document": self._read(place, options)}
            wanted = options["document"] if options["document"] is not None else self._source(options)
            changed = canonical(self._read(place, options)) != canonical(wanted)
            if changed and not self._task.check_mode:
                self._write(place, options, wanted)
            return {"changed": changed}

        return outcome(work)

    def _source(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["src"]:
            raise InputError("state: present needs document or src")
        found = read_json(in_project(options["src"]))
        if not isinstance(found, dict):
            raise InputError(f"{in_project(options['src'])} holds no JSON object")
        return found

    def _read(self, place: Place, options: dict[str, Any]) -> Any:
        if not place.in_cluster:
            return read_json(_file(place, options))
        with worker() as gate:
            client = self._client(options, gate)
            try:
                secret = client.find(place.path)
            finally:
                client.close()
        return document_of(secret) if secret is not None else None

    def _write(self, place: Place, options: dict[str, Any], document: dict[str, Any]) -> None:
        if not place.in_cluster:
            write_json(_file(place, options), document)
            return
        with worker() as gate:
            client = self._client(options, gate)
            try:
                client.apply(place.path, secret_of(place, document, {"gantry.dev/document": options["name"]}), MANAGER, force=True)
            finally:
                client.close()

    def _client(self, options: dict[str, Any], gate: Any) -> KubeClient:
        return KubeClient(resolve_access(auth_options(options, task_environment(self))), MANAGER, gate)


def _file(place: Place, options: dict[str, Any]) -> str:
    return in_project(os.path.join(place.folder, f"{options['name']}.json"))
