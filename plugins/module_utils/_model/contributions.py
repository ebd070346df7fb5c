# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What an area gives to the areas that own a thing, as data: alerts to whoever alerts, policies to whoever keeps Vault.

A row holds them by kind and name; ``docs/area.schema.json`` says what each kind looks like. ``<word>`` in a text stands for what the
area's ``words(model)`` makes of the model: a text that is a word alone becomes its value. An area without words for a model gives
nothing there. Its ``contributions(model)`` adds what no text can hold open: what there are as many of as the model says. Whoever owns the
kind reads ``contributions.<kind>.<area>`` of the effective model; where the owner is off nobody does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KINDS: dict[str, str] = {
    "alerts": "rules that fire, by group",
    "inhibitions": "alerts that keep others quiet",
    "notifications": "who is told of alerts: routes, receivers and their secrets, quiet hours",
    "recording_rules": "rules that keep a computed metric, by group",
    "scrape_targets": "what is measured, and how it is reached",
    "probes": "addresses that are asked from outside, and how",
    "dashboards": "pictures of it",
    "data_sources": "where such pictures read",
    "runbooks": "what to do when it fails",
    "network_rules": "connections that network policies of others must let through",
    "vault_policies": "paths of Vault that the area's workloads need",
    "certificates": "certificates that somebody issues and renews",
    "backup_rules": "what is backed up, how often, and how long it is kept",
    "slos": "objectives of the platform's own services",
    "controls": "controls of a framework that the area answers, and by what evidence",
}
_WORD = re.compile(r"<([a-z][a-z_]*)>")


def filled(value: Any, words: Mapping[str, Any]) -> Any:
    """The value with every ``<word>`` of its texts replaced, those of keys as well. Raises KeyError for a word that nobody says."""
    if isinstance(value, Mapping):
        return {filled(key, words): filled(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    if not isinstance(value, str):
        return value
    alone = _WORD.fullmatch(value)
    return words[alone[1]] if alone else _WORD.sub(lambda match: str(words[match[1]]), value)
