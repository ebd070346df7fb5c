# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the modules that look at error budgets are told alike."""

    DOCUMENTATION = r"""
options:
  labels:
    description: Labels that the series must have, such as C(environment) and C(cluster) where a Thanos has those of others too.
    type: dict
    default: {}
  slos:
    description: The objectives, by name, as an effective model has them.
    type: dict
    required: true
  policies:
    description:
      - Error-budget policies, by name. Each has C(slow_down) and C(freeze), percent of the budget left at or below which the policy says so.
    type: dict
    default: {standard: {slow_down: 25, freeze: 0}}
  max_age:
    description:
      - How old the newest measurement of an objective may be, V(5m) to V(7d). What is older counts as out of date, since what is
        left of a budget says nothing while nobody measures. A Thanos that has only what is in its object storage is some hours behind.
    type: str
    default: 15m
"""
