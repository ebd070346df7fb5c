#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: run_report
short_description: Build the report of a run over all of its hosts
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Collects what each host's reconcile and verification came to, judges it, and writes it as C(plan.json) or C(drift.json).
  - A run calls it in three states. V(started) once, before anything else, V(noted) for each host after each stage, and
    V(published) once, for the gate before the first write and again at the end.
  - While a run writes its report says V(running). With O(state=completed) a report whose run is certainly gone says V(interrupted).
  - What is noted travels in the variable C(platform_notes), which the task with O(state=noted) must register.
  - The report holds names, paths and reasons, never values. Its schema is C(docs/plan.schema.json) or C(docs/drift.schema.json).
attributes:
  action:
    description: Runs on the controller, in process.
    support: full
  check_mode:
    description: Does the same in both modes, since the report of a run in check mode is what the run is for.
    support: full
  diff_mode:
    description: The report is the result, there is nothing to compare it with.
    support: none
  idempotent:
    description: Never reports a change; a report is no part of the platform.
    support: full
options:
  state:
    description:
      - The moment of the run. V(cleared) belongs to none - it removes the reports of the environment, and what runs left that are gone.
    type: str
    required: true
    choices: [started, noted, published, completed, cleared]
  command:
    description: What the run does, one of the playbooks' names. For O(state=started).
    type: str
  areas:
    description: The areas that the run is narrowed to. Empty means all.
    type: list
    elements: str
    default: []
  take:
    description:
      - What others changed or added and the run takes back, as a list, or as a text with commas. Empty means what O(approved_file) takes.
    type: raw
  conflicts:
    description: With O(gate) and O(writes), whether objects in which others hold declared fields are a reason to fail.
    type: str
    choices: [refuse, leave]
    default: refuse
  revision:
    description: The commit that the run was made from. Empty asks Git in the project's folder.
    type: str
    default: ""
  file:
    description:
      - Where the report goes. Without it V(.gantry/plan.json) and V(.gantry/<environment>/plan.json), and V(drift.json) in their
        place when O(command=drift). With O(command=rehearse) it is V(.gantry/rehearsal/<environment>/plan.json) alone.
      - A path is relative to the folder of C(ansible.cfg). With O(state=started) older reports there are removed.
    type: path
  approved_file:
    description: The report that was approved. The run is refused unless it would do exactly the same.
    type: path
  approved_document:
    description: The same as O(approved_file), as M(gantry.platform.run_store) has read it.
    type: dict
  approved_digest:
    description: The digest that was approved. Another plan in O(approved_file) or O(approved_document) is refused.
    type: str
  stage:
    description: What is noted.
    type: str
    choices: [declare, plan, apply, verify, drift]
  wave:
    description: The wave that is noted.
    type: str
    default: ""
  task:
    description: Name of the task that is noted, shown where it failed.
    type: str
    default: ""
  result:
    description: The result of the task that is noted. That of M(gantry.platform.configure) brings its own notes, which are taken as they are.
    type: dict
  run:
    description: What O(state=started) returned.
    type: dict
  gate:
    description:
      - Fail when a host failed, when the plan is not the approved one, or when the release was not verified where it is promoted from.
      - In a C(run_once) task this stops every host before its first write.
    type: bool
    default: false
  applied:
    description: Whether the run has had its writing half. A host that has noted nothing of it was then not reached.
    type: bool
    default: false
  writes:
    description: With O(gate), whether the run writes when it has passed. Its report then says V(running) until it is published again.
    type: bool
    default: false
  goes_on:
    description:
      - With O(applied), whether another part of the run comes after this one. The report then says V(running) until it is published again,
        and no record of a verified run is left.
    type: bool
    default: false
  digest_key:
    description: Key that seals the report. An approved plan must be sealed with the same.
    type: str
  promotion_records:
    description:
      - Folder with the records of verified runs, one file per environment. A verified run over a whole environment leaves its own.
      - Without it promotion is not checked, and a warning says so.
    type: path
seealso:
  - module: gantry.platform.kube_apply
  - module: gantry.platform.run_store
"""

EXAMPLES = r"""
- name: Begin the run
  gantry.platform.run_report:
    state: started
    command: plan
  register: platform_run
  run_once: true

- name: Note the plan
  gantry.platform.run_report:
    state: noted
    stage: plan
    result: "{{ platform_reconciled }}"
  register: platform_notes

- name: Publish the plan
  gantry.platform.run_report:
    state: published
    run: "{{ platform_run }}"
    gate: true
  register: platform_report
  run_once: true
"""

RETURN = r"""
removed:
  description: The reports that were removed.
  type: list
  elements: str
  returned: when O(state=cleared)
id:
  description: The run's name.
  type: str
  returned: when O(state=started)
hosts:
  description: The hosts of the run. What is published later is about all of them, whatever part of them a play is for.
  type: list
  elements: str
  returned: when O(state=started)
take:
  description: What the run takes back of others; of a report that is published, the managers by whose names all can be taken back.
  type: list
  elements: str
  returned: when O(state=started) or O(state=published)
approved:
  description: The approved plan, or nothing.
  type: dict
  returned: when O(state=started)
notes:
  description: Every note of the host so far.
  type: list
  elements: dict
  returned: when O(state=noted)
report_file:
  description: The file that the report was written to.
  type: str
  returned: when O(state=published)
status:
  description: V(clean), V(changes), V(running), V(applied), V(interrupted), V(failed) or V(incomplete); of a drift report V(clean), V(drift) or V(error).
  type: str
  returned: when O(state=published)
statuses:
  description: The status of each host, of a failed gate as well.
  type: dict
  returned: when O(state=published)
digest:
  description: Identifies the plan over all hosts.
  type: str
  returned: when O(state=published)
counts:
  description: Changes by action.
  type: dict
  returned: when O(state=published)
waves:
  description: Digests by host and wave.
  type: dict
  returned: when O(state=published)
artifacts:
  description: What C(set_stats) hands to the next job of a workflow, below 2 KB.
  type: dict
  returned: when O(state=published)
left:
  description: Of a drift report, the hosts with additions of which nobody knows who made them.
  type: dict
  returned: when O(state=published)
lost:
  description: Hosts whose lock was lost to another run.
  type: list
  elements: str
  returned: when O(state=published)
interrupted:
  description: Files that now say that their run was interrupted.
  type: list
  elements: str
  returned: when O(state=completed)
records:
  description: For each host that the run changed, the record to keep in its cluster.
  type: dict
  returned: when O(state=published)
"""
