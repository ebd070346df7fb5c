#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kube_apply
short_description: Make whole sets of Kubernetes objects true
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Takes one set of objects, or many, finds what differs from the cluster and changes exactly that, by server-side apply.
  - What is provably right is not asked about and not written. A second run sends no mutating request.
  - Check mode runs the same plan and sends nothing but dry runs.
  - Removes what a set no longer declares, within limits, and only what it recorded as its own.
  - On a local connection the action plugin of this name runs the engine in Ansible's own process.
  - Where others hold declared fields that differ, RV(plan) says in C(held_by) who does (C(manager), C(time), C(fields)). Of the action C(conflict)
    nothing is written, and its impact is that of taking the fields back. C(values) has both sides of fields with an amount or a name, for a screen.
extends_documentation_fragment:
  - gantry.platform.kube_auth
  - gantry.platform.reconcile
  - gantry.platform.reconcile.owner
  - gantry.platform.reconcile.prune
attributes:
  check_mode:
    description: Observes and plans as a real run does and writes nothing.
    support: full
  diff_mode:
    description: Shows the fields that change, values of Secrets as set, changed or unset.
    support: full
  idempotent:
    description: A run on a converged cluster sends no mutating request.
    support: full
options:
  state:
    description:
      - V(absent) removes the objects that O(definition), O(src), O(template), or O(kind) and O(name) name, within the limits of O(prune),
        and waits until they are gone. Kinds that hold data must be in O(prune.data).
    type: str
    choices: [present, absent]
    default: present
  api_version:
    description: With O(kind) and O(name) the one object that is meant; V(v1) unless set.
    type: str
    aliases: [api, version]
  kind:
    description: Kind of the one object that is meant.
    type: str
  name:
    description: Name of the one object that is meant.
    type: str
  apply:
    description: Taken from users of C(kubernetes.core.k8s); objects are always applied, so V(false) is refused.
    type: bool
  definition:
    description:
      - Objects as a mapping, as YAML text, or as lists of these in any nesting. C(List) objects are unpacked.
      - YAML text, and that of O(src) and O(template), is read exactly as kubectl reads it. A mapping in a task was read by Ansible, which
        takes C(22:30) without quotes for a number.
    type: raw
    aliases: [resource_definition, inline]
  src:
    description:
      - Files, folders or globs with YAML or JSON documents, in UTF-8 or with a byte order mark. URLs are refused.
      - Looked for on the controller as files of a role and a play are, and decrypted where Ansible's vault encrypted them.
    type: list
    elements: path
  remote_src:
    description: Whether O(src) is read on the machine where the task runs.
    type: bool
    default: false
  template:
    description:
      - Templates that render to YAML documents. Rendered on the controller by the action plugin.
      - Each is a name, or a mapping with C(path) and settings of Jinja (C(trim_blocks), C(variable_start_string) and so on).
    type: list
    elements: raw
  rendered:
    description: What the action plugin made of O(src) and O(template). Not for tasks.
    type: dict
  namespace:
    description: Namespace of objects that name none. Otherwise that of the context.
    type: str
  apply_set:
    description:
      - The name of the set that O(definition), O(src) and O(template) make, and the namespace of its record, a Secret of that name.
      - Without it nothing is recorded, so nothing can be pruned and every object costs a dry run.
    type: dict
    suboptions:
      name:
        description: Name of the set.
        type: str
        required: true
      namespace:
        description: Namespace of the set's record.
        type: str
        required: true
      moved_from:
        description: Namespace of the set's record before. What it holds is taken along, and it ends.
        type: str
  sets:
    description: Many sets, planned and ordered together, each with a prune boundary of its own.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the set.
        type: str
        required: true
      namespace:
        description: Namespace of the set's record.
        type: str
        required: true
      moved_from:
        description: Namespace of the set's record before. What it holds is taken along, and it ends.
        type: str
      definition:
        description: As O(definition).
        type: raw
        aliases: [resource_definition, inline]
      src:
        description: As O(src).
        type: list
        elements: path
      template:
        description: As O(template).
        type: list
        elements: raw
      rendered:
        description: As O(rendered).
        type: dict
      handed_over:
        description:
          - Fields that another controller owns after creation, such as C(spec.replicas) under an autoscaler. Each is sent once as C(seed), where there is one.
          - Each has C(api_version), C(kind), C(namespace), C(name), C(path), C(seed) and C(reason).
        type: list
        elements: dict
  vault:
    description:
      - How to reach the Vault that C(vault:) references mean, with the options by which M(gantry.platform.vault_config) reaches one, such as
        C(url), C(ca_cert) and C(token_file), or C(access_file). Without it what Vault's own variables say, such as E(VAULT_ADDR).
      - Nothing is asked of it unless a document refers to it.
    type: dict
  store:
    description: Folder with set files as R(gantry.platform.declare,ansible_collections.gantry.platform.declare_module) writes them, instead of O(sets).
    type: path
  expected_sets:
    description: Sets that the store must hold. One that is missing stops the run before any connection.
    type: list
    elements: str
  apply_sets:
    description: Write only these sets. All others are still looked at, so that an object that moved is never deleted.
    type: list
    elements: str
  known_sets:
    description: Sets of this owner that somebody else declares. They are not called orphans.
    type: list
    elements: str
  remove_sets:
    description: Orphaned sets, declared by nobody, to remove with all their objects.
    type: list
    elements: str
  identity:
    description: Name of the user as whom the cluster is meant to see the run. Another one is a warning. One request more.
    type: str
  empty_sets:
    description:
      - Sets that are meant to hold nothing, or to have a source that holds nothing.
      - Without it a set whose source turns out empty is refused where O(prune) would delete objects of it.
    type: list
    elements: str
    default: []
  renamed:
    description:
      - Former names of things, each with the name that it has now. An object cannot be renamed. What is removed under the former name and made
        under the new one are said to be one move in the plan.
    type: dict
    default: {}
  force_conflicts:
    description:
      - Whether fields of other managers are taken over. True, false, or a list of the managers that may lose fields; C(<object> <path>),
        as C(held_by) of RV(plan) shows them, takes one field back, whoever holds it.
    type: raw
    default: false
  conflicts:
    description:
      - What becomes of objects in which other managers hold declared fields that O(force_conflicts) does not take over. In check mode
        they are changes of the action V(conflict), which name manager, time and fields.
      - V(refuse) stops before the first write. V(leave) does everything else and leaves these objects whole as they are.
    type: str
    choices: [refuse, leave]
    default: refuse
  foreign:
    description: Whether fields that others added to the objects are reported.
    type: str
    choices: [ignore, report]
    default: ignore
  remove_foreign:
    description:
      - What others added to our objects and what is to go away. A name of a field manager takes out all that it added, and
        C(<object> <path>), both as RV(foreign) shows them, one addition, whoever made it.
      - Each removal is a change of the plan with its impact. A path that is declared is refused; what is gone already is no change.
    type: list
    elements: str
    default: []
  on_immutable:
    description: What to do where a field cannot be changed in place. V(replace) deletes the object and makes it again.
    type: str
    choices: [fail, replace]
    default: fail
  replace_kinds:
    description: Kinds that may be replaced. Without it, those of a table of kinds that hold no data.
    type: list
    elements: str
    default: []
  adopt:
    description: Former field managers (C(kubectl-client-side-apply), C(helm)) whose fields become ours and, where not declared, go away.
    type: list
    elements: str
    default: []
  adopt_from:
    description:
      - The same by tools, C(argocd), C(flux), C(helm), C(helm:<namespace>/<release>), C(kubectl), C(terraform), of which each writes under
        several names.
      - What would write back afterwards, an application of Argo CD that syncs by itself or an object of Flux that is not suspended, is
        refused with the command that stops it. What cannot be seen from the cluster, Terraform's state, is a warning.
      - Pods are not started anew by a change of ownership alone. Where what goes away with it starts them, the plan says so (RV(plan)).
    type: list
    elements: str
    default: []
  retire_releases:
    description:
      - Whether Helm's records of the releases that O(adopt_from) names go away behind everything else. The objects of a release stay.
      - As long as its record is there C(helm uninstall) deletes what was adopted.
    type: bool
    default: false
  verify:
    description:
      - V(recorded) proves each object right by its record and managedFields, without a request for it.
      - V(full) believes neither and compares each object with what the server says would be there if nobody else had written. What
        differs in declared fields is a change; what others added is in RV(foreign).
      - With V(full) in check mode an object that cannot be changed, or that the server refuses, is a row with the action C(blocked), and all
        others are compared. Elsewhere it stops the run before its first write.
    type: str
    choices: [recorded, full]
    default: recorded
  digest_key:
    description: Key for digests of Secret values in a plan. Without it a plan knows Secrets by names and references only.
    type: str
  lock:
    description:
      - Whether a Lease in the namespace of the records keeps two runs apart. Taken only when something is written.
      - Another run is waited for, at most O(wait_timeout) seconds, and then planned again. One that shows no sign of life for its whole
        length, by this machine's own clock, is dead.
    type: bool
    default: false
  run:
    description: Name of the run, left in the lock, so that it can be told which run wrote last.
    type: str
    default: ""
  wait:
    description: Whether to wait until everything that was written is ready. Ends early where something cannot become ready.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait, for objects, for another run, and for a server or a webhook that does not answer (at most 60 of the last).
    type: int
    default: 300
  concurrency:
    description: Most requests in flight. The engine begins with fewer and halves when the server is busy.
    type: int
    default: 16
  return_objects:
    description: Whether to return the written objects, Secrets without their values.
    type: bool
    default: false
  administered:
    description:
      - Sets that only an administrator may apply. They are compared by reading alone, without a request that needs a right to write.
      - What of them is not as declared stands in the plan like any other change.
    type: dict
    suboptions:
      sets:
        description: Names of the sets.
        type: list
        elements: str
        default: []
      command:
        description: The command by which an administrator applies them, for the refusal's text.
        type: str
        default: ""
      refuse:
        description: Whether such a difference stops the run before its first write. Outside of check mode it always does.
        type: bool
        default: true
