# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for Fluent Bit between its engines: it hands a line from filter to filter as the configuration says.

What decides is real: expressions are run by Oniguruma, of which Fluent Bit's Onigmo is a fork, the script by LuaJIT, which Fluent Bit has as well.
What the stand-in plays itself is small: JSON of a line below ``merge_log_key``, pairs of a parser beside what was there, the key of each metric.
Lines of a stack trace come to it joined already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import lupa.luajit21
import onigurumacffi

Json = dict[str, Any]


class FluentBit:
    """One, by its configuration and the text of its script."""

    def __init__(self, configuration: Json, script: str) -> None:
        self._filters = configuration["pipeline"]["filters"]
        self._parsers = {one["name"]: Parser(one["regex"]) for one in configuration["parsers"]}
        self._lua = lupa.luajit21.LuaRuntime(unpack_returned_tuples=True)
        self._lua.execute(script)

    def record(self, line: str, kubernetes: Json, stream: str = "stdout") -> Json:
        """What leaves the node for Logstash."""
        record: Json = {"log": line, "stream": stream}
        for one in self._filters:
            if one["name"] == "kubernetes":
                record["kubernetes"] = kubernetes
                record |= _merged(line, one)
            elif one["name"] == "parser":
                record |= self._parsers[one["parser"]].pairs(record[one["key_name"]])
            elif one["name"] == "lua":
                code, _time, table = self._lua.globals()[one["call"]]("kube.x", 0, self._lua.table_from(record, recursive=True))
                assert code == 2, "the time of a line stays"
                record = plain(table)
        return record

    def counted(self, records: Iterable[Json]) -> dict[tuple[str, ...], int]:
        """What is counted after these records: by name and values of labels, in the order in which the configuration has them."""
        found: dict[tuple[str, ...], int] = {}
        for record in records:
            for one in self._filters:
                if one["name"] == "log_to_metrics" and _wanted(one, record):
                    summed = one["metric_mode"] == "histogram"
                    labels = (str(at(record, label.split(" ", 1)[1]) or "") for label in one["add_label"])
                    key = (f"{one['metric_name']}_sum" if summed else one["metric_name"], *labels)
                    found[key] = found.get(key, 0) + (at(record, one["value_field"]) if summed else 1)
        return found


class Parser:
    """An expression with names; where there are names, other groups count for nothing."""

    def __init__(self, regex: str) -> None:
        self._names = re.findall(r"\(\?<([a-z_]+)>", regex)
        self._compiled = onigurumacffi.compile(regex)

    def pairs(self, text: str) -> Json:
        """What the names hold, where something does."""
        found = self._compiled.match(text)
        if not found:
            return {}
        held = {name: found.group(number) for number, name in enumerate(self._names, 1)}
        return {name: value for name, value in held.items() if value}


def at(record: Json, accessor: str) -> Any:
    """What a record accessor such as ``$log['level']`` says, or None."""
    first, rest = re.fullmatch(r"\$([a-z_]+)((?:\['[^']+'\])*)", accessor).groups()
    found: Any = record.get(first)
    for word in re.findall(r"\['([^']+)'\]", rest):
        found = found.get(word) if isinstance(found, dict) else None
    return found


def plain(value: Any) -> Any:
    """A table of Lua as Python has it."""
    if lupa.luajit21.lua_type(value) == "table":
        return {key: plain(item) for key, item in value.items()}
    return value


def _merged(line: str, said: Json) -> Json:
    assert (said["merge_log"], said["keep_log"]) == ("on", "on")
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return {said["merge_log_key"]: without_null(found)} if isinstance(found, dict) else {}


def without_null(value: Any) -> Any:
    """Lua has no key without a value."""
    if isinstance(value, dict):
        return {key: without_null(item) for key, item in value.items() if item is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def _wanted(said: Json, record: Json) -> bool:
    if "regex" not in said:
        return True
    key, regex = said["regex"].split(" ", 1)
    return bool(onigurumacffi.compile(regex).search(str(at(record, key) or "")))
