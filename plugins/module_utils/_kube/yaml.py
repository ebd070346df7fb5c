# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""YAML in, plain Python out: the fast loader where libyaml is there; errors name the source, line and column."""

from __future__ import annotations

import json
from typing import Any

from .._core.errors import InputError

try:
    import yaml

    _HAS_YAML = True
except ImportError:  # a remote machine's Python may lack it; JSON input still works there
    _HAS_YAML = False


def _loader() -> Any:
    """The fast safe loader, reading YAML as Kubernetes does: dates stay text, and so does ``=``."""
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = type("Loader", (base,), {})
    special = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")
    resolvers = {
        first: [(tag, pattern) for tag, pattern in choices if tag not in special] for first, choices in base.yaml_implicit_resolvers.items()
    }
    loader.yaml_implicit_resolvers = resolvers
    return loader


_LOADER: Any = _loader() if _HAS_YAML else None
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper) if _HAS_YAML else None


def load_yaml(text: str, source: str) -> Any:
    """The first document of ``text``."""
    documents = load_all_yaml(text, source)
    return documents[0] if documents else None


def load_all_yaml(text: str, source: str) -> list[Any]:
    """All documents of ``text``, empty ones as None. Raises InputError with ``source``, line and column."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return [json.loads(text)]
        except ValueError:
            pass  # flow-style YAML begins like JSON
    if not _HAS_YAML:
        raise InputError(f"{source}: reading YAML needs PyYAML on the machine where this runs")
    try:
        return list(yaml.load_all(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark else source
        raise InputError(f"{place}: {getattr(error, 'problem', None) or error}") from error


def dump_yaml(value: Any) -> str:
    """``value`` as block YAML for people (diffs); JSON where PyYAML is missing."""
    if not _HAS_YAML:
        return json.dumps(value, indent=2, sort_keys=True) + "\n"
    text: str = yaml.dump(value, Dumper=_DUMPER, default_flow_style=False, sort_keys=True)
    return text
