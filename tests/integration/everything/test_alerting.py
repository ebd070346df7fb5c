# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is told: the real Alertmanager, configured by the real operator, and stand-ins for those who are told."""

from __future__ import annotations

import datetime
import itertools
import json
import subprocess
import urllib.request
import uuid

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._joined.amtool import CHECK
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.silence import SILENCE, SPEC
from ansible_collections.gantry.platform.tests.integration.conftest import built
from ansible_collections.gantry.platform.tests.integration.everything.test_slo import BURNING
from ansible_collections.gantry.platform.tests.kit.routes import receiver_of
from ansible_collections.gantry.platform.tests.kit.waiting import until

SLACK, PAGERDUTY = "/slack", "/v2/enqueue"


class Alerts:
    """Alerts as Prometheus sends them, and what came of them; all have a namespace of the test's own."""

    def __init__(self, platform):
        self._url = json.loads((platform.cluster / "alertmanager.json").read_text(encoding="utf-8"))["url"]
        self._log = platform.cluster / "logs" / "alert-sinks-received.log"
        self.namespace = f"n{uuid.uuid4().hex[:8]}"

    def ask(self, path, body=None):
        content = None if body is None else json.dumps(body).encode()
        sent = urllib.request.Request(f"{self._url}/api/v2/{path}", content, {"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sent, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def send(self, name, severity, ends=3600, **labels):
        """An alert that ends in so many seconds."""
        now = datetime.datetime.now(datetime.UTC)
        alert = {
            "labels": {"alertname": name, "severity": severity, "namespace": self.namespace, "cluster": "sandbox", **labels},
            "annotations": {
                "summary": f"{name} is wrong",
                "description": "very",
                "runbook_url": "docs/monitoring.md#when-a-target-is-down",
            },
            "startsAt": (now - datetime.timedelta(seconds=60)).isoformat(),
            "endsAt": (now + datetime.timedelta(seconds=ends)).isoformat(),
        }
        self.ask("alerts", [alert])

    def states(self):
        """By name: active or suppressed, and by what."""
        found = self.ask(f"alerts?filter=namespace%3D%22{self.namespace}%22")
        return {
            one["labels"]["alertname"] + "/" + one["labels"]["severity"]: (
                one["status"]["state"],
                bool(one["status"]["inhibitedBy"]),
                bool(one["status"]["silencedBy"]),
            )
            for one in found
        }

    def heard(self, sink):
        """What a sink was told of these alerts."""
        rows = map(json.loads, self._log.read_text(encoding="utf-8").splitlines())
        return [row for row in rows if row["to"] == sink and self.namespace in json.dumps(row["body"])]


@pytest.fixture
def alerts(everything):
    return Alerts(everything)


def test_a_page_reaches_pagerduty_and_slack_keeps_its_ticket_quiet_and_ends(alerts):
    whose = {"team": "cortex", "tier": "t0", "service": "consciousness-engine"}
    alerts.send("Broken", "page", **whose)
    alerts.send("Broken", "ticket", **whose)
    until(lambda: alerts.heard(PAGERDUTY) and alerts.heard(SLACK), "the page to be told")
    (paged,), (said,) = alerts.heard(PAGERDUTY), alerts.heard(SLACK)
    assert paged["wrong"] == said["wrong"] == []
    event = paged["body"]
    assert (event["event_action"], event["payload"]["severity"], event["payload"]["component"]) == ("trigger", "critical", whose["service"])
    assert {key: event["payload"]["custom_details"][key] for key in whose} == whose
    assert "Broken is wrong" in event["payload"]["summary"]
    (link,) = event["links"]
    assert link["href"].endswith("/docs/monitoring.md#when-a-target-is-down") and link["href"].startswith("https://")
    assert said["body"]["channel"] == "#team-cortex" and said["body"]["attachments"][0]["actions"][0]["url"] == link["href"]
    assert alerts.states() == {"Broken/page": ("active", False, False), "Broken/ticket": ("suppressed", True, False)}

    alerts.send("Broken", "page", ends=-1, **whose)
    until(lambda: len(alerts.heard(PAGERDUTY)) > 1, "the page to end")
    ended = alerts.heard(PAGERDUTY)[1]["body"]
    assert (ended["event_action"], ended["dedup_key"]) == ("resolve", event["dedup_key"])


def test_a_budget_that_burns_wakes_whoever_has_the_service_with_the_runbook(everything):
    """The whole way: a service that goes wrong, rules over what it counted, Alertmanager, and what PagerDuty is told."""

    def events():
        rows = map(json.loads, (everything.cluster / "logs" / "alert-sinks-received.log").read_text(encoding="utf-8").splitlines())
        return [row["body"] for row in rows if row["to"] == PAGERDUTY and row["body"]["payload"]["custom_details"].get("slo") == BURNING]

    first = until(events, "the burning budget to page")[0]
    details = first["payload"]["custom_details"]
    assert (first["event_action"], first["payload"]["severity"], details["service"], details["team"], details["tier"]) == (
        "trigger",
        "critical",
        "language-cortex",
        "cortex",
        "t1",
    )
    assert first["links"][0]["href"].endswith("/docs/slo.md#when-an-error-budget-burns")


def test_what_the_operator_wrote_is_right_and_leads_every_alert_where_our_own_walk_does(everything):
    (amtool,) = built("amtool")
    config = everything.cluster / "data" / "alertmanager" / "config.yaml"
    done = subprocess.run([amtool, "check-config", config], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    spec = json.loads(everything.kubectl("-n", "monitoring", "get", "alertmanagerconfig", "platform", "-o", "json"))["spec"]
    teams, tiers = ("cortex", "memory", "consciousness", "gone"), ("t0", "t2", "")
    for team, tier, severity in itertools.product(teams, tiers, ("page", "ticket", "none")):
        labels = {"team": team, "severity": severity, **({"tier": tier} if tier else {})}
        words = [f"{name}={value}" for name, value in labels.items()]
        led = subprocess.run(
            [amtool, "config", "routes", "test", f"--config.file={config}", *words], capture_output=True, text=True, check=True
        )
        assert led.stdout.strip().split(",") == [f"monitoring/platform/{name}" for name in receiver_of(spec["route"]["routes"], labels)]


def test_verify_holds_what_alertmanager_runs_with_against_tiers_and_teams(everything):
    """As the deployer, through the apiserver, as the first run has done with every kind of alert."""
    log = (everything.cluster / "logs" / "audit.log").read_text(encoding="utf-8").splitlines()
    asked = [row for row in map(json.loads, log) if "/alertmanager:web/proxy/api/v2/status" in row["requestURI"]]
    assert asked and all(row["userAgent"].startswith("alertmanager_check") for row in asked)
    given = {name: option.get("default") for name, option in CHECK.spec.items()}
    service = {"namespace": "monitoring", "name": "alertmanager", "port": "web"}
    reach = {"kubeconfig": str(everything.cluster / "deployer.kubeconfig"), "service": service, "amtool": built("amtool")[0]}
    labels = {"team": "cortex", "tier": "t0", "severity": "page"}

    def checked(*receivers):
        row = {"labels": labels, "receivers": [f"monitoring/platform/{name}" for name in receivers]}
        return CHECK.call(Call({**given, **reach, "routes": [row]}, {}))

    right = ["cortex_pagerduty-slack"]
    found = checked(*right)
    assert not found.get("failed") and found["rendered"] > 5 and found["routed"] == 1, found
    assert (
        f"reaches {','.join(f'monitoring/platform/{name}' for name in right)}; expected monitoring/platform/nobody"
        in checked("nobody")["msg"]
    )


def test_a_silence_keeps_a_page_from_everybody_once_and_ends(alerts, everything):
    def silence(check_mode=False, **said):
        params = {name: option.get("default") for name, option in SPEC.items()}
        access = str(everything.cluster / "alertmanager.json")
        found = SILENCE.call(
            Call({**params, "access_file": access, "name": alerts.namespace, **said}, {}, check_mode=check_mode, diff=True)
        )
        assert not found.get("failed"), found
        return found["actions"]

    wanted = {"matchers": [f"namespace={alerts.namespace}"], "comment": "tests"}
    assert silence(check_mode=True, **wanted) == ["create"] == silence(**wanted)
    assert silence(**wanted) == []
    alerts.send("Quiet", "page", team="cortex", tier="t0", service="memory-store")
    until(lambda: alerts.states() == {"Quiet/page": ("suppressed", False, True)}, "the alert to be silenced")
    assert silence(**wanted, created_by="somebody") == ["update"]
    assert alerts.heard(PAGERDUTY) == []
    assert silence(state="absent") == ["expire"] and silence(state="absent") == []
    until(lambda: alerts.heard(PAGERDUTY), "the page to be told after all")
