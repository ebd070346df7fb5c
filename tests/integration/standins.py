# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks on a sandbox with the stand-in for an API that is a table, for the tests of areas that exist once."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

from ansible_collections.gantry.platform.tests.integration.runs import Runs


class StandInRuns(Runs):
    """Only ``area`` is written. ``api`` is that of the stand-in, ``authorization`` the header with which it is asked."""

    def __init__(self, folder: Path, area: str, api: str, authorization: str) -> None:
        root = {"sandbox_root": str(folder / "sandbox"), "platform_run_folder": str(folder / "run")}
        super().__init__(folder, "sandbox", "sandbox", **root, platform_areas=area, platform_area=area)
        self._api, self._authorization = api, authorization

    def prepare(self):
        """Start the sandbox with it."""
        code, output = self.command("ansible-playbook", *self.words("molecule/shared/prepare.yml", platform_area=""))
        assert code == 0, output

    def requests(self):
        """(verb, path) of every request so far that the stand-in took."""
        log = self.cluster / "logs" / f"{self._api}-requests.log"
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.is_file() else []
        return [(row["verb"], row["path"]) for row in rows if row["status"] < 300]

    def writes(self):
        """Those of them that change something."""
        return [request for request in self.requests() if request[0] != "GET"]

    @property
    def token(self):
        """The account's token."""
        return (self.cluster / f"{self._api}.token").read_text(encoding="utf-8")

    def ask(self, verb, path, body=None):
        """A request of somebody's own."""
        access = json.loads((self.cluster / f"{self._api}.json").read_text(encoding="utf-8"))
        headers = {"Authorization": self._authorization.format(token=self.token), "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(access["url"] + path, content, headers, method=verb)) as answer:
            return json.load(answer)
