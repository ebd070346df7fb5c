# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares vault_config with a loop of community.hashi_vault.vault_write on a real Vault, and writes docs/performance-vault.md.

Both are whole ansible-playbook runs over the same policies and AppRole roles, each below names of its own in one Vault. Requests are
counted out of Vault's audit log. Nothing here judges a time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import ssl
import subprocess
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "requirements"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ansible" / "collections"))

import books
import install
import machine
from ansible_collections.gantry.platform.tests.kit.audit import WRITES, VaultAudit

ROOT = Path(__file__).resolve().parent.parent
_WORK = ROOT / ".gantry" / "bench-vault"
_INSTANCE = _WORK / "instance"
_PAGE = ROOT / "docs" / "performance-vault.md"
_SCENARIOS = {"cold": "From nothing", "no change": "Nothing to do", "drift": "One policy loosened by hand"}
_OURS = "gantry.platform.vault_config"
_PEER = "community.hashi_vault.vault_write (loop)"


class Vault:
    """The sandbox's Vault, and what its audit log says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"https://127.0.0.1:{json.loads((folder / 'ports.json').read_text())['vault_https']}"
        self.authority = folder / "pki" / "ca.crt"
        self.audit = VaultAudit.of(folder)
        self.token = json.loads((folder / "vault-keys.json").read_text())["root_token"]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request by hand."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1/{path}", data, {"X-Vault-Token": self.token}, method=method)
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=str(self.authority))) as answer:
            content = answer.read()
        return dict(json.loads(content)) if content else {}


def main() -> None:
    """Measure, keep the figures, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=500)
    options = parser.parse_args()
    books.role("clean", _INSTANCE, ["vault"])
    books.role("main", _INSTANCE, ["vault"])
    try:
        found = measure(Vault(_INSTANCE), options.paths)
    finally:
        books.role("clean", _INSTANCE, ["vault"])
    text = render(found)
    print(text)
    if options.paths >= 500:
        _PAGE.write_text(text, encoding="utf-8")


def measure(vault: Vault, paths: int) -> dict[str, Any]:
    """Every scenario, ours and the peer's in turns."""
    playbooks = {_OURS: ours(vault, paths), _PEER: peer(vault, paths)}
    vault.call("POST", "sys/auth/peer", {"type": "approle"})
    collections = f"{ROOT / '.ansible' / 'collections'}:{_WORK / 'peer'}"
    rows = []
    for scenario in _SCENARIOS:
        for name, book in playbooks.items():
            prefix = "ours" if name == _OURS else "peer"
            if scenario == "drift":
                vault.call("PUT", f"sys/policies/acl/{prefix}-0", {"policy": 'path "*" { capabilities = ["sudo"] }'})
            before = vault.audit.mark()
            cost = books.run(book, ANSIBLE_COLLECTIONS_PATH=collections, PYTHONPATH=str(_WORK / "python"))
            operations = Counter(how for how, _path in vault.audit.asked(before))
            loosened = "sudo" in vault.call("GET", f"sys/policies/acl/{prefix}-0")["data"]["policy"]
            there = len(vault.call("GET", f"auth/{prefix}/role?list=true")["data"]["keys"])
            failed = paths // 2 - there + int(loosened) + int(cost["code"] != 0)
            rows.append({"tool": name, "scenario": scenario, **cost, "requests": dict(operations), "failed": failed})
            print(f"{name:42} {scenario:10} {cost['wall']:7.2f} s  {dict(operations)}  failed {failed}", file=sys.stderr, flush=True)
    return {"paths": paths, "rows": rows, "machine": machine.describe(ROOT)}


def ours(vault: Vault, paths: int) -> Path:
    """A playbook with one task."""
    roles = {f"role-{number}": {"token_policies": [f"ours-{number}"], "token_ttl": "1h"} for number in range(paths // 2)}
    policies = {f"ours-{number}": {f"kv/data/{number}/*": ["read"]} for number in range(paths // 2)}
    config = {"policies": policies, "auth": {"ours": {"type": "approle", "roles": roles}}}
    access = {"url": vault.url, "ca_cert": str(vault.authority), "token_file": str(vault.folder / "vault-keys.json")}
    return books.playbook(_WORK, "ours", [{_OURS: {**access, "owner": "bench", "config": config}}])


def peer(vault: Vault, paths: int) -> Path:
    """A playbook with one task in a loop; the collection and its library come to folders of their own."""
    for folder in ("peer", "python"):
        shutil.rmtree(_WORK / folder, ignore_errors=True)
    install.COLLECTIONS, install.FOREIGN = _WORK / "peer" / "ansible_collections", ("community/hashi_vault",)
    install.unpack(install.wheel(Path(sys.executable).parent.parent))
    pip = [books.tool("uv"), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", str(_WORK / "python")]
    subprocess.run([*pip, "-r", str(ROOT / "requirements" / "bench.txt")], check=True)
    rows = [
        {"path": f"sys/policies/acl/peer-{number}", "data": {"policy": f'path "kv/data/{number}/*" {{\n  capabilities = ["read"]\n}}\n'}}
        for number in range(paths // 2)
    ]
    rows += [
        {"path": f"auth/peer/role/role-{number}", "data": {"token_policies": [f"peer-{number}"], "token_ttl": "1h"}}
        for number in range(paths // 2)
    ]
    task = {
        "community.hashi_vault.vault_write": {
            "url": vault.url,
            "ca_cert": str(vault.authority),
            "token": vault.token,
            "path": "{{ item.path }}",
            "data": "{{ item.data }}",
        },
        "loop": rows,
        "no_log": True,
    }
    return books.playbook(_WORK, "peer", [task])


def render(found: dict[str, Any]) -> str:
    """The page as Markdown."""
    about = found["machine"]
    parts = [
        "# Performance: configuring Vault",
        "",
        f"<!-- made by `make bench-vault` on {about['date']}; edit benchmarks/vault.py -->",
        "",
        f"{found['paths']} paths, half of them policies and half AppRole roles, one run each, whole `ansible-playbook`, on one Vault 1.21.1 in turns.",
        "Compare the ratios, not the seconds. Requests are those of Vault's audit log; failed paths by a look at Vault after the run.",
        "",
        f"- Machine: {about['machine']}, load {about['load']} before. Commit {about['commit']}.",
        f"- {_OURS}: one task. {_PEER}: community.hashi_vault out of the ansible package that `requirements/collections.txt` pins.",
        "- A loop says nothing in check mode and writes all of its paths each time; ours plans, and writes what differs.",
        "",
    ]
    parts += books.tables(found["rows"], _SCENARIOS, _OURS, WRITES)
    return "\n".join(parts)


if __name__ == "__main__":
    main()
