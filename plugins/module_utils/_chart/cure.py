# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What a chart makes up or writes out, and what to write into the inventory so that it no longer does."""

from __future__ import annotations

import copy
import json
import re
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._core.diff import differences
from .._core.errors import InputError
from .._core.suggest import did_you_mean
from .render import Document, identity, merged

_NAME = "its name"
_RANDOM = re.compile(
    r"\b(rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|gen(CA|SelfSignedCert|SignedCert|PrivateKey)(WithKey)?|uuidv4|derivePassword"
    r"|htpasswd|bcrypt|now|lookup)\b"
)
_VALUE = re.compile(r"\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)")
_OPENS = re.compile(r"\{\{-?\s*(if|with|range|define|block)\b")
_CLOSES = re.compile(r"\{\{-?\s*end\b")
_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^.\["]+')
_SECRET_PATH = re.compile(r'(?:data|stringData)\.("(?:[^"\\]|\\.)*"|[^.\[]+)')


@dataclass(frozen=True)
class Fault:
    """One object of a chart that is not the same at every render, or a Secret whose value is written out; ``paths`` say where."""

    document: Document
    paths: tuple[str, ...]
    written: bool = False

    @property
    def line(self) -> str:
        """For a person; never a value."""
        return f"  {identity(self.document)}: {', '.join(self.paths[:3])}" + (", …" if len(self.paths) > 3 else "")


@dataclass
class Cure:
    """What to add to a component's settings, and in words what that cannot say."""

    settings: dict[str, Any] = field(default_factory=dict)
    hints: list[str] = field(default_factory=list)


def faults(first: Sequence[Document], second: Sequence[Document]) -> list[Fault]:
    """Where two renders differ, and values of Secrets that the chart writes out: a plan of such a chart would never be empty, or its
    secrets would lie in the run's store and in the cache."""
    one, other = ({identity(document): document for document in documents} for documents in (first, second))
    found = []
    for name in sorted({*one, *other}):
        document = one.get(name) or other[name]
        written = _written(document)
        if name not in one or name not in other:
            found.append(Fault(document, (_NAME,)))
        elif paths := [difference.path for difference in differences(one[name], other[name])]:
            found.append(Fault(document, tuple(dict.fromkeys([*paths, *written])), bool(written)))
        elif written:
            found.append(Fault(document, tuple(written), True))
    return found


def _written(document: Document) -> list[str]:
    if document["kind"] != "Secret":
        return []
    return [
        f"{part}.{_quoted(str(key))}"
        for part in ("data", "stringData")
        for key, value in (document.get(part) or {}).items()
        if value and not isinstance(value, Mapping)
    ]


def cure_of(component: str, found: Iterable[Fault]) -> Cure:
    """The settings that take these faults away: Secrets by reference in the place of the chart's, all else left out of its object."""
    cure = Cure()
    for fault in found:
        metadata = fault.document["metadata"]
        if fault.paths == (_NAME,):
            cure.hints.append(f"the name of {identity(fault.document)} is made up: only a value of the chart can fix it")
            continue
        for path in fault.paths:
            key = _SECRET_PATH.fullmatch(path) if fault.document["kind"] == "Secret" else None
            if key:
                name = _plain(key[1])
                variable = re.sub(r"[^A-Z0-9]+", "_", f"{component}_{metadata['name']}_{name}".upper())
                cure.settings.setdefault("secrets", {}).setdefault(metadata["name"], {})[name] = f"env:{variable}"
            else:
                cure.settings.setdefault("ignore", []).append({"kind": fault.document["kind"], "name": metadata["name"], "path": path})
    return cure


def replace_secrets(documents: Sequence[Document], secrets: Mapping[str, Mapping[str, str]], namespace: str) -> list[Document]:
    """The documents with the inventory's Secrets, by reference, in the place of the chart's own of the same name."""
    left = {name: {key: {"reference": reference} for key, reference in data.items()} for name, data in secrets.items()}
    found = []
    for document in documents:
        metadata = document["metadata"]
        data = None
        if document["kind"] == "Secret" and (metadata.get("namespace") or namespace) == namespace:
            data = left.pop(metadata["name"], None)
        body = {key: value for key, value in document.items() if data is None or key != "stringData"}
        found.append(body if data is None else {**body, "data": data})
    return found + [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": "Opaque", "data": data}
        for name, data in sorted(left.items())
    ]


# what is left out


def without_ignored(component: str, documents: Sequence[Document], rows: Sequence[Mapping[str, str]]) -> list[Document]:
    """The documents without the ignored paths. Raises InputError for a row that finds nothing: it would hide what it was written for."""
    found = [copy.deepcopy(document) for document in documents] if rows else list(documents)
    missed = []
    for row in rows:
        named = [
            document for document in found if row["kind"] == document["kind"] and row.get("name") in (None, document["metadata"]["name"])
        ]
        if not any([_drop(document, _steps(row["path"])) for document in named]):
            known = sorted({document["metadata"]["name"] for document in found if document["kind"] == row["kind"]})
            kinds = sorted({document["kind"] for document in found})
            what = (
                f"no {row['kind']} of it has {row['path']}"
                if named
                else f"it has no {row['kind']} {row.get('name')}{did_you_mean(row.get('name') or '', known)}"
                if known
                else f"it has no {row['kind']}{did_you_mean(row['kind'], kinds)}"
            )
            missed.append(f"  {json.dumps(dict(row))}: {what}")
    if missed:
        raise InputError(f"{component}: settings.components.{component}.ignore names what the chart does not have:\n" + "\n".join(missed))
    return found


def _steps(path: str) -> list[str]:
    return _STEP.findall(path)


def _drop(here: Any, steps: Sequence[str]) -> bool:
    """Take the path out of ``here``; whether it was there. What becomes empty by that goes as well."""
    step, rest = steps[0], steps[1:]
    if step.startswith("["):
        places: list[Any] = (
            [place for place in range(len(here)) if _picks(step[1:-1], place, here[place])] if isinstance(here, list) else []
        )
    else:
        key = _plain(step)
        places = [key] if isinstance(here, dict) and key in here else []
    done = False
    for place in reversed(places):
        if rest:
            done = _drop(here[place], rest) or done
        if not rest or here[place] in ({}, []):
            del here[place]
            done = True
    return done


def _picks(selector: str, place: int, item: Any) -> bool:
    """Whether an item of a list is the one that a path means: by its place, by its fields, or by its value."""
    if selector.isdecimal():
        return place == int(selector)
    if selector.startswith("="):
        return str(item) == selector[1:]
    wanted = dict(pair.partition("=")[::2] for pair in selector.split(","))
    return isinstance(item, Mapping) and all(str(item.get(key)) == value for key, value in wanted.items())


def _plain(step: str) -> str:
    return str(json.loads(step)) if step.startswith('"') else step


def _quoted(key: str) -> str:
    return key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key)


