#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sandbox
short_description: Start and stop real servers on this machine
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Builds servers from pinned Go modules where they are not cached, and runs them under a supervisor of their own on loopback.
  - Needs no root, no containers, and nothing outside the instance's folder but the user's cache of binaries and list of ports.
attributes:
  check_mode:
    description: Says whether something would be built, started, stopped or removed.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  idempotent:
    description: Servers that run are left alone.
    support: full
options:
  state:
    description: What to bring about. V(absent) also removes the folder, V(status) only looks.
    type: str
    choices: [started, stopped, absent, status]
    default: started
  root:
    description: Folder of the instance, relative to the project. A folder with other things in it is refused, above all by V(absent).
    type: path
    required: true
  definitions:
    description:
      - Folders of definitions. Each holds C(servers/*.yml), the Go modules of its tools as C(modules/<name>/go.mod) and C(go.sum),
        programs and texts of its own below C(files), and as C(tasks/started/<file>.yml) what is done when the servers of
        C(servers/<file>.yml) were started.
      - A file has C(tools), C(servers) and C(clients) by name. Where one of its servers runs there count its lists C(simulated) and
        C(expectations), C(access), texts of how it is reached by what each is about, and C(adds), texts below C(files) for the C(copies)
        of other files' servers.
      - A tool has C(module), C(package), C(ldflags), C(tags), C(areas) and C(assets). C(python) is the Python that runs Ansible.
      - A server has C(tool), C(areas), C(needs), C(ports), C(arguments), C(environment), C(files), C(copies), C(binaries), C(ready),
        C(serves) and C(stop_signal). With C(hosts) it has a certificate of these names, signed by the instance's own authority or by that
        of C(authority). With C(only_with) it runs only where all of these areas are chosen as well. C(packages) are what it needs of
        Python, by module, with pip's name; they are looked for before anything is stopped. It runs in O(root) and sees of the
        caller's environment what places and languages need, no tokens and no proxies.
      - A client has C(user), C(groups) and C(only_with), and gets C(<name>.kubeconfig) in O(root).
    type: list
    elements: path
    required: true
  areas:
    description: Which servers to run, by area.
    type: list
    elements: str
    default: [core]
  only:
    description: Names of the servers to run of them; without it all.
    type: list
    elements: str
    default: []
  places:
    description: What stands for further places in the servers' texts, by name.
    type: dict
    default: {}
  binaries:
    description: Programs of the machine to use in the place of tools, by the tool's name. An empty path counts as none.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Start the servers
  gantry.platform.sandbox:
    root: .gantry/sandbox
    definitions: ["{{ role_path }}"]
    areas: [core]
    places: {service_cidr: 10.96.0.0/16, pod_cidr: 10.244.0.0/16, node_address: 10.8.0.1, nodes: 3, deployer: "gantry:deployer"}
"""

RETURN = r"""
root:
  description: The instance's folder.
  returned: with O(state=started) and O(state=status)
  type: str
servers:
  description: The servers with C(name), C(state), C(pid), C(ports) and C(log).
  returned: with O(state=started) and O(state=status)
  type: list
  elements: dict
access:
  description: How the servers are reached, a text for each matter. Empty as long as they were never started.
  returned: with O(state=status)
  type: dict
silent:
  description: The servers that do not do what they are for, each with why.
  returned: with O(state=status)
  type: dict
  sample: {vault: it answers 503}
tasks:
  description: Files of tasks to include now, those of what comes after the start of a server.
  returned: with O(state=started)
  type: list
  elements: path
simulated:
  description: What is simulated, a sentence each.
  returned: with O(state=started) and O(state=status)
  type: list
  elements: str
expectations:
  description: What must be true of the servers, for M(gantry.platform.kube_verify).
  returned: with O(state=started) and O(state=status)
  type: list
  elements: dict
digests:
  description: The SHA-256 of tools that were copied into O(root), by their path below it.
  returned: with O(state=started)
  type: dict
  sample: {vault-plugins/kubernetes: 9f2b1c0e7d3a5b6c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e}
made:
  description: What was made or started; in check mode what would be, as far as that can be known.
  returned: with O(state=started)
  type: list
  elements: str
seconds:
  description: How long building and starting took.
  returned: with O(state=started)
  type: dict
build:
  description: The binaries that would be built.
  returned: in check mode
  type: list
  elements: str
"""
