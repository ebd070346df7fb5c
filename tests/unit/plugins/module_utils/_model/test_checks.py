# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.checks import Situation, cross_check
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory
from hypothesis import given
from hypothesis import strategies as st

SERVICES = VALUES["platform_services"]


def service(**changes):
    return {"team": "cortex", "tier": "t1", "data_class": "internal", "description": "Is", **changes}


def with_services(**services):
    entries = {**SERVICES, **services}
    release = {"services": {name: {"digest": "sha256:" + "0" * 64} for name in entries}}
    return inventory(platform_services=entries, platform_release=release)


def team(**changes):
    return {**VALUES["platform_teams"]["cortex"], **changes}


def with_teams(**teams):
    return inventory(platform_teams={**VALUES["platform_teams"], **teams})


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        (
            with_services(a=service(team="corteks")),
            "services.a.team",
            "found the unknown team 'corteks'; allowed: cortex; did you mean 'cortex'?",
        ),
        (with_services(a=service(tier="t2")), "services.a.tier", "found the unknown tier 't2'; allowed: t0, t1"),
        (
            with_services(a=service(data_class="secret")),
            "services.a.data_class",
            "found the unknown data class 'secret'; allowed: internal",
        ),
        (with_services(a=service(dependencies=["stor"])), "services.a.dependencies[0]", "found the unknown service 'stor'"),
        (with_services(a=service(dependencies=["a"])), "services.a.dependencies[0]", "found the service itself; allowed: another one"),
        (
            with_services(a=service(renamed_from="store")),
            "services.a.renamed_from",
            "found 'store', which is itself a service; allowed: a name that none has any more",
        ),
        (
            with_services(a=service(renamed_from="old"), b=service(renamed_from="old")),
            "services.b.renamed_from",
            "found 'old', which is the former name of 'a' already; allowed: one of its own",
        ),
        (
            with_services(a=service(renamed_from="old"), b=service(dependencies=["old"])),
            "services.b.dependencies[0]",
            "found 'old', which is called 'a' now (renamed_from)",
        ),
        (
            with_teams(mind=team(renamed_from="old"), a=team(renamed_from="mind")),
            "teams.a.renamed_from",
            "found 'mind', which is itself a team; allowed: a name that none has any more",
        ),
        (
            with_teams(mind=team(renamed_from="old"), a=team(namespace="old")),
            "teams.a.namespace",
            "found 'old', which is the namespace of the team 'mind'; allowed: one of its own",
        ),
        (
            with_services(a=service(replicas={"min": 3, "max": 2})),
            "services.a.replicas.max",
            "found 2, below replicas.min, which is 3; allowed: at least that",
        ),
        (
            with_services(a=service(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}})),
            "services.a.resources.limits.memory",
            "found '512Mi', below the request '1Gi'; allowed: at least that",
        ),
        (
            with_services(a=service(hosts=["x.example"]), b=service(hosts=["x.example"])),
            "services.b.hosts[0]",
            "found 'x.example', which is a host of 'a' already; allowed: one service a host",
        ),
        (
            inventory(platform_slos={"s": {"service": "engin", "indicator": "quality", "metric": "m", "objective": 9}}),
            "slos.s.service",
            "found the unknown service 'engin'; allowed: engine, store; did you mean 'engine'?",
        ),
        (
            inventory(platform_slos={"s": {"service": "engine", "indicator": "latency", "objective": 9}}),
            "slos.s.threshold",
            "missing; a latency objective needs the time that is still good, such as 300ms",
        ),
        (
            inventory(platform_release={"services": {"store": VALUES["platform_release"]["services"]["store"]}}),
            "release.services.engine",
            "missing; ",
        ),
        (
            inventory(platform_secret_references={"services": {"x": {"K": "env:K"}}}),
            "secret_references.services.x",
            "found the unknown service 'x'",
        ),
        (
            with_services(a=service(image="elsewhere.example/a")),
            "services.a.image",
            "found 'elsewhere.example/a', which is in none of settings.registries; allowed: ",
        ),
        (
            with_services(a=service(resources={"requests": {"cpu": "9"}})),
            "services.a.resources.requests.cpu",
            "found '9', above teams.cortex.limits.max, which is '8'",
        ),
        (
            inventory(platform_security={**VALUES["platform_security"], "admission": {"actions": ["Deny", "Warn"]}}),
            "security.admission.actions",
            "found Deny and Warn; allowed: one of them, alone or with Audit",
        ),
        (
            inventory(platform_secret_references={"services": {"engine": {"K": "hunter2"}}}),
            "secret_references.services.engine.K",
            'found "hunter2"; allowed: a reference such as vault:path#key, env:NAME, file:path, sops:file#key or aws-sm:name',
        ),
        (
            inventory(platform_settings={**VALUES["platform_settings"], "areas": {"cluster_baseline": False}}),
            "settings.areas.cluster_baseline",
            "found false, but the area workloads is on and needs cluster_baseline; turn cluster_baseline on or workloads off",
        ),
        (
            inventory(platform_teams={**VALUES["platform_teams"], "b": {**VALUES["platform_teams"]["cortex"], "namespace": "cortex"}}),
            "teams.b.namespace",
            "found 'cortex', which is the namespace of the team 'cortex'; allowed: one of its own",
        ),
        (
            inventory(platform_teams={"cortex": {**VALUES["platform_teams"]["cortex"], "namespace": "kube-system"}}),
            "teams.cortex.namespace",
            "found the reserved namespace 'kube-system'; allowed: any other name",
        ),
        (
            inventory(
                platform_teams={"cortex": {**VALUES["platform_teams"]["cortex"], "quota": {"cpu": "1", "memory": "512Mi", "pods": 50}}}
            ),
            "teams.cortex.quota.memory",
            "found '512Mi', but the team's services ask for 1280Mi at least",
        ),
        (
            inventory(platform_finops={"cost_centers": {"x": {"monthly_budget": 1}}}),
            "teams.cortex.cost_center",
            "found the unknown cost centre",
        ),
        (inventory(platform_cluster={**VALUES["platform_cluster"], "account": "x"}), "cluster.account", "found the unknown account 'x'"),
        (
            inventory(platform_foundation={"networks": {"n": {"account": "x", "region": "r", "cidr": "10.0.0.0/8"}}}),
            "foundation.networks.n.account",
            "found the unknown account 'x'; allowed: none is declared",
        ),
        (
            inventory(
                platform_security={
                    **VALUES["platform_security"],
                    "exceptions": {"e": {"rule": "r", "service": "x", "reason": "y", "expires": "2027-01-01"}},
                }
            ),
            "security.exceptions.e.service",
            "found the unknown service 'x'",
        ),
    ],
)
def test_parts_fit_together(values, path, message):
    found = errors(values)
    assert len(found) == 1 or "quota" in path
    assert any(f"{path}: {message}" in line for line in found), found


