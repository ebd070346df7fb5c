# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Elasticsearch's REST API, and what OpenSearch has in place of a part of it.

Judges: the vendors' own clients (PyPI elasticsearch and opensearch-py), and a real OpenSearch 2.19 for templates and data streams.
"""

from __future__ import annotations

from typing import Any

from ..._core.change import Impact
from ..._core.forms import text
from ..._core.pages import Whole
from ..spec import Api, Json, Kind, Ref
from .elasticsearch_fields import FIELDS


def _settings(value: Any, path: str = "") -> Json:
    """Settings as the server says them: by their whole path, below ``index``, as text."""
    found: Json = {}
    for key, item in value.items() if isinstance(value, dict) else ():
        here = f"{path}.{key}" if path else key
        if isinstance(item, dict):
            found |= _settings(item, here)
        else:
            found[here if here.startswith("index.") else f"index.{here}"] = (
                [text(one) for one in item] if isinstance(item, list) else text(item)
            )
    return found


def _texts(value: Any) -> Json:
    """Settings of a repository: the server says each as text."""
    return {key: text(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _template(section: str, path: str, kind: str, **more: Any) -> Kind:
    """Templates are answered as a list with one of them, under the kind's name."""
    return Kind(
        section, path, id="name", by_name=True, listed=False, forms={"template.settings": _settings},
        row=lambda answer, place: next((one[kind] for one in answer[f"{kind}s"] if one["name"] == place), None), **more,
    )  # fmt: skip


def _named(section: str, path: str, **more: Any) -> Kind:
    """Others are answered by their name."""
    return Kind(section, path, id="name", by_name=True, listed=False, row=lambda answer, place: answer.get(place), **more)


KINDS = {
    "ilm_policy": _named("ilm_policies", "/_ilm/policy", restarts={"policy": Impact.DISRUPTIVE}),
    "ism_policy": Kind(
        "ism_policies", "/_plugins/_ism/policies", id="name", by_name=True, listed=False, restarts={"policy": Impact.DISRUPTIVE},
        guard={"if_seq_no": "_seq_no", "if_primary_term": "_primary_term"},
    ),
    "ingest_pipeline": _named("ingest_pipelines", "/_ingest/pipeline"),
    # Settings name policies and pipelines.
    "component_template": _template(
        "component_templates", "/_component_template", "component_template", after=frozenset({"ilm_policy", "ism_policy", "ingest_pipeline"})
    ),
    "index_template": _template(
        "index_templates", "/_index_template", "index_template", refs={"composed_of": Ref(("component_template",))}
    ),
    "data_stream": Kind(
        "data_streams", "/_data_stream", id="name", by_name=True, listed=False, removal=Impact.DESTROYS_DATA,
        after=frozenset({"index_template"}),
        row=lambda answer, place: next((one for one in answer["data_streams"] if one["name"] == place), None),
    ),
    "snapshot_repository": _named("snapshot_repositories", "/_snapshot", forms={"settings": _texts}),
    # A shorter time deletes what is older.
    "slm_policy": Kind(
        "slm_policies", "/_slm/policy", id="policy_id", by_name=True, identity="policy_id", listed=False,
        after=frozenset({"snapshot_repository", "data_stream"}), restarts={"retention": Impact.DISRUPTIVE},
        row=lambda answer, place: (answer.get(place) or {}).get("policy"),
    ),
    "role": _named("roles", "/_security/role"),
    # A user without its role may nothing.
    "user": _named("users", "/_security/user", after=frozenset({"role"}), unordered=frozenset({"roles"})),
}  # fmt: skip
API = Api("elasticsearch", KINDS, lambda url: Whole(), "ApiKey {token}", FIELDS, logs_in=True)
