# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Prometheus spends on the rules of objectives: ours and sloth's, of the same services, in the same server with the same four weeks.

Each expression is asked for by itself, after one answer that warms what lies on disk, and the cheapest of some answers counts. What it costs is the
engine's own figure (``stats.timings.evalTotalTime``), which leaves parsing and HTTP out.
"""

from __future__ import annotations

import json
import math
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

SERVICES = 20
_STEP, _DAY = 60, 86400
_RAW_DAYS, _DAYS = 4, 28
_ANSWERS = 3
_METRIC = "http_server_request_duration_seconds_count"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def said() -> dict[str, dict[str, Any]]:
    """The objectives as an inventory has them."""
    of = {"namespace": "cortex", "team": "cortex", "tier": "t0", "protocol": "http", "window": f"{_DAYS}d"}
    return {f"{name}-availability": {**of, "service": name, "indicator": "availability", "objective": 99.95} for name in _names()}


def specification() -> str:
    """The same objectives in sloth's words, a document for each service."""
    documents = []
    for name in _names():
        series = f'{_METRIC}{{namespace="cortex", service="{name}"'
        events = {
            "error_query": f'sum(increase({series}, http_response_status_code=~"5.."}}[{{{{.window}}}}]))',
            "total_query": f"sum(increase({series}}}[{{{{.window}}}}]))",
        }
        alerting = {
            "name": "ErrorBudgetBurns",
            "page_alert": {"labels": {"severity": "page"}},
            "ticket_alert": {"labels": {"severity": "ticket"}},
        }
        objective = {"name": "availability", "objective": 99.95, "sli": {"events": events}, "alerting": alerting}
        documents.append({"version": "prometheus/v1", "service": name, "slos": [objective]})
    return yaml.safe_dump_all(documents, sort_keys=False)


def compare(folder: Path, programs: Mapping[str, Path], ours: list[dict[str, Any]]) -> dict[str, tuple[int, float]]:
    """By whose they are, (how many rules, milliseconds of one evaluation of all); ``ours`` are groups, sloth makes its own."""
    (folder / "sloth.yml").write_text(specification(), encoding="utf-8")
    _run(programs["sloth"], "generate", "-i", folder / "sloth.yml", "-o", folder / "theirs.yml", "--default-slo-period", f"{_DAYS}d")
    documents = yaml.safe_load_all((folder / "theirs.yml").read_text(encoding="utf-8"))
    theirs = [group for document in documents if document for group in document["groups"]]
    end = int(time.time()) // _STEP * _STEP
    with (folder / "data.txt").open("w", encoding="utf-8") as file:
        file.writelines(_history(end, {"slo:bad:increase5m": ours, "slo:total:increase5m": ours, "slo:sli_error:ratio_rate5m": theirs}))
    blocks = ("tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics")
    _run(programs["promtool"], *blocks, folder / "data.txt", folder / "data")
    (folder / "data.txt").unlink()
    with _prometheus(folder, programs["prometheus"]) as url:
        return {name: _cost(url, groups, end) for name, groups in (("ours", ours), ("sloth", theirs))}


def _names() -> list[str]:
    return [f"service-{number:02}" for number in range(SERVICES)]


def _history(end: int, records: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """OpenMetrics: counters of the last days, and what the shortest records of both said in four weeks, all with the labels that the rules give them."""
    yield f"# TYPE {_METRIC.removesuffix('_count')} histogram\n"
    for name in _names():
        for code, rate in (("200", 40.0), ("500", 0.01)):
            labels = f'http_response_status_code="{code}",namespace="cortex",service="{name}"'
            yield from (
                f"{_METRIC}{{{labels}}} {rate * (second + 3600 * math.sin(second / 7200)):.0f} {end - _RAW_DAYS * _DAY + second}\n"
                for second in range(0, _RAW_DAYS * _DAY + 1, _STEP)
            )
    for record, groups in records.items():
        yield f"# TYPE {record} gauge\n"
        for rule in (rule for group in groups for rule in group["rules"] if rule.get("record") == record):
            labels = ",".join(f"{key}={json.dumps(str(value))}" for key, value in sorted(rule["labels"].items()))
            level = 12000 if "total" in record else 3 if "bad" in record else 0.00025
            yield from (
                f"{record}{{{labels}}} {level * (1.5 + math.sin(at / 9000)):.6g} {at}\n" for at in range(end - _DAYS * _DAY, end + 1, _STEP)
            )
    yield "# EOF\n"


def _cost(url: str, groups: list[dict[str, Any]], at: int) -> tuple[int, float]:
    rules = [rule for group in groups for rule in group["rules"]]
    return len(rules), 1000 * sum(min(_answered(url, rule["expr"], at) for _ in range(_ANSWERS + 1)) for rule in rules)


def _answered(url: str, expression: str, at: int) -> float:
    body = urllib.parse.urlencode({"query": expression, "time": at, "stats": "all"}).encode()
    with _OPENER.open(f"{url}/api/v1/query", body, timeout=600) as answer:
        return float(json.load(answer)["data"]["stats"]["timings"]["evalTotalTime"])


def _run(*words: Any) -> None:
    done = subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words[0]}: {done.stderr[-1000:]}")


class _prometheus:
    """One on the folder's data while it is entered; its address."""

    def __init__(self, folder: Path, program: Path) -> None:
        (folder / "config.yml").write_text("{}\n", encoding="utf-8")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self._url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        paths = [f"--config.file={folder}/config.yml", f"--storage.tsdb.path={folder}/data"]
        self._command = [
            str(program),
            *paths,
            f"--web.listen-address={self._url.removeprefix('http://')}",
            "--storage.tsdb.retention.time=60d",
        ]

    def __enter__(self) -> str:
        self._server = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            if self._server.poll() is not None:
                raise SystemExit("Prometheus does not start")
            try:
                with _OPENER.open(f"{self._url}/-/ready", timeout=10):
                    return self._url
            except OSError:
                time.sleep(0.1)

    def __exit__(self, *_of: object) -> None:
        self._server.terminate()
        self._server.wait()
