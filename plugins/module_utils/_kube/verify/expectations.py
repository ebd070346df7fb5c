# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Expectations on live objects, checked as a batch with few requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.concurrency import map_threads
from ..._core.errors import InputError
from ..._core.suggest import did_you_mean
from ..._core.words import clean
from ..form.kinds import Kind
from ..form.shown import shown_document
from ..wire.client import Document, KubeClient
from ..wire.discovery import Discovery
from ..wire.errors import ApiError

try:
    import jmespath
    import jmespath.exceptions
    import jmespath.visitor

    _HAS_JMESPATH = True
except ImportError:
    _HAS_JMESPATH = False

_TEXTS = ("name", "meaning", "api_version", "kind", "namespace", "object", "condition", "exception", "port", "path")
_KEYS = (*_TEXTS, "selector", "count")
_NEEDED = ("name", "meaning", "api_version", "kind")
_SINGLE_GETS = 3
_MOST_NAMED = 5


@dataclass(frozen=True)
class Expectation:
    """What must hold. ``object`` names one object; ``selector`` picks many (a label selector; empty: all of the kind).

    ``condition`` is JMESPath over each object and must be true. ``count`` is the exact number of objects; none means one or
    more. ``source`` says where it was written, ``exception`` how one is declared. With ``path`` the ``port`` of a Service is asked, through
    the apiserver, and ``condition`` is about what it answers as JSON.
    """

    name: str
    meaning: str
    api_version: str
    kind: str
    namespace: str = ""
    object: str = ""
    selector: str = ""
    condition: str = ""
    count: int | None = None
    source: str = ""
    exception: str = ""
    port: str = ""
    path: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether an expectation holds, with what was expected and found in words."""

    expectation: Expectation
    passed: bool
    expected: str
    found: str

    def as_result(self) -> dict[str, Any]:
        """A row of the task result."""
        row = {
            "name": self.expectation.name,
            "meaning": self.expectation.meaning,
            "passed": self.passed,
            "expected": self.expected,
            "found": self.found,
            "source": self.expectation.source,
        }
        return {key: clean(value) if isinstance(value, str) else value for key, value in row.items()}


def read_expectations(given: Iterable[tuple[Any, str]]) -> list[Expectation]:
    """Expectations out of (mapping, source) pairs. Raises InputError with every mistake at once."""
    found, problems = [], []
    for item, source in given:
        where = f"{source}: expectation {item.get('name')!r}" if isinstance(item, Mapping) else source
        if not isinstance(item, Mapping):
            problems.append(f"  {source}: an expectation is a mapping, found {type(item).__name__}")
            continue
        problems += [f"  {where}: unknown key {key!r}{did_you_mean(str(key), _KEYS)}" for key in item if key not in _KEYS]
        problems += [f"  {where}: {key} is missing" for key in _NEEDED if not item.get(key)]
        if item.get("object") and item.get("selector"):
            problems.append(f"  {where}: give object or selector, not both")
        problems += [f"  {where}: {problem}" for problem in _asking(item)]
        if item.get("condition") and _HAS_JMESPATH:
            problems += [f"  {where}: condition {item['condition']!r}: {problem}" for problem in _syntax(str(item["condition"]))]
        count = item.get("count")
        if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 0):
            problems.append(f"  {where}: count is a whole number from 0, found {count!r}")
            continue
        selector = item.get("selector") or ""
        if isinstance(selector, Mapping):
            selector = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
        texts = {key: str(item.get(key) or "") for key in _TEXTS}
        found.append(Expectation(**texts, selector=str(selector), count=count, source=source))
    if found and not _HAS_JMESPATH:
        problems.insert(0, "  reading conditions needs the Python package jmespath on the machine where this runs: pip install jmespath")
    if problems:
        raise InputError("the expectations are not right:\n" + "\n".join(problems))
    return found


def verify(
    client: KubeClient, expectations: Sequence[Expectation], seconds: float = 0.0, tell: Callable[[str], None] = lambda text: None
) -> list[Verdict]:
    """Check all; those that fail are checked again until they hold or ``seconds`` are over."""
    discovery = Discovery(client)
    deadline = time.monotonic() + seconds
    verdicts = dict(enumerate(_check(client, discovery, expectations)))
    while failing := [number for number, verdict in verdicts.items() if not verdict.passed]:
        if time.monotonic() >= deadline:
            break
        tell(f"{len(failing)} of {len(expectations)} expectations do not hold yet")
        time.sleep(min(1.0, max(0.0, deadline - time.monotonic())))
        for number, verdict in zip(failing, _check(client, discovery, [expectations[number] for number in failing]), strict=True):
            verdicts[number] = verdict
    return [verdicts[number] for number in range(len(expectations))]


def _check(client: KubeClient, discovery: Discovery, expectations: Sequence[Expectation]) -> list[Verdict]:
    """A verdict for each, in their order."""
    asking, looking = [one for one in expectations if one.path], [one for one in expectations if not one.path]
    found = dict(zip(looking, _look(client, discovery, looking), strict=True)) | dict(zip(asking, _ask(client, asking), strict=True))
    return [found[expectation] for expectation in expectations]


def _ask(client: KubeClient, expectations: Sequence[Expectation]) -> list[Verdict]:
    """What the Services say: one request for each question, however many expectations are about its answer."""

    def question(expectation: Expectation) -> str:
        service = f"{expectation.object}:{expectation.port}"
        return f"/api/v1/namespaces/{expectation.namespace}/services/{service}/proxy{expectation.path}"

    questions = list(dict.fromkeys(map(question, expectations)))
    answers = dict(zip(questions, map_threads(lambda path: _answer(client, path), questions, client.threads), strict=True))
    return [_judge_answer(expectation, *answers[question(expectation)]) for expectation in expectations]


def _answer(client: KubeClient, path: str) -> tuple[Any, str]:
    """What was answered, or why nothing was."""
    try:
        return client.get(path), ""
    except ApiError as error:
        return None, error.message
    except ValueError:
        return None, "the answer is no JSON"


def _judge_answer(expectation: Expectation, answer: Any, why: str) -> Verdict:
    expected = _expected(expectation)
    if why:
        return Verdict(expectation, False, expected, why)
    compiled = jmespath.compile(expectation.condition)
    try:
        holds = compiled.search(answer)
    except jmespath.exceptions.JMESPathError as error:
        return Verdict(expectation, False, expected, str(error))
    return (
        Verdict(expectation, True, expected, "holds")
        if holds is True
        else Verdict(expectation, False, expected, _found(compiled, answer, holds))
    )


def _look(client: KubeClient, discovery: Discovery, expectations: Sequence[Expectation]) -> list[Verdict]:
    """What the objects say."""
    kinds = {(e.api_version, e.kind): discovery.find(e.api_version, e.kind) for e in expectations}
    groups: dict[tuple[Kind, str, str], list[Expectation]] = {}
    for expectation in expectations:
        kind = kinds[(expectation.api_version, expectation.kind)]
        if kind is not None:
            groups.setdefault((kind, expectation.namespace, expectation.selector), []).append(expectation)
    queries: list[tuple[Kind, str, str, str]] = []
    for (kind, namespace, selector), members in groups.items():
        names = {member.object for member in members}
        if "" in names or len(names) > _SINGLE_GETS:
            queries.append((kind, namespace, selector, ""))
        else:
            queries += [(kind, namespace, selector, name) for name in sorted(names)]
    answers = dict(zip(queries, map_threads(lambda query: _read(client, *query), queries, client.threads), strict=True))

    def verdict(expectation: Expectation) -> Verdict:
        kind = kinds[(expectation.api_version, expectation.kind)]
        if kind is None:
            if expectation.count == 0:
                return Verdict(expectation, True, _expected(expectation), "the kind is not served")
            return Verdict(expectation, False, _expected(expectation), f"{expectation.api_version} {expectation.kind} is not served")
        where = (kind, expectation.namespace, expectation.selector)
        whole = answers.get((*where, ""))
        items = whole if whole is not None else answers[(*where, expectation.object)]
        if isinstance(items, str):
            return Verdict(expectation, False, _expected(expectation), items)
        if expectation.object:
            items = [item for item in items if item["metadata"]["name"] == expectation.object]
        return judge(expectation, items)

    return [verdict(expectation) for expectation in expectations]


def _read(client: KubeClient, kind: Kind, namespace: str, selector: str, name: str) -> list[Document] | str:
    """The objects, Secrets without their values; a text where they cannot be read."""
    try:
        if name:
            found = client.find(kind.path(namespace or None, name))
            items = [found] if found else []
        else:
            items = client.list_objects(kind, namespace or None, selector, metadata_only=False)[0]
    except ApiError as error:
        return error.message
    return [shown_document(item, kind.group_kind == "Secret") for item in items]


def judge(expectation: Expectation, items: list[Document]) -> Verdict:
    """What these objects say of it."""
    expected = _expected(expectation)
    wanted = expectation.count
    leaving = [item for item in items if item["metadata"].get("deletionTimestamp")] if wanted != 0 else []
    if leaving and expectation.object:
        return Verdict(
            expectation, False, expected, f"{_name(leaving[0])} is being deleted since {leaving[0]['metadata']['deletionTimestamp']}"
        )
    items = [item for item in items if item not in leaving]  # what goes away is no part of a group any more
    if wanted is not None and len(items) != wanted:
        return Verdict(expectation, False, expected, f"{len(items)} found{_names(items)}")
    if wanted is None and not items:
        return Verdict(expectation, False, expected, "nothing found")
    if not expectation.condition:
        return Verdict(expectation, True, expected, f"{len(items)} found")
    compiled = jmespath.compile(expectation.condition)
    failing = []
    for item in items:
        try:
            holds = compiled.search(item)
        except jmespath.exceptions.JMESPathError as error:
            failing.append(f"{_name(item)}: {error}")
            continue
        if holds is not True:
            failing.append(f"{_name(item)}: {_found(compiled, item, holds)}")
    if failing:
        more = f" and {len(failing) - _MOST_NAMED} more" if len(failing) > _MOST_NAMED else ""
        return Verdict(expectation, False, expected, "; ".join(failing[:_MOST_NAMED]) + more)
    return Verdict(expectation, True, expected, f"holds for {len(items)}")


def _found(compiled: Any, item: Any, holds: Any) -> str:
    """The left side of a comparison says more than ``false``."""
    tree = compiled.parsed
    if tree.get("type") == "comparator":
        return repr(jmespath.visitor.TreeInterpreter().visit(tree["children"][0], item))
    return repr(holds)


def _expected(expectation: Expectation) -> str:
    what = expectation.object or (f"all with {expectation.selector}" if expectation.selector else "all")
    number = "" if expectation.count is None else f"exactly {expectation.count} "
    place = f" in {expectation.namespace}" if expectation.namespace else ""
    what += f":{expectation.port}{expectation.path}" if expectation.path else ""
    return f"{number}{expectation.kind} {what}{place}" + (f": {expectation.condition}" if expectation.condition else "")


def _asking(item: Mapping[str, Any]) -> list[str]:
    """What is wrong about the question of an expectation, where it has one."""
    if not item.get("path"):
        return ["port is given without path"] if item.get("port") else []
    problems = [f"{key} is missing: with path it needs one" for key in ("namespace", "object", "port", "condition") if not item.get(key)]
    problems += [f"{key} means nothing beside path" for key in ("selector", "count") if item.get(key) is not None]
    if (item.get("api_version"), item.get("kind")) != ("v1", "Service"):
        problems.append("path is asked of a v1 Service")
    if not str(item["path"]).startswith("/"):
        problems.append(f"path begins with /, found {item['path']!r}")
    return problems


def _syntax(condition: str) -> list[str]:
    try:
        jmespath.compile(condition)
    except jmespath.exceptions.JMESPathError as error:
        return [" ".join(str(error).split())]
    return []


def _name(item: Document) -> str:
    metadata = item["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if metadata.get("namespace") else str(metadata["name"])


def _names(items: list[Document]) -> str:
    if not items:
        return ""
    more = f" and {len(items) - _MOST_NAMED} more" if len(items) > _MOST_NAMED else ""
    return ": " + ", ".join(_name(item) for item in items[:_MOST_NAMED]) + more


def result_of(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The task result; where something does not hold, failed and with that alone: a failed task prints its whole result."""
    failing = [verdict for verdict in verdicts if not verdict.passed]
    result: dict[str, Any] = {"changed": False, "verdicts": [verdict.as_result() for verdict in failing or verdicts]}
    if failing:
        lines = [
            f"  {row['name']}: {row['meaning']}\n    expected {row['expected']}\n    found    {row['found']}" for row in result["verdicts"]
        ]
        result |= {"failed": True, "msg": f"{len(failing)} of {len(verdicts)} expectations do not hold:\n" + "\n".join(lines)}
    return result
