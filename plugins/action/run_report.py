# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The face of a run's report: collects what every host noted, judges it, writes it. The logic is in ``module_utils/_run``."""

from __future__ import annotations

import datetime
import getpass
import os
import secrets
import socket
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._core.change import Action
from ..module_utils._core.errors import GantryError, InputError, RefusedError
from ..module_utils._core.words import listed
from ..module_utils._model.keeping import keys_of
from ..module_utils._run.approval import compare, read_approved
from ..module_utils._run.promotion import guard_promotion, make_record, proves
from ..module_utils._run.record import last_run, wrote
from ..module_utils._run.report import FAILED, STAGES, artifacts, build_report, interrupted, make_note, seal_of
from ..module_utils._run.shared import shared_clusters
from ..module_utils._run.taking import is_nameless, is_place, names_of, taken_by
from ..plugin_utils._files import (
    git_revision,
    in_project,
    project_folder,
    read_json,
    remove_file,
    write_json,
)
from ..plugin_utils._hosts import clusters_of
from ..plugin_utils._inprocess import outcome, validated
from ..plugin_utils._own_variables import refuse_own_variables
from ..plugin_utils._run_folder import clear_dead_runs, lives, run_name

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "required": True, "choices": ["started", "noted", "published", "completed", "cleared"]},
    "command": {"type": "str"},
    "areas": {"type": "list", "elements": "str", "default": []},
    "take": {"type": "raw"},
    "conflicts": {"type": "str", "choices": ["refuse", "leave"], "default": "refuse"},
    "revision": {"type": "str", "default": ""},
    "file": {"type": "path"},
    "approved_file": {"type": "path"},
    "approved_document": {"type": "dict"},
    "approved_digest": {"type": "str"},
    "stage": {"type": "str", "choices": list(STAGES)},
    "wave": {"type": "str", "default": ""},
    "task": {"type": "str", "default": ""},
    "result": {"type": "dict"},
    "run": {"type": "dict"},
    "gate": {"type": "bool", "default": False},
    "applied": {"type": "bool", "default": False},
    "promotion_records": {"type": "path"},
    "digest_key": {"type": "str", "no_log": True},
    "writes": {"type": "bool", "default": False},
    "goes_on": {"type": "bool", "default": False},
}
REQUIRED_IF = [
    ("state", "started", ("command",)),
    ("state", "noted", ("stage", "result")),
    ("state", "published", ("run",)),
]


class ActionModule(ActionBase):
    """``started`` and ``published`` are for ``run_once`` tasks, ``noted`` is for each host."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)

        def work() -> dict[str, Any]:
            options = validated(self, ARGUMENTS, dict(self._task.args), required_if=REQUIRED_IF)
            if options["state"] == "started":
                refuse_own_variables(self._loader)
            do = _STATES[options["state"]]
            options["check_mode"] = self._task.check_mode
            return {"changed": False, **do(options, task_vars or {})}

        return outcome(work)


def _started(options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
    approved = None
    if options["approved_file"]:
        path = in_project(options["approved_file"])
        document = read_json(path)
        if document is None:
            raise InputError(f"there is no approved plan at {path}; make one with the playbook plan, or correct platform_plan")
        approved = read_approved(document, path, options["approved_digest"], _key(options))
    elif options["command"] == "apply" and not options["approved_digest"]:
        raise InputError(
            "apply carries out an approved plan: name its file in platform_plan, or its digest in platform_plan_digest and where "
            "it is kept in platform_plan_store. To plan and apply in one go use the playbook site."
        )
    command = options["command"]
    now = datetime.datetime.now(datetime.UTC)
    environment = _environment(task_vars)
    files = _files(options["file"], command, environment)
    for path in files:
        remove_file(path)
    return {
        "id": f"{now:%Y%m%dT%H%M%SZ}-{os.getppid()}-{secrets.token_hex(3)}",
        "command": command,
        "environment": environment,
        "areas": sorted(options["areas"]),
        # Who applies an approved plan need not say again what it takes.
        "take": names_of(options["take"]) or (approved or {}).get("take", []),
        "revision": options["revision"] or git_revision(project_folder()),
        "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "hosts": list(task_vars["ansible_play_hosts_all"]),
        "who": f"{getpass.getuser()}@{socket.gethostname()}",
        "files": files,
        "approved": approved,
    }


def _noted(options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
    run = (task_vars.get("platform_run") or {}).get("id", "")
    earlier = _notes_of(task_vars.get("platform_notes"), run)
    result = options["result"]
    # A task that called many modules noted each.
    new = result.get("noted", [make_note(options["stage"], options["wave"], options["task"], result)])
    return {"notes": [*earlier, *new], "run": run}


def _notes_of(noted: Any, run: str) -> list[dict[str, Any]]:
    """A host's notes of this run; a playbook may have had another one before."""
    return noted["notes"] if noted and noted.get("run", run) == run else []


