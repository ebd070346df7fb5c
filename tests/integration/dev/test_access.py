# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deployer's real kubeconfig against the real apiserver: every way up is walked, and what only an administrator may apply is told.

The ways are those of Kubernetes' page on good practices of RBAC, and those that it leaves out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.runs import ROOT, Runs, conforms

HOST = "dev-euw1"
RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"


@pytest.fixture
def runs(dev):
    return dev


@pytest.fixture
def deployer(runs):
    """kubectl as the deployer: (exit code, what it said); ``documents`` go to its input."""

    def ask(*words, documents=()):
        command = [runs.cluster / "bin" / "kubectl", "--kubeconfig", runs.cluster / "deployer.kubeconfig", *words]
        text = yaml.safe_dump_all(documents)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return ask


def document(api_version, kind, name="gain", namespace="", **body):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, **body}


def binding(role, namespace="", kind="ClusterRole", name="gain", who="mallory"):
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": who}
    of = "RoleBinding" if namespace else "ClusterRoleBinding"
    return document(RBAC, of, name, namespace, roleRef=reference, subjects=[subject])


def rights(*rules, namespace="", **body):
    rows = [{"apiGroups": [group], "resources": [resource], "verbs": verbs.split()} for group, resource, verbs in rules]
    return document(RBAC, "Role" if namespace else "ClusterRole", namespace=namespace, rules=rows, **body)


def pod(namespace, **spec):
    return document("v1", "Pod", namespace=namespace, spec={"containers": [{"name": "c", "image": "nowhere.invalid/x:1"}], **spec})


TOKEN = {**document("v1", "Secret", namespace="cortex", type="kubernetes.io/service-account-token")}
TOKEN["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "default"}
HOOK = {"clientConfig": {"url": "https://127.0.0.1:1"}, "name": "a.b.example", "sideEffects": "None", "admissionReviewVersions": ["v1"]}
REQUEST = {"request": "eA==", "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"]}

WRITES = {
    "persistent volumes": document(
        "v1", "PersistentVolume", spec={"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/"}}
    ),
    "escalate, a cluster role": rights(("", "secrets", "get")),
    "escalate, a role in its own namespace": rights(("", "pods/exec", "create"), namespace="cortex"),
    "escalate, tokens": rights(("", "serviceaccounts/token", "create"), namespace="cortex"),
    "aggregated roles": rights(aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}),
    "roles that others gather": {
        **rights(("", "secrets", "get")),
        "metadata": {"name": "gain", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
    },
    "bind, cluster-admin everywhere": binding("cluster-admin"),
    "bind, its own role everywhere": binding("gantry-deployer"),
    "bind, where a declared binding is not there": binding("gantry-deployer-namespace", name="vault-token-reviewer"),
    "bind, cluster-admin in its own namespace": binding("cluster-admin", "cortex"),
    "bind, its own role for another account": binding("gantry-deployer-namespace", "cortex"),
    "bind, its own role for itself in kube-system": binding(
        "gantry-deployer-namespace", "kube-system", "ClusterRole", "gantry-deployer", "gantry:deployer"
    ),
    "bind, a controller's role in kube-system": binding("system:controller:token-cleaner", "kube-system", "Role"),
    "certificates, asked for": document("certificates.k8s.io/v1", "CertificateSigningRequest", spec=REQUEST),
    "token Secrets": TOKEN,
    "bootstrap tokens": document("v1", "Secret", "bootstrap-token-abcdef", "kube-system", type="bootstrap.kubernetes.io/token"),
    "webhooks that change": document(ADMISSION, "MutatingWebhookConfiguration", webhooks=[HOOK]),
    "webhooks that refuse": document(ADMISSION, "ValidatingWebhookConfiguration", webhooks=[HOOK]),
    "policies, bound": document(ADMISSION, "ValidatingAdmissionPolicyBinding", spec={"policyName": "x", "validationActions": ["Audit"]}),
    "a namespace of its own making": document("v1", "Namespace", "gantry-open"),
    "workloads in kube-system": pod("kube-system"),
    "workloads on the host": pod("cortex", hostPID=True, containers=[{"name": "c", "image": "x", "securityContext": {"privileged": True}}]),
    "the API sent elsewhere": document(
        "apiregistration.k8s.io/v1",
        "APIService",
        "v1.a.example",
        spec={"group": "a.example", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1},
    ),
}

