# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A report as a table for people: what, where, impact, why, as wide as the terminal, between 80 and 160 columns.

A line is a list of (text, style); the caller knows whether and how styles become colours.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._core.change import Action, Impact
from .._core.words import amount, clean, clean_lines, cleaned
from .report import impact_of

WIDTH = 100
"""Where there is no terminal."""
_NARROW = 80
_WIDE = 160
LONG = 40
"""A set on a host with more changes than this is shown by counts, and only its dearer changes one by one."""
_MANY, _MANY_DONE, _SHORT = 100, 24, 5
"""Where a run has more changes than that, which is a first one, or has made more than that, a set is long from here on."""
_LONG_MEMBER = 40
_MOST_FOREIGN = 30
_MOST_LEFT = 10
_KEYED = "those of secrets by a key (platform_digest_key)"
_UNKEYED = "secrets by name and reference (platform_digest_key covers theirs)"
_SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-", "adopt": ">", "blocked": "!", "conflict": "≠"}
_FOUND = {"create": "missing", "update": "changed", "replace": "changed", "delete": "surplus", "conflict": "changed"}
"""What drift calls that which a run would mend by these actions."""
_ID = (24, 60)
"""The column of the ids is as wide as the longest of a set, within these bounds; the wider the terminal, the higher the upper one."""
_SHORT_KINDS = {"CustomResourceDefinition": "CRD", "HorizontalPodAutoscaler": "HPA"}
_IMPACT = max(len(impact.value) for impact in Impact)
_BESIDE_ID = 15 + _IMPACT
"""What stands beside the id of a change: its sign and action, and its impact."""
_STATUS_STYLES = {
    "clean": "ok",
    "applied": "changed",
    "changes": "changed",
    "drift": "error",
    "failed": "error",
    "not reached": "error",
    "interrupted": "error",
}
_IN_CONTAINER = re.compile(r"ontainers\[name=([^\]]+)\]\.(?:resources\.)?([^\[\]]+)$")
_UNVERIFIED = {
    "access_pending": "this run grants the right first",
    "allocated": "the server assigns a number",
    "crd_pending": "this run brings its kind",
    "definition_pending": "this run changes its kind",
    "dependency_pending": "this run brings what it needs",
    "limits_pending": "this run changes the limits",
    "namespace_pending": "this run brings its namespace",
    "policy_pending": "this run changes a policy",
    "quota_pending": "this run changes the quota",
    "role_pending": "this run brings its role",
}
"""What the engine's reasons mean; the report's file has them as they are."""
Json = Mapping[str, Any]
Line = list[tuple[str, str]]
_TITLES = {
    "plan": "Plan for",
    "apply": "Approved plan for",
    "access": "Access to",
    "adopt": "Adoption in",
    "drift": "Drift of",
    "heal": "Undoing of drift in",
    "verify": "Verification of",
    "rehearse": "Rehearsal of",
    "destroy": "Destruction of",
}


def render(report: Json, place: str = "", columns: int = WIDTH, told: Iterable[str] = ()) -> list[Line]:
    """The whole table; ``place`` is where the report was written, named in the last line. ``columns`` are those of the terminal.

    Errors that were ``told`` already are not told again.
    """
    report = _without(_cleaned(report), list(told))
    width = max(_NARROW, min(_WIDE, columns))
    lines: list[Line] = [_title(report), []]
    for hosts in _alike(report):
        lines += [*_host_lines(report, hosts, width), []]
    for warning in report["warnings"]:
        lines += [[(text, "warn")] for text in wrapped(f"warning: {warning}", width, "  ")]
    if report["warnings"]:
        lines.append([])
    if report.get("error"):
        said = report["error"] if report["status"] == "interrupted" else f"refused: {report['error']}"
        lines += [[(text, "error")] for text in wrapped(said, width)] + [[]]
    if report["command"] == "plan" and report["status"] == "changes":
        keyed = str(report.get("seal") or "").startswith("hmac-")
        lines += [[(text, "quiet")] for text in wrapped(f"an approval covers every value; {_KEYED if keyed else _UNKEYED}", width, "  ")]
    lines.append(_verdict(report))
    lines += [[(shortened(clean(place), width), "quiet")]] if place else []
    return [piece for line in lines for piece in _fitted(line, width)]


