# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives one Prometheus and one Alertmanager on loopback what the Prometheus Operator wrote for the pods of both in the cluster.

In a pod that is the work of the container config-reloader: the Secret with the configuration becomes a file, ConfigMaps with rules and
the Secret with certificates become folders, and the server is told to read them again. Five things are changed on the way: the cluster
is asked by a kubeconfig in place of a pod's own token, folders are those of {folder}, of all targets those are kept that something
stands for ({folder}/services, and traffic.json for services of teams), at its port, or that are on loopback, PagerDuty is what stands for it
({folder}/alert-sinks.json), and nobody waits half a minute for a first value or a first word. Runs under the supervisor: standard
library, PyYAML and keepers.py only.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from keepers import Cluster, Refused, quoted, say, serve

NAME = "monitoring-keeper"
RETRY_AFTER = 0.5
SETTLES_IN = 0.2
"""Seconds: the operator takes a ConfigMap of rules away before it writes the next one."""
_MADE_BY_OPERATOR = "labelSelector=" + quoted("managed-by=prometheus-operator")
_INTERVAL = "5s"
_WAITS = {"group_wait": "1s", "group_interval": "5s"}
_IN_A_POD = {"/etc/prometheus/rules/": "rules", "/etc/prometheus/certs/": "certs"}
Files = dict[str, bytes]
"""By path below the folder of one server, what is in it."""
Object = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """Where the real server is: its ``folder``, the ``kubeconfig`` that it asks the cluster with, and what ``stands`` for which Service.

    ``traffic`` is the port of what shows metrics for all services of teams, 0 where there is none.
    """

    folder: Path
    kubeconfig: Path
    stands: Mapping[str, int]
    traffic: int = 0


# what the operator wrote, as files


def prometheus_files(name: str, secrets: Mapping[str, Object], maps: Mapping[str, Object], place: Place) -> Files:
    """Everything that the Prometheus of this name reads. Without the operator's Secret: that nothing is measured."""
    files: Files = {}
    for map_name, found in maps.items():
        if map_name.startswith(f"prometheus-{name}-rulefiles-"):
            files |= {f"rules/{map_name}/{key}": text.encode() for key, text in (found.get("data") or {}).items()}
    for secret_name, found in secrets.items():
        if secret_name.startswith(f"prometheus-{name}-tls-assets-"):
            files |= {f"certs/{key}": base64.b64decode(text) for key, text in (found.get("data") or {}).items()}
    written = _unpacked(secrets.get(f"prometheus-{name}"), "prometheus.yaml.gz").decode()
    # The reloader of a pod puts in what the pod is.
    for variable, value in (("POD_NAME", f"prometheus-{name}-0"), ("SHARD", "0")):
        written = written.replace(f"$({variable})", value)
    config = adapted(yaml.safe_load(written) or {}, place)
    return files | {"config.yaml": yaml.safe_dump(config, sort_keys=False).encode()}


def alertmanager_files(name: str, secrets: Mapping[str, Object], sinks: str = "") -> Files:
    """Everything that the Alertmanager of this name reads; ``sinks`` stand for PagerDuty. Without the operator's Secret: that nobody is told."""
    written = _unpacked(secrets.get(f"alertmanager-{name}-generated"), "alertmanager.yaml.gz")
    config = yaml.safe_load(written) if written else {"route": {"receiver": "none"}, "receivers": [{"name": "none"}]}
    for receiver in config["receivers"] if sinks else ():
        for one in receiver.get("pagerduty_configs") or []:
            one["url"] = f"{sinks}/v2/enqueue"
    _hurried(config["route"])
    return {"config.yaml": yaml.safe_dump(config, sort_keys=False).encode()}


def _hurried(route: dict[str, Any]) -> None:
    """Nobody waits for others to tell them together."""
    route |= {key: wait for key, wait in _WAITS.items() if key in route}
    for inner in route.get("routes") or []:
        _hurried(inner)


