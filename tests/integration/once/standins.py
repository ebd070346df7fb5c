# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks on a sandbox with stand-ins for APIs that are tables."""

from __future__ import annotations

import importlib
import json
import urllib.request
from pathlib import Path

from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.integration.runs import Runs

_APIS = "ansible_collections.gantry.platform.plugins.module_utils._rest.apis"
AREAS = {row.area: row.configures[0]["part"] for row in rows().values() if row.on == "environment"}
"""Every area that exists once, and the API of its stand-in."""


class Once(Runs):
    """Only what exists once is written; a test narrows that to its area by ``platform_area``."""

    def __init__(self, folder: Path) -> None:
        root = {"sandbox_root": str(folder / "sandbox"), "platform_run_folder": str(folder / "run")}
        super().__init__(folder, "sandbox", "sandbox", **root, platform_areas=",".join(AREAS), platform_area=list(AREAS))

    def requests(self, api):
        """(verb, path) of every request so far that a stand-in took."""
        log = self.cluster / "logs" / f"{api}-requests.log"
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.is_file() else []
        return [(row["verb"], row["path"]) for row in rows if row["status"] < 300]

    def writes(self, api):
        """Those of them that change something."""
        return [request for request in self.requests(api) if request[0] != "GET"]

    def token(self, api):
        """The token of an account."""
        return (self.cluster / f"{api}.token").read_text(encoding="utf-8")

    def ask(self, api, verb, path, body=None):
        """A request of somebody's own."""
        access = json.loads((self.cluster / f"{api}.json").read_text(encoding="utf-8"))
        table = importlib.import_module(f"{_APIS}.{api}").API
        headers = {"Authorization": table.authorization.format(token=self.token(api)), "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(access["url"] + path, content, headers, method=verb)) as answer:
            return json.loads(answer.read() or b"{}")

    def drifts(self, area, id_, field):
        """What somebody changed is named with its fields by drift, refused by verify, and nothing is written by either."""
        before = self.writes(AREAS[area])
        code, _output, report = self.play("drift", platform_area=[area])
        assert code != 0
        assert [(change["id"], change["action"]) for change in report["changes"]] == [(id_, "update")]
        assert any(found.startswith(field) for found in report["changes"][0]["fields"])
        code, output, _report = self.play("verify", platform_area=[area])
        assert code != 0 and f"not as declared: {id_}" in " ".join(output.split())
        assert self.writes(AREAS[area]) == before

    def put_back(self, area, id_, **variables):
        """A run changes that alone, and nothing is left; the change."""
        code, output, report = self.play("site", platform_area=[area], **variables)
        assert code == 0, output
        (change,) = report["changes"]
        assert change["id"] == id_
        code, output, report = self.play("drift", platform_area=[area])
        assert (code, report["status"]) == (0, "clean"), output
        return change
