# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: quoted
short_description: A value in one line that YAML and JSON read alike, whatever its texts hold
version_added: 0.1.0
description:
  - For free text in templates of YAML. It is JSON in which every sign beyond ASCII is an escape that YAML knows too.
  - P(ansible.builtin.to_json#filter) writes a sign such as an emoji as two halves, which YAML refuses; with C(ensure_ascii=false)
    it lets signs through that YAML takes for line breaks.
author:
  - The gantry.platform authors (@gantry-platform)
positional: _input
options:
  _input:
    description: Text, or lists and mappings of it.
    type: raw
    required: true
"""

EXAMPLES = r"""
annotations:
  description: "{{ service.description | gantry.platform.quoted }}"
"""

RETURN = r"""
_value:
  description: The value as JSON.
  type: str
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleFilterError

_LONGEST_KEY = 1000
"""YAML takes keys of 1,024 characters at most, quotes and all (YAML 1.2.2, 7.4.2, implicit keys)."""
_HALVES = re.compile(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")


def quoted(value: Any) -> str:
    """The value as JSON; a sign that is none of the first 65,536 stands there as it is. Refuses a key that YAML cannot have."""
    for key in _keys(value):
        if len(json.dumps(key)) > _LONGEST_KEY:
            raise AnsibleFilterError(
                f"quoted: a key of a mapping is longer than YAML allows: {key[:40]!r} and {len(key) - 40} more characters"
            )
    return _HALVES.sub(lambda match: bytes.fromhex(match[1] + match[2]).decode("utf-16-be"), json.dumps(value))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (str(key) for key in value)
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return
    for item in value:
        yield from _keys(item)


class FilterModule:
    """The filter under its name."""

    def filters(self) -> dict[str, Any]:
        return {"quoted": quoted}