def adapted(config: dict[str, Any], place: Place) -> dict[str, Any]:
    """The operator's configuration of Prometheus as it is right outside of a pod."""
    for part in [config.get("global") or {}, *(config.get("scrape_configs") or [])]:
        part |= {key: _INTERVAL for key in ("scrape_interval", "evaluation_interval") if key in part}
        part.pop("scrape_timeout", None)
    asking = [*(config.get("scrape_configs") or []), *((config.get("alerting") or {}).get("alertmanagers") or [])]
    for part in asking:
        for found in part.get("kubernetes_sd_configs") or []:
            found["kubeconfig_file"] = str(place.kubeconfig)
        led = _led(place.stands, place.traffic) if "kubernetes_sd_configs" in part else _kept_here(place.stands)
        part["relabel_configs"] = [*(part.get("relabel_configs") or []), *led]
        # Who would say where targets are is not on this machine, and is not asked.
        for discovery in ("http_sd_configs", "dns_sd_configs"):
            part.pop(discovery, None)
    return dict(_moved(config, place.folder))


def _led(stands: Mapping[str, int], traffic: int) -> list[dict[str, Any]]:
    """Rules that lead targets of a Service to the port that stands for it, and drop all others.

    A service of a team is known by its tier; whoever shows the metrics of all is told of which.
    """
    source, tier = ["__meta_kubernetes_namespace", "__meta_kubernetes_service_name"], "__meta_kubernetes_service_label_tier"
    of = {"source_labels": source, "separator": "/"}
    named = "|".join(map(re.escape, sorted(stands))) or "nothing"
    if not traffic:
        kept = [{**of, "regex": named, "action": "keep"}]
    else:
        whose = {"source_labels": [tier, source[1]], "separator": "/", "regex": "t[0-9]/(.+)"}
        kept = [
            {"source_labels": [*source, tier], "separator": "/", "regex": f"({named})/.*|.*/t[0-9]", "action": "keep"},
            {**whose, "target_label": "__param_service", "replacement": "$1"},
            {**whose, "target_label": "__address__", "replacement": f"127.0.0.1:{traffic}"},
        ]
    return [
        *kept,
        *(
            {**of, "regex": re.escape(name), "target_label": "__address__", "replacement": f"127.0.0.1:{stands[name]}"}
            for name in sorted(stands)
        ),
    ]


def _kept_here(stands: Mapping[str, int]) -> list[dict[str, Any]]:
    """Rules for addresses that somebody wrote down: those of a Service lead to what stands for it, and what is not on loopback is left out."""
    found = []
    for name, port in sorted(stands.items()):
        namespace, service = name.split("/")
        of = {"source_labels": ["__address__"], "regex": f"{re.escape(service)}\\.{re.escape(namespace)}\\.svc:[0-9]+"}
        found.append({**of, "target_label": "__address__", "replacement": f"127.0.0.1:{port}"})
    return [*found, {"source_labels": ["__address__"], "regex": "127\\.0\\.0\\.1:[0-9]+", "action": "keep"}]


def _moved(value: Any, folder: Path) -> Any:
    """The value with folders of a pod replaced."""
    if isinstance(value, dict):
        return {key: _moved(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, folder) for item in value]
    for start, below in _IN_A_POD.items():
        if isinstance(value, str) and value.startswith(start):
            return f"{folder / below}/{value.removeprefix(start)}"
    return value


def _unpacked(secret: Object | None, key: str) -> bytes:
    packed = ((secret or {}).get("data") or {}).get(key)
    return gzip.decompress(base64.b64decode(packed)) if packed else b""


def digest(files: Files) -> str:
    """The same for the same files."""
    return hashlib.sha256(b"\0".join(part for path in sorted(files) for part in (path.encode(), files[path]))).hexdigest()


def write(folder: Path, files: Files) -> None:
    """Make the folder what ``files`` say. What is there and is not among them goes; nobody else may read it."""
    for below in ("rules", "certs"):
        for path in sorted((folder / below).rglob("*"), reverse=True):
            if path.is_file() and str(path.relative_to(folder)) not in files:
                path.unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        shutil.move(fresh, path)


# the keeper


