# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Objects of other tools become ours without a pod started anew: kubectl and Helm themselves, the others by what they write."""

from __future__ import annotations

import copy
import json
import subprocess

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind
from ansible_collections.gantry.platform.tests.integration.kube.cluster import MANAGER
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, deployment, identity, one_set, service

KEPT, GOES = {"colour": "red"}, {"colour": "red", "old": "1"}
REPLICA_SETS = Kind("apps", "v1", "ReplicaSet", "replicasets", True)
ARGO, FLUX = "argoproj.io", "kustomize.toolkit.fluxcd.io"


def declared(namespace):
    return [deployment(namespace, replicas=1), config_map(namespace, **KEPT), service(namespace)]


def as_theirs(namespace, **metadata):
    """The same objects as a tool has them: with its marks, and one key that we do not declare."""
    found = []
    for document in [deployment(namespace, replicas=1), config_map(namespace, **GOES), service(namespace)]:
        document = copy.deepcopy(document)
        for key, marks in metadata.items():
            document["metadata"][key] = {**(document["metadata"].get(key) or {}), **marks}
        found.append(document)
    return found


def definition(cluster, group, version, kind, plural):
    name = f"{plural}.{group}"
    spec = {
        "group": group,
        "scope": "Namespaced",
        "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
        "versions": [
            {
                "name": version,
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    }
    document = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name}, "spec": spec}
    cluster.run(definition=[document]).ok()


def resource(cluster, namespace, api_version, kind, name, **spec):
    document = {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace, "name": name}, "spec": spec}
    cluster.run(definition=[document], wait=False).ok()
    return document


def applied_by(cluster, manager, documents):
    for document in documents:
        cluster.admin.apply(cluster.path(document), document, manager)


def by_kubectl(cluster, namespace, helm, tmp_path):
    file = tmp_path / "objects.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": as_theirs(namespace)}), encoding="utf-8")
    kubectl = [str(cluster.root / "bin" / "kubectl"), "--kubeconfig", cluster.kubeconfig, "-n", namespace]
    subprocess.run([*kubectl, "apply", "-f", str(file)], check=True, capture_output=True)
    subprocess.run([*kubectl, "annotate", "configmap", "settings", "note=x"], check=True, capture_output=True)
    return ["kubectl"]


def by_helm(cluster, namespace, helm, tmp_path):
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n", encoding="utf-8")
    for number, document in enumerate(as_theirs(namespace, labels={"app.kubernetes.io/managed-by": "Helm"})):
        (chart / "templates" / f"{number}.yaml").write_text(json.dumps(document), encoding="utf-8")
    for command in ("install", "upgrade"):
        words = [helm, command, "web", str(chart), "--kubeconfig", cluster.kubeconfig, "-n", namespace]
        subprocess.run(words, check=True, capture_output=True)
    return [f"helm:{namespace}/web"]


def by_argo_cd(cluster, namespace, helm, tmp_path):
    definition(cluster, ARGO, "v1alpha1", "Application", "applications")
    documents = as_theirs(namespace)
    for one in documents:
        tracked = f"shop-{namespace}:apps/{one['kind']}:{namespace}/{one['metadata']['name']}"
        one["metadata"]["annotations"] = {**(one["metadata"].get("annotations") or {}), "argocd.argoproj.io/tracking-id": tracked}
    applied_by(cluster, "argocd-controller", documents)
    return ["argocd"]


def by_flux(cluster, namespace, helm, tmp_path):
    definition(cluster, FLUX, "v1", "Kustomization", "kustomizations")
    marks = {f"{FLUX}/name": "shop", f"{FLUX}/namespace": namespace}
    applied_by(cluster, "kustomize-controller", as_theirs(namespace, labels=marks))
    return ["flux"]


def by_terraform(cluster, namespace, helm, tmp_path):
    """Its typed resources create, its kubernetes_manifest applies."""
    first, *rest = as_theirs(namespace)
    cluster.admin.create(f"/apis/apps/v1/namespaces/{namespace}/deployments", first, "HashiCorp")
    applied_by(cluster, "Terraform", rest)
    return ["terraform"]


