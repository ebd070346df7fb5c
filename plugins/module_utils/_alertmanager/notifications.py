# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Routes, receivers and quiet hours, in the words of the Prometheus Operator's AlertmanagerConfig (monitoring.coreos.com/v1alpha1).

An alert says whose it is (``team``), how much depends on it (``tier``) and how it is told (``severity``: page, ticket or none).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

VIAS = ("pagerduty", "slack", "teams", "webhook")
"""Ways of telling people, in the order in which a receiver has them."""
TIERS = ("t0", "t1", "t2", "t3")
SEVERITIES = ("page", "ticket")
NOBODY = "nobody"
DEAD_MAN = "dead-man"
AUTOMATION = "automation"
SECRET = "alertmanager-receivers"
"""The Secret that has what receivers keep secret, by way of telling."""
QUIET = "quiet-hours"
_RUNBOOK = (
    '{{ with (index .Alerts 0).Annotations.runbook_url }}{{ if match "^https?://" . }}{{ . }}{{ else }}<base>{{ . }}{{ end }}{{ end }}'
)
_TITLE = (
    '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] '
    "{{ (index .Alerts 0).Annotations.summary }} ({{ .CommonLabels.environment }}/{{ .CommonLabels.cluster }})"
)
_TEXT = (
    "{{ range .Alerts }}{{ .Annotations.description }}{{ with .Labels.service }} · service {{ . }}{{ end }}"
    "{{ with .Labels.namespace }} · namespace {{ . }}{{ end }}{{ with .Annotations.job }} · starts {{ . }}{{ end }}\n{{ end }}"
)
_DETAILS = ("alertname", "service", "namespace", "team", "tier", "slo", "environment", "cluster")
"""Labels that PagerDuty gets as custom details: an event orchestration routes by them."""


def ways(settings: Json, tier: str, severity: str) -> list[str]:
    """How an alert of a tier is told, of the ways that there are."""
    return [via for via in VIAS if via in settings["tiers"][tier][severity] and via in settings["receivers"]]


def notifications(settings: Json, teams: Mapping[str, Json], owner: str) -> dict[str, Any]:
    """``{routes, receivers, muteTimeIntervals, secrets, jobs}``: what an AlertmanagerConfig has beyond its root route, and which alert starts what.

    ``settings`` are those of the area, ``teams`` the model's. Alerts of no team, the platform's own among them, are those of ``owner``.
    """
    receivers = settings["receivers"]
    routes: list[dict[str, Any]] = [_dead_man(settings)] if "dead_man" in receivers else []
    routes.append({"receiver": NOBODY, "matchers": [_is("severity", "none")]})
    if "automation" in receivers:
        routes.append({"receiver": AUTOMATION, "matchers": [_is("severity", "page|ticket", "=~")], "continue": True})
    told: dict[str, tuple[str, tuple[str, ...]]] = {}
    for team in sorted(teams):
        if team != owner:
            routes.append({"receiver": NOBODY, "matchers": [_is("team", team)], "routes": list(_of_team(settings, team, told))})
    rest = list(_of_team(settings, owner, told))
    found = [_receiver(settings, name, teams.get(team, {}), vias) for name, (team, vias) in told.items()]
    if "dead_man" in receivers:
        found.append({"name": DEAD_MAN, "webhookConfigs": [{"urlSecret": _secret("dead_man"), "sendResolved": False}]})
    if "automation" in receivers:
        hook: dict[str, Any] = {"urlSecret": _secret("automation"), "sendResolved": True}
        if "token" in receivers["automation"]:
            hook["httpConfig"] = {"authorization": {"type": "Bearer", "credentials": _secret("automation_token")}}
        found.append({"name": AUTOMATION, "webhookConfigs": [hook]})
    quiet = [{"name": QUIET, "timeIntervals": [_interval(one) for one in settings["quiet_hours"]]}] if settings["quiet_hours"] else []
    return {
        "routes": [*routes, *rest],
        "receivers": found,
        "muteTimeIntervals": quiet,
        "secrets": dict(_secrets(receivers)),
        "jobs": receivers.get("automation", {}).get("jobs", {}),
    }


