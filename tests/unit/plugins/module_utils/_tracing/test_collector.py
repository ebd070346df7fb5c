# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be proven of the collector's configuration without a collector."""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._tracing import jaeger
from ansible_collections.gantry.platform.plugins.module_utils._tracing.collector import configuration, escaped, policies
from ansible_collections.gantry.platform.plugins.module_utils._tracing.redaction import PERSONAL, RESOURCE, SECRET, TECHNICAL, statements
from hypothesis import given
from hypothesis import strategies as st

SERVICES = {
    "store": {"data_class": "personal", "tracing": {"share": 10, "errors": 100, "slow": "500ms"}},
    "dreams": {"data_class": "internal", "tracing": {"share": 0.1, "errors": 50, "slow": "30s"}},
    "consent": {"data_class": "health", "tracing": {"share": 100, "errors": 100, "slow": "1s"}},
}
CLASSES = {"internal": "plain", "personal": "personal", "health": "strict"}
SETTINGS = {"decision_wait": "10s", "traces_held": 500, "redaction": {"classes": CLASSES, "drop": ["order.id"], "keep": ["dose.kind"]}}


def test_of_each_service_there_are_policies_in_the_order_of_names_whatever_the_inventory_s():
    names = [one["name"] for one in policies(SERVICES)]
    kinds = ("errors", "slow", "share")
    assert names == [*(f"{name}-{kind}" for name in ("consent", "dreams", "store") for kind in kinds), "others-errors"]
    assert policies(dict(reversed(SERVICES.items()))) == policies(SERVICES)
    found = {one["name"]: one for one in policies(SERVICES)}
    assert found["store-errors"]["type"] == "ottl_condition", "all of them"
    assert found["dreams-errors"]["and"]["and_sub_policy"][1]["probabilistic"] == {"sampling_percentage": 50}
    assert found["dreams-share"]["and"]["and_sub_policy"][1]["probabilistic"] == {"sampling_percentage": 0.1}
    assert 'Duration("500ms")' in found["store-slow"]["ottl_condition"]["span"][0]


def test_spans_are_redacted_before_they_leave_the_collector_that_received_them():
    pipelines = configuration(SETTINGS, SERVICES)["service"]["pipelines"]
    assert pipelines["traces/received"]["processors"] == ["memory_limiter", "transform"]
    assert pipelines["traces/received"]["exporters"] == ["loadbalancing"]
    assert pipelines["traces/decided"]["receivers"] == ["otlp/peers"]
    assert pipelines["traces/decided"]["processors"].index("tail_sampling") < pipelines["traces/decided"]["processors"].index("batch")


@given(st.recursive(st.text("ab$"), lambda inner: st.lists(inner) | st.dictionaries(st.text("a$"), inner)))
def test_nothing_is_left_that_the_collector_would_expand(value):
    """``$$`` is a dollar to it, and one alone a variable."""
    text = json.dumps(escaped(value))
    assert "$" not in text.replace("$$", "")
    assert text.replace("$$", "$") == json.dumps(value)


def test_a_dollar_of_an_expression_or_of_a_store_s_address_is_no_variable():
    assert "$" not in json.dumps(configuration(SETTINGS, SERVICES)).replace("$$", "")
    kept = {"kind": "opensearch", "url": "https://search:9200", "prefix": "a${env:HOME}", "ca": "env:CA"}
    found = jaeger.configuration(kept)["extensions"]["jaeger_storage"]["backends"]["traces"]["opensearch"]
    assert found["indices"]["index_prefix"] == "a$${env:HOME}"
    assert found["auth"] == {"basic": {"username": "${env:STORAGE_USERNAME}", "password_file": jaeger.PASSWORD}}, "the container's"
    assert found["tls"] == {"ca_file": jaeger.CERTIFICATE}


def test_traces_in_memory_log_in_nowhere():
    found = jaeger.configuration({"kind": "memory", "traces": 7})["extensions"]
    assert found["jaeger_storage"]["backends"] == {"traces": {"memory": {"max_traces": 7}}}


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        (
            SECRET,
            ["http.request.header.authorization", "Cookie", "db.password", "x.api_key", "process.command_line", "session.id", "user.token"],
            ["http.route", "service.name", "db.query.text", "messaging.tokenizer", "author"],
        ),
        (
            PERSONAL,
            ["enduser.id", "user.email", "client.address", "net.peer.ip", "url.full", "db.statement", "exception.message", "gen_ai.prompt"]
            + [
                "error.message",
                "rpc.grpc.request.metadata.x-user",
                "rpc.response.metadata.x",
                "db.operation.parameter.0",
                "url.original",
                "url.fragment",
            ],
            ["http.route", "http.response.status_code", "exception.type", "db.system", "rpc.method", "useragent"],
        ),
        (
            TECHNICAL,
            ["http.route", "http.response.status_code", "rpc.grpc.status_code", "db.system", "db.operation.name", "otel.scope.name"],
            ["patient.name", "url.path", "user.id", "db.query.text", "http.route.id", "x.http.route", "server.address"],
        ),
        (RESOURCE, ["service.name", "k8s.pod.name", "telemetry.sdk.name"], ["host.name", "process.command_args", "owner.mail"]),
    ],
)
def test_which_attributes_an_expression_is_about(pattern, inside, outside):
    assert [name for name in inside if not re.search(pattern, name)] == []
    assert [name for name in outside if re.search(pattern, name)] == []


def test_a_service_that_nobody_declared_and_a_class_of_which_nothing_is_said_are_strict():
    conditions = {tuple(one.get("conditions", ())) for one in statements({"a": "plain", "b": "personal", "c": "strict"})}
    name = 'resource.attributes["service.name"]'
    assert conditions == {(), (f'not IsMatch({name}, "^(a)$")',), (f'not IsMatch({name}, "^(a|b)$")',)}
    assert "false" in json.dumps(configuration({**SETTINGS, "redaction": {**SETTINGS["redaction"], "classes": {}}}, SERVICES))
