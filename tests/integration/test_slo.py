# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of objectives before a real Prometheus with four weeks of traffic, and before what Python counts in the same counters, exactly.

Prometheus does not evaluate rules of the past: each record is asked as what it is made of, at every evaluation (``in_full``).
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import subprocess
import time
import urllib.parse
import urllib.request
from fractions import Fraction

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.promtool import CHECK
from ansible_collections.gantry.platform.plugins.module_utils._slo.model import read, read_all
from ansible_collections.gantry.platform.plugins.module_utils._slo.rules import BAD, LEFT, RATIO, TOTAL, WINDOW_RATIO, groups, split
from ansible_collections.gantry.platform.tests.integration.conftest import built
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

SEED = int(os.environ.get("GANTRY_SLO_SEED", "1"))
STEP, DAY, DAYS = 60, 86400, 28
NEAR = 1e-3
SAID = {
    "service": "store",
    "indicator": "availability",
    "objective": 99.9,
    "window": f"{DAYS}d",
    "namespace": "cortex",
    "team": "cortex",
    "tier": "t0",
    "metric": "asked_total",
    "errors": 'code="500"',
    "min_events": 20,
}
SLOS = {
    "availability": {},
    "latency": {"indicator": "latency", "threshold": "250ms", "metric": "took_seconds", "objective": 99},
    "quality": {"indicator": "quality", "metric": "right_total", "total_metric": "answers_total", "objective": 99},
    "whole": {"indicator": "composite", "parts": {"availability": 1, "latency": 2.5}},
    "slices": {"budgeting": "timeslices", "slices": {"objective": 99}},
    "quiet": {"service": "quiet"},
    "faultless": {"service": "faultless"},
}
BORDERS = ("1h", "6h", "1d", "3d")
"""The long windows around whose thresholds services err a little less and a little more, from a tenth of a percent off."""
OFF = {"below": Fraction(98, 100), "above": Fraction(102, 100)}


def objective(name, **said):
    return read(name, {**SAID, **said})


def series_of(name, labels):
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


