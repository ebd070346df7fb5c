# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The area monitoring on the sandbox with every area, before the real Prometheus Operator, Prometheus and Alertmanager."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import urllib.parse
import urllib.request

import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.conftest import built
from ansible_collections.gantry.platform.tests.integration.everything.conftest import HOST
from ansible_collections.gantry.platform.tests.integration.runs import conforms
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT, declare

OBJECTS = ("PrometheusRule.monitoring.coreos.com/monitoring/monitoring", "Prometheus.monitoring.coreos.com/monitoring/platform")


def changes(report):
    return sorted((change["action"], change["id"]) for change in report["changes"])


@pytest.fixture
def platform(everything):
    return everything


def ask(platform, server, path):
    """What the real server says, by its own API on loopback."""
    url = json.loads((platform.cluster / f"{server}.json").read_text(encoding="utf-8"))["url"]
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}{path}", timeout=LONGEST) as answer:
        return json.load(answer)


def loaded(platform):
    """Every rule that Prometheus evaluates, by its group."""
    groups = ask(platform, "prometheus", "/api/v1/rules")["data"]["groups"]
    return {group["name"]: [rule["name"] for rule in group["rules"]] for group in groups}


def test_the_deployer_makes_it_without_an_administrator(platform):
    assert {("create", name) for name in OBJECTS} <= set(changes(platform.planned))


def test_every_target_that_runs_is_up_and_services_are_found(platform):
    servers = [f"alertmanager-platform-{number}" for number in range(3)] + [f"prometheus-platform-{number}" for number in range(2)]

    def measured():
        found = ask(platform, "prometheus", "/api/v1/targets")["data"]["activeTargets"]
        return sorted((target["labels"]["pod"], target["health"]) for target in found if target["labels"].get("namespace") == "monitoring")

    # A pod that became ready last is found last, and was not asked yet.
    until(lambda: measured() == [(server, "up") for server in servers], "every server to be measured")
    targets = ask(platform, "prometheus", "/api/v1/targets?state=active")["data"]["activeTargets"]
    assert all("//127.0.0.1:" in target["scrapeUrl"] for target in targets)
    assert {"consciousness-engine", "memory-store", "dream-scheduler"} <= {target["labels"].get("service") for target in targets}
    pods = json.loads(platform.kubectl("-n", "monitoring", "get", "statefulset", "prometheus-platform", "-o", "json"))["spec"]["template"][
        "spec"
    ]
    (arguments,) = (one["args"] for one in pods["containers"] if one["name"] == "prometheus")
    assert "--enable-feature=exemplar-storage" in arguments, "what the operator made of it leads to traces"


def test_rules_are_loaded_as_they_are_declared_and_one_of_them_has_reached_alertmanager(platform):
    found = json.loads(platform.kubectl("get", "prometheusrules", "-A", "-o", "json"))["items"]
    declared = {
        group["name"]: [one.get("record") or one["alert"] for one in group["rules"]] for rule in found for group in rule["spec"]["groups"]
    }
    assert loaded(platform) == declared
    assert {"monitoring", "vault"} <= set(declared)
    (alert,) = ask(platform, "alertmanager", "/api/v2/alerts?filter=alertname%3D%22Watchdog%22")
    assert (alert["status"]["state"], alert["receivers"]) == ("active", [{"name": "monitoring/platform/dead-man"}])
    # By which cluster of which environment: nobody else knows once alerts of many come together.
    assert (alert["labels"]["cluster"], alert["labels"]["environment"]) == ("sandbox", "sandbox")


def test_a_rule_edited_by_hand_is_noticed_by_verify_named_by_drift_and_put_back(platform):
    edit = [{"op": "replace", "path": "/spec/groups/0/rules/0/alert", "value": "Cerberus"}]
    platform.kubectl("-n", "monitoring", "patch", "prometheusrule", "monitoring", "--type=json", "-p", json.dumps(edit))
    until(lambda: "Cerberus" in loaded(platform).get("monitoring", []), "Prometheus to have the edited rule")

    code, output, _report = platform.play("verify", platform_verify_timeout=0)
    assert code != 0 and "monitoring-rules: Prometheus evaluates the" in output, output[-3000:]

    code, output, report = platform.play("drift")
    assert (code != 0, conforms(report, "drift")["status"]) == (True, "drift"), output[-3000:]
    assert [change["id"] for change in report["changes"]] == [OBJECTS[0]]

    code, output, report = platform.play("site", platform_force_conflicts=["kubectl-patch"])
    assert (code, changes(report), report["hosts"][HOST]["verified"]) == (0, [("update", OBJECTS[0])], True), output[-3000:]
    assert "Watchdog" in loaded(platform)["monitoring"]


