# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re

from ansible_collections.gantry.platform.plugins.module_utils._run.page import page_of
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import change, plan_of, planned

ENGINE = "Deployment.apps/cortex/engine"


def data_of(text):
    (found,) = re.findall(r'<script type="application/json" id="report">(.*?)</script>', text, re.DOTALL)
    return json.loads(found)


def test_each_change_has_its_own_before_and_after_once():
    report = plan_of(a=planned(change(ENGINE, "update", "restart")), b=planned(change(ENGINE, "update", "restart")))
    diff = {"before_header": ENGINE, "after_header": f"{ENGINE} (update)", "before": "cpu: 1\n", "after": "cpu: 2\n"}
    found = data_of(page_of(report, {"a": [diff, diff], "b": [{**diff, "after": "cpu: 3\n"}]}))
    assert {one["host"]: one["diffs"] for one in found["changes"]} == {
        "a": [{"before": "cpu: 1\n", "after": "cpu: 2\n"}],
        "b": [{"before": "cpu: 1\n", "after": "cpu: 3\n"}],
    }
    assert found["title"] == "plan prod: changes"


def test_words_of_others_are_no_markup_and_end_nothing():
    hostile = "</script><script>alert(1)</script><!--\u2028\x1b[2J"
    report = plan_of(prod=planned(change(f"ConfigMap/n/{hostile}", reason=hostile), warnings=[hostile]))
    text = page_of(report, {"prod": [{"before_header": "x", "before": hostile}]})
    assert "alert(1)</script>" not in text and "\x1b" not in text
    assert text.count("<script") == text.count("</script>") == 2
    assert hostile.replace("\u2028", "\\u2028").replace("\x1b", "\\x1b") in data_of(text)["changes"][0]["reason"]


def test_nothing_comes_from_outside():
    text = page_of(plan_of(prod=planned()), {})
    assert "default-src 'none'" in text
    assert re.search(r"(src|href)=|https?:|@import|url\(|innerHTML|insertAdjacentHTML|eval\(", text) is None
