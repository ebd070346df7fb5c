# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._vault.fields import Fields, Specs

DESCRIBED = {
    "ttl": {"type": "string", "format": "duration"},
    "old_ttl": {"type": "integer", "format": "seconds"},
    "policies": {"type": "array", "items": {"type": "string"}},
    "creation_statements": {"type": "array"},
    "metadata": {"type": "object", "format": "kvpairs"},
    "free": {"type": "object"},
    "flag": {"type": "boolean"},
    "count": {"type": "integer"},
    "rate": {"type": "number", "format": "float"},
    "text": {"type": "string"},
    "lower": {"type": "string", "format": "lowercase"},
    "token_bound_cidrs": {"type": "array", "items": {"type": "string"}},
    "token_policies_glob": {"type": "array", "items": {"type": "string"}},
    "entity_ids": {"type": "array", "items": {"type": "string"}},
    "token_type": {"type": "string"},
    "names": {"type": "array", "items": {"type": "string"}},
    "not_after": {"type": "string", "format": "date-time"},
    "map": {"type": "object", "format": "map"},
    "path": {"type": "string", "format": "mount"},
    "secret": {"type": "string", "x-vault-displayAttrs": {"sensitive": True}},
}


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("ttl", "90m", 5400),
        ("ttl", "1h30m", "5400"),
        ("ttl", "30d", 2592000),
        ("ttl", "0s", ""),
        ("old_ttl", "1.5s", 1.5),
        ("policies", "b, a", ["a", "b"]),
        ("policies", ["b", "a"], ["a", "b"]),
        ("policies", None, []),
        ("policies", [1], ["1"]),
        ("creation_statements", "SELECT 1, 2", ["SELECT 1, 2"]),
        ("creation_statements", ["SELECT 1\n"], ["SELECT 1"]),
        ("metadata", {"level": 2, "on": True}, {"level": "2", "on": "true"}),
        ("metadata", None, {}),
        ("free", '{"a": 1}', {"a": 1}),
        ("flag", "true", True),
        ("flag", None, False),
        ("count", "15", 15),
        ("count", "5m", 300),
        ("rate", 100, 100.0),
        ("text", 5, "5"),
        ("text", None, ""),
        ("lower", "ReadOnly", "readonly"),
        ("token_bound_cidrs", ["1.2.3.4/32", "10.0.0.0/8"], ["10.0.0.0/8", "1.2.3.4"]),
        ("token_bound_cidrs", "::1/128", ["::1"]),
        ("token_bound_cidrs", ["2001:DB8::1"], ["2001:db8:0:0::1"]),
        ("policies", ["Admin", "admin "], ["admin"]),
        ("names", ["a", "a"], ["a"]),
        ("ttl", "1500ms", 1),
        ("ttl", "1d12h", 129600),
        ("ttl", "-1", -1),
        ("flag", "T", True),
        ("flag", 1, True),
        ("count", "0x10", 16),
        ("count", 5.0, 5),
        ("metadata", {"on": True}, {"on": "1"}),
        ("metadata", {"off": False}, {"off": "0"}),
        ("metadata", ["a=b", "c=d=e"], {"a": "b", "c": "d=e"}),
        ("map", {"rsa": 4096}, {"rsa": [4096]}),
        ("map", {"rsa": "2048,4096"}, {"rsa": [2048, 4096]}),
        ("map", {"a": {"b": 5}}, {"a": {"b": "5"}}),
        ("map", {"rsa": [2048, 4096]}, {"rsa": "[2048 4096]"}),
        ("token_policies_glob", ["A*"], ["a*"]),
        ("entity_ids", ["A"], ["a"]),
        ("token_type", "", "default"),
        ("not_after", "2030-01-01T01:00:00+01:00", "2030-01-01T00:00:00Z"),
        ("path", "kv", "kv/"),
    ],
)
def test_what_differs_in_form_only_is_the_same(name, sent, read):
    fields = Fields(DESCRIBED)
    assert fields.normal(name, sent, read) == fields.normal(name, read, sent)


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        ("ttl", "90m", 5401),
        ("ttl", "soon", 0),
        ("policies", ["a"], ["a", "b"]),
        ("creation_statements", ["a", "b"], ["b", "a"]),
        ("metadata", {"a": "1"}, {"a": "1", "b": "2"}),
        ("flag", False, True),
        ("text", "A", "a"),
    ],
)
def test_what_differs_in_what_it_says_is_not(name, sent, read):
    fields = Fields(DESCRIBED)
    assert fields.normal(name, sent, read) != fields.normal(name, read, sent)


@pytest.mark.parametrize(("sent", "read"), [("1h", 3600), ("a,b", ["b", "a"]), ("true", True), (None, ""), ({"a": 1}, {"a": 1})])
def test_a_field_that_nobody_describes_takes_the_form_of_what_was_read(sent, read):
    fields = Fields(None)
    assert (fields.normal("x", sent, read), fields.known) == (fields.normal("x", read, sent), False)


