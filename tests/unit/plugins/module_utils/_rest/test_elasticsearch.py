# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Elasticsearch's table is about beyond every API's: settings in their forms, and a real OpenSearch as the judge where one is named.

GANTRY_OPENSEARCH is the address of one that holds nothing else, such as http://127.0.0.1:9200. It has neither ILM nor roles.
"""

from __future__ import annotations

import json
import os
import urllib.request

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import Prune
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import RemovalLimits
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import ELASTICSEARCH, Shelf, changed, rows

OF_ELASTIC = ("ilm_policies", "roles")
"""What OpenSearch has not, or has otherwise."""


class OpenSearch:
    """A real server; ``shelf`` has the record."""

    def __init__(self, url):
        self.url, self.shelf = url, Shelf()

    def call(self, method, path, body=None):
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.url + path, content, headers, method=method)) as answer:
            return json.load(answer)


def known(document):
    """What of a document OpenSearch knows; of processors it has those of no module only."""

    def change(found):
        for section in (*OF_ELASTIC, "ingest_pipelines"):
            del found[section]

    return changed(change, document)


def test_a_real_opensearch_is_made_as_declared_and_left_alone():
    url = os.environ.get("GANTRY_OPENSEARCH", "")
    if not url:
        print("not run: there is no OpenSearch; name its address in GANTRY_OPENSEARCH")
        return
    server, first, then = OpenSearch(url), known(ELASTICSEARCH.document), known(ELASTICSEARCH.then)
    options = {"prune": Prune("delete", data=ELASTICSEARCH.removable)}
    try:
        plan = ELASTICSEARCH.run(server, first, check_mode=True)
        done = ELASTICSEARCH.run(server, first)
        assert (done["digest"], done["warnings"]) == (plan["digest"], [])
        again = ELASTICSEARCH.run(server, first)
        assert again["plan"] == [] and set(again["requests"]) == {"GET"}

        template = server.call("GET", "/_component_template/settings")["component_templates"][0]["component_template"]
        template["template"]["settings"]["index"]["number_of_shards"] = "7"
        server.call("PUT", "/_component_template/settings", template)
        assert rows(ELASTICSEARCH.run(server, first, check_mode=True)) == {
            "component_template/settings": ("update", ('template.settings."index.number_of_shards"',))
        }
        ELASTICSEARCH.run(server, then, **options)
        assert ELASTICSEARCH.run(server, then, **options)["plan"] == []
    finally:
        streams = frozenset(f"data_stream/{name}" for document in (first, then) for name in document["data_streams"])
        ELASTICSEARCH.run(server, {}, prune=Prune("delete", RemovalLimits(max_percent=100), streams))


@pytest.mark.parametrize(
    "settings",
    [
        {"number_of_shards": "2", "refresh_interval": "5s"},
        {"index": {"number_of_shards": 2, "refresh_interval": "5s"}},
        {"index.number_of_shards": 2, "index": {"refresh_interval": "5s"}},
    ],
)
def test_settings_are_the_same_in_each_of_their_forms(settings):
    server = ELASTICSEARCH.account()
    ELASTICSEARCH.run(server)
    document = changed(lambda found: found["component_templates"]["settings"]["template"].update(settings=settings), ELASTICSEARCH.document)
    assert ELASTICSEARCH.run(server, document)["plan"] == []
    server.close()
