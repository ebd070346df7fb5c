# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods of a sandbox that has a cluster and Vault: which become ready at once, and which only when Vault says so."""

from __future__ import annotations

import base64
import contextlib
import json
import xmlrpc.client

import pytest
from ansible_collections.gantry.platform.tests.integration.canaries import traces_of
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES, run_role
from ansible_collections.gantry.platform.tests.integration.kube.cluster import Cluster
from ansible_collections.gantry.platform.tests.integration.kube.objects import deployment, job, one_set, secret, service_account
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face
from ansible_collections.gantry.platform.tests.integration.vault.accounts import reviewer
from ansible_collections.gantry.platform.tests.integration.vault.conftest import Live
from ansible_collections.gantry.platform.tests.integration.vault.databases import engine
from ansible_collections.gantry.platform.tests.kit import sandboxes
from ansible_collections.gantry.platform.tests.kit.waiting import until, within

AREAS = ["core", "vault"]
AGENT = "vault.hashicorp.com/"
ADMITTED, WAITS_FOR = "sandbox.gantry.dev/admitted", "sandbox.gantry.dev/waits-for"
SECRET = "what-nobody-else-may-see"
STAYS = 4.0
"""Longer than any stage or attempt that could end the waiting wrongly."""


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox of this file's own, with a cluster and Vault."""
    folder = INSTANCES / "vault-pods"
    sandboxes.remove(folder)
    run_role("main", folder, areas=AREAS)
    try:
        yield folder
    finally:
        sandboxes.remove(folder)


@pytest.fixture(scope="module")
def cluster(sandbox):
    return Cluster(sandbox)


@pytest.fixture(scope="module")
def live(sandbox):
    return Live(sandbox)


@pytest.fixture(scope="module")
def reviewed(cluster, live):
    """The document's part that lets Vault ask this cluster whose a token is, and what its reference needs."""
    ports = json.loads((cluster.root / "ports.json").read_text(encoding="utf-8"))
    config = {
        "kubernetes_host": f"https://127.0.0.1:{ports['kube_apiserver_https']}",
        "kubernetes_ca_cert": (cluster.root / "pki" / "ca.crt").read_text(encoding="utf-8"),
        "token_reviewer_jwt": {"reference": "env:REVIEWER"},
        "disable_local_ca_jwt": True,
    }
    return config, {"REVIEWER": reviewer(cluster, cluster.namespace())}


def configure(live, reviewed, namespace, mount="kubernetes", audience="vault", owner="", **rules):
    """A login for the ServiceAccounts ``<name>`` of a namespace with the rules of the policy ``<name>``, at auth/<mount>."""
    config, secrets = reviewed
    roles = {
        name: {
            "bound_service_account_names": [name],
            "bound_service_account_namespaces": [namespace],
            "audience": audience,
            "token_policies": [name],
            "token_ttl": "10m",
        }
        for name in rules
    }
    live.configure(
        {
            "policies": rules,
            "auth": {mount: {"type": "kubernetes", "config": config, "roles": roles}},
            "engines": {
                f"{namespace}-kv": {"type": "kv", "options": {"version": "2"}},
                f"{namespace}-db": engine(live, namespace, role="any"),
            },
        },
        secrets=secrets,
        owner=namespace,
    )
    live.api.write(f"{namespace}-kv/data/api", {"data": {"key": SECRET}})


def injected(namespace, name, replicas=1, **notes):
    """A Deployment whose pods ask for a Vault Agent; further annotations without their prefix."""
    document = deployment(namespace, name, replicas)
    asked = {"agent-inject": "true", "role": name, "agent-inject-secret-api": f"{namespace}-kv/data/api", **notes}
    document["spec"]["template"]["metadata"]["annotations"] = {f"{AGENT}{word}": value for word, value in asked.items()}
    document["spec"]["template"]["spec"]["serviceAccountName"] = name
    return document


def of_vault(namespace, name="vault"):
    """What the chart of Vault makes of its servers, as far as they are known by it."""
    labels = {"app.kubernetes.io/name": "vault", "component": "server", "app": name}
    document = deployment(namespace, name, 2)
    document["spec"]["template"]["metadata"]["labels"] = labels
    return document


def create(cluster, *documents):
    for document in documents:
        cluster.admin.create(cluster.path(document).rpartition("/")[0], document, "tests")


def pods(cluster, namespace, name):
    """The pods of a Deployment that have a node."""
    found = [pod for pod in cluster.list("Pod", namespace) if pod["metadata"]["labels"].get("app") == name]
    return [pod for pod in found if pod["spec"].get("nodeName")]


