#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: run_store
short_description: Keep a document of a run in a folder or in a cluster
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Keeps one JSON document, such as a plan that waits for approval or the record of the last run, and reads it again.
  - In a cluster it is one Secret, compressed. A document that is kept already is not written again.
extends_documentation_fragment:
  - gantry.platform.kube_auth
attributes:
  action:
    description: Runs on the controller, in process.
    support: full
  check_mode:
    description: Says whether the document would be written.
    support: full
  diff_mode:
    description: The documents are large and are shown by what made them.
    support: none
  idempotent:
    description: Compares the whole document.
    support: full
options:
  state:
    description: V(present) writes, over the version that was read and over no other. V(read) reads.
    type: str
    choices: [present, read]
    default: present
  place:
    description:
      - A folder, relative to the folder of C(ansible.cfg), or V(secret:<namespace>/<name>).
    type: str
    required: true
  name:
    description: Name of the document. In a folder it is the file's name without C(.json), in a cluster a label of the Secret.
    type: str
    required: true
  document:
    description: The document.
    type: dict
  src:
    description: A JSON file with the document, instead of O(document).
    type: path
  beside:
    description:
      - Adds the document to the list C(beside) of the one that is kept, instead of taking its place. For a run whose lock was lost,
        which is not the last that changed the cluster.
    type: bool
    default: false
  releases:
    description: Keeps the releases that the document in whose place this one comes knows, in its list C(releases).
    type: bool
    default: false
  lock:
    description: With O(state=read), whether to read the lock in the Secret's namespace as well.
    type: bool
    default: false
seealso:
  - module: gantry.platform.run_report
"""

EXAMPLES = r"""
- name: Keep the plan until somebody approves it
  gantry.platform.run_store:
    place: secret:gantry-system/gantry-plan
    name: plan-prod
    src: .gantry/plan.json
    kubeconfig: ~/.kube/config
    context: prod-euw1

- name: Read the record of the last run
  gantry.platform.run_store:
    state: read
    place: secret:gantry-system/gantry-last-run
    name: last-run
  register: platform_last_run
"""

RETURN = r"""
document:
  description: The document, or nothing where none is kept.
  type: dict
  returned: when O(state=read)
lock:
  description: Which run wrote last (C(run)), how much (C(written)), since when (C(since)), and who (C(holder)) where it did not give the lock back.
  type: dict
  returned: when O(state=read) and O(lock=true)
"""
