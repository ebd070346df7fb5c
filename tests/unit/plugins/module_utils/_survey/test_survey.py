# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who writes, what runs, what breaks a policy: out of objects as an apiserver lists them."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._survey.adoption import adopting
from ansible_collections.gantry.platform.plugins.module_utils._survey.checks import CHECKS, Level, levels, results
from ansible_collections.gantry.platform.plugins.module_utils._survey.components import components, ends
from ansible_collections.gantry.platform.plugins.module_utils._survey.seen import Seen
from ansible_collections.gantry.platform.plugins.module_utils._survey.writers import writer_of, written
from ansible_collections.gantry.platform.plugins.plugin_utils._survey_report import lines_of, page_of

RBAC = "rbac.authorization.k8s.io"
CATALOGUE = {
    "cert-manager": {"chart": {"name": "cert-manager", "version": "v1.21.1"}, "status": "active", "kubernetes": ["1.33", "1.36"]},
    "argo-cd": {
        "chart": {"name": "argo-cd", "version": "10.8.4"},
        "status": "active",
        "kubernetes": ["1.33", "1.36"],
        "tested": ["v3.2.1"],
    },
    "jaeger-operator": {"status": "archived", "successor": "jaeger", "kubernetes": ["1.33", "1.34"], "pod_security": "restricted"},
}


def managed(*managers, **metadata):
    return {"name": "a", "managedFields": [{"manager": one, "time": "2026-01-01T00:00:00Z"} for one in managers], **metadata}


