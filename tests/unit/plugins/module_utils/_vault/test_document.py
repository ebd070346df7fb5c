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
        ({"policies": {"a/b": "x"}}, "a name without blanks and slashes"),
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