COMMANDS = {
    "secrets, list": "get secrets --all-namespaces",
    "secrets, of kube-system": "-n kube-system get secrets",
    "secrets, watch": "get --raw /api/v1/secrets?watch=true&timeoutSeconds=1",
    "nodes/proxy": "get --raw /api/v1/nodes/sandbox/proxy/pods",
    "nodes, changed": "label nodes --all gain=yes",
    "impersonate a user": "--as=system:admin get namespaces",
    "impersonate a group": "--as=x --as-group=system:masters get namespaces",
    "impersonate an account": "--as=system:serviceaccount:kube-system:default get namespaces",
    "certificates, approved": "certificate approve none",
    "token request, of a controller": "-n kube-system create token default",
    "token request, in its own namespace": "-n cortex create token default",
    "pods/exec": "create --raw /api/v1/namespaces/cortex/pods/none/exec?command=true -f /dev/null",
    "pods/portforward": "create --raw /api/v1/namespaces/cortex/pods/none/portforward -f /dev/null",
    "pods/ephemeralcontainers": "replace --raw /api/v1/namespaces/cortex/pods/none/ephemeralcontainers -f /dev/null",
    "PodSecurity loosened": "label namespace cortex pod-security.kubernetes.io/enforce=privileged --overwrite",
    "policies left by a label": "label namespace cortex gantry.dev/component=x",
    "policies, deleted": "delete validatingadmissionpolicy gantry-deployer-guard",
    "policies, unbound": "delete validatingadmissionpolicybinding gantry-workloads",
    "its own rights": "delete clusterrole gantry-deployer",
    "its own way in": '-n cortex patch rolebinding gantry-deployer --type=merge -p {"subjects":[]}',
    "records of an administrator": "-n gantry-system delete secret administration",
    "definitions, deleted": "delete customresourcedefinitions --all",
}


@pytest.mark.parametrize("words", ["create", "apply --server-side --force-conflicts"])
def test_no_way_up_by_writing(runs, deployer, words):
    """kubectl goes on with the next document where one is refused, and says of each why."""
    code, said = deployer(*words.split(), "-f", "-", documents=WRITES.values())
    refusals = re.split(r"^Error from server \(Forbidden\): ", said, flags=re.MULTILINE)
    assert (code, refusals[0], len(refusals) - 1) == (1, "", len(WRITES)), said


@pytest.mark.parametrize("way", COMMANDS)
def test_no_way_up_by_asking(runs, deployer, way):
    code, said = deployer(*COMMANDS[way].split())
    assert code != 0, said
    assert "orbidden" in said, said


def test_a_pod_in_its_namespaces_is_nobody_who_may_more(runs):
    """Whoever starts pods gets the tokens of the namespace's accounts: none of them opens anything that the deployer does not hold."""
    bound = json.loads(runs.kubectl("get", "rolebindings", "-A", "--field-selector", "metadata.name=gantry-deployer", "-o", "json"))
    rooms = {item["metadata"]["namespace"] for item in bound["items"]}
    assert rooms == {"cortex", "gantry-system", "memory", "senses", "trust", "vault"}
    accounts = json.loads(runs.kubectl("get", "serviceaccounts", "-A", "-o", "json"))["items"]
    names = [
        f"system:serviceaccount:{a['metadata']['namespace']}:{a['metadata']['name']}"
        for a in accounts
        if a["metadata"]["namespace"] in rooms
    ]
    asked = [
        ("get", "", "secrets", ""),
        ("create", "", "pods", ""),
        ("get", "", "nodes", "proxy"),
        ("escalate", "rbac.authorization.k8s.io", "clusterroles", ""),
    ]
    asked += [("create", "", "serviceaccounts", "token"), ("patch", "", "namespaces", ""), ("create", "", "pods", "exec")]
    reviews = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": name, "resourceAttributes": {"verb": verb, "group": group, "resource": resource, "subresource": sub}},
        }
        for name in names
        for verb, group, resource, sub in asked
    ]
    command = [runs.cluster / "bin" / "kubectl", "--kubeconfig", runs.cluster / "admin.kubeconfig", "create", "-f", "-", "-o", "json"]
    done = subprocess.run(command, input=yaml.safe_dump_all(reviews), capture_output=True, text=True, check=True)
    decoder, text, answers = json.JSONDecoder(), done.stdout.lstrip(), []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].lstrip()
    assert len(answers) == len(reviews) > 50
    assert [answer["spec"] for answer in answers if answer["status"]["allowed"]] == []


