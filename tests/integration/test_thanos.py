# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""History that Prometheus does not keep any more, out of a bucket, by the real Thanos with the options that our objects give it.

The bucket is a folder. Thanos takes minutes to build: where nobody has, GANTRY_THANOS=build has it built, else it is said that nothing ran.
"""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.slo import REPORT
from ansible_collections.gantry.platform.tests.integration.conftest import built, there
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.with_history import with_history

STEP, DAY, WINDOW, AGO = 300, 86400, 7, 60
"""Seconds of an evaluation and of a day; days of the objective's window, and how many days ago it ended."""
SLO = {"service": "store", "indicator": "availability", "objective": 99, "window": f"{WINDOW}d", "team": "cortex", "tier": "t0"}
CLUSTER = {"cluster": "prod-euw1", "environment": "prod"}


def history(end, seed=1):
    """(time, total, bad) of each five minutes of two windows: days and nights, and an incident."""
    chance = random.Random(seed)
    for at in range(end - 2 * WINDOW * DAY + STEP, end + 1, STEP):
        total = 200 + 150 * (1 if 8 <= at % DAY // 3600 < 20 else 0) + chance.randrange(50)
        incident = end - 2 * DAY <= at < end - 2 * DAY + 3 * 3600
        yield at, total, chance.randrange(total // 20) if incident else chance.randrange(3)


def openmetrics(samples):
    lines = []
    for record, column in (("slo:bad:increase5m", 2), ("slo:total:increase5m", 1)):
        lines += [f"# TYPE {record} gauge", *(f'{record}{{slo="old"}} {row[column]} {row[0]}' for row in samples)]
    return "\n".join([*lines, "# EOF", ""])


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


class Servers:
    """Programs on loopback that end with the test."""

    def __init__(self, folder):
        self._folder = folder
        self._stack = contextlib.ExitStack()
        self._ports = {}

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._stack.close()

    def port(self, name):
        if name not in self._ports:
            self._ports[name] = free_port()
        return self._ports[name]

    def start(self, name, command, ready):
        """The program ``name``, once it answers at ``ready``."""
        log = self._stack.enter_context((self._folder / f"{name}.log").open("w"))
        server = subprocess.Popen([str(word) for word in command], stdout=log, stderr=subprocess.STDOUT)
        self._stack.callback(server.wait)
        self._stack.callback(server.terminate)

        def serves():
            assert server.poll() is None, (self._folder / f"{name}.log").read_text()[-3000:]
            with contextlib.suppress(OSError):
                return get(f"http://127.0.0.1:{self.port(name)}{ready}") is not None
            return False

        until(serves, f"{name} to serve")


def get(url):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=LONGEST) as answer:
        return answer.read()


def ask(url, query, at):
    """The answer to a query as {labels: value}."""
    found = json.loads(get(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query, 'time': at})}"))
    assert found["status"] == "success"
    return [(one["metric"], float(one["value"][1])) for one in found["data"]["result"]]


@pytest.fixture
def declared(tmp_path):
    """What containers of a hub are given, by name."""
    if not there("thanos"):
        return None
    folder = tmp_path / "declared"
    folder.mkdir()
    cluster = declare(folder, [with_history(tmp_path) / "prod.yml"], ["monitoring"])["prod-euw1"]
    found = cluster.documents("monitoring", "Deployment") + cluster.documents("monitoring", "StatefulSet")
    return {one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]["args"] for one in found}