notes:
  - The field manager is C(kube_apply:<owner>), whatever the set. Limits of O(prune) are of all that its sets hold, those of O(remove_sets) included.
  - Values of Secrets never appear in results, diffs or errors. A value C({"reference":"env:NAME"}), or with C(file:path),
    C(sops:file#key), C(aws-sm:name), C(aws-sm:name#key), C(vault:path#key) or C(kube:namespace/name#key) (a Secret of the same cluster), is
    resolved in memory when it is sent.
  - On another machine than the controller the documents travel as module arguments.
seealso:
  - module: gantry.platform.kube_verify
"""

EXAMPLES = r"""
- name: Apply a folder as one set and remove what left it
  gantry.platform.kube_apply:
    kubeconfig: ~/.kube/config
    src: [manifests/]
    apply_set:
      name: shop
      namespace: default
    prune:
      mode: delete

- name: See what a template would change
  gantry.platform.kube_apply:
    template: [deployment.yaml.j2]
    namespace: default
  check_mode: true
  diff: true

- name: Remove one object
  gantry.platform.kube_apply:
    state: absent
    kind: ConfigMap
    name: settings
    namespace: default

- name: Find everything that others changed
  gantry.platform.kube_apply:
    src: [manifests/]
    apply_set:
      name: shop
      namespace: default
    verify: full
    foreign: report
    force_conflicts: true
  check_mode: true
"""

RETURN = r"""
plan:
  description: Every change in the order of the writes, with its impact, the fields that change and why; in check mode every change that would be made.
  returned: success
  type: list
  elements: dict
  sample:
    - id: Deployment.apps/cortex/consciousness-engine
      action: update
      impact: restart
      fields: ["spec.template.spec.containers[name=app].image"]
      reason: ""
      verified: true
      set: workloads
counts:
  description: Number of changes by action, and of what is right already.
  returned: success
  type: dict
  sample: {create: 0, update: 1, replace: 0, delete: 0, adopt: 0, blocked: 0, conflict: 0, unchanged: 311}
diff:
  description: The fields that change, before and after. Values of secrets are shown as set, changed or unset.
  returned: success, with C(--diff)
  type: list
  elements: dict
warnings:
  description: What the server said, and what looks wrong without being refused.
  returned: success
  type: list
  elements: str
digest:
  description: Identifies the plan for an approval. Empty where what cannot be known yet is part of it.
  returned: success
  type: str
foreign:
  description:
    - What others added, with O(foreign=report) or O(verify=full). Each has C(id), C(path), C(manager), C(time), C(what) in a few words and the
      C(impact) of its removal.
  returned: success
  type: list
  elements: dict
orphan_sets:
  description: Sets of this owner on the cluster that nobody declares.
  returned: success
  type: list
  elements: str
cluster_uid:
  description: Identity of the cluster, the uid of its namespace kube-system.
  returned: success
  type: str
requests:
  description: Number of requests by HTTP method.
  returned: success
  type: dict
objects:
  description: The written objects. What a terminal would obey in their texts is an escape, but for line breaks and tabs.
  returned: with O(return_objects=true)
  type: list
  elements: dict
refused:
  description: The changes that a guard refused.
  returned: failure of a guard
  type: list
  elements: dict
"""

from ..module_utils._joined.kube import APPLY
from ..module_utils._joined.process import run_module


def main() -> None:
    """The engine in a process of its own."""
    run_module(APPLY)


if __name__ == "__main__":
    main()
