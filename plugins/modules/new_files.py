#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: new_files
short_description: Write the files of a folder that are not there yet
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Writes many files on the controller in one task, each whole or not at all. What is there already is never touched.
attributes:
  action:
    description: Runs on the controller, in process.
    support: full
  check_mode:
    description: Says which files would be written.
    support: full
  diff_mode:
    description: There is nothing before a new file.
    support: none
  idempotent:
    description: A second run writes nothing.
    support: full
options:
  dest:
    description: Folder of the files. It is made where it does not exist, as are those below it.
    type: path
    required: true
  folders:
    description: Folders whose files are copied, by the path below O(dest) where they go.
    type: dict
    default: {}
  files:
    description: Contents of files, by the path below O(dest).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Begin a repository
  gantry.platform.new_files:
    dest: ../our-platform
    folders:
      inventories: "{{ playbook_dir }}/inventories"
    files:
      README.md: "{{ lookup('ansible.builtin.template', 'README.md.j2') }}"
"""

RETURN = r"""
written:
  description: Paths below O(dest) of the files that were, or would be, written.
  type: list
  elements: str
  returned: success
"""
