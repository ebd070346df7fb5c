# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is told: the real Alertmanager, configured by the real operator, and stand-ins for those who are told."""

from __future__ import annotations

import contextlib
import copy
import datetime
import http.server
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._joined.amtool import CHECK
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.silence import SILENCE, SPEC
from ansible_collections.gantry.platform.tests.integration.conftest import ROOT, built
from ansible_collections.gantry.platform.tests.integration.everything.test_slo import BURNING
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.routes import receiver_of
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

SLACK, PAGERDUTY = "/slack", "/v2/enqueue"
KEPT_QUIET = ("suppressed", True, False)
"""By another alert."""


def received(log):
    """What those who are told have kept so far; the last line may be in the making."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]


class Alerts:
    """Alerts as Prometheus sends them, and what came of them; all have a namespace of the test's own."""

    def __init__(self, platform):
        self._url = json.loads((platform.cluster / "alertmanager.json").read_text(encoding="utf-8"))["url"]
        self._log = platform.cluster / "logs" / "alert-sinks-received.log"
        self.namespace = f"n{uuid.uuid4().hex[:8]}"

    def ask(self, path, body=None):
        content = None if body is None else json.dumps(body).encode()
        return json.loads(self._read(urllib.request.Request(f"{self._url}/api/v2/{path}", content, {"Content-Type": "application/json"})))

    def _read(self, sent):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sent, timeout=LONGEST) as answer:
            return answer.read() or b"null"

    def delivered(self, integration):
        """How many requests to tell somebody Alertmanager counts as answered well by now."""
        lines = self._read(f"{self._url}/metrics").decode().splitlines()

        def count(metric):
            own = [line for line in lines if line.startswith(f"{metric}{{") and f'integration="{integration}"' in line]
            return sum(float(line.rpartition(" ")[2]) for line in own)

        return count("alertmanager_notification_requests_total") - count("alertmanager_notification_requests_failed_total")

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
        return [row for row in received(self._log) if row["to"] == sink and self.namespace in json.dumps(row["body"])]


