#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: configure
short_description: Make the systems of areas what their documents say
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - An area's row names the documents by which it sets up a system with an API of its own, and the module of each. This runs all of them,
    in order, in one task. Each document is a template of the area's role.
  - A module gets what all such modules share (owner, impact, removal, the approved digest, check mode), then C(<role>_access) and
    C(<role>_options), as the role's variables say them.
  - With O(stage=verify) it runs the row's own checks. Without any it compares each document once more, and fails where something differs.
attributes:
  check_mode:
    description: What each module does in it.
    support: full
  diff_mode:
    description: The differences that each module shows.
    support: full
  idempotent:
    description: As idempotent as the modules of the rows.
    support: full
options:
  areas:
    description: The areas, in order.
    type: list
    elements: str
    required: true
  stage:
    description:
      - The stage of the run. V(drift) and V(verify) write nothing in check mode, allow every impact, and report what nobody declares.
      - V(rotate) carries out the documents of what the rows renew, in the place of those of what they configure.
    type: str
    choices: [plan, apply, drift, verify, rotate]
    required: true
  owner:
    description: Whose records those of the documents are. A document that is not everybody's has the name of its cluster or part behind it.
    type: str
    required: true
  hub:
    description: Whether what an area of clusters configures once for all of them is this host's business.
    type: bool
    default: true
  simulated_in:
    description:
      - Folder of the servers that stand for the systems in a sandbox or a rehearsal. There C(<server>.json) says how a system is reached,
        C(<role>_access) does not; the server is the first that the row names as its C(sandbox).
    type: str
    default: ""
  allowed_impact:
    description: The impacts that the run may have.
    type: list
    elements: str
    default: [safe]
  made:
    description:
      - Objects that this very run makes. Where a system is served by one of them it may be absent, and its documents are planned against
        nothing.
    type: list
    elements: str
    default: []
  approved:
    description: By part, the digest that a document's plan must have. Used with O(stage=apply).
    type: dict
    default: {}
seealso:
  - module: gantry.platform.declare
  - module: gantry.platform.run_report
"""

EXAMPLES = r"""
- name: Compare what the area vault configures
  gantry.platform.configure:
    areas: [vault]
    stage: drift
    owner: "{{ platform_model.owner }}"
  check_mode: true
  register: configured

- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ configured.noted | selectattr('plan', 'defined') | map(attribute='plan') | flatten | map(attribute='id') }}"
"""

RETURN = r"""
noted:
  description: What the run's report needs of each call, in order. After a failure the last one has RV(noted[].error).
  returned: always
  type: list
  elements: dict
  contains:
    stage:
      description: The stage.
      returned: always
      type: str
    wave:
      description: The part that was configured, or the area that was verified.
      returned: always
      type: str
    task:
      description: What was done, in words.
      returned: always
      type: str
    failed:
      description: Whether it failed.
      returned: always
      type: bool
    changed:
      description: Whether it changed something.
      returned: always
      type: bool
    error:
      description: Why it failed.
      returned: failure
      type: str
    plan:
      description: Its changes, as the module returns them.
      returned: when there are any
      type: list
      elements: dict
    counts:
      description: How many changes there are of each action.
      returned: when a document was compared
      type: dict
    expectations:
      description: How many checks passed, and those that did not.
      returned: O(stage=verify)
      type: dict
proven:
  description: What the checks that passed showed.
  returned: with O(stage=verify), where there are any
  type: list
  elements: str
"""
