#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: platform_model
short_description: Check an inventory and join it to the effective model of a cluster
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Checks all variables of the model against one JSON Schema and against each other, merges the layers, derives what can be
    derived, and begins the store of this run, an empty folder.
  - Every error of the inventory is told at once, with file, line, path, what was found, what is allowed and what was meant.
    Nothing is contacted.
  - It is the first task of every play of the platform. Everything else reads its registered result.
attributes:
  action:
    description: Runs on the controller, in process.
    support: full
  check_mode:
    description: Does the same, since it changes nothing.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: The same inventory gives the same model.
    support: full
options:
  read_only:
    description:
      - Says that this run changes nothing, so that it may span environments.
      - The default is the variable C(platform_model_read_only), or false.
    type: bool
  run_folder:
    description:
      - Folder of the runs' stores, relative to the folder of C(ansible.cfg).
      - The default is the variable C(platform_run_folder), or C(.gantry/run).
    type: path
  rehearsal_root:
    description:
      - Folder of a rehearsal. The kubeconfig is then C(<root>/<host>/deployer.kubeconfig); nothing else of the model changes.
      - The default is the variable C(platform_rehearsal_root), or none.
    type: path
  narrowed:
    description: The areas that the run is narrowed to. Empty means all.
    type: list
    elements: str
    default: []
  only_clusters:
    description: Whether the run leaves alone what exists once for the environment.
    type: bool
    default: false
seealso:
  - module: gantry.platform.platform_explain
  - module: gantry.platform.platform_compare
"""

EXAMPLES = r"""
- name: Check the inventory and expand the model
  gantry.platform.platform_model:
  register: platform_model

- name: Show the services that others depend on
  ansible.builtin.debug:
    msg: "{{ platform_model.effective.services | dict2items | selectattr('value.dependents') | map(attribute='key') }}"
"""

RETURN = r"""
effective:
  description: The effective model. Its parts are described in C(docs/inventory.md).
  type: dict
  returned: success
store:
  description: The empty folder of this host in this run.
  type: str
  returned: success
sets:
  description: The names of the sets that this run declares.
  type: list
  elements: str
  returned: success
  sample: [component-cert-manager, cluster-baseline, workloads]
areas:
  description: The areas that are on, in the order of a run.
  type: list
  elements: str
  returned: success
  sample: [component, cluster_baseline, workloads]
rows:
  description: Every area, on or off, in the order of a run. Made of the rows in C(plugins/module_utils/_model/areas).
  type: list
  elements: dict
  returned: success
  contains:
    area:
      description: Its name.
      type: str
    role:
      description: The role that declares it.
      type: str
    "on":
      description: Where it is, V(cluster) or V(environment).
      type: str
    phase:
      description: Its part of a run, V(before), V(clusters) or V(after).
      type: str
    wave:
      description: Its wave in this run. Each part of a run counts its own from 1; of what exists once it is C(before 1), C(after 1).
      type: str
    here:
      description: Whether it is this host's business in this run, where it is on.
      type: bool
    configures:
      description: Whether it configures a system that has an API of its own.
      type: bool
    prepare:
      description: The tasks of its role that come before the first document is written, where there are any.
      type: str
    verifies:
      description: Whether it has checks of its own, besides the comparison with its documents.
      type: bool
    renews:
      description: Whether something of it is renewed by age when the playbook C(rotate) runs.
      type: bool
    components:
      description: The components that it declares in this run.
      type: list
      elements: str
    namespaces:
      description: The namespaces that its role declares.
      type: list
      elements: str
    sandbox:
      description: The servers beside the hub that it wants where they run on this machine.
      type: list
      elements: str
    sandbox_of_each:
      description: The servers beside every cluster that it wants where they run on this machine.
      type: list
      elements: str
environment_host:
  description: The host for what exists once for the environment, empty where the inventory has none or no area is such.
  type: str
  returned: success
environment_areas:
  description: The areas of this run that exist once for the environment.
  type: list
  elements: str
  returned: success
left_out:
  description: Those for which no server of the sandbox stands. In a sandbox or a rehearsal they are left out.
  type: list
  elements: str
  returned: success
phases:
  description: The parts of the run in which this host has something to do. Empty means that it has nothing to do at all.
  type: list
  elements: str
  returned: success
run_phases:
  description: The parts of the whole run.
  type: list
  elements: str
  returned: success
hub:
  description: For a host that is no cluster, C(effective.cluster) of the hub, by which it keeps its record; empty for any other.
  type: dict
  returned: success
owner:
  description: The owner of all objects.
  type: str
  returned: success
model_digest:
  description: Digest of the effective model, the same on every machine.
  type: str
  returned: success
read_only:
  description: Whether this run changes nothing.
  type: bool
  returned: success
errors:
  description: What is wrong with the inventory.
  type: list
  elements: dict
  returned: failure
  contains:
    file:
      description: The file.
      type: str
    line:
      description: The line.
      type: int
    path:
      description: The path in the model.
      type: str
    message:
      description: What was found, what is allowed, what was meant.
      type: str
"""
