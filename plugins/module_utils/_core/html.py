# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Pages of HTML that need nothing from outside: they load nothing, and their words are no markup."""

from __future__ import annotations

import html
from typing import Any

from .words import clean

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--quiet:#777;--safe:#2a7d3f;--restart:#a86a00;--disruptive:#c2410c;--destroys_data:#b91c1c}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.quiet{color:var(--quiet)}
code,pre{font:13px/1.4 ui-monospace,monospace}p{margin:.4rem 0}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'{scripts}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(title: str, body: str, style: str = "", scripted: bool = False) -> str:
    """A whole page; ``body`` is markup, the title is text. Only one that is ``scripted`` may run the scripts that stand in it."""
    scripts = "; script-src 'unsafe-inline'" if scripted else ""
    return _PAGE.format(title=escaped(title), body=body, style=f"{_STYLE}{style}".strip(), scripts=scripts)


def escaped(value: Any) -> str:
    """Text as text: nothing in it is markup, or ends what it stands in, or hides."""
    return html.escape(clean(str(value)))


def table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A table of texts."""
    head = "".join(f"<th>{escaped(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escaped(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
