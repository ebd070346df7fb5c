# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configurations of Alertmanager before the real amtool: a good one, and every mistake in it named with its place."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._joined.amtool import CHECK
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.tests.integration.conftest import built

GOOD = """
route:
  receiver: nobody
  group_by: [alertname, namespace]
  routes:
    - {receiver: switch, matchers: ['alertname="Watchdog"'], repeat_interval: 5m}
    - {receiver: automation, matchers: ['severity=~"page|ticket"'], continue: true}
    - receiver: nobody
      matchers: ['team="cortex"']
      routes:
        - {receiver: cortex, matchers: ['severity="page"', 'tier=~"t0|t1|"'], group_wait: 10s}
        - {receiver: quiet, matchers: ['severity="ticket"'], mute_time_intervals: [nights]}
receivers:
  - name: nobody
  - name: switch
    webhook_configs: [{url: "https://switch.example/x", send_resolved: false}]
  - name: automation
    webhook_configs: [{url: "https://awx.example/x"}]
  - name: cortex
    pagerduty_configs:
      - routing_key: abc
        description: '[{{ .Status | toUpper }}] {{ (index .Alerts 0).Annotations.summary }}'
        details: {service: '{{ .CommonLabels.service }}'}
        links: [{href: '{{ template "runbook" (index .Alerts 0) }}', text: Runbook}]
    slack_configs:
      - api_url: https://hooks.example/x
        channel: "#cortex"
        title: '{{ template "title" . }}'
        text: '{{ range .Alerts }}{{ .Annotations.description }}{{ end }}'
  - name: quiet
    email_configs:
      - to: team@cortex.example
        from: alerts@cortex.example
        smarthost: mail.cortex.example:25
        html: '<b>{{ .CommonAnnotations.summary }}</b>'
        headers: {subject: '{{ template "title" . }}'}
inhibit_rules:
  - source_matchers: ['severity="page"']
    target_matchers: ['severity="ticket"']
    equal: [alertname, service]
time_intervals:
  - name: nights
    time_intervals: [{weekdays: ["monday:friday"], times: [{start_time: "18:00", end_time: "24:00"}]}]
templates: [parts/*.tmpl]
"""
TEMPLATES = """{{ define "title" }}{{ .Status }} {{ .CommonLabels.alertname }} {{ template "count" .Alerts }}{{ end }}
{{ define "count" }}{{ len . }}{{ end }}
{{ define "runbook" }}{{ .Annotations.runbook_url }}{{ end }}
{{ define "labels" }}{{ range .SortedPairs }}{{ .Name }}{{ end }}{{ end }}
"""
ROUTES = [
    ({"alertname": "Watchdog"}, ["switch"]),
    ({"team": "cortex", "severity": "page"}, ["automation", "cortex"]),
    ({"team": "cortex", "severity": "page", "tier": "t1"}, ["automation", "cortex"]),
    ({"team": "cortex", "severity": "page", "tier": "t3"}, ["automation", "nobody"]),
    ({"team": "cortex", "severity": "ticket", "summary": 'a "text", with=all'}, ["automation", "quiet"]),
    ({"team": "gone", "severity": "none"}, ["nobody"]),
]


@pytest.fixture(scope="module")
def amtool():
    (path,) = built("amtool")
    return path


@pytest.fixture
def checked(amtool, tmp_path):
    """What the module says of a configuration, with whatever is said instead."""

    def check(config=GOOD, templates=TEMPLATES, routes=ROUTES, **said):
        (tmp_path / "parts").mkdir(exist_ok=True)
        (tmp_path / "parts" / "ours.tmpl").write_text(templates, encoding="utf-8")
        (tmp_path / "alertmanager.yml").write_text(config, encoding="utf-8")
        given = {name: option.get("default") for name, option in CHECK.spec.items()} | {"amtool": amtool}
        rows = [{"labels": labels, "receivers": receivers} for labels, receivers in routes]
        answer = CHECK.call(Call({**given, "configs": [str(tmp_path / "alertmanager.yml")], "routes": rows, **said}, {"PATH": "/nowhere"}))
        return answer, answer.get("msg", "").replace(f"{tmp_path}/", "")

    return check


def test_what_is_right_is_read_rendered_and_walked(checked):
    found, _words = checked()
    assert (found["problems"], found["checked"], found["routed"]) == ([], 1, len(ROUTES))
    # One text of a title stands twice, and each named template counts as well.
    assert found["rendered"] == 6 + 4 and found["verdicts"][0]["passed"]


