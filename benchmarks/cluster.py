# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server of the benchmark: a sandbox instance of its own, emptied for each tool, with its audit log as the judge."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.auth import AuthOptions, resolve_access
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.client import KubeClient
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.discovery import Discovery
from ansible_collections.gantry.platform.tests.kit.audit import KubeAudit
from objects import Document, Drift

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
_AGENT = "gantry-benchmark"
_SERVERS_AGENTS = ("kube-apiserver/", "kube-controller-manager/", _AGENT)
_QUIET_FOR = 0.5
_LONGEST_UNREST = 900.0


@dataclass
class Seen:
    """What the audit log tells of one run: requests by what they are, refused ones by status."""

    requests: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)


class Cluster:
    """etcd, kube-apiserver and kube-controller-manager below ``root``. ``kubeconfig`` is an administrator's, ``bin`` has the tools."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kubeconfig = root / "admin.kubeconfig"
        self.bin = root / "bin"
        self._audit = KubeAudit.of(root)

    @contextlib.contextmanager
    def fresh(self) -> Iterator[None]:
        """An empty cluster, gone again afterwards. Binaries that are not cached are built."""
        try:
            self._bring("started")
            yield
        finally:
            self._bring("absent")

    def _bring(self, state: str) -> None:
        variables = {"bench_root": str(self.root), "bench_state": state}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", "-e", json.dumps(variables)]
        done = subprocess.run([*command, str(HERE / "servers.yml")], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"the servers cannot be {state}:\n{done.stdout}")

    @contextlib.contextmanager
    def far(self, milliseconds: int) -> Iterator[Path]:
        """A kubeconfig of the same server behind a round trip of this length."""
        port = self._port()
        proxy = subprocess.Popen([sys.executable, str(HERE / "delay.py"), port, str(milliseconds)], stdout=subprocess.PIPE, text=True)
        try:
            assert proxy.stdout is not None
            there = proxy.stdout.readline().strip()
            path = self.root / "far.kubeconfig"
            path.write_text(self.kubeconfig.read_text().replace(f"127.0.0.1:{port}", f"127.0.0.1:{there}"))
            path.chmod(0o600)
            yield path
        finally:
            proxy.terminate()
            proxy.wait()

    def _port(self) -> str:
        config = yaml.safe_load(self.kubeconfig.read_text())
        return str(config["clusters"][0]["cluster"]["server"]).rpartition(":")[2]

    def settle(self) -> None:
        """Wait until the controllers have nothing more to write; ten thousand objects keep them busy for minutes."""
        deadline = time.monotonic() + _LONGEST_UNREST
        quiet_since, place = time.monotonic(), self.mark()
        while time.monotonic() - quiet_since < _QUIET_FOR:
            if time.monotonic() > deadline:
                raise SystemExit(f"the controllers did not come to rest within {_LONGEST_UNREST:.0f} s")
            time.sleep(0.2)
            since, place = place, self.mark()
            if any(request.changes and not request.id.startswith("Lease.") for request in self._audit.sent(since)):
                quiet_since = time.monotonic()

    def mark(self) -> int:
        """A place in the audit log."""
        return self._audit.mark()

    def seen_since(self, place: int) -> Seen:
        """What clients asked since ``place``, the servers' own requests and this benchmark's left out."""
        time.sleep(0.3)
        seen = Seen()
        for line in self._audit.lines(place):
            if line.get("userAgent", "").startswith(_SERVERS_AGENTS):
                continue
            seen.requests[_what(line)] += 1
            status = (line.get("responseStatus") or {}).get("code") or 0
            if status >= 400:
                seen.refused[status] += 1
        return seen

    def client(self) -> KubeClient:
        """A client of the benchmark's own; its requests are not counted."""
        return KubeClient(resolve_access(AuthOptions(kubeconfig=str(self.kubeconfig), environment={})), _AGENT)

    def absent(self, documents: Sequence[Document]) -> int:
        """How many of the documents the cluster does not have."""
        client = self.client()
        try:
            kinds = _kinds(client, documents)
            present = {
                (kind, item["metadata"].get("namespace", ""), item["metadata"]["name"])
                for kind in set(filter(None, kinds.values()))
                for item in client.list_objects(kind)[0]
            }
            return sum(
                (kinds[(doc["apiVersion"], doc["kind"])], doc["metadata"].get("namespace", ""), doc["metadata"]["name"]) not in present
                for doc in documents
            )
        finally:
            client.close()

    def inject(self, drifts: Sequence[Drift]) -> int:
        """Make the changes by hand that can be made; gives how many."""
        client = self.client()
        done = 0
        try:
            kinds = _kinds(client, [drift.document for drift in drifts])
            for drift in drifts:
                path = _path(drift, kinds)
                if path is None:
                    continue
                headers = {"Content-Type": "application/merge-patch+json"}
                answer = client.pool.request("PATCH", f"{path}?fieldManager=somebody", json.dumps(drift.patch).encode(), headers)
                done += answer.status == 200
            return done
        finally:
            client.close()

    def standing(self, drifts: Sequence[Drift]) -> int:
        """How many of the changes by hand are still there."""
        client = self.client()
        try:
            kinds = _kinds(client, [drift.document for drift in drifts])
            return sum(self._stands(client, drift, _path(drift, kinds)) for drift in drifts)
        finally:
            client.close()

    @staticmethod
    def _stands(client: KubeClient, drift: Drift, path: str | None) -> bool:
        value: Any = client.find(path) if path is not None else None
        for member in drift.path:
            value = value.get(member) if isinstance(value, dict) else None
        return bool(value != drift.declared)


def _what(line: dict[str, Any]) -> str:
    """A request in one word: its verb, ``dry run`` for a write that stays without effect, ``discovery`` for what is no object."""
    if not (line.get("objectRef") or {}).get("resource"):
        return "discovery"
    return "dry run" if "dryRun=All" in line["requestURI"] else str(line["verb"])


def _kinds(client: KubeClient, documents: Sequence[Document]) -> dict[tuple[str, str], Kind | None]:
    discovery = Discovery(client)
    return {key: discovery.find(*key) for key in {(document["apiVersion"], document["kind"]) for document in documents}}


def _path(drift: Drift, kinds: dict[tuple[str, str], Kind | None]) -> str | None:
    kind = kinds[(drift.document["apiVersion"], drift.document["kind"])]
    metadata = drift.document["metadata"]
    return kind.path(metadata.get("namespace"), metadata["name"]) if kind is not None else None
