# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re

import jinja2
import promql_parser
import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.subject import WAIT
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT, ENVIRONMENTS, declare

SET = "monitoring"
HUB = "prod-euw1"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Every shipped cluster with the area on, and the sandbox with Vault as well."""
    inventories = [CHECKOUT / "inventories" / f"{name}.yml" for name in ENVIRONMENTS]
    roles = ["cluster_baseline", "vault", "monitoring", "workloads"]
    return declare(tmp_path_factory.mktemp("declared"), inventories, roles, areas="monitoring,vault")


def rules(cluster):
    return {rule["metadata"]["name"]: rule for rule in cluster.documents(SET, "PrometheusRule")}


def test_the_namespace_belongs_to_somebody_and_lets_nothing_through(shipped):
    for cluster in shipped.values():
        labels = cluster.one(SET, "Namespace", "monitoring")["metadata"]["labels"]
        assert labels["owner"] == cluster.model["settings"]["owner"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        assert "gantry.dev/component" not in labels, "the baseline's admission looks at it"
        assert cluster.one(SET, "RoleBinding", "gantry-deployer", "monitoring"), "no administrator is needed for a rule"
        policy = cluster.one(SET, "NetworkPolicy", "default-deny", "monitoring")["spec"]
        assert (policy["podSelector"], policy["policyTypes"], policy["ingress"], policy["egress"]) == ({}, ["Ingress", "Egress"], [], [])


@pytest.mark.parametrize(("kind", "replicas"), [("Prometheus", 2), ("Alertmanager", 3)])
def test_a_lost_node_costs_one_server(shipped, kind, replicas):
    spec = shipped[HUB].one(SET, kind, "platform")["spec"]
    assert spec["replicas"] == replicas
    (apart,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert apart["topologyKey"] == "kubernetes.io/hostname"
    disruption = shipped[HUB].one(SET, "PodDisruptionBudget", kind.lower())["spec"]
    assert (disruption["maxUnavailable"], disruption["selector"]) == (1, apart["labelSelector"])
    assert spec["storage"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    registry = shipped[HUB].model["settings"]["registries"][0]
    reloaders = [one for one in spec["containers"] + spec["initContainers"] if one["name"].endswith("config-reloader")]
    images = [spec["image"], *(one["image"] for one in reloaders)]
    assert all("memory" in one["resources"]["limits"] for one in reloaders)
    assert len(images) == 3 and all(image.startswith(f"{registry}/") for image in images)


def test_every_contributed_group_is_a_rule_of_its_own_and_of_nobody_else(shipped):
    cluster = shipped["sandbox"]
    assert set(rules(cluster)) == {"monitoring", "probes", "vault"}
    assert rules(cluster)["vault"]["metadata"]["namespace"] == "vault"
    assert rules(cluster)["vault"]["metadata"]["labels"]["app.kubernetes.io/name"] == "vault"
    others = [
        name for name, content in cluster.sets.items() if name != SET for one in content["documents"] if one["kind"] == "PrometheusRule"
    ]
    assert others == []
    targets = {one["metadata"]["name"] for one in cluster.documents(SET, "ServiceMonitor")} - set(cluster.model["services"])
    assert targets == {"prometheus", "alertmanager", "blackbox-exporter", "vault"}


def test_records_and_alerts_of_one_name_are_one_group_in_this_order(shipped):
    """Rules of a group are evaluated one after the other: an alert of another group would look at what was recorded before."""
    (group,) = rules(shipped[HUB])["slo-memory-store-quality"]["spec"]["groups"]
    kinds = ["record" if "record" in rule else "alert" for rule in group["rules"]]
    assert kinds == sorted(kinds, reverse=True) and set(kinds) == {"record", "alert"}
    assert {rule["labels"]["team"] for rule in group["rules"]} == {"memory"}, "whose service it is, not whose monitoring"
    (long,) = rules(shipped[HUB])["slo-memory-store-quality-budget"]["spec"]["groups"]
    assert long["interval"] == "2m" and "interval" not in group


def test_a_faster_burn_of_an_objective_keeps_its_slower_ones_quiet(shipped):
    first, *others = shipped[HUB].one(SET, "AlertmanagerConfig", "platform")["spec"]["inhibitRules"]
    assert first["equal"] == ["alertname", "namespace", "service", "slo"]
    assert [(one["sourceMatch"], one["targetMatch"], one["equal"]) for one in others] == [
        (
            [{"name": "slo_burn_tier", "value": str(tier), "matchType": "="}],
            [{"name": "slo_burn_tier", "value": slower, "matchType": "=~"}],
            ["slo"],
        )
        for tier, slower in ((1, "2|3|4"), (2, "3|4"), (3, "4"))
    ]
    assert len(shipped["sandbox"].one(SET, "AlertmanagerConfig", "platform")["spec"]["inhibitRules"]) == 1


def test_somebody_hears_of_all_that_ends_vault_and_monitoring(shipped):
    found = rules(shipped["sandbox"])
    alerts = {rule["alert"]: rule for one in found.values() for group in one["spec"]["groups"] for rule in group["rules"]}
    assert {
        "VaultSealed",
        "VaultNoLeader",
        "VaultAuditFailing",
        "VaultLeaseExplosion",
        "VaultTokensWithoutEnd",
        "VaultCertificateExpires",
        "VaultSnapshotTooOld",
        "Watchdog",
        "PrometheusWithoutAlertmanager",
        "AlertmanagerCannotNotify",
    } <= set(alerts)
    assert "> 7200" in alerts["VaultSnapshotTooOld"]["expr"]
    for name, rule in alerts.items():
        promql_parser.parse(rule["expr"])
        file, _hash, anchor = rule["annotations"]["runbook_url"].partition("#")
        page = (CHECKOUT / file).read_text(encoding="utf-8")
        anchors = {line.lstrip("# ").strip().lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
        assert anchor in anchors, name


def test_each_service_with_metrics_is_measured_and_lets_prometheus_in_and_nobody_else(shipped):
    cluster = shipped[HUB]
    for name, service in cluster.model["services"].items():
        monitor = cluster.one(SET, "ServiceMonitor", name, service["namespace"])["spec"]
        (endpoint,) = monitor["endpoints"]
        (entry,) = [port for port in cluster.one("workloads", "Service", name)["spec"]["ports"] if port["name"] == endpoint["port"]]
        assert entry["port"] == service["metrics"]["port"] == 9102
        (pod,) = cluster.one("workloads", "Deployment", name)["spec"]["template"]["spec"]["containers"]
        assert {"name": "metrics", "containerPort": 9102, "protocol": "TCP"} in pod["ports"]
        assert monitor["selector"]["matchLabels"].items() <= cluster.one("workloads", "Service", name)["metadata"]["labels"].items()
        policy = cluster.one(SET, "NetworkPolicy", f"{name}-metrics", service["namespace"])["spec"]
        (way,) = policy["ingress"]
        (peer,) = way["from"]
        assert peer["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}
        assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
        assert [port["port"] for port in way["ports"]] == [9102]


def test_prometheus_may_look_where_it_has_targets_and_nowhere_else(shipped):
    cluster = shipped["sandbox"]
    roles = [one for one in cluster.documents(SET, "Role") if one["metadata"]["name"] == "prometheus"]
    measured = {one["metadata"]["namespace"] for one in cluster.documents(SET, "ServiceMonitor")}
    assert {one["metadata"]["namespace"] for one in roles} == measured
    assert {verb for one in roles for rule in one["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert not {resource for one in roles for rule in one["rules"] for resource in rule["resources"]} & {"secrets", "configmaps"}
    assert cluster.documents(SET, "ClusterRole") == []
    spec = cluster.one(SET, "Prometheus", "platform")["spec"]
    assert spec["arbitraryFSAccessThroughSMs"] == {"deny": True} and spec["ignoreNamespaceSelectors"] is True


def test_no_monitor_counts_where_the_deployer_is_not_let_in(shipped):
    """The operator copies what a monitor names, passwords among it, to where the deployer reads Secrets."""
    for name, cluster in shipped.items():
        let_in = {
            one["metadata"]["namespace"]
            for content in cluster.sets.values()
            for one in content["documents"]
            if one["kind"] == "RoleBinding" and one["metadata"]["name"] == "gantry-deployer"
        }
        spec = cluster.one(SET, "Prometheus", "platform")["spec"]
        selectors = [spec[f"{kind}NamespaceSelector"] for kind in ("serviceMonitor", "podMonitor", "rule")]
        (chosen,) = selectors[0]["matchExpressions"]
        assert selectors == [selectors[0]] * 3, name
        assert (chosen["key"], chosen["operator"]) == ("kubernetes.io/metadata.name", "In")
        assert {"monitoring"} <= set(chosen["values"]) <= let_in, name


def test_prometheus_reaches_every_port_that_it_measures(shipped):
    policy = shipped[HUB].one(SET, "NetworkPolicy", "prometheus", "monitoring")["spec"]
    namespaces, services = policy["egress"]
    assert namespaces["to"][0]["namespaceSelector"]["matchExpressions"][0]["values"] == sorted(
        {target["namespace"] for area in shipped[HUB].model["contributions"]["scrape_targets"].values() for target in area.values()}
    )
    assert services["ports"] == [{"port": 9102, "protocol": "TCP"}]


def test_a_run_may_ask_the_servers_that_there_are_and_not_more(shipped):
    (rule,) = shipped[HUB].one(SET, "Role", "monitoring-verification")["rules"]
    assert rule == {
        "apiGroups": [""],
        "resources": ["services/proxy"],
        "resourceNames": ["prometheus:web", "alertmanager:web"],
        "verbs": ["get"],
    }
    asked = {f"{row['object']}:{row['port']}" for row in shipped[HUB].sets[SET]["expectations"] if "path" in row}
    assert asked == set(rule["resourceNames"])


def test_each_exposed_service_is_asked_by_a_module_that_the_exporter_has_and_at_a_port_that_it_reaches(shipped):
    for host, cluster in shipped.items():
        exposed = {name: one for name, one in cluster.model["services"].items() if one["exposed"]}
        asked = cluster.documents(SET, "Probe")
        assert exposed and {one["spec"]["targets"]["staticConfig"]["labels"]["service"] for one in asked} == set(exposed), host
        config = json.loads(cluster.one(SET, "ConfigMap", "blackbox-exporter")["data"]["config.yml"])
        pod = cluster.one(SET, "Deployment", "blackbox-exporter")["spec"]["template"]
        assert pod["spec"]["containers"][0]["args"] == ["--config.file=/etc/blackbox/config.yml"]
        assert {one["spec"]["module"] for one in asked} == set(config["modules"]), host
        assert {one["metadata"]["namespace"] for one in asked} == {"monitoring"}
        gateway, elsewhere = cluster.one(SET, "NetworkPolicy", "blackbox-exporter")["spec"]["egress"]
        assert gateway == {"to": [{"namespaceSelector": {"matchLabels": {"gantry.dev/gateway": "true"}}}]}, host
        assert [port["port"] for port in elsewhere["ports"]] == [443], host
        service = cluster.one(SET, "Service", "blackbox-exporter")["spec"]
        assert service["selector"].items() <= pod["metadata"]["labels"].items()
        assert {one["spec"]["prober"]["url"] for one in asked} == {f"blackbox-exporter.monitoring.svc:{service['ports'][0]['port']}"}
        spec = cluster.one(SET, "Prometheus", "platform")["spec"]
        # A Probe elsewhere would have addresses asked from within monitoring that its writer names.
        assert spec["probeNamespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}


def test_what_is_declared_is_expected(shipped):
    cluster = shipped["sandbox"]
    rows = {row["name"]: row for row in cluster.sets[SET]["expectations"]}
    pools = set(re.findall(r"'([a-zA-Z]+/[^']+)'", rows["prometheus-monitors"]["condition"]))
    forms = {"ServiceMonitor": "serviceMonitor/{}/{}/0", "Probe": "probe/{}/{}"}
    assert pools == {
        form.format(one["metadata"]["namespace"], one["metadata"]["name"])
        for kind, form in forms.items()
        for one in cluster.documents(SET, kind)
    }
    assert any(pool.startswith("probe/") for pool in pools)
    for name, rule in rules(cluster).items():
        for alert in rule["spec"]["groups"][0]["rules"]:
            assert f'"{alert["alert"]}"' in rows[f"{name}-rules"]["condition"]


def test_alertmanager_tells_whom_the_areas_name_and_knows_their_secrets_by_reference(shipped):
    told = 0
    for cluster in shipped.values():
        secrets = [one["data"] for one in cluster.documents(SET, "Secret") if one["metadata"]["name"] == "alertmanager-receivers"]
        assert all(set(value) == {"reference"} for data in secrets for value in data.values())
        config = cluster.one(SET, "AlertmanagerConfig", "platform")["spec"]
        receivers = {one["name"] for one in config["receivers"]}
        named = [
            config["route"],
            *config["route"]["routes"],
            *(inner for one in config["route"]["routes"] for inner in one.get("routes", ())),
        ]
        assert {one["receiver"] for one in named} == receivers
        wanted = {key["key"] for one in config["receivers"] for key in at(one, "name", "key")}
        assert wanted == {key for data in secrets for key in data}
        told += len(receivers) > 1
        assert cluster.one(SET, "Alertmanager", "platform")["spec"]["alertmanagerConfiguration"] == {"name": "platform"}
        assert all(WAIT not in one["metadata"].get("annotations", {}) for one in cluster.documents(SET))
    assert told


def at(value, *keys):
    """Every mapping in a value that has these keys and no others."""
    if isinstance(value, dict) and set(value) == set(keys):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from at(inner, *keys)


@pytest.mark.parametrize("has_chart", [True, False])
def test_the_node_exporter_of_the_chart_is_reached_at_the_nodes_and_nothing_there_without_it(has_chart):
    # The whole role would render the chart, which is somewhere else.
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters["to_json"] = json.dumps
    template = environment.from_string((CHECKOUT / "roles" / "monitoring" / "templates" / "network.yaml.j2").read_text(encoding="utf-8"))
    names = ("monitoring_labels", "monitoring_measured", "monitoring_receiver_secrets", "monitoring_grafana")
    lists = ("monitoring_apiservers", "monitoring_target_namespaces")
    given = {name: {} for name in names} | {name: ["10.0.0.0/8"] for name in lists}
    cluster = {"network": {"node_cidr": "10.1.0.0/16"}}
    rendered = template.render(
        **given, monitoring_has_chart=has_chart, monitoring_cluster=cluster, monitoring_namespace="monitoring", monitoring_name="platform"
    )
    (prometheus,) = [one for one in yaml.safe_load_all(rendered) if one["metadata"]["name"] == "prometheus"]
    nodes = {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 9100, "protocol": "TCP"}]}
    assert (nodes in prometheus["spec"]["egress"]) is has_chart
