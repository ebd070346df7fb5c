# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vendor's server does beyond its own document, for the stand-ins of APIs that are tables (``standin.py``)."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

Row = dict[str, Any]


class Quirks:
    """A server that keeps what it is told and shows what it kept."""

    own: frozenset[str] = frozenset({"id"})
    """Fields that it gives the items of lists, and takes back with them."""

    def said(self, kind: str, sent: Row) -> Row:
        """What was sent, in the words of our description."""
        return sent

    def wordless(self, verb: str, kind: str, id_: str) -> bool:
        """Whether an answer to that has no body."""
        return False

    def refused(self, kind: str, before: Row | None, sent: Row) -> str:
        """What is wrong with a request beyond what the description says; empty where nothing is."""
        return ""

    def overtaken(self, kind: str, before: Row | None, sent: Row, query: Mapping[str, str]) -> bool:
        """Whether a request is over another state than the one that is there."""
        return False

    def born(self, kind: str, number: int, sent: Row) -> Row:
        """What the server says of its own of a row that is made, where that is more than an id."""
        return {}

    def kept(self, kind: str, before: Row | None, after: Row, now: str) -> Row:
        """What is kept of a row that was written; ``now`` is another text at each write."""
        return after

    def beside(self, kind: str, id_: str) -> Row | None:
        """What is where one of a kind would be, and is none."""
        return None

    def shown(self, kind: str, row: Row, listed: bool) -> Row:
        """A row as an answer has it, as one of a list or alone."""
        return row

    def answered(self, kind: str, row: Row) -> Any:
        """A row as the answer to a request for it alone."""
        return row

    def there(self, kind: str, id_: str) -> Row | None:
        """What is there although nobody made it."""
        return None

    def shipped(self) -> Iterator[tuple[str, Row]]:
        """What every account of a trial has from the start, as kind and fields."""
        return iter(())


class PagerDutyQuirks(Quirks):
    """Layers of a schedule come back in reverse, their start is rewritten, one that is left out stays; a list lacks them."""

    own = frozenset({"id", "start", "end"})

    def there(self, kind: str, id_: str) -> Row | None:
        return {"type": "router", "sets": [{"id": "start", "rules": []}], "catch_all": {"actions": {}}} if kind == "router" else None

    def kept(self, kind: str, before: Row | None, after: Row, now: str) -> Row:
        if kind != "schedule":
            return after
        layers = [{"id": f"L{layer['name']}", "end": None, **layer, "start": now} for layer in after["schedule_layers"]]
        sent = {layer["id"] for layer in layers}
        stay = [layer for layer in (before or {}).get("schedule_layers", []) if layer["id"] not in sent]
        return {**after, "schedule_layers": [*stay, *layers]}

    def shown(self, kind: str, row: Row, listed: bool) -> Row:
        if kind != "schedule":
            return row
        if listed:
            return {name: value for name, value in row.items() if name != "schedule_layers"}
        return {**row, "schedule_layers": row["schedule_layers"][::-1]}


class CloudflareQuirks(Quirks):
    """A zone has every setting from the start; rules of a phase get ids and versions."""

    own = frozenset({"id", "version"})

    def shipped(self) -> Iterator[tuple[str, Row]]:
        for name in ("Cloudflare Managed Ruleset", "Cloudflare OWASP Core Ruleset", "Cloudflare Managed Free Ruleset", "DDoS L7 ruleset"):
            yield "managed_ruleset", {"name": name}

    def there(self, kind: str, id_: str) -> Row | None:
        return {"id": id_, "value": "off", "editable": True} if kind == "setting" else None

    def kept(self, kind: str, before: Row | None, after: Row, now: str) -> Row:
        if kind != "ruleset":
            return after
        rules = [{"id": f"R{number}", "version": now, "enabled": True, **rule} for number, rule in enumerate(after.get("rules") or [])]
        return {**after, "version": now, "rules": rules}


