# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Tools from which objects are taken over: under which names they write, and what they leave on what they wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..._core.errors import InputError
from ..._core.suggest import did_you_mean

TOOLS: dict[str, tuple[str, ...]] = {
    "argocd": ("argocd-controller", "argocd-application-controller", "argocd"),
    "flux": ("kustomize-controller", "helm-controller"),
    "helm": ("helm", "Helm"),
    "kubectl": (
        *("kubectl-client-side-apply", "kubectl-last-applied", "kubectl-create", "kubectl-replace", "kubectl-edit", "kubectl-patch"),
        *("kubectl-set", "kubectl-label", "kubectl-annotate", "kubectl-expose", "kubectl-run", "kubectl-autoscale", "kubectl"),
    ),
    "terraform": ("Terraform", "HashiCorp"),
}
"""Field managers of each. Not among them is ``kubectl-rollout``: what it wrote is when pods were started last, and taking it away starts them anew."""


class Taken(NamedTuple):
    """A tool, and of Helm perhaps one release: its namespace and its name."""

    tool: str
    namespace: str = ""
    name: str = ""


def taken_from(words: Iterable[str]) -> list[Taken]:
    """``helm``, ``helm:shop/web``, ``argocd`` … as they are meant. Raises InputError."""
    found = []
    for word in words:
        tool, colon, rest = word.strip().partition(":")
        namespace, _slash, name = rest.partition("/")
        if tool not in TOOLS:
            raise InputError(
                f"adopt_from: {tool!r} is none of {', '.join(TOOLS)}{did_you_mean(tool, TOOLS)}; other field managers stand in adopt"
            )
        if colon and (tool != "helm" or not namespace or not name):
            raise InputError(f"adopt_from: found {word!r}; allowed: {tool}" + (", or helm:<namespace>/<release>" if tool == "helm" else ""))
        found.append(Taken(tool, namespace, name))
    return found


def managers_of(taken: Iterable[Taken]) -> list[str]:
    """The field managers of these tools."""
    return [manager for one in taken for manager in TOOLS[one.tool]]
