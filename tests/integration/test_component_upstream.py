# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole charts as sets, from a folder and from a repository on loopback, rendered by the real helm."""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._chart.fetch import digest_of
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import Tool, ensure

ROOT = Path(__file__).resolve().parents[2]
CHARTS = ROOT / "tests" / "fixtures" / "charts"


@pytest.fixture(scope="module")
def helm():
    """The helm that the sandbox would build."""
    tools = yaml.safe_load((ROOT / "roles" / "sandbox" / "vars" / "main.yml").read_text().replace("!unsafe ", ""))["sandbox_tools"]
    row = next(row for row in tools if row["name"] == "helm")
    tool = Tool("helm", ROOT / "roles" / "sandbox" / "files" / "servers" / row["module"], row["package"])
    return str(ensure([tool], dict(os.environ), lambda text: None)["helm"].path)


@pytest.fixture
def declare(tmp_path, helm):
    """Declare one component by the role and give (set file, output); output alone where that fails."""

    def run(chart, repository, digest, version="1.2.0", **component):
        entry = {
            "chart": {"repository": "ours", "name": chart, "version": version, "digest": None},
            "crds": None,
            "status": "active",
            "kubernetes": ["1.30", "1.40"],
        }
        variables = {
            "platform_model": {"store": str(tmp_path)},
            "component_catalog": {chart: entry},
            "component_list": {chart: {"source": "upstream", "digest": digest, **component}},
            "component_kubernetes_version": "1.36",
            "component_deployer": "gantry:deployer",
            "component_repositories": {"ours": str(repository)},
            "component_helm_path": helm,
        }
        play = [
            {
                "hosts": "localhost",
                "gather_facts": False,
                "tasks": [{"ansible.builtin.include_role": {"name": "gantry.platform.component", "tasks_from": "declare"}}],
            }
        ]
        (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml")]
        done = subprocess.run([*command, "-e", json.dumps(variables)], cwd=ROOT, capture_output=True, text=True, check=False)
        file = tmp_path / f"component-{chart}.json"
        return (json.loads(file.read_text()) if done.returncode == 0 else None), done.stdout + done.stderr

    return run


@pytest.fixture
def repository(tmp_path, helm):
    """An HTTP repository on loopback with our chart; gives its address, its folder and the archive's digest."""
    folder = tmp_path / "repository"
    folder.mkdir()
    subprocess.run([helm, "package", str(CHARTS / "orchestra"), "--destination", str(folder)], check=True, capture_output=True)
    subprocess.run([helm, "repo", "index", str(folder)], check=True, capture_output=True)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder, digest_of(folder / "orchestra-1.2.0.tgz")
    server.shutdown()


def ids(content):
    return [f"{d['kind']}/{d['metadata'].get('namespace', '-')}/{d['metadata']['name']}" for d in content["documents"]]


def test_a_chart_in_a_folder_becomes_a_set_with_every_object(declare):
    content, output = declare("orchestra", CHARTS, digest_of(CHARTS / "orchestra"), values={"players": 3})
    assert content is not None, output
    kinds = sorted(document["kind"] for document in content["documents"])
    expected = ["ConfigMap", "CustomResourceDefinition", "Deployment", "Job", "Job", "Namespace", "RoleBinding", "Score"]
    assert kinds == expected, "the test Job is left out"
    deployment = next(document for document in content["documents"] if document["kind"] == "Deployment")
    assert deployment["spec"]["replicas"] == 3
    assert deployment["metadata"]["namespace"] == "orchestra"
    config = next(document for document in content["documents"] if document["kind"] == "ConfigMap")
    assert config["data"]["kubernetes"].startswith("v1.36"), "rendered for the model's version, whatever server there is"


def test_hooks_are_ordinary_objects_in_order(declare):
    content, output = declare("orchestra", CHARTS, digest_of(CHARTS / "orchestra"))
    assert content is not None, output
    jobs = {d["metadata"]["name"].rpartition("-")[0]: d for d in content["documents"] if d["kind"] == "Job"}
    deployment = next(document for document in content["documents"] if document["kind"] == "Deployment")
    before = f"Job.batch/orchestra/{jobs['orchestra-pre']['metadata']['name']}"
    assert deployment["metadata"]["annotations"]["gantry.dev/depends-on"] == before
    after = jobs["orchestra-post"]["metadata"]["annotations"]
    assert after == {"gantry.dev/depends-on": "Deployment.apps/orchestra/orchestra"}


def test_a_changed_hook_job_is_another_job(declare):
    first, _output = declare("orchestra", CHARTS, digest_of(CHARTS / "orchestra"))
    again, _output = declare("orchestra", CHARTS, digest_of(CHARTS / "orchestra"), values={"players": 5})
    other, _output = declare("orchestra", CHARTS, digest_of(CHARTS / "orchestra"), values={"image": "images.consciousness.example/other:1"})
    names = [{i for i in ids(content) if i.startswith("Job/")} for content in (first, again, other)]
    assert names[0] == names[1]
    assert not names[0] & names[2]


def test_a_chart_from_a_repository_is_pinned_and_kept(declare, repository):
    address, folder, digest = repository
    content, output = declare("orchestra", address, digest)
    assert content is not None, output
    (folder / "index.yaml").unlink()
    again, output = declare("orchestra", address, digest)
    assert again == content, "the second time nothing is fetched"


def test_a_chart_that_changed_behind_its_version_is_refused(declare, repository):
    address, _folder, digest = repository
    content, output = declare("orchestra", address, "sha256:" + "0" * 64)
    assert content is None
    assert digest in output
    assert "pinned is" in " ".join(output.split())


def test_a_chart_without_a_pin_is_refused_with_the_digest_to_pin(declare):
    content, output = declare("orchestra", CHARTS, "")
    assert content is None
    assert digest_of(CHARTS / "orchestra") in output
    assert "release.yml" in output


def test_a_chart_that_makes_something_up_is_refused(declare):
    content, output = declare("restless", CHARTS, digest_of(CHARTS / "restless"), version="0.1.0")
    assert content is None
    assert "data.token" in output