def test_every_query_of_every_dashboard_is_answered(platform):
    maps = json.loads(platform.kubectl("-n", "monitoring", "get", "configmaps", "-l", "grafana_dashboard=1", "-o", "json"))["items"]
    boards = {name: json.loads(text) for one in maps for name, text in one["data"].items()}
    assert {"monitoring-platform.json", "monitoring-product.json", "monitoring-service-memory-store.json", "slo-objectives.json"} <= set(
        boards
    )

    def empty():
        """Queries without an answer."""
        found = []
        for name, board in boards.items():
            for query in {one["expr"] for panel in board["panels"] for one in panel.get("targets", ())}:
                answer = ask(platform, "prometheus", f"/api/v1/query?{urllib.parse.urlencode({'query': query})}")
                assert answer["status"] == "success", (name, query)
                if not answer["data"]["result"] and name.removeprefix("monitoring-").startswith(("service-", "product", "slo-slo-")):
                    found.append((name, query))
        return found

    until(lambda: not empty(), "every panel to show something")


def test_boards_are_drawn_without_a_grafana(platform, tmp_path):
    code, output = platform.command("ansible-playbook", *platform.words("monitoring_boards", monitoring_boards_dest=str(tmp_path)))
    assert code == 0, output[-3000:]
    page = (tmp_path / "boards-sandbox.html").read_text(encoding="utf-8")
    for name in ("monitoring-platform", "monitoring-product", "monitoring-service-memory-store", "slo-objectives", "logging-logging"):
        assert f"<section id='{name}'>" in page
    (drawn,) = re.findall("<section id='monitoring-service-memory-store'>.*?</section>", page, re.DOTALL)
    assert drawn.count("<polyline") >= drawn.count("<figure") > 3 and "class=refused" not in page


@pytest.fixture(scope="module")
def rules(clusters, tmp_path_factory):
    """Files with the rules of every shipped cluster, by cluster and name."""
    folder = tmp_path_factory.mktemp("rules")
    found = {}
    for name, cluster in clusters.items():
        for rule in cluster.documents("monitoring", "PrometheusRule"):
            file = folder / f"{name}-{rule['metadata']['name']}.yaml"
            file.write_text(yaml.safe_dump(rule["spec"]), encoding="utf-8")
            found[name, rule["metadata"]["name"]] = file
    return found


def test_the_operator_makes_jobs_of_addresses_and_of_what_is_no_pod_and_what_is_here_is_measured(platform, clusters, tmp_path):
    """The ``databases`` are Alertmanager on loopback; whoever is not on this machine is a job, and is left out."""
    own = [
        one
        for one in clusters["sandbox"].documents("monitoring")
        if one["kind"] == "ScrapeConfig" or one["metadata"]["name"] in ("scrape-devices", "status-page")
    ]
    assert sorted({one["kind"] for one in own}) == ["NetworkPolicy", "Probe", "ScrapeConfig", "Secret"]
    here = json.loads((platform.cluster / "alertmanager.json").read_text(encoding="utf-8"))["url"].removeprefix("http://")
    authority = base64.b64encode((platform.cluster / "pki" / "ca.crt").read_bytes()).decode()
    for one in own:
        if one["kind"] == "Secret":
            one["data"] = {**dict.fromkeys(one["data"], "eA=="), "ca.crt": authority}
        if one["metadata"]["name"] == "databases":
            one["spec"]["staticConfigs"][0]["targets"][0] = here
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump_all(own), encoding="utf-8")
    pools = {f"scrapeConfig/monitoring/{name}" for name in ("databases", "devices", "found")} | {"probe/monitoring/status-page"}

    def known():
        return set(ask(platform, "prometheus", "/api/v1/scrape_pools")["data"]["scrapePools"])

    def measured():
        found = ask(platform, "prometheus", "/api/v1/targets?state=active")["data"]["activeTargets"]
        return [(one["labels"], one["health"]) for one in found if one["scrapePool"] in pools]

    try:
        platform.kubectl("apply", "--server-side", "--validate=strict", "-f", str(file))
        until(lambda: pools <= known(), "the operator and Prometheus to take all up")
        labels = {"job": "databases", "instance": here, "kind": "database"}
        until(lambda: measured() == [(labels, "up")], "what is here to be measured, and nobody else")
        config = yaml.safe_load(ask(platform, "prometheus", "/api/v1/status/config")["data"]["yaml"])
    finally:
        platform.kubectl("delete", "--ignore-not-found", "-f", str(file))
    jobs = {one["job_name"]: one for one in config["scrape_configs"]}
    devices, probe = jobs["scrapeConfig/monitoring/devices"], jobs["probe/monitoring/status-page"]
    assert (devices["scheme"], devices["basic_auth"]["username"]) == ("https", "x")
    assert devices["tls_config"]["server_name"] == "devices.consciousness.example" and devices["tls_config"]["ca_file"]
    assert (probe["metrics_path"], probe["params"]) == ("/probe", {"module": ["http-status-page"]})
    assert probe["static_configs"][0]["targets"] == ["http://status.consciousness.example:8080/health"]
    assert "blackbox-exporter.monitoring.svc:9115" in [one.get("replacement") for one in probe["relabel_configs"]]