def test_what_prometheus_let_go_of_is_answered_out_of_the_bucket_by_the_declared_servers(tmp_path, declared):
    if declared is None:
        print("not run: Thanos is not built; GANTRY_THANOS=build has it built, which takes minutes")
        return
    thanos, prometheus, promtool = built("thanos", "prometheus", "promtool")
    bucket, config = tmp_path / "bucket", tmp_path / "objstore.yml"
    bucket.mkdir()
    config.write_text(json.dumps({"type": "FILESYSTEM", "config": {"directory": str(bucket)}}), encoding="utf-8")
    end = int(time.time()) // DAY * DAY - AGO * DAY
    samples = list(history(end))
    # Two servers recorded the same, and one of them was away for a day: what it missed is no hole, and nothing counts twice.
    gone = range(end - 4 * DAY, end - 3 * DAY)
    elsewhere = list(history(end, seed=2))
    recorded = {
        ("prod-euw1", "a"): samples,
        ("prod-euw1", "b"): [row for row in samples if row[0] not in gone],
        ("prod-euc1", "a"): elsewhere,
    }
    for (cluster, replica), kept in recorded.items():
        folder, text = tmp_path / f"{cluster}-{replica}", tmp_path / f"{cluster}-{replica}.txt"
        text.write_text(openmetrics(kept), encoding="utf-8")
        run(promtool, "tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics", text, folder)
        labels = [f'--label={name}="{value}"' for name, value in {**CLUSTER, "cluster": cluster, "prometheus_replica": replica}.items()]
        run(thanos, "tools", "bucket", "upload-blocks", f"--objstore.config-file={config}", f"--path={folder}", *labels)
    verified = run(thanos, "tools", "bucket", "verify", f"--objstore.config-file={config}")
    assert "verify task completed" in verified and "level=warn" not in verified and "level=error" not in verified, verified

    with Servers(tmp_path) as servers:

        def options(name, grpc=""):
            """The declared options, with addresses and folders of this machine."""
            own = {
                "--http-address=": f"127.0.0.1:{servers.port(name)}", "--grpc-address=": f"127.0.0.1:{servers.port(f'{name}-grpc')}",
                "--data-dir=": str(tmp_path / name), "--objstore.config-file=": str(config),
            }  # fmt: skip
            given = [one for one in declared[f"thanos-{name}"] if not one.startswith("--endpoint=") and one != "--wait"]
            return [next((key + value for key, value in own.items() if one.startswith(key)), one) for one in given]

        scraped = {"job_name": "self", "static_configs": [{"targets": [f"127.0.0.1:{servers.port('prometheus')}"]}]}
        settings = {
            "global": {"scrape_interval": "1s", "external_labels": {**CLUSTER, "prometheus_replica": "a"}},
            "scrape_configs": [scraped],
        }
        (tmp_path / "prometheus.yml").write_text(json.dumps(settings), encoding="utf-8")
        tsdb = tmp_path / "tsdb"
        kept = ["--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h", "--storage.tsdb.retention.time=15d"]
        listens = f"--web.listen-address=127.0.0.1:{servers.port('prometheus')}"
        servers.start(
            "prometheus",
            [prometheus, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tsdb}", listens, *kept],
            "/-/ready",
        )
        servers.start(
            "sidecar",
            [
                thanos, "sidecar", f"--prometheus.url=http://127.0.0.1:{servers.port('prometheus')}", f"--tsdb.path={tsdb}",
                f"--objstore.config-file={config}", f"--http-address=127.0.0.1:{servers.port('sidecar')}",
                f"--grpc-address=127.0.0.1:{servers.port('sidecar-grpc')}",
            ],
            "/-/ready",
        )  # fmt: skip
        # It ends once all is compacted, since nobody told it to wait: whether its options are options is what is asked of it.
        compacted = run(thanos, *options("compact"), "--log.level=info")
        assert "compaction iterations done" in compacted and "--wait" in declared["thanos-compact"], compacted[-2000:]
        servers.start("store", [thanos, *options("store")], "/-/ready")
        endpoints = [f"--endpoint=127.0.0.1:{servers.port(f'{name}-grpc')}" for name in ("sidecar", "store")]
        servers.start("query", [thanos, *options("query"), *endpoints], "/-/ready")
        servers.start("query-rules", [thanos, *options("query-rules"), *endpoints], "/-/ready")
        url, rules, alone = (f"http://127.0.0.1:{servers.port(name)}" for name in ("query", "query-rules", "prometheus"))

        def joined(asked):
            found = json.loads(get(f"{asked}/api/v1/stores"))["data"]
            return {name: [one["lastError"] for one in found.get(name, [])] for name in ("sidecar", "store")}

        for asked in (url, rules):
            until(lambda at=asked: joined(at) == {"sidecar": [None], "store": [None]}, "query to know both")
        (row,) = until(lambda: ask(url, 'up{job="self"}', time.time()), "what Prometheus measures now")
        assert row[1] == 1 and row[0]["cluster"] == CLUSTER["cluster"] and "prometheus_replica" not in row[0]
        whole = f"sum_over_time(slo:total:increase5m[{WINDOW}d])"
        assert ask(alone, whole, end) == []
        recent, other = ([row for row in rows if row[0] > end - WINDOW * DAY] for rows in (samples, elsewhere))
        found = {labels["cluster"]: value for labels, value in ask(url, whole, end)}
        # The other cluster's history lies in the same bucket. Of two servers Thanos takes one, and where that one is away it lets a few samples
        # pass before it takes the other: those three of two thousand are the price of counting nothing twice.
        assert found == {"prod-euc1": sum(row[1] for row in other), "prod-euw1": pytest.approx(sum(row[1] for row in recent), rel=2e-3)}

        # What the ruler asks is of its own cluster alone, or each would evaluate the objectives of all.
        (own,) = ask(rules, whole, end)
        assert (own[0]["cluster"], own[1]) == ("prod-euw1", pytest.approx(sum(row[1] for row in recent), rel=2e-3))

        given = {name: option.get("default") for name, option in REPORT.spec.items()}
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
        for cluster, rows, near in (("prod-euc1", elsewhere, 1e-9), ("prod-euw1", samples, 1e-3)):
            answer = REPORT.call(Call({**given, "slos": {"old": SLO}, "url": url, "at": at, "labels": {"cluster": cluster}}, {}))
            assert not answer.get("failed"), answer
            (objective,) = answer["report"]["objectives"]
            total, bad = (sum(row[column] for row in rows if row[0] > end - WINDOW * DAY) for column in (1, 2))
            assert objective["rolling"]["events"] == pytest.approx(total, rel=near)
            assert 1 - objective["left"] == pytest.approx(bad / total / 0.01, rel=near * 10)
            assert objective["rolling"]["coverage"] == pytest.approx(1)
            assert objective["before"]["events"] == pytest.approx(sum(row[1] for row in rows) - total, rel=near)
