# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The levels of pods, and Kubernetes' own pods that pass and fail as their judge."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._core.pod_security import LEVELS
from ansible_collections.gantry.platform.plugins.module_utils._survey.pods import level_of

RESTRICTED = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [{"name": "app", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}],
}


def judged():
    """(file, level, whether Kubernetes admits it there) of each pod in the newest of the module's test data."""
    cache = Path(os.environ.get("GOMODCACHE") or Path(os.environ.get("GOPATH") or Path.home() / "go") / "pkg" / "mod")
    for module in sorted(cache.glob("k8s.io/pod-security-admission@*"))[-1:]:
        for level in ("baseline", "restricted"):
            folder = max((module / "test" / "testdata" / level).iterdir(), key=lambda one: int(one.name.rpartition(".")[2]))
            for verdict in ("pass", "fail"):
                yield from ((path, level, verdict == "pass") for path in sorted((folder / verdict).glob("*.yaml")))


def test_a_level_admits_what_kubernetes_admits():
    cases = list(judged())
    if not cases:
        print("not run: the module k8s.io/pod-security-admission is not at hand")
        return
    wrong = []
    for path, level, admitted in cases:
        pod = yaml.safe_load(path.read_text(encoding="utf-8"))
        found, why = level_of(pod["metadata"], pod["spec"])
        if (LEVELS.index(found) <= LEVELS.index(level)) is not admitted:
            wrong.append(f"{level}/{path.parent.name}/{path.name}: {found} {why}")
    assert not wrong and len(cases) > 50, wrong


@pytest.mark.parametrize(
    ("spec", "level", "why"),
    [
        (RESTRICTED, "restricted", []),
        ({"containers": [{"name": "app"}]}, "baseline", ["allowPrivilegeEscalation", "capabilities.drop", "runAsNonRoot", "seccompProfile"]),
        ({**RESTRICTED, "hostNetwork": True, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, "privileged", ["hostNetwork", "volumes.hostPath"]),
        ({**RESTRICTED, "volumes": [{"name": "v", "nfs": {"server": "s"}}]}, "baseline", ["volumes"]),
    ],
)  # fmt: skip
def test_a_pod_needs_the_level_of_its_widest_field(spec, level, why):
    assert level_of({}, spec) == (level, why)