def test_the_operator_divides_the_targets_of_every_job_among_shards(platform, clusters, tmp_path):
    """A second Prometheus of three shards and no pods: nobody has to run it to see what each would ask."""
    declared = clusters["sandbox"].one("monitoring", "Prometheus", "platform")
    declared["metadata"]["name"] = "sharded"
    declared["spec"] |= {"shards": 3, "replicas": 0}
    file = tmp_path / "sharded.yaml"
    file.write_text(yaml.safe_dump(declared), encoding="utf-8")

    def named(kind):
        found = json.loads(platform.kubectl("-n", "monitoring", "get", kind, "-o", "json"))["items"]
        return {one["metadata"]["name"]: one for one in found if one["metadata"]["name"].startswith("prometheus-sharded")}

    try:
        platform.kubectl("apply", "--server-side", "--validate=strict", "-f", str(file))
        wanted = {"prometheus-sharded", *(f"prometheus-sharded-shard-{number}" for number in (1, 2))}
        until(lambda: set(named("statefulsets")) == wanted, "the operator to make one StatefulSet for each shard")
        written = until(lambda: named("secrets").get("prometheus-sharded", {}).get("data"), "the operator to write what they ask")
        labels = {name: one["spec"]["template"]["metadata"]["labels"] for name, one in named("statefulsets").items()}
    finally:
        platform.kubectl("delete", "--ignore-not-found", "-f", str(file))
    assert sorted(one["operator.prometheus.io/shard"] for one in labels.values()) == ["0", "1", "2"]
    config = yaml.safe_load(gzip.decompress(base64.b64decode(written["prometheus.yaml.gz"])))
    assert {one["job_name"].split("/")[0] for one in config["scrape_configs"]} == {"serviceMonitor", "probe"}
    for job in config["scrape_configs"]:
        (divided,) = [one for one in job["relabel_configs"] if one.get("action") == "hashmod"]
        assert divided["modulus"] == 3, job["job_name"]
        kept = job["relabel_configs"][job["relabel_configs"].index(divided) + 1]
        assert (kept["action"], kept["source_labels"][0]) == ("keep", divided["target_label"]) and "$(SHARD)" in kept["regex"]


RUNS = ("ServiceAccount", "ConfigMap", "Secret", "Service", "Deployment", "StatefulSet", "ThanosRuler")


def test_the_apiserver_takes_every_object_of_thanos_and_grafana_and_admission_every_pod(platform, clusters, tmp_path):
    """With the definitions of the operator that are pinned, the operator itself, and what the namespace and the baseline let in."""
    declared = clusters["prod-euw1"].documents("monitoring")
    documents = [one for one in declared if "thanos" in json.dumps(one) or one["metadata"]["name"].startswith("grafana")]
    assert len([one for one in documents if one["metadata"]["name"].startswith("grafana")]) == 7
    assert {*RUNS, "Prometheus", "NetworkPolicy", "PodDisruptionBudget"} <= {one["kind"] for one in documents}
    for one in documents:
        if one["kind"] == "Secret":
            one["data"] = dict.fromkeys(one["data"], "eA==")
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    words = ["--server-side", "--force-conflicts", "--validate=strict", "-o", "name", "-f"]
    assert len(platform.kubectl("apply", "--dry-run=server", *words, str(tmp_path / "all.yaml")).splitlines()) == len(documents)
    # The Prometheus that others look at stays as it is.
    running = [one for one in documents if one["kind"] in RUNS]
    (tmp_path / "running.yaml").write_text(yaml.safe_dump_all(running), encoding="utf-8")

    def ready():
        found = json.loads(platform.kubectl("-n", "monitoring", "get", "pods", "-o", "json"))["items"]
        return {
            name: sum(container["ready"] for container in one["status"].get("containerStatuses", ()))
            for one in found
            if (name := one["metadata"]["name"]).startswith(("thanos-", "grafana-"))
        }

    try:
        platform.kubectl("apply", *words, str(tmp_path / "running.yaml"))
        wanted = {"thanos-compact-0": 1, "thanos-store-0": 1, "thanos-ruler-platform-0": 2, "thanos-ruler-platform-1": 2, "grafana-0": 1}
        until(lambda: wanted.items() <= ready().items() and sum(ready().values()) == 11, "every pod of both to be let in")
    finally:
        platform.kubectl("delete", "--ignore-not-found", "-f", str(tmp_path / "running.yaml"))


