# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from unittest.mock import MagicMock

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.action import component, component_info
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import ServerError

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

    def render(helm, path, release, environment):
        seen.append(release.values)
        return CHART, CHART

    monkeypatch.setattr(component, "render_twice", render)

    def call(name="thing", entry=None, **more):
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
