# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every area that exists once. The stand-ins' logs of requests are the judges."""

from __future__ import annotations

from ansible_collections.gantry.platform.tests.integration.once.standins import AREAS


def test_the_plan_of_empty_accounts_is_what_is_done(once):
    assert once.written_by_the_plan == {api: [] for api in AREAS.values()}
    assert [change["id"] for change in once.planned] == [change["id"] for change in once.applied]
    assert {change["set"] for change in once.applied} == set(AREAS.values())


def test_each_stand_in_is_called_one(once):
    _code, output = once.command("ansible-playbook", *once.words("status"))
    told = " ".join(output.split())
    for api in AREAS.values():
        assert f"{api} http" in told and f"{api}-requests.log has every request" in told
    assert told.count("a stand-in;") == len(AREAS)


def test_a_second_run_writes_nothing_and_tells_no_token(once):
    before, changed = {api: once.writes(api) for api in AREAS.values()}, once.audited()
    code, output = once.command("ansible-playbook", *once.words("site"), "-vvvv", "--diff")
    assert code == 0, output
    assert once.reported()["status"] == "clean" and once.audited() == changed
    for api in AREAS.values():
        assert once.writes(api) == before[api] and once.token(api) not in output
