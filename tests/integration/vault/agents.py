# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Vault Agent with the configuration that a pod's annotations come to.

The injector itself cannot be built here. What stands for it follows its published rules for the annotations that are declared
(https://developer.hashicorp.com/vault/docs/deploy/kubernetes/injector/annotations), and refuses any other annotation.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST

PREFIX = "vault.hashicorp.com/"
HOME = "/".join(("", "home", "vault"))
"""Of the user in the agent's image."""
_OF_A_FILE = ("agent-inject-secret-", "agent-inject-file-", "agent-inject-template-")
_OF_THE_CONTAINER = {
    "agent-image",
    "agent-limits-cpu",
    "agent-limits-mem",
    "agent-requests-cpu",
    "agent-requests-mem",
    "agent-run-as-group",
    "agent-run-as-user",
    "agent-service-account-token-volume-name",
    "tls-secret",
}


def configuration(annotations: Mapping[str, str]) -> dict[str, Any]:
    """What the injector gives to the first agent of a pod, the one that ends before the other containers start."""
    said = {key.removeprefix(PREFIX): text for key, text in annotations.items() if key.startswith(PREFIX)}
    known = _OF_THE_CONTAINER | {"agent-inject", "service", "ca-cert", "auth-path", "role"}
    unknown = {key for key in said if key not in known and not key.startswith(_OF_A_FILE)}
    assert not unknown and said["agent-inject"] == "true", unknown
    method = {
        "type": "kubernetes",
        "mount_path": said["auth-path"],
        "config": {"role": said["role"], "token_path": "/var/run/secrets/vault.hashicorp.com/serviceaccount/token"},
    }
    return {
        "auto_auth": {"method": method, "sink": [{"type": "file", "config": {"path": f"{HOME}/.vault-token"}}]},
        "exit_after_auth": True,
        "pid_file": f"{HOME}/.pid",
        "vault": {"address": said["service"], **({"ca_cert": said["ca-cert"]} if "ca-cert" in said else {})},
        "template": [
            {
                # Small letters, unless the name is said apart.
                "destination": f"/vault/secrets/{said.get(f'agent-inject-file-{name}', name.lower())}",
                "contents": said[f"agent-inject-template-{name}"],
                "left_delimiter": "{{",
                "right_delimiter": "}}",
            }
            for name in (key.removeprefix("agent-inject-secret-") for key in said if key.startswith("agent-inject-secret-"))
        ],
        "template_config": {"exit_on_retry_failure": True},
    }


def moved(text: str, places: Mapping[str, object]) -> str:
    """A text with what is said of a container as it is on this machine, all in one go."""
    return re.sub("|".join(map(re.escape, places)), lambda found: str(places[found.group()]), text)


def rendered(config: Mapping[str, Any], folder: Path, program: Path, vault: Mapping[str, str], token: str) -> tuple[str, dict[str, str]]:
    """What went wrong and the files by name, of an agent that runs with ``config`` in ``folder`` instead of a container's root.

    ``vault`` is the real server behind the address (``address``, ``ca_cert``), ``token`` one of the pod's ServiceAccount.
    """
    placed = json.loads(moved(json.dumps(config), {'"/': f'"{folder}/'})) | {"vault": dict(vault)}
    for path in ("home/vault", "vault/secrets", "var/run/secrets/vault.hashicorp.com/serviceaccount"):
        (folder / path).mkdir(parents=True, exist_ok=True)
    Path(placed["auto_auth"]["method"]["config"]["token_path"]).write_text(token, encoding="utf-8")
    (folder / "agent.json").write_text(json.dumps(placed), encoding="utf-8")
    done = subprocess.run([program, "agent", f"-config={folder}/agent.json"], capture_output=True, text=True, timeout=LONGEST, check=False)
    files = {path.name: path.read_text(encoding="utf-8") for path in (folder / "vault" / "secrets").iterdir()}
    return (done.stdout + done.stderr if done.returncode else ""), files
