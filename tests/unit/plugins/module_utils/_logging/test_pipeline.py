# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known lines through the whole of Fluent Bit's configuration: which fields leave the node, exactly."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._logging.pipeline import configuration, lua, rules
from ansible_collections.gantry.platform.tests.kit.fluentbit import FluentBit
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

SERVICES = {
    "planner": {"namespace": "cortex", "team": "cortex", "tier": "t1", "data_class": "internal"},
    "engine": {"namespace": "cortex", "team": "cortex", "tier": "t0", "data_class": "personal"},
    "consent": {"namespace": "trust", "team": "trust", "tier": "t2", "data_class": "health"},
}
SETTINGS = {
    "redaction": {"classes": {"internal": "plain", "personal": "personal", "health": "strict"}, "drop": ["order_id"], "keep": ["dose"]},
    "fluent_bit": {"buffer": "5Gi"},
}
PLACES = {
    "planner": "cortex",
    "engine": "cortex",
    "consent": "trust",
    "apiserver": "kube-system",
    "vault": "vault",
    "falco": "falco",
    "other": "shop",
}
LINES = [
    row
    for path in sorted((CHECKOUT / "tests/unit/plugins/module_utils/_logging/lines").glob("*.yml"))
    for row in yaml.safe_load(path.read_text("utf-8"))
]
"""``{of, line, stream?, is}``: who wrote it, and what it becomes beside what every line of that pod has."""


def script(services=None, settings=None):
    found = rules(services or SERVICES, settings or SETTINGS, ["kube-system", "vault", "falco"], "prod", "prod-euw1")
    return f"local rules = {lua(found)}\n\n{(CHECKOUT / 'roles/logging/files/fields.lua').read_text('utf-8')}"


@pytest.fixture(scope="module")
def fluent_bit():
    return FluentBit(configuration(SETTINGS, "logs-ls-shipping.logging.svc", 8443, True), script())


def pod(name, **more):
    labels = {"app.kubernetes.io/name": name}
    return {"namespace_name": PLACES[name], "pod_name": f"{name}-0", "container_name": name, "host": "node-1", "labels": labels, **more}


def common(name):
    """What every line of a pod has, however it is written."""
    found = {
        "kubernetes": {"namespace": PLACES[name], "pod": {"name": f"{name}-0"}, "container": {"name": name}, "node": {"name": "node-1"}},
        "orchestrator": {"cluster": {"name": "prod-euw1"}},
        "service": {"name": name},
    }
    dataset = "platform"
    if service := SERVICES.get(name):
        dataset = f"{service['data_class']}.{service['tier']}"
        found["gantry"] = {"team": service["team"], "tier": service["tier"], "data_class": service["data_class"]}
    return found | {"event": {"dataset": dataset}, "data_stream": {"type": "logs", "dataset": dataset, "namespace": "prod"}}


def joined(below, above):
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: joined(below.get(key), value) for key, value in above.items()}}
    return above


@pytest.mark.parametrize("row", LINES, ids=lambda row: f"{row['of']}: {row['line'][:40]!r}")
def test_a_known_line_becomes_exactly_these_fields(fluent_bit, row):
    assert fluent_bit.record(row["line"], pod(row["of"]), row.get("stream", "stdout")) == joined(common(row["of"]), row["is"])


def show(fluent_bit):
    """What each line becomes, for whoever writes the table."""
    for row in LINES:
        found, base = fluent_bit.record(row["line"], pod(row["of"]), row.get("stream", "stdout")), common(row["of"])
        print(json.dumps({"of": row["of"], "line": row["line"], "is": beyond(base, found)}))


def beyond(base, found):
    if not isinstance(base, dict) or not isinstance(found, dict):
        return found
    return {key: beyond(base.get(key), value) for key, value in found.items() if base.get(key) != value}


if __name__ == "__main__":
    show(FluentBit(configuration(SETTINGS, "h", 1, True), script()))
