# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible does to a task that writes: kills it, times it out, gives it an environment."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face
from ansible_collections.gantry.platform.tests.kit.faults import Fault, FaultyServer
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

APPLY = "gantry.platform.kube_apply"
OBJECTS = 60
NOTED = """
DOCUMENTATION = '''
name: noted
short_description: Becomes nobody else and leaves a file
options:
  become_user: {{type: str, description: Not used, default: root, vars: [{{name: ansible_become_user}}]}}
  become_pass: {{type: str, description: Not used, vars: [{{name: ansible_become_pass}}]}}
  become_exe: {{type: str, description: Not used}}
  become_flags: {{type: str, description: Not used, default: ""}}
'''
from ansible.plugins.become import BecomeBase
class BecomeModule(BecomeBase):
    name = "noted"
    def build_become_command(self, cmd, shell):
        super().build_become_command(cmd, shell)
        return "touch {became} && " + self._build_success_command(cmd, shell)
"""


def one(namespace):
    """A task that makes one object."""
    options = {"owner": "tests", "apply_set": {"name": "s", "namespace": namespace}, "definition": config_map(namespace)}
    return {"name": "made", APPLY: options}


class Slow(FaultyServer):
    """Takes ``delay`` seconds over a write, and notes when each arrived. After the first few it answers none before ``go_on``."""

    most = 5

    def __init__(self, endpoint):
        super().__init__(endpoint)
        self.arrived = []
        self.several, self.go_on = threading.Event(), threading.Event()
        self.delay = 0.0
        self.rule = self._slowly

    def _slowly(self, method, path):
        if method == "PATCH" and "configmaps" in path and "dryRun" not in path:
            self.arrived.append(time.monotonic())
            if len(self.arrived) >= self.most:
                self.several.set()
                self.go_on.wait(LONGEST)
            return Fault(delay=self.delay)
        return None


@pytest.fixture
def slow(cluster):
    server = Slow(cluster.endpoint)
    yield server
    server.close()


@pytest.fixture
def many(namespace, slow):
    """A task that writes as many objects, two at a time."""
    documents = [config_map(namespace, f"n{number:02}") for number in range(OBJECTS)]
    options = {"owner": "tests", "apply_set": {"name": "s", "namespace": namespace}, "definition": documents, "concurrency": 2}
    return {"name": "many", APPLY: {**options, "kubeconfig": None, "host": slow.url}}


def children(process):
    """The living descendants of a process."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = status.read_text(encoding="utf-8").partition(" (")
        except OSError:
            continue
        state, parent = rest.rpartition(") ")[2].split()[:2]
        if state != "Z":
            parents[int(number)] = int(parent)
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return (found - {process}) & set(parents)


def alive(number):
    """Whether a process is there and does anything yet."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_a_killed_run_takes_its_writer_with_it(cluster, slow, many, namespace, tmp_path):
    process = Face("action", tmp_path, cluster.kubeconfig).start(many)
    assert slow.several.wait(LONGEST)
    workers = children(process.pid)
    assert workers
    process.send_signal(signal.SIGKILL)
    process.wait()
    slow.go_on.set()
    until(lambda: not any(map(alive, workers)), "its writer to go with it")
    # Two of them may have been on their way.
    assert len(slow.arrived) <= slow.most + 2

    again = Face("action", tmp_path, cluster.kubeconfig).play(many)
    assert again.results["many"]["changed"], again.output
    assert len(cluster.admin.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"]) >= OBJECTS


def test_a_task_whose_time_is_over_sends_nothing_more(cluster, slow, many, tmp_path):
    # A minute and a half for all: its time is over while it writes, on a busy machine too.
    slow.delay = 3.0
    slow.go_on.set()
    ended = {"name": "after", "ansible.builtin.pause": {"seconds": 10}}
    played = Face("action", tmp_path, cluster.kubeconfig).play({**many, "timeout": 40}, ended)
    assert "timed" in played.results["many"]["msg"].lower() or "timeout" in played.results["many"]["msg"].lower(), played.output
    assert 0 < len(slow.arrived) < OBJECTS
    assert time.monotonic() - slow.arrived[-1] > 2 * slow.delay


@pytest.mark.parametrize("name", FACES)
def test_the_plays_environment_reaches_the_engine(cluster, namespace, name, tmp_path):
    keys = {"environment": {"K8S_AUTH_KUBECONFIG": cluster.kubeconfig}, "module_defaults": {}}
    played = Face(name, tmp_path, cluster.kubeconfig).play(
        one(namespace), environment={"K8S_AUTH_KUBECONFIG": str(tmp_path / "nothing")}, keys=keys
    )
    assert played.results["made"]["changed"], played.output


def test_a_task_for_another_user_is_the_module_run_as_that_user(cluster, namespace, tmp_path):
    became = tmp_path / "became"
    (tmp_path / "become").mkdir()
    (tmp_path / "become" / "noted.py").write_text(NOTED.format(became=str(became)))
    environment = {"ANSIBLE_BECOME_PLUGINS": str(tmp_path / "become"), "ANSIBLE_BECOME_ALLOW_SAME_USER": "1"}
    face = Face("action", tmp_path, cluster.kubeconfig)
    played = face.play(one(namespace), environment=environment)
    assert played.results["made"]["changed"] and not became.exists(), played.output
    played = face.play({**one(namespace), "become": True, "become_method": "noted"}, environment=environment)
    assert (played.results["made"]["changed"], played.results["made"]["counts"]["unchanged"]) == (False, 1), played.output
    assert became.exists()
