#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kube_survey_info
short_description: Look at a cluster that nobody described
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Lists what an apiserver shows, and says who writes it (releases of Helm, applications of Argo CD, Flux, Terraform, kubectl), which
    components of the catalogue run in which version, what taking them over would change, what breaks section 4 of the CIS benchmark for EKS,
    and which Pod Security level each namespace enforces and needs.
  - Reads, with C(get) and C(list) alone. Of Secrets and of every kind that no check looks into it reads the metadata, and no value of one is shown.
  - A kind that cannot be listed is named with the server's reason; a check that needs it is V(not evaluated), and never passed.
  - The action shows all of that on one page of a screen; with O(page) it writes the whole as a page of HTML.
extends_documentation_fragment:
  - gantry.platform.kube_auth
attributes:
  check_mode:
    description: Reads in both modes.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: none
  idempotent:
    description: Changes nothing of a cluster.
    support: full
options:
  catalog:
    description: The components that are looked for. Where the action runs on the controller it is that of the role P(gantry.platform.component#role).
    type: dict
    default: {}
  page:
    description: File on the controller that all of it is written to as one page of HTML, which loads nothing from outside.
    type: path
    default: ""
seealso:
  - module: gantry.platform.component_info
  - module: gantry.platform.kube_access_info
"""

EXAMPLES = r"""
- name: Look at the cluster of a kubeconfig
  gantry.platform.kube_survey_info:
    kubeconfig: ~/.kube/config
    page: survey.html
"""

RETURN = r"""
cluster:
  description: What it is. C(ends) says until when its version of Kubernetes is looked after.
  returned: success
  type: dict
  sample: {version: v1.36.3, ends: ends on 2027-06-28, nodes: 3, namespaces: 14, objects: 1204}
writers:
  description: Who writes its objects. What a controller makes for another object counts for nobody.
  returned: success
  type: list
  elements: dict
  sample: [{tool: Helm, name: shop/web, objects: 12, namespaces: [shop], last: "2026-11-02T10:00:00Z"}]
components:
  description: Which components of the catalogue run, and in which version. C(adopting) is what taking it over would change.
  returned: success
  type: list
  elements: dict
  sample:
    - name: argo-rollouts
      chart: ""
      version: v1.9.0
      objects: [Deployment argo-rollouts/argo-rollouts]
      namespaces: [argo-rollouts]
      writers: [kubectl kubectl-client-side-apply]
      notes: []
      adopting: [namespace argo-rollouts enforces baseline in place of nothing]
checks:
  description: Every control of section 4 of the CIS benchmark for EKS 1.8.0.
  returned: success
  type: list
  elements: dict
  sample: [{id: "4.2.1", title: No privileged containers, status: failed, cure: leave privileged out, offenders: [DaemonSet ops/agent]}]
levels:
  description: The Pod Security level that each namespace with pods enforces and needs.
  returned: success
  type: list
  elements: dict
  sample: [{namespace: shop, enforced: "", needed: baseline, because: [runAsNonRoot]}]
unread:
  description: Why kinds could not be listed, by kind; an API group whose server does not answer is C(*.<group>).
  returned: success
  type: dict
  sample: {Secret: 403 secrets is forbidden}
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.survey import SURVEY


def main() -> None:
    """Look, and say what is there."""
    run_module(SURVEY)


if __name__ == "__main__":
    main()
