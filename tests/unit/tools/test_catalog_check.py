# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue beside fetched indexes and chart folders."""

from __future__ import annotations

import importlib
import sys

import pytest
import yaml


@pytest.fixture
def check(checkout, monkeypatch):
    monkeypatch.syspath_prepend(str(checkout / "tests" / "tools"))
    yield importlib.import_module("catalog_check")
    for name in ("common", "catalog_check"):
        sys.modules.pop(name, None)


def entry(version, repository="ours", name="thing", status="active", **chart):
    return {"status": status, "chart": {"repository": repository, "name": name, "version": version, **chart}}


@pytest.fixture
def fetched(tmp_path):
    """A folder with an index and a chart of a project."""
    rows = [{"version": version} for version in ("1.9.0", "1.10.0", "2.0.0-rc.1", "not a version")]
    index = {"apiVersion": "v1", "entries": {"thing": rows, "gone": [{"version": "1.0.0", "deprecated": True}]}}
    (tmp_path / "ours.yaml").write_text(yaml.safe_dump(index))
    chart = tmp_path / "project" / "charts" / "loose"
    chart.mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: loose, version: 3.1.0}")
    return tmp_path


@pytest.mark.parametrize(
    ("one", "old", "unseen"),
    [
        (entry("1.10.0"), [], []),
        (entry("v1.10.0"), [], []),
        (entry("1.9.0", seen="2026-01-02"), ["thing: 1.9.0 (seen 2026-01-02), there is 1.10.0"], []),
        (entry("1.9.0"), ["thing: 1.9.0 (seen September 2026), there is 1.10.0"], []),
        (entry("1.0.0", name="gone"), ["thing: gone is not, or no longer kept, in the repository ours"], []),
        (entry("3.0.0", repository="theirs", name="loose"), ["thing: 3.0.0 (seen September 2026), there is 3.1.0"], []),
        (entry("1.0.0", repository="theirs", name="other"), [], ["thing: neither an index of theirs nor a folder of other"]),
        (entry(None), [], ["thing: names no version; there is 1.10.0"]),
        (entry("1.0.0", status="eol"), [], []),
        ({"status": "active", "chart": None}, [], []),
    ],
)
def test_an_entry_is_old_where_its_repository_has_a_newer_release(check, fetched, one, old, unseen):
    assert check.findings({"thing": one}, *check.seen(fetched)) == (old, unseen)


def test_the_command_is_dated_and_fails_where_something_is_old(check, fetched, tmp_path, monkeypatch, capsys):
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    monkeypatch.setattr(check, "CATALOG", catalog)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    (catalog / "thing.yml").write_text(yaml.safe_dump(entry("1.9.0")))
    assert check.main(str(fetched), "2026-11-28") == 1
    assert "2026-11-28: 1 of 1 entries are older" in capsys.readouterr().out
    (catalog / "thing.yml").write_text(yaml.safe_dump(entry("1.10.0")))
    assert check.main(str(fetched), "2026-11-28") == 0
    assert check.main(str(fetched / "nothing"), "2026-11-28") == 2


def test_entries_that_were_looked_up_are_dated_and_the_chart_that_moved_is_named_where_it_is(checkout):
    files = (checkout / "roles" / "component" / "catalog").glob("*.yml")
    catalog = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}
    looked_up = (
        "vertical-pod-autoscaler backstage opentelemetry-operator trivy-operator pyroscope litmus aws-node-termination-handler".split()
    )
    assert [name for name in looked_up if catalog[name]["chart"].get("seen", "") < "2026-11-28"] == []
    assert catalog["aws-node-termination-handler"]["chart"]["repository"] != "eks"
