# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sandbox with Vault, its key service and PostgreSQL for all tests of this folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.config import Request, configure
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.secrets import SecretReader
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES, run_role
from ansible_collections.gantry.platform.tests.kit import sandboxes
from ansible_collections.gantry.platform.tests.kit.audit import VaultAudit

ROOT = Path(__file__).resolve().parents[3]


class Ansible:
    """Modules on one Vault, run as ad-hoc tasks at full verbosity."""

    def __init__(self, folder: Path, **access: str) -> None:
        self.folder = folder
        self.access = access

    def run(self, module, *words, **options):
        arguments = json.dumps({**self.access, **options})
        command = [str(Path(sys.executable).with_name("ansible")), "localhost", "-m", f"gantry.platform.{module}", "-a", arguments]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp")}
        environment["ANSIBLE_REMOTE_TEMP"] = str(self.folder / "remote")
        done = subprocess.run(
            [*command, "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}", "-vvvv", "--diff", *words],
            **{"cwd": ROOT, "env": environment, "capture_output": True, "text": True, "check": False},
        )
        output = done.stdout + done.stderr
        start = output.index("{", output.index("localhost | "))
        return json.JSONDecoder().raw_decode(output[start:])[0], output


class Live:
    """The sandbox's Vault: the engine in this process, the API by hand, and the audit log that judges both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = json.loads((folder / "ports.json").read_text(encoding="utf-8"))
        self.url = f"https://127.0.0.1:{ports['vault_https']}"
        self.postgres = ports["postgres_tcp"]
        self.access = {"url": self.url, "ca_cert": str(folder / "pki" / "ca.crt"), "token_file": str(folder / "vault-keys.json")}
        self.api = VaultClient(resolve_vault(self.access, {}), "by-hand")
        self.audit = VaultAudit.of(folder)

    def configure(self, document, check_mode=False, secrets=None, **options):
        """One call of the engine; ``secrets`` are the environment that references see."""
        client = VaultClient(resolve_vault(self.access, {}), "engine")
        request = Request(read_document(document, "gantry"), check_mode=check_mode, **options)
        try:
            return configure(client, request, References(secrets or {}, str(self.folder), {"vault": SecretReader(client)}))
        finally:
            client.close()


def pid_of(sandbox, config):
    """The pid of the Vault with this configuration; 0 where it does not run."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if f"-config={sandbox}/config/{config}.json" in words:
            return int(folder.name)
    return 0


@pytest.fixture(scope="package")
def sandbox():
    """A sandbox with the area vault alone."""
    folder = INSTANCES / "vault"
    sandboxes.remove(folder)
    run_role("main", folder, areas=["vault"])
    try:
        yield folder
    finally:
        sandboxes.remove(folder)


@pytest.fixture(scope="package")
def vault(sandbox, tmp_path_factory):
    ports = json.loads((sandbox / "ports.json").read_text(encoding="utf-8"))
    keys = str(sandbox / "vault-keys.json")
    url = f"https://127.0.0.1:{ports['vault_https']}"
    return Ansible(tmp_path_factory.mktemp("ansible"), url=url, ca_cert=str(sandbox / "pki" / "ca.crt"), token_file=keys)


@pytest.fixture(scope="package")
def live(sandbox):
    return Live(sandbox)


@pytest.fixture
def name(request):
    """The beginning of all names of a test's own."""
    return "".join(word[:3] for word in request.node.name.split("_")[1:5]).replace("[", "")