def _cleaned(report: Json) -> dict[str, Any]:
    """The report with every text as one line for people, but for those that we made of several lines."""
    found: dict[str, Any] = cleaned(report)
    for key in ("error", "warnings"):
        if key in report:
            found[key] = cleaned(report[key], clean_lines)
    for host, row in report["hosts"].items():
        if row.get("error"):
            found["hosts"][clean(host)]["error"] = cleaned(row["error"], clean_lines)
    return found


def _without(report: dict[str, Any], told: list[str]) -> dict[str, Any]:
    for row in (report, *report["hosts"].values()):
        error = (row.get("error") or "").strip()
        if error and any(text.startswith(error) for text in told):
            row["error"] = ""
    return report


def _fitted(line: Line, width: int) -> Iterator[Line]:
    """A line that is too long goes on below, where its next text begins."""
    fits: Line = []
    for text, style in line:
        if fits and sum(len(one) for one, _style in fits) + len(text.rstrip()) > width:
            yield fits
            fits, text = [], f"  {text.lstrip()}"
        fits.append((text, style))
    yield fits


def plain(lines: Iterable[Line]) -> str:
    """The lines as text without colours."""
    return "\n".join("".join(text for text, _style in line).rstrip() for line in lines)


def counted(counts: Mapping[str, int], drift: bool = False) -> str:
    """``3 create, 1 delete, 120 unchanged``, of drift ``3 missing, 1 surplus``; what is zero is left out."""
    names = [*(action.value for action in Action), "unchanged"]
    return ", ".join(f"{counts[name]:,} {_word(name, drift)}" for name in names if counts.get(name)) or "nothing"


def _word(action: str, drift: bool) -> str:
    return _FOUND.get(action, action) if drift else action


def wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    """Text cut at spaces into lines of at most ``width``; its own line breaks stay."""
    found: list[str] = []
    for paragraph in text.splitlines():
        line, indent = "", paragraph[: len(paragraph) - len(paragraph.lstrip())]
        for word in paragraph.split():
            candidate = f"{line} {word}" if line.strip() else f"{line or indent}{word}"
            if len(candidate) > width and line.strip():
                found.append(line)
                candidate = f"{indent}{hanging}{word}"
            line = candidate
        found.append(line)
    return [piece for line in found for piece in (_pieces(line, width) if len(line) > width else [line])]


def short_id(text: str) -> str:
    """An id for the eye: ``Deployment/cortex/engine``, ``CRD/issuers.cert-manager.io``; the whole one is in the report."""
    kind, _slash, rest = text.partition("/")
    kind = kind.partition(".")[0]
    return f"{_SHORT_KINDS.get(kind, kind)}/{rest.removeprefix('-/')}"


