# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sandbox's Prometheus and Alertmanager get of what the operator wrote. tests/integration/test_monitoring.py asks the real ones."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import io
import json
import re
import sys
import threading
from pathlib import Path

import pytest
import yaml

FILES = Path(__file__).resolve().parents[4] / "roles" / "sandbox" / "files"
STANDS = {"monitoring/prometheus": 9000, "monitoring/alert.manager": 9001}
WRITTEN = """
global: {scrape_interval: 30s, evaluation_interval: 1m, scrape_timeout: 10s, external_labels: {replica: $(POD_NAME)}}
rule_files: [/etc/prometheus/rules/prometheus-platform-rulefiles-0/*.yaml]
scrape_configs:
  - job_name: one
    scrape_interval: 15s
    scrape_timeout: 10s
    kubernetes_sd_configs: [{role: endpointslice}]
    tls_config: {ca_file: /etc/prometheus/certs/0_vault_tls}
    relabel_configs: [{regex: $(SHARD), action: keep}]
  - job_name: two
    static_configs: [{targets: ["a:1"]}]
    relabel_configs: [{target_label: __address__, replacement: "prometheus.monitoring.svc:9090"}]
alerting:
  alertmanagers: [{kubernetes_sd_configs: [{role: endpointslice}]}]
"""


