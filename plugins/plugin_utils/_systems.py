# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""The systems with an API of their own that areas configure, by their rows: each document a template of the role, each by its module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

from ..module_utils._core.change import Impact
from ..module_utils._core.errors import InputError
from ..module_utils._core.suggest import did_you_mean
from ..module_utils._kube.form.yaml import load_yaml
from ..module_utils._model.rows import CLUSTER, ENVIRONMENT, Row, rows
from ..module_utils._run.report import make_note
from ._role_scope import RoleScope

Json = dict[str, Any]
_THIS_CLUSTER = "<cluster>"
_CONFIG = "config"
"""The option that takes a document, unless the row says another one."""


@dataclass(frozen=True)
class Situation:
    """What the flow knows of a run at this moment.

    ``stage`` is ``plan``, ``apply``, ``drift``, ``verify`` or ``rotate``; ``hub`` whether what exists once for all clusters is this host's
    business; ``simulated_in`` the folder of the servers that stand for the systems in a trial, none for the real ones; ``made`` the objects
    that this very run makes; ``approved`` the digests of the plan by part, which an apply must come to again.
    """

    stage: str
    owner: str
    hub: bool
    allowed_impact: Sequence[str]
    simulated_in: str = ""
    made: Sequence[str] = ()
    approved: Mapping[str, str] = field(default_factory=dict)

    @property
    def compares(self) -> bool:
        """Whether whatever differs is wanted, and nothing of it will be done."""
        return self.stage in ("drift", "verify")


@dataclass
class Outcome:
    """What the calls so far came to, as one result of one task; ``noted`` is what the run's report needs of each."""

    noted: list[Json] = field(default_factory=list)
    answer: Json = field(default_factory=lambda: {"changed": False})

    def add(self, stage: str, part: str, result: Json) -> None:
        """One call's result. The first that failed is the task's."""
        self.noted.append(make_note(stage, part, f"{'Verify' if stage == 'verify' else 'Configure'} {part}", result))
        for key in ("diff", "warnings", "deprecations"):
            found = result.get(key) or []
            if found:
                self.answer.setdefault(key, []).extend(found if isinstance(found, list) else [found])
        proven = [verdict["meaning"] for verdict in result.get("verdicts", ()) if verdict["passed"]]
        if proven:
            self.answer["proven"] = [*self.answer.get("proven", ()), *proven]
        self.answer["changed"] = self.answer["changed"] or bool(result.get("changed"))
        if result.get("failed"):
            self.answer = {**result, **self.answer, "failed": True}

    def result(self) -> Json:
        """All of it."""
        return {**self.answer, "noted": self.noted}


def run_systems(action: ActionBase, areas: Sequence[str], situation: Situation, task_vars: Mapping[str, Any]) -> Json:
    """Compare, write or verify what these areas configure; it ends with the first call that fails.

    Raises InputError for an area that there is not.
    """
    outcome = Outcome()
    stage = situation.stage
    if stage == "rotate":
        stage = "plan" if action._task.check_mode else "apply"  # which it is for whoever reads of it
    for area in areas:
        row = rows().get(area)
        if row is None:
            raise InputError(f"there is no area {area!r}{did_you_mean(area, rows())}")
        system = _System(action, row, situation, task_vars)
        try:
            for part, result in system.verified() if situation.stage == "verify" else system.configured():
                outcome.add(stage, part, result)
                if result.get("failed"):
                    return outcome.result()
        except AnsibleError as error:
            # What went before it in this task is told as well.
            outcome.add(stage, area, {"failed": True, "msg": str(error)})
            return outcome.result()
    return outcome.result()


