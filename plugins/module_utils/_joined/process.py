# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A face in a process of its own, as AnsibleModule: the one file below module_utils that knows Ansible."""

from __future__ import annotations

import os

from ansible.module_utils.basic import AnsibleModule

from .._core.stop import Gate, stopped_by_signals
from .face import Call, Face


def run_module(face: Face) -> None:
    """The face in a process of its own: what the action of the same name does on a local connection."""
    module = AnsibleModule(dict(face.spec), supports_check_mode=face.check_mode)
    gate = Gate(parent=False)
    with stopped_by_signals(gate):
        result = face.call(Call(module.params, dict(os.environ), os.getcwd(), module.check_mode, module._diff, gate))
    for text in result.pop("warnings", ()):
        module.warn(text)
    # Arguments may hold documents, and those the values of Secrets.
    if result.pop("failed", False):
        module.fail_json(result.pop("msg"), invocation={}, **result)
    module.exit_json(invocation={}, **result)
