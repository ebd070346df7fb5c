#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
short_description: Write what an environment runs, as a change of its file
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Sets image digests and chart versions in the file that says C(platform_release) for an environment. Only lines that change are
    touched; comments, order and quotes stay. The change is then reviewed as any other.
  - No cluster is contacted, and nothing is applied.
attributes:
  action:
    description: Runs on the controller, in process.
    support: full
  check_mode:
    description: Says what would change, and writes nothing.
    support: full
  diff_mode:
    description: Shows the file before and after.
    support: full
  idempotent:
    description: A release that the file says already is not written again.
    support: full
options:
  environment:
    description: The environment whose release is written, or one of its clusters.
    type: str
    required: true
  services:
    description: Digests of images by service. A service that the environment does not have is refused.
    type: dict
  source:
    description:
      - The environment from which everything is taken that both have.
      - What its records have not seen verified is refused.
    type: str
  run:
    description: A recorded run. The release that it had is written again. Empty, the recorded ones are listed.
    type: str
  records:
    description:
      - The records of the last run as M(gantry.platform.run_store) reads them, by host; of the environment for O(run), of the source for
        O(source).
    type: dict
    default: {}
  promotion_records:
    description: Folder with the records of verified runs, as in M(gantry.platform.run_report). It is read instead of O(records).
    type: path
  only:
    description: Services and components that O(source) or O(run) is limited to.
    type: list
    elements: str
    default: []
seealso:
  - module: gantry.platform.run_store
"""

EXAMPLES = r"""
- name: Release a new version of a service
  gantry.platform.release:
    environment: staging
    services:
      memory-store: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  run_once: true

- name: Take over what staging has verified
  gantry.platform.release:
    environment: prod
    source: staging
    promotion_records: records
  run_once: true
"""

RETURN = r"""
file:
  description: The file of the release.
  type: str
  returned: success
release:
  description: The release as the file says it, or would.
  type: dict
  returned: success
said:
  description: A line for each value that changes, with what stood there.
  type: list
  elements: str
  returned: success
"""
