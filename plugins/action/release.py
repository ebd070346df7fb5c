# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes an environment's release as a change of its file; which one is decided in ``module_utils/_run/release.py``."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._core.errors import InputError
from ..module_utils._core.schema import Path
from ..module_utils._core.words import clean_lines
from ..module_utils._model.build import Finding, InventoryError, names_here
from ..module_utils._model.contract import check_layer
from ..module_utils._model.layers import ENVIRONMENT, Layer, Place
from ..module_utils._model.look import unknown
from ..module_utils._run.promotion import guard_promotion
from ..module_utils._run.release import proven_by, release_of_run, taken
from ..plugin_utils._files import in_project, project_folder, read_json, write_whole
from ..plugin_utils._hosts import environment_of
from ..plugin_utils._inprocess import outcome, plain, validated
from ..plugin_utils._model_input import host_named, inventory_of
from ..plugin_utils._origins import Files, relative
from ..plugin_utils._yaml_edit import set_texts, variables_of

ARGUMENTS: dict[str, Any] = {
    "environment": {"type": "str", "required": True},
    "services": {"type": "dict"},
    "source": {"type": "str"},
    "run": {"type": "str"},
    "records": {"type": "dict", "default": {}},
    "promotion_records": {"type": "path"},
    "only": {"type": "list", "elements": "str", "default": []},
}
VARIABLE = "platform_release"
KINDS = ("services", "components")
_SHORT = len("sha256:") + 12
"""So much of a digest is shown; the file has all of it."""
_NEW = "---\n# Written by machine: a release or a promotion changes this file, never a person.\n"


class ActionModule(ActionBase):
    """Runs on the controller, reads the inventory and writes one file of it."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}

        def work() -> dict[str, Any]:
            ways = ("services", "source", "run")
            rules = {"mutually_exclusive": [ways], "required_one_of": [ways]}
            options = plain(validated(self, ARGUMENTS, dict(self._task.args), **rules))
            target = _Environment(options["environment"], variables)
            wanted = _wanted(options, target, variables)
            path = in_project(target.file)
            before = _text(path)
            after = set_texts(before, wanted, target.file)
            earlier, release = (variables_of(text, target.file).get(VARIABLE) or {} for text in (before, after))
            lines = [
                f"{kind[:-1]} {name}: {key} {_short(_at(earlier, kind, name, key) or 'none')} → {_short(text)}"
                for (_variable, kind, name, key), text in wanted.items()
                if _at(earlier, kind, name, key) != text
            ]
            if after != before:
                if not self._task.check_mode:
                    write_whole(path, after.encode(), 0o644)
                would = "would change" if self._task.check_mode else "changed"
                Display().display(clean_lines("\n".join([f"{target.file} {would}:", *(f"  {line}" for line in lines), ""])))
            answer: dict[str, Any] = {"changed": after != before, "file": target.file, "release": release, "said": lines}
            if self._task.diff:
                answer["diff"] = {"before_header": target.file, "after_header": target.file, "before": before, "after": after}
            return answer

        return outcome(work)


class _Environment:
    """What the inventory says of an environment, as far as a release needs it: a service without a digest is no mistake here."""

    def __init__(self, name: str, variables: dict[str, Any]) -> None:
        first = host_named(name, variables)
        named = variables["hostvars"][first]["platform_environment"]
        self.name = str(named["name"])
        self.promotes_from = str(named.get("promotes_from") or "")
        self.release: dict[str, Any] = {}
        self.present: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.left_out: list[str] = []
        for host in environment_of(first, variables):
            files, layers = inventory_of(host, variables)
            here, left_out = names_here(layers, self.name)
            self.left_out += left_out
            for kind in KINDS:
                self.present[kind] += [name for name in here[kind] if name not in self.present[kind]]
            if host == first:
                self.release = next((layer.value for layer in layers if layer.variable == VARIABLE and layer.value), {})
                self.file = _file(files, list(variables["hostvars"][host].get("group_names") or ()), name)

    def check(self, wanted: dict[str, dict[str, Any]]) -> None:
        """Raise InventoryError for a name that the environment does not have and a value that is none."""
        place = Place(self.file)
        layer = Layer(ENVIRONMENT, VARIABLE, ("release",), wanted)
        found = [Finding(problem.path, problem.message, place) for problem in check_layer(layer)]
        for name in wanted["services"]:
            path: Path = ("release", "services", name)
            if name in self.left_out and name not in self.present["services"]:
                found.append(Finding(path, f"{self.name} does not have it (its only_in)", place))
                continue
            found += [
                Finding(one.path, one.message, place) for one in unknown(path, "service", name, self.present["services"], at_key=True)
            ]
        if found:
            raise InventoryError(found, self.name)


def _wanted(options: dict[str, Any], target: _Environment, variables: dict[str, Any]) -> dict[tuple[str, ...], str]:
    """Every text that the release is to say, by its path in the file."""
    if options["services"] is not None:
        wanted: dict[str, dict[str, Any]] = {
            "services": {name: {"digest": value} for name, value in options["services"].items()},
            "components": {},
        }
        target.check(wanted)
    elif options["run"] is not None:
        recorded = release_of_run(options["records"].values(), options["run"], target.name)
        wanted = taken(recorded, target.present, options["only"])
    else:
        wanted = _promoted(options, target, variables)
    return {(VARIABLE, kind, name, key): text for kind in KINDS for name, value in wanted[kind].items() for key, text in value.items()}


def _promoted(options: dict[str, Any], target: _Environment, variables: dict[str, Any]) -> dict[str, dict[str, Any]]:
    source = _Environment(options["source"], variables)
    if source.name == target.name:
        raise InputError(f"{source.name} cannot be promoted to itself; name another environment to promote from")
    if target.promotes_from and target.promotes_from != source.name:
        raise InputError(f"{target.name} promotes from {target.promotes_from} (platform_environment.promotes_from), not from {source.name}")
    wanted = taken(source.release, target.present, options["only"])
    if options["promotion_records"]:
        place = os.path.join(in_project(options["promotion_records"]), f"{source.name}.json")
        record = read_json(place)
    else:
        place, record = f"its {'clusters' if len(options['records']) != 1 else 'cluster'}", proven_by(options["records"], source.name)
    guard_promotion(target.name, source.name, wanted, record, place)
    return wanted


def _at(release: dict[str, Any], kind: str, name: str, key: str) -> Any:
    return ((release.get(kind) or {}).get(name) or {}).get(key)


def _short(text: str) -> str:
    return text[:_SHORT] if text.startswith("sha256:") else text


def _file(files: Files, groups: list[str], name: str) -> str:
    """The file that says the release; where none does, the one where it belongs."""
    there = files.places(VARIABLE, ("release",)).get(("release",))
    if there is not None:
        return there.file
    group = files.group(groups)
    if files.base is None or not group:
        raise InputError(f"there is no folder of variables for {name} where its release could stand; write group_vars/<group>/release.yml")
    return os.path.join(relative(files.base, project_folder()), "group_vars", group, "release.yml")


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            return handle.read()
    except FileNotFoundError:
        return _NEW
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
