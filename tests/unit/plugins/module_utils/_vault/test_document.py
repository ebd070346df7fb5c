# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import STAGES, read_document


def read(document):
    return {resource.path: resource for resource in read_document(document, "gantry")}


def test_paths_kinds_and_order():
    found = read(
        {
            "quotas": {"rate_limit": {"all": {"rate": 100}}},
            "policies": {"reader": {"kv/data/*": ["read"]}, "gone": None},
            "auth": {"token": {"type": "token", "roles": {"short": {}}}, "kube/euw1": {"type": "kubernetes", "roles": {"app": {}}}},
            "engines": {
                "pki": {
                    "type": "pki",
                    "issuers": {"sub": {"type": "intermediate", "signed_by": "root"}, "own": {"type": "root"}},
                    "urls": {},
                    "roles": {"r": {}},
                },
                "custom": {"type": "totp", "entries": {"keys/me": {"generate": True}}},
            },
            "identity": {"groups": {"g": {}}, "entities": {"e": {}}, "oidc": {"config": {"issuer": "x"}, "clients": {"c": {}}}},
            "plugins": {"auth": {"kubernetes": {"command": "k"}}},
            "namespaces": {"team": {}},
            "audit": {"file": {"type": "file"}},
            "entries": {"sys/config/ui/headers/X": {"values": ["1"]}},
        }
    )
    stages = [resource.stage for resource in found.values()]
    assert stages == sorted(stages, key=STAGES.index) and next(iter(found)) == "sys/mounts/gantry"
    assert {path: resource.kind for path, resource in found.items() if resource.kind != "entry"} == {
        "sys/mounts/gantry": "mount",
        "sys/plugins/catalog/auth/kubernetes": "plugin",
        "sys/audit/file": "audit",
        "sys/namespaces/team": "namespace",
        "sys/auth/kube/euw1": "auth",
        "sys/mounts/pki": "mount",
        "sys/mounts/custom": "mount",
        "sys/policies/acl/reader": "policy",
        "sys/policies/acl/gone": "policy",
        "pki/issuer/own": "issuer",
        "pki/issuer/sub": "issuer",
        "identity/entity/name/e": "entity",
        "identity/group/name/g": "group",
    }
    role = found["auth/kube/euw1/role/app"]
    assert (role.mount, role.collection, role.name, role.where) == (
        "auth/kube/euw1",
        "auth/kube/euw1/role",
        "app",
        'auth."kube/euw1".roles.app',
    )
    assert found["sys/policies/acl/gone"].body is None and "auth/token/roles/short" in found and "sys/auth/token" not in found
    assert {"identity/oidc/config", "identity/oidc/client/c", "custom/keys/me", "sys/quotas/rate-limit/all"} <= set(found)


def test_secrets_are_known_by_their_references():
    entry = {"password": {"reference": "env:X"}, "nested": {"a": [{"reference": "file:x"}]}, "plain": "y", "secret_version": 3}
    user = read({"auth": {"u": {"type": "userpass", "users": {"joe": entry}}}})["auth/u/users/joe"]
    assert (user.secrets, user.secret_version, set(user.body)) == ({"password", "nested"}, 3, {"password", "nested", "plain"})


