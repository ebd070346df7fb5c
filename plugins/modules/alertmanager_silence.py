#!/usr/bin/python
# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_silence
short_description: Keep alerts quiet for a while, once
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Makes one silence of Alertmanager, changes it in its place, or ends it. Alertmanager's own API makes another silence each time it is asked; this
    one bears its O(name) in its comment and is found by it, so a second run changes nothing.
  - Where only O(duration) is said, a silence that is there keeps its end; O(ends_at) is held to.
  - Silences of others are left alone, whatever they match.
attributes:
  check_mode:
    description: Reads alone, and says what would be done.
    support: full
  diff_mode:
    description: Shows what is sent.
    support: full
  idempotent:
    description: A silence that is as it is wanted is read alone.
    support: full
options:
  url:
    description: Address of Alertmanager, such as V(https://alertmanager.consciousness.example).
    type: str
  access_file:
    description: JSON file with C(url), as the sandbox writes one (C(alertmanager.json)). What the task says itself wins.
    type: path
  token:
    description: Bearer token for what stands before it.
    type: str
  token_file:
    description: File with that token.
    type: path
  ca_cert:
    description: The certificate authority's certificate, where it is not one that the machine trusts.
    type: path
  name:
    description: Its name, one for each purpose.
    type: str
    required: true
  state:
    description: Whether alerts are kept quiet. With V(absent) every silence of this name ends.
    type: str
    choices: [present, absent]
    default: present
  matchers:
    description: Which alerts, as V(name="value"), with C(!=), C(=~) or C(!~) in place of C(=). All have to fit.
    type: list
    elements: str
    default: []
  comment:
    description: Why.
    type: str
    default: ""
  created_by:
    description: Who answers for it.
    type: str
    default: gantry.platform
  starts_at:
    description: When it begins, with its offset, such as V(2026-12-01T09:00:00+01:00). Without it at once.
    type: str
  ends_at:
    description: When it ends.
    type: str
  duration:
    description: How long it lasts where O(ends_at) does not say when it ends.
    type: str
    default: 2h
seealso:
  - module: gantry.platform.pagerduty_config
"""

EXAMPLES = r"""
- name: Nobody is woken while the memory store is moved
  gantry.platform.alertmanager_silence:
    access_file: .gantry/sandbox/alertmanager.json
    name: memory-store-move
    matchers: [service="memory-store", severity=~"page|ticket"]
    comment: It moves to larger nodes
    created_by: mira@consciousness.example
    duration: 3h

- name: It has moved
  gantry.platform.alertmanager_silence:
    access_file: .gantry/sandbox/alertmanager.json
    name: memory-store-move
    state: absent
"""

RETURN = r"""
actions:
  description: What was done, or would be.
  returned: success
  type: list
  elements: str
  sample: [create]
silence_id:
  description: Alertmanager's id of the silence that was made or changed; empty where none was.
  returned: success
  type: str
  sample: 6c1d1e2a-8f4d-4d3e-9c53-0c6b5a3b6f11
diff:
  description: What is sent.
  returned: success, with C(--diff)
  type: list
  elements: dict
"""

from ..module_utils._joined.process import run_module
from ..module_utils._joined.silence import SILENCE


def main() -> None:
    """Run it here: what the action does on a local connection."""
    run_module(SILENCE)


if __name__ == "__main__":
    main()
