# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._run.promotion import KEPT, guard_promotion, make_record, proves
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._run.canned import applied, change, meta, planned

RELEASE = {
    "services": {"engine": {"digest": "sha256:aa"}, "store": {"digest": "sha256:bb"}},
    "components": {"cert-manager": {"version": "1.19"}},
}


def verified_run(**more):
    return build_report(meta("site", environment="staging", applied=True, **more), {"a": applied(change("Namespace/-/x"))})


def test_what_was_verified_may_be_promoted():
    report = verified_run()
    assert proves(report)
    record = make_record(report, RELEASE)
    assert guard_promotion("prod", "staging", RELEASE, record, "records/staging.json") is None
    assert guard_promotion("prod", "staging", {"services": {"engine": {"digest": "sha256:aa"}}}, record, "records/staging.json") is None


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ({"services": {"engine": {"digest": "sha256:new"}}}, "service engine: digest sha256:new; verified there last: digest sha256:aa"),
        ({"services": {"other": {"digest": "sha256:cc"}}}, "service other: digest sha256:cc; verified there last: nothing"),
        ({"components": {"cert-manager": {"version": "1.20"}}}, "component cert-manager: version 1.20; verified there last: version 1.19"),
    ],
)
def test_what_was_not_verified_is_refused_by_name(release, words):
    with pytest.raises(RefusedError) as refusal:
        guard_promotion("prod", "staging", release, make_record(verified_run(), RELEASE), "records/staging.json")
    assert words in refusal.value.message
    assert "nothing was written" in refusal.value.message


def test_no_record_and_another_environments_record_are_refused():
    with pytest.raises(RefusedError, match="left no record"):
        guard_promotion("prod", "staging", RELEASE, None, "records/staging.json")
    with pytest.raises(InputError, match="not the record of a verified run of dev"):
        guard_promotion("prod", "dev", RELEASE, make_record(verified_run(), RELEASE), "records/dev.json")


def test_only_a_whole_verified_run_proves():
    assert not proves(verified_run(areas=["workloads"]))
    assert not proves(build_report(meta("plan"), {"a": planned()}))
    assert not proves(build_report(meta("site", applied=True), {"a": applied(), "b": []}))


def test_what_was_verified_once_stays_verified_while_the_source_moves_on():
    record = make_record(verified_run(), RELEASE)
    for number in range(KEPT + 10):
        newer = {"services": {"engine": {"digest": f"sha256:{number}"}}}
        record = make_record(verified_run(), newer, record)
        if number == 3:
            assert guard_promotion("prod", "staging", RELEASE, record, "records/staging.json") is None
    assert len(record["verified"]["services"]["engine"]) == KEPT
    assert record["verified"]["services"]["engine"][0] == {"digest": f"sha256:{KEPT + 9}"}
    assert record["verified"]["services"]["store"] == [{"digest": "sha256:bb"}]
    again = make_record(verified_run(), {"services": {"store": {"digest": "sha256:bb"}}}, record)
    assert again["verified"] == record["verified"]
