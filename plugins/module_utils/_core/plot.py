# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Plots as SVG inside a page of HTML, which need nothing else, and the style of pages that have them.

Made by hand: a plot here is a line, an area or some bars, and a library for that would have to be on every machine on which the module runs
(docs/dependencies.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .html import escaped

STYLE = """
:root{--ink:#1b2430;--dim:#5c6878;--line:#dde3ea;--paper:#fff;--back:#f3f5f8;--ok:#1f8a4c;--slow_down:#b7791f;--freeze:#c53030;
  --unknown:#718096;--stale:#b83280;--blue:#2b6cb0}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--dim:#9aa7b6;--line:#303a47;--paper:#1a212b;--back:#11161d;--ok:#48bb78;
  --slow_down:#ecc94b;--freeze:#fc8181;--stale:#f687b3;--blue:#63b3ed}}
*{box-sizing:border-box}
body{margin:0;padding:0;max-width:none;background:var(--back);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 20px}
h1{font-size:26px;margin:0 0 4px}
h2{font-size:18px;margin:0}
p{margin:4px 0;color:var(--dim)}
section,.all{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:16px 0}
.all{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--dim);font-size:13px}
tr:last-child td{border-bottom:0}
th.n,td.n{text-align:right;padding-right:22px}
a{color:inherit}
figure{margin:0;min-width:0}
figcaption{font-size:13px;color:var(--dim);margin-bottom:4px}
svg{width:100%;height:auto;display:block}
svg text{fill:var(--dim);font:11px system-ui,sans-serif}
footer{color:var(--dim);font-size:13px}
"""
_RIGHT, _ABOVE, _BELOW = 4, 8, 26
_OF_A_CHARACTER = 6.3
"""How wide one is in the frame's words, nearly."""


@dataclass(frozen=True)
class Plot:
    """A frame in which ``low`` is at the bottom and ``top`` above. Sizes are units of the drawing, which is as wide as its place.

    On the ``left`` of it values are written.
    """

    low: float
    top: float
    wide: float = 480
    high: float = 150
    left: float = 44

    def x(self, share: float) -> float:
        """Where that is which has 0 ≤ ``share`` ≤ 1 of the width before it."""
        return self.left + share * (self.wide - self.left - _RIGHT)

    def y(self, value: float) -> float:
        """Where a value is; one beyond the frame is on its border."""
        span = self.top - self.low
        return _ABOVE + (self.top - max(self.low, min(self.top, value))) / span * (self.high - _ABOVE - _BELOW)

    def frame(self, marks: Sequence[float], say: Callable[[float], str], ends: tuple[str, str] = ("", "")) -> str:
        """A line and its value for each of ``marks``, and what is written under the beginning and the end."""
        lines = []
        for mark in marks:
            y = self.y(mark)
            lines.append(f"<line x1={self.left:g} x2={self.x(1):g} y1={y:.1f} y2={y:.1f} stroke='var(--line)'/>")
            lines.append(f"<text x={self.left - 6:g} y={y + 4:.1f} text-anchor=end>{escaped(say(mark))}</text>")
        lines.append(self.label(0, ends[0], "start") + self.label(1, ends[1], "end"))
        return "".join(lines)

    def label(self, share: float, words: str, anchor: str = "middle") -> str:
        """Words under the frame."""
        return f"<text x={self.x(share):.1f} y={self.high - 4:g} text-anchor={anchor}>{escaped(words)}</text>" if words else ""

    def line(self, points: Sequence[tuple[float, float]], color: str, area: float = 0) -> str:
        """A line through (share of the width, value); the ``area`` between it and 0 is so opaque."""
        # One point alone is a dot: a line from it to itself, with round ends.
        drawn = points if len(points) > 1 else [*points, *points]
        placed = " ".join(f"{self.x(share):.1f},{self.y(value):.1f}" for share, value in drawn)
        zero, first, last = self.y(0), self.x(points[0][0]), self.x(points[-1][0])
        under = (
            f"<polygon points='{first:.1f},{zero:.1f} {placed} {last:.1f},{zero:.1f}' fill='{color}' opacity='{area:g}'/>" if area else ""
        )
        return f"{under}<polyline points='{placed}' fill=none stroke='{color}' stroke-width=2 stroke-linejoin=round stroke-linecap=round />"

    def drawn(self, content: str, words: str) -> str:
        """The drawing; ``words`` say what it is to who does not see it."""
        return f"<svg viewBox='0 0 {self.wide:g} {self.high:g}' role=img aria-label='{escaped(words)}'>{content}</svg>"


def marks(low: float, top: float, most: int = 5) -> list[float]:
    """At most ``most`` + 1 round values that hold ``low`` and ``top`` between the first and the last: steps of 1, 2 or 5 of a power of ten.

    P. Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990.
    """
    if not top > low:
        top = low + (abs(low) or 1)
    least = (top - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(one for one in (power, 2 * power, 5 * power, 10 * power) if one >= least * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(top / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def width(words: Sequence[str]) -> float:
    """How much is needed on the left of a frame for the longest of its values."""
    return 10 + _OF_A_CHARACTER * max(map(len, words))
