# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Impact
from ansible_collections.gantry.platform.plugins.module_utils._core.compare import Subject, examine, removal
from ansible_collections.gantry.platform.plugins.module_utils._core.record import Entry, Record
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import Resource
from ansible_collections.gantry.platform.plugins.module_utils._vault.fields import Fields
from ansible_collections.gantry.platform.plugins.module_utils._vault.kinds import KINDS
from ansible_collections.gantry.platform.plugins.module_utils._vault.provider import unknown_fields

FIELDS = Fields(
    {
        "ttl": {"type": "string", "format": "duration"},
        "names": {"type": "array"},
        "verify": {"type": "boolean", "default": True},
        "password": {"type": "string"},
    }
)
CANARY = "canary-canary"


def resource(kind="entry", secrets=(), **body):
    return Resource("m/role/a", kind, "roles", "engines.m.roles.a", body, secrets=frozenset(secrets), mount="m", collection="m/role")


def record(marks=None, kind="entry", **entry):
    found = Record(None)
    if marks is not None:
        found.entries["m/role/a"] = Entry(kind, marks, **entry)
    return found


def look(one, live, known=None, reset=(), unknown=(), fields=FIELDS):
    kind = KINDS[one.kind]
    sides = kind.compared(one.body), kind.compared(live or {})
    subject = Subject(one, kind.traits, fields, "vault", sides, reset=one.id in reset, unknown=unknown)
    return examine(subject, dict(one.body), live, known if known is not None else record({}))


def test_what_is_not_there_is_made_and_its_secrets_are_not_shown():
    found = look(resource(secrets=["password"], password=CANARY, ttl="1h"), None)
    assert (found.change.action, found.change.fields, found.change.after) == (
        Action.CREATE,
        ("password", "ttl"),
        {"password": "<secret: set>", "ttl": "1h"},
    )
    assert CANARY not in json.dumps([found.change.as_result(), found.change.after, found.change.fingerprint])


def test_what_is_as_declared_is_left():
    assert look(resource(ttl="1h", names="b,a", verify=True), {"ttl": 3600, "names": ["a", "b"], "other": 1}).change is None


def test_only_what_differs_is_named():
    found = look(resource(ttl="2h", names=["a", "c"]), {"ttl": 3600, "names": ["a", "b"]})
    assert (found.change.action, found.change.impact) == (Action.UPDATE, Impact.SAFE)
    assert found.change.fields == ("ttl", "names[=b]", "names[=c]") and (found.change.before["ttl"], found.change.after["ttl"]) == (
        3600,
        7200,
    )


def test_what_was_never_recorded_is_adopted():
    assert look(resource(ttl="1h"), {"ttl": 3600}, record()).change.action is Action.ADOPT


def test_what_a_run_began_and_did_not_end_is_adopted():
    found = look(resource(ttl="1h"), {"ttl": 3600}, record({}, pending=True))
    assert found.change.action is Action.ADOPT and "did not end" in found.change.reason


def marked(value, **entry):
    known = record({}, **entry)
    known.entries["m/role/a"].marks["password"] = known.mark("m/role/a", "password", value, 0)
    return known


def secret(kind="entry", value=CANARY):
    return resource(kind, secrets=["password"], password=value)


def test_a_secret_is_known_by_its_mark():
    assert look(secret(), {}, marked(CANARY)).change is None
    changed = look(secret(), {}, marked("another"))
    assert (changed.change.after, changed.change.verified) == ({"password": "<secret: changed>"}, True)
    unknown = look(secret(), {}, record({}))
    assert not unknown.change.verified and "nothing says what it was set to" in unknown.change.reason
    assert look(secret(), {"password": "****"}, marked(CANARY)).change is None


def test_a_secret_that_the_server_gives_back_is_compared_and_not_shown():
    found = look(secret(), {"password": "theirs"})
    assert found.change.before == {"password": "<secret: set>"} and "theirs" not in repr(found.change.as_result())
    assert look(secret(), {"password": CANARY}).change is None