class Traffic:
    """Counters of all services by time: days and nights, incidents, hours without a request, restarts that set all counters to zero."""

    def __init__(self, end):
        self.end = end
        self.samples = {}
        random.seed(SEED)
        self.dice = random.Random(SEED)
        self._store()
        self._steady("quiet", lambda second: (0, 0))
        self._steady("faultless", lambda second: (600, 0))
        for window in BORDERS:
            for side, factor in OFF.items():
                self._at_border(window, side, factor)
        self._recovered()

    def add(self, name, labels, second, value):
        self.samples.setdefault(series_of(name, labels), []).append((second, value))

    def _store(self):
        """The busy one. What it counts since its last restart, and what Prometheus sees of that at each scrape."""
        of = {"namespace": "cortex", "service": "store"}
        # Incidents come with load, as they do.
        noons = [(self.dice.randrange(4, DAYS) + self.dice.uniform(0.4, 0.55)) * DAY for _ in range(7)]
        incidents = [(noon, self.dice.uniform(600, 7200), self.dice.uniform(0.01, 0.1)) for noon in noons]
        begin = self.end - DAYS * DAY
        good = bad = slow = 0
        seen_bad = False
        self.minutes = []
        restarts = {int(self.dice.uniform(0, DAYS) * DAY) // STEP * STEP for _ in range(5)}
        for second in range(0, DAYS * DAY + 1, STEP):
            if second in restarts:
                good = bad = slow = 0
            asked = self._asked(second)
            rate = 0.0002 if second > 3 * DAY else 0.0
            rate = max([rate, *(share for start, length, share in incidents if start <= second < start + length)])
            failed = (
                sum(self.dice.random() < rate for _ in range(asked)) if asked < 50 else min(asked, round(self.dice.gauss(asked * rate, 1)))
            )
            failed = max(failed, 0)
            late = min(asked, round(asked * (0.004 if rate < 0.01 else 0.3)))
            good, bad, slow = good + asked - failed, bad + failed, slow + late
            if second:
                self.minutes.append((asked, failed))
            seen_bad = seen_bad or bad > 0
            self.add("asked_total", {**of, "code": "200"}, begin + second, good)
            if seen_bad:
                self.add("asked_total", {**of, "code": "500"}, begin + second, bad)
            self.add("answers_total", of, begin + second, good + bad)
            self.add("right_total", of, begin + second, good + bad - slow)
            self.add("took_seconds_count", of, begin + second, good + bad)
            self.add("took_seconds_bucket", {**of, "le": "0.25"}, begin + second, good + bad - slow)
            self.add("took_seconds_bucket", {**of, "le": "+Inf"}, begin + second, good + bad)

    def counted(self, name, **labels):
        """Events of a counter, exactly: what each scrape adds to the one before it, all of it where the counter began anew."""
        values = [value for _second, value in self.samples[series_of(name, {"namespace": "cortex", "service": "store", **labels})]]
        return sum(now - before if now >= before else now for before, now in zip(values, values[1:], strict=False))

    @property
    def total(self):
        return self.counted("took_seconds_count")

    @property
    def bad(self):
        return self.counted("asked_total", code="500")

    @property
    def slow(self):
        return self.total - self.counted("took_seconds_bucket", le="0.25")

    def _asked(self, second):
        """Requests of a minute: a thousandfold at noon of what it is at night, and two hours of nothing."""
        if 10 * DAY < second < 10 * DAY + 7200:
            return 0
        noon = (1 - math.cos(2 * math.pi * (second % DAY) / DAY)) / 2
        return max(0, round(3000 * noon**4 * self.dice.uniform(0.8, 1.2)) + self.dice.randint(0, 3))

    def _steady(self, service, of_a_step, lasting=4 * DAY):
        good = bad = 0
        for second in range(self.end - lasting, self.end + 1, STEP):
            more, failed = of_a_step(second - self.end)
            good, bad = good + more - failed, bad + failed
            self.add("asked_total", {"namespace": "cortex", "service": service, "code": "200"}, second, good)
            if bad:
                self.add("asked_total", {"namespace": "cortex", "service": service, "code": "500"}, second, bad)

    def _at_border(self, window, side, factor):
        one = objective("x")
        (row,) = [row for row in one.table if row.long == {"1h": 3600, "6h": 21600, "1d": DAY, "3d": 3 * DAY}[window]]
        rate = float(one.threshold_of(row) * factor)
        self._steady(f"{side}-{window}", lambda second: (1_000_000, round(1_000_000 * rate)))

    def _recovered(self):
        """A full outage of ten minutes that ended forty minutes ago, one that goes on, and one of four requests an hour."""
        self._steady("recovered", lambda second: (600, 600 if -3000 <= second < -2400 else 0), DAY)
        self._steady("down", lambda second: (600, 600 if second > -600 else 0), DAY)
        self._steady("few", lambda second: (1 if second % 900 == 0 else 0, 1 if second > -3600 and second % 900 == 0 else 0), DAY)

    def write(self, path):
        """All of it as OpenMetrics, a family after the other."""
        families = {}
        for series, samples in self.samples.items():
            families.setdefault(series.partition("{")[0], []).append((series, samples))
        with path.open("w", encoding="utf-8") as file:
            for name, found in sorted(families.items()):
                file.write(f"# TYPE {name.removesuffix('_total')} {'counter' if name.endswith('_total') else 'unknown'}\n")
                for series, samples in found:
                    file.writelines(f"{series} {value} {second}\n" for second, value in samples)
            file.write("# EOF\n")


class Prometheus:
    """A real one, asked over its API."""

    def __init__(self, url, traffic):
        self.url = url
        self.traffic = traffic
        slos = read_all(
            {name: {**SAID, **said} for name, said in {**SLOS, **{service: {"service": service} for service in STEADY}}.items()}
        )
        self.records = {
            (rule["record"], group.name.removesuffix("-budget")): rule["expr"] for group in groups(slos) for rule in group.records
        }
        self.slos = {slo.name: slo for slo in slos}
        self.alerts = {name: [] for name in self.slos}
        for group in groups(slos):
            self.alerts[group.name.removesuffix("-budget")] += group.alerts

    def in_full(self, expr):
        """The expression with every record replaced by what it is made of."""
        form = re.compile(r'(slo:[a-z_]+:[a-z0-9]+)\{slo="([a-z0-9-]+)"\}(?:\[([a-z0-9]+)\])?')
        while form.search(expr):
            expr = form.sub(lambda m: f"({self.records[m[1], m[2]]})" + (f"[{m[3]}:1m]" if m[3] else ""), expr)
        return expr

    def value(self, expr):
        """The number that it answers, or none."""
        query = urllib.parse.urlencode({"query": expr, "time": self.traffic.end})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{self.url}/api/v1/query", query.encode(), timeout=LONGEST
        ) as answer:
            found = json.load(answer)["data"]["result"]
        assert len(found) < 2, expr
        return float(found[0]["value"][1]) if found else None

    def recorded(self, record, name):
        return self.value(self.in_full(f'{record}{{slo="{name}"}}'))

    def firing(self, name):
        """Which burn tiers of an objective fire, and which other alerts."""
        return {
            rule["labels"].get("slo_burn_tier", rule["alert"])
            for rule in self.alerts[name]
            if rule["alert"] != "IndicatorAbsent" and self.value(self.in_full(rule["expr"])) is not None
        }


