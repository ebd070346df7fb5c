# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the documents of every area that has a row, on every shipped cluster; none of them has a line of its own here."""

from __future__ import annotations

import re

import jmespath
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.diff import differences
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.administration import Administration
from ansible_collections.gantry.platform.plugins.module_utils._kube.access.grants import _plural
from ansible_collections.gantry.platform.plugins.module_utils._model.keeping import keys_of
from ansible_collections.gantry.platform.plugins.module_utils._model.rows import alerts
from ansible_collections.gantry.platform.tests.integration.kube.objects import identity
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.administered import allowed
from ansible_collections.gantry.platform.tests.unit.roles.declared import of_clusters

AREAS = {row.area: row for row in of_clusters()}
COSTS = ("Namespace", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "PersistentVolumeClaim", "Service")
POD_SPECS = {"Pod": "spec", "CronJob": "spec.jobTemplate.spec.template.spec"}


@pytest.fixture(params=AREAS)
def sets(request, everything):
    """(cluster, set) of one area after the other, as all shipped clusters declare them."""
    role = AREAS[request.param].role
    return [(cluster, content) for cluster in everything.values() for content in cluster.sets.values() if content["role"] == role]


def documents(sets):
    return [(cluster, document) for cluster, content in sets for document in content["documents"]]


def named(document):
    return f"{document['kind']} {document['metadata'].get('namespace', '-')}/{document['metadata']['name']}"


@pytest.mark.parametrize("area", AREAS)
def test_every_cluster_declares_the_sets_of_the_row_and_no_others(area, everything):
    patterns = [re.sub("<[a-z]+>", "[a-z0-9-]+", name) for name in AREAS[area].sets]
    for host, cluster in everything.items():
        found = {name for name, content in cluster.sets.items() if content["role"] == AREAS[area].role}
        assert found >= {name for name in AREAS[area].sets if "<" not in name}, host
        assert [name for name in found if not any(re.fullmatch(pattern, name) for pattern in patterns)] == [], host
        assert all(cluster.sets[name]["documents"] for name in found), host


def test_every_object_says_whose_it_is_and_what_costs_says_who_pays(sets):
    for _cluster, document in documents(sets):
        labels = document["metadata"].get("labels") or {}
        assert labels.get("owner"), named(document)
        assert labels.get("cost-center") or document["kind"] not in COSTS, named(document)


def test_no_secret_is_declared_as_a_value(sets):
    values = [
        (named(document), key)
        for _cluster, document in documents(sets)
        if document["kind"] == "Secret"
        for key, value in ((document.get("data") or {}) | (document.get("stringData") or {})).items()
        if not isinstance(value, dict) or value.keys() != {"reference"}
    ]
    assert values == []


def test_every_pod_is_restricted_and_bounded_and_comes_from_a_registry_of_the_platform(sets):
    for cluster, document in documents(sets):
        pod = jmespath.search(POD_SPECS.get(document["kind"], "spec.template.spec"), document)
        if not isinstance(pod, dict) or "containers" not in pod:
            continue
        assert pod["securityContext"]["runAsNonRoot"] is True, named(document)
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, named(document)
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), named(document)
        for container in pod["containers"] + pod.get("initContainers", []):
            allowed = container["securityContext"]
            assert (allowed["allowPrivilegeEscalation"], allowed["capabilities"]) == (False, {"drop": ["ALL"]}), named(document)
            assert allowed["readOnlyRootFilesystem"] is True, named(document)
            assert container["image"].startswith(tuple(f"{registry}/" for registry in cluster.model["settings"]["registries"])), named(
                document
            )
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, named(document)
            assert "memory" in container["resources"]["limits"], named(document)