def _published(options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
    run, hostvars = options["run"], task_vars["hostvars"]
    # Once for each host: whenever Ansible is asked for a model it goes through all of it.
    models = {host: hostvars[host].get("platform_model") or {} for host in run["hosts"]}
    notes = {}
    for host, model in models.items():
        told = _notes_of(hostvars[host].get("platform_notes"), run["id"])
        if told or model.get("phases") != []:
            notes[host] = told
    meta = {
        "run": run["id"],
        "command": run["command"],
        "environment": run["environment"],
        "areas": run["areas"],
        "take": run["take"],
        "revision": run["revision"],
        "created": run["created"],
        "warnings": [],
        "applied": options["applied"],
        "process": run_name(os.getppid()) if (options["gate"] and options["writes"]) or (options["goes_on"] and options["applied"]) else "",
    }
    clusters = clusters_of(notes, task_vars.get("groups") or {})
    meta["no_clusters"] = [host for host in notes if host not in clusters]
    described = {host: models[host].get("effective") or {} for host in notes}
    effective = dict(next(filter(None, described.values()), {}))
    gate, refusal = options["gate"], None
    if gate:
        try:
            _check_promotion(options, run, effective)
        except GantryError as error:
            if run["command"] == "plan":
                meta["warnings"].append(error.message)
            else:
                refusal = error
    if gate and options["writes"] and options["conflicts"] == "refuse":
        refusal = refusal or _contested(notes)
    shared = shared_clusters(notes, _same_clusters(described))
    if shared and gate:
        refusal = RefusedError("two hosts may not be one cluster; nothing was written: " + "; ".join(shared))
    meta["warnings"] += shared
    if effective.get("environment", {}).get("promotes_from") and not options["promotion_records"] and run["command"] != "rehearse":
        source = effective["environment"]["promotes_from"]
        meta["warnings"].append(f"promotion from {source} was not checked: platform_promotion_records names no folder")
    meta["warnings"] += _not_in_this_run(models)
    report = _with_keys(build_report(meta, notes), described)
    _write(run, report, options)
    failed = [host for host, row in report["hosts"].items() if row["status"] in FAILED]
    answer: dict[str, Any] = {
        "report_file": run["files"][0],
        "status": report["status"],
        "digest": report["digest"],
        "counts": report["counts"],
        "waves": {host: row["waves"] for host, row in report["hosts"].items()},
        "statuses": {host: row["status"] for host, row in report["hosts"].items()},
        "artifacts": artifacts(report),
        "take": [name for name in taken_by(report) if not is_place(name)],
        "left": {item["host"]: True for item in report.get("foreign", ()) if is_nameless(item.get("manager"))},
        "lost": [host for host in report["hosts"] if any(note.get("lock_lost") for note in notes[host])],
        "records": {host: last_run(report, host, run["who"], effective) for host in report["hosts"] if wrote(notes[host])},
    }
    if gate:
        if failed:
            what = "clusters" if len(clusters) == len(notes) else "hosts"
            message = f"{len(failed)} of {len(notes)} {what} cannot go on ({', '.join(failed)}); nothing was written to any of them"
            return {"failed": True, "msg": message, "report_file": run["files"][0], "statuses": answer["statuses"]}
        try:
            if refusal is not None:
                raise refusal
            approved = _approved(options, run)
            if approved is not None:
                compare(approved, report)
        except GantryError as error:
            refused = {name: value for name, value in report.items() if name != "process"}
            _write(run, {**refused, "status": "failed", "error": error.message}, options)
            return {"failed": True, "msg": error.message, "report_file": run["files"][0], **error.details}
    elif options["promotion_records"] and proves(report) and not options["goes_on"]:
        place = os.path.join(in_project(options["promotion_records"]), f"{report['environment']}.json")
        write_json(place, make_record(report, effective.get("release") or {}, read_json(place)))
    return answer


def _completed(options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
    """A report that still says that its run goes on, of a run that is certainly gone, says that it was interrupted."""
    found = []
    for path in _files(options["file"], "site", _environment(task_vars)):
        report = read_json(path)
        if isinstance(report, dict) and report.get("status") == "running" and lives(str(report.get("process"))) is False:
            found.append(path)
            ended = interrupted(report)
            write_json(path, {**ended, "seal": seal_of(ended, _key(options))})
    return {"interrupted": found}


def _cleared(options: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
    """The reports of this environment go, and what dead runs left; a run that goes on keeps what is its own."""
    environment = _environment(task_vars)
    files = dict.fromkeys(path for command in ("plan", "drift") for path in _files(options["file"], command, environment))
    found = [path for path in files if (read_json(path) or {}).get("environment") == environment]
    if not options["check_mode"]:
        for path in found:
            remove_file(path)
        clear_dead_runs(in_project(".gantry"))
    return {"changed": bool(found), "removed": found}


def _write(run: dict[str, Any], report: dict[str, Any], options: dict[str, Any]) -> None:
    """In all of its places, sealed. While a run writes its report says so: what is interrupted can no longer say it itself."""
    sealed = {**report, "seal": seal_of(report, _key(options))}
    for path in run["files"]:
        write_json(path, sealed)


def _key(options: dict[str, Any]) -> bytes | None:
    return options["digest_key"].encode() if options["digest_key"] else None


def _approved(options: dict[str, Any], run: dict[str, Any]) -> dict[str, Any] | None:
    """The plan that this run must equal: from the file that the run began with, or from the store."""
    if run["approved"] is not None or not options["approved_digest"]:
        return run["approved"]
    if options["approved_document"] is None:
        raise InputError(
            f"the plan {options['approved_digest']} is not in its store (platform_plan_store); make a new plan and approve that one"
        )
    return read_approved(options["approved_document"], "the store", options["approved_digest"], _key(options))


def _check_promotion(options: dict[str, Any], run: dict[str, Any], effective: dict[str, Any]) -> None:
    source = effective.get("environment", {}).get("promotes_from")
    if source and options["promotion_records"]:
        place = os.path.join(in_project(options["promotion_records"]), f"{source}.json")
        guard_promotion(run["environment"], source, effective.get("release") or {}, read_json(place), place)


def _contested(notes: dict[str, Any]) -> RefusedError | None:
    """Before the first write somebody says whose values declared fields are to have that others changed."""
    rows = [(host, change) for host, told in notes.items() for note in told for change in note.get("plan", ())]
    found = [f"  {host}: {change['id']}: {change['reason']}" for host, change in rows if change["action"] == Action.CONFLICT]
    if not found:
        return None
    return RefusedError(f"{len(found)} object(s) have declared fields that others changed; nothing was written:\n" + listed(sorted(found)))


def _with_keys(report: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """The report with the keys of the inventory by which what others changed can be kept; no part of what is approved."""
    for row in [*report["changes"], *report.get("foreign", ())]:
        fields = [row["path"]] if "path" in row else [field for holder in row.get("held_by", ()) for field in holder["fields"]]
        keys = keys_of(row["id"], fields, described[row["host"]]) if fields else []
        row |= {"keep": keys} if keys else {}
    return report


def _not_in_this_run(models: dict[str, Any]) -> list[str]:
    """A line for each host of what exists once that the run was limited to leave out."""
    absent: dict[str, list[str]] = {}
    for model in models.values():
        if model.get("environment_areas") and model["environment_host"] not in models:
            absent[model["environment_host"]] = model["environment_areas"]
    return [f"{host} not in this run: nothing of {', '.join(areas)} was looked at" for host, areas in absent.items()]


def _same_clusters(described: dict[str, Any]) -> dict[str, str]:
    """What the inventory says of each host that is another host's cluster."""
    found = {host: model.get("cluster", {}).get("same_cluster_as") for host, model in described.items()}
    return {host: other for host, other in found.items() if other}


def _environment(task_vars: dict[str, Any]) -> str:
    hostvars = task_vars["hostvars"]
    named = [(hostvars[host].get("platform_environment") or {}).get("name") for host in task_vars["ansible_play_hosts_all"]]
    return "+".join(dict.fromkeys(str(name) for name in named if name))


def _files(file: str | None, command: str, environment: str) -> list[str]:
    """Where the report goes: the newest under one name, and one per environment. A rehearsal leaves the plans of the real thing alone."""
    name = "drift.json" if command == "drift" else "plan.json"
    if file:
        return [in_project(file)]
    if command == "rehearse":
        return [in_project(os.path.join(".gantry", "rehearsal", environment or "unknown", name))]
    return [in_project(os.path.join(".gantry", name)), in_project(os.path.join(".gantry", environment or "unknown", name))]


_STATES = {"started": _started, "noted": _noted, "published": _published, "completed": _completed, "cleared": _cleared}
