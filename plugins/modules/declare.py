#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: declare
short_description: Declare the documents of a role as one named set
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Renders a role's templates and hands the documents on as one named set, a file in the store of the run.
  - Contacts nothing. The store is no part of the platform, so the task never reports a change.
  - With O(finish=true) checks all sets of the store together, before anything is contacted.
attributes:
  check_mode:
    description: Writes the store in both modes, since check mode needs it for its plan.
    support: full
  diff_mode:
    description: The diff is shown by M(gantry.platform.kube_apply), against the cluster.
    support: none
  idempotent:
    description: The same input makes the same set.
    support: full
options:
  store:
    description: The store of the run, as M(gantry.platform.platform_model) returns it.
    type: path
    required: true
  areas:
    description:
      - Areas of the platform whose sets are declared, each as its role does it alone - the set of its row out of its templates, and the
        components that are its own, for which M(gantry.platform.component) says what is read.
      - What the templates see is what they see in an included role; the options of the roles may stand wherever variables stand.
    type: list
    elements: str
    default: []
  set:
    description: Name of the set. The cluster keeps its record in a Secret of this name.
    type: str
  namespace:
    description: Namespace of the set's record.
    type: str
    default: gantry-system
  role:
    description: Name of the role that declares.
    type: str
    default: ""
  templates:
    description: Templates of the role. Each may render to many YAML documents.
    type: list
    elements: str
    default: []
  files:
    description: Files, folders or globs of the role's C(files) that are not rendered.
    type: list
    elements: path
    default: []
  documents:
    description: Documents as mappings, lists or YAML text.
    type: list
    elements: raw
    default: []
  expectations:
    description: What must be true afterwards, as in M(gantry.platform.kube_verify).
    type: list
    elements: dict
    default: []
  expectations_templates:
    description: Templates that render to lists of such expectations.
    type: list
    elements: str
    default: []
  handed_over:
    description: Fields that another controller owns after creation, as in M(gantry.platform.kube_apply).
    type: list
    elements: dict
    default: []
  handed_over_templates:
    description: Templates that render to lists of such fields.
    type: list
    elements: str
    default: []
  finish:
    description: Check all sets of the store together.
    type: bool
    default: false
  separate:
    description:
      - Move what only an administrator may apply out of all sets of the store into one of its own, C(administration), each object with
        the reason, and note which rights the deployer needs for the rest.
    type: bool
    default: false
  entered:
    description: Namespaces that the deployer is let into by sets that are not in the store.
    type: list
    elements: str
    default: []
  external_namespaces:
    description: Namespaces that the cluster has from elsewhere.
    type: list
    elements: str
    default: []
  external_groups:
    description: API groups that the cluster has from elsewhere.
    type: list
    elements: str
    default: []
notes:
  - Values of Secrets are references such as C({"reference":"env:NAME"}). A value that is written out is refused unless it is a certificate.
seealso:
  - module: gantry.platform.kube_apply
"""

EXAMPLES = r"""
- name: Declare the services
  gantry.platform.declare:
    store: "{{ platform_model.store }}"
    set: workloads
    role: workloads
    templates: [deployment.yaml.j2, service.yaml.j2]

- name: Declare two areas
  gantry.platform.declare:
    store: "{{ platform_model.store }}"
    areas: [cluster_baseline, workloads]

- name: Check all sets together
  gantry.platform.declare:
    store: "{{ platform_model.store }}"
    finish: true
"""

RETURN = r"""
path:
  description: The set's file.
  returned: when a set was declared
  type: str
name:
  description: The set's name.
  returned: when a set was declared
  type: str
documents:
  description: Number of its documents.
  returned: when a set was declared
  type: int
digest:
  description: Identifies its content.
  returned: when a set was declared
  type: str
sets:
  description: All sets of the store, or those of the areas, with name, namespace, role, number of documents and digest.
  returned: with O(finish=true) or O(areas)
  type: list
  elements: dict
left_out:
  description: Hooks of charts that were left out.
  returned: with O(areas)
  type: list
  elements: str
namespaces:
  description: Namespaces of charts with C(pod_security) and the components that need it, C(needed_by).
  returned: with O(areas)
  type: list
  elements: dict
"""
