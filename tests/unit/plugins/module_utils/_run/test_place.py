# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import secrets

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._run.place import Place, document_of, parse_place, secret_of


def test_a_place_is_a_folder_or_a_secret():
    assert parse_place("plans") == Place(folder="plans")
    assert not parse_place("plans").in_cluster
    place = parse_place("secret:gantry-system/gantry-plan")
    assert place.in_cluster
    assert place.path == "/api/v1/namespaces/gantry-system/secrets/gantry-plan"


@pytest.mark.parametrize("text", ["", "  ", "secret:", "secret:gantry-plan", "secret:/x", "secret:a/", "secret:a/b/c"])
def test_a_wrong_place_is_refused(text):
    with pytest.raises(InputError, match="secret:<namespace>/<name>"):
        parse_place(text)


def test_a_document_comes_back_from_its_secret_and_equal_ones_have_equal_bytes():
    place = parse_place("secret:gantry-system/gantry-plan")
    document = {"b": [1, 2], "a": {"ä": None}}
    secret = secret_of(place, document, {"gantry.dev/document": "plan-prod"})
    assert document_of(secret) == document
    assert secret == secret_of(place, dict(reversed(document.items())), {"gantry.dev/document": "plan-prod"})
    assert secret["metadata"]["namespace"] == "gantry-system"


@pytest.mark.parametrize("data", [None, {}, {"document": "!"}, {"document": "aGVsbG8="}])
def test_a_foreign_secret_is_refused_by_name(data):
    with pytest.raises(InputError, match="gantry-system/other"):
        document_of({"metadata": {"namespace": "gantry-system", "name": "other"}, "data": data})


def test_what_does_not_fit_is_refused_before_it_is_sent():
    with pytest.raises(InputError, match="does not fit"):
        secret_of(parse_place("secret:a/b"), {"x": secrets.token_hex(2_000_000)}, {})
