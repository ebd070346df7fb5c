# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control plane as somebody else makes one: certificates by openssl, kubeadm's names, other networks, nothing of ours on it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.gantry.platform.plugins.module_utils._core.tls import client_context
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import Binary, ensure
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

ROLE = Path(__file__).resolve().parents[2] / "roles" / "sandbox"
SERVICES, NODES, PODS = "10.222.0.0/20", "192.168.77.0/24", "10.233.0.0/16"


class Foreign:
    """Its servers; ``kubeconfig`` is its administrator's, ``audit`` the apiserver's log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kubeconfig = folder / "admin.conf"
        self.audit = folder / "audit.log"
        self._pki = folder / "pki"
        self._pki.mkdir(parents=True)
        tools = Definitions([ROLE]).select(["core"]).tools
        self._binaries: dict[str, Binary] = ensure(tools, os.environ, lambda _text: None)
        self.kubectl_folder = self._binaries["kubectl"].path.parent
        self._processes: list[subprocess.Popen[bytes]] = []

    def kubectl(self, *words: str, given: str = "") -> str:
        """As its administrator."""
        command = [self._binaries["kubectl"].path, "--kubeconfig", self.kubeconfig, *words]
        return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout

    def start(self) -> None:
        """Everything, each when what it needs answers."""
        etcd, peer, api, manager, scheduler = (free_port() for _server in range(5))
        address = f"https://127.0.0.1:{api}"
        self._certificates()
        self._kubeconfig("admin.conf", address, "kubernetes-admin", "kubeadm:cluster-admins")
        for name in ("controller-manager", "scheduler"):
            self._kubeconfig(f"{name}.conf", address, f"system:kube-{name}", "")
        # As kubeadm does: the group of its administrators is bound by hand, with a certificate that may everything.
        self._kubeconfig("super-admin.conf", address, "kubernetes-super-admin", "system:masters")
        urls = [f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"]
        words = [f"--listen-client-urls={urls[0]}", f"--advertise-client-urls={urls[0]}", f"--listen-peer-urls={urls[1]}"]
        words += [f"--initial-advertise-peer-urls={urls[1]}", f"--initial-cluster=default={urls[1]}", f"--data-dir={self.folder / 'etcd'}"]
        self._run("etcd", *words)
        pki = self._pki
        policy = self._write("audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n")
        self._run(
            "kube-apiserver",
            f"--etcd-servers={urls[0]}",
            f"--secure-port={api}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={SERVICES}",
            "--authorization-mode=Node,RBAC",
            f"--client-ca-file={pki / 'ca.crt'}",
            f"--tls-cert-file={pki / 'apiserver.crt'}",
            f"--tls-private-key-file={pki / 'apiserver.key'}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki / 'sa.pub'}",
            f"--service-account-signing-key-file={pki / 'sa.key'}",
            "--allow-privileged=true",
            f"--audit-policy-file={policy}",
            f"--audit-log-path={self.audit}",
        )
        until(lambda: self._answers(f"{address}/readyz"), "the apiserver")
        self._as_super_admin(
            "create", "clusterrolebinding", "kubeadm:cluster-admins", "--clusterrole=cluster-admin", "--group=kubeadm:cluster-admins"
        )
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={self.folder / 'controller-manager.conf'}",
            "--bind-address=127.0.0.1",
            f"--secure-port={manager}",
            "--leader-elect=false",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={pki / 'sa.key'}",
            f"--root-ca-file={pki / 'ca.crt'}",
            f"--cluster-signing-cert-file={pki / 'ca.crt'}",
            f"--cluster-signing-key-file={pki / 'ca.key'}",
        )
        self._run(
            "kube-scheduler",
            f"--kubeconfig={self.folder / 'scheduler.conf'}",
            "--bind-address=127.0.0.1",
            f"--secure-port={scheduler}",
            "--leader-elect=false",
        )
        self._nodes()

    def stop(self) -> None:
        """In reverse, so that nobody loses what it needs to end; a server that does not end is killed."""
        for process in reversed(self._processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LONGEST)
            process.kill()
            process.wait()

    def _nodes(self) -> None:
        """Two nodes whose kubelets KWOK plays."""
        assets = self._binaries["kwok"].assets
        stages = [
            f"--config={assets / name}" for name in ("node-initialize.yaml", "pod-ready.yaml", "pod-complete.yaml", "pod-delete.yaml")
        ]
        words = ["--manage-all-nodes=true", f"--cidr={PODS}", "--node-ip=192.168.77.10", "--node-lease-duration-seconds=40", *stages]
        self._run("kwok", f"--kubeconfig={self.folder / 'super-admin.conf'}", *words)
        nodes = [
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": f"worker-{number}", "labels": {"kubernetes.io/hostname": f"worker-{number}"}},
                "status": {side: {"cpu": "8", "memory": "32Gi", "pods": "110"} for side in ("allocatable", "capacity")},
            }
            for number in (1, 2)
        ]
        self.kubectl("create", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes}))
        self.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=600s")

    def _as_super_admin(self, *words: str) -> None:
        command = [self._binaries["kubectl"].path, "--kubeconfig", self.folder / "super-admin.conf", *words]
        subprocess.run(command, capture_output=True, check=True)

    def _run(self, tool: str, *words: str) -> None:
        with (self.folder / f"{tool}.log").open("wb") as log:
            command = [self._binaries[tool].path, *words]
            self._processes.append(subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT))

    def _answers(self, url: str) -> bool:
        ended = [process.args for process in self._processes if process.poll() is not None]
        assert not ended, f"ended: {ended}; the logs are in {self.folder}"
        context = client_context(str(self._pki / "ca.crt"))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        try:
            return bool(opener.open(url, timeout=2).status == 200)
        except OSError:
            return False

    def _certificates(self) -> None:
        """Of an authority without key identifiers, as old ones are."""
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=kubernetes", "-keyout", "ca.key", "-out", "ca.crt"
        )
        self._signed(
            "apiserver",
            "/CN=kube-apiserver",
            "subjectAltName=DNS:kubernetes,DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1,IP:10.222.0.1",
        )
        self._openssl("genrsa", "-out", "sa.key", "2048")
        self._openssl("rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub")

    def _kubeconfig(self, file: str, address: str, user: str, group: str) -> None:
        name = file.removesuffix(".conf")
        self._signed(name, f"{f'/O={group}' if group else ''}/CN={user}", "extendedKeyUsage=clientAuth")
        kubectl = [self._binaries["kubectl"].path, "config", "--kubeconfig", self.folder / file]
        ca, pair = (
            f"--certificate-authority={self._pki / 'ca.crt'}",
            [f"--client-certificate={self._pki / name}.crt", f"--client-key={self._pki / name}.key"],
        )
        for words in (
            ["set-cluster", "kubernetes", f"--server={address}", ca, "--embed-certs"],
            ["set-credentials", user, *pair, "--embed-certs"],
            ["set-context", f"{user}@kubernetes", "--cluster=kubernetes", f"--user={user}"],
            ["use-context", f"{user}@kubernetes"],
        ):
            subprocess.run([*kubectl, *words], capture_output=True, check=True)

    def _signed(self, name: str, subject: str, extension: str) -> None:
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        extensions = self._write(f"{name}.ext", f"{extension}\n")
        authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"]
        self._openssl("x509", "-req", "-in", f"{name}.csr", *authority, "-days", "2", "-extfile", str(extensions), "-out", f"{name}.crt")

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._pki, capture_output=True, check=True)

    def _write(self, name: str, text: str) -> Path:
        (self.folder / name).write_text(text, encoding="utf-8")
        return self.folder / name


@contextlib.contextmanager
def foreign_cluster(folder: Path) -> Iterator[Foreign]:
    """Started, and stopped in the end."""
    found = Foreign(folder)
    try:
        found.start()
        yield found
    finally:
        found.stop()
