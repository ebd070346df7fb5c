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
from ..module_utils._core.words import clean_text, cleaned
from ..module_utils._kube.options import AUTH_SPEC, auth_options
from ..module_utils._kube.wire.auth import resolve_access
from ..module_utils._kube.wire.client import KubeClient
from ..module_utils._kube.wire.errors import ApiError
from ..module_utils._kube.wire.lease import LEASE, NAME, lock_of
from ..module_utils._run.place import Place, document_of, parse_place, secret_of
from ..module_utils._run.release import remember
from ..plugin_utils._files import in_project, read_json, write_json
from ..plugin_utils._inprocess import outcome, task_environment, validated, worker

ARGUMENTS: dict[str, Any] = {
    **AUTH_SPEC,
    "state": {"type": "str", "choices": ["present", "read"], "default": "present"},
    "place": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "document": {"type": "dict"},
    "src": {"type": "path"},
    "beside": {"type": "bool", "default": False},
    "releases": {"type": "bool", "default": False},
    "lock": {"type": "bool", "default": False},
}
MANAGER = "gantry.platform"
_MOST_BESIDE = 10
_TRIES = 5


class ActionModule(ActionBase):
    """Runs on the controller, in process; a document equal to the one that is kept is not written again."""

    _requires_connection = False
    _supports_check_mode = True
    _version = "1"  # of what is not there
    _lock: dict[str, Any] | None = None

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            options = validated(self, ARGUMENTS, dict(self._task.args), mutually_exclusive=[("document", "src")])
            place = parse_place(options["place"])
            if options["state"] == "read":
                # Whoever may write there may write anything. A document of ours has nothing that this would change.
                document = cleaned(self._read(place, options), clean_text)
                return {"changed": False, "document": document, "lock": cleaned(self._lock)}
            return {"changed": self._present(place, options)}

        return outcome(work)

    def _present(self, place: Place, options: dict[str, Any]) -> bool:
        """Whether it was, or would be, written: over what was read and over nothing else."""
        given = options["document"] if options["document"] is not None else self._source(options)
        for attempt in range(1, _TRIES + 1):
            there = self._read(place, options)
            wanted = given
            if options["beside"] and there:
                wanted = {**there, "beside": [*(there.get("beside") or []), given][-_MOST_BESIDE:]}
            elif options["releases"]:
                wanted = remember(given, there)
            if canonical(there) == canonical(wanted):
                return False
            if self._task.check_mode:
                return True
            try:
                self._write(place, options, wanted)
                return True
            except ApiError as error:
                if error.status != 409 or attempt == _TRIES:
                    raise
        raise AssertionError("the last try returns or raises")

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
                if options["lock"]:
                    self._lock = lock_of(client.find(LEASE.path(place.namespace, NAME)))
            finally:
                client.close()
        self._version = secret["metadata"]["resourceVersion"] if secret else "1"
        return document_of(secret) if secret is not None else None

    def _write(self, place: Place, options: dict[str, Any], document: dict[str, Any]) -> None:
        if not place.in_cluster:
            write_json(_file(place, options), document)
            return
        with worker() as gate:
            client = self._client(options, gate)
            body = secret_of(place, document, {"gantry.dev/document": options["name"]})
            body["metadata"]["resourceVersion"] = self._version
            try:
                client.apply(place.path, body, MANAGER, force=True)
            finally:
                client.close()

    def _client(self, options: dict[str, Any], gate: Any) -> KubeClient:
        return KubeClient(resolve_access(auth_options(options, task_environment(self))), MANAGER, gate)


def _file(place: Place, options: dict[str, Any]) -> str:
    return in_project(os.path.join(place.folder, f"{options['name']}.json"))
