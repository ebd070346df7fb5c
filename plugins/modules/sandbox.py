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
  modules:
    description: Folder with the Go modules of the tools.
    type: path
    required: true
  areas:
    description: Which servers to run, by area.
    type: list
    elements: str
    default: [core]
  tools:
    description: Binaries with C(name), C(module), C(package), C(ldflags), C(tags), C(path), C(areas) and C(assets).
    type: list
    elements: dict
    required: true
  servers:
    description:
      - Servers with C(name), C(tool), C(areas), C(needs), C(ports), C(arguments), C(environment), C(files), C(ready) and C(ready_within).
      - With C(hosts) a server has a certificate of these names, signed by the instance's own authority or by that of C(authority).
      - With C(only_with) a server runs only where all of these areas are chosen as well.
      - They run in O(root) and see of the caller's environment what places and languages need, no tokens and no proxies.
    type: list
    elements: dict
    required: true
  clients:
    description: Client certificates to make, with C(name), C(user), C(groups) and C(only_with). Each gets C(<name>.kubeconfig) in O(root).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Start the servers
  gantry.platform.sandbox:
    root: .gantry/sandbox
    modules: "{{ role_path }}/files/servers"
    tools: "{{ sandbox_tools }}"
    servers: "{{ sandbox_servers }}"
    clients: "{{ sandbox_clients }}"
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
