# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.credentials import credential_in, masked_text, masked_value, texts_of

CANARY = "canary1Canary2"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://vault:{CANARY}@db:5432/app?sslmode=require",
        f"https://user:{CANARY}@example.com/x",
        f"amqps://:{CANARY}@queue",
        f"vault:{CANARY}@tcp(db:3306)/app",
        f"vault:{CANARY}@unix(/run/mysqld.sock)/app",
        f"system/{CANARY}@//oracle:1521/ORCL",
        f"vault:{CANARY}@db:3306/app",
        f"CREATE USER vault IDENTIFIED BY '{CANARY}'",
        f"host=db user=vault password={CANARY} dbname=app",
        f"host=db%20user=vault%20password={CANARY}%20dbname=app",
        f"Server=db;User Id=vault;Password={CANARY};Encrypt=true",
        f"jdbc:sqlserver://db;user=vault;pwd='{CANARY}'",
        f"https://example.com/hook?access_token={CANARY}&x=1",
        f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CANARY}==;",
        f"Authorization: Bearer {CANARY}",
        f"basic {CANARY}==",
        f"eyJhbGciOiJIUzI1NiJ9.{CANARY}.{CANARY}",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}",
        f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{CANARY}\n-----END ENCRYPTED PRIVATE KEY-----\nmore",
        "AKIAIOSFODNN7EXAMPLE",
        f"hvs.{CANARY}{CANARY}",
        f"ghp_{CANARY}{CANARY}",
        f"xoxb-{CANARY}",
    ],
)
def test_a_credential_is_found_and_masked(text):
    assert credential_in(text)
    assert credential_in(f"some words, then {text}")
    assert CANARY not in masked_text(text) and "AKIA" not in masked_text(text)
    assert credential_in(masked_text(text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://{{username}}:{{password}}@db:5432/app?sslmode=disable",
        "{{username}}:{{password}}@tcp(db:3306)/",
        "host=db user={{username}} password={{password}}",
        "server=db;user id={{username}};password={{password}}",
        "{{username}}/{{password}}@//db:1521/orcl",
        "https://vault.example:8200/v1/pki/ca",
        "postgres://vault:*****@db",
        "ldaps://ldap.example:636",
        "-----BEGIN PUBLIC KEY-----\nMFk\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMFk\n-----END CERTIFICATE-----",
        "The bearer of this role may read everything",
        "basic authentication is off",
        "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'",
        "ALTER USER a IDENTIFIED BY '{{password}}'",
        'path "kv/data/app" { capabilities = ["read"] allowed_parameters = { "password" = [] } }',
        'path "auth/token/create" { required_parameters = ["token"] }',
        "registry.example/app:1.2@sha256:9f2b1c0e7d3a5b6c",
        "user@example.com",
        "team/cortex@example.com/path",
        "arn:aws:iam::123456789012:role/vault",
        "spiffe://cluster.local/ns/a/sa/b",
        "oidc:developers",
        "kv/data/cortex/memory-store/*",
        "sha256:9f2b1c0e7d3a5b6c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e",
        "uid={{.Username}},ou=people,dc=example,dc=org",
    ],
)
def test_what_is_none_is_left(text):
    assert (credential_in(text), masked_text(text)) == ("", text)


def test_values_are_masked_wherever_a_text_stands():
    value = {"a": [{"b": f"x:{CANARY}@tcp(db)/"}], f"https://u:{CANARY}@h": 1, "n": 5}
    assert CANARY not in str(masked_value(value)) and masked_value(value)["n"] == 5
    assert [place for place, text in texts_of(value) if credential_in(text)] == [("a", 0, "b"), (f"https://u:{CANARY}@h",)]
