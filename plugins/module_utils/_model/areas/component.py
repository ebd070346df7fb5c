# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""How a component of the catalogue comes, and what it cannot do without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._core.schema import Path, Problem
from ..components import missing, unfitting
from ..look import Json, Say, entries, mapping, unknown

RULES = {
    "component_defaults": "a component comes as settings.component_source and settings.delivery say, unless it says so itself",
}


def derive(model: Json, say: Say) -> None:
    """Source, delivery, version and digest of every component; ``model`` is merged and valid."""
    settings = model["settings"]
    release = mapping(mapping(model, "release"), "components")
    for name, component in settings["components"].items():
        path: Path = ("settings", "components", name)
        for key, setting in (("source", "component_source"), ("delivery", "delivery")):
            if key not in component:
                say((*path, key), settings[setting], "component_defaults", ("settings", setting))
        for key, value in mapping(release, name).items():
            say((*path, key), value, "release", ("release", "components", name, key))


def check(model: Mapping[str, Any], situation: Any) -> Iterator[Problem]:
    """Every problem; ``model`` has its defaults but may be invalid in form, and nothing derived."""
    components = entries(mapping(model, "settings"), "components")
    for name in mapping(mapping(model, "release"), "components"):
        yield from unknown(("release", "components", name), "component", name, components, at_key=True)
    if situation.catalog is not None:
        yield from _of_the_catalogue(model, situation)


def _of_the_catalogue(model: Mapping[str, Any], situation: Any) -> Iterator[Problem]:
    settings = mapping(model, "settings")
    switched_on = mapping(settings, "areas").get("component", True)
    components = entries(settings, "components")
    enabled = {name for name, entry in components.items() if entry.get("enabled", True)}
    version = mapping(model, "cluster").get("version")
    sources = {name: str(components[name].get("source", settings.get("component_source"))) for name in enabled}
    for name in components:
        path: Path = ("settings", "components", name)
        yield from unknown(path, "component", name, situation.catalog, at_key=True)
        entry = situation.catalog.get(name)
        if entry is None or name not in enabled or not switched_on:
            continue
        for needed in entry.get("requires") or ():
            if needed not in enabled:
                yield Problem(path, f"needs the component {needed!r}, which is not on; add it to settings.components", at_key=True)
        if sources[name] == "upstream":
            problems = [*missing(entry, components[name]), *unfitting(name, situation.catalog, sources)]
            yield from (Problem(path, problem, at_key=True) for problem in problems)
        supported = entry.get("kubernetes")
        if isinstance(version, str) and supported and not situation.control and not _within(version, *supported):
            yield Problem(
                ("cluster", "version"),
                f"found {version}, which {name} does not support; allowed: {supported[0]} to {supported[1]} (catalogue)",
            )


def _within(version: str, lowest: str, highest: str) -> bool:
    try:
        return _numbers(lowest) <= _numbers(version) <= _numbers(highest)
    except ValueError:  # the schema has said that the version is none
        return True


def _numbers(version: Any) -> tuple[int, int]:
    major, _dot, minor = str(version).partition(".")
    return int(major), int(minor.split(".")[0] or 0)
