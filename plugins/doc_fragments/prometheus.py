# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How modules that ask a Prometheus reach it, and for which time."""

    DOCUMENTATION = r"""
attributes:
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  url:
    description: Address of a Prometheus, or of a Thanos that sees several, without C(/api/v1).
    type: str
  access_file:
    description: JSON file that has the C(url), as the sandbox writes one. O(url) wins.
    type: path
  token:
    description: Bearer token, where one is wanted.
    type: str
  ca_cert:
    description: The certificate authority's certificate, where it is not one that the machine trusts.
    type: path
  at:
    description: Time for which it is said, such as V(2026-11-29T12:00:00Z). Without it that is now.
    type: str
    default: ""
"""