class GitHubQuirks(Quirks):
    """Ids are numbers, names are places; secrets are opened with a private key and only their digest is kept; files are commits.

    An environment shows its protection in other words than those in which it was written, and a list of rulesets lacks their rules.
    """

    _SECRETS = ("secret", "environment_secret")

    def said(self, kind: str, sent: Row) -> Row:
        if kind in self._SECRETS:
            return {"value": sent["encrypted_value"]} if "encrypted_value" in sent else {}
        others = {"file": {"message", "sha"}, "team": {"name"}}.get(kind, set())
        return {name: value for name, value in sent.items() if name not in others}

    def wordless(self, verb: str, kind: str, id_: str) -> bool:
        if verb == "GET":
            return id_ == "vulnerability-alerts"
        return kind in ("repository_team", "switch", "variable", "environment_variable", *self._SECRETS)

    def there(self, kind: str, id_: str) -> Row | None:
        return {"setup": id_, "state": "not-configured"} if kind == "code_scanning" else None

    def beside(self, kind: str, id_: str) -> Row | None:
        if kind not in self._SECRETS or id_ != "public-key":
            return None
        return {"key_id": "1", "key": base64.b64encode(bytes(self._key.public_key)).decode()}

    def overtaken(self, kind: str, before: Row | None, sent: Row, query: Mapping[str, str]) -> bool:
        return kind == "file" and (before or {}).get("sha") != sent.get("sha")

    def refused(self, kind: str, before: Row | None, sent: Row) -> str:
        return "the key is another one" if kind in self._SECRETS and sent.get("key_id") != "1" else ""

    def born(self, kind: str, number: int, sent: Row) -> Row:
        return {"id": number, "slug": sent.get("name")} if kind == "team" else {"id": number}

    def kept(self, kind: str, before: Row | None, after: Row, now: str) -> Row:
        if kind == "file" and "message" in after:
            rest = {name: value for name, value in after.items() if name != "message"}
            return {**rest, "content": base64.b64decode(after["content"]).decode(), "sha": hashlib.sha256(now.encode()).hexdigest()}
        if kind in self._SECRETS and "encrypted_value" in after:
            from nacl.public import SealedBox

            opened = SealedBox(self._key).decrypt(base64.b64decode(after["encrypted_value"]))
            rest = {name: value for name, value in after.items() if name not in ("encrypted_value", "key_id")}
            return {**rest, "value": hashlib.sha256(opened).hexdigest()}
        return after

    def shown(self, kind: str, row: Row, listed: bool) -> Row:
        if kind == "file":
            return {**row, "encoding": "base64", "content": base64.encodebytes(row["content"].encode()).decode()}
        if kind == "ruleset" and listed:
            return {name: row[name] for name in ("id", "name", "target", "enforcement")}
        if kind != "environment":
            return row
        reviewers = [{"type": one["type"], "reviewer": {"id": one["id"]}} for one in row["reviewers"]]
        rules: list[Row] = [{"id": 1, "type": "wait_timer", "wait_timer": row["wait_timer"]}] if row["wait_timer"] else []
        if reviewers or row["prevent_self_review"]:
            asked = {"prevent_self_review": row["prevent_self_review"], "reviewers": reviewers}
            rules.append({"id": 2, "type": "required_reviewers", **asked})
        policy = row.get("deployment_branch_policy")
        return {"id": row["id"], "name": row["name"], "protection_rules": rules, "deployment_branch_policy": policy}

    @functools.cached_property
    def _key(self) -> Any:
        from nacl.public import PrivateKey

        return PrivateKey.generate()