def condition(pod, name):
    """(status, message) of a condition."""
    found = [row for row in pod["status"].get("conditions") or [] if row["type"] == name]
    return (found[0]["status"], found[0].get("message", "")) if found else ("", "")


def all_ready(cluster, namespace, name, count):
    found = pods(cluster, namespace, name)
    return len(found) == count and all(
        pod["status"]["phase"] == "Running" and condition(pod, "Ready")[0] == condition(pod, "ContainersReady")[0] == "True"
        for pod in found
    )


def none_ready(cluster, namespace, name, count, why, phase, condition_of_it):
    """Whether all pods of it say that they wait, and why."""
    found = pods(cluster, namespace, name)
    return len(found) == count and all(
        pod["status"]["phase"] == phase
        and condition(pod, "Ready")[0] == condition(pod, "ContainersReady")[0] == "False"
        and condition(pod, condition_of_it)[0] == "False"
        and why in condition(pod, condition_of_it)[1]
        for pod in found
    )


def waits(cluster, namespace, name, why, count=1):
    return none_ready(cluster, namespace, name, count, why, "Pending", "Initialized")


def check_it_stays(met):
    """It holds for longer than any stage or attempt takes."""
    assert not within(STAYS, lambda: not met())


def logins(live):
    """The accessors of tokens that are there now."""
    return live.api.names("auth/token/accessors")


@contextlib.contextmanager
def stopped(sandbox, server):
    """A server that the supervisor stopped, as long as this lasts."""
    port = json.loads((sandbox / "ports.json").read_text(encoding="utf-8"))["supervisor"]
    password = (sandbox / "supervisord.password").read_text(encoding="utf-8")
    supervisor = xmlrpc.client.ServerProxy(f"http://gantry:{password}@127.0.0.1:{port}/RPC2").supervisor
    supervisor.stopProcess(server)
    try:
        yield
    finally:
        supervisor.startProcess(server)


def claim_ready(cluster, pod):
    """Say it is ready, as no kubelet did."""
    conditions = [{**row, "status": "True"} for row in pod["status"]["conditions"]]
    cluster.edit(
        f"Pod/{pod['metadata']['namespace']}/{pod['metadata']['name']}", {"status": {"conditions": conditions}}, subresource="status"
    )


def lose_the_node(cluster, pod):
    """What the controller of nodes says of a pod whose node is away."""
    conditions = [{**row, "status": "False"} if row["type"] == "Ready" else row for row in pod["status"]["conditions"]]
    cluster.edit(
        f"Pod/{pod['metadata']['namespace']}/{pod['metadata']['name']}", {"status": {"conditions": conditions}}, subresource="status"
    )


def test_ordinary_pods_are_ready_at_once(cluster, namespace):
    with stopped(cluster.root, "vault"):
        create(cluster, deployment(namespace, "plain", 3), job(namespace, "once"))
        until(lambda: all_ready(cluster, namespace, "plain", 3), "ordinary pods")
        until(lambda: cluster.get(f"Job.batch/{namespace}/once")["status"].get("succeeded"), "an ordinary job")
        for pod in pods(cluster, namespace, "plain"):
            assert not {ADMITTED, WAITS_FOR} & set(pod["metadata"].get("annotations") or {})
            lose_the_node(cluster, pod)
        until(lambda: all_ready(cluster, namespace, "plain", 3), "ordinary pods whose node was away")


def test_pods_of_vault_are_ready_while_it_serves(cluster, live, namespace):
    def unready(name, why):
        return none_ready(cluster, namespace, name, 2, why, "Running", "Ready")

    create(cluster, of_vault(namespace))
    until(lambda: all_ready(cluster, namespace, "vault", 2), "pods of Vault while it serves")
    lose_the_node(cluster, pods(cluster, namespace, "vault")[0])
    until(lambda: all_ready(cluster, namespace, "vault", 2), "pods of Vault whose node was away")
    with stopped(cluster.root, "vault"):
        until(lambda: unready("vault", "Vault does not answer"), "pods of Vault to notice that it is gone")
        create(cluster, of_vault(namespace, "late"))
        until(lambda: unready("late", "Vault does not answer"), "pods that come while it is gone")
        check_it_stays(lambda: unready("vault", "Vault does not answer") and unready("late", "Vault does not answer"))
        assert cluster.get(f"Deployment.apps/{namespace}/late")["status"].get("availableReplicas") is None
        claim_ready(cluster, pods(cluster, namespace, "late")[0])
        until(lambda: unready("late", "Vault does not answer"), "the wrong word to be taken back")
    for name in ("vault", "late"):
        until(lambda name=name: all_ready(cluster, namespace, name, 2), "pods of Vault when it is back")
    assert {condition(pod, "Ready") for pod in pods(cluster, namespace, "vault")} == {("True", "")}
    live.api.write("sys/seal", {})
    until(lambda: unready("vault", "Vault is sealed"), "pods of Vault to notice that it is sealed")
    with stopped(cluster.root, "vault"):
        pass
    until(lambda: all_ready(cluster, namespace, "vault", 2), "pods of Vault that opened itself")