class Keeper:
    """One server's files, and whether it has read them."""

    def __init__(self, name: str, folder: Path, port: int) -> None:
        self.name = name
        self.folder = folder
        self._reload = urllib.request.Request(f"http://127.0.0.1:{port}/-/reload", b"", method="POST")
        self._written = ""
        self._read = ""
        self._told = ""
        self.refused = False
        """Whether the server said no to what was written, and goes on with what it had."""

    def tend(self, files: Files) -> bool:
        """Write what changed and have it read. Whether the server now works by these files."""
        wanted = digest(files)
        if wanted != self._written:
            write(self.folder, files)
            self._written = wanted
        if wanted == self._read:
            return True
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self._reload, timeout=10):
                self._read, self._told, self.refused = wanted, "", False
                say(f"{self.name} has read its configuration")
                return True
        except (OSError, http.client.HTTPException) as error:
            # A server that is not up yet has refused nothing.
            self.refused = isinstance(error, urllib.error.HTTPError)
            why = error.read().decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else type(error).__name__
            if why != self._told:
                say(f"{self.name} has not read its configuration yet: {' '.join(why.split())[:300]}")
                self._told = why
            return False


def tend_all(wanted: Mapping[Keeper, Files], holds: threading.Event) -> bool:
    """Tend all; ``holds`` says whether no server refused what it got. Whether all work by it."""
    done = all([keeper.tend(files) for keeper, files in wanted.items()])
    if any(keeper.refused for keeper in wanted):
        holds.clear()
    else:
        holds.set()
    return done


class Follower:
    """Keeps in a thread what the cluster holds of one list, by name; sets ``changed`` whenever that is another."""

    def __init__(self, cluster: Cluster, path: str, changed: threading.Event) -> None:
        self._cluster = cluster
        self._path = path
        self._changed = changed
        self.found: dict[str, Object] | None = None
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        last = ""
        while True:
            try:
                items, version = self._cluster.listed(self._path, _MADE_BY_OPERATOR)
                self.found = {item["metadata"]["name"]: item for item in items}
                self._changed.set()
                last = ""
                for kind, item in self._cluster.follow(self._path, _MADE_BY_OPERATOR, version):
                    if kind == "ERROR":
                        break
                    found = dict(self.found)
                    if kind == "DELETED":
                        found.pop(item["metadata"]["name"], None)
                    else:
                        found[item["metadata"]["name"]] = item
                    self.found = found
                    self._changed.set()
            except (Refused, OSError, http.client.HTTPException, ValueError, KeyError) as error:
                said = f"{self._path} cannot be followed: {type(error).__name__}: {error}"
                if said != last:
                    say(said)
                    last = said
                time.sleep(RETRY_AFTER)


def standing(folder: Path) -> dict[str, int]:
    """Which Service of the cluster something here stands for, and at which port."""
    found: dict[str, int] = {}
    for file in sorted((folder / "services").glob("*.json")):
        found |= json.loads(file.read_text(encoding="utf-8"))
    return found


def traffic_port(folder: Path) -> int:
    """Where the metrics of all services are, 0 where nobody shows any."""
    file = folder / "traffic.json"
    return int(json.loads(file.read_text(encoding="utf-8"))["port"]) if file.exists() else 0


def sinks_of(folder: Path) -> str:
    """The address of what stands for whoever is told; empty where nothing does."""
    found = folder / "alert-sinks.json"
    return str(json.loads(found.read_text(encoding="utf-8"))["url"]) if found.is_file() else ""


def main() -> None:
    """Look after both servers until the supervisor ends this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubernetes", required=True)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--prometheus-port", type=int, required=True)
    parser.add_argument("--alertmanager-port", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    data, changed, holds = given.folder / "data", threading.Event(), threading.Event()
    place = Place(data / "prometheus", given.folder / "prometheus.kubeconfig", standing(given.folder), traffic_port(given.folder))
    prometheus = Keeper("Prometheus", data / "prometheus", given.prometheus_port)
    alertmanager = Keeper("Alertmanager", data / "alertmanager", given.alertmanager_port)
    cluster = Cluster(NAME, given.kubernetes, given.folder)
    sinks = sinks_of(given.folder)
    namespace = f"api/v1/namespaces/{quoted(given.namespace)}"
    secrets, maps = Follower(cluster, f"{namespace}/secrets", changed), Follower(cluster, f"{namespace}/configmaps", changed)
    serve(given.port, holds)
    while True:
        changed.wait()
        time.sleep(SETTLES_IN)
        changed.clear()
        if secrets.found is None or maps.found is None:
            continue
        measured = prometheus_files(given.name, secrets.found, maps.found, place)
        if not tend_all({prometheus: measured, alertmanager: alertmanager_files(given.name, secrets.found, sinks)}, holds):
            time.sleep(RETRY_AFTER)
            changed.set()


if __name__ == "__main__":
    main()