@contextlib.contextmanager
def awx(template):
    """A stand-in for AWX with one job template: it answers what ansible-rulebook asks. (variables of each launch, address)."""
    launched = []
    row = {"id": 7, "type": "job_template", "name": template, "summary_fields": {"organization": {"name": "Default"}}}
    row |= {f"ask_{what}_on_launch": True for what in ("limit", "inventory", "variables")} | {"ask_labels_on_launch": False}
    row["related"] = {"launch": "/api/v2/job_templates/7/launch/"}
    job = {"id": 9, "url": "/api/v2/jobs/9/", "status": "successful", "artifacts": {}, "created": "2026-01-01T00:00:00Z"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            rows = [row] if "unified_job_templates" in self.path else [job]
            self._say({"version": "24"} if "config" in self.path else {"count": len(rows), "next": None, "results": rows})

        def do_POST(self):
            assert self.path == row["related"]["launch"] and self.headers["Authorization"] == "Bearer canary"
            launched.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["extra_vars"])
            self._say(job)

        def _say(self, body):
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words):
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield launched, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextlib.contextmanager
def rulebook(folder, controller):
    """The collection's rulebook in ansible-rulebook; a call gives it a body of Alertmanager's and has the status of its answer."""
    port = free_port()
    variables, output = folder / "variables.yml", folder / "output"
    variables.write_text(json.dumps({"gantry_alerts_host": "127.0.0.1", "gantry_alerts_port": port, "gantry_alerts_token": "standin"}))
    (folder / "inventory").write_text("localhost\n")
    words = ["--rulebook", ROOT / "extensions" / "eda" / "rulebooks" / "alerts.yml", "--inventory", folder / "inventory"]
    words += ["--vars", variables, "--controller-url", controller, "--controller-token", "canary"]
    java, programs = Path(shutil.which("java")).resolve().parents[1], Path(sys.executable).parent
    surroundings = {**os.environ, "JAVA_HOME": str(java), "PATH": f"{programs}:{os.environ['PATH']}"}

    def send(body, token="standin"):
        sent = urllib.request.Request(
            f"http://127.0.0.1:{port}/", json.dumps(body).encode(), {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sent, timeout=LONGEST) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except urllib.error.URLError:
            assert process.poll() is None, output.read_text()
            return 0

    with output.open("w") as log:
        process = subprocess.Popen([programs / "ansible-rulebook", *words], stdout=log, stderr=log, env=surroundings)
        try:
            until(lambda: send({}, "nobody"), "the rulebook to listen")
            yield send
        finally:
            process.kill()
            process.wait()
    assert "canary" not in output.read_text() and "standin" not in output.read_text()


@pytest.fixture
def alerts(everything):
    return Alerts(everything)


def test_a_page_reaches_pagerduty_and_slack_keeps_its_ticket_quiet_and_ends(alerts):
    whose = {"team": "cortex", "tier": "t0", "service": "consciousness-engine"}
    before = {integration: alerts.delivered(integration) for integration in ("pagerduty", "slack")}
    alerts.send("Broken", "page", **whose)
    # What keeps others quiet learns of alerts by itself; one that has nobody shows that it knows, before the one that would be told.
    alerts.send("Broken", "ticket", team="nobody", service=whose["service"])
    until(lambda: alerts.states().get("Broken/ticket") == KEPT_QUIET, "the page to keep tickets quiet")
    alerts.send("Broken", "ticket", **whose)
    until(lambda: alerts.heard(PAGERDUTY) and alerts.heard(SLACK), "the page to be told")
    # Who hears and does not answer as its like does is told again and again.
    until(lambda: all(alerts.delivered(one) > count for one, count in before.items()), "Alertmanager to take both for told")
    (paged,), (said,) = alerts.heard(PAGERDUTY), alerts.heard(SLACK)
    assert paged["wrong"] == said["wrong"] == []
    event = paged["body"]
    assert (event["event_action"], event["payload"]["severity"], event["payload"]["component"]) == ("trigger", "critical", whose["service"])
    assert {key: event["payload"]["custom_details"][key] for key in whose} == whose
    assert "Broken is wrong" in event["payload"]["summary"]
    (link,) = event["links"]
    assert link["href"].endswith("/docs/monitoring.md#when-a-target-is-down") and link["href"].startswith("https://")
    assert said["body"]["channel"] == "#team-cortex" and said["body"]["attachments"][0]["actions"][0]["url"] == link["href"]
    assert alerts.states() == {"Broken/page": ("active", False, False), "Broken/ticket": KEPT_QUIET}

    alerts.send("Broken", "page", ends=-1, **whose)
    until(lambda: len(alerts.heard(PAGERDUTY)) > 1, "the page to end")
    ended = alerts.heard(PAGERDUTY)[1]["body"]
    assert (ended["event_action"], ended["dedup_key"]) == ("resolve", event["dedup_key"])


def test_a_budget_that_burns_wakes_whoever_has_the_service_with_the_runbook(everything):
    """The whole way: a service that goes wrong, rules over what it counted, Alertmanager, and what PagerDuty is told."""

    def events():
        rows = received(everything.cluster / "logs" / "alert-sinks-received.log")
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


def test_an_alert_starts_the_job_that_the_inventory_names_for_it_once(everything, tmp_path):
    """What the real Alertmanager sent, the collection's rulebook in the real ansible-rulebook, and a stand-in for AWX."""

    def told():
        rows = received(everything.cluster / "logs" / "alert-sinks-received.log")
        return [row for row in rows if row["to"] == "/automation"]

    def burns():
        """(what was told, the alert in it), of the objective that burns."""
        for row in told():
            for one in row["body"]["alerts"]:
                if one["labels"]["alertname"] == "ErrorBudgetBurns" and one["labels"]["slo"] == BURNING and one["status"] == "firing":
                    return row, one
        return None

    row, alert = until(burns, "automation to be told of the burning budget")
    assert all(one["wrong"] == [] for one in told())
    assert {one["annotations"].get("job") for one in row["body"]["alerts"]} == {"platform verify"}
    if not shutil.which("java"):
        print("not run: no Java is here, which ansible-rulebook needs")
        return
    body = copy.deepcopy(row["body"])
    unmapped = {**alert, "fingerprint": "0", "annotations": {"summary": "s"}}
    ended = {**alert, "fingerprint": "1", "status": "resolved"}
    body["alerts"] = [unmapped, ended, {**alert, "labels": {**alert["labels"], "hostile": "{{ lookup('pipe', 'id') }}"}}]
    with awx("platform verify") as (launched, controller), rulebook(tmp_path, controller) as send:
        assert (send(body, "another"), send(body), send(body)) == (401, 200, 200)
        another = {**alert, "fingerprint": "2"}
        assert send({**body, "alerts": [another]}) == 200
        until(lambda: len(launched) > 1, "both jobs to be started")
    events = [variables["ansible_eda"]["event"] for variables in launched]
    assert [event["fingerprint"] for event in events] == [alert["fingerprint"], "2"]
    assert events[0]["labels"] == body["alerts"][2]["labels"] and events[0]["annotations"]["runbook_url"]


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

    right = ["automation", "cortex_pagerduty-slack"]
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
