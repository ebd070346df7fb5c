# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""What ``kube_survey_info`` found, for people: on the screen, and all of it as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..module_utils._core.html import escaped, page, table
from ..module_utils._core.words import clean, cleaned
from ..module_utils._run.table import Line, shortened, wrapped

Json = Mapping[str, Any]

_MOST = 5
"""As many offenders, releases or applications are named on the screen; the page has all."""
_NAMED = 20
"""From as much room on an offender is named beside the number of them."""
_PODS = frozenset({"Namespace", "Pod", "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"})
"""Without any of these nobody can say which levels pods need."""
_WORKLOADS = frozenset({"Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"})
"""Without any of these nobody can say which components run."""
_STYLES = {"failed": "error", "passed": "ok", "by hand": "quiet", "not evaluated": "warn"}
_STYLE = """
table{border-collapse:collapse;width:100%}th{text-align:left;color:var(--quiet);font-weight:normal}
td,th{padding:.25rem .8rem .25rem 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}td:first-child,th{white-space:nowrap}
details{border-top:1px solid var(--line);padding:.35rem 0}summary{cursor:pointer;display:grid;gap:.8rem;grid-template-columns:4rem 1fr 9rem}
ul{margin:.3rem 0 .6rem;columns:2 22rem}li{overflow-wrap:anywhere;break-inside:avoid}
.failed{color:var(--destroys_data)}.passed{color:var(--safe)}.not{color:var(--restart)}
"""


def lines_of(found: Json, name: str, width: int) -> Iterator[Line]:
    """One page of a screen."""
    found, name = cleaned(found), clean(name)
    yield from ([(text, "title")] for text in wrapped(f"{name}  {_about(found)}", width))
    yield from _section("who writes it", _writers(found, width))
    yield from _section("components of the catalogue", _components(found, width))
    yield from _section(f"CIS EKS 1.8.0, section 4: {_counted(found['checks'])}", _checks(found, width))
    loose = [one for one in found["levels"] if one["enforced"] != one["needed"]]
    blind = _blind(found, _PODS)
    yield from _section("pod security", _levels(loose, width) if not blind else [[(f"  {blind}", "warn")]])
    if found["unread"]:
        yield from _section(
            f"not read: {len(found['unread'])}", [[(f"  {shortened(text, width - 2)}", "warn")] for text in _unread(found)][:_MOST]
        )


def page_of(found: Json, name: str) -> str:
    """All of it as one page of HTML."""
    writers = [
        (one["tool"], one["name"], one["objects"], ", ".join(filter(None, one["namespaces"])), one["last"]) for one in found["writers"]
    ]
    components = [
        (one["name"], one["version"] or "?", one["chart"], ", ".join(one["writers"]), "; ".join(one["notes"]), "; ".join(one["adopting"]))
        for one in found["components"]
    ]
    levels = [(one["namespace"], one["enforced"] or "nothing", one["needed"], ", ".join(one["because"])) for one in found["levels"]]
    body = [
        f"<h1>{escaped(name)}</h1><p class='quiet'>{escaped(_about(found))}</p>",
        "<h2>Who writes it</h2>",
        table(("tool", "what of it", "objects", "namespaces", "last write"), writers),
        "<h2>Components of the catalogue</h2>",
        _warned(_blind(found, _WORKLOADS)),
        table(("component", "version", "chart", "written by", "to know", "adopting it"), components),
        f"<h2>Policies of CIS EKS 1.8.0, section 4</h2><p class='quiet'>{escaped(_counted(found['checks']))}</p>",
        *map(_details, found["checks"]),
        "<h2>Pod security</h2>",
        _warned(_blind(found, _PODS)),
        table(("namespace", "enforces", "pods need", "because of"), levels),
    ]
    if found["unread"]:
        body += ["<h2>Not read</h2>", table(("kind", "why"), list(found["unread"].items()))]
    return page(f"{name}: {_about(found)}", "\n".join(body), _STYLE)


def _about(found: Json) -> str:
    cluster = found["cluster"]
    counts = [
        f"{what} not read" if cluster[what] is None else f"{cluster[what]:,} {what if cluster[what] != 1 else what[:-1]}"
        for what in ("nodes", "namespaces", "objects")
    ]
    least = f"{', '.join(counts[:-1])}, {'at least ' if found['unread'] else ''}{counts[-1]}"
    return f"Kubernetes {cluster['version'] or '?'}, which {cluster['ends']}; {least}"