def test_a_mount_may_be_declared_that_holds_the_record():
    found = read({"engines": {"gantry": {"type": "kv", "options": {"version": "2"}, "tune": {"max_lease_ttl": "1h"}}}})
    assert found["sys/mounts/gantry"].body["max_lease_ttl"] == "1h" and len(found) == 1


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "config is a mapping"),
        ({"polices": {}}, r"config.polices: unknown key; .*did you mean 'policies'\?"),
        (
            {"auth": {"k": {"type": "kubernetes", "rolls": {}}}},
            r"config.auth.k.rolls: unknown key of type kubernetes; .*did you mean 'roles'\?",
        ),
        ({"auth": {"k": {}}}, "config.auth.k.type: missing"),
        ({"auth": {"k/": {"type": "jwt"}}}, "a path without blanks and without a slash at its ends"),
        ({"policies": {"a//b": ""}}, "without //"),
        ({"policies": {"a": 'path "x" {'}}, "config.policies.a: the policy cannot be read: a { has no }"),
        ({"policies": {"a": {"x": ["raed"]}}}, r"config.policies.a.x: found 'raed'; .*did you mean 'read'\?"),
        ({"policies": {"a": {"x": "read"}}}, "config.policies.a.x: allowed: a list of capabilities"),
        (
            {"auth": {"l": {"type": "ldap", "config": {"bindpass": "hunter2"}}}},
            "config.auth.l.config.bindpass is a secret and stands there as text",
        ),
        (
            {"engines": {"d": {"type": "database", "connections": {"c": {"connection_url": "postgres://u:pw@db"}}}}},
            "has a password in an address",
        ),
        ({"auth": {"u": {"type": "userpass", "users": ["joe"]}}}, "config.auth.u.users: allowed: a mapping"),
        ({"auth": {"u": {"type": "userpass", "users": {"joe": "x"}}}}, "config.auth.u.users.joe: allowed: a mapping of the entry's fields"),
        ({"auth": {"u": {"type": "userpass", "users": {"a/b": {}}}}}, "a name without blanks and slashes"),
        ({"entries": {"a": {"secret_version": "2"}}}, "config.entries.a.secret_version: allowed: a whole number"),
        ({"identity": {"groups": {"g": {"alias": {"mount": "x"}}}}}, "config.identity.groups.g.alias.name: missing"),
    ],
)
def test_mistakes_are_told_before_anything_is_contacted(document, words):
    with pytest.raises(InputError, match=words) as told:
        read_document(document, "gantry")
    assert "hunter2" not in told.value.message and "u:pw" not in told.value.message


def test_all_mistakes_at_once():
    with pytest.raises(InputError) as told:
        read_document({"policies": {"a": {"x": ["raed"]}, "b": {"y": ["lsit"]}}}, "gantry")
    assert "'raed'" in told.value.message and "'lsit'" in told.value.message


CANARY = "canary1Canary2"


@pytest.mark.parametrize(
    "field",
    [
        {"connection_url": f"vault:{CANARY}@tcp(db:3306)/app"},
        {"connection_url": f"host=db user=vault password={CANARY}"},
        {"connection_url": f"system/{CANARY}@//db:1521/orcl"},
        {"hosts": [f"https://u:{CANARY}@db:9200"]},
        {"headers": {"Authorization": f"Bearer {CANARY}"}},
        {"nested": {"deep": [{"password": CANARY}]}},
        {"certificate": f"-----BEGIN PRIVATE KEY-----\n{CANARY}"},
        {"password": 12345678},
        {"description": "AKIAIOSFODNN7EXAMPLE"},
        {f"https://u:{CANARY}@db": "x"},
        {"creation_statements": [f"CREATE USER x IDENTIFIED BY '{CANARY}'"]},
    ],
)
@pytest.mark.parametrize("where", ["connection", "entry", "metadata"])
def test_a_credential_is_refused_wherever_it_stands(field, where):
    document = {
        "connection": {"engines": {"d": {"type": "database", "connections": {"c": field}}}},
        "entry": {"entries": {"d/config/c": field}},
        "metadata": {"identity": {"entities": {"e": {"metadata": field}}}},
    }[where]
    with pytest.raises(InputError, match=r"name where it is|is named by where it is") as told:
        read_document(document, "gantry")
    assert CANARY not in told.value.message and "12345678" not in told.value.message and "AKIA" not in told.value.message
    assert "vault:path#key" in told.value.message


