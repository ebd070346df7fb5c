# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What delivery ``operator`` declares, before the operator's real definitions in a real apiserver."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.tests.integration.kube.objects import identity, one_set
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.operated import operated

COMPONENT = "component-vault-secrets-operator"


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    inventory = operated(tmp_path_factory.mktemp("operated"))
    return declare(tmp_path_factory.mktemp("declared"), [inventory], ["component", "cluster_baseline", "vault", "workloads"])["sandbox"]


@pytest.fixture(scope="module")
def defined(cluster, declared):
    """A namespace of the tests' own, as soon as the definitions are there."""
    namespace = cluster.namespace()
    cluster.run(one_set("definitions", namespace, *declared.documents(COMPONENT))).ok()
    return namespace


@pytest.fixture
def custom(declared, defined):
    """The namespace, and the custom resources moved into it."""
    found = [copy.deepcopy(one) for one in declared.documents("workloads") if one["apiVersion"].startswith("secrets.hashicorp.com/")]
    for document in found:
        document["metadata"]["namespace"] = defined
    return defined, found


def test_the_definitions_know_every_field(cluster, custom):
    namespace, documents = custom
    assert {document["kind"] for document in documents} == {"VaultConnection", "VaultAuth", "VaultStaticSecret", "VaultDynamicSecret"}
    run = cluster.run(one_set("custom", namespace, *documents)).ok()
    assert set(run.planned.values()) == {"create"}
    for document in documents:
        live = cluster.get(identity(document))["spec"]
        assert {key: live[key] for key in document["spec"] if key != "destination"} == {
            key: value for key, value in document["spec"].items() if key != "destination"
        }
    again = cluster.run(one_set("custom", namespace, *documents)).ok()
    assert (again.written, again.result["changed"]) == (set(), False)


def test_a_field_that_no_definition_knows_is_refused(cluster, custom):
    namespace, documents = custom
    (document,) = [one for one in documents if one["kind"] == "VaultAuth"]
    document["metadata"]["name"] = "refused"
    document["spec"]["kubernetes"]["audience"] = "vault"
    run = cluster.run(one_set("refused", namespace, document))
    assert "audience" in run.message
