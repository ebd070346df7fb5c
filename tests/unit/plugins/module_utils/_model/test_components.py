# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.components import missing, sample, unfitting

ENTRY = {
    "values": {"image": {"repository": "ours"}},
    "required": [
        {"value": "settings.clusterName", "meaning": "the cluster", "example": "prod"},
        {"value": "image.repository", "meaning": "the image", "example": "x"},
        {"secret": "login", "keys": ["user", "password"], "meaning": "the first user", "unless": "auth.existing"},
    ],
}


def test_everything_that_is_missing_is_said_at_once_with_what_to_write():
    assert missing(ENTRY, {}) == [
        'values.settings.clusterName is missing: the cluster; for example values: {"settings": {"clusterName": "prod"}}',
        'secrets.login lacks user, password: the first user; for example secrets: {"login": {"user": "env:NAME", "password": "env:NAME"}}',
    ]


@pytest.mark.parametrize(
    ("component", "left"),
    [
        ({"values": {"settings": {"clusterName": ""}}}, 2),
        ({"values": {"settings": {"clusterName": "c"}}}, 1),
        ({"values": {"settings": {"clusterName": "c"}}, "secrets": {"login": {"user": "env:A"}}}, 1),
        ({"values": {"settings": {"clusterName": "c"}}, "secrets": {"login": {"user": "env:A", "password": "env:B"}}}, 0),
        ({"values": {"settings": {"clusterName": "c"}, "auth": {"existing": "mine"}}}, 0),
        ({"values": "not a mapping", "secrets": ["neither"]}, 2),
    ],
)
def test_what_is_said_is_not_missing(component, left):
    assert len(missing(ENTRY, component)) == left


def test_the_sample_is_complete():
    assert missing(ENTRY, sample(ENTRY)) == []


CATALOG = {
    "stack": {"definitions": {"operator": "0.90"}},
    "operator": {"tested": ["v0.85.0"], "chart": {"app": "v0.93.1"}},
}


@pytest.mark.parametrize(
    ("source", "words"),
    [("crds", "come as v0.85.0; give it source: upstream"), ("upstream", ""), (None, "")],
)
def test_definitions_that_are_too_old_for_a_chart_are_refused(source, words):
    found = unfitting("stack", CATALOG, {"operator": source} if source else {})
    assert [words in problem for problem in found] == ([True] if words else [])