@pytest.mark.parametrize(
    ("metadata", "writer"),
    [
        (managed("helm", annotations={"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}), ("Helm", "shop/web")),
        (managed("Helm", namespace="shop", labels={"owner": "helm", "name": "web"}), ("Helm", "shop/web")),
        (managed("argocd-controller", annotations={"argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/a"}), ("Argo CD", "web")),
        (
            managed("argocd-controller", annotations={"argocd.argoproj.io/tracking-id": "ops_web:apps/Deployment:shop/a"}),
            ("Argo CD", "web"),
        ),
        (
            managed("helm-controller", annotations={"meta.helm.sh/release-name": "web"}, labels={"helm.toolkit.fluxcd.io/name": "web"}),
            ("Flux", "HelmRelease ?/web"),
        ),
        (managed("kubectl-edit", "Terraform"), ("Terraform", "")),
        (managed("HashiCorp", "kube-controller-manager"), ("Terraform", "")),
        (managed("kube_apply:shop/prod", "kubectl-scale"), ("gantry.platform", "shop/prod")),
        (managed("kubectl-client-side-apply", "kube-controller-manager"), ("kubectl", "kubectl-client-side-apply")),
        (managed("istio-operator"), ("a controller", "istio-operator")),
        (managed("kube-controller-manager"), ("Kubernetes", "")),
        ({"name": "a"}, ("Kubernetes", "")),
    ],
)
def test_a_writer_is_told_by_what_it_leaves(metadata, writer):
    assert writer_of(metadata) == writer


def test_what_a_controller_makes_for_another_counts_for_nobody():
    owned = managed("kube-controller-manager", ownerReferences=[{"kind": "Deployment", "controller": True}])
    (one,) = written({"Deployment.apps": [managed("Terraform", namespace="shop")], "ReplicaSet.apps": [owned]})
    assert (one.writer, one.objects, one.namespaces, one.last) == (("Terraform", ""), 1, {"shop"}, "2026-01-01T00:00:00Z")


def workload(name, image, labels=None, kind="Deployment", **spec):
    pod = {"metadata": {}, "spec": {"containers": [{"name": "app", "image": image}], **spec}}
    return {"kind": kind, "metadata": managed("helm", name=name, namespace="shop", labels=labels or {}), "spec": {"template": pod}}


def seen(version="v1.36.1", unread=(), **documents):
    kinds = {"deployments": "Deployment.apps", "namespaces": "Namespace", "roles": f"ClusterRole.{RBAC}", "bindings": f"ClusterRoleBinding.{RBAC}",
             "accounts": "ServiceAccount", "pods": "Pod"}  # fmt: skip
    whole = {kinds[name]: rows for name, rows in documents.items()}
    return Seen(version, {kind: [row["metadata"] for row in rows] for kind, rows in whole.items()}, whole, dict(unread))


def test_components_are_recognised_by_chart_label_or_image():
    found = components(
        seen(
            deployments=[
                workload("c", "mirror.example/jetstack/cert-manager-controller:v1.14.4", {"helm.sh/chart": "cert-manager-v1.14.4"}),
                workload("s", "quay.io/argoproj/argocd:v3.2.1@sha256:0", {"app.kubernetes.io/part-of": "argocd"}),
                workload("j", "example/jaeger-operator:latest"),
                workload("own", "example/shop:1"),
            ]
        ),
        CATALOGUE,
    )
    assert [(one.name, one.chart, one.version, one.notes) for one in found] == [
        ("argo-cd", "", "v3.2.1", []),
        ("cert-manager", "1.14.4", "v1.14.4", ["the catalogue has chart v1.21.1, which is newer"]),
        (
            "jaeger-operator",
            "",
            "",
            ["is archived; its successor is jaeger", "shows no version", "the catalogue's version is for Kubernetes 1.33 to 1.34"],
        ),
    ]
    changes = list(adopting(found[1], CATALOGUE["cert-manager"], [Level("shop", "", "privileged", ("hostNetwork",))]))
    assert changes == [
        "chart 1.14.4 becomes chart v1.21.1",
        "namespace shop enforces privileged in place of nothing",
        "pods in shop need more than the catalogue's baseline: hostNetwork",
        "Helm: its release stays as a record, or is retired, without a restart",
    ]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("v1.36.1", "ends on 2027-06-28"),
        ("v1.34.9-eks-1", "has ended on 2026-10-27"),
        ("v1.29.0", "ended before 2025-10-28"),
        ("v1.99.0", "is newer than what is known here"),
        ("", "does not say which release it is"),
        ("v1", "does not say which release it is"),
    ],
)
def test_how_long_a_version_is_looked_after(version, said):
    assert ends(version, "2026-11-29") == said


def role(name, labels=None, **rule):
    return {"kind": "ClusterRole", "metadata": {"name": name, "labels": labels or {}}, "rules": [{"apiGroups": [""], **rule}]}


def failed(found):
    return {one.check.id: one.offenders for one in results(found) if one.status == "failed"}


def test_roles_bindings_and_pods_are_held_against_the_section():
    pods = {
        "hostPID": True,
        "hostIPC": True,
        "hostNetwork": True,
        "serviceAccountName": "mine",
        "containers": [
            {
                "name": "app",
                "securityContext": {"privileged": True, "allowPrivilegeEscalation": True},
                "envFrom": [{"secretRef": {"name": "s"}}],
            }
        ],
    }
    admin = {"kind": "ClusterRoleBinding", "metadata": {"name": "ops"}, "roleRef": {"name": "cluster-admin"},
             "subjects": [{"kind": "Group", "name": "system:masters"}, {"kind": "User", "name": "eve"}]}  # fmt: skip
    found = failed(
        seen(
            roles=[
                role("reads", resources=["secrets"], verbs=["list"]),
                role("reads-one", resources=["secrets"], verbs=["get"], resourceNames=["a"]),
                role("makes", resources=["pods"], verbs=["create"]),
                role("any", resources=["*"], verbs=["get"]),
                role("edit", {"kubernetes.io/bootstrapping": "rbac-defaults"}, resources=["secrets"], verbs=["list"]),
            ],
            bindings=[admin, {**admin, "metadata": {"name": "system:own"}}],
            deployments=[workload("web", "i", **pods)],
            namespaces=[{"metadata": {"name": "shop"}}, {"metadata": {"name": "kube-system"}}],
        )
    )
    web = "Deployment shop/web"
    assert found == {
        "4.1.1": ("ClusterRoleBinding ops: User eve",),
        "4.1.2": ("ClusterRole any", "ClusterRole reads"),
        "4.1.3": ("ClusterRole any",),
        "4.1.4": ("ClusterRole makes",),
        "4.1.6": (web,),
        "4.1.10": ("ClusterRole any",),
        **dict.fromkeys(("4.2.1", "4.2.2", "4.2.3", "4.2.4", "4.2.5", "4.4.1"), (web,)),
        "4.3.2": ("Namespace shop",),
    }


def test_a_token_is_needed_only_where_account_or_pod_says_so():
    account = {"metadata": {"name": "mine", "namespace": "shop"}, "automountServiceAccountToken": False}
    quiet = workload("quiet", "i", serviceAccountName="mine")
    loud = workload("loud", "i", serviceAccountName="mine", automountServiceAccountToken=True)
    assert failed(seen(accounts=[account], deployments=[quiet, loud]))["4.1.6"] == ("Deployment shop/loud",)


def test_what_an_operator_makes_is_seen_where_its_workloads_are_or_its_pods():
    def owned(one, kind, name):
        owner = {"kind": kind, "name": name, "controller": True}
        return {**one, "metadata": {**one["metadata"], "ownerReferences": [owner]}}

    made = owned(workload("prom", "i", hostPID=True), "Prometheus", "k8s")
    pod = {"kind": "Pod", "metadata": {"name": "static", "namespace": "shop"}, "spec": {"hostPID": True, "containers": []}}
    of_made = owned({**pod, "metadata": {"name": "prom-0", "namespace": "shop"}}, "Deployment", "prom")
    found = failed(seen(deployments=[made], pods=[owned(pod, "Node", "n"), of_made]))
    assert found["4.2.2"] == ("Deployment shop/prom", "Pod shop/static")


def test_rights_in_their_other_legal_forms_are_rights():
    found = failed(
        seen(
            roles=[
                role("proxies", resources=["*/proxy"], verbs=["get"]),
                role("tokens", resources=["*/token"], verbs=["create"]),
                {
                    "kind": "ClusterRole",
                    "metadata": {"name": "all"},
                    "rules": [{"apiGroups": [RBAC], "resources": ["clusterroles"], "verbs": ["*"]}],
                },
            ]
        )
    )
    assert (found["4.1.10"], found["4.1.12"], found["4.1.8"]) == (("ClusterRole proxies",), ("ClusterRole tokens",), ("ClusterRole all",))


def test_what_cannot_be_read_is_not_what_is_missing():
    unread = {"NetworkPolicy.networking.k8s.io": "403", "ServiceAccount": "403"}
    found = seen(namespaces=[{"metadata": {"name": "shop"}}], deployments=[workload("a", "i")], unread=unread.items())
    statuses = {one.check.id: one.status for one in results(found)}
    assert statuses["4.3.2"] == statuses["4.1.6"] == "not evaluated"
    blind = {**FOUND, "levels": [], "unread": {"Pod": "403"}}
    assert any("not evaluated: Pod not read" in "".join(text for text, _style in line) for line in lines_of(blind, "x", 80))


@pytest.mark.parametrize(("unread", "said"), [({}, "none"), ({"DaemonSet.apps": "503"}, "not evaluated: DaemonSet.apps not read")])
def test_where_no_workload_could_be_read_nobody_says_that_none_runs(unread, said):
    found = {**FOUND, "components": [], "unread": unread}
    lines = ["".join(text for text, _style in line) for line in lines_of(found, "x", 80)]
    assert lines[lines.index("components of the catalogue") + 1] == f"  {said}"
    assert ("DaemonSet.apps not read" in page_of(found, "x")) is bool(unread)


def test_a_number_that_nobody_counted_is_not_said():
    cluster = {**FOUND["cluster"], "version": "", "nodes": None}
    (first, *_rest) = ("".join(text for text, _style in line) for line in lines_of({**FOUND, "cluster": cluster}, "x", 120))
    assert first == "x Kubernetes ?, which ends; nodes not read, 2 namespaces, at least 3 objects"


def test_what_cannot_be_read_is_never_passed():
    statuses = {one.check.id: one.status for one in results(seen(unread={f"ClusterRole.{RBAC}": "403"}.items()))}
    assert statuses["4.1.2"] == statuses["4.5.2"] == "not evaluated" and statuses["4.2.1"] == "passed" and statuses["4.5.1"] == "by hand"
    assert len(statuses) == len(CHECKS) == 23


def test_a_namespace_needs_the_level_of_its_widest_pods():
    shop = {"metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    found = levels(seen(namespaces=[shop], deployments=[workload("a", "i"), workload("b", "i", hostPID=True)]))
    assert [(one.namespace, one.enforced, one.needed, one.because) for one in found] == [("shop", "restricted", "privileged", ("hostPID",))]


HOSTILE = "</script><b>x\x1b[2J"
FOUND = {
    "cluster": {"version": HOSTILE, "ends": "ends", "nodes": 1, "namespaces": 2, "objects": 3},
    "writers": [{"tool": "Helm", "name": f"{HOSTILE}{number}", "objects": 9, "namespaces": [HOSTILE], "last": ""} for number in range(30)],
    "components": [
        {
            "name": "argo-cd",
            "chart": "",
            "version": HOSTILE,
            "objects": [],
            "namespaces": [],
            "writers": [HOSTILE],
            "notes": ["a " * 60],
            "adopting": [],
        }
    ],
    "checks": [{"id": "4.2.1", "title": "No privileged containers", "cure": "c", "status": "failed", "offenders": [HOSTILE * 9, "b"]}],
    "levels": [{"namespace": HOSTILE, "enforced": "", "needed": "baseline", "because": ["runAsNonRoot"]}],
    "unread": {"Secret": "403 no"},
}


@pytest.mark.parametrize("width", [80, 120])
def test_the_screen_is_as_wide_as_it_is(width):
    lines = ["".join(text for text, _style in line) for line in lines_of(FOUND, "shop", width)]
    assert max(map(len, lines)) <= width and len(lines) < 40 and not any("\x1b" in line for line in lines)
    assert any("and 25 more" in line for line in lines) and any(line.startswith("  4.2.1  No privileged containers") for line in lines)


def test_words_of_the_cluster_are_no_markup_of_the_page():
    text = page_of(FOUND, HOSTILE)
    assert "<b>" not in text and "\x1b" not in text and "script" not in text.replace("&lt;/script&gt;", "")
    assert "default-src 'none'" in text and text.count("<details>") == 1
