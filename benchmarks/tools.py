# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that are compared: for each its version, the files it reads, and the command that applies them once."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible_collections.gantry.platform.plugins.module_utils._core.canonical import canonical
from cluster import HERE, ROOT
from objects import Document

SERVERS = ROOT / "roles" / "sandbox" / "modules"
_ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
_SET_SIZE = 1000


@dataclass(frozen=True)
class Job:
    """One list of documents for one tool: ``folder`` is its own and new, ``name`` tells lists in one cluster apart."""

    folder: Path
    name: str
    documents: Sequence[Document]


@dataclass(frozen=True)
class Contender:
    """A tool. ``prepare`` writes its files; ``command`` gives the arguments for a kubeconfig."""

    name: str
    what: str
    version: str
    ours: bool
    prepare: Callable[[Job], None]
    command: Callable[[Job, Path], list[str]]


def contenders(binaries: Path) -> list[Contender]:
    """Every tool. ``binaries`` is the folder that a started cluster has them in."""
    kubectl, helm, flux_ssa = (str(binaries / name) for name in ("kubectl", "helm", "flux-ssa"))
    core = importlib.metadata.version("ansible-core")
    return [
        Contender(
            "gantry.platform, engine",
            "the engine of kube_apply in a process of its own",
            f"{_collection('gantry', 'platform')}, Python {sys.version.split()[0]}",
            True,
            _prepare_store,
            lambda job, kubeconfig: [
                *(sys.executable, str(HERE / "engine.py"), "--kubeconfig", str(kubeconfig)),
                *("--store", str(job.folder / "store"), "--owner", job.name),
            ],
        ),
        Contender(
            "gantry.platform, whole playbook",
            "ansible-playbook with one task kube_apply that reads a store",
            f"{_collection('gantry', 'platform')}, ansible-core {core}",
            True,
            _prepare_ours,
            _playbook,
        ),
        Contender(
            "Flux `fluxcd/pkg/ssa`",
            "Flux's engine in a small driver, ApplyAllStaged, 8 at a time",
            _pinned("github.com/fluxcd/pkg/ssa"),
            False,
            _prepare_documents,
            lambda job, kubeconfig: [flux_ssa, "-kubeconfig", str(kubeconfig), "-documents", str(job.folder / "documents.json")],
        ),
        Contender(
            "kubectl",
            "kubectl apply --server-side --force-conflicts, strict validation",
            _pinned("k8s.io/kubernetes", SERVERS / "kubernetes" / "go.mod"),
            False,
            _prepare_documents,
            lambda job, kubeconfig: [
                *(kubectl, "apply", "--server-side", "--force-conflicts", "--kubeconfig", str(kubeconfig)),
                *("--cache-dir", str(job.folder / "cache"), "-f", str(job.folder / "documents.json")),
            ],
        ),
        Contender(
            "Helm",
            "helm upgrade --install, definitions in crds/, --force-conflicts",
            _pinned("helm.sh/helm/v4", SERVERS / "helm" / "go.mod"),
            False,
            _prepare_chart,
            lambda job, kubeconfig: [
                *(helm, "upgrade", "--install", job.name, str(job.folder / "chart"), "--force-conflicts"),
                *("--namespace", "default", "--kubeconfig", str(kubeconfig)),
            ],
        ),
        Contender(
            "kubernetes.core.k8s",
            "ansible-playbook with one task over the whole list, apply by server-side apply",
            f"{_collection('kubernetes', 'core')}, ansible-core {core}",
            False,
            _prepare_kubernetes_core,
            _playbook,
        ),
    ]


def environment(job: Job) -> dict[str, str]:
    """The environment of a tool's process: its caches lie in its own folder, and no setting of the user's counts."""
    dropped = ("ANSIBLE_", "HELM_", "K8S_AUTH_", "KUBE", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return kept | {
        "ANSIBLE_CONFIG": str(job.folder / "ansible.cfg"),
        "HOME": str(job.folder),
        "TMPDIR": str(job.folder),
        "XDG_CACHE_HOME": str(job.folder / "cache"),
        "XDG_CONFIG_HOME": str(job.folder / "config"),
        "XDG_DATA_HOME": str(job.folder / "data"),
    }


def _prepare_documents(job: Job) -> None:
    rows = [json.dumps(document) for document in job.documents]
    (job.folder / "documents.json").write_text("\n---\n".join(rows))


def _prepare_store(job: Job) -> None:
    """Set files as roles leave them in a store, a thousand objects each at most."""
    store = job.folder / "store"
    store.mkdir(mode=0o700)
    for number, begin in enumerate(range(0, len(job.documents), _SET_SIZE)):
        name = f"{job.name}-{number:03d}"
        content = {"set": name, "namespace": "default", "documents": job.documents[begin : begin + _SET_SIZE]}
        (store / f"{name}.json").write_bytes(canonical(content))


def _prepare_ours(job: Job) -> None:
    _prepare_store(job)
    options = {
        "kubeconfig": "{{ kubeconfig }}",
        "store": str(job.folder / "store"),
        "owner": job.name,
        "force_conflicts": True,
        "wait": False,
    }
    _prepare_playbook(job, {"name": "Apply the store", "gantry.platform.kube_apply": options})


def _prepare_kubernetes_core(job: Job) -> None:
    _prepare_documents(job)
    options = {
        "kubeconfig": "{{ kubeconfig }}",
        "src": str(job.folder / "documents.json"),
        "apply": True,
        "server_side_apply": {"field_manager": "kubernetes.core", "force_conflicts": True},
        "continue_on_error": True,
    }
    _prepare_playbook(job, {"name": "Apply the list", "kubernetes.core.k8s": options})


def _prepare_playbook(job: Job, task: dict[str, object]) -> None:
    collections = ROOT / ".ansible" / "collections"
    (job.folder / "ansible.cfg").write_text(f"[defaults]\ncollections_path = {collections}\nlocal_tmp = {job.folder}/tmp\n")
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    play = {"name": "Benchmark", "hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": [task]}
    (job.folder / "playbook.yml").write_text(yaml.safe_dump([play], sort_keys=False))


def _playbook(job: Job, kubeconfig: Path) -> list[str]:
    return [
        *(sys.executable, str(_ANSIBLE_PLAYBOOK), "-i", "localhost,"),
        *("-e", json.dumps({"kubeconfig": str(kubeconfig)}), str(job.folder / "playbook.yml")),
    ]


def _prepare_chart(job: Job) -> None:
    chart = job.folder / "chart"
    for name in ("crds", "templates"):
        (chart / name).mkdir(parents=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": job.name, "version": "1.0.0"}))
    for folder, definitions in (("crds", True), ("templates", False)):
        rows = [json.dumps(d) for d in job.documents if (d["kind"] == "CustomResourceDefinition") is definitions]
        (chart / folder / "objects.yaml").write_text("\n---\n".join(rows))


def _pinned(module: str, file: Path = HERE / "modules" / "flux" / "go.mod") -> str:
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", file.read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"{file} does not pin {module}")
    return found.group(1)


def _collection(namespace: str, name: str) -> str:
    folder = ROOT / ".ansible" / "collections" / "ansible_collections" / namespace / name
    manifest = folder / "MANIFEST.json"
    if manifest.is_file():
        return str(json.loads(manifest.read_text())["collection_info"]["version"])
    return str(yaml.safe_load((folder / "galaxy.yml").read_text())["version"])