@pytest.mark.parametrize("tool", [by_kubectl, by_helm, by_argo_cd, by_flux, by_terraform], ids=lambda tool: tool.__name__)
def test_what_a_tool_wrote_becomes_ours_without_a_restart(cluster, namespace, helm, tmp_path, tool):
    taken = tool(cluster, namespace, helm, tmp_path)
    app, settings, shop = declared(namespace)
    wanted = one_set("s", namespace, app, settings, shop)
    before = cluster.get(app)["spec"]
    plan = cluster.run(wanted, check=True, adopt_from=taken).ok()
    assert plan.planned == {identity(one): "adopt" for one in (app, settings, shop)}
    assert {change["impact"] for change in plan.result["plan"]} == {"safe"}
    assert "data.old" in plan.change(identity(settings))["fields"]
    done = cluster.run(wanted, adopt_from=taken, allowed_impact=["safe"], approved_digest=plan.result["digest"]).ok()
    assert done.written == {identity(one) for one in (app, settings, shop)}
    for one in (app, settings, shop):
        metadata = cluster.get(one)["metadata"]
        writers = {entry["manager"] for entry in metadata["managedFields"] if not entry.get("subresource")}
        assert writers - {"kube-controller-manager"} == {MANAGER}
        marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
        assert not [key for key in marks if any(word in key for word in ("helm.sh", "argocd", "fluxcd", "last-applied", "note"))]
    assert cluster.get(settings)["data"] == KEPT
    assert cluster.get(app)["spec"] == before
    assert len(cluster.admin.list_objects(REPLICA_SETS, namespace)[0]) == 1
    assert cluster.run(wanted, adopt_from=taken).ok().tried == []


def test_a_restart_by_adoption_is_named_and_refused_where_none_is_allowed(cluster, namespace, tmp_path):
    app, wanted = deployment(namespace, replicas=1), one_set("s", namespace, deployment(namespace, replicas=1))
    app["spec"]["template"]["metadata"]["annotations"] = {"rollme": "x1"}
    applied_by(cluster, "argocd-controller", [app])
    plan = cluster.run(wanted, check=True, adopt_from=["argocd"]).ok()
    assert plan.change(identity(app))["impact"] == "restart"
    assert "spec.template.metadata.annotations.rollme" in plan.change(identity(app))["reason"]
    refused = cluster.run(wanted, adopt_from=["argocd"], allowed_impact=["safe"])
    assert "impact restart are not allowed" in refused.message and refused.writes == []


def test_helms_record_goes_behind_the_adoption_where_that_is_asked_for_and_helm_cannot_take_the_objects_away(
    cluster, namespace, helm, tmp_path
):
    (release,) = by_helm(cluster, namespace, helm, tmp_path)
    wanted = one_set("s", namespace, *declared(namespace))
    kept = cluster.run(wanted, check=True, adopt_from=[release]).ok()
    assert [text for text in kept.result["warnings"] if "helm uninstall would delete" in text and f"{namespace}/web" in text]
    record = f"Secret/{namespace}/sh.helm.release.v1.web"
    plan = cluster.run(wanted, check=True, adopt_from=[release], retire_releases=True).ok()
    change = plan.change(record)
    assert (change["action"], change["impact"]) == ("delete", "safe") and "2 revisions; its objects stay" in change["reason"]
    cluster.run(wanted, adopt_from=[release], retire_releases=True, approved_digest=plan.result["digest"]).ok()
    listed = subprocess.run(
        [helm, "list", "-q", "--kubeconfig", cluster.kubeconfig, "-n", namespace], check=True, capture_output=True, text=True
    )
    assert listed.stdout.strip() == ""
    assert all(cluster.find(one) for one in declared(namespace))
    again = cluster.run(wanted, adopt_from=[release], retire_releases=True).ok()
    assert (again.planned, again.writes) == ({}, [])


def test_what_would_write_back_is_refused_with_the_command_that_stops_it(cluster, namespace, helm, tmp_path):
    taken = [*by_argo_cd(cluster, namespace, helm, tmp_path)]
    wanted = one_set("s", namespace, *declared(namespace))
    name = f"shop-{namespace}"
    resource(cluster, namespace, f"{ARGO}/v1alpha1", "Application", name, syncPolicy={"automated": {"prune": True}})
    refused = cluster.run(wanted, adopt_from=taken)
    assert (
        f"Argo CD's application {name} syncs by itself and would write back: kubectl patch application -n {namespace} {name}"
        in refused.message
    )
    assert refused.writes == []
    resource(cluster, namespace, f"{ARGO}/v1alpha1", "Application", name, syncPolicy={})
    cluster.run(wanted, adopt_from=taken, wait=False).ok()


def test_a_flux_object_that_is_not_suspended_is_refused(cluster, namespace, helm, tmp_path):
    taken = by_flux(cluster, namespace, helm, tmp_path)
    wanted = one_set("s", namespace, *declared(namespace))
    resource(cluster, namespace, f"{FLUX}/v1", "Kustomization", "shop", suspend=False)
    refused = cluster.run(wanted, adopt_from=taken)
    assert f"Flux's Kustomization {namespace}/shop would write back: flux suspend kustomization shop -n {namespace}" in refused.message
    resource(cluster, namespace, f"{FLUX}/v1", "Kustomization", "shop", suspend=True)
    cluster.run(wanted, adopt_from=taken, wait=False).ok()