STEADY = [f"{side}-{window}" for window in BORDERS for side in OFF] + ["recovered", "down", "few"]


@pytest.fixture(scope="module")
def promtool():
    """The program that the sandbox would build."""
    (path,) = built("promtool")
    return path


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, promtool):
    """One with the data, and the rules of the objectives beside it."""
    folder = tmp_path_factory.mktemp("prometheus")
    (program,) = built("prometheus")
    traffic = Traffic(int(time.time()) // 300 * 300)
    traffic.write(folder / "traffic.txt")
    # In blocks of two hours it would read the file three hundred times.
    blocks = [promtool, "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics", folder / "traffic.txt", folder / "data"]
    made = subprocess.run(blocks, check=False, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    near, far = split(read_all({name: {**SAID, **said} for name, said in SLOS.items()}))
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [*near["groups"], *far["groups"]]}), encoding="utf-8")
    (folder / "config.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"]}), encoding="utf-8")
    port = free_port()
    command = [
        program,
        f"--config.file={folder}/config.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([*command, "--storage.tsdb.retention.time=60d"], stdout=log, stderr=subprocess.STDOUT)
        try:
            found = Prometheus(f"http://127.0.0.1:{port}", traffic)

            def serves():
                assert server.poll() is None, (folder / "log").read_text()
                try:
                    return found.value("vector(1)") == 1
                except OSError:
                    return False

            until(serves, "Prometheus to serve")
            yield found
        finally:
            server.terminate()
            server.wait()


def near(value, exact):
    return value is not None and abs(value - float(exact)) <= NEAR * abs(float(exact))


@pytest.mark.parametrize(("name", "bad"), [("availability", "bad"), ("latency", "slow"), ("quality", "slow")])
def test_the_budget_is_what_the_counters_say(prometheus, name, bad):
    traffic = prometheus.traffic
    exact = Fraction(getattr(traffic, bad), traffic.total)
    assert near(prometheus.recorded(WINDOW_RATIO, name), exact)
    left = 1 - exact / prometheus.slos[name].budget
    assert abs(prometheus.recorded(LEFT, name) - float(left)) <= NEAR * float(exact / prometheus.slos[name].budget)


def test_a_composite_is_the_weighed_sum_of_its_parts(prometheus):
    traffic = prometheus.traffic
    assert near(
        prometheus.recorded(WINDOW_RATIO, "whole"), (traffic.bad + Fraction("2.5") * traffic.slow) / (Fraction("3.5") * traffic.total)
    )


def test_slices_are_bad_as_a_whole_or_not_at_all_and_those_with_little_traffic_are_good(prometheus):
    """Of five scrapes a window has four steps: Prometheus' windows are open on the left, and it extrapolates to the fifth."""
    minutes = prometheus.traffic.minutes
    windows = [minutes[end - 4 : end] for end in range(4, len(minutes) + 1)]
    sums = [(sum(asked for asked, _failed in window), sum(failed for _asked, failed in window)) for window in windows]
    bad = [asked * 1.25 >= 20 and failed > asked * 0.01 for asked, failed in sums]
    assert 10 < sum(bad) < len(bad) / 10
    assert prometheus.recorded(WINDOW_RATIO, "slices") == pytest.approx(sum(bad) / len(bad), rel=0.01)


def test_a_mean_of_ratios_is_not(prometheus):
    """What generators of rules record by default: at night a request weighs a thousand times what it does at noon."""
    exact = Fraction(prometheus.traffic.bad, prometheus.traffic.total)
    ratio = prometheus.records[RATIO + "5m", "availability"]
    mean = prometheus.value(prometheus.in_full(f"avg_over_time(({ratio})[{DAYS}d:1m])"))
    assert abs(mean - float(exact)) > 0.1 * float(exact)
    assert not near(mean, exact)


@pytest.mark.parametrize(("name", "total"), [("quiet", 0), ("faultless", 3000)])
def test_without_traffic_and_without_an_error_everything_is_a_number_and_nothing_fires(prometheus, name, total):
    assert prometheus.recorded(BAD, name) == 0
    assert prometheus.recorded(TOTAL, name) == pytest.approx(total)
    assert prometheus.recorded(RATIO + "1h", name) == (0 if total else None)
    assert prometheus.recorded(WINDOW_RATIO, name) == (0 if total else None)
    assert prometheus.firing(name) == set()


def expected(service):
    """By the SRE workbook: every row whose threshold the error rate is above."""
    one = objective("x")
    side, _, window = service.partition("-")
    lengths = {"1h": 3600, "6h": 21600, "1d": DAY, "3d": 3 * DAY}
    rate = OFF[side] * next(one.threshold_of(row) for row in one.table if row.long == lengths[window])
    return {str(tier) for tier, row in enumerate(one.table, start=1) if rate > one.threshold_of(row)}


@pytest.mark.parametrize("service", [name for name in STEADY if name.partition("-")[0] in OFF])
def test_alerts_around_every_threshold_are_those_of_the_workbook(prometheus, service):
    assert prometheus.firing(service) - {"ErrorBudgetExhausted"} == expected(service)


@pytest.mark.parametrize(("service", "tiers"), [("recovered", set()), ("down", {"1", "2"}), ("few", set())])
def test_what_is_over_pages_nobody_and_neither_do_four_requests(prometheus, service, tiers):
    assert prometheus.firing(service) & {"1", "2"} == tiers


def test_the_real_server_loads_all_rules(prometheus):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{prometheus.url}/api/v1/rules", timeout=LONGEST) as answer:
        loaded = json.load(answer)["data"]["groups"]
    assert {group["name"]: len(group["rules"]) for group in loaded} == {
        group.name: len(group.rules) for group in groups([prometheus.slos[name] for name in SLOS])
    }


RULE = {"record": "slo:up:ratio", "expr": "sum(up) / count(up)"}
ALERT = {"alert": "Down", "expr": "up == 0", "for": "5m", "labels": {"severity": "page"}, "annotations": {"summary": "{{ $labels.job }}"}}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({**RULE, "expr": "sum(up"}, "unclosed left parenthesis"),
        ({**RULE, "expr": "rate(up)"}, "expected type range vector"),
        ({**RULE, "expr": "up{job=web}"}, "unexpected identifier"),
        ({**RULE, "expr": ""}, "field 'expr' must be set"),
        ({**RULE, "labels": {"__name__": "other"}}, "invalid label name"),
        ({**RULE, "for": "5m"}, "invalid field 'for' in recording rule"),
        ({**ALERT, "for": "5 minutes"}, "unknown unit"),
        ({**ALERT, "expresion": "up"}, "field expresion not found"),
        ({**ALERT, "annotations": {"summary": "{{ $labels.job }"}}, "template"),
        ({**ALERT, "annotations": {"summary": "{{ $label.job }}"}}, "undefined variable"),
        ({**ALERT, "labels": {"slo-name": "{{ humanise $value }}"}}, 'function "humanise" not defined'),
        ({"expr": "up"}, "one of 'record' or 'alert' must be set"),
    ],
)
def test_a_rule_that_prometheus_would_not_read_is_refused_and_its_right_form_is_not(promtool, rule, words):
    options = {name: option.get("default") for name, option in CHECK.spec.items()}

    def checked(*rules):
        document = {"kind": "PrometheusRule", "metadata": {"name": "of-tests"}, "spec": {"groups": [{"name": "g", "rules": list(rules)}]}}
        return CHECK.call(Call({**options, "rules": [document], "promtool": promtool}, {}))

    assert checked(RULE, ALERT)["problems"] == []
    found = checked(rule)
    assert found["failed"] and words in found["msg"] and all(line.startswith("of-tests: ") for line in found["problems"]), found


