# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elasticsearch's table and description beside the vendor's own client: the addresses, verbs and fields of each of its calls."""

from __future__ import annotations

import inspect
import re

import elasticsearch.client
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.elasticsearch import API

CALLS = {
    "ilm_policy": ("ilm", "get_lifecycle", "put_lifecycle", "delete_lifecycle"),
    "ingest_pipeline": ("ingest", "get_pipeline", "put_pipeline", "delete_pipeline"),
    "component_template": ("cluster", "get_component_template", "put_component_template", "delete_component_template"),
    "index_template": ("indices", "get_index_template", "put_index_template", "delete_index_template"),
    "data_stream": ("indices", "get_data_stream", "create_data_stream", "delete_data_stream"),
    "snapshot_repository": ("snapshot", "get_repository", "create_repository", "delete_repository"),
    "slm_policy": ("slm", "get_lifecycle", "put_lifecycle", "delete_lifecycle"),
    "role": ("security", "get_role", "put_role", "delete_role"),
    "user": ("security", "get_user", "put_user", "delete_user"),
}


def source(namespace, call):
    """The text of a call of the client."""
    return inspect.getsource(getattr(getattr(elasticsearch.client, f"{namespace.title()}Client"), call))


def differences(name, texts):
    """What the table says of a kind and the calls' texts do not, one line each."""
    address = re.sub(r"\{\w+\}", "{}", API.kinds[name].at("one"))
    for verb, text in zip(("GET", "PUT", "DELETE"), texts, strict=True):
        paths = {re.sub(r"\{[^}]*\}", "{}", path) for path in re.findall(r"__path = f'([^']+)'", text)}
        if address not in paths:
            yield f"{name}: the client asks {', '.join(sorted(paths))} and not {address}"
        if f'"{verb}"' not in text:
            yield f"{name}: the client sends no {verb}"
    fields = re.search(r"body_fields=\(([^)]*)\)", texts[1])
    known = set(re.findall(r'"(\w+)"', fields[1])) | set(re.findall(r'parameter_aliases=\{"(\w+)"', texts[1])) if fields else set()
    known = {"_meta" if field == "meta" else field for field in known}
    # A body that the client takes as a whole has fields of which it says nothing.
    for field in () if "body_name=" in texts[1] else API.described[name]["properties"]:
        if field != API.kinds[name].identity and field not in known:
            yield f"{name}.{field}: unknown to the client"


@pytest.mark.parametrize("name", CALLS)
def test_the_table_is_the_vendors(name):
    namespace, *calls = CALLS[name]
    assert list(differences(name, [source(namespace, call) for call in calls])) == []


def test_what_the_table_has_wrong_is_told():
    namespace, *calls = CALLS["role"]
    texts = [source(namespace, call) for call in calls]
    texts[0] = texts[0].replace("/_security/role/", "/_security/roles/")
    texts[1] = texts[1].replace('"run_as"', '"as"').replace('"PUT"', '"POST"')
    assert list(differences("role", texts)) == [
        "role: the client asks /_security/roles/{} and not /_security/role/{}",
        "role: the client sends no PUT",
        "role.run_as: unknown to the client",
    ]