def test_access_that_is_as_declared_writes_nothing(runs):
    mark = runs.audit.mark()
    code, output, report = runs.play("access")
    assert code == 0, output
    assert (conforms(report)["status"], report["command"]) == ("clean", "access")
    assert [request for request in runs.audit.sent(mark) if request.changes and "kube_apply" in request.agent] == []


def test_rights_that_others_changed_are_drift_and_stop_a_run_before_its_first_write(runs):
    runs.kubectl("delete", "clusterrolebinding", "vault-token-reviewer")
    extra = [{"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["nodes/proxy"], "verbs": ["get"]}}]
    runs.kubectl("patch", "clusterrole", "gantry-deployer", "--type=json", "-p", json.dumps(extra))
    changed = {
        "ClusterRole.rbac.authorization.k8s.io/-/gantry-deployer",
        "ClusterRoleBinding.rbac.authorization.k8s.io/-/vault-token-reviewer",
    }
    before = runs.audited()
    _code, output, drift = runs.play("drift")
    assert {change["id"] for change in conforms(drift, "drift")["changes"]} == changed, output
    assert any("has too much: get nodes/proxy" in change["reason"] for change in drift["changes"])
    _code, _output, plan = runs.play("plan")
    assert {change["id"] for change in conforms(plan)["changes"]} == changed
    code, output, report = runs.play("site")
    assert code != 0
    assert "make access ENV=dev" in output
    assert report["status"] == "failed"
    assert runs.audited() == before

    code, output, report = runs.play("access", platform_force_conflicts=True)
    assert code == 0, output
    assert {change["id"] for change in report["changes"]} == changed
    code, output, report = runs.play("drift")
    assert (code, report["status"]) == (0, "clean"), output


def test_a_new_team_is_told_with_the_command_and_applied_after_it(runs, tmp_path):
    inventory = tmp_path / "inventories"
    shutil.copytree(ROOT / "inventories", inventory)
    file = inventory / "group_vars" / "all" / "30_teams.yml"
    teams = yaml.safe_load(file.read_text(encoding="utf-8"))
    some = {key: value for key, value in next(iter(teams["platform_teams"].values())).items() if key != "on_call"}
    teams["platform_teams"]["dreams"] = {**some, "namespace": "dreams"}
    file.write_text(yaml.safe_dump(teams), encoding="utf-8")
    grown = Runs(runs.folder, inventory / "dev.yml", HOST)
    before = grown.audited()
    _code, output, plan = grown.play("plan")
    theirs = {change["id"] for change in plan["changes"] if change["set"] == "administration"}
    assert theirs >= {"Namespace/-/dreams", "RoleBinding.rbac.authorization.k8s.io/dreams/gantry-deployer"}, output
    code, output, _report = grown.play("site")
    assert code != 0
    assert "Namespace/-/dreams" in output
    assert "make access ENV=dev" in output
    assert grown.audited() == before
    code, output, report = grown.play("access")
    assert (code, report["status"]) == (0, "applied"), output
    code, output, report = grown.play("site")
    assert (code, report["status"]) == (0, "applied"), output
