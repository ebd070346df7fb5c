# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind and field of the real Vault, by its own description of them, in the forms that it allows and in some that it does not.

What the server took is clean in the second run; a value that is not of the field's form is refused in check mode.
``GANTRY_FORMS_STEPS`` fields are tried, from ``GANTRY_FORMS_SEED`` on.
"""

from __future__ import annotations

import os
import random

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError, InputError, RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, VaultError, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.server import Server

STEPS = int(os.environ.get("GANTRY_FORMS_STEPS", "40"))
PLACES = {
    "auth token roles": {},
    "auth approle roles": {},
    "auth userpass users": {"password": {"reference": "env:PASSWORD"}},
    "auth kubernetes roles": {"bound_service_account_names": ["a"], "bound_service_account_namespaces": ["b"]},
    "auth jwt roles": {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["a"]},
    "engines pki roles": {},
    "engines ssh roles": {"key_type": "ca", "allow_user_certificates": True},
    "engines transit keys": {},
    "engines database roles": {"db_name": "app", "creation_statements": ["SELECT 1"]},
    "engines kv config": None,
    "oidc keys": {},
    "oidc scopes": {},
    "oidc assignments": {},
    "quotas": {"rate": 5000},
}
"""Where fields are, and what an entry there needs."""
FORMS = {
    "duration": [60, "60", "90m", "1h30m", "2h", "1d", "0s", ""],
    "boolean": [True, False, "true", "false", "T", "0", 1],
    "integer": [5, "5", "0x10", 0],
    "number": [5000, "5000", 5000.5],
    "array": ["a", "b,a", ["b", "a"], ["a", "a"], [], ["A"], ["1.2.3.4/32"], ["10.0.0.0/8", "1.2.3.4"], ["::1/128"], [5]],
    "integers": [2048, "2048", [2048]],
    "kvpairs": [{"a": "b"}, {"a": 5, "b": True, "c": False}, {}, ["a=b"]],
    "object": [{"a": "b"}, {"rsa": 4096}, {"rsa": [2048, 4096]}, {"rsa": "2048"}, {}],
    "string": ["a", "5", 5, True, "Some Words", "sha256", "rsa", "2030-01-01T00:00:00Z", "1h", ""],
}
NO_FORMS = {
    "duration": ["1 fortnight", "1y", [5], True],
    "boolean": ["perhaps", "yes please", [True]],
    "integer": ["five", "1.5", 1.5],
    "number": ["many"],
    "array": [{"a": "b"}, [{"a": 1}]],
    "kvpairs": ["plain", [5]],
    "object": [["a"], 5],
    "string": [["a"], {"a": "b"}],
}


def document(place, body):
    """One entry of a place, with whatever it lies in."""
    section, *rest = place.split(" ")
    if section == "oidc":
        return {"identity": {"oidc": {rest[0]: {"forms": body}}}}
    if section == "quotas":
        return {"quotas": {"rate_limit": {"forms": body}}}
    kind, part = rest
    path, kind = ("token", "token") if kind == "token" else (f"forms-{kind}", "kv-v2" if kind == "kv" else kind)
    mount = {"type": kind, part: body if part == "config" else {"forms": body}}
    return {section: {path: mount}}


def path_of(place):
    section, *rest = place.split(" ")
    if section == "oidc":
        return f"identity/oidc/{rest[0].removesuffix('s')}/forms"
    if section == "quotas":
        return "sys/quotas/rate-limit/forms"
    kind, part = rest
    below = {"users": "users/forms", "keys": "keys/forms", "config": "config"}.get(part) or (
        "roles" if section == "engines" or kind == "token" else "role"
    ) + "/forms"
    return f"{'auth/' if section == 'auth' else ''}{'token' if kind == 'token' else f'forms-{kind}'}/{below}"


def kind_of(described):
    form, kind = described.get("format"), described.get("type")
    if kind == "array" and (described.get("items") or {}).get("type") == "integer":
        return "integers"
    return form if form in ("duration", "kvpairs") else kind if form != "date-time" else "string"


@pytest.fixture(scope="module")
def fields(live):
    """What the server says of each place, as (place, field, kind)."""
    for place, body in PLACES.items():
        live.configure(document(place, dict(body or {})), owner="forms", secrets={"PASSWORD": "first-of-forms"})
    client = VaultClient(resolve_vault(live.access, {}), "forms")
    server = Server(client)
    server.observe([], audit=False, identity=False)
    found = [
        (place, name, kind_of(described))
        for place in PLACES
        for name, described in sorted(server.specs.of(path_of(place)).properties.items())
        if kind_of(described) in FORMS and not (described.get("x-vault-displayAttrs") or {}).get("sensitive")
    ]
    client.close()
    yield found
    for section in ("mounts", "auth"):
        for path in live.api.read(f"sys/{section}")["data"]:
            if path.startswith("forms-"):
                live.api.delete(f"sys/{section}/{path.rstrip('/')}")
    for path in (
        "auth/token/roles/forms",
        "identity/oidc/key/forms",
        "identity/oidc/scope/forms",
        "identity/oidc/assignment/forms",
        "sys/quotas/rate-limit/forms",
    ):
        live.api.delete(path)


def test_what_the_server_takes_is_clean_and_what_is_no_form_is_refused(live, fields):
    seed = int(os.environ.get("GANTRY_FORMS_SEED", random.randrange(10**6)))
    pick = random.Random(seed)
    rows = [pick.choice(fields) for _step in range(STEPS)] if len(fields) < STEPS else pick.sample(fields, STEPS)
    options = {"owner": "forms", "secrets": {"PASSWORD": "first-of-forms"}}
    taken, wrong = 0, []
    for place, name, kind in rows:
        value = pick.choice(FORMS[kind])
        words = f"{place} {name}={value!r} ({kind}), GANTRY_FORMS_SEED={seed}"
        wanted = document(place, {**(PLACES[place] or {}), name: value})
        try:
            done = live.configure(wanted, **options)
        except (VaultError, InputError, RefusedError):
            continue  # its meaning is not allowed here, which only the server knows
        taken += 1
        again = live.configure(wanted, check_mode=True, **options)
        if again["plan"] or [text for text in done["warnings"] if "made something else" in text]:
            wrong.append(f"{words}: {again['plan'] or done['warnings']}")
    assert not wrong, "\n".join(wrong)
    assert taken > STEPS // 3
    before = len(live.log())
    for place, name, kind in pick.sample(fields, min(len(fields), STEPS)):
        if kind not in NO_FORMS or name in PLACES[place or ""] if PLACES[place] else kind not in NO_FORMS:
            continue
        value = pick.choice(NO_FORMS[kind])
        with pytest.raises(GantryError, match="allowed: ") as told:
            live.configure(document(place, {**(PLACES[place] or {}), name: value}), check_mode=True, **options)
        assert f".{name}: found" in told.value.message, (place, name, value, seed)
    assert live.writes(before) == []