def test_an_injected_pod_waits_until_its_login_and_every_read_succeed(cluster, live, reviewed, namespace):
    document = injected(namespace, "engine", 3, **{"agent-inject-secret-db": f"{namespace}-db/creds/any"})
    create(cluster, service_account(namespace, "engine"))
    run = cluster.run(one_set("app", namespace, document), wait_timeout=30)  # in which the first login is refused
    assert "0 of 3 pods available" in run.message
    assert "VaultAgentWaits: no login at auth/kubernetes as engine: 403" in run.message
    until(lambda: waits(cluster, namespace, "engine", "no login at auth/kubernetes as engine: 403", 3), "the reason on the pods")
    check_it_stays(lambda: waits(cluster, namespace, "engine", "403", 3))
    one = pods(cluster, namespace, "engine")[0]
    lose_the_node(cluster, one)
    claim_ready(cluster, one)
    until(lambda: waits(cluster, namespace, "engine", "403", 3), "the wrong word to be taken back")

    before = logins(live)
    rules = {f"{namespace}-kv/data/api": ["read"], f"{namespace}-db/creds/any": ["read"]}
    configure(live, reviewed, namespace, engine=rules)
    until(lambda: all_ready(cluster, namespace, "engine", 3), "pods whose secrets are there")
    for pod in pods(cluster, namespace, "engine"):
        assert condition(pod, "Initialized") == condition(pod, "Ready") == ("True", "")
        assert pod["metadata"]["annotations"][ADMITTED] == "true" and WAITS_FOR not in pod["metadata"]["annotations"]
        assert not pod["status"].get("message") and pod["status"]["podIP"]
    assert len(logins(live)) == len(before)
    # Vault ends the leases of a token soon after it, not with it.
    until(lambda: not live.api.names(f"sys/leases/lookup/{namespace}-db/creds/any"), "the leases to end")
    read = [path for _operation, path in live.audit.asked() if path.startswith(namespace)]
    assert {f"{namespace}-kv/data/api", f"{namespace}-db/creds/any"} <= set(read)


def test_a_forbidden_path_holds_a_pod_and_says_so(cluster, live, reviewed, namespace):
    before = logins(live)
    configure(live, reviewed, namespace, ledger={f"{namespace}-kv/data/other": ["read"]})
    create(cluster, service_account(namespace, "ledger"), injected(namespace, "ledger", 2))
    why = f"ledger cannot read {namespace}-kv/data/api: 403 permission denied"
    until(lambda: waits(cluster, namespace, "ledger", why, 2), "the reason on the pods")
    check_it_stays(lambda: waits(cluster, namespace, "ledger", why, 2))
    live.api.write("sys/policies/acl/ledger", {"policy": f'path "{namespace}-kv/data/api" {{ capabilities = ["read"] }}'})
    until(lambda: all_ready(cluster, namespace, "ledger", 2), "pods that may read now")
    assert len(logins(live)) == len(before)


def test_the_token_is_for_whom_its_volume_says_and_one_login_is_for_all(cluster, live, reviewed, namespace):
    configure(live, reviewed, namespace, "kubernetes-sandbox", "bank", teller={f"{namespace}-kv/data/api": ["read"]})
    source = {"serviceAccountToken": {"audience": "bank", "path": "token", "expirationSeconds": 600}}
    document = injected(
        namespace, "teller", 6, **{"auth-path": "auth/kubernetes-sandbox", "agent-service-account-token-volume-name": "of-vault"}
    )
    document["spec"]["template"]["spec"]["volumes"] = [{"name": "of-vault", "projected": {"sources": [source]}}]
    wrong = injected(namespace, "wrong", **{"auth-path": "auth/kubernetes-sandbox", "role": "teller"})
    wrong["spec"]["template"]["spec"]["serviceAccountName"] = "teller"
    before = live.audit.mark()
    create(cluster, service_account(namespace, "teller"), document)
    until(lambda: all_ready(cluster, namespace, "teller", 6), "pods with a token for another audience")
    assert 1 <= list(live.audit.asked(before)).count(("update", "auth/kubernetes-sandbox/login")) <= 2
    create(cluster, wrong)
    until(lambda: waits(cluster, namespace, "wrong", "no login at auth/kubernetes-sandbox as teller: 403"), "the reason")
    cluster.delete(f"Deployment.apps/{namespace}/wrong")
    until(lambda: not pods(cluster, namespace, "wrong"), "a pod that waits to go away when it is deleted")


