# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Pod Security admission: the levels, and the label by which a namespace has one."""

LEVELS = ("restricted", "baseline", "privileged")
"""Each allows all that the one before it does."""
ENFORCE = "pod-security.kubernetes.io/enforce"
