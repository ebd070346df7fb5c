# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is declared for Fluent Bit, beside the keys that its source compares and the types that it reads them as."""

from __future__ import annotations

import copy
import re

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._logging.pipeline import configuration
from ansible_collections.gantry.platform.plugins.module_utils._model.areas.logging import FLUENT_BIT
from ansible_collections.gantry.platform.tests.unit.roles.declared import CHECKOUT

KEYS = yaml.safe_load((CHECKOUT / "tests/unit/plugins/module_utils/_logging/fluent_bit_keys.yml").read_text("utf-8"))
FORMS = {
    "switch": "on|off|true|false|yes|no",
    "whole": r"-?\d+",
    "number": r"\d+(\.\d+)?",
    "size": r"\d+([kKmMgG][bB]?)?",
    "time": r"\d+[smhd]?",
    "text": r"[\s\S]+",
    "list": r"[^,]+(, *[^,]+)*",
}


def declared():
    return configuration({"fluent_bit": {"buffer": "5Gi"}}, "logs-ls-shipping.logging.svc", 8443, True)


def problems(found):
    """One line of each key that Fluent Bit does not know, or would read as something else."""
    yield from wrong("service", found["service"], KEYS["service"])
    for one in found["parsers"]:
        yield from wrong(f"parser {one.get('name')}", one, KEYS["parsers"])
    for kind, rows in found["pipeline"].items():
        if kind not in KEYS["of_every"]:
            yield f"pipeline has no {kind}"
            continue
        for one in rows:
            if one.get("name") not in KEYS["plugins"]:
                yield f"{kind} has no {one.get('name')}"
            else:
                yield from wrong(one["name"], one, KEYS["of_every"][kind], KEYS["plugins"][one["name"]])


def wrong(where, one, *tables):
    types = {key: kind for table in tables for kind, keys in table.items() for key in keys}
    for key, value in one.items():
        kind, _mark, many = types.get(key.lower(), "").partition("_")
        values = value if many and isinstance(value, list) else [value]
        if not kind:
            yield f"{where} has no {key}"
        elif not all(isinstance(item, (str, int)) and re.fullmatch(FORMS[kind], str(item)) for item in values):
            yield f"{where}.{key} is no {kind}: {value}"


def test_every_key_is_one_that_fluent_bit_of_this_version_knows():
    assert list(problems(declared())) == []
    assert FLUENT_BIT == f"fluent/fluent-bit:{KEYS['version']}"


@pytest.mark.parametrize(
    ("place", "key", "value", "told"),
    [
        ("service", "storage_path", "/x", "service has no storage_path"),
        ("service", "storage.max_chunks_up", "many", "service.storage.max_chunks_up is no whole: many"),
        ("inputs", "skip_long_line", "on", "tail has no skip_long_line"),
        ("inputs", "mem_buf_limit", "32Mi", "tail.mem_buf_limit is no size: 32Mi"),
        ("inputs", "name", "tails", "inputs has no tails"),
        ("filters", "multiline.key", "log", "multiline has no multiline.key"),
        ("filters", "flush_ms", "1s", "multiline.flush_ms is no whole: 1s"),
        ("outputs", "add_labels", "a b", "prometheus_exporter has no add_labels"),
        ("outputs", "match", ["a", "b"], "prometheus_exporter.match is no text: ['a', 'b']"),
        ("parsers", "regexp", "a", "parser klog has no regexp"),
    ],
)
def test_a_misspelt_key_or_a_wrong_value_is_told(place, key, value, told):
    """Fluent Bit does not start with it."""
    found = copy.deepcopy(declared())
    of = found if place in found else found["pipeline"]
    (of[place] if place == "service" else of[place][0])[key] = value
    assert list(problems(found)) == [told]
