# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import RemovalLimits
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare import setfile
from ansible_collections.gantry.platform.plugins.module_utils._kube.declare.store import write_set
from ansible_collections.gantry.platform.plugins.module_utils._kube.options import (
    APPLY_SPEC,
    AUTH_SPEC,
    VERIFY_SPEC,
    apply_request,
    auth_options,
    expectation_rows,
)
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import document, ref

CONFIG = document("ConfigMap")


def defaults(spec, **given):
    """Parameters as Ansible hands them over: every option is there."""
    filled = {name: option.get("default") for name, option in spec.items()} | given
    if filled.get("prune") is not None:
        filled["prune"] = {name: option["default"] for name, option in spec["prune"]["options"].items()} | filled["prune"]
    return filled


def request(check_mode=False, **given):
    return apply_request(defaults(APPLY_SPEC, **({"definition": CONFIG} | given)), check_mode)


def problem(**given):
    with pytest.raises(InputError) as refused:
        request(**given)
    return refused.value.message


def a_set(name="one", *documents, **more):
    return {"name": name, "namespace": "gantry-system", "definition": list(documents) or CONFIG, **more}


@pytest.fixture
def store(tmp_path):
    rule = {
        "api_version": "apps/v1",
        "kind": "Deployment",
        "namespace": "n",
        "name": "x",
        "path": "spec.replicas",
        "seed": 2,
        "reason": "HPA",
    }
    expectation = {"name": "there", "meaning": "it is there", "api_version": "v1", "kind": "ConfigMap"}
    for name in ("one", "two"):
        content = setfile.set_file(name, "gantry-system", [(CONFIG, "t.j2")], expectations=[expectation], handed_over=[rule])
        write_set(str(tmp_path), content)
    return str(tmp_path)


def test_what_was_not_said_is_harmless():
    made = request()
    assert (made.prune.mode, made.prune.limits, made.on_immutable, made.force_conflicts, made.adopt) == (
        "none",
        RemovalLimits(),
        "fail",
        False,
        (),
    )
    assert (made.manager, made.seeder, made.apply_sets, made.approved_digest, made.digest_key) == (
        "kube_apply:gantry",
        "gantry-initial",
        None,
        "",
        None,
    )
    assert made.check_mode is False and request(check_mode=True).check_mode is True


@pytest.mark.parametrize(
    "definition", [CONFIG, [CONFIG], [[CONFIG], None], "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x, namespace: 'n'}"]
)
def test_a_definition_is_taken_in_every_form(definition):
    (only,) = request(definition=definition).sets
    assert [found for found, _source in only.documents] == [CONFIG]


def test_texts_in_a_list_are_read_as_yaml():
    (only,) = request(definition=["kind: A\n---\nkind: B", CONFIG]).sets
    assert [source for _found, source in only.documents] == ["definition[1] (document 1)", "definition[1] (document 2)", "definition[2]"]


def test_sources_of_one_task_make_one_set_with_the_name_of_its_record(tmp_path):
    (tmp_path / "a.yml").write_text("kind: A")
    (only,) = request(src=[str(tmp_path / "a.yml")], apply_set={"name": "one", "namespace": "gantry-system"}).sets
    assert (only.name, only.namespace, [found["kind"] for found, _source in only.documents]) == ("one", "gantry-system", ["A", "ConfigMap"])


@pytest.mark.parametrize(
    "given",
    [
        {"definition": None},
        {"sets": [a_set()]},
        {"sets": [a_set()], "store": "store", "definition": None},
        {"store": "store"},
        {"template": ["t.j2"], "sets": [a_set()], "definition": None},
    ],
)
def test_documents_come_in_exactly_one_way(given):
    assert "exactly one way: definition, src or template; sets; or store" in problem(**given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"prune": {"mode": "delete"}}, "prune needs apply_set"),
        ({"template": ["t.j2"], "definition": None}, "template is rendered on the controller"),
        ({"allowed_impact": ["safe", "saef"]}, "allowed_impact: 'saef' is none of safe, restart, disruptive, destroys_data"),
        ({"definition": None, "sets": [a_set("web")], "apply_sets": ["wbe"]}, "no set is called 'wbe'; there are web; did you mean 'web'?"),
        ({"force_conflicts": "sometimes"}, "force_conflicts is true, false or a list of field managers, found 'sometimes'"),
        ({"force_conflicts": [1]}, "force_conflicts is true, false or a list"),
        (
            {"definition": None, "sets": [a_set(handed_over=[{"kind": "A"}])]},
            "set one: handed_over: api_version is missing; it takes api_version, kind",
        ),
        ({"src": ["https://example.org/a.yml"]}, "is a URL"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(given, words):
    assert words in problem(**given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(True, True), ("yes", True), ("False", False), (None, False), (["kubectl"], ("kubectl",)), ([], ())],
)
def test_conflicts_are_forced_against_all_none_or_some(given, expected):
    assert request(force_conflicts=given).force_conflicts == expected


@pytest.mark.parametrize(
    ("force", "adopt", "managers", "may"),
    [
        (False, [], {"a"}, False),
        (True, [], {"a"}, True),
        (["a"], [], {"a"}, True),
        (["a"], [], {"a", "b"}, False),
        (["a"], ["b"], {"a", "b"}, True),
        (False, ["a"], {"a"}, True),
    ],
)
def test_fields_are_taken_only_from_managers_that_were_named(force, adopt, managers, may):
    assert request(force_conflicts=force, adopt=adopt).may_force(managers) is may


