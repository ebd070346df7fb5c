# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""A report as one HTML page that needs nothing from outside: filters by cluster, set and impact, each change with before and after.

The report's words become text nodes and nothing else: the page's script never makes markup of them, and its policy lets it load nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._core.html import page
from .._core.words import cleaned
from .table import counted

_STYLE = """
.bar{display:flex;gap:1rem;flex-wrap:wrap;margin:1rem 0}
select,input{font:inherit;padding:.2rem .4rem}.error,.warning{white-space:pre-wrap;border-left:4px solid;padding:.3rem .8rem;margin:.5rem 0}
.error{border-color:var(--destroys_data)}.warning{border-color:var(--restart)}
details{border-top:1px solid var(--line);padding:.35rem 0}summary{cursor:pointer;display:grid;gap:.8rem;
grid-template-columns:5rem 1fr 8rem minmax(4rem,14rem)}summary span{overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0;padding:.5rem;border:1px solid var(--line)}
.sides{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem}
.safe{color:var(--safe)}.restart{color:var(--restart)}.disruptive{color:var(--disruptive)}.destroys_data{color:var(--destroys_data)}
"""

_SCRIPT = """
const report = JSON.parse(document.getElementById('report').textContent), list = document.getElementById('changes');
const make = (name, text, kind) => { const e = document.createElement(name); e.textContent = text ?? ''; if (kind) e.className = kind; return e; };
for (const one of ['host', 'set', 'impact']) {
  const box = document.getElementById(one), values = [...new Set(report.changes.map(change => change[one]))].sort();
  box.append(...values.map(value => { const o = make('option', value || 'none'); o.value = value; return o; }));
  box.addEventListener('input', show);
}
document.getElementById('text').addEventListener('input', show);
function row(change) {
  const d = document.createElement('details'), s = document.createElement('summary');
  s.append(make('span', change.action), make('code', change.id), make('span', change.impact, change.impact),
    make('span', change.host, 'quiet'));
  d.append(s, make('p', [change.verified ? '' : 'unverified', change.reason, change.set && 'set ' + change.set].filter(Boolean).join('; '), 'quiet'));
  if (change.fields.length && !change.diffs.length) d.append(make('pre', change.fields.join('\\n')));
  for (const diff of change.diffs) {
    const sides = make('div', '', 'sides');
    for (const side of ['before', 'after']) { const box = make('div'); box.append(make('span', side, 'quiet'), make('pre', diff[side])); sides.append(box); }
    d.append(sides);
  }
  return d;
}
function show() {
  const wanted = one => document.getElementById(one).value, text = wanted('text').toLowerCase();
  const found = report.changes.filter(change => ['host', 'set', 'impact'].every(one => wanted(one) === '*' || change[one] === wanted(one))
    && change.id.toLowerCase().includes(text));
  list.replaceChildren(...found.map(row));
  document.getElementById('count').textContent = found.length + ' of ' + report.changes.length + ' changes';
}
for (const text of report.errors) document.getElementById('said').append(make('div', text, 'error'));
for (const text of report.warnings) document.getElementById('said').append(make('div', text, 'warning'));
document.title = report.title;
document.getElementById('title').textContent = report.title;
document.getElementById('about').textContent = report.about;
show();
"""

_BODY = """<h1 id="title"></h1>
<p id="about" class="quiet"></p>
<div id="said"></div>
<div class="bar">
<label>cluster <select id="host"><option value="*">all</option></select></label>
<label>set <select id="set"><option value="*">all</option></select></label>
<label>impact <select id="impact"><option value="*">all</option></select></label>
<label>object <input id="text" type="search"></label>
<span id="count" class="quiet"></span>
</div>
<div id="changes"></div>
<script type="application/json" id="report">%s</script>
<script>%s</script>"""


def page_of(report: Mapping[str, Any], diffs: Mapping[str, list[Mapping[str, Any]]]) -> str:
    """The whole page; ``diffs`` has by host what Ansible shows as its differences, headed by the ids of the changes."""
    found = cleaned(report)
    sides: dict[tuple[str, str], list[dict[str, str]]] = {}
    for host, rows in diffs.items():
        for one in rows:
            sides.setdefault((host, str(one.get("before_header"))), []).append(
                {side: str(one.get(side, "")) for side in ("before", "after")}
            )
    changes = [{**change, "diffs": _without_twins(sides.get((change["host"], change["id"]), []))} for change in found["changes"]]
    errors = [f"{host}: {row['error']}" for host, row in report["hosts"].items() if row.get("error")]
    data = {
        "title": f"{found['command']} {found['environment']}: {found['status']}",
        "about": f"{counted(found['counts'])}; {', '.join(found['hosts'])}; revision {found['revision']}; {found['created']}; {found['digest']}",
        "errors": [*([report["error"]] if report.get("error") else []), *errors],
        "warnings": list(report["warnings"]),
        "changes": changes,
    }
    # Nothing in it ends the element that it stands in.
    text = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    return page("Plan", _BODY % (text, _SCRIPT), _STYLE, scripted=True)


def _without_twins(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """A change that was planned and then made has shown the same twice."""
    return [row for number, row in enumerate(rows) if row not in rows[:number]]
