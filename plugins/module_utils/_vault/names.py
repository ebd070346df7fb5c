# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Which names the API takes, and in which form it keeps them: a name is a part of a path, and no path may mean another thing.

The client quotes what a path holds. What no quoting saves is refused here: empty segments, dots and whatever the server would not print.
"""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")
"""What most collections take (GenericNameRegex of Vault's sdk/framework/path.go)."""
WORD_AT = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.@-]*[A-Za-z0-9_])?")
DASHED = re.compile(r"[A-Za-z0-9_-]+")
_SAID = {
    WORD: "of letters, digits, _, - and ., the last two not at its ends",
    WORD_AT: "of letters, digits, _, -, . and @, the last three not at its ends",
    DASHED: "of letters, digits, _ and -",
}
_OF_COLLECTION: dict[str, re.Pattern[str] | None] = {
    "policies": None,
    "password_policies": None,
    "audit": None,
    "entities": None,
    "groups": None,
    "auth ldap groups": None,
    "auth ldap users": None,
    "auth okta groups": None,
    "auth okta users": None,
    "auth radius users": None,
    "auth github teams": DASHED,
    "auth github users": DASHED,
    "engines ssh roles": WORD_AT,
    "engines aws roles": WORD_AT,
}
"""Collections that take other names than ``WORD``; none: whatever can be part of a path, slashes included."""
_LOWERED = frozenset(
    {
        "policies",
        "auth approle roles",
        "auth aws roles",
        "auth cert certificates",
        "auth github teams",
        "auth github users",
        "auth ldap groups",
        "auth ldap users",
        "auth userpass users",
    }
)
"""Collections whose names the server keeps in small letters."""
_FOLDED = ("identity/entity/name/", "identity/group/name/")
LIST = "?list=true"
"""The one query that a path may end in: what lies below it."""


def path_problem(path: str) -> str:
    """What is wrong with a path or a part of one, in words; empty where nothing is."""
    if not path.isprintable():
        return "allowed: printable characters"
    if path != path.strip():
        return "allowed: no blank at its ends"
    segments = path.split("/")
    if "" in segments:
        return "allowed: a path without blanks and without a slash at its ends, and without //"
    if "." in segments or ".." in segments:
        return "allowed: a path without . and .. as a part, which mean another path"
    return f"allowed: a path that does not end in {LIST}" if path.endswith(LIST) else ""


def name_problem(collection: str, name: str) -> str:
    """What is wrong with a name in a collection; ``collection`` is ``<section> <type> <key>`` below a mount, or ``<key>``."""
    rule = _OF_COLLECTION.get(collection, WORD)
    if rule is None:
        return path_problem(name)
    return "" if rule.fullmatch(name) else f"allowed: a name without blanks and slashes, {_SAID[rule]}; that is what the server takes here"


def kept(collection: str, name: str) -> str:
    """The name as the server keeps it."""
    return name.lower() if collection in _LOWERED else name


def folded(path: str) -> str:
    """Equal for paths that the server takes for the same thing: names of entities and groups are kept as given, and found in any case."""
    return path.casefold() if path.startswith(_FOLDED) else path
