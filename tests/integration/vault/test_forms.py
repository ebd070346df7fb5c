# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind and field of the real Vault, by its own description of them, in the forms that it allows and in some that it does not.

What the server took is clean in the second run; a value that is not of the field's form is refused in check mode.
``GANTRY_FORMS_STEPS`` fields are tried, from ``GANTRY_FORMS_SEED`` on; what a value means may be refused, which only the server knows, so each is
written once by hand before.
"""

from __future__ import annotations

import random

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, RefusedError, UnreachableError
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, VaultError, resolve_vault
from ansible_collections.gantry.platform.plugins.module_utils._vault.server import Server
from ansible_collections.gantry.platform.tests.kit.walks import walk

STEPS, SEED = walk("FORMS", 56)
SECRETS = {"PASSWORD": "first-of-forms"}
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
PASSED_OVER = {("quotas", "type"), ("auth approle roles", "role_id")}
"""The path says what a quota is, and the server passes over what its type says; the id of a role can be no other's."""
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


def document(bodies, name="forms"):
    """One entry of each place in ``bodies``, with whatever it lies in."""
    found = {}
    for place, body in bodies.items():
        section, *rest = place.split(" ")
        if section == "oidc":
            found.setdefault("identity", {}).setdefault("oidc", {})[rest[0]] = {name: body}
        elif section == "quotas":
            found["quotas"] = {"rate_limit": {"forms": body}}
        else:
            kind, part = rest
            path, kind = ("token", "token") if kind == "token" else (f"forms-{kind}", "kv-v2" if kind == "kv" else kind)
            found.setdefault(section, {})[path] = {"type": kind, part: body if part == "config" else {name: body}}
    return found


def path_of(place, name="forms"):
    """Its path in the API."""
    section, *rest = place.split(" ")
    if section == "oidc":
        return f"identity/oidc/{rest[0].removesuffix('s')}/{name}"
    if section == "quotas":
        return "sys/quotas/rate-limit/forms"
    kind, part = rest
    role = "roles" if section == "engines" or kind == "token" else "role"
    below = {"users": f"users/{name}", "keys": f"keys/{name}", "config": "config"}.get(part) or f"{role}/{name}"
    return f"{'auth/' if section == 'auth' else ''}{'token' if kind == 'token' else f'forms-{kind}'}/{below}"


def kind_of(described):
    """The key of ``FORMS``."""
    form, kind = described.get("format"), described.get("type")
    if kind == "array" and (described.get("items") or {}).get("type") == "integer":
        return "integers"
    return form if form in ("duration", "kvpairs") else "string" if form == "date-time" else kind


@pytest.fixture(scope="module")
def fields(live):
    """What the server says of each place: by place the fields and their kinds."""
    live.configure(document({place: dict(body or {}) for place, body in PLACES.items()}), owner="forms", secrets=SECRETS)
    client = VaultClient(resolve_vault(live.access, {}), "forms")
    server = Server(client)
    server.observe([], [], audit=False, identity=False)
    found = {
        place: [
            (name, kind_of(described))
            for name, described in sorted(server.specs.of(path_of(place)).properties.items())
            # What the type of a quota is says its path; the server takes anything and keeps nothing.
            if (place, name) != ("quotas", "type")
            and kind_of(described) in FORMS
            and not (described.get("x-vault-displayAttrs") or {}).get("sensitive")
        ]
        for place in PLACES
    }
    client.close()
    assert [place for place, known in found.items() if not known] == []
    yield found
    for section in ("mounts", "auth"):
        for path in live.api.read(f"sys/{section}")["data"]:
            if path.startswith("forms-"):
                live.api.delete(f"sys/{section}/{path.rstrip('/')}")
    for collection in ("auth/token/roles", "identity/oidc/key", "identity/oidc/scope", "identity/oidc/assignment", "sys/quotas/rate-limit"):
        for name in live.api.names(collection):
            if name.startswith(("forms", "probe")):
                live.api.delete(f"{collection}/{name}")


def is_taken(live, place, body, name):
    """Whether the server takes these fields, asked by hand."""
    plain = {key: "first-of-forms" if key == "password" else value for key, value in body.items()}
    try:
        live.api.write(path_of(place, name), plain)
    except (VaultError, UnreachableError):  # of some values it dies, and hangs up
        return False
    return True


def test_what_the_server_takes_is_clean_and_what_is_no_form_is_refused(live, fields):
    pick = random.Random(SEED)
    options = {"owner": "forms", "secrets": SECRETS}
    tried, taken, wrong = 0, 0, []
    for batch in range(max(1, STEPS // len(PLACES))):
        bodies = {}
        for place, known in fields.items():
            name, kind = pick.choice(known)
            body = {**(PLACES[place] or {}), name: pick.choice(FORMS[kind])}
            tried += 1
            if is_taken(live, place, body, f"probe-{batch}"):
                bodies[place] = body
        taken += len(bodies)
        wanted = document(bodies, f"forms-{batch}")
        words = f"GANTRY_FORMS_SEED={SEED}: {bodies}"
        try:
            done = live.configure(wanted, **options)
        except (InputError, RefusedError, VaultError) as error:
            wrong.append(f"{words}: the server takes what is refused: {error}")
            continue
        again = live.configure(wanted, check_mode=True, **options)
        shown = [(row["id"], row["fields"]) for row in again["plan"]]
        shown += [text for text in done["warnings"] if "made something else" in text]
        wrong += [f"{words}: {shown}"] if shown else []
    assert not wrong, "\n".join(wrong)
    assert taken > tried // 3

    before = live.audit.mark()
    for place, known in fields.items():
        choices = [(name, kind) for name, kind in known if kind in NO_FORMS and name not in (PLACES[place] or {})]
        if not choices:
            continue
        name, kind = pick.choice(choices)
        value = pick.choice(NO_FORMS[kind])
        said = ""
        try:
            live.configure(document({place: {**(PLACES[place] or {}), name: value}}), check_mode=True, **options)
        except (InputError, RefusedError) as error:
            said = error.message
        assert f".{name}: found" in said and "allowed: " in said, (place, name, value, SEED, said)
    assert live.audit.changes(before) == []