def loaded(name, monkeypatch):
    monkeypatch.syspath_prepend(str(FILES))
    spec = importlib.util.spec_from_file_location(name, FILES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def keeper(monkeypatch):
    return loaded("monitoring", monkeypatch)


def packed(text):
    return base64.b64encode(gzip.compress(text.encode())).decode()


def config_of(files):
    return yaml.safe_load(files["config.yaml"])


@pytest.fixture
def files(keeper, tmp_path):
    """What Prometheus gets of a whole set of objects; those of another Prometheus are among them."""
    secrets = {
        "prometheus-platform": {"data": {"prometheus.yaml.gz": packed(WRITTEN)}},
        "prometheus-platform-tls-assets-0": {"data": {"0_vault_tls": base64.b64encode(b"PEM").decode()}},
        "prometheus-other-tls-assets-0": {"data": {"theirs": ""}},
    }
    maps = {"prometheus-platform-rulefiles-0": {"data": {"a.yaml": "groups: []"}}, "prometheus-other-rulefiles-0": {"data": {"b.yaml": ""}}}
    return keeper.prometheus_files("platform", secrets, maps, keeper.Place(tmp_path, tmp_path / "kubeconfig", STANDS))


def test_rules_and_certificates_lie_where_the_configuration_looks_for_them(files, tmp_path):
    assert set(files) == {"config.yaml", "rules/prometheus-platform-rulefiles-0/a.yaml", "certs/0_vault_tls"}
    assert files["certs/0_vault_tls"] == b"PEM"
    config = config_of(files)
    assert config["rule_files"] == [f"{tmp_path}/rules/prometheus-platform-rulefiles-0/*.yaml"]
    assert config["scrape_configs"][0]["tls_config"]["ca_file"] == f"{tmp_path}/certs/0_vault_tls"


def test_what_a_pod_would_say_of_itself_is_said(files):
    config = config_of(files)
    assert config["global"]["external_labels"]["replica"] == "prometheus-platform-0"
    assert config["scrape_configs"][0]["relabel_configs"][0]["regex"] == 0


def test_nobody_waits_long_for_a_first_value(files):
    config = config_of(files)
    assert config["global"] == {
        "scrape_interval": "5s",
        "evaluation_interval": "5s",
        "external_labels": config["global"]["external_labels"],
    }
    assert config["scrape_configs"][0]["scrape_interval"] == "5s" and "scrape_timeout" not in config["scrape_configs"][0]
    assert "scrape_interval" not in config["scrape_configs"][1]


def test_targets_are_led_to_what_stands_for_their_service_and_others_are_dropped(files, tmp_path):
    config = config_of(files)
    for part in (config["scrape_configs"][0], config["alerting"]["alertmanagers"][0]):
        assert part["kubernetes_sd_configs"][0]["kubeconfig_file"] == f"{tmp_path}/kubeconfig"
        keep, alertmanager, prometheus = part["relabel_configs"][-3:]
        assert (keep["action"], keep["regex"]) == ("keep", r"monitoring/alert\.manager|monitoring/prometheus")
        assert (alertmanager["regex"], alertmanager["replacement"]) == (r"monitoring/alert\.manager", "127.0.0.1:9001")
        assert (prometheus["target_label"], prometheus["replacement"]) == ("__address__", "127.0.0.1:9000")


def test_written_addresses_lead_to_what_stands_for_their_service_and_nobody_beyond_this_machine_is_asked(files):
    led = config_of(files)["scrape_configs"][1]["relabel_configs"]
    keep = led[-1]

    def asked(address):
        for rule in led[1:-1]:
            address = rule["replacement"] if re.fullmatch(rule["regex"], address) else address
        return address if re.fullmatch(keep["regex"], address) else None

    assert (led[0]["replacement"], keep["action"]) == ("prometheus.monitoring.svc:9090", "keep")
    assert asked("prometheus.monitoring.svc:9090") == "127.0.0.1:9000"
    assert asked("127.0.0.1:81") == "127.0.0.1:81"
    assert [asked(one) for one in ("a:1", "alertxmanager.monitoring.svc:9", "example.com:443", "10.0.0.1:80")] == [None] * 4


def test_services_of_teams_are_led_to_whoever_shows_their_metrics_and_it_is_told_of_which(keeper, tmp_path):
    secrets = {"prometheus-platform": {"data": {"prometheus.yaml.gz": packed(WRITTEN)}}}
    config = config_of(keeper.prometheus_files("platform", secrets, {}, keeper.Place(tmp_path, tmp_path, STANDS, 9002)))
    keep, of, to, alertmanager, prometheus = config["scrape_configs"][0]["relabel_configs"][-5:]
    assert keep["source_labels"][-1] == "__meta_kubernetes_service_label_tier"
    kept = re.compile(keep["regex"])
    assert kept.fullmatch("cortex/engine/t0") and kept.fullmatch("monitoring/prometheus/") and not kept.fullmatch("kube/exporter/")
    assert (of["target_label"], re.fullmatch(of["regex"], "t0/engine")[1], re.fullmatch(of["regex"], "/prometheus")) == (
        "__param_service",
        "engine",
        None,
    )
    assert (to["target_label"], to["replacement"]) == ("__address__", "127.0.0.1:9002")
    # What stands for a Service itself has the last word.
    assert [one["replacement"] for one in (alertmanager, prometheus)] == ["127.0.0.1:9001", "127.0.0.1:9000"]


def test_without_traffic_nothing_of_it_is_known(keeper, tmp_path):
    assert keeper.traffic_port(tmp_path) == 0
    (tmp_path / "traffic.json").write_text('{"port": 9002}', encoding="utf-8")
    assert keeper.traffic_port(tmp_path) == 9002


def test_before_the_operator_wrote_anything_nothing_is_measured_and_nobody_told(keeper, tmp_path):
    assert config_of(keeper.prometheus_files("platform", {}, {}, keeper.Place(tmp_path, tmp_path, {}))) == {}
    assert config_of(keeper.alertmanager_files("platform", {})) == {"route": {"receiver": "none"}, "receivers": [{"name": "none"}]}


def test_alertmanager_gets_what_the_operator_wrote(keeper):
    written = {
        "route": {"receiver": "x", "group_wait": "30s", "routes": [{"receiver": "x", "group_interval": "5m", "repeat_interval": "4h"}]},
        "receivers": [{"name": "x", "pagerduty_configs": [{"url": "https://events.pagerduty.com/v2/enqueue", "routing_key": "k"}]}],
    }
    secrets = {"alertmanager-platform-generated": {"data": {"alertmanager.yaml.gz": packed(json.dumps(written))}}}
    found = config_of(keeper.alertmanager_files("platform", secrets, "http://127.0.0.1:9"))
    assert found["receivers"][0]["pagerduty_configs"] == [{"url": "http://127.0.0.1:9/v2/enqueue", "routing_key": "k"}]
    assert found["route"]["group_wait"] == "1s"
    assert found["route"]["routes"] == [{"receiver": "x", "group_interval": "5s", "repeat_interval": "4h"}]
    there = config_of(keeper.alertmanager_files("platform", secrets))
    assert there["receivers"] == written["receivers"]


def test_files_are_private_and_what_is_no_longer_wanted_goes(keeper, tmp_path):
    keeper.write(tmp_path, {"config.yaml": b"1", "rules/a/x.yaml": b"x", "certs/old": b"secret"})
    keeper.write(tmp_path, {"config.yaml": b"2", "rules/a/x.yaml": b"x"})
    (tmp_path / "tsdb").mkdir()
    assert (tmp_path / "config.yaml").read_bytes() == b"2"
    assert not (tmp_path / "certs" / "old").exists()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}


