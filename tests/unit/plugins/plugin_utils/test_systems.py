# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task configures many systems: what each module is told, in which order, and what the run's report gets of it."""

from __future__ import annotations

import types
from dataclasses import dataclass, field

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import CLUSTER, ENVIRONMENT, Row
from ansible_collections.gantry.platform.plugins.plugin_utils import _systems
from ansible_collections.gantry.platform.plugins.plugin_utils._systems import Situation, run_systems

HOST = "dev-euw1"
GENERAL = ("owner", "prune", "allowed_impact", "variables", "approved_digest", "config")
SPECS = {
    "dns_config": [*GENERAL, "may_be_absent"],
    "dns_rotate": ["owner", "allowed_impact", "variables", "approved_digest", "rotate"],
    "dns_verify": ["names"],
}
CLEAN = {"changed": False, "plan": [], "counts": {"unchanged": 1}, "digest": "sha256:1"}
CHANGE = {**CLEAN, "plan": [{"id": "Zone/-/example", "action": "update"}], "counts": {"update": 1}}
ROW = {"area": "dns", "description": "Names.", "role": "dns", "on": ENVIRONMENT}
DOCUMENTS = (
    {"module": "dns_config", "part": "dns", "template": "zones.yaml.j2"},
    {"module": "dns_rotate", "part": "dns-keys", "template": "keys.yaml.j2", "option": "rotate"},
    {"module": "dns_config", "part": "dns-<cluster>", "template": "own.yaml.j2"},
)
ALL = ["safe", "restart", "disruptive", "destroys_data"]


@dataclass
class System:
    """A row, what its role says, what its modules answer, and what they were asked: (module, options, check mode)."""

    row: Row
    values: dict = field(default_factory=dict)
    templates: dict = field(default_factory=lambda: {"zones.yaml.j2": "zones: {}", "keys.yaml.j2": "keys: {}", "own.yaml.j2": "own: 1"})
    answers: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)

    def run(self, stage="plan", check_mode=True, hub=True, areas=("dns",), **known):
        task = types.SimpleNamespace(check_mode=check_mode)
        task.copy = lambda: types.SimpleNamespace(**vars(task))
        parts = dict.fromkeys(("_connection", "_play_context", "_loader", "_templar"))
        action = types.SimpleNamespace(_task=task, _shared_loader_obj=types.SimpleNamespace(action_loader=self), **parts)
        situation = Situation(stage=stage, owner="sample/dev", hub=hub, allowed_impact=["safe"], **known)
        return run_systems(action, areas, situation, {"inventory_hostname": HOST})

    # Ansible's loader of actions

    def get(self, name, task=None, class_only=False, **_surroundings):
        module = name.removeprefix("gantry.platform.")
        if class_only:
            return types.SimpleNamespace(face=types.SimpleNamespace(spec=dict.fromkeys(SPECS[module])))

        def run(task_vars):
            self.asked.append((module, task.args, task.check_mode))
            found = self.answers.get(module, CLEAN)
            return found.pop(0) if isinstance(found, list) else found

        return types.SimpleNamespace(run=run)

    # the role's scope

    def value(self, name, default=None):
        found = self.values.get(name, default)
        if isinstance(found, Exception):
            raise found
        return found

    def render(self, template):
        return self.templates[template]


@pytest.fixture
def system(monkeypatch):
    def make(configures=DOCUMENTS, **row):
        made = System(Row(**{**ROW, "configures": configures, **row}))
        monkeypatch.setattr(_systems, "rows", lambda: {"dns": made.row})
        monkeypatch.setattr(_systems, "RoleScope", lambda *_given: made)
        return made

    return make