def document(*paths):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    rows = {
        path: {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/S{n}"}}}}}}
        for n, path in enumerate(paths)
    }
    return {"paths": rows, "components": {"schemas": {f"S{n}": {**schema, "properties": {f"of-{n}": {}}} for n in range(len(paths))}}}


class Server:
    """Describes paths below mounts, and counts how often it is asked."""

    def __init__(self, **described):
        self.described = described
        self.asked = []

    def __call__(self, path):
        self.asked.append(path)
        mount = next((mount for mount in self.described if path.startswith(f"{mount.replace('_', '/')}/")), None)
        return None if mount is None else (mount.replace("_", "/"), self.described[mount])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("auth/here/role/x", {"of-0"}),
        ("auth/here/role/special", {"of-1"}),
        ("auth/there/role/x", set()),
        ("auth/here/role", set()),
        ("sys/mounts/a/tune", {"of-0"}),
        ("sys/mounts/a/b/tune", {"of-0"}),
    ],
)
def test_a_path_has_the_fields_of_the_nearest_template(path, found):
    specs = Specs(Server(auth_here=document("/role/{name}", "/role/special"), sys=document("/mounts/{path}/tune")))
    assert set(specs.of(path).properties) == found
    assert specs.of(path).known is bool(found) and specs.of(path, open_=True).known is False


def test_of_paths_that_are_alike_one_is_asked_for():
    server = Server(auth_here=document("/role/{name}"))
    specs = Specs(server)
    specs.learn(["auth/here/role/a", "auth/there/role/a"], 2)
    assert sorted(server.asked) == ["auth/here/role/a", "auth/there/role/a"]
    for name in ("a", "b", "c"):
        assert (specs.of(f"auth/here/role/{name}").known, specs.of("auth/there/role/a").known) == (True, False)
    assert len(server.asked) == 2


def test_a_mount_whose_name_is_in_braces_is_not_every_mount():
    server = Server(**{"auth_{x}": document("/users/{name}"), "auth_other": document("/users/{name}", "/users/special")})
    specs = Specs(server)
    assert specs.of("auth/{x}/users/a").known and specs.of("auth/there/users/a").known is False
    assert set(specs.of("auth/other/users/special").properties) == {"of-1"}


def test_a_description_whose_reference_was_lost_is_found_by_the_operation():
    row = {"operationId": "kubernetes-write-auth-role", "requestBody": {"content": {"application/json": {"schema": {}}}}}
    schemas = {"KubernetesWriteAuthRoleRequest": {"properties": {"audience": {"type": "string"}}}}
    specs = Specs(Server(auth_k={"paths": {"/role/{name}": {"post": row}}, "components": {"schemas": schemas}}))
    assert set(specs.of("auth/k/role/app").properties) == {"audience"}


def test_without_a_description_nothing_is_known():
    assert Specs(lambda path: None).of("a/b").known is False


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("metadata", {"on": True, "n": 5}, {"on": "true", "n": "5"}),
        ("policies", "b, a", ["a", "b"]),
        ("names", [True, 5, " x "], ["true", "5", "x"]),
        ("creation_statements", "SELECT 1, 2", "SELECT 1, 2"),
        ("ttl", "1d12h", "129600s"),
        ("ttl", 60, "60s"),
        ("text", True, "true"),
        ("text", 5, "5"),
        ("free", '{"a": 1}', {"a": 1}),
        ("unknown", [1], [1]),
    ],
)
def test_it_is_sent_in_the_form_in_which_the_server_keeps_it(name, value, sent):
    assert Fields(DESCRIBED).sent(name, value) == sent


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ttl", "1 fortnight", "a duration such as 90m"),
        ("ttl", True, "a duration such as 90m"),
        ("ttl", [5], "a duration such as 90m"),
        ("flag", "perhaps", "true or false"),
        ("count", "five", "a whole number"),
        ("count", 1.5, "a whole number"),
        ("count", "5m", "a whole number"),
        ("rate", "many", "a number"),
        ("policies", {"a": 1}, "a list"),
        ("policies", [{"a": 1}], "a list"),
        ("metadata", "plain", "a mapping of texts"),
        ("metadata", {"a": [1]}, "a mapping of texts"),
        ("free", [1], "a mapping"),
        ("text", ["a"], "text"),
    ],
)
def test_a_value_of_another_form_is_refused(name, value, words):
    assert Fields(DESCRIBED).refusal(name, value) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ttl", "90m"),
        ("ttl", 60),
        ("ttl", ""),
        ("flag", "T"),
        ("count", "0x1F"),
        ("rate", "1.5"),
        ("policies", "a,b"),
        ("metadata", ["a=b"]),
        ("text", 5),
    ],
)
def test_an_allowed_form_is_not(name, value):
    assert Fields(DESCRIBED).refusal(name, value) == "" and Fields(None).refusal(name, value) == ""
