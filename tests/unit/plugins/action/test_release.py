# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from unittest.mock import MagicMock

import pytest
from ansible_collections.gantry.platform.plugins.action import release
from ansible_collections.gantry.platform.plugins.plugin_utils import _files
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories, task_vars

NEW = "sha256:" + "1" * 64


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    copy_of_the_inventories(tmp_path)
    return tmp_path


@pytest.fixture
def screen(monkeypatch):
    shown = []
    monkeypatch.setattr(release, "Display", lambda: MagicMock(display=lambda text: shown.extend(text.splitlines())))
    return shown


def call(project, *environments, check_mode=False, **args):
    task = MagicMock(async_val=0, check_mode=check_mode, diff=True, args=args)
    action = release.ActionModule(task, MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock())
    return action.run(None, task_vars(*(project / "inventories" / f"{environment}.yml" for environment in environments)))


def file_of(project, environment):
    return project / "inventories" / "group_vars" / environment / "release.yml"


def digest_of(project, environment, service):
    return call(project, environment, check_mode=True, environment=environment, services={})["release"]["services"][service]["digest"]


def test_one_line_changes_and_a_second_time_none(project, screen):
    file = file_of(project, "staging")
    before = file.read_text(encoding="utf-8")
    words = {"environment": "staging", "services": {"memory-store": NEW}}
    asked = call(project, "staging", check_mode=True, **words)
    assert (asked["changed"], file.read_text(encoding="utf-8")) == (True, before)
    answer = call(project, "staging", **words)
    after = file.read_text(encoding="utf-8")
    gone, come = (sorted(set(one.splitlines()) - set(other.splitlines())) for one, other in ((before, after), (after, before)))
    assert (len(gone), come) == (1, [f"      digest: {NEW}"])
    assert answer["diff"]["before"] == before and answer["diff"]["after"] == after
    assert answer["said"] == asked["said"] == [f"service memory-store: digest {gone[0].split()[1][:19]} → {NEW[:19]}"]
    assert screen[-2:] == ["inventories/group_vars/staging/release.yml changed:", f"  {answer['said'][0]}"]
    assert call(project, "staging", **words)["changed"] is False
    assert file.read_text(encoding="utf-8") == after


def test_a_new_service_that_stops_every_run_gets_its_first_digest(project):
    services = project / "inventories" / "group_vars" / "all" / "40_services.yml"
    text = services.read_text(encoding="utf-8")
    services.write_text(
        text.rstrip("\n") + "\n  newcomer: {team: cortex, tier: t2, data_class: internal, description: new}\n"
        "  another: {team: cortex, tier: t2, data_class: internal, description: new}\n",
        encoding="utf-8",
    )
    answer = call(project, "staging", environment="staging", services={"newcomer": NEW})
    assert answer["said"] == [f"service newcomer: digest none → {NEW[:19]}"]
    assert f"    newcomer:\n      digest: {NEW}\n" in file_of(project, "staging").read_text(encoding="utf-8")


def test_where_there_is_no_file_it_is_made(project):
    file = file_of(project, "staging")
    file.unlink()
    assert (
        call(project, "staging", environment="staging-euw1", services={"memory-store": NEW})["file"]
        == "inventories/group_vars/staging/release.yml"
    )
    assert file.read_text(encoding="utf-8").endswith(f"platform_release:\n  services:\n    memory-store:\n      digest: {NEW}\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"services": {"memory-stor": NEW}}, "found the unknown service 'memory-stor'; allowed: "),
        ({"services": {"memory-stor": NEW}}, "did you mean 'memory-store'?"),
        (
            {"services": {"memory-store": "latest"}},
            'release.services."memory-store".digest: found "latest"; allowed: sha256: and 64 hexadecimal digits',
        ),
        ({"services": {"memory-store": NEW[:-1]}}, "inventories/group_vars/staging/release.yml"),
        ({"environment": "stagin", "services": {"memory-store": NEW}}, "there is no environment or cluster 'stagin'"),
        ({"run": "run-1", "records": {}}, "no run 'run-1' is recorded for staging"),
        ({}, "one of the following is required: services, source, run"),
    ],
)
def test_what_is_wrong_is_refused_with_a_cure_and_nothing_is_written(project, words, told):
    before = file_of(project, "staging").read_text(encoding="utf-8")
    answer = call(project, "staging", **{"environment": "staging", **words})
    assert answer["failed"] and told in answer["msg"]
    assert file_of(project, "staging").read_text(encoding="utf-8") == before


