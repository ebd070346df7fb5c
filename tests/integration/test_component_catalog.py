# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue's pins against the real modules: their definitions, and the charts that some of them carry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._chart.fetch import digest_of
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.golang import module_folder

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "roles" / "component" / "files" / "modules"
CATALOG = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "roles" / "component" / "catalog").glob("*.yml")}
PINNED = {name: entry for name, entry in CATALOG.items() if entry["crds"]}
SOME_KIND = {
    "argo-cd": "Application.argoproj.io",
    "argo-rollouts": "Rollout.argoproj.io",
    "cert-manager": "Certificate.cert-manager.io",
    "eck-operator": "Elasticsearch.elasticsearch.k8s.elastic.co",
    "external-dns": "DNSEndpoint.externaldns.k8s.io",
    "external-secrets": "ExternalSecret.external-secrets.io",
    "gatekeeper": "ConstraintTemplate.templates.gatekeeper.sh",
    "gateway-api": "HTTPRoute.gateway.networking.k8s.io",
    "istio-base": "VirtualService.networking.istio.io",
    "karpenter": "EC2NodeClass.karpenter.k8s.aws",
    "prometheus-operator": "ServiceMonitor.monitoring.coreos.com",
    "vault-secrets-operator": "VaultStaticSecret.secrets.hashicorp.com",
    "velero": "Backup.velero.io",
    "vertical-pod-autoscaler": "VerticalPodAutoscaler.autoscaling.k8s.io",
}
CHARTS = {"external-dns": "charts", "gatekeeper": "charts", "karpenter": "charts", "vertical-pod-autoscaler": "charts"}
"""Modules that carry their component's chart, and its folder."""


@pytest.fixture(scope="module")
def declare(tmp_path_factory):
    """Declare components by the role and check the sets together; gives the sets by name and what was left out."""

    def run(components, **variables):
        store = tmp_path_factory.mktemp("store")
        role = {"name": "gantry.platform.component", "tasks_from": "declare"}
        groups = ["monitoring.coreos.com", "constraints.gatekeeper.sh"]
        tasks = [
            {"ansible.builtin.include_role": role},
            {"gantry.platform.declare": {"store": str(store), "finish": True, "external_groups": groups}},
        ]
        (store / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        given = {
            "platform_model": {"store": str(store)},
            "component_list": components,
            "component_kubernetes_version": "1.36",
            "component_deployer": "gantry:deployer",
            **variables,
        }
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(store / "play.yml")]
        done = subprocess.run([*command, "-e", json.dumps(given)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return {file.stem: json.loads(file.read_text()) for file in store.glob("*.json")}

    return run


@pytest.fixture(scope="module")
def definitions(declare):
    return declare({name: {"source": "crds"} for name in PINNED})


@pytest.fixture(scope="module")
def charts(declare, helm):
    """Every chart out of a pinned module, rendered by the helm that the sandbox would build."""
    wanted, repositories = {}, {}
    for name, folder in CHARTS.items():
        chart = module_folder(PINS / name, CATALOG[name]["crds"]["module"], dict(os.environ)) / folder / name
        repositories[name] = str(chart.parent)
        wanted[name] = {"source": "upstream", "digest": digest_of(chart), "values": {"settings": {"clusterName": "test"}}}
    catalog = {name: {**CATALOG[name], "chart": {**CATALOG[name]["chart"], "repository": name}} for name in CHARTS}
    return declare(wanted, component_catalog=catalog, component_repositories=repositories, component_helm_path=helm)


def test_every_pinned_component_has_a_kind_that_this_test_knows():
    assert sorted(SOME_KIND) == sorted(PINNED)


@pytest.mark.parametrize("name", sorted(PINNED))
def test_a_pinned_module_brings_the_components_definitions(definitions, name):
    documents = definitions[f"component-{name}"]["documents"]
    kinds = {f"{document['spec']['names']['kind']}.{document['spec']['group']}" for document in documents}
    assert {document["kind"] for document in documents} == {"CustomResourceDefinition"}
    assert SOME_KIND[name] in kinds
    assert all(any(version["served"] for version in document["spec"]["versions"]) for document in documents)


def test_all_definitions_fit_together(definitions):
    names = Counter(document["metadata"]["name"] for content in definitions.values() for document in content["documents"])
    assert names.most_common(1)[0][1] == 1


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_a_projects_own_chart_becomes_a_set(charts, name):
    documents = charts[f"component-{name}"]["documents"]
    namespace = CATALOG[name].get("namespace", name)
    kinds = Counter(document["kind"] for document in documents)
    assert kinds["Deployment"] >= 1
    assert kinds["Namespace"] == 1
    assert documents[0]["metadata"]["name"] == namespace
    assert all(row["condition"] for row in charts[f"component-{name}"]["expectations"])
    assert not any("helm.sh/hook" in json.dumps(document["metadata"]) for document in documents)


def test_hooks_of_a_projects_own_chart_are_in_order(charts):
    documents = charts["component-vertical-pod-autoscaler"]["documents"]
    before, after = sorted((d["metadata"]["name"] for d in documents if d["kind"] == "Job"), key=lambda name: "patch" in name)
    waits = {d["metadata"]["name"]: (d["metadata"].get("annotations") or {}).get("gantry.dev/depends-on", "") for d in documents}
    assert before in waits["vertical-pod-autoscaler-admission-controller"]
    assert "vertical-pod-autoscaler-admission-controller" in waits[after]


def test_our_values_keep_a_chart_from_applying_its_definitions_by_a_job(charts):
    names = [document["metadata"]["name"] for document in charts["component-gatekeeper"]["documents"] if document["kind"] == "Job"]
    assert not any("update-crds" in name for name in names)
