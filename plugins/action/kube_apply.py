# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ..module_utils._aws.secrets import SecretsManager
from ..module_utils._core.lock import holder_name
from ..module_utils._core.references import References
from ..module_utils._kube.declare.store import read_store
from ..module_utils._kube.engine import reconcile
from ..module_utils._kube.options import APPLY_SPEC, apply_request, auth_options
from ..module_utils._kube.wire.auth import resolve_access
from ..module_utils._kube.wire.client import KubeClient, patience_of
from ..module_utils._kube.words import ANSWERS
from ..plugin_utils._inprocess import Progress, outcome, plain, refuse_unknown, runs_here, task_environment, validated, worker
from ..plugin_utils._rendering import load_sources, load_templates
from ..plugin_utils._run_folder import leave_word


class ActionModule(ActionBase):
    """The engine in process on a local connection; anywhere else the module of the same name runs it."""

    _supports_check_mode = True
    _supports_diff = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        task_vars = task_vars or {}

        def work() -> dict[str, Any]:
            args = dict(self._task.args)
            refuse_unknown(APPLY_SPEC, args, ANSWERS)
            args = self._with_documents(args, task_vars)
            if not runs_here(self):
                return self._execute_module("gantry.platform.kube_apply", module_args=_for_elsewhere(args), task_vars=task_vars)
            params = plain(validated(self, APPLY_SPEC, args))
            answer = outcome(lambda: self._reconcile(params, task_vars))
            if answer.get("interrupted") and params["store"]:
                # ansible-playbook may take no answer any more: what was written is left where it finds it in the end.
                leave_word(params["store"], answer)
            return answer

        return outcome(work)

    def _reconcile(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        environment = task_environment(self)
        request = apply_request(params, self._task.check_mode)
        access = resolve_access(auth_options(params, environment))
        holder = holder_name(environment)
        tell = Progress(task_vars.get("inventory_hostname", ""))
        with worker() as gate:
            patience = patience_of(request.wait_timeout, tell)
            client = KubeClient(access, f"kube_apply/{holder.split()[-1]}", gate, params["concurrency"], patience)
            try:
                references = References(environment, self._loader.get_basedir(), {"aws-sm": SecretsManager(environment)})
                result = reconcile(client, request, references, holder, tell)
            finally:
                client.close()
        return result.as_result(diff=self._task.diff)

    def _with_documents(self, args: dict[str, Any], task_vars: dict[str, Any], remote: bool | None = None) -> dict[str, Any]:
        """The arguments with what the controller read and rendered, in place of the options ``template`` and ``src``."""
        if remote is None:
            remote = boolean(args.get("remote_src", False))
        if args.get("sets"):
            args["sets"] = [self._with_documents(dict(one), task_vars, remote) if isinstance(one, dict) else one for one in args["sets"]]
        found = []
        if args.get("src") is not None and not remote:
            found.append(load_sources(self, args.pop("src")))
        if args.get("template") is not None:
            found.append(load_templates(self, args.pop("template"), task_vars))
        if found:
            documents = [pair for loaded in found for pair in loaded.documents]
            args["rendered"] = {
                "documents": [document for document, _source in documents],
                "sources": [source for _document, source in documents],
                "empty": [words for loaded in found for words in loaded.empty],
            }
        return args


def _for_elsewhere(args: dict[str, Any]) -> dict[str, Any]:
    """A store lies on the controller: for another machine its sets become arguments."""
    folder = args.pop("store", None)
    if folder:
        args["sets"] = [
            {
                "name": content["set"],
                "namespace": content["namespace"],
                "definition": content["documents"],
                "handed_over": content.get("handed_over") or [],
            }
            for content in read_store(folder, args.pop("expected_sets", None) or ())
        ]
    return args
