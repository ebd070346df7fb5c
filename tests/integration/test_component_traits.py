# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A chart of our own with what upstream charts trip over, through its whole life on a real control plane.

A hook Job that its TTL takes, two components in one namespace of which one needs the host's network, values that are made up at every
render, a value that it cannot do without, and a definition that gains a field together with what uses it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._chart.fetch import digest_of
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.store import documents_of, read_store
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import ensure
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions
from ansible_collections.gantry.platform.tests.kit.waiting import until

ROOT = Path(__file__).resolve().parents[2]
CHARTS = ROOT / "tests" / "fixtures" / "charts"
RECORDS = "quartet-records"
REQUIRED = [{"value": "clusterName", "meaning": "name of the cluster", "example": "prod"}]
CHART = {"repository": "ours", "name": "quartet", "version": "1.0.0", "digest": None}
ENTRY = {"chart": CHART, "crds": None, "status": "active", "kubernetes": ["1.30", "1.40"], "namespace": "quartet", "required": REQUIRED}
CATALOG = {"cello": {**ENTRY, "pod_security": "privileged"}, "viola": ENTRY}


@pytest.fixture(scope="module")
def helm():
    """The helm that the sandbox would build."""
    tools = Definitions([ROOT / "roles" / "sandbox"]).select(["charts"]).tools
    return str(ensure(tools, dict(os.environ), lambda text: None)["helm"].path)


@pytest.fixture
def declare(tmp_path, helm):
    """Declare components by the role; gives their sets, or what it printed where it refused."""

    def run(**components):
        store = Path(tempfile.mkdtemp(prefix="store-", dir=tmp_path))
        digest = digest_of(CHARTS / "quartet")
        variables = {
            "platform_model": {"store": str(store)},
            "component_catalog": CATALOG,
            "component_list": {name: {"source": "upstream", "digest": digest, **wanted} for name, wanted in components.items()},
            "component_kubernetes_version": "1.36",
            "component_deployer": "",
            "component_repositories": {"ours": str(CHARTS)},
            "component_helm_path": helm,
        }
        role = {"ansible.builtin.include_role": {"name": "gantry.platform.component", "tasks_from": "declare"}}
        (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [role]}]))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml")]
        own = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}
        done = subprocess.run([*command, "-e", json.dumps(variables)], cwd=ROOT, env=own, capture_output=True, text=True, check=False)
        if done.returncode:
            return None, done.stdout + done.stderr
        sets = [
            {"name": content["set"], "namespace": RECORDS, "definition": [document for document, _source in documents_of(content)]}
            for content in read_store(str(store))
        ]
        return sets, done.stdout

    return run


def settings(name, strings="4", **values):
    """A component with all that its chart asks for."""
    return {
        "values": {"clusterName": "tests", "strings": strings, **values},
        "secrets": {f"{name}-key": {"key": "env:KEY"}},
        "ignore": [{"kind": "DaemonSet", "path": "spec.template.metadata.annotations.rollme"}],
    }


def test_what_the_chart_cannot_do_without_and_what_it_makes_up_is_refused_with_the_cure(declare):
    sets, output = declare(cello={})
    assert sets is None
    assert "values.clusterName is missing: name of the cluster" in output
    sets, output = declare(cello={"values": {"clusterName": "tests"}})
    assert sets is None
    for words in (
        "spec.template.metadata.annotations.rollme",
        "existingSecret (templates/all.yaml:",
        "cello-key:",
        "env:CELLO_CELLO_KEY_KEY",
    ):
        assert words in output, output
    sets, output = declare(cello=settings("cello"))
    assert sets, output


def test_a_chart_with_these_traits_lives_its_whole_life(cluster, declare):
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": RECORDS}}
    cluster.admin.create("/api/v1/namespaces", namespace, "tests")
    environment = {"KEY": "canary"}

    def apply(sets, **options):
        return cluster.run(*sets, environment=environment, **options)

    def hooks():
        return [name for name in ("cello", "viola") for document in sets_of(name, "Job") if cluster.find(document)]

    def sets_of(name, kind):
        return [d for one in current if one["name"] == f"component-{name}" for d in one["definition"] if d["kind"] == kind]

    current, output = declare(cello=settings("cello", hostNetwork=True, definition=True), viola=settings("viola"))
    assert current, output
    apply(current).ok()
    room = cluster.get("Namespace/-/quartet")["metadata"]
    assert room["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    assert room["annotations"]["gantry.dev/pod-security-needed-by"] == "cello"
    until(lambda: not hooks(), "the hooks' Jobs to be taken by their TTL")
    assert apply(current).ok().writes == []

    current, output = declare(cello=settings("cello", hostNetwork=True, definition=True), viola=settings("viola", strings="5"))
    assert current, output
    assert apply(current).ok().written == {"daemonsets.apps/quartet/viola"}, "what waits for a Job that is gone can be changed"
    until(lambda: not hooks(), "the hooks' Jobs to be taken by their TTL")
    assert apply(current).ok().writes == []

    current, output = declare(cello=settings("cello", hostNetwork=True, definition=True, newer=True), viola=settings("viola", strings="5"))
    assert current, output
    planned = apply(current, check=True).ok()
    bow = planned.change("Bow.quartet.example/quartet/cello")
    assert (bow["action"], bow["fields"], bow["verified"]) == ("update", ["spec.tension"], False)
    definition = "CustomResourceDefinition.apiextensions.k8s.io/-/bows.quartet.example"
    assert planned.change(definition)["action"] == "update"
    upgraded = apply(current, approved_digest=planned.result["digest"]).ok()
    assert upgraded.written == {definition, "bows.quartet.example/quartet/cello"}
    assert cluster.get("Bow.quartet.example/quartet/cello")["spec"]["tension"] == "high"
    assert apply(current).ok().writes == []

    current, output = declare(viola=settings("viola", strings="5"))
    gone = apply(
        current, remove_sets=["component-cello"], prune={"mode": "delete", "data": ["CustomResourceDefinition"], "max_percent": 100}
    )
    gone.ok()
    assert cluster.find({**sets_of("viola", "DaemonSet")[0]}) is not None
    assert cluster.find("DaemonSet.apps/quartet/cello") is None
    assert cluster.get("Namespace/-/quartet")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    assert apply(current).ok().writes == []