def test_each_document_goes_to_its_module_with_what_all_of_them_are_told(system):
    dns = system(on=CLUSTER)
    dns.values = {"dns_access": {"url": "https://dns.example"}, "dns_options": {"dns": {"config": {"more": 1}, "known": ["a"]}}}
    dns.run("apply", check_mode=False, approved={"dns": "sha256:1", f"dns-{HOST}": "sha256:2"})
    variables = {"allowed_impact": "platform_environment.allowed_impact"}
    general = {"allowed_impact": ["safe"], "url": "https://dns.example"}
    reached = {**general, "variables": {**variables, "prune": "dns_prune"}, "prune": {"mode": "report"}}
    assert dns.asked == [
        (
            "dns_config",
            {**reached, "owner": "sample/dev", "approved_digest": "sha256:1", "known": ["a"], "config": {"zones": {}, "more": 1}},
            False,
        ),
        # It knows no removal; its document is another option.
        ("dns_rotate", {**general, "variables": variables, "owner": "sample/dev", "approved_digest": "", "rotate": {"keys": {}}}, False),
        ("dns_config", {**reached, "owner": f"sample/dev-{HOST}", "approved_digest": "sha256:2", "config": {"own": 1}}, False),
    ]


def test_in_a_trial_the_server_that_stands_for_the_system_says_how_it_is_reached_and_never_the_role(system):
    checks = ({"module": "dns_verify", "template": "keys.yaml.j2"},)
    dns = system(DOCUMENTS[:1], sandbox=("forge", "database"), verifies=checks)
    dns.values = {"dns_access": {"url": "https://real.example"}}
    for stage in ("plan", "apply", "drift", "verify"):
        dns.run(stage, simulated_in="folder")
    assert [options["access_file"] for _module, options, _check in dns.asked] == ["folder/forge.json"] * 4
    assert not [options for _module, options, _check in dns.asked if "url" in options]


def test_a_system_that_no_server_stands_for_is_not_reached_in_a_trial(system):
    dns = system(DOCUMENTS[:1])
    dns.values = {"dns_access": {"url": "https://real.example"}}
    with pytest.raises(InputError, match="dns: no server of the sandbox stands for what it configures; its row has to name one"):
        dns.run(simulated_in="folder")
    assert dns.asked == []


@pytest.mark.parametrize(("check_mode", "stage"), [(True, "plan"), (False, "apply")])
def test_a_rotation_is_the_documents_of_what_the_row_renews_and_no_others(system, check_mode, stage):
    dns = system(on=CLUSTER, renews=DOCUMENTS[1:2])
    answer = dns.run("rotate", check_mode)
    assert [(module, options["rotate"], check) for module, options, check in dns.asked] == [("dns_rotate", {"keys": {}}, check_mode)]
    assert [note["stage"] for note in answer["noted"]] == [stage]
    dns.asked.clear()
    dns.run("rotate", hub=False)
    assert dns.asked == []


def test_what_exists_once_for_all_clusters_is_the_hubs_business(system):
    dns = system(on=CLUSTER)
    answer = dns.run(hub=False)
    assert [note["wave"] for note in answer["noted"]] == [f"dns-{HOST}"]


def test_a_document_of_what_exists_once_has_an_owner_of_its_own(system):
    dns = system(DOCUMENTS[:1])
    dns.run(hub=False)
    assert [options["owner"] for _module, options, _check in dns.asked] == ["sample/dev-dns"]


@pytest.mark.parametrize(
    ("prune", "run", "drift"),
    [
        ({"mode": "delete", "max_count": 3}, {"mode": "delete", "max_count": 3}, {"mode": "report"}),
        ("mounts", "mounts", {"mode": "report"}),
        ({"mode": "none"}, {"mode": "none"}, {"mode": "none"}),
    ],
)
def test_a_comparison_names_whatever_differs_and_removes_nothing(system, prune, run, drift):
    dns = system(DOCUMENTS[:1])
    dns.values = {"dns_prune": prune}
    for stage in ("plan", "drift", "verify"):
        dns.run(stage)
    told = [(options["prune"], options["allowed_impact"]) for _module, options, _check in dns.asked]
    assert told == [(run, ["safe"]), (drift, ALL), (drift, ALL)]


def test_a_system_that_this_run_makes_may_be_absent_and_nothing_is_asked_that_cannot_be_planned_so(system):
    dns = system(on=CLUSTER, served_by="Deployment.apps/dns/dns")
    dns.answers = {"dns_config": {**CHANGE, "digest": ""}}
    dns.run(made=["Deployment.apps/dns/dns"])
    assert [(module, options.get("may_be_absent")) for module, options, _check in dns.asked] == [("dns_config", True), ("dns_config", True)]
    dns.asked.clear()
    dns.answers = {}
    dns.run()
    assert [(module, options.get("may_be_absent")) for module, options, _check in dns.asked] == [
        *(("dns_config", False), ("dns_rotate", None), ("dns_config", False))
    ]


