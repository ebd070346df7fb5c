# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole charts as sets, from a folder, a repository and a registry on loopback, rendered by the real helm."""

from __future__ import annotations

import functools
import hashlib
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

ROOT = Path(__file__).resolve().parents[2]
CHARTS = ROOT / "tests" / "fixtures" / "charts"


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
        own = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        done = subprocess.run([*command, "-e", json.dumps(variables)], cwd=ROOT, env=own, capture_output=True, text=True, check=False)
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


class Registry(http.server.BaseHTTPRequestHandler):
    """As much of the OCI distribution specification as a pull needs: manifests by tag or digest, and blobs."""

    def do_GET(self):
        kind, _slash, reference = self.path.removeprefix("/v2/").removeprefix("charts/orchestra/").partition("/")
        media, body = self.server.held.get((kind, reference), (None, b""))
        found = media is not None or self.path == "/v2/"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", media or "application/json")
        self.send_header("Content-Length", str(len(body)))
        if found and media:
            self.send_header("Docker-Content-Digest", sha256(body))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_words):
        """A test's output is for its assertions."""


def sha256(body):
    return "sha256:" + hashlib.sha256(body).hexdigest()


@pytest.fixture
def registry(repository):
    """An OCI registry on loopback with the same archive; gives its address and the archive's digest."""
    _address, folder, digest = repository
    archive, settings = (folder / "orchestra-1.2.0.tgz").read_bytes(), b'{"name":"orchestra","version":"1.2.0","apiVersion":"v2"}'
    media = {"config": "application/vnd.cncf.helm.config.v1+json", "chart": "application/vnd.cncf.helm.chart.content.v1.tar+gzip"}

    def described(kind, body):
        return {"mediaType": media[kind], "digest": sha256(body), "size": len(body)}

    manifest = json.dumps({"schemaVersion": 2, "config": described("config", settings), "layers": [described("chart", archive)]}).encode()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    held = "application/vnd.oci.image.manifest.v1+json", manifest
    server.held = {("manifests", "1.2.0"): held, ("manifests", sha256(manifest)): held}
    server.held |= {("blobs", sha256(body)): ("application/octet-stream", body) for body in (archive, settings)}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"oci://127.0.0.1:{server.server_port}/charts", server.held, digest
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


def test_a_chart_from_a_registry_is_the_same_chart(declare, repository, registry):
    address, held, digest = registry
    content, output = declare("orchestra", address, digest)
    assert content is not None, output
    held.clear()
    again, output = declare("orchestra", repository[0], digest)
    assert again == content, output


def test_a_registry_without_the_chart_is_told(declare, registry):
    address, held, _digest = registry
    held.clear()
    content, output = declare("orchestra", address, "sha256:" + "1" * 64)
    assert content is None
    assert f"orchestra: orchestra 1.2.0 from {address}" in " ".join(output.split())


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
