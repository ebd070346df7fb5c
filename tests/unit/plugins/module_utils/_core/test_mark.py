# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.mark import marked, owner_of, unmarked


@pytest.mark.parametrize("text", ["", "It thinks", "see [gantry.platform: them] too", "[a] b\n c"])
def test_a_text_keeps_its_words_and_says_whose_it_is(text):
    found = marked(text, "us/prod")
    assert (owner_of(found), unmarked(found)) == ("us/prod", text)
    assert marked(found, "us/prod") == found and owner_of(marked(found, "other")) == "other"
    assert owner_of(f"{found} \n") == "us/prod"


def test_a_mark_that_is_quoted_is_none():
    assert owner_of("see [gantry.platform: them] too") == owner_of(None) == ""