def line(words, text=GOOD):
    return next(number for number, one in enumerate(text.splitlines(), 1) if words in one)


CONFIGS = [
    ("receiver: switch", "receiver: swich", 'undefined receiver "swich"', "receiver: switch"),
    ("mute_time_intervals: [nights]", "mute_time_intervals: [days]", 'undefined time interval "days"', "mute_time_intervals"),
    ("group_wait: 10s", "group_wait: 10", "not a valid duration string", None),
    ("repeat_interval: 5m", "repeat_interval: 0s", "repeat_interval cannot be zero", None),
    ('tier=~"t0|t1|"', 'tier=~"t0|(t1"', "missing closing )", None),
    ("'team=\"cortex\"'", "'team==\"cortex\"'", "unescaped double quote", None),
    ("continue: true", "continu: true", "field continu not found", "continue: true"),
    ("continue: true", "continue: soon", "cannot unmarshal", "continue: true"),
    ("slack_configs:", "slak_configs:", "field slak_configs not found", "slack_configs:"),
    ("routing_key: abc", "routing_keys: abc", "field routing_keys not found", "routing_key: abc"),
    ('        channel: "#cortex"\n', "        api_url_file: /x\n", "at most one of api_url & api_url_file", None),
    ("https://hooks.example/x", "hooks.example", "unsupported scheme", None),
    ("https://hooks.example/x", "https://hooks.example/c-a-n-a-r-y%zz", "parse an address: invalid URL escape", None),
    ("https://awx.example/x", "", "url", None),
    ("  - name: switch\n", "  - name: automation\n", 'notification config name "automation" is not unique', "name: switch"),
    ("  - name: nobody\n", "", 'undefined receiver "nobody"', "receiver: nobody"),
    ("  receiver: nobody\n  group_by", "  group_by", "root route must specify a default receiver", None),
    ("[alertname, namespace]", "[alertname, alertname]", "duplicated label", None),
    ("[alertname, namespace]", "[alertname, ...]", "cannot have wildcard group_by", None),
    (
        "  receiver: nobody\n  group_by",
        "  matchers: ['a=\"b\"']\n  receiver: nobody\n  group_by",
        "root route must not have any matchers",
        None,
    ),
    ("monday:friday", "monday:fryday", "fryday", None),
    ('end_time: "24:00"', 'end_time: "25:00"', "25:00", None),
    ('end_time: "24:00"', 'end_time: "17:00"', "start time cannot be equal or greater than end time", None),
    ("source_matchers:", "source_matcher:", "field source_matcher not found", "source_matchers:"),
    ("equal: [alertname, service]", "equal: [{a: b}]", "cannot unmarshal", "equal:"),
    ("smarthost: mail.cortex.example:25", "smarthost: mail.cortex.example", "missing port", None),
    ("to: team@cortex.example", "too: team@cortex.example", "field too not found", "to: team@cortex.example"),
    ("route:", "rout:", "field rout not found", "route:"),
]


@pytest.mark.parametrize(("there", "instead", "words", "place"), CONFIGS)
def test_a_configuration_that_alertmanager_would_not_read_is_refused_with_its_line(checked, there, instead, words, place):
    assert there in GOOD
    found, said = checked(GOOD.replace(there, instead, 1))
    assert found["failed"] and words in said, said
    assert "c-a-n-a-r-y" not in str(found), "the address of a webhook is a secret"
    assert all(row.partition("/alertmanager.yml")[2] for row in found["problems"])
    if place:
        assert f"alertmanager.yml:{line(place)}: " in said, said


