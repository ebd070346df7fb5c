# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from unittest.mock import MagicMock

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.action import component_info
from ansible_collections.gantry.platform.plugins.action.component import ActionModule
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import ServerError
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.grants import separated
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.store import read_store
from ansible_collections.gantry.platform.plugins.plugin_utils import _components as component

CHART = """
{apiVersion: v1, kind: ServiceAccount, metadata: {name: app}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: app}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: [get, list], resourceNames: [one]}
  - {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec: {group: example.org, names: {kind: Thing, plural: things}, scope: Namespaced}
---
{apiVersion: v1, kind: Secret, metadata: {name: made}, data: {key: Y2FuYXJ5}}
"""
MIGHTY = """
{apiVersion: v1, kind: Namespace, metadata: {name: thing, labels: {of: chart}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: app}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {serviceAccountName: app, containers: []}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: before, annotations: {helm.sh/hook: pre-install}}
spec: {template: {spec: {serviceAccountName: app, containers: []}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: tests, annotations: {helm.sh/hook: test}}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: tests, annotations: {helm.sh/hook: test}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tests}
subjects: [{kind: ServiceAccount, name: app, namespace: thing}]
"""
"""Its account may everything while its tests run, which nobody applies."""
ENTRY = {
    "purpose": "a thing",
    "chart": {"repository": "ours", "name": "thing-chart", "version": "1.2.0", "digest": None},
    "crds": {"module": "example.org/thing", "files": ["*.yaml"]},
    "tested": ["v0.9.0"],
    "required": [{"value": "clusterName", "meaning": "name of the cluster", "example": "prod"}],
    "licence": "Apache-2.0",
    "status": "active",
    "kubernetes": ["1.33", "1.36"],
    "pod_security": "privileged",
}
DIGEST = "sha256:" + "1" * 64


@pytest.fixture
def look(monkeypatch, tmp_path):
    """Ask about the component ``thing``; gives the result and what was printed. No registry and no cluster is reached."""
    seen = []
    printed = MagicMock()
    monkeypatch.setattr(component_info, "Display", lambda: printed)
    monkeypatch.setattr(component_info, "helm_binary", lambda path, environment: "helm")
    monkeypatch.setattr(component_info, "fetch", lambda *words, **more: (tmp_path, DIGEST))

    def call(name="thing", entry=None, chart=CHART, **more):
        def render(helm, path, release, environment):
            seen.append(release.values)
            return chart, chart

        monkeypatch.setattr(component, "render_twice", render)
        arguments = {"name": name, "catalog": {"thing": entry or ENTRY}, "repositories": {"ours": "https://charts.example"}, **more}
        task = MagicMock(async_val=0, check_mode=False, args=arguments, environment=[])
        result = component_info.ActionModule(task, *(MagicMock() for _more in range(5))).run(None, {})
        text = printed.display.call_args[0][0] if printed.display.called else ""
        return result, yaml.safe_load(text) if text else None, seen

    return call


def test_everything_is_said_before_anything_is_enabled(look):
    result, printed, seen = look()
    said = result["component"]
    assert printed == {"thing": said}
    assert (said["licence"], said["kubernetes"], said["sources"]) == ("Apache-2.0", "1.33 to 1.36", ["crds", "upstream"])
    assert (said["chart"]["version"], said["chart"]["digest"]) == ("1.2.0", DIGEST)
    assert said["required by source upstream"] == ["values.clusterName: name of the cluster"]
    assert said["to paste"]["platform_settings"]["components"]["thing"] == {"source": "upstream", "values": {"clusterName": "prod"}}
    assert said["namespace"] == {"name": "thing", "pod security": "privileged"}
    assert said["definitions"] == ["things.example.org"]
    assert said["rights"] == {"ClusterRole app": ["get,list: secrets named one (core)", "*: * (*)"]}
    assert any("Secrets beyond the deployer" in row for row in said["only an administrator may apply"])
    assert said["cure"]["secrets"] == {"made": {"key": "env:THING_MADE_KEY"}}
    assert "Y2FuYXJ5" not in str(result)
    assert seen[0] == {"clusterName": "prod"}, "what is required is tried with the catalogue's examples"


@pytest.mark.parametrize("chart", [CHART, MIGHTY], ids=["definitions", "hooks"])
def test_it_says_of_a_component_what_a_run_will_do_with_its_set(look, chart, monkeypatch, tmp_path):
    said = look(chart=chart)[0]["component"]
    for name in ("helm_binary", "fetch"):
        monkeypatch.setattr(component, name, getattr(component_info, name))
    monkeypatch.setattr(component, "helm_version", lambda *words: "v4")
    component_of = {"source": "upstream", "values": {"clusterName": "prod"}, **said.get("cure", {})}
    arguments = {"store": str(tmp_path), "catalog": {"thing": ENTRY}, "components": {"thing": component_of}, "modules": str(tmp_path)}
    arguments |= {"kubernetes_version": "1.36", "repositories": {"ours": "https://charts.example"}, "deployer": "gantry:deployer"}
    task = MagicMock(async_val=0, check_mode=False, args=arguments, environment=[{"XDG_CACHE_HOME": str(tmp_path)}])
    templar = MagicMock(template=lambda value: value)
    done = ActionModule(task, *(MagicMock() for _more in range(3)), templar, MagicMock()).run(None, {})
    assert "failed" not in done, done
    declared, administered = separated(read_store(str(tmp_path)))
    counts = Counter(document["kind"] for content in (declared, administered) for document in content["documents"])
    assert said["objects"] == counts
    assert said["only an administrator may apply"] == [f"{ref}: {why}" for ref, why in sorted(administered["reasons"].items())]
    assert [f"thing: {hook}" for hook in said.get("left out", [])] == done["left_out"]


def test_a_chart_that_cannot_be_had_leaves_the_rest(look, monkeypatch):
    def refuse(*words, **more):
        raise ServerError("the repository does not answer")

    monkeypatch.setattr(component_info, "fetch", refuse)
    said = look()[0]["component"]
    assert said["chart"]["not read"] == "the repository does not answer"
    assert said["missing"] == ['values.clusterName is missing: name of the cluster; for example values: {"clusterName": "prod"}']


def test_another_chart_behind_the_pinned_version_is_said(look):
    said = look(component={"digest": "sha256:" + "2" * 64})[0]["component"]
    assert "another chart behind the same version" in said["chart"]["warning"]


def test_an_unknown_name_is_answered_with_the_near_one(look):
    assert "did you mean 'thing'?" in look(name="thign")[0]["msg"]
