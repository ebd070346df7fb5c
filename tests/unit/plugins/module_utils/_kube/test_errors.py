# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pickle

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import ServerError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import permanent, safe_message
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._kube.canned import refusal
from hypothesis import example, given
from hypothesis import strategies as st

SAID = [
    'Job.batch "x" is invalid: spec.template: Invalid value: {canary}: field is immutable',
    'Secret "x" is invalid: metadata.name: Invalid value: {canary}: a lowercase RFC 1123 subdomain must consist of lower case',
    'spec.type: Unsupported value: {canary}: supported values: "A", "B"',
    "spec.x: Duplicate value: {canary}",
    "Invalid value: {canary}: words that nobody knows",
    "[a: Invalid value: {canary}: must be no more than 63 characters, b: Invalid value: {canary}: should be c]",
]


def quoted(text):
    """As Go writes a string into a message."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.mark.parametrize("message", SAID)
@example(before="x: must not: a ", after="")
@example(before='"x": must ', after="")
@given(st.text(st.characters(codec="ascii", exclude_categories=["C"])), st.text(st.characters(codec="ascii", exclude_categories=["C"])))
def test_no_value_that_a_validation_quotes_is_repeated(message, before, after):
    canary = quoted(f"{before}canary{after}")
    assert "canary" not in safe_message(message.replace("{canary}", canary))


@pytest.mark.parametrize("message", SAID)
def test_a_whole_object_is_not_repeated_either(message):
    dumped = 'core.PodTemplateSpec{ObjectMeta:v1.ObjectMeta{Name:""}, Env: []core.EnvVar{Name:"A", Value:"canary"}}'
    assert "canary" not in safe_message(message.replace("{canary}", dumped))


def test_the_reason_is_kept():
    assert safe_message(SAID[0].format(canary='"v"')) == 'Job.batch "x" is invalid: spec.template: Invalid value: field is immutable'
    assert safe_message("field not declared in schema") == "field not declared in schema"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Invalid value: low: must be below high, see b", "Invalid value: low: must be below high, see b"),
        ('Invalid value: "low" must be set: always', 'Invalid value: "low" must be set: always'),
        ("Invalid value: 3 pods are too many", "Invalid value: 3 pods are too many"),
        ("Invalid value: 99999: must be between 1 and 65535", "Invalid value: must be between 1 and 65535"),
        ("Invalid value: true: a rule, with a comma", "Invalid value: a rule, with a comma"),
        ('Invalid value: {"a":"x: y, z","b":[1]}: a rule: said', "Invalid value: a rule: said"),
        ('Invalid value: []core.EnvVar{core.EnvVar{Value:"}"}}: not these', "Invalid value: not these"),
        ("Invalid value: &Spec{Value:a}}: must canary}: must not}", "Invalid value"),
        ('Invalid value: {"a": "never ends: must canary', "Invalid value"),
        ("Required value: say it", "Required value: say it"),
    ],
)
def test_the_words_of_a_rule_are_kept_and_the_value_is_not(message, shown):
    assert safe_message(message) == shown
    told = refusal(422, f'Gadget.x "a" is invalid: spec: {message}', cause("spec", "FieldValueInvalid", message))
    assert told.message == f'PATCH /path: 422 Gadget.x "a" is invalid: spec: {shown}'


def test_every_cause_is_told_once_and_what_was_compared_is_not():
    causes = [
        cause("spec.a", "X", "Required value"),
        cause("spec.b", "X", "Forbidden: may not change:\ncore.PodSpec{canary}"),
        cause("spec.a", "X", "Required value"),
    ]
    told = refusal(422, 'Pod "a" is invalid: [spec.a: …, spec.b: …]', *causes).message
    assert told == 'PATCH /path: 422 Pod "a" is invalid: spec.a: Required value; spec.b: Forbidden: may not change:'


def test_long_texts_in_quotes_are_cut():
    assert safe_message(f'failed to decode "{"x" * 300}" here') == 'failed to decode "…" here'


def cause(field="", reason="", message=""):
    return {"field": field, "reason": reason, "message": message}


CONFLICT = cause(".spec.replicas", "FieldManagerConflict", 'conflict with "kubectl-edit" using apps/v1')
TERMINATING = cause(reason="NamespaceTerminating")


def test_an_error_says_what_was_asked_and_what_was_answered():
    error = refusal(422, "x is invalid", cause("spec", "FieldValueInvalid"), reason="Invalid")
    assert (error.message, error.status, error.reason) == ("PATCH /path: 422 x is invalid", 422, "Invalid")
    assert error.causes == [cause("spec", "FieldValueInvalid")]


def test_conflicts_name_field_and_manager():
    assert refusal(409, "", CONFLICT, cause("a", "Other")).conflicts == [{"field": ".spec.replicas", "manager": "kubectl-edit"}]
    assert refusal(409, "", cause(".a", "FieldManagerConflict", "odd")).conflicts == [{"field": ".a", "manager": "unknown"}]


@pytest.mark.parametrize(
    ("error", "changed"),
    [
        (refusal(409, "already exists"), True),
        (refusal(409, "", CONFLICT), False),
        (refusal(409, "", TERMINATING), False),
        (refusal(422, "", cause("metadata.uid", "FieldValueInvalid")), True),
        (refusal(422, "", cause("spec", "FieldValueInvalid")), False),
        (refusal(404), False),
    ],
)
def test_an_object_that_is_not_the_one_that_was_seen_is_known_by_the_cause(error, changed):
    assert error.changed_since is changed


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (refusal(404, "404 page not found", plain=True), True),
        (refusal(404, 'configmaps "x" not found'), False),
        (refusal(403, "", TERMINATING), True),
        (refusal(403, "forbidden"), False),
        (refusal(405, "create not allowed while custom resource definition is terminating"), True),
        (refusal(500, "custom resource definition is terminating"), False),
        (refusal(422, "denied"), False),
    ],
)
def test_a_refusal_that_ends_by_itself_is_told_from_one_that_does_not(error, passing):
    assert error.passing is passing


@pytest.mark.parametrize(
    ("status", "message", "over"),
    [
        (403, 'pods "x" is forbidden: exceeded quota: q', True),
        (403, "status unknown for quota: q", True),
        (403, "cannot create", False),
        (422, "exceeded quota", False),
    ],
)
def test_a_full_quota_is_known(status, message, over):
    assert refusal(status, message).over_quota is over


@pytest.mark.parametrize(
    ("status", "body", "is_permanent"),
    [(500, b"failed to create typed patch object", True), (500, b"boom", False), (503, b"failed to create typed", False)],
)
def test_a_document_that_does_not_fit_its_schema_is_not_sent_again(status, body, is_permanent):
    assert permanent(Response(status, None, body)) is is_permanent


def test_it_survives_the_way_between_processes_as_a_server_error():
    error = pickle.loads(pickle.dumps(refusal(500, "boom")))
    assert isinstance(error, ServerError) and error.message == "PATCH /path: 500 boom"
