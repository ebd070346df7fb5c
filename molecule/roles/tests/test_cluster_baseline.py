# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.gantry.platform.tests.kit.scenario import KUBECTL, get

testinfra_hosts = ["local://"]


def deployment(image, **pod):
    container = {
        "name": "app",
        "image": image,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "16Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {"containers": [container], "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "probe", "namespace": "cortex", "labels": {"owner": "cortex", "cost-center": "cognition"}},
        "spec": {"selector": {"matchLabels": {"app": "p"}}, "template": {"metadata": {"labels": {"app": "p"}}, "spec": spec}},
    }


def tried(host, document):
    return host.run(f"echo '{json.dumps(document)}' | {KUBECTL} create --dry-run=server -f -")


def test_a_sound_workload_is_let_in(host):
    assert tried(host, deployment("images.consciousness.example/cortex/app@sha256:" + "0" * 64)).rc == 0


def test_a_foreign_registry_is_refused(host):
    answer = tried(host, deployment("elsewhere.example/app@sha256:" + "0" * 64))
    assert answer.rc != 0
    assert "gantry-workloads" in answer.stderr


def test_the_tag_latest_is_refused(host):
    answer = tried(host, deployment("images.consciousness.example/cortex/app:latest"))
    assert answer.rc != 0
    assert "digest" in answer.stderr


def test_the_hosts_network_is_refused(host):
    assert tried(host, deployment("images.consciousness.example/cortex/app:1.0", hostNetwork=True)).rc != 0


def test_missing_labels_are_refused(host):
    document = deployment("images.consciousness.example/cortex/app:1.0")
    del document["metadata"]["labels"]
    answer = tried(host, document)
    assert answer.rc != 0
    assert "cost-center" in answer.stderr


def test_a_container_does_not_take_back_what_its_pod_says(host):
    document = deployment("images.consciousness.example/cortex/app:1.0")
    document["spec"]["template"]["spec"]["containers"][0]["securityContext"]["runAsNonRoot"] = False
    answer = tried(host, document)
    assert answer.rc != 0
    assert "runAsNonRoot" in answer.stderr


def test_what_a_schedule_starts_is_judged_like_everything_else(host):
    document = deployment("elsewhere.example/app:1.0")
    template = document["spec"]["template"]
    template["spec"]["restartPolicy"] = "Never"
    document.update(apiVersion="batch/v1", kind="CronJob", spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}})
    answer = tried(host, document)
    assert answer.rc != 0
    assert "gantry-cronjobs" in answer.stderr
    template["spec"]["containers"][0]["image"] = "images.consciousness.example/cortex/app:1.0"
    assert tried(host, document).rc == 0


def test_a_bare_pod_is_judged(host):
    spec = deployment("elsewhere.example/app:1.0")["spec"]["template"]["spec"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": "cortex"}, "spec": spec}
    answer = tried(host, pod)
    assert answer.rc != 0
    assert "gantry-pods" in answer.stderr
    spec["containers"][0]["image"] = "images.consciousness.example/cortex/app:1.0"
    assert tried(host, pod).rc == 0


def test_an_ephemeral_container_comes_from_our_registries(host):
    spec = deployment("images.consciousness.example/cortex/app:1.0")["spec"]["template"]["spec"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "debugged", "namespace": "cortex"}, "spec": spec}
    assert host.run(f"echo '{json.dumps(pod)}' | {KUBECTL} create -f -").rc == 0

    def debugged(image):
        secure = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        patch = json.dumps({"spec": {"ephemeralContainers": [{"name": "debug", "image": image, "securityContext": secure}]}})
        return host.run(f"{KUBECTL} -n cortex patch pod debugged --subresource=ephemeralcontainers --dry-run=server -p '{patch}'")

    try:
        assert debugged("images.consciousness.example/tools/debug:1.0").rc == 0
        answer = debugged("elsewhere.example/debug:1.0")
        assert answer.rc != 0
        assert "gantry-ephemeral-containers" in answer.stderr
    finally:
        assert host.run(f"{KUBECTL} -n cortex delete pod debugged --timeout=600s").rc == 0


def test_namespaces_say_who_owns_and_who_pays(host):
    def namespace(**labels):
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new", "labels": labels}}

    answer = tried(host, namespace(owner="somebody"))
    assert answer.rc != 0
    assert "gantry-namespaces" in answer.stderr
    assert tried(host, namespace(**{"owner": "somebody", "cost-center": "something"})).rc == 0
    assert tried(host, namespace(**{"gantry.dev/component": "a-chart"})).rc == 0
    # What has the labels keeps them; what never had them can still be changed.
    assert host.run(f"{KUBECTL} label --dry-run=server namespace cortex owner-").rc != 0
    assert host.run(f"{KUBECTL} label --dry-run=server namespace default some=label").rc == 0


def test_policies_let_what_was_there_before_be_finished(host):
    """An object from before the policies: labels and finalizers still go, another image does not come."""
    document = deployment("elsewhere.example/app:1.0")
    document["metadata"]["name"] = "older"
    saved = host.check_output(f"{KUBECTL} get validatingadmissionpolicybinding gantry-workloads -o json")
    host.check_output(f"{KUBECTL} delete validatingadmissionpolicybinding gantry-workloads")
    try:
        made = f"for i in $(seq 600); do echo '{json.dumps(document)}' | {KUBECTL} create -f - && exit 0; sleep 0.2; done; exit 1"
        assert host.run(made).rc == 0
    finally:
        binding = json.loads(saved)
        binding["metadata"] = {key: binding["metadata"][key] for key in ("name", "labels")}
        assert host.run(f"echo '{json.dumps(binding)}' | {KUBECTL} create -f -").rc == 0
    try:
        changed = f"{KUBECTL} -n cortex set image deployment/older app=elsewhere.example/app:2.0"
        refused = host.run(f"for i in $(seq 600); do {changed} --dry-run=server || exit 0; sleep 0.2; done; exit 1")
        assert refused.rc == 0
        assert host.run(f"{KUBECTL} -n cortex label deployment older some=label").rc == 0
    finally:
        assert host.run(f"{KUBECTL} -n cortex delete deployment older --cascade=foreground --timeout=600s").rc == 0


def test_a_developer_reads_pods_and_no_secrets(host):
    can = f"{KUBECTL} auth can-i --as someone --as-group cortex-developers -n cortex"
    assert host.run(f"{can} get pods").stdout.strip() == "yes"
    assert host.run(f"{can} get secrets").stdout.strip() == "no"
    assert host.run(f"{can.replace('-n cortex', '-n memory')} get pods").stdout.strip() == "no"


def test_the_deployer_lets_nobody_into_a_namespace(host):
    def entered(namespace):
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "gantry-deployer", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gantry-deployer-namespace"},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "gantry:deployer"}],
        }
        apply = f"{KUBECTL} --as gantry:deployer apply --server-side --force-conflicts --dry-run=server -f -"
        return host.run(f"echo '{json.dumps(binding)}' | {apply}")

    for namespace, word in (("cortex", "gantry-deployer-guard"), ("kube-system", "cannot patch resource")):
        refused = entered(namespace)
        assert refused.rc != 0
        assert word in refused.stderr


def test_every_namespace_denies_by_default(host):
    teams = [n["metadata"]["name"] for n in get(host, "namespaces -l owner,cost-center")]
    policies = {(p["metadata"]["namespace"], p["metadata"]["name"]) for p in get(host, "networkpolicies -A")}
    assert len(teams) >= 4
    assert {(team, "default-deny") for team in teams} <= policies
