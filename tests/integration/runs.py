# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole playbooks of this checkout from a command line, on one cluster of the test's own, and the apiserver's log that judges them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
from ansible_collections.gantry.platform.tests.kit import sandboxes
from ansible_collections.gantry.platform.tests.kit.audit import DEPLOYER, KubeAudit
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]


class Runs:
    """Runs playbooks on an inventory whose only cluster, ``host``, lives below ``folder``; ``variables`` go with each of them.

    The inventory is one of this checkout by its name, or a file. ``checkout`` is another one than this, with its own collection.
    """

    def __init__(self, folder: Path, inventory: str | Path, host: str, *, checkout: Path = ROOT, **variables) -> None:
        self.folder = folder
        self._checkout = checkout
        self.cluster = folder / host
        self.report = folder / "report.json"
        self.audit = KubeAudit.of(self.cluster)
        self._inventory = str(inventory) if isinstance(inventory, Path) else f"inventories/{inventory}.yml"
        patient = {"platform_wait_timeout": LONGEST, "platform_verify_timeout": LONGEST}
        self._variables = {"platform_rehearsal_root": str(folder), "platform_plan_file": str(self.report), **patient, **variables}
        self._bin = Path(sys.executable).parent
        self.environment = {
            **{name: value for name, value in os.environ.items() if checkout == ROOT or name != "ANSIBLE_COLLECTIONS_PATH"},
            **{"ANSIBLE_CONFIG": str(checkout / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"},
        }

    def start(self, name, *words, start_new_session=False, **environment):
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": start_new_session}
        return subprocess.Popen([self._bin / name, *words], cwd=self._checkout, env=self.environment | environment, **output)

    def command(self, name, *words, **environment):
        process = self.start(name, *words, **environment)
        output, _none = process.communicate()
        return process.returncode, output

    def words(self, name, **variables):
        """The arguments of ansible-playbook; ``name`` is a playbook, or the path of one of another folder."""
        book = name if "/" in name else f"playbooks/{name}.yml"
        return ["-i", self._inventory, book, "-e", json.dumps(self._variables | variables)]

    def play(self, name, **variables):
        code, output = self.command("ansible-playbook", *self.words(name, **variables))
        return code, output, self.reported()

    def reported(self, file=None):
        """The report of the last run; none where it wrote none."""
        file = Path(file or self.report)
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def kubectl(self, *words):
        kubectl, config = self.cluster / "bin" / "kubectl", self.cluster / "admin.kubeconfig"
        return subprocess.run([kubectl, "--kubeconfig", config, *words], capture_output=True, text=True, check=True).stdout

    def audited(self):
        """(verb, path) of every request so far that changed something on behalf of the platform, by the apiserver's own log."""
        return [(request.verb, request.path) for request in self.audit.changes()]

    def asked(self):
        """How many requests the platform has sent so far, whatever they were."""
        return sum(request.user == DEPLOYER for request in self.audit.sent())

    def remove(self):
        sandboxes.remove(self.cluster)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def rehearsed(folder: Path, inventory: str | Path, host: str) -> Iterator[Runs]:
    """Playbooks on a rehearsal that is kept until the end; ``rehearsed`` is its report."""
    made = Runs(folder, inventory, host)
    made.remove()
    code, output, made.rehearsed = made.play("rehearse", platform_rehearsal_keep=True)
    try:
        assert code == 0, output
        assert conforms(made.rehearsed)["status"] == "applied", output
        yield made
    finally:
        made.remove()


def conforms(report, name="plan"):
    schema = json.loads((ROOT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    return report
