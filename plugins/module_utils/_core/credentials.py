# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Credentials that stand in a text where only a reference belongs: found by their form, so that they can be refused, or masked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

MASK = "<credential>"
_TEMPLATED = r"(?!\{\{|<|\$\{|\*{3})"
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)),
    ("a password in an address", re.compile(rf"(?<=://)[^/@\s:?#]*:{_TEMPLATED}[^@\s/]+(?=@)")),
    ("a password in a connection string", re.compile(rf"(?<![\w/:}}])[\w.%+-]+:{_TEMPLATED}[^\s@/]+(?=@(?:tcp|tcp4|tcp6|unix|udp|\w*)\()")),
    ("a password in a connection string", re.compile(rf"(?<![\w/])[\w.%+-]+/{_TEMPLATED}[^\s@/{{}}]+(?=@//)")),
    ("a password in a connection string", re.compile(rf"(?<![\w/.:-])[\w.%+-]+:{_TEMPLATED}[^\s@/:]+(?=@[\w.-]+(?::\d+)?(?:/|\s|$))")),
    ("a password in a statement", re.compile(rf"(?i)\b(?:password|identified\s+by)\s+(?:'{_TEMPLATED}[^']+'|\"{_TEMPLATED}[^\"]+\")")),
    (
        "a password in a connection string",
        re.compile(
            rf"(?i)(?:(?<![\w-])|(?<=%[0-9a-f]{{2}}))(?:password|passwd|pwd|secret|secret_key|secretkey|client_secret|access_token|"
            rf"api_?key|auth_?token|accountkey|sharedaccesskey)\s*=\s*(?:\"{_TEMPLATED}[^\"]+\"|'{_TEMPLATED}[^']+'|{_TEMPLATED}[^\s;,&\"'\[\]{{}}]+)"
        ),
    ),
    ("a token of a header", re.compile(rf"(?i)\b(?:bearer|basic)\s+{_TEMPLATED}(?=[\w.~+/=-]*[\d.+/=_-])[\w.~+/=-]{{12,}}")),
    ("a JSON web token", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")),
    ("a key of AWS", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a token of Vault", re.compile(r"\b(?:hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24}\b)")),
    (
        "a token",
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abeprs]-[\w-]{10,}|sk_live_\w{10,}|AIza[\w-]{35})"
        ),
    ),
)
"""What each is called, and its form. Braces of a template, stars and other stand-ins are no credential."""


def credential_in(text: str) -> str:
    """What the text holds that nobody may read, in words; empty where it looks harmless."""
    return next((name for name, form in _FORMS if form.search(text)), "")


def masked_text(text: str) -> str:
    """The text with every credential masked."""
    for _name, form in _FORMS:
        text = form.sub(MASK, text)
    return text


def masked_value(value: Any) -> Any:
    """The same for every text of a value, keys included."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {masked_text(key) if isinstance(key, str) else key: masked_value(item) for key, item in value.items()}
    return [masked_value(item) for item in value] if isinstance(value, list) else value


def texts_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a value with its place, keys of mappings included."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(key, str):
                yield (*path, key), key
            yield from texts_of(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts_of(item, (*path, index))