def test_a_rotated_root_stays():
    known = marked("another", kind="connection", rotated="2026-11-24T10:00:00Z")
    found = look(secret("connection"), {"ttl": 1}, known)
    assert found.change.action is Action.BLOCKED and "rotated at 2026-11-24T10:00:00Z" in found.change.reason and not found.changed
    assert found.marks["password"] == known.entries["m/role/a"].marks["password"]
    assert look(secret("connection"), {}, known, reset=["m/role/a"]).change.action is Action.UPDATE
    assert look(secret("connection"), {}, marked(CANARY, kind="connection", rotated="x")).change is None
    # A run that was killed before may have been followed by a rotation.
    begun = look(secret("connection"), {}, marked("another", kind="connection", rotated="x", pending=True))
    assert "password" not in begun.changed and "rotated at x and is not put back" in begun.change.reason


def test_a_root_of_which_nothing_is_known_stays_until_named():
    found = look(secret("connection"), {}, record())
    assert (found.change.action, found.changed) == (Action.ADOPT, set()) and "may have been rotated" in found.change.reason
    assert look(secret("connection"), {}, record(), reset=["m/role/a"]).change.action is Action.UPDATE


def test_a_changed_root_that_nobody_rotated_is_written():
    assert look(secret("connection"), {}, marked("another", kind="connection")).change.fields == ("password",)


def test_what_is_made_once_cannot_be_changed():
    known = record({}, kind="issuer")
    one = resource("issuer", ttl="1h")
    known.entries["m/role/a"].marks["ttl"] = known.mark("m/role/a", "ttl", "1h", 0)
    assert look(one, {}, known).change is None
    assert "cannot be changed" in look(resource("issuer", ttl="2h"), {}, known).conflict


def test_a_fixed_field_is_a_conflict():
    found = look(resource("transit_key", type="rsa-2048"), {"type": "aes256-gcm96"}, fields=Fields(None))
    assert "type is 'aes256-gcm96' and cannot be changed" in found.conflict and not found.changed


def test_what_the_server_leaves_out_when_it_is_empty_or_as_usual():
    assert look(resource(names=[], verify=True, ttl=0), {}).change is None
    assert look(resource(verify=False), {"verify": False}).change is None
    assert look(resource(verify=False), {}).change.fields == ("verify",)


def test_a_reference_that_cannot_be_resolved_yet_is_said():
    found = look(secret(value=""), {}, marked(CANARY), unknown=["password"])
    assert not found.change.verified and "is not there yet" in found.change.reason


def test_policies_are_compared_by_what_they_say():
    one = resource("policy", policy='path "a" { capabilities = ["read", "list"] }')
    assert (
        look(one, {"policy": 'path "a" { capabilities = ["list","read"] } # x'}, fields=Fields({"policy": {"type": "string"}})).change
        is None
    )
    found = look(one, {"policy": 'path "a" { capabilities = ["list", "read", "sudo"] }'}, fields=Fields({"policy": {"type": "string"}}))
    assert found.change.fields == ('policy."path \\"a\\"".capabilities[=sudo]',)
    assert look(one, {"policy": "nonsense {"}).change.action is Action.UPDATE


def test_removal_has_the_impact_of_its_kind():
    def goes(kind, live):
        return removal(resource(kind), live, KINDS[kind].traits, "vault")

    assert goes("entry", None) is None
    assert goes("entry", {}).impact is Impact.DISRUPTIVE
    assert goes("mount", {}).impact is Impact.DESTROYS_DATA


def test_unknown_fields_are_told_with_the_nearest():
    (problem,) = unknown_fields(resource(tll="1h"), FIELDS)
    assert problem.startswith("config.engines.m.roles.a.tll: unknown to this server") and "did you mean 'ttl'?" in problem
    assert unknown_fields(resource(tll="1h"), Fields(None)) == []
