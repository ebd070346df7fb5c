# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares pagerduty_config and cloudflare_config with loops of ansible.builtin.uri on the sandbox's stand-ins, and writes docs/performance-rest.md.

Both are whole ansible-playbook runs over the same teams and DNS records, each with names of its own in one account. The loops are what a
careful author writes: one list, then a request for what is missing or differs. Requests are counted out of the stand-ins' logs. Nothing
here judges a time.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import books
import machine

ROOT = Path(__file__).resolve().parent.parent
_WORK = ROOT / ".gantry" / "bench-rest"
_INSTANCE = _WORK / "instance"
_PAGE = ROOT / "docs" / "performance-rest.md"
_SCENARIOS = {"cold": "From nothing", "no change": "Nothing to do", "drift": "One record and one team changed by hand"}
_OURS = "pagerduty_config, cloudflare_config"
_PEER = "ansible.builtin.uri (loops)"
_ZONE = "example.org"
_APIS = {"pagerduty": "Token token={token}", "cloudflare": "Bearer {token}"}
_AREAS = ("core", *_APIS)


class StandIn:
    """A stand-in of the sandbox, and what its log says."""

    def __init__(self, folder: Path, api: str) -> None:
        self.folder, self.api = folder, api
        self.url = json.loads((folder / f"{api}.json").read_text())["url"]
        self.authorization = _APIS[api].format(token=(folder / f"{api}.token").read_text())

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request by hand."""
        headers = {"Authorization": self.authorization, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, None if body is None else json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def asked(self) -> list[str]:
        """The verb of every request so far."""
        log = self.folder / "logs" / f"{self.api}-requests.log"
        return [json.loads(line)["verb"] for line in log.read_text().splitlines()] if log.is_file() else []


def main() -> None:
    """Measure, keep the figures, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--things", type=int, default=200)
    options = parser.parse_args()
    books.role("clean", _INSTANCE, _AREAS)
    books.role("main", _INSTANCE, _AREAS)
    try:
        found = measure({api: StandIn(_INSTANCE, api) for api in _APIS}, options.things)
    finally:
        books.role("clean", _INSTANCE, _AREAS)
    text = render(found)
    print(text)
    if options.things >= 200:
        _PAGE.write_text(text, encoding="utf-8")


