# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A document for an API that is a table, and the things that it means. Contacts nothing."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.compare import Resource
from .._core.errors import InputError
from .._core.paths import at, each
from .._core.references import reference_of
from .._core.schema import Schema, show_path
from .schema import document_schema
from .spec import Api, Json, Ref


@dataclass(frozen=True)
class Thing(Resource):
    """One thing of the API; ``name`` is that among its like."""

    name: str = ""


def id_of(kind: str, name: str, parent: str = "") -> str:
    """What names a thing for good: ``kind/name``, below a parent ``kind/<the parent's>/name``."""
    return f"{kind}/{parent.partition('/')[2]}/{name}" if parent else f"{kind}/{name}"


def read_document(api: Api, document: Any) -> list[Thing]:
    """The things, in the order in which they are written. Raises InputError with every mistake, each with its place and a cure."""
    problems = Schema(document_schema(api)).check(document)
    if problems:
        lines = [f"config{'.' if problem.path else ''}{show_path(problem.path)}: {problem.message}" for problem in problems]
        raise InputError("\n".join([*lines, "Nothing was contacted."]))
    found = list(_things(api, document, ""))
    # What is only named has to be there: it is looked up like everything else, so that its place gets known.
    named = {
        need: thing
        for thing in found
        for need in needs_of(api, thing.kind, thing.body or {})
        if not api.kinds[need.partition("/")[0]].written and need not in {other.id for other in found}
    }
    for need, thing in sorted(named.items()):
        kind, _slash, name = need.partition("/")
        found.append(Thing(need, kind, kind, thing.where, {}, name=name))
    stages = api.stages()
    return sorted(found, key=lambda thing: stages.index(thing.kind))


def _things(api: Api, sections: Mapping[str, Any], parent: str, where: tuple[str, ...] = ()) -> Iterator[Thing]:
    of = parent.partition("/")[0]
    for kind, spec in api.kinds.items():
        if spec.parent != of:
            continue
        for name, body in (sections.get(spec.section) or {}).items():
            id_, place = id_of(kind, name, parent), (*where, spec.section, name)
            children = {other.section for other in api.kinds.values() if other.parent == kind}
            own = None if body is None else {field: value for field, value in body.items() if field not in children}
            hidden = {field for field, said in api.described[kind]["properties"].items() if said.get("writeOnly")}
            secrets = frozenset(field for field, value in (own or {}).items() if reference_of(value) or field in hidden)
            said = {field: value for field, value in spec.said_by(name).items() if spec.also and field == spec.also[-1]}
            if own is not None and said:
                if twice := set(said) & set(own):
                    raise InputError(
                        f"config.{show_path(place)}: says {', '.join(twice)} in its name as well; leave one out\nNothing was contacted."
                    )
                own |= said
            for path, ref in spec.refs.items() if own else ():
                own = each(own, path, functools.partial(_spelt, api, ref))
            yield Thing(id_, kind, kind, show_path(place), own, secrets=secrets, parent=parent, name=name)
            yield from _things(api, body or {}, id_, place)


def needs_of(api: Api, kind: str, body: Json) -> set[str]:
    """Ids of all that a body names."""
    return {id_of(*named(ref, value)) for path, ref in api.kinds[kind].refs.items() for value in at(body, path)}


def _spelt(api: Api, ref: Ref, value: Any) -> Any:
    """A reference with the name as it is compared."""
    kind, name = named(ref, value)
    name = api.kinds[kind].named(name)
    return {kind: name} if isinstance(value, Mapping) else name


def named(ref: Ref, value: Any) -> tuple[str, str]:
    """The kind and the name that stand in a document for a reference."""
    return next(iter(value.items())) if isinstance(value, Mapping) else (ref.kinds[0], value)