# where in the chart it comes from


def templates_of(path: Path) -> dict[str, str]:
    """The chart's templates by their place, out of an archive or a folder; the archive's first folder is left out."""
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file() and "templates" in file.relative_to(path).parts]
        return {file.relative_to(path).as_posix(): file.read_text(encoding="utf-8", errors="replace") for file in files}
    found = {}
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            handle = archive.extractfile(member) if member.isfile() and "/templates/" in member.name else None
            if handle is not None:
                found[member.name.partition("/")[2]] = handle.read().decode(errors="replace")
    return found


def guesses(templates: Mapping[str, str]) -> list[str]:
    """Values of the chart that decide whether it makes something up, each with the place of the template: a guess out of its text.

    Those that stand in a line with a function that makes something up, and those of the conditions around it.
    """
    found: dict[str, str] = {}
    for place, text in sorted(templates.items()):
        around: list[str] = []
        for number, line in enumerate(text.splitlines(), 1):
            if _RANDOM.search(line) and "{{" in line:
                for name in [word for words in (*around, line) for word in _VALUE.findall(words)]:
                    found.setdefault(name[1:], f"{place}:{number}")
            around += [line] * len(_OPENS.findall(line))
            del around[len(around) - min(len(around), len(_CLOSES.findall(line))) :]
    return [f"{name} ({place})" for name, place in sorted(found.items())]


def lacking(wanted: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether the catalogue's cure is not yet among the values."""
    return merged(values, wanted) != merged({}, values)