def test_nobody_talks_in_a_namespace_of_the_area_unless_it_is_declared(sets):
    closed = {
        (id(cluster), document["metadata"]["namespace"])
        for cluster, document in documents(sets)
        if document["kind"] == "NetworkPolicy"
        and document["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [], "egress": []}
    }
    made = {(id(cluster), d["metadata"]["name"]): named(d) for cluster, d in documents(sets) if d["kind"] == "Namespace"}
    assert [name for key, name in made.items() if key not in closed] == []


def test_no_network_rule_lets_everybody_through(sets):
    for _cluster, document in documents(sets):
        if document["kind"] == "NetworkPolicy":
            rules = [(rule, "from") for rule in document["spec"].get("ingress", [])]
            rules += [(rule, "to") for rule in document["spec"].get("egress", [])]
            assert all(rule.get(way) and all(rule[way]) for rule, way in rules), named(document)


def test_every_set_expects_something_and_says_in_words_what(sets):
    for _cluster, content in sets:
        rows = content["expectations"]
        assert rows, content["set"]
        assert len({row["name"] for row in rows}) == len(rows), content["set"]
        assert [row["meaning"] for row in rows if len(row["meaning"].split()) < 4] == [], content["set"]


@pytest.mark.parametrize("host", ["sandbox", "prod-euw1", "prod-euc1"])
def test_the_deployer_may_write_what_it_is_for_and_nothing_of_an_administrators(host, everything):
    cluster = everything[host]
    everywhere = cluster.one("deployer-access", "ClusterRole", "gantry-deployer")["rules"]
    inside = cluster.one("deployer-access", "ClusterRole", "gantry-deployer-namespace")["rules"]
    judged = Administration([content for name, content in cluster.sets.items() if name != "deployer-access"])
    for item in judged.items:
        resource = _plural(item.ref.group, item.ref.kind, {})
        for verb in ("create", "patch", "delete"):
            assert not allowed(everywhere, item.ref.group, resource, verb), (item.ref, verb)
            if item.ref not in judged.reasons:
                assert allowed(inside, item.ref.group, resource, verb), (item.ref, verb)
        if item.ref.kind != "Secret":
            assert allowed(everywhere, item.ref.group, resource, "get"), item.ref


@pytest.mark.parametrize("area", AREAS)
def test_every_key_by_which_a_value_can_be_kept_is_that_of_a_field_which_is_declared(area, everything):
    """A row's ``keeps``: there is an object with that field, and the inventory's model has the key."""
    left = {one["key"]: one for one in AREAS[area].keeps}
    for cluster in everything.values():
        for content in cluster.sets.values():
            for document in content["documents"]:
                ident = identity(document)
                for path in {found.path for found in differences({}, document)}:
                    places = [path[:end] for end in range(1, len(path) + 1) if path[end : end + 1] in ("", ".", "[")]
                    for field, found in keys_of(ident, places, cluster.model).items():
                        assert field in places and found["file"].endswith(".yml")
                        left = {
                            key: one for key, one in left.items() if not (leads(cluster.model, found["key"]) and is_form(key, found["key"]))
                        }
    assert sorted(left) == []


def is_form(key, name):
    return re.fullmatch(re.sub("<rest>", ".+", re.sub("<(?!rest)[a-z]+>", "[^.]+", key)), name)


def leads(model, key):
    """Whether the model has the key; a name in it has no dots."""
    for word in key.split("."):
        if not isinstance(model, dict) or word not in model:
            return False
        model = model[word]
    return True


def test_an_alert_says_which_job_it_starts_and_each_that_there_is_can_start_one(everything):
    fired, starts = set(), {}
    for cluster in everything.values():
        rules = (one["rules"] for document in cluster.documents("monitoring", "PrometheusRule") for one in document["spec"]["groups"])
        for rule in (rule for group in rules for rule in group if "alert" in rule):
            fired.add(rule["alert"])
            starts.setdefault(rule["annotations"].get("job"), set()).add(rule["alert"])
    assert starts.pop("platform verify") == {"ErrorBudgetBurns", "TargetsDown"} and [*starts] == [None]
    assert len(fired) > 20 and fired <= alerts()
