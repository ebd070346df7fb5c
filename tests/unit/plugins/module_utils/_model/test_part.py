# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._model import derive, part
from ansible_collections.gantry.platform.plugins.module_utils._model import rows as module
from ansible_collections.gantry.platform.plugins.module_utils._model.part import Who, part_of, refuse_without_servers
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import read_rows

AREAS = {
    "zone": {"on": "environment", "configures": [{"part": "zone"}], "sandbox": ["names"]},
    "base": {"sets": ["base"], "after": ["zone"]},
    "pages": {"on": "environment", "configures": [{"part": "pages"}], "after": ["base"]},
}
MODEL = {"settings": {"areas": dict.fromkeys(AREAS, True), "components": {}}}
HOSTS = ["a", "b", "control"]


@pytest.fixture(autouse=True)
def three_rows(tmp_path, monkeypatch):
    """A zone before the clusters, a base on them, pages after them; the zone alone has a server of the sandbox."""
    for area, content in AREAS.items():
        (tmp_path / f"{area}.json").write_text(json.dumps({"description": "Sample.", **content}), encoding="utf-8")
    read = read_rows(tmp_path)
    found = {area: read[area] for area in AREAS}
    for one in (module, derive, part):
        monkeypatch.setattr(one, "rows", lambda: found)
    monkeypatch.setattr(derive, "components_by_area", lambda model: {area: [] for area in found})


def who(host, **more):
    clusters = [one for one in more.get("hosts", HOSTS) if one != "control"]
    return Who(host, host != "control", **{"environment_host": "control", "hosts": HOSTS, "clusters": clusters, **more})


def test_a_cluster_does_what_is_on_clusters_and_the_environments_host_what_exists_once():
    cluster, control = part_of(MODEL, who("a")), part_of(MODEL, who("control"))
    assert {row["area"]: (row["phase"], row["wave"], row["here"]) for row in cluster["rows"]} == {
        "zone": ("before", "before 1", False),
        "base": ("clusters", "1", True),
        "pages": ("after", "after 1", False),
    }
    assert [row["area"] for row in control["rows"] if row["here"]] == ["zone", "pages"]
    assert (cluster["phases"], control["phases"]) == (["clusters"], ["before", "after"])
    assert cluster["run_phases"] == control["run_phases"] == ["before", "clusters", "after"]


def test_a_hub_that_stands_in_for_the_control_host_does_both():
    assert part_of(MODEL, who("a", environment_host="a"))["phases"] == ["before", "clusters", "after"]


def test_an_area_that_is_off_is_nobodys_business():
    off = {"settings": {"areas": {"zone": False, "base": True, "pages": False}, "components": {}}}
    assert part_of(off, who("control"))["phases"] == []
    assert part_of(off, who("a"))["run_phases"] == ["clusters"]


def test_a_run_is_narrowed_on_each_host_to_what_is_its_own():
    assert part_of(MODEL, who("a", narrowed=["zone"]))["phases"] == []
    assert part_of(MODEL, who("control", narrowed=["zone"]))["phases"] == ["before"]
    assert part_of(MODEL, who("control", narrowed=["base"]))["phases"] == []
    assert part_of(MODEL, who("a", narrowed=["zone", "base"]))["run_phases"] == ["before", "clusters"]


def test_a_run_without_the_environments_host_is_about_clusters():
    found = part_of(MODEL, who("a", hosts=["a", "b"]))
    assert (found["run_phases"], found["environment_areas"]) == (["clusters"], ["zone", "pages"])
    assert part_of(MODEL, who("control", only_clusters=True))["phases"] == []


def test_a_trial_leaves_out_what_no_server_stands_for():
    found = part_of(MODEL, who("control", simulated=True))
    assert (found["environment_areas"], found["left_out"], found["phases"]) == (["zone"], ["pages"], ["before"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"narrowed": ["zon"]}, "platform_area names zon, there are zone, base, pages; did you mean 'zone'?"),
        (
            {"environment_host": ""},
            "zone, pages exist once for the environment, and no host of the inventory is for that: put one into the group",
        ),
        ({"narrowed": ["zone"], "hosts": ["a"]}, "platform_area names only what runs on control, which --limit leaves out"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_cure(more, words):
    with pytest.raises(InputError) as error:
        part_of(MODEL, who("a", **more))
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("more", "there", "refused"),
    [
        ({"hosts": ["control"], "simulated": True}, False, True),
        ({"hosts": ["control"], "simulated": True}, True, False),
        ({"hosts": ["control", "a"], "simulated": True}, False, False),
        ({"hosts": ["control"]}, False, False),
        ({"hosts": ["control"], "simulated": True, "only_clusters": True}, False, False),
    ],
    ids=["alone", "of an earlier run", "with a cluster", "the real one", "nothing of it"],
)
def test_a_trial_of_what_exists_once_alone_needs_servers_that_are_there(more, there, refused):
    given = who("control", **more)
    found = part_of(MODEL, given)
    if not refused:
        assert refuse_without_servers(found, given, "a", there) is None
        return
    with pytest.raises(InputError, match="^zone: the servers .* are started beside a, and none are there; take a into --limit$"):
        refuse_without_servers(found, given, "a", there)