def _blind(found: Json, kinds: frozenset[str]) -> str:
    """What could not be read of what a section is made of; empty where all could."""
    unread = sorted(kinds & set(found["unread"]))
    return f"not evaluated: {', '.join(unread)} not read" if unread else ""


def _warned(text: str) -> str:
    return f"<p class='not'>{escaped(text)}</p>" if text else ""


def _section(title: str, lines: Any) -> Iterator[Line]:
    yield []
    yield [(title, "title")]
    yield from lines


def _writers(found: Json, width: int) -> Iterator[Line]:
    by_tool: dict[str, list[Json]] = {}
    for one in found["writers"]:
        by_tool.setdefault(one["tool"], []).append(one)
    for tool, mine in by_tool.items():
        names = [f"{one['name']} ({one['objects']})" for one in mine if one["name"]]
        more = f", and {len(names) - _MOST} more" if len(names) > _MOST else ""
        head = f"  {tool:<16}{sum(one['objects'] for one in mine):>6,}  "
        first, *rest = wrapped(", ".join(names[:_MOST]) + more, width - len(head)) or [""]
        yield [(f"{head}{first}", "")]
        yield from ([(" " * len(head) + text, "")] for text in rest)


def _components(found: Json, width: int) -> Iterator[Line]:
    for one in found["components"]:
        version = f"chart {one['chart']}" if one["chart"] else one["version"] or "?"
        yield [(shortened(f"  {one['name']:<26}{version:<18}by {', '.join(one['writers'])}", width), "")]
        for text, style in [*((note, "warn") for note in one["notes"]), *((f"adopting: {said}", "quiet") for said in one["adopting"])]:
            yield from ([(f"      {line}", style)] for line in wrapped(text, width - 6, "  "))
    if blind := _blind(found, _WORKLOADS):
        yield [(f"  {blind}", "warn")]
    elif not found["components"]:
        yield [("  none", "quiet")]


def _checks(found: Json, width: int) -> Iterator[Line]:
    for one in found["checks"]:
        if one["status"] not in ("failed", "not evaluated"):
            continue
        count = str(len(one["offenders"])) if one["status"] == "failed" else "?"
        head = f"  {one['id']:<7}{one['title']:<44}{count:>5}"
        left = width - len(head) - 2
        more = ", …" if len(one["offenders"]) > 1 else ""
        first = f"  {shortened(one['offenders'][0], left - len(more))}{more}" if left > _NAMED else ""
        yield [(head, _STYLES[one["status"]]), (first, "quiet")]


def _levels(levels: Sequence[Json], width: int) -> Iterator[Line]:
    alike: dict[tuple[str, str], list[Json]] = {}
    for one in levels:
        alike.setdefault((one["enforced"] or "nothing", one["needed"]), []).append(one)
    for (enforced, needed), mine in sorted(alike.items()):
        because = ", ".join(sorted({field for one in mine for field in one["because"]}))
        names = ", ".join(one["namespace"] for one in mine)
        text = f"enforce {enforced}, need {needed}{because and f' ({because})'}: {names}"
        yield from ([(f"  {line}", "")] for line in wrapped(text, width - 2, "  "))
    if not levels:
        yield [("  every namespace with pods enforces the level that they need", "ok")]


def _counted(checks: Sequence[Json]) -> str:
    return ", ".join(f"{sum(one['status'] == status for one in checks)} {status}" for status in _STYLES)


def _unread(found: Json) -> list[str]:
    return [f"{kind}: {why}" for kind, why in found["unread"].items()]


def _details(check: Json) -> str:
    kind = check["status"].partition(" ")[0]
    said = "".join(f"<li><code>{escaped(one)}</code></li>" for one in check["offenders"])
    cure = f"<p class='quiet'>{escaped(check['cure'])}</p>" if check["offenders"] and check["cure"] else ""
    count = f" ({len(check['offenders'])})" if check["offenders"] else ""
    status = f"<span class='{kind}'>{escaped(check['status'])}{count}</span>"
    return f"<details><summary><span>{check['id']}</span><span>{escaped(check['title'])}</span>{status}</summary>{cure}<ul>{said}</ul></details>"
