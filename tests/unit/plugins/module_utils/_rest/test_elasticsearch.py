# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Elasticsearch's table is about beyond every API's. A real OpenSearch judges the rest: ``tests/integration/test_opensearch.py``."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._rest.suite import ELASTICSEARCH, changed


def test_what_a_server_looks_for_is_written_before_and_removed_behind():
    """It refuses a data stream for which no template is there, and the removal of one whose streams are."""
    stages = ELASTICSEARCH.api.stages()
    order = ("ilm_policy", "component_template", "index_template", "data_stream", "slm_policy")
    assert [stages.index(kind) for kind in order] == sorted(stages.index(kind) for kind in order)
    assert stages.index("snapshot_repository") < stages.index("slm_policy")
    server = ELASTICSEARCH.account()
    plan = [row["id"].partition("/")[0] for row in ELASTICSEARCH.run(server)["plan"]]
    assert [kind for kind in dict.fromkeys(plan) if kind in order] == list(order)
    server.close()


def test_a_user_and_a_password_log_in_where_an_api_key_is_no_text_with_a_colon():
    """RFC 7617, 2: all before the first colon is the user's name."""
    assert ELASTICSEARCH.api.authorized("elastic:a:b") == "Basic ZWxhc3RpYzphOmI="
    assert ELASTICSEARCH.api.authorized("VnVhQ2ZHY0JDZGJrU=") == "ApiKey VnVhQ2ZHY0JDZGJrU="


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