def test_a_role_that_has_nothing_to_configure_here_is_asked_for_nothing(system):
    dns = system(sandbox=())
    dns.values = {"dns_configures": False, "dns_access": AnsibleActionFail("there is no address")}
    for stage in ("plan", "apply", "drift", "verify"):
        assert dns.run(stage, simulated_in="folder")["noted"] == []
    assert dns.asked == []


def test_the_first_failure_ends_it_and_what_went_before_is_told(system):
    dns = system()
    refused = {"failed": True, "msg": "impact destroys_data is not allowed", "refused": CHANGE["plan"]}
    dns.answers = {"dns_config": [{**CHANGE, "changed": True}], "dns_rotate": refused}
    answer = dns.run("apply", check_mode=False)
    assert (answer["failed"], answer["msg"], answer["changed"]) == (True, refused["msg"], True)
    assert [(note["wave"], note["failed"], note.get("plan")) for note in answer["noted"]] == [
        ("dns", False, CHANGE["plan"]),
        ("dns-keys", True, CHANGE["plan"]),
    ]
    assert [note.get("error") for note in answer["noted"]] == [None, refused["msg"]]


def test_a_mistake_of_the_role_is_a_failure_that_is_noted(system):
    dns = system()
    dns.values = {"dns_access": AnsibleActionFail("dns_access of role dns: 'nowhere' is undefined")}
    answer = dns.run()
    assert answer["failed"] and "'nowhere' is undefined" in answer["msg"] and dns.asked == []
    assert [(note["wave"], note["failed"]) for note in answer["noted"]] == [("dns", True)]


def test_a_template_that_is_no_mapping_and_an_area_that_does_not_exist_are_named(system):
    dns = system()
    dns.templates["zones.yaml.j2"] = "- a"
    with pytest.raises(InputError, match=r"zones\.yaml\.j2: the template must render to a mapping"):
        dns.run()
    with pytest.raises(InputError, match="there is no area 'dna'; did you mean 'dns'"):
        dns.run(areas=["dna"])


def test_a_system_without_checks_of_its_own_is_compared_once_more(system):
    dns = system(DOCUMENTS[:1])
    held = dns.run("verify")
    assert held["noted"][0]["expectations"] == {"passed": 1, "failed": []} and held["proven"] == ["dns is as it was declared"]
    dns.answers = {"dns_config": CHANGE}
    answer = dns.run("verify")
    assert (answer["failed"], answer["msg"]) == (True, "dns is not as declared: Zone/-/example")
    assert [found["found"] for found in answer["noted"][0]["expectations"]["failed"]] == ["Zone/-/example"]


def test_the_rows_own_checks_take_the_place_of_the_comparison(system):
    dns = system(verifies=({"module": "dns_verify", "template": "zones.yaml.j2"},))
    dns.values = {"dns_access": {"url": "https://dns.example"}}
    dns.answers = {"dns_verify": {"changed": False, "verdicts": [{"name": "a", "meaning": "a is served", "passed": True, "found": "a"}]}}
    answer = dns.run("verify")
    assert dns.asked == [("dns_verify", {"url": "https://dns.example", "zones": {}}, False)]
    assert answer["proven"] == ["a is served"] and [note["wave"] for note in answer["noted"]] == ["dns"]


def test_who_configures_nothing_says_itself_how_what_others_run_is_reached(system):
    dns = system((), on=CLUSTER, verifies=({"module": "dns_verify", "template": "zones.yaml.j2"},))
    dns.values = {"dns_access": {"url": "https://dns.example"}}
    dns.run("verify", simulated_in="folder")
    assert dns.asked == [("dns_verify", {"zones": {}}, False)]


def test_differences_and_warnings_of_all_calls_are_the_tasks(system):
    dns = system()
    dns.answers = {
        "dns_config": {**CLEAN, "diff": [{"before": "a"}], "warnings": ["slow"]},
        "dns_rotate": {**CLEAN, "diff": {"before": "b"}},
    }
    answer = dns.run()
    assert answer["diff"] == [{"before": "a"}, {"before": "b"}, {"before": "a"}] and answer["warnings"] == ["slow", "slow"]
