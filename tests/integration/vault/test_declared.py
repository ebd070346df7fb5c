# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that the role declares, started as their pods would start them: real Vaults, opened by a real key service.

What a kubelet and the network would do is done here by hand: mounted files lie elsewhere, names and ports are loopback's. Registration as
labels of pods needs a pod's own place in the file system, and is left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.lifecycle import Delivery, bring_up, cluster
from ansible_collections.gantry.platform.tests.integration.vault.agents import moved
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.operated import operated

PORTS = (8200, 8201)
REGISTRATION = 'service_registration "kubernetes" {}'


@pytest.fixture(scope="module")
def declared(sandbox, tmp_path_factory):
    """The set of the role, for a Vault that the sandbox's key service opens."""
    found = json.loads((sandbox / "vault-seal.json").read_text(encoding="utf-8"))["seal"]["transit"]
    config = {key: found[key] for key in ("address", "key_name", "mount_path", "tls_ca_cert")}
    seal = {"type": "transit", "config": config, "environment": {"VAULT_TOKEN": "env:TOKEN_OF_THE_KEY_SERVICE"}}
    inventory = operated(tmp_path_factory.mktemp("inventory"), delivery="injector", seal=seal)
    made = declare(tmp_path_factory.mktemp("declared"), [inventory], ["cluster_baseline", "vault", "workloads"])["sandbox"]
    return made, found["token"]


class Pod:
    """A pod of the StatefulSet as a process. ``ports`` are those of all its pods, in order."""

    def __init__(self, folder, declared, token, number, ports, program):
        pod = declared.one("vault", "StatefulSet", "vault")["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        self.container, self.program, self.number, self.ports = container, program, number, ports
        self.folder, self.name = folder / f"vault-{number}", f"vault-{number}"
        self._mounts = {mount["mountPath"]: self.folder / mount["name"] for mount in container["volumeMounts"] if mount["name"] != "tmp"}
        for place in self._mounts.values():
            place.mkdir(parents=True)
        for name, text in declared.one("vault", "ConfigMap", "vault")["data"].items():
            assert REGISTRATION in text
            self._mounts["/vault/config"].joinpath(name).write_text(self.here(text.replace(REGISTRATION, "")), encoding="utf-8")
        for part in ("ca.crt", "tls.crt", "tls.key"):
            self._mounts["/vault/tls"].joinpath(part).symlink_to(folder / "tls" / part)
        self.environment = self._environment(declared, token)
        self.start()

    def here(self, text):
        """What the pod's paths and addresses are on this machine, all in one go."""
        own = {f"[::]:{port}": f"127.0.0.1:{self.ports[self.number][port]}" for port in PORTS}
        peers = {
            f"//vault-{number}.vault-internal:{port}": f"//127.0.0.1:{of[port]}" for number, of in enumerate(self.ports) for port in PORTS
        }
        return moved(text, {**own, **peers, **self._mounts})

    def start(self):
        """As the image's entrypoint would start it (.release/docker/docker-entrypoint.sh of Vault)."""
        words = self.container["args"]
        assert "command" not in self.container
        if words[0] == "server":
            words = ["vault", "server", "-config=/vault/config", "-dev-root-token-id=", "-dev-listen-address=0.0.0.0:8200", *words[1:]]
        command = [str(self.program), *map(self.here, words[1:])]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def probe(self, kind):
        """What the kubelet's probe is answered: an HTTP status, 0 without an answer."""
        request = self.container[f"{kind}Probe"]["httpGet"]
        (port,) = [one["containerPort"] for one in self.container["ports"] if one["name"] == request["port"]]
        address = f"{request['scheme'].lower()}://127.0.0.1:{self.ports[self.number][port]}{request['path']}"
        try:
            return urllib.request.urlopen(address, timeout=LONGEST, context=ssl._create_unverified_context()).status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return 0

    def client(self, token=""):
        access = {
            "url": f"https://127.0.0.1:{self.ports[self.number][8200]}",
            "ca_cert": str(self.folder / "tls" / "ca.crt"),
            "token": token,
        }
        return VaultClient(resolve_vault(access, {}), "declared-test")

    def log(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def _environment(self, declared, token):
        fields = {"metadata.name": self.name, "metadata.namespace": "vault"}
        found = {"PATH": os.environ["PATH"]}
        for source in self.container.get("envFrom", []):
            for name, value in declared.one("vault", "Secret", source["secretRef"]["name"])["data"].items():
                assert value == {"reference": "env:TOKEN_OF_THE_KEY_SERVICE"}
                found[name] = token
        for entry in self.container["env"]:
            value = entry.get("value") or fields[entry["valueFrom"]["fieldRef"]["fieldPath"]]
            value = re.sub(r"\$\((\w+)\)", lambda name: found[name[1]], value)
            found[entry["name"]] = self.here(value)
        return found


@pytest.fixture
def pods(declared, sandbox, tmp_path):
    made, token = declared
    certificate = made.one("vault", "Certificate", "vault")["spec"]
    Authority(tmp_path / "tls").server("tls", certificate["dnsNames"] + certificate["ipAddresses"])
    ports = [{port: free_port() for port in PORTS} for _number in range(made.one("vault", "StatefulSet", "vault")["spec"]["replicas"])]
    found = [Pod(tmp_path, made, token, number, ports, sandbox / "bin" / "vault") for number in range(len(ports))]
    try:
        yield found
    finally:
        for pod in found:
            pod.process.kill()
            pod.process.wait()


def names_of_voters(pod, token):
    with contextlib.suppress(GantryError):
        return {peer["node_id"] for peer in cluster(pod.client(token))["peers"] or [] if peer["voter"]}
    return set()


def test_the_servers_live_before_they_are_ready_find_each_other_and_open_themselves(pods, tmp_path):
    assert len(pods) == 3
    until(lambda: all(pod.probe("liveness") == 200 for pod in pods), "all pods to live")
    assert {pod.probe("readiness") for pod in pods} == {501}, "nobody has initialised it"

    keys = tmp_path / "keys.json"
    bring_up(pods[0].client(), Delivery(str(keys), 1, 1), False, LONGEST)
    token = json.loads(keys.read_text(encoding="utf-8"))["root_token"]
    until(lambda: all(pod.probe("readiness") == 200 for pod in pods), "all pods to be ready")
    until(lambda: names_of_voters(pods[0], token) == {pod.name for pod in pods}, "all pods to be voters")

    # A pod that is lost comes back by itself; until then the others serve.
    pods[0].process.send_signal(signal.SIGKILL)
    pods[0].process.wait()
    until(lambda: names_of_voters(pods[1], token) or names_of_voters(pods[2], token), "a new leader")
    pods[0].start()
    until(lambda: pods[0].probe("readiness") == 200, "the lost pod to be ready again")
    assert "address already in use" not in "".join(pod.log() for pod in pods)
