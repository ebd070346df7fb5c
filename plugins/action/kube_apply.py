# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._aws.secrets import SecretsManager
from ..module_utils._core.errors import InputError
from ..module_utils._core.references import References
from ..module_utils._kube.auth import resolve_access
from ..module_utils._kube.client import KubeClient, patience_of
from ..module_utils._kube.documents import load_text
from ..module_utils._kube.engine import reconcile
from ..module_utils._kube.options import APPLY_SPEC, apply_request, auth_options, holder_name
from ..module_utils._kube.setfile import read_store
from ..plugin_utils._inprocess import Progress, outcome, plain, runs_here, task_environment, validated, worker
from ..plugin_utils._rendering import render
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
            args = self._with_documents(dict(self._task.args), task_vars)
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
        found = result.as_result()
        if not self._task.diff:
            found.pop("diff")
        return found

    def _with_documents(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """The arguments with templates rendered, in place of the option ``template``."""
        if args.get("sets"):
            args["sets"] = [self._with_documents(dict(one), task_vars) if isinstance(one, dict) else one for one in args["sets"]]
        names = args.pop("template", None)
        if not names:
            return args
        documents = []
        for name in [names] if isinstance(names, str) else names:
            if not isinstance(name, str):
                raise InputError(f"template takes names of template files, found {type(name).__name__}")
            text, path = render(self, name, task_vars)
            documents += [document for document, _source in load_text(text, path)]
        given = args.get("definition")
        args["definition"] = [given, documents] if given else documents
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
