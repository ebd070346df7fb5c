# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known lines through the whole of Fluent Bit's configuration: which fields leave the node, exactly."""

from __future__ import annotations

import time

import lupa.luajit21
import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._logging.pipeline import configuration, lua, rules
from ansible_collections.gantry.platform.tests.kit.fluentbit import FluentBit
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT
from hypothesis import given
from hypothesis import strategies as st

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
    files = [(CHECKOUT / "roles/logging/files" / name).read_text("utf-8") for name in ("redaction.lua", "fields.lua")]
    return "\n\n".join([f"local rules = {lua(found)}", *files])


@pytest.fixture(scope="module")
def fluent_bit():
    return FluentBit(configuration(SETTINGS, "logs-ls-shipping.logging.svc", 8443, True), script())


@pytest.fixture(scope="module")
def ordinary(fluent_bit):
    """Seconds of the processor that a line of words takes which is as long as a line may be."""
    return min(timed(fluent_bit, "it heard what was said and goes on with it " * 762)[1] for _ in range(3))


def timed(fluent_bit, line):
    """A line's message, and the seconds of the processor that it took."""
    before = time.process_time()
    message = fluent_bit.record(line, pod("engine"))["message"]
    return message, time.process_time() - before


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


def wanted(row):
    """What a known line becomes."""
    return joined(joined(common(row["of"]), row["is"]), {"gantry": {"bytes": len(row["line"].encode())}})


@pytest.mark.parametrize("row", LINES, ids=lambda row: f"{row['of']}: {row['line'][:40]!r}")
def test_a_known_line_becomes_exactly_these_fields(fluent_bit, row):
    assert fluent_bit.record(row["line"], pod(row["of"]), row.get("stream", "stdout")) == wanted(row)


def test_a_line_at_which_the_filter_fails_leaves_without_what_it_says(fluent_bit):
    """Fluent Bit lets a record through untouched where a script fails: the script itself has to catch it."""
    broken = FluentBit(configuration(SETTINGS, "h", 1, True), script() + "\nrules.services = nil\n")
    found = broken.record("password=hunter2 of ada@mind.example", pod("engine"))
    assert "hunter2" not in str(found) and "mind.example" not in str(found)
    assert (found["message"], found["event"]["outcome"]) == ("***", "unreadable")
    counted = broken.counted([found])
    assert [key[0] for key in counted] == ["lines_total", "line_bytes_sum"] and "unreadable" in next(iter(counted))


@pytest.mark.parametrize(
    "line",
    ["a." * 16384, "f" * 32768, "a@" * 16384, f"{'b' * 32000}@mind.example", "1" * 32768, "::" * 16384, "-" * 32768, "--a" * 10922]
    + ["eyJ-" * 8192, "eyJ" * 10922, "-token " * 4681, "password " * 3640, 'token="' * 4681, "://a" * 8192, "?a" * 16384, "+1 " * 10922]
    + ["-----BEGIN PRIVATE KEY-----" * 1213, "\n" * 32767 + "x", "\n" * 16384 + "\n at x(" + "a.Ex" * 4000, "\n at x(" + "a.Error " * 4000]
    + ["curl -u " * 4096, "<token" * 5461, "token='\\" * 4096, 'token="' + '\\"' * 16000]
    + ["token=" + ",a" * 16000, "token=abc," * 3276, "<token " * 4681, "<token><![CDATA[" * 2048, "Authorization: abc b=def,ghi" * 1170],
    ids=lambda line: line[:8],
)
def test_the_longest_line_is_read_once_and_not_again_from_each_of_its_signs(fluent_bit, ordinary, line):
    """It takes at most half as long again as an ordinary line of its length; what is read again from each sign takes hundreds of times as long.

    A machine that is busy with something else may take long for it as well, but not each time.
    """
    found, seconds = timed(fluent_bit, line)
    assert "mind.example" not in found and len(found) <= 32768
    assert seconds < 10 * ordinary or any(timed(fluent_bit, line)[1] < 10 * ordinary for _again in range(9))


def test_lines_are_counted_by_names_and_patterns_and_never_by_what_they_say(fluent_bit):
    records = [fluent_bit.record(line, pod("engine")) for line in ("invalid password for ada", "invalid password for bob", "well")]
    counted = fluent_bit.counted(records)
    assert sum(number for key, number in counted.items() if key[0] == "lines_total") == 3
    patterns = {key: number for key, number in counted.items() if key[0] == "patterns_total"}
    assert patterns == {("patterns_total", "engine", "cortex", "personal.t0", "cortex", "t0", "authentication_failed"): 2}
    assert [number for key, number in counted.items() if key[0] == "line_bytes_sum"] == [24 + 24 + 4]


@given(st.recursive(st.text() | st.booleans(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)))
def test_whatever_a_text_says_it_is_data_in_lua(value):
    """Read back by LuaJIT it is what it was."""
    runtime = lupa.luajit21.LuaRuntime(encoding=None)
    assert read_back(runtime.eval(lua(value).encode())) == as_bytes(value)


def read_back(value):
    return {key: read_back(item) for key, item in value.items()} if lupa.luajit21.lua_type(value) == "table" else value


def as_bytes(value):
    """As a table of Lua has it: texts are bytes, a list has numbers from 1."""
    if isinstance(value, dict):
        return {key.encode(): as_bytes(item) for key, item in value.items()}
    if isinstance(value, list):
        return {number: as_bytes(item) for number, item in enumerate(value, 1)}
    return value.encode() if isinstance(value, str) else value
