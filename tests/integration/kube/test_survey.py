# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A look at a cluster on which two upstream projects were installed from their own manifests, each by another tool."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.survey import SPEC, SURVEY
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.golang import module_folder

COMPONENTS = Path(__file__).resolve().parents[3] / "roles" / "component"
INSTALLED = {
    "argo-cd": ("github.com/argoproj/argo-cd/v3", "manifests/install.yaml", "argocd", "Terraform"),
    "prometheus-operator": ("github.com/prometheus-operator/prometheus-operator", "bundle.yaml", "default", "argocd-controller"),
}
"""Component → the module that brings its manifests, the file, the namespace that they are for, and as whom they are written."""


def looked(**options):
    params = {name: option.get("default") for name, option in SPEC.items()}
    catalog = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (COMPONENTS / "catalog").glob("*.yml")}
    found = SURVEY.call(Call({**params, "catalog": catalog, **options}, os.environ))
    assert not found.get("failed"), found
    return found


@pytest.fixture(scope="module")
def installed(cluster):
    def kubectl(*words):
        command = [str(cluster.root / "bin" / "kubectl"), "--kubeconfig", cluster.kubeconfig, *map(str, words)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    written = []
    for component, (module, file, namespace, manager) in INSTALLED.items():
        manifest = module_folder(COMPONENTS / "files" / "modules" / component, module, os.environ) / file
        # Other tests on this control plane may have left definitions of theirs under the same names.
        kubectl("delete", "--ignore-not-found", "-n", namespace, "-f", manifest)
        if namespace != "default":
            kubectl("create", "namespace", namespace)
        kubectl("apply", "--server-side", f"--field-manager={manager}", "-n", namespace, "-f", manifest)
        written.append((namespace, manifest))
    yield cluster
    for namespace, manifest in written:
        kubectl("delete", "--ignore-not-found", "-n", namespace, "-f", manifest)
        if namespace != "default":
            kubectl("delete", "namespace", namespace)


def test_two_projects_are_found_with_version_manager_and_what_their_adoption_changes(installed):
    mark = installed.audit.mark()
    found = looked(kubeconfig=installed.kubeconfig)
    components = {one["name"]: one for one in found["components"]}
    argo, operator = components["argo-cd"], components["prometheus-operator"]
    assert (argo["version"], argo["writers"], argo["namespaces"]) == ("v3.2.1", ["Terraform"], ["argocd"])
    assert (operator["writers"], operator["namespaces"]) == (["Argo CD"], ["default"])
    assert operator["version"].lstrip("v") == "0.85.0" and operator["notes"] == ["the catalogue has v0.93.1, which is newer"]
    assert "namespace argocd enforces baseline in place of nothing" in argo["adopting"]
    assert any("its automatic sync goes off first" in said for said in operator["adopting"])
    assert {one["tool"]: one["objects"] for one in found["writers"]}["Terraform"] > 50
    checks = {one["id"]: one for one in found["checks"]}
    assert "ClusterRole argocd-application-controller" in checks["4.1.3"]["offenders"]
    assert "Namespace argocd" not in checks["4.3.2"]["offenders"]  # its manifests bring policies
    assert "Deployment.apps prometheus-operator" in checks["4.5.2"]["offenders"] and checks["4.2.1"]["status"] == "passed"
    assert {one["namespace"]: one["needed"] for one in found["levels"]}["argocd"] == "restricted"
    sent = [one for one in installed.audit.sent(mark) if one.agent == "kube_survey_info"]
    assert sent and not [one for one in sent if one.mutating]


def test_what_may_not_be_listed_is_named_and_passes_nothing(cluster):
    found = looked(kubeconfig=cluster.kubeconfig, impersonate_user="nobody")
    assert found["unread"]["Secret"].startswith("403 ") and found["components"] == found["writers"] == []
    assert {one["status"] for one in found["checks"]} == {"not evaluated", "by hand"}
