# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._joined.kube import APPLY
from ..plugin_utils._inprocess import InProcess
from ..plugin_utils._model_input import with_place
from ..plugin_utils._rendering import load_sources, load_templates
from ..plugin_utils._run_folder import leave_word


class ActionModule(InProcess):
    """The engine in process on a local connection; anywhere else the module of the same name runs it."""

    face = APPLY

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        return with_place(super().run(tmp, task_vars), task_vars or {})

    def given(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """With the documents that lie on the controller."""
        return self._with_documents(args, task_vars)

    def answered(self, params: dict[str, Any], answer: dict[str, Any]) -> None:
        """ansible-playbook may take no answer of a stopped run any more: what was written is left where it finds it in the end."""
        if answer.get("interrupted") and params["store"]:
            leave_word(params["store"], answer)

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