def shortened(text: str, width: int) -> str:
    """Text of at most ``width`` characters; the middle goes, since ids differ at both ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def _title(report: Json) -> Line:
    words = [_TITLES.get(report["command"], "Run on"), report["environment"]] if report["command"] else ["Changes"]
    others = [host for host, row in report["hosts"].items() if not row.get("cluster", True)]
    clusters = len(report["hosts"]) - len(others)
    counted = [amount(clusters, "cluster")] if clusters or not others else []
    rest = [" and ".join([*counted, *others])]
    if report["areas"]:
        rest.append("only " + ", ".join(report["areas"]))
    if report["revision"]:
        rest.append(f"revision {report['revision'][:19]}")
    return [(" ".join(words), "title"), ("  " + "  ".join(rest), "quiet")]


def _alike(report: Json) -> list[list[str]]:
    """Hosts in order, those together to which the same happens: three clusters of one environment differ in few lines."""
    groups: dict[str, list[str]] = {}
    for host, row in report["hosts"].items():
        said = [row[key] for key in ("status", "counts", "verified", "orphan_sets")] + [row.get("error"), row.get("failed_task")]
        lists = [[{**item, "host": ""} for item in report.get(key, ()) if item["host"] == host] for key in ("changes", "foreign")]
        groups.setdefault(json.dumps([said, lists], sort_keys=True), []).append(host)
    return list(groups.values())


def _host_lines(report: Json, hosts: list[str], width: int) -> Iterator[Line]:
    row = report["hosts"][hosts[0]]
    names = wrapped(", ".join(hosts), width)
    yield from ([(text, "title")] for text in names[:-1])
    line: Line = [(names[-1], "title")]
    state: Line = [(f"  {row['status']}", _STATUS_STYLES[row["status"]]), (f"  {counted(row['counts'], _is_drift(report))}", "")]
    if row["verified"]:
        state.append(("  verified", "ok"))
    if len(names[-1]) + sum(len(text) for text, _style in state) > width:
        yield line
        line = []
    yield line + state
    changes = [change for change in report["changes"] if change["host"] == hosts[0]]
    if row["status"] == "applied":  # what could not be verified beforehand has happened by now
        changes = [{**change, "verified": True, "reason": change["reason"] if change["verified"] else ""} for change in changes]
    most = _SHORT if len(changes) > (_MANY_DONE if row["status"] == "applied" else _MANY) else LONG
    for name in dict.fromkeys(change["set"] for change in changes):
        yield from _set_lines(name, [change for change in changes if change["set"] == name], most, _is_drift(report), width)
    yield from _foreign_lines([item for item in report.get("foreign", ()) if item["host"] == hosts[0]], width)
    for orphan in sorted(set(row["orphan_sets"]) - {change["set"] for change in changes}):
        for text in wrapped(f"  set {orphan} is declared by nobody; platform_remove_sets removes it", width, "  "):
            yield [(text, "warn")]
    yield from _error_lines(row, width)
    yield from _written_lines(changes, width)


def _written_lines(changes: list[Json], width: int) -> Iterator[Line]:
    """What of a run that did not come to its end stands; each change says so by itself in the report's file."""
    known = [change for change in changes if "written" in change]
    if not known:
        return
    done = Counter(change["action"] for change in known if change["written"])
    left = [short_id(change["id"]) for change in known if not change["written"] and Action(change["action"]).writes]
    unknown = len(changes) - len(known)
    said = f"written: {counted(done)}; not written: {len(left) or 'nothing'}" + (f"; of {unknown} it is not known" if unknown else "")
    for text in wrapped(f"  {said}. What was written stands; run again, and the next run goes on from there", width, "  "):
        yield [(text, "warn")]
    for text in wrapped(f"    left: {', '.join(left[:_MOST_LEFT])}{', …' if len(left) > _MOST_LEFT else ''}", width, "  ") if left else ():
        yield [(text, "quiet")]


def _is_drift(report: Json) -> bool:
    return bool(report["command"] == "drift")