def test_references_and_templates_are_no_credentials():
    fields = {
        "connection_url": "{{username}}:{{password}}@tcp(db:3306)/",
        "bind_secret_id": "true",
        "password": {"reference": "env:X"},
        "nested": {"token": {"reference": "file:x"}, "certificate": "-----BEGIN CERTIFICATE-----\nMFk\n-----END CERTIFICATE-----"},
    }
    found = read({"engines": {"d": {"type": "database", "connections": {"c": fields}}}})
    assert found["d/config/c"].secrets == {"password", "nested"}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"auth": {"u": {"type": "userpass", "users": {"a?b": {}}}}}, 'config.auth.u.users."a\\?b": allowed: a name without'),
        ({"auth": {"u": {"type": "userpass", "users": {"a#b": {}}}}}, "that is what the server takes here"),
        ({"auth": {"u": {"type": "jwt", "roles": {"..": {}}}}}, "allowed: a name"),
        ({"identity": {"groups": {"a/../b": {}}}}, "without . and .. as a part"),
        ({"identity": {"groups": {" a": {}}}}, "no blank at its ends"),
        ({"identity": {"groups": {"a\nb": {}}}}, "printable characters"),
        ({"policies": {"../mounts/x": {"a": ["read"]}}}, "without . and .. as a part"),
        ({"entries": {"sys//x": {}}}, "without //"),
        ({"entries": {"sys/x/": {}}}, "without a slash at its ends"),
        ({"engines": {"kv": {"type": "kv", "entries": {"../sys/x": {}}}}}, "without . and .. as a part"),
        ({"policies": {"Root": {"a": ["read"]}}}, "this one is the server's own"),
        (
            {"policies": {"Admin": {"a": ["read"]}, "admin": {"a": ["list"]}}},
            "are the same to the server, which calls it sys/policies/acl/admin",
        ),
        ({"identity": {"groups": {"Ops": {}, "ops": {}}}}, "are the same to the server"),
        ({"identity": {"groups": {"a": {"member_groups": ["B"]}, "b": {"member_groups": ["a"]}}}}, "need one another"),
        ({"identity": {"groups": {"a": {"member_groups": ["a"]}}}}, "need one another"),
        ({"identity": {"groups": {"a": {"type": "external", "member_entities": ["x"]}}}}, "members of an external group"),
        ({"identity": {"groups": {"a": {"alias": {"mount": "m", "name": "n"}}}}}, "type: external"),
        ({"auth": {"token": {"type": "userpass"}}}, "the type token"),
        ({"auth": {"token": None}}, "always there"),
        ({"auth": {"t": {"type": "token"}}}, "the type token"),
        ({"engines": {"sys": {"type": "system", "tune": {"max_lease_ttl": "1h"}}}}, "does not let anybody tune"),
        ({"engines": {"auth/x": {"type": "kv"}}}, "the server's own"),
        ({"engines": {"kv": {"type": "kv-v2", "options": {"version": "1"}}}}, "the type kv-v2 is version 2"),
        ({"engines": {"p": {"type": "pki", "issuers": {"i": {"type": "intermediate"}}}}}, "signed_by: allowed: the mount"),
        ({"engines": {"p": {"type": "pki", "issuers": {"i": {"type": "root", "signed_by": "p"}}}}}, "a root signs itself"),
        ({"engines": {"p": {"type": "pki", "issuers": {"i": {"type": "intermediate", "signed_by": "p/issuer/i"}}}}}, "need one another"),
        ({"policies": {"a": 'path "x" { capabilites = ["read"] }'}}, "did you mean 'capabilities'"),
        ({"policies": {"a": 'path "x" { capabilities = ["raed"] }'}}, "did you mean 'read'"),
        ({"entries": {"a": {"secret_version": 2, "x": 1}}}, "there is no secret beside it"),
        ({"entries": {"a": {"token_ttl": "1 fortnight"}}}, "allowed: a duration such as 90m"),
        ({"entries": {"a": {"token_ttl": "3h", "token_max_ttl": 7200}}}, "longer than token_max_ttl: 7200"),
    ],
)
def test_what_the_server_would_refuse_or_take_for_something_else(document, words):
    with pytest.raises(InputError, match=words):
        read_document(document, "gantry")


def test_names_have_the_servers_form_and_needs_come_first():
    found = read(
        {
            "policies": {"Admin": {"a": ["read"]}, "team/a b": {"a": ["read"]}},
            "auth": {
                "u": {"type": "userpass", "users": {"Joe": {}}},
                "j": {"type": "jwt", "roles": {"Web": {}}},
                "token": {"type": "token", "tune": {"max_lease_ttl": "1h"}},
            },
            "engines": {"kv": {"type": "kv-v2"}},
            "identity": {
                "groups": {"Domain Admins": {"member_groups": ["b"]}, "b": {"member_groups": ["C"]}, "c": {}},
                "oidc": {"clients": {"c": {}}, "keys": {"k": {}}},
            },
            "namespaces": {"a/b": {}, "a": {}},
        }
    )  # fmt: skip
    assert {"sys/policies/acl/admin", "sys/policies/acl/team/a b", "auth/u/users/joe", "auth/j/role/Web"} <= set(found)
    assert found["sys/mounts/kv"].body == {"type": "kv", "options": {"version": "2"}}
    assert found["sys/auth/token"].body == {"max_lease_ttl": "1h"}
    order = list(found)
    groups = [path for path in order if path.startswith("identity/group")]
    assert groups == ["identity/group/name/c", "identity/group/name/b", "identity/group/name/Domain Admins"]
    assert order.index("identity/oidc/key/k") < order.index("identity/oidc/client/c")
    assert order.index("sys/namespaces/a") < order.index("sys/namespaces/a/b")