def test_promtool_accepts_every_contributed_rule_of_every_shipped_cluster(rules):
    (promtool,) = built("promtool")
    assert {name for _cluster, name in rules} > {
        "logging",
        "monitoring",
        "probes",
        "thanos",
        "tracing",
        "vault",
        "slo-memory-store-quality",
        "slo-memory-store-quality-budget",
    }
    assert {cluster for cluster, _name in rules} > {"sandbox", "prod-euw1", "prod-euc1"}
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", *rules.values()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_server_of_vault_that_was_sealed_before_it_opened_is_not_called_sealed(rules, tmp_path):
    """Vault leaves the gauge of the time before it knew its cluster beside the true one, for a day."""
    (promtool,) = built("promtool")

    def alerts(known, pod="vault-0"):
        sealed = {"exp_labels": {"severity": "page", "team": "consciousness", "pod": pod}}
        case = {
            "interval": "1m",
            "input_series": [
                {"series": 'vault_core_unsealed{cluster="", pod="vault-0"}', "values": "0x10"},
                {"series": 'vault_core_unsealed{cluster="known", pod="vault-0"}', "values": f"{known}x10"},
            ],
            "promql_expr_test": [],
            "alert_rule_test": [{"eval_time": "5m", "alertname": "VaultSealed", "exp_alerts": [] if known else [sealed]}],
        }
        if not known:
            (rule,) = [
                one
                for one in yaml.safe_load(rules["sandbox", "vault"].read_text(encoding="utf-8"))["groups"][0]["rules"]
                if one["alert"] == "VaultSealed"
            ]
            sealed["exp_annotations"] = {key: text.replace("{{ $labels.pod }}", pod) for key, text in rule["annotations"].items()}
        file = tmp_path / f"{known}.yaml"
        file.write_text(yaml.safe_dump({"rule_files": [str(rules["sandbox", "vault"])], "tests": [case]}), encoding="utf-8")
        return subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)

    for known in (1, 0):
        done = alerts(known)
        assert done.returncode == 0, (known, done.stdout + done.stderr)


def test_who_asks_kubelets_may_read_their_metrics_and_no_more_says_the_real_authorizer(platform, tmp_path):
    """As a cluster has it that has kubelets; this one's nodes have none."""
    cluster = declare(tmp_path, [CHECKOUT / "inventories/dev.yml"], ["monitoring"], areas="monitoring")["dev-euw1"]
    named = [one for one in cluster.documents("monitoring") if "kubelet" in one["metadata"]["name"]]
    mine = [one for one in named if one["kind"] not in ("ConfigMap", "PrometheusRule")]
    kept = [one for one in mine if one["kind"] in ("ScrapeConfig", "NetworkPolicy")]
    granted = [one for one in mine if one not in kept]
    assert sorted(one["kind"] for one in granted) == ["ClusterRole", "ClusterRoleBinding", "Secret", "ServiceAccount"] and len(kept) == 3
    for name, documents in (("kept", kept), ("granted", granted)):
        (tmp_path / name).write_text(yaml.safe_dump_all(documents), encoding="utf-8")
    platform.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", str(tmp_path / "kept"))
    who = "--as=system:serviceaccount:monitoring:kubelet-metrics"

    def may(verb, *what):
        try:
            return platform.kubectl("auth", "can-i", verb, *what, who).strip() == "yes"
        except subprocess.CalledProcessError:
            return False

    try:
        platform.kubectl("apply", "--validate=strict", "-f", str(tmp_path / "granted"))
        secret = ("-n", "monitoring", "get", "secret", "kubelet-metrics", "-o", "json")
        held = until(lambda: json.loads(platform.kubectl(*secret)).get("data"), "the control plane to write the token")
        assert {"token", "ca.crt"} <= held.keys()
        assert may("list", "nodes") and may("get", "nodes", "--subresource=metrics")
        refused = (("get", "nodes", "--subresource=proxy"), ("get", "nodes", "--subresource=log"), ("get", "pods"), ("get", "secrets"))
        assert not [words for words in (*refused, ("patch", "nodes")) if may(*words)]
    finally:
        # The token goes with its account, which the control plane sees to.
        platform.kubectl("delete", "--ignore-not-found", "-f", str(tmp_path / "granted"))
