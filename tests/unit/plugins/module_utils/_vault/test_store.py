# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record as one secret of a KV engine, against an engine of a few lines."""

from __future__ import annotations

import contextlib
import copy
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError
from ansible_collections.gantry.platform.plugins.module_utils._core.record import Entry, NowhereError
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultError
from ansible_collections.gantry.platform.plugins.module_utils._vault.store import record_of


def refused(status, *errors):
    return VaultError(types.SimpleNamespace(status=status, attempts=1, json=lambda: {"errors": list(errors)}), "PUT gantry/data/tests")


class Engine:
    """One secret of a KV engine of version 2. ``lost``: the answer of the next write is lost, and the request is repeated as the pool does.

    ``fails``: what is said instead of the next answers.
    """

    def __init__(self):
        self.versions = []
        self.lost = False
        self.fails = []
        self.pool = types.SimpleNamespace(last_words=contextlib.nullcontext)

    def guarded(self, may_write):
        return self

    def find(self, path):
        if self.fails:
            raise self.fails.pop()
        if path == "gantry/data/old":
            return {"data": {"x": 1}}
        return {"data": {"data": copy.deepcopy(self.versions[-1]), "metadata": {"version": len(self.versions)}}} if self.versions else None

    def names(self, path):
        if self.fails:
            raise self.fails.pop()
        return ["tests", "them", "folder/"]

    def write(self, path, body):
        if self.fails:
            raise self.fails.pop()
        for _again in range(1 + self.lost):
            if body["options"]["cas"] != len(self.versions):
                raise refused(400, "check-and-set parameter did not match the current version")
            self.versions.append(copy.deepcopy(body["data"]))
        return {"data": {"version": len(self.versions)}}


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def record(engine):
    found = record_of(engine, "gantry", "tests")
    found.load()
    found.entries["sys/policies/acl/a"] = Entry("policy")
    found.save()
    return found


def test_a_save_whose_answer_was_lost_is_ours(engine, record):
    engine.lost = True
    record.save()
    engine.lost = False
    record.entries["sys/policies/acl/b"] = Entry("policy")
    record.save()
    assert "sys/policies/acl/b" in engine.versions[-1]["paths"]


def test_what_somebody_else_wrote_is_not_written_over(engine, record):
    engine.versions.append({**engine.versions[-1], "renewed": {"x": "theirs"}})
    with pytest.raises(ServerError, match="another run of the same owner wrote gantry/data/tests meanwhile"):
        record.save()


def test_an_engine_that_becomes_one_of_version_two_is_waited_for(engine, record):
    engine.fails = [refused(400, "Upgrading from non-versioned to versioned data.")]
    record.save()
    assert len(engine.versions) == 2


@pytest.mark.parametrize(
    ("said", "nowhere"),
    [
        (refused(403, "preflight capability check returned 403"), True),
        (refused(404, 'no handler for route "gantry/data/tests"'), True),
        (refused(403, "permission denied"), False),
    ],
)
def test_a_mount_that_is_not_there_is_told_from_one_that_may_not_be_read(engine, said, nowhere):
    engine.fails = [said]
    found = record_of(engine, "gantry", "tests")
    with pytest.raises(NowhereError if nowhere else VaultError):
        found.look()


def test_an_engine_of_version_one_is_refused(engine):
    with pytest.raises(InputError, match="gantry is no KV engine of version 2"):
        record_of(engine, "gantry", "old").load()


def test_others_are_those_beside_it_that_may_be_listed(engine, record):
    assert record.others() == {"sys/policies/acl/a": "them"}
    engine.fails = [refused(403, "permission denied")]
    assert record.others() == {}
