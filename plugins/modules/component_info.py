#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: component_info
short_description: Say what a component of the catalogue brings and needs
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Prints, before anything is enabled and without a cluster, a component's licence, status, versions, digest, required values and Secrets,
    its namespace with the PodSecurity level that it needs, its definitions, the rights that it asks for, and the cure where its chart makes
    values up or writes Secrets out, all of it as YAML to paste.
  - The chart is read where O(repositories) has its address and helm is there; otherwise the answer says what is missing, and the rest.
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
    description: Changes nothing.
    support: full
options:
  name:
    description: The component's name in the catalogue.
    type: str
    required: true
  component:
    description: Its settings so far, as in C(settings.components); what is required and not said is filled with the catalogue's examples.
    type: dict
    default: {}
  catalog:
    description: The catalogue of components. Without it that of the role C(component).
    type: dict
  kubernetes_version:
    description: Version of the cluster, major and minor. Without it the newest that the component supports.
    type: str
  repositories:
    description: Addresses of chart repositories by the catalogue's names - http(s), oci:// or a folder.
    type: dict
    default: {}
  helm:
    description: Path of a helm binary. Without it the first on PATH.
    type: str
    default: ""
seealso:
  - module: gantry.platform.component
"""

EXAMPLES = r"""
- name: Say what velero needs
  gantry.platform.component_info:
    name: velero
"""

RETURN = r"""
component:
  description: What was printed.
  type: dict
  returned: success
"""