def test_a_dependency_on_a_service_that_is_left_out_names_the_cure():
    (line,) = errors(with_services(lab=service(only_in=["dev"]), a=service(dependencies=["lab"])))
    assert "found 'lab', which this environment does not have (its only_in); give a the same only_in" in line


def test_a_cycle_is_shown_whole_and_once():
    found = errors(with_services(a=service(dependencies=["b"]), b=service(dependencies=["c"]), c=service(dependencies=["store", "a"])))
    assert len(found) == 1
    assert "services.c.dependencies[1]: found a cycle: a → b → c → a; allowed: dependencies that end somewhere; cut one of them" in found[0]


@given(st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6)), max_size=7))
def test_a_cycle_is_found_exactly_where_there_is_one(graph):
    names = {number: f"s{number}" for number in graph}
    services = {names[n]: {"dependencies": [names[m] for m in sorted(called) if m in names and m != n]} for n, called in graph.items()}
    remaining = {name: set(entry["dependencies"]) for name, entry in services.items()}
    while free := [name for name, called in remaining.items() if not called & set(remaining)]:
        for name in free:
            del remaining[name]
    found = [
        problem for problem in cross_check({"services": services}, Situation("prod-a", control=True), []) if "cycle" in problem.message
    ]
    assert bool(found) is bool(remaining)


def test_a_run_that_changes_things_stays_in_one_environment():
    environments = {"prod-a": "prod", "dev-a": "dev"}
    (line,) = errors(inventory(), environments=environments)
    assert "found 2 environments in one run that changes things: dev-a (dev), prod-a (prod); allowed: one; choose one inventory" in line
    assert errors(inventory(), environments=environments, read_only=True) == []


def test_the_environment_before_must_exist():
    values = inventory(platform_environment={**VALUES["platform_environment"], "promotes_from": "stagin"})
    (line,) = errors(values, known_environments=frozenset({"prod", "staging"}))
    assert "environment.promotes_from: found the unknown environment 'stagin'; allowed: prod, staging; did you mean 'staging'?" in line
    assert errors(values, known_environments=None) == []
    (itself,) = errors(inventory(platform_environment={**VALUES["platform_environment"], "promotes_from": "prod"}))
    assert "found the environment itself" in itself


@pytest.mark.parametrize(
    ("network", "others", "message"),
    [
        ({"pod_cidr": "10.1.128.0/17"}, {}, "pod_cidr: found 10.1.128.0/17, which overlaps 10.1.0.0/16, the node_cidr of the same cluster"),
        (
            {},
            {"prod-b": {"pod_cidr": "10.0.0.0/14"}},
            "node_cidr: found 10.1.0.0/16, which overlaps 10.0.0.0/14, the pod_cidr of the cluster prod-b",
        ),
        (
            {"pod_cidr": "10.2.0.1/16"},
            {},
            "pod_cidr: found '10.2.0.1/16': 10.2.0.1/16 has host bits set; allowed: a network such as 10.20.0.0/16",
        ),
    ],
)
def test_networks_are_apart(network, others, message):
    cluster = VALUES["platform_cluster"]
    found = errors(inventory(platform_cluster={**cluster, "network": {**cluster["network"], **network}}), networks=others)
    assert any(message in line for line in found), found


def test_a_cluster_does_not_overlap_itself():
    assert errors(inventory(), networks={"prod-a": VALUES["platform_cluster"]["network"], "prod-b": {"node_cidr": "10.9.0.0/16"}}) == []


CATALOG = {"a": {"requires": ["other"], "kubernetes": ["1.30", "1.35"]}, "other": {}}


def test_components_are_those_of_the_catalogue_with_what_they_need_on_a_version_they_support():
    settings = {**VALUES["platform_settings"], "components": {"a": {}, "x": {}}}
    found = errors(inventory(platform_settings=settings), catalog=CATALOG)
    assert [line.split(": ", 1)[1] for line in found] == [
        "cluster.version: found 1.36, which a does not support; allowed: 1.30 to 1.35 (catalogue)",
        "settings.components.a: needs the component 'other', which is not on; add it to settings.components",
        "settings.components.x: found the unknown component 'x'; allowed: a, other",
    ]


def test_a_component_that_is_off_asks_for_nothing():
    settings = {**VALUES["platform_settings"], "components": {"a": {"enabled": False}}}
    assert errors(inventory(platform_settings=settings), catalog=CATALOG) == []