def _set_lines(name: str, changes: list[Json], most: int, drift: bool, columns: int) -> Iterator[Line]:
    shown = changes if len(changes) <= most else [change for change in changes if Impact(change["impact"]) is not Impact.SAFE][:LONG]
    counts = Counter(change["action"] for change in changes)
    yield [(f"  {name or 'without a set'}", "title"), (f"  {counted(counts, drift)}", "quiet")]
    if len(shown) < len(changes):
        for action in Action:
            hidden = [change for change in changes if change["action"] == action.value and change not in shown]
            kinds = Counter(short_id(change["id"]).split("/")[0] for change in hidden)
            if kinds:
                told = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()))
                for text in wrapped(f"    {_SIGNS[action.value]} {_word(action.value, drift)}: {told}", columns, "  "):
                    yield [(text, action.value)]
    widest = max(_ID[1], columns // 2)
    width = min(max((len(short_id(change["id"])) for change in shown), default=0), widest, columns - _BESIDE_ID)
    for change in shown:
        yield from _change_lines(change, max(width, _ID[0]), drift, columns)


def _change_lines(change: Json, width: int, drift: bool, columns: int) -> Iterator[Line]:
    action = change["action"]
    head = f"    {_SIGNS[action]} {_word(action, drift):<7} {shortened(short_id(change['id']), width):<{width}} "
    why = change["reason"] or ("" if action in ("create", "delete") else _fields(change["fields"], change.get("values") or {}))
    if not change["verified"]:
        why = f"unverified: {_UNVERIFIED.get(why, why)}" if why else "unverified"
    left = columns - len(head) - _IMPACT - 1
    impact = change["impact"]
    if len(why) <= left:
        yield [(head, action), (f"{impact:<{_IMPACT}} ", impact), (why, "quiet")]
        return
    yield [(head, action), (impact, impact)]
    for text in wrapped(f"              {why}", columns):
        yield [(text, "quiet")]


def _fields(fields: list[str], values: Mapping[str, list[Any]]) -> str:
    """The field that tells most, with both its sides where those are known, and how many more there are."""
    if not fields:
        return "ownership"
    told = next((field for field in fields if field in values), None)
    if told is not None:
        before, after = ("nothing" if side is None else str(side) for side in values[told])
        return f"{_place(told)} {before} → {after}" + (f" +{len(fields) - 1}" if len(fields) > 1 else "")
    shortest = _last_member(fields[0]) if len(fields[0]) > 18 else fields[0]
    return f"{shortest} +{len(fields) - 1}" if len(fields) > 1 else shortest


def _place(path: str) -> str:
    """``app requests.cpu`` of a container, else the last member."""
    found = _IN_CONTAINER.search(path)
    return f"{found[1]} {found[2]}" if found else _last_member(path)


def _last_member(path: str) -> str:
    """The last member of a path such as ``spec."a.b"[=https://x.example]``; dots in quotes and brackets are no borders.

    What is in its brackets is left out where it is long: the whole path is in the report.
    """
    start = bracket = depth = 0
    quoted = escaped = False
    for place, sign in enumerate(path):
        if quoted:
            quoted = sign != '"' or escaped
            escaped = sign == "\\" and not escaped
        elif not depth and sign == '"' and place == start:
            quoted = True
        elif sign == "[":
            bracket = bracket if depth else place
            depth += 1
        elif sign == "]" and depth and (depth > 1 or path[place + 1 : place + 2] in ("", ".", "[")):
            depth -= 1
        elif not depth and sign == ".":
            start = place + 1
    member = path[start:]
    return member if len(member) <= _LONG_MEMBER or bracket < start else f"{path[start:bracket]}[…]"


def _foreign_lines(foreign: list[Json], width: int) -> Iterator[Line]:
    if foreign:
        yield [("  added by others", "title"), (f"  {_additions(foreign)}", "quiet")]
    last = None
    for item in foreign[:_MOST_FOREIGN]:
        if item["id"] != last:
            last = item["id"]
            yield [(f"    * {shortened(short_id(last), width - 6)}", "update")]
        who = ", ".join(str(word) for word in (item.get("manager"), item.get("time")) if word)
        said = f"{item['what']}, undoing it: {item['impact']}; " if item.get("what") else ""
        for text in wrapped(f"        {said}{item['path']} ({who or 'by whom is not recorded'})", width):
            yield [(text, "quiet")]
    if len(foreign) > _MOST_FOREIGN:
        yield [(f"    and {len(foreign) - _MOST_FOREIGN} more in the report's file", "quiet")]


def _additions(foreign: list[Json]) -> str:
    objects = len({(item["host"], item["id"]) for item in foreign})
    return f"{len(foreign)} addition{'s' if len(foreign) > 1 else ''} to {objects} object{'s' if objects > 1 else ''}"


def _error_lines(row: Json, width: int) -> Iterator[Line]:
    if row.get("failed_task"):
        yield [(f"  stopped at: {shortened(row['failed_task'], width - 14)}", "error")]
    for text in wrapped(row.get("error") or "", width - 4)[:30]:
        yield [(f"    {text}", "error")]


def _verdict(report: Json) -> Line:
    status = report["status"]
    style = _STATUS_STYLES.get(status, "error")
    line: Line = [(status, style), (f"  {counted(report['counts'], _is_drift(report))}", "")]
    if report.get("foreign"):
        line.append((f"  {_additions(report['foreign'])} by others", "error"))
    dearest = impact_of(report["changes"])
    if dearest:
        line += [("  impact up to ", ""), (dearest.value, dearest.value)]
    unverified = sum(not change["verified"] for change in report["changes"])
    if unverified and status == "changes":
        line.append((f"  {unverified} not yet verifiable", "quiet"))
    return line


def _pieces(line: str, width: int) -> list[str]:
    return [line[start : start + width] for start in range(0, len(line), width)]