class GrafanaQuirks(Quirks):
    """Ids of teams are numbers; who may do what in a folder, and who is in a team, is answered as a list, and a new folder has rights."""

    def born(self, kind: str, number: int, sent: Row) -> Row:
        return {"id": number} if kind == "team" else {}

    def there(self, kind: str, id_: str) -> Row | None:
        if kind == "permissions":
            return {"items": [{"role": "Editor", "permission": 2}, {"role": "Viewer", "permission": 1}]}
        return {"members": [], "admins": []} if kind == "members" else None

    def wordless(self, verb: str, kind: str, id_: str) -> bool:
        return verb != "GET" and kind in ("members", "permissions")

    def answered(self, kind: str, row: Row) -> Any:
        if kind == "permissions":
            return [{"teamId": 0, "userId": 0, "inherited": False, "isFolder": True, **one} for one in row["items"]]
        if kind == "members":
            return [
                {"email": email, "permission": permission, "labels": []}
                for name, permission in (("members", 0), ("admins", 4))
                for email in row[name]
            ]
        return row


class ElasticsearchQuirks(Quirks):
    """Each kind is answered in a shape of its own; settings come back as text, below ``index``. So did OpenSearch 2.19.

    What it adds to an ISM policy is what OpenSearch's documentation of that API shows in an answer.
    """

    def overtaken(self, kind: str, before: Row | None, sent: Row, query: Mapping[str, str]) -> bool:
        said = ("_seq_no", "_primary_term") if kind == "ism_policy" and before else ()
        return kind == "ism_policy" and query != {f"if{name}": str((before or {})[name]) for name in said}

    def refused(self, kind: str, before: Row | None, sent: Row) -> str:
        return f"data_stream [{before['name']}] already exists" if kind == "data_stream" and before else ""

    def kept(self, kind: str, before: Row | None, after: Row, now: str) -> Row:
        if kind == "ism_policy":
            states = [{**state, "actions": [_tried(action) for action in state.get("actions", [])]} for state in after["policy"]["states"]]
            shown = {"policy_id": after["name"], "last_updated_time": now, "schema_version": 1, "error_notification": None}
            number = before["_seq_no"] + 1 if before else 7
            return {**after, "_seq_no": number, "_primary_term": 1, "policy": {**shown, **after["policy"], "states": states}}
        if kind == "snapshot_repository":
            return {**after, "uuid": "of-the-server", "settings": {key: _as_text(value) for key, value in after["settings"].items()}}
        settings = (after.get("template") or {}).get("settings")
        if not isinstance(settings, dict):
            return after
        nested: Row = {}
        for path, value in _leaves(settings):
            inner = nested
            for key in path[:-1]:
                inner = inner.setdefault(key, {})
            inner[path[-1]] = _as_text(value)
        return {**after, "template": {**after["template"], "settings": nested}}

    def answered(self, kind: str, row: Row) -> Any:
        own = {name: value for name, value in row.items() if name not in ("id", "name")}
        if kind in ("component_template", "index_template"):
            return {f"{kind}s": [{"name": row["name"], kind: own}]}
        if kind == "data_stream":
            return {"data_streams": [{"name": row["name"], "timestamp_field": {"name": "@timestamp"}, "generation": 1, "status": "GREEN"}]}
        if kind == "slm_policy":
            shown = {"version": 1, "modified_date_millis": 1, "next_execution_millis": 2, "stats": {"policy": row["policy_id"]}}
            return {row["policy_id"]: {**shown, "policy": {key: value for key, value in row.items() if key not in ("id", "policy_id")}}}
        return {"_id": row["name"], **own} if kind == "ism_policy" else {row["name"]: own}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tried(action: Row) -> Row:
    return {"retry": {"count": 3, "backoff": "exponential", "delay": "1m"}, **action}


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every setting by its whole path, which begins with ``index``."""
    for key, item in value.items():
        here = (*path, *key.split("."))
        if isinstance(item, dict):
            yield from _leaves(item, here)
        else:
            yield (here if here[0] == "index" else ("index", *here)), item


QUIRKS: dict[str, type[Quirks]] = {
    "cloudflare": CloudflareQuirks,
    "elasticsearch": ElasticsearchQuirks,
    "github": GitHubQuirks,
    "grafana": GrafanaQuirks,
    "pagerduty": PagerDutyQuirks,
}
