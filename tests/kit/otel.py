# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real OpenTelemetry Collectors and Jaeger on the text that is declared for them.

A second file gives them addresses of this machine in the place of a cluster's, and has them write JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections import defaultdict

from ansible_collections.gantry.platform.plugins.module_utils._tracing.collector import served
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

DECIDED = "otelcol_processor_tail_sampling_global_count_traces_sampled"
"""A metric of a collector: about how many traces it decided."""
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """A program on the text that is declared for it, and a second one with what is another thing on this machine."""

    def __init__(self, folder, name, ports):
        self.ports = {port: f"127.0.0.1:{number}" for (of, port), number in ports.items() if of == name}
        self._folder = folder / name
        self._folder.mkdir()
        self.log = self._folder / "log"

    def start(self, program, declared, here, **environment):
        self._folder.joinpath("declared.yaml").write_text(declared, encoding="utf-8")
        self._folder.joinpath("here.yaml").write_text(json.dumps(here), encoding="utf-8")
        words = [f"--config={self._folder / name}" for name in ("declared.yaml", "here.yaml")]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([program, *words], stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        until(self.is_ready, f"{self._folder.name} to be ready")

    def is_ready(self):
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
        with contextlib.suppress(OSError):
            return get(f"http://{self.ports['health']}/status") != b""
        return False

    def take(self, body):
        """A request of OTLP, as JSON."""
        assert json.loads(send(f"http://{self.ports['http']}/v1/traces", body)) == {"partialSuccess": {}}

    def metrics_served(self):
        host, _colon, port = self.ports["metrics"].partition(":")
        return {"telemetry": {"metrics": served(host, int(port))}}

    def end(self):
        """What was decided waits for its batch: nothing more comes when a collector has ended, and it ends once all is sent."""
        self.process.terminate()
        assert self.process.wait(LONGEST) == 0, self.log.read_text(encoding="utf-8")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Collector(Server):
    """Of two each hands spans to the other by the address that is said here, where a cluster's DNS says it."""

    def begin(self, program, declared, store, peers):
        here = {
            "extensions": {"health_check": {"endpoint": self.ports["health"]}},
            "receivers": {
                "otlp": {"protocols": {"grpc": {"endpoint": self.ports["grpc"]}, "http": {"endpoint": self.ports["http"]}}},
                "otlp/peers": {"protocols": {"grpc": {"endpoint": self.ports["peers"]}}},
            },
            "exporters": {
                "loadbalancing": {"resolver": {"dns": None, "static": {"hostnames": peers}}},
                "otlphttp": {"endpoint": store, "encoding": "json"},
            },
            "service": self.metrics_served(),
        }
        self.start(program, declared, here)

    def metrics(self):
        """Sums by name."""
        found = defaultdict(float)
        for line in get(f"http://{self.ports['metrics']}/metrics").decode().splitlines():
            if not line.startswith("#"):
                found[re.split("[{ ]", line)[0]] += float(line.rpartition(" ")[2])
        return found


class Jaeger(Server):
    """With what is declared where traces are in memory."""

    def begin(self, program, declared, environment):
        here = {
            "extensions": {
                "healthcheckv2": {"http": {"endpoint": self.ports["health"]}},
                "jaeger_query": {"http": {"endpoint": self.ports["page"]}, "grpc": {"endpoint": self.ports["query"]}},
            },
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": self.ports["http"]}}}},
            "service": self.metrics_served(),
        }
        self.start(program, declared, here, **environment)

    def finds(self, trace):
        """(ids of its spans, services of them); nothing where it has no such trace."""
        try:
            (found,) = json.loads(get(f"http://{self.ports['page']}/api/traces/{trace}"))["data"]
        except urllib.error.HTTPError as error:
            assert error.code == 404
            return None
        return sorted(one["spanID"] for one in found["spans"]), sorted({one["serviceName"] for one in found["processes"].values()})

    def has(self, trace, spans):
        found = self.finds(trace)
        return found is not None and len(found[0]) >= spans


def send(url, body):
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method="POST")
    with OPENER.open(asked, timeout=LONGEST) as answer:
        return answer.read()


def get(url):
    with OPENER.open(url, timeout=LONGEST) as answer:
        return answer.read()
