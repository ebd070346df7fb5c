# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._model.build import InventoryError
from ansible_collections.gantry.platform.plugins.plugin_utils import _files, _origins
from ansible_collections.gantry.platform.plugins.plugin_utils._model_input import host_named, model_of, with_place
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import CHECKOUT, copy_of_the_inventories, task_vars

CLUSTERS = {
    "sandbox": ["sandbox"],
    "dev": ["dev-euw1"],
    "staging": ["staging-euw1"],
    "prod": ["prod-euw1", "prod-euw1b", "prod-euc1"],
    "dr": ["dr-eun1"],
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(_files.constants, "CONFIG_FILE", str(tmp_path / "ansible.cfg"))
    copy_of_the_inventories(tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> int:
    """Replace the first ``old`` of a file; gives its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def errors(project: Path, environment: str, host: str, source: Path | None = None, **options) -> list[str]:
    with pytest.raises(InventoryError) as caught:
        model_of(host, task_vars(source or project / "inventories" / f"{environment}.yml"), **{"read_only": False, **options})
    return [str(finding) for finding in caught.value.findings]


@pytest.mark.parametrize("environment", CLUSTERS)
def test_every_shipped_environment_is_right(project, environment):
    variables = task_vars(project / "inventories" / f"{environment}.yml")
    clusters = [host for host in variables["groups"]["all"] if host not in variables["groups"].get("control", ())]
    assert clusters == CLUSTERS[environment]
    for host in variables["groups"]["all"]:
        effective = model_of(host, variables, read_only=False).effective
        assert effective["environment"]["name"] == environment
        assert len(effective["services"]) >= 12
        assert {slo["indicator"] for slo in effective["slos"].values()} == {"latency", "availability", "quality", "composite"}
        assert {service["tier"] for service in effective["services"].values()} == {"t0", "t1", "t2", "t3"}
        assert len(effective["teams"]) >= 4


def test_production_lies_in_two_regions(project):
    variables = task_vars(project / "inventories" / "prod.yml")
    regions = {model_of(host, variables, read_only=False).effective["cluster"]["region"] for host in CLUSTERS["prod"]}
    assert len(regions) == 2


def test_no_two_clusters_of_all_environments_overlap(project):
    variables = task_vars(*(project / "inventories" / f"{environment}.yml" for environment in CLUSTERS))
    digests = {model_of(host, variables, read_only=True).digest for hosts in CLUSTERS.values() for host in hosts}
    assert len(digests) == 7


@pytest.mark.parametrize("environment", CLUSTERS)
def test_an_environment_says_little_of_its_own(environment):
    base = CHECKOUT / "inventories"
    group = "sandbox_environment" if environment == "sandbox" else environment
    files = [
        base / f"{environment}.yml",
        *(base / "group_vars" / group).glob("*.yml"),
        *(base / "host_vars" / f"{host}.yml" for host in CLUSTERS[environment]),
    ]
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) <= 200


def test_the_sandbox_is_reached_by_its_own_kubeconfig_and_a_rehearsal_by_another(project):
    variables = task_vars(project / "inventories" / "sandbox.yml")
    usual = model_of("sandbox", variables, read_only=False)
    rehearsed = model_of("sandbox", variables, read_only=False, rehearsal_root=".gantry/rehearsal/sandbox")
    assert usual.effective["cluster"]["kubeconfig"] == str(project / ".gantry/sandbox/deployer.kubeconfig")
    assert rehearsed.effective["cluster"]["kubeconfig"] == str(project / ".gantry/rehearsal/sandbox/sandbox/deployer.kubeconfig")
    assert usual.digest == rehearsed.digest


def test_a_misspelt_key_is_told_with_file_line_and_cure(project):
    line = edit(project / "inventories/group_vars/all/40_services.yml", "tier: t1", "teir: t1")
    found = errors(project, "dev", "dev-euw1")
    assert any(
        one.startswith(f"inventories/group_vars/all/40_services.yml:{line}: ") and one.endswith("did you mean 'tier'?") for one in found
    )


def test_a_wrong_value_that_carries_no_tag_is_told_with_the_line_of_its_key(project):
    line = edit(project / "inventories/group_vars/prod/00_environment.yml", "protected: true", "protected: 1")
    assert errors(project, "prod", "prod-euw1") == [
        f"inventories/group_vars/prod/00_environment.yml:{line}: environment.protected: found 1; allowed: true or false"
    ]


def script(project: Path, environment: str) -> Path:
    """The same inventory as a script gives it, as AWX does: every value without its place."""
    variables = task_vars(project / "inventories" / f"{environment}.yml")
    hosts = variables["groups"]["all"]
    plain = {
        host: {
            name: _origins.plain(value, (), "")[0] for name, value in variables["hostvars"][host].items() if name.startswith("platform_")
        }
        for host in hosts
    }
    answer = {"_meta": {"hostvars": plain}, **{group: {"hosts": list(names)} for group, names in variables["groups"].items()}}
    path = project / "awx" / "inventory"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_line_is_found_again_when_the_inventory_came_by_a_script(project):
    line = edit(project / "inventories/group_vars/prod/20_overrides.yml", "max: 36", "mxa: 36")
    assert errors(project, "prod", "prod-euw1", script(project, "prod")) == [
        f'inventories/group_vars/prod/20_overrides.yml:{line}: services."perception-gateway".replicas.mxa: '
        "unknown key; allowed: min, max, cpu_target_percent; did you mean 'max'?"
    ]


def test_without_tags_of_origin_the_files_are_scanned(project, monkeypatch):
    line = edit(project / "inventories/host_vars/prod-euc1.yml", "size: large", "size: huge")
    monkeypatch.setattr(_origins, "Origin", None)
    assert errors(project, "prod", "prod-euc1") == [
        f'inventories/host_vars/prod-euc1.yml:{line}: cluster.size: found "huge"; allowed: small, medium, large'
    ]


def test_what_the_files_alone_can_tell(project):
    folder = project / "inventories/group_vars"
    edit(folder / "all/30_teams.yml", "platform_teams:", "platfrom_teams: {}\nplatform_teams:")
    (folder / "prod/30_teams.yml").write_text("---\nplatform_teams: {}\n", encoding="utf-8")
    edit(folder / "all/70_recovery.yml", "    t1:", "    t0: {rto: 1m, rpo: 1m, priority: 1}\n    t1:")
    found = [line for line in errors(project, "prod", "prod-euw1") if "30_teams" in line or "70_recovery" in line]
    assert "inventories/group_vars/all/30_teams.yml:2: platfrom_teams: unknown variable; did you mean 'platform_teams'?" in found
    assert any("prod/30_teams.yml:2: platform_teams: is set in inventories/group_vars/all/30_teams.yml:3 already" in line for line in found)
    assert any("70_recovery.yml:5: platform_recovery.tiers.t0: stands in the file twice, first at line 4" in line for line in found)


def test_variables_of_a_run_and_of_our_roles_are_known(project):
    (project / "inventories/group_vars/prod/99_run.yml").write_text(
        "---\nplatform_run_folder: runs\nplatform_wait_timeout: 9\nours: 1\n", encoding="utf-8"
    )
    assert model_of("prod-euw1", task_vars(project / "inventories/prod.yml"), read_only=False).effective["environment"]["name"] == "prod"


def test_a_file_that_is_no_yaml_is_named(project):
    scanned = _origins.files_of("prod-euw1", ["prod"], str(project / "inventories"), str(project))
    assert scanned.findings(frozenset()) == []
    (project / "inventories/group_vars/prod/99_broken.yml").write_text("a: [", encoding="utf-8")
    (finding,) = _origins.files_of("prod-euw1", ["prod"], str(project / "inventories"), str(project)).findings(frozenset())
    assert str(finding).startswith("inventories/group_vars/prod/99_broken.yml: cannot be read as YAML")


def test_two_environments_may_be_read_but_not_changed(project):
    variables = task_vars(project / "inventories/dev.yml", project / "inventories/staging.yml")
    assert model_of("dev-euw1", variables, read_only=True).effective["environment"]["name"] == "dev"
    with pytest.raises(InventoryError, match="found 2 environments in one run that changes things"):
        model_of("dev-euw1", variables, read_only=False)


def test_an_environment_is_looked_at_by_its_first_cluster(project):
    variables = task_vars(project / "inventories/prod.yml", project / "inventories/staging.yml")
    assert host_named("prod", variables) == "prod-euc1"
    assert host_named("prod-euw1b", variables) == "prod-euw1b"
    with pytest.raises(InputError, match="did you mean 'prod'"):
        host_named("prd", variables)


def test_the_shipped_inventories_have_no_merge_keys_and_no_key_twice():
    for file in sorted((CHECKOUT / "inventories").rglob("*.yml")):
        text = file.read_text(encoding="utf-8")
        assert "<<:" not in text
        assert _origins.scan(text, file.name).twice == []
        assert isinstance(yaml.safe_load(text), dict)


def test_a_reference_that_has_no_value_is_told_with_its_line(project):
    file = project / "inventories" / "group_vars" / "prod" / "90_secret_references.yml"
    line = edit(file, "PARTNER_TOKEN: vault:prod/perception-gateway#partner_token", "PARTNER_TOKEN: env:PARTNER_TOKEN")
    variables = {**task_vars(project / "inventories" / "prod.yml"), "inventory_hostname": "prod-euw1"}
    failed = {"failed": True, "msg": "it cannot be resolved", "reference": "env:PARTNER_TOKEN"}
    assert with_place(failed, variables)["msg"] == (
        f"it cannot be resolved; it stands in inventories/group_vars/prod/90_secret_references.yml:{line}: "
        'secret_references.services."perception-gateway".PARTNER_TOKEN: give it a value there, or take the line away where nothing needs it'
    )
    for other in ({**failed, "reference": "env:ELSEWHERE"}, {"failed": True, "msg": "x"}, {"changed": True}):
        assert with_place(other, variables) == other
    assert with_place(failed, {"inventory_hostname": "prod-euw1"}) == failed