def test_queries_and_configurations_are_named_where_they_are_wrong(promtool, tmp_path):
    options = {name: option.get("default") for name, option in CHECK.spec.items()} | {"promtool": promtool}
    (tmp_path / "good.yml").write_text("scrape_configs: [{job_name: a}]", encoding="utf-8")
    (tmp_path / "bad.yml").write_text("scrape_configs: [{job_name: a, intervall: 5s}]", encoding="utf-8")
    queries = ["up", "rate(up)"]
    found = CHECK.call(Call({**options, "queries": queries, "configs": [str(tmp_path / "good.yml"), str(tmp_path / "bad.yml")]}, {}))
    assert found["checked"] == 4 and len(found["problems"]) == 2
    assert found["problems"][0].startswith("'rate(up)': could not parse") and "bad.yml" in found["problems"][1]
    twice = {"groups": [{"name": "g", "rules": [RULE, RULE]}]}
    assert "duplicate" in CHECK.call(Call({**options, "rules": [twice]}, {}))["msg"]
    assert CHECK.call(Call({**options, "rules": [twice], "lint": False}, {}))["problems"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"promtool": "/nowhere/promtool", "queries": ["up"]}, "/nowhere/promtool does not run"),
        ({"promtool": None, "queries": ["up"]}, "promtool is not on PATH"),
        ({"rules": [{"kind": "ConfigMap"}]}, "rules has no groups"),
        ({"configs": ["/nowhere/prometheus.yml"]}, "is no file"),
    ],
)
def test_what_cannot_be_checked_is_not_called_right(promtool, options, words):
    given = {name: option.get("default") for name, option in CHECK.spec.items()} | {"promtool": promtool}
    found = CHECK.call(Call({**given, **options}, {"PATH": "/nowhere"}))
    assert found["failed"] and words in found["msg"]