class _System:
    """One area's systems."""

    def __init__(self, action: ActionBase, row: Row, situation: Situation, task_vars: Mapping[str, Any]) -> None:
        self._action = action
        self._row = row
        self._situation = situation
        self._task_vars = task_vars
        self._host = str(task_vars["inventory_hostname"])
        self._scope = RoleScope(action, row.role, task_vars)

    def configured(self) -> Iterator[tuple[str, Json]]:
        """Each document of the row that is this host's business: its part, and what its module said of it.

        Where the role's variable ``<role>_configures`` is false there is nothing to configure here.
        """
        if not self._scope.value(f"{self._row.role}_configures", True):
            return
        absent = False
        for one in self._row.renews if self._situation.stage == "rotate" else self._row.configures:
            once = _THIS_CLUSTER not in one["part"]
            if once and self._row.on == CLUSTER and not self._situation.hub:
                continue
            spec = self._face(one["module"]).spec
            if absent and "may_be_absent" not in spec:
                continue  # Nothing can be said of it before the system is there.
            result = self._call(one["module"], self._options(one, spec, once), check_mode=self._action._task.check_mode)
            absent = not result.get("digest")
            yield one["part"].replace(_THIS_CLUSTER, self._host), result

    def verified(self) -> Iterator[tuple[str, Json]]:
        """What the row's own checks found; without any, whether something differs from the documents."""
        # Who configures nothing looks at what others run, and says itself how that is reached.
        access = self._access() if self._row.verifies and self._row.configures else {}
        for one in self._row.verifies:
            yield self._row.area, self._call(one["module"], {**access, **self._document(one)}, check_mode=False)
        if not self._row.verifies:
            for part, result in self.configured():
                yield part, result if result.get("failed") else _as_declared(part, result)

    def _options(self, one: Mapping[str, str], spec: Mapping[str, Any], once: bool) -> Json:
        """What all modules of documents are told, then what the role says, then the document; of the former what this module knows."""
        run, role = self._situation, self._row.role
        part = one["part"].replace(_THIS_CLUSTER, self._host)
        said = (self._scope.value(f"{role}_options", {}) or {}).get(one["part"]) or {}
        option = one.get("option", _CONFIG)
        variables = {"allowed_impact": "platform_environment.allowed_impact", "prune": f"{role}_prune"}
        general: Json = {
            "owner": run.owner + (f"-{part}" if self._row.on == ENVIRONMENT else "" if once else f"-{self._host}"),
            "prune": self._prune(),
            "allowed_impact": [impact.value for impact in Impact] if run.compares else [*run.allowed_impact],
            "variables": {name: of for name, of in variables.items() if name in spec},
            "approved_digest": run.approved.get(part, "") if run.stage == "apply" else "",
            "may_be_absent": self._row.served_by in run.made,
        }
        if not self._row.served_by:
            del general["may_be_absent"]
        document = merge_hash(self._document(one), said.get(option) or {}, recursive=True)
        return {**{key: value for key, value in general.items() if key in spec}, **self._access(), **said, option: document}

    def _prune(self) -> Any:
        """What becomes of what nobody declares any more. A comparison names it, whatever a run would do with it."""
        prune = self._scope.value(f"{self._row.role}_prune", {"mode": "report"})
        mode = prune if isinstance(prune, str) else (prune or {}).get("mode", "none")  # an inventory may still say it in one word
        return {"mode": "report"} if self._situation.compares and mode != "none" else prune

    def _access(self) -> Json:
        """How the system is reached. In a trial the server that stands for it says so, never the role."""
        folder = self._situation.simulated_in
        if folder and not self._row.sandbox:
            raise InputError(f"{self._row.area}: no server of the sandbox stands for what it configures; its row has to name one")
        if folder:
            return {"access_file": f"{folder}/{self._row.sandbox[0]}.json"}
        return dict(self._scope.value(f"{self._row.role}_access", {}) or {})

    def _document(self, one: Mapping[str, str]) -> Json:
        found = load_yaml(self._scope.render(one["template"]), one["template"]) or {}
        if not isinstance(found, dict):
            raise InputError(f"{one['template']}: the template must render to a mapping")
        return found

    def _face(self, module: str) -> Any:
        return self._action._shared_loader_obj.action_loader.get(_name(module), class_only=True).face

    def _call(self, module: str, options: Json, check_mode: bool) -> Json:
        """The result of another module, as if it were a task of its own here."""
        task, name = self._action._task.copy(), _name(module)
        task.action, task.args, task.check_mode = name, options, check_mode
        handler = self._action._shared_loader_obj.action_loader.get(
            name,
            task=task,
            connection=self._action._connection,
            play_context=self._action._play_context,
            loader=self._action._loader,
            templar=self._action._templar,
            shared_loader_obj=self._action._shared_loader_obj,
        )
        return dict(handler.run(task_vars=dict(self._task_vars)))


def _as_declared(part: str, result: Mapping[str, Any]) -> Json:
    """The verdict on a comparison."""
    found = ", ".join(change["id"] for change in result["plan"])
    verdict = {"name": part, "meaning": f"{part} is as it was declared", "passed": not found, "found": found}
    return {"verdicts": [verdict], **({"failed": True, "msg": f"{part} is not as declared: {found}"} if found else {})}


def _name(module: str) -> str:
    return f"gantry.platform.{module}"
