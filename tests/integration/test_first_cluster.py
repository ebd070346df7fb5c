# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/first-cluster.md, walked by its own commands on a control plane that the project did not make."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.tests.kit.audit import DEPLOYER, KubeAudit
from ansible_collections.gantry.platform.tests.kit.copied import copy_of
from ansible_collections.gantry.platform.tests.kit.examples import tasks
from ansible_collections.gantry.platform.tests.kit.foreign import foreign_cluster

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "first-cluster.md"
VENV = Path(sys.prefix)


class Reader:
    """Somebody who types what the page says: one shell after the other, each where the one before it ended."""

    def __init__(self, home: Path, published: Path) -> None:
        self.home = self.folder = home
        words = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "MAKE", "PYTEST_", "GIT_", "KUBE", "K8S_"))
        }
        (home / ".gitconfig").write_text(
            f'[url "{published}"]\n  insteadOf = https://github.com/gantry-platform/gantry.platform\n[safe]\n  directory = *\n',
            encoding="utf-8",
        )
        caches = {"XDG_CACHE_HOME": words.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")}
        self._environment = {**words, **caches, "HOME": str(home), "COLUMNS": "80", "NO_COLOR": "1"}

    def kubectl(self, foreign) -> None:
        """Puts the cluster's kubectl on the path."""
        self._environment["PATH"] = f"{foreign.kubectl_folder}{os.pathsep}{self._environment['PATH']}"

    def types(self, command: str) -> tuple[int, str]:
        place = self.home / "place"
        script = f"trap 'pwd > {place}' EXIT\n{command}\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.folder = Path(place.read_text(encoding="utf-8").strip())
        # Both environments are this Python's: what installs them is tested elsewhere, and takes minutes.
        for made in (self.home / "gantry.platform", self.home / "shop"):
            if made.is_dir() and not (made / ".venv").exists():
                (made / ".venv").symlink_to(VENV)
        return done.returncode, done.stdout


def commands() -> list[str]:
    """Those of the page, in its order."""
    return re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def written(audit: KubeAudit) -> list[tuple[str, str, str]]:
    """What the deployer and the administrator have changed."""
    return [(request.user, request.verb, request.path) for user in (DEPLOYER, "kubernetes-admin") for request in audit.changes(user=user)]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    with foreign_cluster(tmp_path_factory.mktemp("foreign") / "cluster") as found:
        yield found


@pytest.fixture
def reader(foreign, tmp_path):
    published = copy_of(CHECKOUT, tmp_path / "published")
    git = ["git", "-C", str(published), "-c", "user.name=somebody", "-c", "user.email=somebody@shop.example"]
    subprocess.run([*git, "add", "-A"], check=True, capture_output=True)
    subprocess.run([*git, "commit", "-q", "-m", "As it is"], check=True, capture_output=True)
    home = tmp_path / "home"
    (home / ".kube").mkdir(parents=True)
    (home / ".kube" / "config").write_bytes(foreign.kubeconfig.read_bytes())
    return Reader(home, published)


def test_the_page_is_ten_commands():
    assert len(commands()) == 10


def test_the_page_walks_to_a_verified_environment(foreign, reader):
    before = foreign.kubectl("get", "all,clusterroles", "-A", "-o", "name").split()
    told = {}
    for command in commands():
        if command.startswith("make access") and "CHECK=1" in command:
            # Who runs ahead of the page is sent back to it.
            code, output = reader.types("make plan ENV=dev")
            assert code != 0 and "make access ENV=dev" in " ".join(output.split()), output
        code, told[command] = reader.types(command)
        assert code == 0, f"{command}\n{told[command]}"
    check, access, plan, apply, verify = list(told.values())[-5:]
    assert "make apply ENV=dev PLAN=.gantry/plan.json" in plan
    assert "verified" in verify
    report = json.loads((reader.folder / ".gantry" / "plan.json").read_text(encoding="utf-8"))
    assert (report["status"], report["hosts"]["dev-1"]["verified"]) == ("applied", True), apply
    assert json.loads(foreign.kubectl("get", "deployment", "hello", "-n", "first", "-o", "json"))["status"]["readyReplicas"] >= 1
    assert (reader.folder / ".kube" / "dev-1.kubeconfig").stat().st_mode & 0o777 == 0o600
    assert "Namespace/gantry-system" in check
    assert re.search(r"dev-1 +changes +(\d+ create)", check)[1] == re.search(r"dev-1 +applied +(\d+ create)", access)[1]

    # What was there is there, and the second run of everything writes nothing.
    assert set(before) <= set(foreign.kubectl("get", "all,clusterroles", "-A", "-o", "name").split())
    audit = KubeAudit(foreign.audit)
    writes = written(audit)
    for command in ("make access ENV=dev KUBECONFIG=~/.kube/config", "make apply ENV=dev", "make drift ENV=dev"):
        code, output = reader.types(command)
        assert code == 0, f"{command}\n{output}"
    assert written(audit) == writes


HERE = (
    "kube_apply",
    "kube_identity",
    "kube_survey_info",
    "kube_verify",
    "new_files",
    "platform_compare",
    "platform_explain",
    "platform_model",
    "run_store",
    # What it changes the others read.
    "release",
)
"""Modules whose examples name a cluster or an inventory. Others name a Vault, an account or the inside of a run, and run elsewhere."""
NEEDED = """
set -e
# As the policies of the walk want it, where that came before.
kubectl create namespace cortex --dry-run=client -o yaml | kubectl label --local -f - owner=shop cost-center=first -o yaml | kubectl create -f -
kubectl get namespace gantry-system || kubectl create namespace gantry-system
kubectl create -f - <<'END'
apiVersion: apps/v1
kind: Deployment
metadata: {name: consciousness-engine, namespace: cortex, labels: {owner: shop, cost-center: first}}
spec:
  replicas: 3
  selector: {matchLabels: {app: engine}}
  template:
    metadata: {labels: {app: engine, owner: shop, cost-center: first}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: engine
          image: images.shop.example/cortex/engine@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
          resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
END
kubectl wait -n cortex --for=condition=Available deployment/consciousness-engine --timeout=600s
kubectl create configmap settings -n default
kubectl config rename-context "$(kubectl config current-context)" prod-euw1
cp ~/.kube/config ~/.kube/administrator
mkdir -p manifests records .gantry templates
kubectl create configmap shop --from-literal=a=b --dry-run=client -o yaml > manifests/shop.yaml
kubectl create configmap other --from-literal=a=b --dry-run=client -o yaml > templates/deployment.yaml.j2
printf 'ours\n' > templates/README.md.j2
printf '{"environment": "prod"}' > .gantry/plan.json
"""


def test_examples_of_modules_run_as_they_stand(foreign, reader):
    ours = reader.home.parent / "published"
    # What the second example of kube_verify names is asked of Prometheus.
    rows = [(module, row) for module in HERE for row in tasks(module) if "Prometheus" not in row["name"]]
    play = {"name": "Examples", "hosts": "prod-euw1", "gather_facts": False, "tasks": [row for _module, row in rows]}
    (ours / "examples.yml").write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    reader.folder = ours
    reader.kubectl(foreign)
    code, output = reader.types(NEEDED)
    assert code == 0, output
    verified = {"schema": "gantry.platform/promotion/v1", "environment": "staging", "revision": "", "created": "x"}
    release = yaml.safe_load((ours / "inventories/group_vars/staging/release.yml").read_text(encoding="utf-8"))["platform_release"]
    example = next(row for module, row in rows if module == "release")["gantry.platform.release"]["services"]
    verified["verified"] = {"services": {name: [value] for name, value in release["services"].items()}}
    verified["verified"]["services"] |= {name: [{"digest": digest}] for name, digest in example.items()}
    (ours / "records" / "staging.json").write_text(json.dumps(verified), encoding="utf-8")
    code, output = reader.types(f"{VENV}/bin/ansible-playbook -v -i inventories/staging.yml -i inventories/prod.yml examples.yml")
    assert code == 0, output
    assert "failed=0" in output and f"ok={len(rows)}" in output, output