def test_a_store_gives_every_set_with_what_it_hands_over(store):
    made = request(definition=None, store=store, apply_sets=["two"])
    assert [(one.name, one.namespace, one.documents) for one in made.sets] == [
        (name, "gantry-system", [(CONFIG, "t.j2")]) for name in ("one", "two")
    ]
    (rule,) = made.sets[0].handed_over
    assert (rule.ref, rule.path, rule.seed, rule.reason) == (ref("Deployment"), ("spec", "replicas"), 2, "HPA")
    assert made.apply_sets == frozenset({"two"})


def test_no_set_may_be_missing_in_a_store(store):
    assert "three" in problem(definition=None, store=store, expected_sets=["one", "three"])


def test_to_apply_no_set_is_something_else_than_to_apply_all():
    sets = {"definition": None, "sets": [a_set()]}
    assert request(**sets, apply_sets=[]).apply_sets == frozenset()
    assert request(**sets, apply_sets=None).apply_sets is None


def test_prune_takes_its_limits_over():
    made = request(apply_set={"name": "a", "namespace": "b"}, prune={"mode": "delete", "max_count": 3, "data": ["Namespace"]})
    assert (made.prune.mode, made.prune.limits, made.prune.data) == ("delete", RemovalLimits(3, 25), {"Namespace"})


@pytest.mark.parametrize(
    ("prune", "words"),
    [
        ({"max_percent": 101}, "max_percent is a percentage of what is held, 0 to 100, found 101"),
        ({"max_percent": -1}, "found -1"),
        ({"max_count": -2}, "max_count is a number of removals from 0, found -2"),
    ],
)
def test_limits_that_cannot_be_meant_are_refused(prune, words):
    assert words in problem(apply_set={"name": "a", "namespace": "b"}, prune={"mode": "delete", **prune})


def test_messages_name_the_variable_that_people_set():
    made = request(variables={"prune": "platform_prune"})
    assert (made.called("prune"), made.called("adopt")) == ("platform_prune", "adopt")
    assert "there is no option 'prunes'; did you mean 'prune'" in problem(variables={"prunes": "x"})


def test_a_set_says_where_its_record_was():
    (one,) = request(apply_set={"name": "a", "namespace": "b", "moved_from": "c"}).sets
    assert one.moved_from == "c"


HOSTILE = {"K8S_AUTH_HOST": "https://else", "K8S_AUTH_API_KEY": "t", "K8S_AUTH_VERIFY_SSL": "no", "K8S_AUTH_PROXY": "http://p:1"}


def test_the_environment_says_all_where_the_task_says_nothing():
    found = auth_options({}, {**HOSTILE, "K8S_AUTH_SSL_CA_CERT": "ca", "K8S_AUTH_CLIENT_KEY": ""})
    assert (found.host, found.api_key, found.validate_certs, found.ca_cert, found.client_key) == ("https://else", "t", False, "ca", None)
    found = auth_options({}, {"K8S_AUTH_CONTEXT": "c", "K8S_AUTH_IMPERSONATE_USER": "ann", "K8S_AUTH_IMPERSONATE_GROUPS": "a,b"})
    assert (found.context, found.impersonate_user, found.impersonate_groups) == ("c", "ann", ("a", "b"))


@pytest.mark.parametrize(
    "named", [{"kubeconfig": "/k"}, {"context": "c"}, {"host": "https://ours"}, {"kubeconfig": "/k", "validate_certs": True}]
)
def test_nothing_of_the_environment_is_mixed_into_a_cluster_that_the_task_names(named):
    environment = {**HOSTILE, "K8S_AUTH_KUBECONFIG": "/else", "K8S_AUTH_CONTEXT": "else", "K8S_AUTH_IMPERSONATE_USER": "else"}
    found = auth_options({**dict.fromkeys(AUTH_SPEC), **named}, environment)
    for name in AUTH_SPEC:
        assert (getattr(found, name) or None) == named.get(name), name
    assert "K8S_AUTH_KUBECONFIG" in found.left_out


@pytest.mark.parametrize(
    ("params", "environment", "words"),
    [
        ({"api_key": "ours"}, HOSTILE, "the task names api_key and the environment K8S_AUTH_HOST: nothing of both is mixed"),
        ({"validate_certs": False}, {"K8S_AUTH_KUBECONFIG": "k"}, "the task names validate_certs and the environment K8S_AUTH_KUBECONFIG"),
        ({"host": "h", "kubeconfig": "k"}, {}, "the task names host and kubeconfig: two clusters; name one"),
        ({}, {**HOSTILE, "K8S_AUTH_CONTEXT": "c"}, "the environment names host and context"),
        ({}, {**HOSTILE, "K8S_AUTH_PASSWORD": "p"}, "K8S_AUTH_PASSWORD cannot be honoured: write api_key"),
    ],
)
def test_two_ways_to_a_cluster_at_once_are_refused(params, environment, words):
    with pytest.raises(InputError, match=words):
        auth_options(params, environment)


@pytest.mark.parametrize(("text", "checked"), [("true", True), ("1", True), ("0", False), ("Off", False), (None, None)])
def test_whether_certificates_are_checked_is_read_as_a_person_writes_it(text, checked):
    environment = {"K8S_AUTH_VALIDATE_CERTS": text} if text else {}
    assert auth_options({}, environment).validate_certs is checked
    assert auth_options({"validate_certs": False}, environment).validate_certs is False


def test_expectations_come_from_the_task_and_from_the_wanted_sets_of_a_store(store):
    def sources(**given):
        return [source for _row, source in expectation_rows(defaults(VERIFY_SPEC, **given))]

    assert sources(expectations=[{}, {}]) == ["expectations[1]", "expectations[2]"]
    assert sources(store=store) == ["set one", "set two"]
    assert sources(store=store, sets=["two"], expectations=[{}]) == ["expectations[1]", "set two"]
    assert sources(store=store, sets=[]) == []
    with pytest.raises(InputError, match="give store as well"):
        sources(sets=["one"])
