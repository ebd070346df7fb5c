# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core import errors

EVERY = [getattr(errors, name) for name in dir(errors) if name.endswith("Error")]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_error_is_caught_as_one_and_carries_a_message_and_further_keys(kind):
    with pytest.raises(errors.GantryError) as caught:
        raise kind("what to do", id="Pod/n/p")
    assert (str(caught.value), caught.value.message, caught.value.details) == ("what to do", "what to do", {"id": "Pod/n/p"})


def test_a_timeout_can_be_told_from_a_refusal():
    assert not issubclass(errors.TimeoutExceededError, errors.RefusedError)
    assert not issubclass(errors.UnreachableError, errors.ServerError)
