# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first usable address of a network."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: first_address
short_description: The first usable address of a network, as a network of its own
version_added: 0.1.0
author: The gantry.platform authors (@gantry-platform)
description:
  - Kubernetes gives the first address of its Services' network to the Service of the API server.
options:
  _input:
    description: A network, IPv4 or IPv6.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say where pods find the API server
  ansible.builtin.debug:
    msg: "{{ '10.96.0.0/16' | gantry.platform.first_address }}"  # 10.96.0.1/32
"""

RETURN = r"""
_value:
  description: The address with its full prefix, such as C(10.96.0.1/32).
  type: str
"""


def first_address(network: str) -> str:
    """The address after the network's own, as a network."""
    try:
        return str(ipaddress.ip_network(ipaddress.ip_network(network)[1]))
    except (ValueError, IndexError) as error:
        raise AnsibleFilterError(f"first_address: {network!r} is not a network such as 10.96.0.0/16: {error}") from error


class FilterModule:
    """Makes ``first_address`` known."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {"first_address": first_address}