TEXTS = [
    ("{{ .Status | toUpper }}", "{{ .Status | toUper }}", "cortex].pagerduty_configs[0].description", 'function "toUper" not defined'),
    ("{{ .Status | toUpper }}", "{{ .Status | toUpper }", "cortex].pagerduty_configs[0].description", 'unexpected "}"'),
    ("{{ .CommonLabels.service }}", "{{ .CommonLabel.service }}", "cortex].pagerduty_configs[0].details.service", "can't evaluate field CommonLabel"),
    ('template "runbook" (index .Alerts 0)', 'template "runbok" .', "cortex].pagerduty_configs[0].links[0].href", '"runbok" not defined'),
    ('template "runbook" (index .Alerts 0)', 'template "runbook" .',
     "cortex].pagerduty_configs[0].links[0].href", "can't evaluate field Annotations"),
    ("{{ range .Alerts }}{{ .Annotations.description }}{{ end }}", "{{ range .Alerts }}{{ .Annotations.description }}",
     "cortex].slack_configs[0].text",
     "unexpected EOF"),
    ("{{ range .Alerts }}{{ .Annotations.description }}{{ end }}", "{{ (index .Alerts 1).Status }}", "cortex].slack_configs[0].text",
     "index out of range"),
    ("<b>{{ .CommonAnnotations.summary }}</b>", '<a href="{{ if .Status }}x">{{ end }}',
     "quiet].email_configs[0].html", "branches end in different contexts"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "instead", "place", "words"), TEXTS)
def test_a_template_that_would_fail_at_its_first_alert_is_refused_by_its_place(checked, there, instead, place, words):
    found, said = checked(GOOD.replace(there, instead, 1))
    number = line(there.partition(" ")[2][:15] if "html" in place else there[:20])
    assert found["failed"] and f"alertmanager.yml:{number}: receivers[{place}: cannot be rendered for alerts that " in said, said
    assert words in said and len(found["problems"]) == 1


@pytest.mark.parametrize(
    ("there", "instead", "words"),
    [
        ("{{ len . }}", "{{ len .Nothing }}", "parts/ours.tmpl:1: title: cannot be rendered"),
        ("{{ len . }}", "{{ len . }", "ours.tmpl:2: unexpected"),
        ("{{ range .SortedPairs }}{{ .Name }}", "{{ range .SortedPairs }}{{ .Nam }}", "parts/ours.tmpl:4: labels: cannot be rendered"),
        ('define "title"', 'define "titles"', 'template "title" not defined'),
    ],
)
def test_what_lies_in_files_of_templates_is_rendered_too_and_named(checked, there, instead, words):
    found, said = checked(templates=TEMPLATES.replace(there, instead, 1))
    assert found["failed"] and words in said, said


@pytest.mark.parametrize(
    ("there", "instead", "rows"),
    [
        ("continue: true", "continue: false", {1, 2, 3, 4}),
        ('tier=~"t0|t1|"', 'tier=~"t0|t1"', {1}),
        ("'team=\"cortex\"'", "'team=\"memory\"'", {1, 2, 3, 4}),
        ("receiver: quiet", "receiver: cortex", {4}),
        ("'alertname=\"Watchdog\"'", "'alertname=\"Watchdogs\"'", {0}),
    ],
)
def test_an_alert_that_reaches_somebody_else_is_named_with_whom_it_reaches(checked, there, instead, rows):
    found, said = checked(GOOD.replace(there, instead, 1))
    assert {int(one.partition("[")[2].partition("]")[0]) for one in found["problems"]} == rows, said
    assert all("; expected " in one and ": reaches " in one for one in found["problems"])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"amtool": "/nowhere/amtool"}, "/nowhere/amtool does not run"),
        ({"amtool": None}, "amtool is not on PATH; name it with amtool"),
        ({"configs": []}, "nothing to check: name configs"),
        ({"configs": ["/nowhere/alertmanager.yml"]}, "configs: /nowhere/alertmanager.yml cannot be read"),
        ({"routes": [({}, ["nobody"])]}, "routes[0]: labels are empty"),
        ({"routes": [({"a": "b"}, [])]}, "routes[0]: receivers are empty"),
        ({"routes": [({"a": "b"}, ["cortx"])]}, "routes[0]: no receiver of alertmanager.yml is called 'cortx'; did you mean 'cortex'?"),
        ({"config": "[]"}, "cannot unmarshal !!seq"),
        ({"config": "route: {receiver: a}"}, "undefined receiver"),
        ({"config": "route: [\n"}, "alertmanager.yml:"),
    ],
)
def test_what_cannot_be_checked_is_not_called_right(checked, said, words):
    found, message = checked(**said)
    assert found["failed"] and words in message, message


def test_without_amtool_a_run_says_that_it_did_not_look(checked):
    for amtool in (None, "/nowhere/amtool"):
        found, _words = checked(amtool=amtool, without_amtool="warn")
        (warning,) = found["warnings"]
        assert (found["checked"], found["routed"]) == (0, 0) and "was not checked" in warning and not found.get("failed")
