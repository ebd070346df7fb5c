# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gc

import pytest
from ansible_collections.gantry.platform.plugins.plugin_utils import _garbage


@pytest.fixture
def freezes(monkeypatch):
    """Which process froze what it has, in order."""
    done = []
    monkeypatch.setattr(gc, "freeze", lambda: done.append(_garbage.os.getpid()))
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: done.append(numbers))
    return done


def test_a_process_and_each_copy_of_it_do_so_once(monkeypatch, freezes):
    for process in (1, 1, 2, 2, 1):
        monkeypatch.setattr("os.getpid", lambda process=process: process)
        _garbage.keep_what_is_there()
    assert freezes == [1, _garbage._COLLECTS, 2, _garbage._COLLECTS, 1, _garbage._COLLECTS]
