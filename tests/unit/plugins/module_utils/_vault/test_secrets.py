# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import MissingSecretError
from ansible_collections.gantry.platform.plugins.module_utils._vault.secrets import SecretReader


class Answers:
    """A Vault with one versioned and one plain engine; counts its reads."""

    def __init__(self):
        self.paths = {
            "sys/internal/ui/mounts/kv/app": {"data": {"path": "kv/", "options": {"version": "2"}}},
            "kv/data/app": {"data": {"data": {"password": "p", "port": 5}, "metadata": {}}},
            "sys/internal/ui/mounts/old/app": {"data": {"path": "old/", "options": None}},
            "old/app": {"data": {"password": "q"}},
        }
        self.read = []

    def find(self, path):
        self.read.append(path)
        return self.paths.get(path)


def test_both_versions_of_the_engine_are_read_once():
    vault = Answers()
    reader = SecretReader(vault)
    assert [reader(rest) for rest in ("kv/app#password", "kv/app#port", "old/app#password")] == ["p", "5", "q"]
    assert len(vault.read) == 4


@pytest.mark.parametrize(
    ("rest", "error", "words"),
    [
        ("kv/app", InputError, "is not whole"),
        ("kv/app#", InputError, "is not whole"),
        ("kv/app#user", MissingSecretError, "kv/app has no user"),
        ("kv/none#a", MissingSecretError, "there is no such secret"),
    ],
)
def test_what_cannot_be_resolved_is_named_without_a_value(rest, error, words):
    with pytest.raises(error, match=words) as told:
        SecretReader(Answers())(rest)
    assert "'p'" not in told.value.message