def test_native_histograms_are_judged_between_their_bounds(promtool, tmp_path):
    """In promtool, since no file of metrics holds one: 100 requests of which a quarter took longer than 1 s, and none at all."""
    one = objective("native", indicator="latency", threshold="1s", metric="took_seconds", form="native_histogram", min_events=0)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [groups([one])[0].document()]}), encoding="utf-8")
    labels = '{slo="native", service="store", team="cortex", tier="t0"}'

    def outcome(histogram, bad, total):
        series = [{"series": 'took_seconds{namespace="cortex", service="store"}', "values": histogram}]
        wanted = [
            {"expr": f"round({record})", "eval_time": "10m", "exp_samples": [{"labels": labels, "value": value}]}
            for record, value in ((BAD, bad), (TOTAL, total))
        ]
        case = {"interval": "1m", "input_series": series, "promql_expr_test": wanted}
        (tmp_path / "test.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": [case]}), encoding="utf-8")
        done = subprocess.run([promtool, "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    grows = "{{schema:0 sum:100 count:100 offset:0 buckets:[75 25]}}+{{schema:0 sum:100 count:100 offset:0 buckets:[75 25]}}x10"
    assert outcome(grows, 125, 500)[0] == 0, outcome(grows, 125, 500)
    still = "{{schema:0 sum:100 count:100 offset:0 buckets:[75 25]}}x10"
    assert outcome(still, 0, 0)[0] == 0, outcome(still, 0, 0)
    assert outcome(grows, 100, 500)[0] != 0