def test_what_was_written_is_read_once_and_again_until_the_server_takes_it(keeper, tmp_path, monkeypatch):
    asked = []

    class Opener:
        answers = [OSError("refused"), None, None]

        def open(self, request, timeout):
            asked.append(request.full_url)
            if error := self.answers.pop(0):
                raise error
            return open("/dev/null", "rb")

    opener = Opener()
    monkeypatch.setattr(keeper.urllib.request, "build_opener", lambda *_handlers: opener)
    server = keeper.Keeper("Prometheus", tmp_path, 9000)
    assert [server.tend({"config.yaml": b"1"}) for _time in range(3)] == [False, True, True]
    assert asked == ["http://127.0.0.1:9000/-/reload"] * 2
    assert server.tend({"config.yaml": b"2"}) and len(asked) == 3


def test_the_keeper_is_not_ready_while_a_server_refuses_its_configuration(keeper, tmp_path, monkeypatch):
    def says(answer):
        def opened(self, request, timeout):
            if answer:
                raise answer
            return open("/dev/null", "rb")

        monkeypatch.setattr(keeper.urllib.request, "build_opener", lambda *_handlers: type("Opener", (), {"open": opened})())

    refusal = keeper.urllib.error.HTTPError("http://x", 500, "", {}, io.BytesIO(b"couldn't load configuration"))
    server, holds = keeper.Keeper("Prometheus", tmp_path, 9000), threading.Event()
    ready = []
    for answer, files in ((OSError("not up yet"), b"1"), (None, b"1"), (refusal, b"2"), (None, b"3")):
        says(answer)
        keeper.tend_all({server: {"config.yaml": files}}, holds)
        ready.append(holds.is_set())
    assert ready == [True, True, False, True]


@pytest.mark.parametrize(
    ("missing", "items", "wanted", "asked"),
    [
        ("", [{}], True, ["as", "bs"]),
        ("", [], False, ["as"]),
        ("b.example/v1/bs", [{}], False, ["as", "bs"]),
        ("a.example/v1/as", [{}], False, ["as"]),
    ],
)
def test_a_program_starts_behind_every_one_of_its_kinds_and_the_first_object(monkeypatch, missing, items, wanted, asked):
    module = loaded("when_wanted", monkeypatch)
    seen = []

    def cluster(method, path):
        seen.append((method, path))
        if missing and f"apis/{missing}?" in path:
            raise module.Refused("404", 404)
        return {"items": items if path.startswith("apis/a.") else []}

    assert module.wanted(cluster, ["as.a.example/v1", "bs.b.example/v1"]) is wanted
    assert seen == [("GET", f"apis/{name[0]}.example/v1/{name}?limit=1") for name in asked]


def test_a_cluster_that_does_not_answer_is_no_cluster_without_the_kind(monkeypatch):
    module = loaded("when_wanted", monkeypatch)

    def cluster(_method, _path):
        raise module.Refused("no answer")

    with pytest.raises(module.Refused):
        module.wanted(cluster, ["as.a.example/v1"])