def test_a_job_with_an_agent_is_done_after_it(cluster, live, reviewed, namespace):
    configure(live, reviewed, namespace, batch={f"{namespace}-kv/data/api": ["read"]})
    document = job(namespace, "batch")
    document["spec"]["template"]["metadata"] = {
        "annotations": injected(namespace, "batch")["spec"]["template"]["metadata"]["annotations"],
    }
    document["spec"]["template"]["spec"]["serviceAccountName"] = "batch"
    create(cluster, service_account(namespace, "batch"), document)
    until(lambda: cluster.get(f"Job.batch/{namespace}/batch")["status"].get("succeeded"), "a job with an agent")
    (pod,) = cluster.list("Pod", namespace)
    assert pod["metadata"]["annotations"][ADMITTED] == "true"


@pytest.mark.parametrize("face", FACES)
def test_objects_take_their_secrets_out_of_vault_and_of_the_cluster(cluster, live, namespace, tmp_path, face):
    wanted = {"engines": {f"{namespace}-kv": {"type": "kv", "options": {"version": "2"}}}}
    live.configure(wanted, owner=namespace)
    live.api.write(f"{namespace}-kv/data/api", {"data": {"key": SECRET}})
    source, copied = secret(namespace, "source"), secret(namespace, "copied")
    source["stringData"] = {"key": {"reference": f"vault:{namespace}-kv/api#key"}}
    copied["stringData"] = {"key": {"reference": f"kube:{namespace}/source#key"}}

    def task(name, document, **more):
        of = {"name": f"set-{document['metadata']['name']}", "namespace": namespace}
        return {"name": name, "gantry.platform.kube_apply": {"definition": [document], "apply_set": of, "owner": "tests", **more}}

    access = {"vault": live.access}
    played = Face(face, tmp_path, cluster.kubeconfig).play(
        task("made", source, **access),
        task("again", source, **access),
        task("copied", copied),
        task("lacking", {**source, "metadata": {"name": "lacking", "namespace": namespace}}),
        words=("-vvvv", "--diff"),
        environment={"VAULT_ADDR": ""},
    )
    found = played.results
    assert [found[name].get("changed") for name in ("made", "again", "copied")] == [True, False, True], played.output
    for document in (source, copied):
        assert base64.b64decode(cluster.get(document)["data"]["key"]).decode() == SECRET
    assert "VAULT_ADDR" in found["lacking"]["msg"] and found["lacking"]["failed"]
    assert traces_of([SECRET], played.output + json.dumps(found)) == []


def test_what_cannot_be_right_is_told(cluster, namespace):
    create(cluster, service_account(namespace, "app"), injected(namespace, "app", role=""))
    until(lambda: waits(cluster, namespace, "app", "the annotation vault.hashicorp.com/role is missing"), "the reason")
    assert pods(cluster, namespace, "app")[0]["status"]["message"] == "the annotation vault.hashicorp.com/role is missing"


def test_no_secret_is_left_anywhere(sandbox, cluster):
    said = (sandbox / "logs" / "vault-agents.log").read_text(encoding="utf-8")
    assert "cannot read" in said and "may be ready" in said
    everything = json.dumps([cluster.admin.get(f"/api/v1/{kind}") for kind in ("pods", "events")])
    words = (sandbox / "logs" / "kwok.log").read_text(encoding="utf-8")
    root = json.loads((sandbox / "vault-keys.json").read_text(encoding="utf-8"))["root_token"]
    for value in (SECRET, root, "hvs.", "eyJ"):
        assert value not in said and value not in everything and value not in words
    keeper = [row for row in cluster.audit.lines() if row["user"]["username"] == "gantry:vault-agents"]
    assert {row["objectRef"]["resource"] for row in keeper} == {"pods", "serviceaccounts", "events", "secrets"}
    # Whose certificate to trust, which cert-manager would leave there: it reads none, and writes no other.
    assert {row["verb"] for row in keeper if row["objectRef"]["resource"] == "secrets"} == {"create"}
    made = [one for one in cluster.admin.get("/api/v1/secrets")["items"] if one["metadata"]["name"] == "vault-tls"]
    assert made and all(set(one["data"]) == {"ca.crt"} for one in made)


def test_a_second_start_changes_nothing(sandbox):
    said = run_role("main", sandbox, areas=AREAS)
    assert '"changed": false' in said and '"changed": true' not in said
    assert "vault-agents" in run_role("status", sandbox, areas=AREAS)
