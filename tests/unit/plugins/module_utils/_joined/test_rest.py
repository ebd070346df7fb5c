# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an API is reached, and what is refused before anything is contacted."""

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call
from ansible_collections.gantry.platform.plugins.module_utils._joined.rest import GRAFANA, PAGERDUTY, endpoint_of
from ansible_collections.gantry.platform.tests.kit.answering import Answering, Given

OWN = "https://api.example"


def reached(**options):
    call = Call(options, {})
    endpoint, token = endpoint_of(call, OWN)
    return endpoint.url, bool(endpoint.tls), token, call.secrets


def test_the_apis_own_place_is_meant_unless_another_is_named(tmp_path):
    assert reached(token="t")[:3] == (OWN, True, "t")
    assert reached(token="t", url="https://api.eu.example")[0] == "https://api.eu.example"


def test_a_token_may_stand_in_a_file_and_is_scrubbed(tmp_path):
    (tmp_path / "token").write_text("a-long-token-of-mine\n", encoding="utf-8")
    (tmp_path / "pagerduty.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "token_file": "token"}), encoding="utf-8")
    url, tls, token, secrets = reached(access_file=str(tmp_path / "pagerduty.json"))
    assert (url, tls, token) == ("http://127.0.0.1:1", False, "a-long-token-of-mine")
    assert "a-long-token-of-mine" not in str(secrets.scrubbed({"msg": "401 a-long-token-of-mine"}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token": "t", "url": "http://api.example"}, "would carry the token over the network in the clear; use https"),
        ({"token": "t", "url": "api.example"}, "url is the address of the API as https://host, found 'api.example'"),
        ({}, r"token \(or token_file\) is missing"),
        ({"token_file": "/nowhere"}, "token_file: /nowhere cannot be read: No such file"),
        ({"token": "t", "access_file": "/nowhere"}, "access_file: /nowhere cannot be read: No such file"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        reached(**options)


def test_a_mistake_of_the_document_comes_before_everything_else():
    params = {
        **{name: option.get("default") for name, option in PAGERDUTY.spec.items()},
        "config": {"servces": {}},
        "kubeconfig": "/nowhere",
    }
    answer = PAGERDUTY.call(Call(params, {}))
    assert answer["failed"] and "did you mean 'services'" in answer["msg"] and "Nothing was contacted" in answer["msg"]


def planned(url, check_mode=True, **options):
    params = {
        **{name: option.get("default") for name, option in GRAFANA.spec.items()},
        "url": url, "token": "t", "config": {"teams": {"cortex": {}}}, "kubeconfig": "/nowhere", **options,
    }  # fmt: skip
    return GRAFANA.call(Call(params, {}, check_mode=check_mode))


def test_what_the_same_run_brings_is_planned_against_nothing_and_not_written():
    """The hub, which keeps the record, is not there either: so nothing of it was asked."""
    gateway = Answering(lambda asked: Given(b"no healthy upstream", 503))
    for url in (gateway.url, "http://127.0.0.1:1"):
        found = planned(url, may_be_absent=True)
        assert [(row["id"], row["action"], row["verified"]) for row in found["plan"]] == [("team/cortex", "create", False)]
        assert found["digest"] == ""
        assert "/nowhere" in planned(url, check_mode=False, may_be_absent=True)["msg"] and "/nowhere" in planned(url)["msg"]
    gateway.close()
    there = Answering(lambda asked: Given({"message": "Unauthorized"}, 401))
    assert "/nowhere" in planned(there.url, may_be_absent=True)["msg"], "somebody answers, so it is compared"
    there.close()