def measure(servers: dict[str, StandIn], things: int) -> dict[str, Any]:
    """Every scenario, ours and the peer's in turns."""
    (zone,) = servers["cloudflare"].call("GET", f"/zones?name={_ZONE}")["result"]
    playbooks = {_OURS: ours(servers, things // 2), _PEER: peer(servers, things // 2, zone["id"])}
    rows = []
    for scenario in _SCENARIOS:
        for name, book in playbooks.items():
            prefix = "ours" if name == _OURS else "peer"
            if scenario == "drift":
                change(servers, prefix, zone["id"])
            before = {api: len(server.asked()) for api, server in servers.items()}
            cost = books.run(book, ANSIBLE_PIPELINING="true")
            verbs = Counter(verb for api, server in servers.items() for verb in server.asked()[before[api] :])
            failed = wrong(servers, prefix, things // 2, zone["id"]) + int(cost["code"] != 0)
            rows.append({"tool": name, "scenario": scenario, **cost, "requests": dict(verbs), "failed": failed})
            print(f"{name:36} {scenario:10} {cost['wall']:7.2f} s  {dict(verbs)}  failed {failed}", file=sys.stderr, flush=True)
    return {"things": things, "rows": rows, "machine": machine.describe(ROOT)}


def _teams(servers: dict[str, StandIn], prefix: str) -> list[dict[str, Any]]:
    return [row for row in servers["pagerduty"].call("GET", "/teams?limit=100&offset=0")["teams"] if row["name"].startswith(prefix)] + [
        row for row in servers["pagerduty"].call("GET", "/teams?limit=100&offset=100")["teams"] if row["name"].startswith(prefix)
    ]


def _records(servers: dict[str, StandIn], prefix: str, zone: str) -> list[dict[str, Any]]:
    pages = [servers["cloudflare"].call("GET", f"/zones/{zone}/dns_records?page={number}")["result"] for number in (1, 2)]
    return [row for rows in pages for row in rows if row["name"].startswith(prefix)]


def change(servers: dict[str, StandIn], prefix: str, zone: str) -> None:
    """Somebody changes a team and a record."""
    team, record = _teams(servers, prefix)[3], _records(servers, prefix, zone)[5]
    servers["pagerduty"].call("PUT", f"/teams/{team['id']}", {"team": {"type": "team", "name": team["name"], "description": "by hand"}})
    servers["cloudflare"].call("PATCH", f"/zones/{zone}/dns_records/{record['id']}", {"content": "198.51.100.1"})


def wrong(servers: dict[str, StandIn], prefix: str, each: int, zone: str) -> int:
    """How many things are not as they are to be."""
    teams = [row for row in _teams(servers, prefix) if row["description"].startswith("Number")]
    records = [row for row in _records(servers, prefix, zone) if row["content"] == "192.0.2.1"]
    return 2 * each - len(teams) - len(records)


def ours(servers: dict[str, StandIn], each: int) -> Path:
    """A playbook with one task for each API."""
    folder = servers["pagerduty"].folder
    hub = {"owner": "bench", "kubeconfig": str(folder / "admin.kubeconfig"), "record_namespace": "default"}
    teams = {"teams": {f"ours-{number}": {"description": f"Number {number}"} for number in range(each)}}
    records = {f"A ours-{number}.{_ZONE}": {"content": "192.0.2.1", "proxied": True} for number in range(each)}
    zones = {"account": "0123456789abcdef" * 2, "zones": {_ZONE: {"records": records}}}
    return books.playbook(
        _WORK,
        "ours",
        [
            {f"gantry.platform.{api}_config": {**hub, "access_file": str(folder / f"{api}.json"), "config": config}}
            for api, config in (("pagerduty", teams), ("cloudflare", zones))
        ],
    )


def peer(servers: dict[str, StandIn], each: int, zone: str) -> Path:
    """For each API a list, then what is missing, then what differs."""
    teams = [{"type": "team", "name": f"peer-{number}", "description": f"Number {number}"} for number in range(each)]
    records = [{"type": "A", "name": f"peer-{number}.{_ZONE}", "content": "192.0.2.1", "proxied": True} for number in range(each)]
    return books.playbook(
        _WORK,
        "peer",
        [
            *_loop(
                servers["pagerduty"], "/teams", "?limit=100&offset={{ 100 * item }}", range(2), "teams", teams, "description", "PUT", "team"
            ),
            *_loop(
                servers["cloudflare"],
                f"/zones/{zone}/dns_records",
                "?page={{ item + 1 }}",
                range(2),
                "result",
                records,
                "content",
                "PATCH",
                "",
            ),
        ],
    )


def _loop(
    server: StandIn, path: str, query: str, pages: range, rows: str, wanted: list[dict[str, Any]], field: str, verb: str, wrap: str
) -> list[dict[str, Any]]:
    known = "there_" + rows
    headers = {"Authorization": server.authorization}
    body = "{{ {'" + wrap + "': item} if '" + wrap + "' else item }}"
    found = (
        "{{ dict("
        + known
        + ".results | map(attribute='json."
        + rows
        + "') | flatten | map(attribute='name') | zip("
        + known
        + ".results | map(attribute='json."
        + rows
        + "') | flatten)) }}"
    )
    asked = {"headers": headers, "body_format": "json", "status_code": [200, 201]}
    return [
        {
            "ansible.builtin.uri": {"url": server.url + path + query, "headers": headers, "return_content": True},
            "loop": list(pages),
            "register": known,
        },
        {"ansible.builtin.set_fact": {"by_name": found, "wanted": wanted}},
        {
            "ansible.builtin.uri": {**asked, "url": server.url + path, "method": "POST", "body": body},
            "loop": "{{ wanted | rejectattr('name', 'in', by_name) }}",
            "loop_control": {"label": "{{ item.name }}"},
        },
        {
            "ansible.builtin.uri": {**asked, "url": server.url + path + "/{{ by_name[item.name].id }}", "method": verb, "body": body},
            "loop": "{{ wanted | selectattr('name', 'in', by_name) }}",
            "loop_control": {"label": "{{ item.name }}"},
            "when": f"by_name[item.name].{field} != item.{field}",
        },
    ]


def render(found: dict[str, Any]) -> str:
    """The page as Markdown."""
    about = found["machine"]
    parts = [
        "# Performance: APIs that are tables",
        "",
        f"<!-- made by `make bench-rest` on {about['date']}; edit benchmarks/rest.py -->",
        "",
        f"{found['things']} things, half of them teams of PagerDuty and half DNS records of Cloudflare, one run each, whole `ansible-playbook`, in turns,",
        "on the sandbox's stand-ins, which answer at once: a vendor's server does not. Compare the ratios, not the seconds. Requests are those of",
        "the stand-ins' logs; failed things by a look at the accounts after the run.",
        "",
        f"- Machine: {about['machine']}, load {about['load']} before. Commit {about['commit']}.",
        f"- {_OURS}: one task for each API, with a plan, a lock and a record on a real control plane. {_PEER}: for each API a list, then a loop",
        "  over what is missing and one over what differs in one field; nothing is removed, planned or recorded.",
        "- Modules of community.general: not run. `cloudflare_dns` and `pagerduty` have their vendor's address as a constant and cannot ask a stand-in.",
        "",
    ]
    parts += books.tables(found["rows"], _SCENARIOS, _OURS, ("POST", "PUT", "PATCH", "DELETE"), digits=1)
    return "\n".join(parts)


if __name__ == "__main__":
    main()
