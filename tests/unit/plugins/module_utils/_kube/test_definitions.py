# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.definitions import served_kinds, undeclared
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind


def definition(schema, **spec):
    versions = [{"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema}}, {"name": "v0", "served": False}]
    names = {"kind": "Thing", "plural": "things"}
    return {"spec": {"group": "e.dev", "names": names, "scope": "Cluster", "versions": versions, **spec}}


def thing(**spec):
    return {"apiVersion": "e.dev/v1", "kind": "Thing", "metadata": {"name": "x", "labels": {"any": "y"}}, "spec": spec}


def closed(**properties):
    return {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}


def test_only_served_versions_count():
    assert served_kinds(definition({})) == [Kind("e.dev", "v1", "Thing", "things", False)]


@pytest.mark.parametrize(
    ("schema", "spec", "found"),
    [
        (closed(size={}), {"size": 1}, []),
        (closed(size={}), {"sise": 1}, ["spec.sise; did you mean 'size'?"]),
        (closed(a={"properties": {"b": {}}}), {"a": {"c": 1}}, ["spec.a.c"]),
        (closed(a={"items": {"properties": {"bees": {}}}}), {"a": [{"bees": 1}, {"bee": 1}]}, ["spec.a[1].bee; did you mean 'bees'?"]),
        (closed(a={"additionalProperties": {"properties": {"b": {}}}}), {"a": {"any": {"b": 1}, "other": {"c": 1}}}, ["spec.a.other.c"]),
        (closed(a={"additionalProperties": True}), {"a": {"any": {"c": 1}}}, []),
        (closed(a={"type": "object"}), {"a": {"any": 1}}, []),
        (closed(a={"properties": {"b": {}}, "x-kubernetes-preserve-unknown-fields": True}), {"a": {"c": 1}}, []),
        (
            closed(a={"properties": {"spec": {}}, "x-kubernetes-embedded-resource": True}),
            {"a": {"kind": "K", "metadata": {}, "sec": 1}},
            ["spec.a.sec; did you mean 'spec'?"],
        ),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, {"any": 1}, []),
        ({}, {"any": 1}, []),
        (closed(a={}), {"a": {"any": 1}}, []),
    ],
)
def test_what_a_structural_schema_does_not_have(schema, spec, found):
    assert undeclared(thing(**spec), definition(schema)) == found


def test_a_definition_that_preserves_everything_misses_nothing():
    assert undeclared(thing(any=1), definition(closed(size={}), preserveUnknownFields=True)) == []
    assert undeclared({**thing(any=1), "apiVersion": "e.dev/v7"}, definition(closed(size={}))) == []