def test_a_service_that_the_environment_does_not_have_is_refused(project):
    services = project / "inventories" / "group_vars" / "all" / "40_services.yml"
    text = services.read_text(encoding="utf-8")
    services.write_text(text.replace("  memory-store:\n", "  memory-store:\n    only_in: [prod, dr]\n", 1), encoding="utf-8")
    answer = call(project, "staging", environment="staging", services={"memory-store": NEW})
    assert answer["failed"] and "staging does not have it (its only_in)" in answer["msg"]


@pytest.fixture
def verified(project):
    """Staging's release as a verified run of it would have recorded it."""
    text = file_of(project, "staging").read_text(encoding="utf-8")
    held = call(project, "staging", check_mode=True, environment="staging", services={})["release"]
    record = {"schema": "gantry.platform/promotion/v1", "environment": "staging", "revision": "", "created": "2026-11-29T10:00:00Z"}
    verified = {kind: {name: [value] for name, value in held[kind].items()} for kind in ("services", "components")}
    (project / "records").mkdir()
    (project / "records" / "staging.json").write_text(json.dumps({**record, "verified": verified}), encoding="utf-8")
    assert text
    return held


def test_what_the_source_has_verified_is_promoted_and_nothing_else(project, verified):
    words = {"environment": "prod", "source": "staging", "promotion_records": "records"}
    call(project, "prod", environment="prod", services={"memory-store": NEW})
    answer = call(project, "staging", "prod", **words)
    assert answer["release"]["services"]["memory-store"] == verified["services"]["memory-store"]
    assert digest_of(project, "prod", "memory-store") == verified["services"]["memory-store"]["digest"]
    assert call(project, "staging", "prod", **words)["changed"] is False

    call(project, "staging", environment="staging", services={"memory-store": NEW})
    before = file_of(project, "prod").read_text(encoding="utf-8")
    refused = call(project, "staging", "prod", **words)
    assert refused["failed"] and f"service memory-store: digest {NEW}; verified there last" in refused["msg"]
    assert call(project, "staging", "prod", **words, only=["cortex-x"])["failed"]
    assert call(project, "staging", "prod", **words, only=["language-cortex"])["changed"] is False
    assert file_of(project, "prod").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"source": "dev"}, "prod promotes from staging (platform_environment.promotes_from), not from dev"),
        ({"source": "prod"}, "prod cannot be promoted to itself"),
        ({"source": "staging"}, "staging has left no record of a verified run in its clusters"),
        ({"source": "staging", "records": {"staging-euw1": None}}, "staging has left no record of a verified run in its cluster"),
    ],
)
def test_a_promotion_without_proof_is_refused(project, words, told):
    answer = call(project, "dev", "staging", "prod", environment="prod", **words)
    assert answer["failed"] and told in answer["msg"]


def test_the_release_of_a_run_comes_back(project):
    file = file_of(project, "staging")
    before = file.read_text(encoding="utf-8")
    held = call(project, "staging", check_mode=True, environment="staging", services={})["release"]
    call(project, "staging", environment="staging", services={"memory-store": NEW})
    gone = {**held["services"], "gone": {"digest": NEW}}
    record = {"run": "run-1", "created": "x", "who": "ada", "areas": [], "host": {"verified": True}, "release": {**held, "services": gone}}
    answer = call(project, "staging", environment="staging", run="run-1", records={"staging-euw1": record})
    assert (answer["changed"], len(answer["said"])) == (True, 1)
    assert file.read_text(encoding="utf-8") == before
