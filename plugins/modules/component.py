#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: component
short_description: Declare catalogued components as sets
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Declares one set for each enabled component, named C(component-<name>), into the store of the run.
  - With C(source=crds) the documents are the component's custom resource definitions, read from its pinned Go module.
  - With C(source=upstream) they are every object of its chart, pinned by digest and rendered by helm for the cluster's version.
    Hooks become ordinary objects in order, tests are left out. A chart whose two renders differ, or that writes values of Secrets
    out, is refused with the settings that cure it, as YAML to paste.
  - A namespace of charts has the most permissive PodSecurity level that one of its components needs, and the annotation
    C(gantry.dev/pod-security-needed-by) names them.
  - What was read or rendered is kept in the user's cache.
attributes:
  check_mode:
    description: Writes the store in both modes, since check mode needs it for its plan.
    support: full
  diff_mode:
    description: The diff is shown by M(gantry.platform.kube_apply), against the cluster.
    support: none
  idempotent:
    description: The same input makes the same sets.
    support: full
options:
  store:
    description: The store of the run.
    type: path
    required: true
  namespace:
    description: Namespace of the sets' records.
    type: str
    default: gantry-system
  role:
    description: Name of the role that declares.
    type: str
    default: component
  catalog:
    description: The catalogue of components. Empty means that of the role C(component).
    type: dict
    default: {}
  components:
    description:
      - The wanted components by name, each with C(enabled), C(source), C(delivery), C(namespace), C(values), C(version) and C(digest).
      - C(values) merge over the catalogue's as helm merges files.
      - C(secrets) are Secrets of the namespace by reference, and take the place of the chart's own; C(ignore) are paths of the chart's
        objects that are left out; C(pod_security) and C(namespace_labels) are of the namespace; C(wait=false) waits for no pod.
    type: dict
    required: true
  modules:
    description: Folder with a go.mod and go.sum for each component.
    type: path
    required: true
  kubernetes_version:
    description: Version of the cluster, major and minor.
    type: str
    required: true
  repositories:
    description: Addresses of chart repositories by the catalogue's names - http(s), oci:// or a folder. A mirror is another address.
    type: dict
    default: {}
  helm:
    description: Path of a helm binary, for C(source=upstream). Without it the first on PATH.
    type: str
    default: ""
  deployer:
    description: User name of the deployer, which gets its way into a component's namespace.
    type: str
    default: ""
  namespaces:
    description: Namespaces that are declared elsewhere, with the deployer's way into them.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Declare the components
  gantry.platform.component:
    store: "{{ platform_model.store }}"
    catalog: "{{ component_catalog }}"
    components: "{{ component_list }}"
    modules: "{{ role_path }}/files/modules"
    kubernetes_version: "1.36"
"""

RETURN = r"""
sets:
  description: The declared sets with name, number of documents and digest.
  returned: success
  type: list
  elements: dict
left_out:
  description: Hooks of charts that are not applied - tests, and those of removal and rollback.
  returned: success
  type: list
  elements: str
namespaces:
  description: The namespaces that the sets declare, with C(pod_security) and the components that need this level (C(needed_by)).
  returned: success
  type: list
  elements: dict
"""
