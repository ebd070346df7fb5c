# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.client
import json
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, VaultError, resolve_vault

ADDRESS = "https://vault.example:8200"


def answer(status=200, body=None):
    return Response(status, http.client.HTTPMessage(), json.dumps(body).encode() if body is not None else b"")


@pytest.fixture
def client(monkeypatch):
    """A client whose pool answers what lies in ``answers`` and remembers what it was asked."""
    made = VaultClient(resolve_vault({"url": ADDRESS}, {}))
    made.answers, made.asked = [], []

    def request(method, path, body, headers, retry, gate, once=False):
        made.asked.append((method, path, json.loads(body) if body else None))
        made.retry, made.once = retry, once
        return made.answers.pop(0)

    monkeypatch.setattr(made, "pool", types.SimpleNamespace(request=request))
    return made


def problem(options, environment=None):
    with pytest.raises(InputError) as refused:
        resolve_vault(options, environment or {})
    return refused.value.message


def test_options_come_before_the_environment():
    given = {"VAULT_ADDR": "https://other:1", "VAULT_TOKEN": "theirs", "VAULT_NAMESPACE": "n", "VAULT_TLS_SERVER_NAME": "name"}
    found = resolve_vault({"url": ADDRESS, "token": "ours"}, given)
    assert (found.endpoint.url, found.token, found.namespace, found.endpoint.server_hostname) == (ADDRESS, "ours", "n", "name")
    assert found.headers() == {"X-Vault-Request": "true", "X-Vault-Token": "ours", "X-Vault-Namespace": "n"}
    assert resolve_vault({}, given).token == "theirs"
    assert resolve_vault({"url": ADDRESS}, {}).headers() == {"X-Vault-Request": "true"}


def test_certificates_are_checked_unless_told_otherwise(tmp_path):
    authority = Authority(tmp_path / "pki")
    authority.server("serving", ["localhost"])
    checked = resolve_vault({"url": ADDRESS, "ca_cert": str(tmp_path / "pki" / "ca.crt")}, {}).endpoint.tls
    assert checked.check_hostname
    assert not resolve_vault({"url": ADDRESS}, {"VAULT_SKIP_VERIFY": "true"}).endpoint.tls.check_hostname
    assert resolve_vault({"url": ADDRESS, "validate_certs": True}, {"VAULT_SKIP_VERIFY": "1"}).endpoint.tls.check_hostname
    assert "ca_cert" in problem({"url": ADDRESS, "ca_cert": str(tmp_path / "none")})
    text = (tmp_path / "pki" / "ca.crt").read_text(encoding="utf-8")
    assert resolve_vault({"url": ADDRESS, "ca_cert": text}, {}).endpoint.tls.get_ca_certs() == checked.get_ca_certs()
    assert problem({"url": ADDRESS, "ca_cert": text[:90]}).startswith("ca_cert: the text is no certificate in PEM")


def test_a_token_comes_out_of_a_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("s.plain\n")
    assert resolve_vault({"url": ADDRESS, "token_file": str(file)}, {"VAULT_TOKEN": "other"}).token == "s.plain"
    file.write_text(json.dumps({"root_token": "s.root", "keys": []}))
    assert resolve_vault({"url": ADDRESS, "token_file": str(file)}, {}).token == "s.root"
    for content in ("{}", "{broken"):
        file.write_text(content)
        assert "neither a token nor what vault_init delivers" in problem({"url": ADDRESS, "token_file": str(file)})
    assert "cannot be read" in problem({"url": ADDRESS, "token_file": str(tmp_path / "none")})


@pytest.mark.parametrize("url", ["", "vault.example:8200", "ftp://vault", "https://"])
def test_an_address_that_is_none_is_refused(url):
    assert "https://host:8200" in problem({"url": url})


def test_reads_writes_and_what_is_not_there(client):
    client.answers = [answer(200, {"a": 1}), answer(204), answer(404, {"errors": []})]
    assert client.read("sys/health", {"sealedcode": "200"}) == {"a": 1}
    assert client.write("sys/mounts/x", {"type": "kv"}) == {}
    assert client.find("secret/none") is None
    assert client.asked == [
        ("GET", "/v1/sys/health?sealedcode=200", None),
        ("PUT", "/v1/sys/mounts/x", {"type": "kv"}),
        ("GET", "/v1/secret/none", None),
    ]


def test_a_refusal_tells_what_the_server_said_without_long_values(client):
    client.answers = [
        answer(400, {"errors": ["1 error occurred:\n\t* bad value " + "s" * 100]}),
        answer(403, {"errors": ["permission denied"]}),
    ]
    with pytest.raises(VaultError) as refused:
        client.write("x", {})
    assert refused.value.message == "PUT x: 400 1 error occurred: * bad value …"
    with pytest.raises(VaultError) as refused:
        client.find("y")
    assert (refused.value.status, refused.value.sealed) == (403, False)


def test_a_refusal_says_whether_a_path_its_description_or_its_list_was_asked(client):
    client.answers = [answer(500, {"errors": ["out of order"]}) for _time in range(4)]
    asked = [
        (lambda: client.describe("pki/roles/a"), "GET pki/roles/a?help=1: 500 out of order"),
        (lambda: client.rows("pki/issuers"), "GET pki/issuers?list=true: 500 out of order"),
        (lambda: client.read("pki/roles/a"), "GET pki/roles/a: 500 out of order"),
        (client.health, "GET sys/health: 500 out of order"),
    ]
    for ask, words in asked:
        with pytest.raises(VaultError) as refused:
            ask()
        assert refused.value.message == words


@pytest.mark.parametrize(
    ("path", "once"),
    [
        ("pki/issuers/generate/intermediate/internal", True),
        ("pki/issuers/generate/root/internal", True),
        ("pki/issuers/generate/intermediate/existing", False),
        ("pki/issuer/issuing", False),
    ],
)
def test_what_makes_something_new_each_time_is_sent_once(client, path, once):
    client.answers = [answer(204)]
    client.write(path, {})
    assert client.once is once


def test_a_sealed_server_is_not_asked_again_and_a_busy_one_is(client):
    client.answers = [answer(503, {"errors": ["Vault is sealed"]})]
    with pytest.raises(VaultError) as refused:
        client.read("secret/x")
    assert refused.value.sealed
    assert client.retry.permanent(answer(503, {"errors": ["Vault is sealed"]}))
    assert not client.retry.permanent(answer(503, {"errors": ["overloaded"]}))


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("auth/u/users/a?b", "/v1/auth/u/users/a%3Fb"),
        ("kv/data/50% #1", "/v1/kv/data/50%25%20%231"),
        ("identity/group/name/Ärzte", "/v1/identity/group/name/%C3%84rzte"),
        ("kv/metadata/app/?list=true", "/v1/kv/metadata/app/?list=true"),
        ("kv/metadata/a?b?list=true", "/v1/kv/metadata/a%3Fb?list=true"),
    ],
)
def test_what_a_path_holds_is_quoted(client, path, asked):
    client.answers = [answer(200, {})]
    client.read(path)
    assert client.asked == [("GET", asked, None)]


@pytest.mark.parametrize("path", ["kv/data/../../sys/policies/acl/x", "kv//x", "/kv/x", "kv/./x", "kv/a\nb"])
def test_what_no_quoting_saves_is_never_sent(client, path):
    with pytest.raises(InputError, match="this is no path of Vault"):
        client.write(path, {"a": 1})
    assert client.asked == []
