# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Tools that write objects of a cluster: under which names they do, and what they leave on what they wrote.

Helm 3 and 4: annotations meta.helm.sh/release-*. Argo CD: common.AnnotationKeyAppInstance and ArgoCDSSAManager of its module. Flux: labels
kustomize.toolkit.fluxcd.io/* and helm.toolkit.fluxcd.io/*. Terraform's kubernetes provider: field managers Terraform and HashiCorp (its issue 96,
gavinbunney's 139).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

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
FLUX = {"kustomize.toolkit.fluxcd.io": "Kustomization", "helm.toolkit.fluxcd.io": "HelmRelease"}
"""Kinds by the group of Flux's labels."""


def application_of(metadata: Json) -> str:
    """The name of the Argo CD application that tracks an object; empty where none does. One outside of its namespace is ``<namespace>_<name>``."""
    tracked = str((metadata.get("annotations") or {}).get("argocd.argoproj.io/tracking-id") or "")
    return tracked.partition(":")[0].rpartition("_")[2]


def reconciler_of(metadata: Json) -> tuple[str, str, str] | None:
    """(group, namespace, name) of what Flux made an object of; none where it did not."""
    labels = metadata.get("labels") or {}
    group = next((one for one in FLUX if labels.get(f"{one}/name")), "")
    return (group, str(labels.get(f"{group}/namespace", "")), str(labels[f"{group}/name"])) if group else None


def release_of(metadata: Json) -> tuple[str, str] | None:
    """(namespace, name) of the Helm release that an object is of; none where it is of none."""
    annotations = metadata.get("annotations") or {}
    name = annotations.get("meta.helm.sh/release-name")
    return (str(annotations.get("meta.helm.sh/release-namespace", "")), str(name)) if name else None