def _secrets(receivers: Json) -> Iterator[tuple[str, str]]:
    """(key in the Secret, reference) of what receivers keep secret."""
    for name, one in sorted(receivers.items()):
        key = name.replace("_", "-")
        yield key, one["key"] if name == "pagerduty" else one["url"]
        if "token" in one:
            yield f"{key}-token", one["token"]


def _of_team(settings: Json, team: str, told: dict[str, tuple[str, tuple[str, ...]]]) -> Iterator[dict[str, Any]]:
    """A route for each way in which a team is told; tiers that are told alike share one."""
    for severity in SEVERITIES:
        alike: dict[tuple[tuple[str, ...], bool], list[str]] = {}
        for tier in TIERS:
            alike.setdefault((tuple(ways(settings, tier, severity)), settings["tiers"][tier]["quiet"]), []).append(tier)
        for (vias, quiet), tiers in alike.items():
            name = f"{team}_{'-'.join(vias)}" if vias else NOBODY
            if vias:
                told[name] = (team, vias)
            # What says no tier is the platform's own.
            plain = settings["platform_tier"] in tiers
            route = {
                "receiver": name,
                "matchers": [_is("severity", severity), _is("tier", "|".join([*tiers, *([""] if plain else [])]), "=~")],
                "repeatInterval": settings["repeat"][severity],
                "groupWait": "10s" if severity == "page" else "1m",
            }
            if quiet and settings["quiet_hours"]:
                route["muteTimeIntervals"] = [QUIET]
            yield route


def _dead_man(settings: Json) -> dict[str, Any]:
    return {
        "receiver": DEAD_MAN, "matchers": [_is("alertname", "Watchdog")], "groupWait": "0s", "groupInterval": "1m",
        "repeatInterval": settings["repeat"]["dead_man"],
    }  # fmt: skip


def _receiver(settings: Json, name: str, team: Json, vias: Sequence[str]) -> dict[str, Any]:
    receivers, found = settings["receivers"], dict[str, Any](name=name)
    runbook = _RUNBOOK.replace("<base>", settings["runbooks"])
    for via in vias:
        if via == "pagerduty":
            found["pagerdutyConfigs"] = [{
                "sendResolved": True, "routingKey": _secret(via), "url": _EVENTS[receivers[via]["region"]],
                "description": _TITLE, "severity": '{{ if eq .CommonLabels.severity "page" }}critical{{ else }}warning{{ end }}',
                "class": "{{ .CommonLabels.alertname }}", "component": "{{ .CommonLabels.service }}", "group": "{{ .CommonLabels.namespace }}",
                "details": [{"key": key, "value": f"{{{{ .CommonLabels.{key} }}}}"} for key in _DETAILS],
                "pagerDutyLinkConfigs": [{"href": runbook, "alt": "Runbook"}],
            }]  # fmt: skip
        elif via == "slack":
            found["slackConfigs"] = [{
                "sendResolved": True, "apiURL": _secret(via), "channel": team.get("slack") or receivers[via]["channel"],
                "title": _TITLE, "titleLink": runbook, "text": _TEXT,
                "color": '{{ if eq .Status "firing" }}{{ if eq .CommonLabels.severity "page" }}danger{{ else }}warning{{ end }}{{ else }}good{{ end }}',
                "actions": [{"type": "button", "text": "Runbook", "url": runbook}],
            }]  # fmt: skip
        elif via == "teams":
            text = f"{_TEXT}\n[Runbook]({runbook})"
            found["msteamsv2Configs"] = [{"sendResolved": True, "webhookUrl": _secret(via), "title": _TITLE, "text": text}]
        else:
            found["webhookConfigs"] = [{"sendResolved": True, "urlSecret": _secret(via)}]
    return found


_EVENTS = {"us": "https://events.pagerduty.com/v2/enqueue", "eu": "https://events.eu.pagerduty.com/v2/enqueue"}


def _secret(via: str) -> dict[str, str]:
    return {"name": SECRET, "key": via.replace("_", "-")}


def _is(name: str, value: str, how: str = "=") -> dict[str, str]:
    return {"name": name, "value": value, "matchType": how}


def _interval(quiet: Json) -> dict[str, Any]:
    """Hours of days of the week, in UTC, as the operator's kind knows them."""
    found: dict[str, Any] = {"weekdays": list(quiet["weekdays"])}
    if "from" in quiet:
        found["times"] = [{"startTime": quiet["from"], "endTime": quiet["to"]}]
    return found
