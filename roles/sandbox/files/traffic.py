# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for the metrics of every service: days and nights, and incidents, the same for the same seed.

Every counter is a function of time alone, so what is scraped and what was before the first start fit together: requests are the integral of a
rate, errors a part of it and of each incident. Some requests can be followed (traced.py). Of the four weeks before the first start it writes
into Prometheus' folder what the rules of objectives would have recorded, as soon as those are declared; Prometheus takes up new blocks within a
minute. Runs under the supervisor: standard library and what stands beside it only.
"""

from __future__ import annotations

import argparse
import http.client
import http.server
import json
import math
import random
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import traced
from keepers import Cluster, Refused, quoted, say

NAME = "traffic"
DAY = 86400
PAST = 28 * DAY
STEP = 900
LOOKS_AGAIN_AFTER = 2.0
ERRORS, SLOW, POOR = "errors", "slow", "poor"
_RULES = "apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheusrules"
_OF_OBJECTIVES = "labelSelector=" + quoted("app.kubernetes.io/name=slo")
_BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf")
_SCORES = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1", "+Inf")
PROFILES: Mapping[str, Mapping[str, float]] = {
    "perception-gateway": {"rate": 60, ERRORS: 0.0002, SLOW: 0.004},
    "consciousness-engine": {"rate": 40, ERRORS: 0.0002, SLOW: 0.005, POOR: 0.008},
    "attention-router": {"rate": 120, ERRORS: 0.0001, SLOW: 0.003},
    "memory-store": {"rate": 90, ERRORS: 0.0001, SLOW: 0.002, POOR: 0.0003},
    "language-cortex": {"rate": 12, ERRORS: 0.0004, SLOW: 0.006, POOR: 0.012},
    "sensory-ingest": {"rate": 200, ERRORS: 0.0004, SLOW: 0.004},
    "dream-scheduler": {"rate": 0.4, ERRORS: 0.001, SLOW: 0.02, POOR: 0.03},
}
"""Requests of a second at noon, and which parts of them go wrong on a quiet day; ``_USUAL`` for all others."""
_USUAL: Mapping[str, float] = {"rate": 15, ERRORS: 0.0002, SLOW: 0.004, POOR: 0.01}
COUNTERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "consciousness-engine": (("consciousness_moments_total", ""), ("consciousness_thoughts_total", "")),
    "memory-store": (("memory_recalls_total", ""), ("memory_recall_correct_total", POOR)),
    "language-cortex": (("language_answers_total", ""), ("language_grounded_answers_total", POOR)),
    "dream-scheduler": (("dream_replays_total", ""), ("dream_replays_completed_total", POOR)),
    "attention-router": (("attention_signals_total", ""),),
}
"""What minds count besides requests, by service: (counter, what is taken off)."""
SCORES = {"consciousness-engine": "consciousness_coherence_score"}
GAUGES: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "consciousness-engine": (("consciousness_processing_depth", 2, 7), ("consciousness_thoughts_per_second", 8, 40)),
    "attention-router": (("attention_focus_ratio", 0.55, 0.9),),
    "memory-store": (("memory_resident_engrams", 40_000, 60_000),),
}
"""Gauges that go with the day: (name, at midnight, at noon)."""


@dataclass(frozen=True)
class Incident:
    """From ``start`` to ``end`` this part of requests goes wrong, in one way."""

    start: float
    end: float
    kind: str
    part: float


def asked(rate: float, since: float, until: float) -> float:
    """Requests between two times: the integral of a rate that is a fifth at midnight of what it is at noon."""

    def whole(at: float) -> float:
        return rate * (0.6 * at - 0.4 * DAY / (2 * math.pi) * math.sin(2 * math.pi * at / DAY))

    return whole(until) - whole(since) if until > since else 0.0


class Service:
    """One service's past and future, which begins four weeks before ``begin``."""

    def __init__(self, name: str, begin: int, seed: int) -> None:
        self.name = name
        self._seed = seed
        self.origin = begin - PAST
        self.profile = {**_USUAL, **PROFILES.get(name, {})}
        self.incidents = list(self._incidents(begin, random.Random(f"{seed} {name}")))

    def _incidents(self, begin: int, dice: random.Random) -> Iterator[Incident]:
        for day in range(0, 2 * PAST // DAY, 7):
            noon = (self.origin // DAY + day + dice.randrange(7)) * DAY + dice.uniform(0.35, 0.7) * DAY
            kind = dice.choice((ERRORS, SLOW, POOR))
            part = min(0.8, self.profile[kind] * dice.uniform(20, 90))
            yield Incident(noon, noon + dice.uniform(900, 5400), kind, part)
        if self.name == "language-cortex":
            # What is to be seen at once: it has gone wrong for ten minutes when all is started, and does for hours.
            yield Incident(begin - 600, begin + 4 * 3600, POOR, 0.7)

    def total(self, since: float, until: float) -> float:
        """Requests between two times."""
        return asked(self.profile["rate"], max(since, self.origin), until)

    def wrong(self, kind: str, since: float, until: float) -> float:
        """Those of them that went wrong in this way."""
        found = self.profile[kind] * self.total(since, until)
        for one in self.incidents:
            if one.kind == kind and one.start < until and one.end > since:
                found += (one.part - self.profile[kind]) * self.total(max(since, one.start), min(until, one.end))
        return found

    def metrics(self, now: float) -> str:
        """What it serves, in OpenMetrics 1.0."""
        total = int(self.total(self.origin, now))
        errors, slow, poor = (min(total, int(self.wrong(kind, self.origin, now))) for kind in (ERRORS, SLOW, POOR))
        shown = traced.at(self._seed, self.name, now)
        lines = ["# TYPE http_server_request_duration_seconds histogram"]
        for code, count, late, kinds in (
            ("200", total - errors, slow, (traced.SERVED, traced.SLOW)),
            ("500", errors, 0, (traced.FAILED,)),
        ):
            lines += _durations(
                "http_server_request_duration_seconds", f'http_response_status_code="{code}"', count, late, [shown[kind] for kind in kinds]
            )
        lines += ["# TYPE grpc_server_handling_seconds histogram"]
        lines += _durations("grpc_server_handling_seconds", "", total, slow, shown.values())
        lines += ["# TYPE grpc_server_handled counter"]
        lines += [
            f'grpc_server_handled_total{{grpc_code="OK"}} {total - errors}',
            f'grpc_server_handled_total{{grpc_code="Unavailable"}} {errors}',
        ]
        for counter, off in COUNTERS.get(self.name, ()):
            lines += [f"# TYPE {counter.removesuffix('_total')} counter", f"{counter} {total - (poor if off else 0)}"]
        if self.name in SCORES:
            lines.append(f"# TYPE {SCORES[self.name]} histogram")
            lines += _histogram(
                SCORES[self.name], "", _SCORES, total, lambda bound: total if bound >= 1 else poor if bound >= 0.5 else poor // 2
            )
        noon = 0.5 - 0.5 * math.cos(2 * math.pi * now / DAY)
        for gauge, low, high in GAUGES.get(self.name, ()):
            lines += [f"# TYPE {gauge} gauge", f"{gauge} {low + (high - low) * noon:.3f}"]
        return "\n".join([*lines, "# EOF"]) + "\n"


def _durations(name: str, label: str, count: int, slow: int, shown: Iterable[traced.Request]) -> Iterator[str]:
    """What is slow takes from 1 s to 2.5 s; of all others half take less than 50 ms, and nobody takes longer than that."""
    slow = min(slow, count)
    exemplars = {next(bound for bound in _BOUNDS if float(bound) >= traced.SECONDS[one.kind]): one.exemplar for one in shown}

    def below(bound: float) -> int:
        return count if bound > 1 else (count - slow) // (1 if bound >= 0.05 else 2)

    return _histogram(name, label, _BOUNDS, count, below, exemplars)


def _histogram(
    name: str, label: str, bounds: Sequence[str], count: int, below: Callable[[float], int], exemplars: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A histogram of which ``below`` says how many events are at most a bound."""
    for bound in bounds:
        of = ",".join(part for part in (label, f'le="{bound}"') if part)
        yield f"{name}_bucket{{{of}}} {count if bound == '+Inf' else below(float(bound))}{(exemplars or {}).get(bound, '')}"
    own = f"{{{label}}}" if label else ""
    yield f"{name}_count{own} {count}"
    yield f"{name}_sum{own} {count * 0.04:.3f}"


@dataclass(frozen=True)
class Objective:
    """What the rules of an objective record, as its records say it."""

    labels: Mapping[str, str]
    kind: str
    parts: tuple[tuple[float, str], ...] = ()
    slice_limit: float | None = None


def objectives(rules: Iterable[Mapping[str, Any]]) -> dict[str, Objective]:
    """By name, the objectives whose rules are declared."""
    found = {}
    for rule in rules:
        for group in rule["spec"]["groups"]:
            for one in group["rules"]:
                if one.get("record") == "slo:bad:increase5m":
                    found[one["labels"]["slo"]] = _objective(one["expr"], one["labels"])
    return found


def _objective(expr: str, labels: Mapping[str, str]) -> Objective:
    parts = tuple((float(weight), name) for weight, name in re.findall(r'([0-9.]+) \* sum\(slo:bad:increase5m\{slo="([^"]+)"\}\)', expr))
    limit = re.search(r"> bool ([0-9.]+)", expr)
    if re.search(r"_seconds_bucket\{", expr):
        kind = SLOW
    else:
        kind = POOR if "_bucket{" in expr or "clamp_min(" in expr else ERRORS
    return Objective(labels, kind, parts, float(limit[1]) if limit else None)


def recorded(one: Objective, known: Mapping[str, Objective], services: Mapping[str, Service], at: int) -> tuple[float, float]:
    """(bad, total) of the five minutes before a time."""
    if one.parts:
        pairs = [(weight, recorded(known[name], known, services, at)) for weight, name in one.parts if name in known]
        return sum(weight * bad for weight, (bad, _total) in pairs), sum(weight * total for weight, (_bad, total) in pairs)
    service = services[one.labels["service"]]
    total, bad = service.total(at - 300, at), service.wrong(one.kind, at - 300, at)
    if one.slice_limit is not None:
        return float(total > 0 and bad / total > one.slice_limit), 1.0
    return bad, total


def history(found: Mapping[str, Objective], wanted: Iterable[str], begin: int, seed: int) -> Iterator[str]:
    """Lines of OpenMetrics: what would have been recorded in the four weeks before ``begin``."""
    services = {one.labels["service"]: Service(one.labels["service"], begin, seed) for one in found.values()}
    last = begin // STEP * STEP
    times = range(last - PAST + STEP, last + 1, STEP)
    pairs = {name: [recorded(found[name], found, services, at) for at in times] for name in sorted(wanted)}
    for place, record in enumerate(("slo:bad:increase5m", "slo:total:increase5m")):
        yield f"# TYPE {record} gauge\n"
        for name, values in pairs.items():
            labels = ",".join(f"{key}={json.dumps(value)}" for key, value in sorted(found[name].labels.items()))
            yield from (f"{record}{{{labels}}} {value[place]:.6g} {at}\n" for at, value in zip(times, values, strict=True))
    yield "# EOF\n"


class Past:
    """Writes the history of objectives that have none yet."""

    def __init__(self, folder: Path, promtool: Path, begin: int, seed: int) -> None:
        self._done = folder / "data" / NAME / "history.json"
        self._file = folder / "data" / NAME / "history.txt"
        self._blocks = folder / "data" / "prometheus" / "tsdb"
        self._promtool = promtool
        self._begin, self._seed = begin, seed

    def write(self, found: Mapping[str, Objective]) -> None:
        """One block for all that are new."""
        done = json.loads(self._done.read_text(encoding="utf-8")) if self._done.exists() else []
        new = sorted(set(found) - set(done))
        if not new:
            return
        with self._file.open("w", encoding="utf-8") as file:
            file.writelines(history(found, new, self._begin, self._seed))
        # In blocks of two hours it would read the file three hundred times.
        command = [str(self._promtool), "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"]
        made = subprocess.run([*command, str(self._file), str(self._blocks)], capture_output=True, text=True, check=False)
        self._file.unlink()
        if made.returncode:
            say(f"the past of {', '.join(new)} could not be written: {' '.join(made.stderr.split())[:300]}")
            return
        self._done.write_text(json.dumps(sorted({*done, *new})), encoding="utf-8")
        say(f"wrote four weeks of {', '.join(new)}")


def follow(cluster: Cluster, past: Past) -> None:
    """Look for objectives for ever."""
    told = ""
    while True:
        try:
            found, _version = cluster.listed(_RULES, _OF_OBJECTIVES)
            past.write(objectives(found))
        except (Refused, OSError, http.client.HTTPException, ValueError, KeyError) as error:
            said = f"rules cannot be read: {type(error).__name__}: {error}"
            if said != told:
                say(said)
                told = said
        time.sleep(LOOKS_AGAIN_AFTER)


def serve(port: int, begin: int, seed: int) -> None:
    """Answer scrapes until the supervisor ends this."""
    services: dict[str, Service] = {}

    def answer(query: Mapping[str, str]) -> tuple[int, str, str]:
        """(status, type, content): metrics of ``service``, or the request of ``trace``."""
        if "trace" in query:
            found = traced.of(seed, query["trace"], services)
            return (200, "application/json", json.dumps(found.followed())) if found else (404, "application/json", "{}")
        name = query.get("service", "")
        content = services.setdefault(name, Service(name, begin, seed)).metrics(time.time()) if name else "# EOF\n"
        return 200, "application/openmetrics-text; version=1.0.0; charset=utf-8", content

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, text = answer(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query)))
            content = text.encode()
            self.send_response_only(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def first_start(folder: Path) -> int:
    """When this was started for the first time: then the past ends."""
    file = folder / "data" / NAME / "begin"
    if not file.exists():
        file.write_text(str(int(time.time())), encoding="utf-8")
    return int(file.read_text(encoding="utf-8"))


def main() -> None:
    """Serve, and look after the past."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubernetes", required=True)
    parser.add_argument("--promtool", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    begin = first_start(given.folder)
    past = Past(given.folder, given.promtool, begin, given.seed)
    cluster = Cluster(NAME, given.kubernetes, given.folder)
    threading.Thread(target=follow, args=(cluster, past), daemon=True).start()
    serve(given.port, begin, given.seed)


if __name__ == "__main__":
    main()
