# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who comes into Grafana as what: the way of a person through the login page of a real Keycloak, and the declared mapping over its tokens.

Grafana itself does not run here; this goes its way with what is declared for it (authorization code, PKCE, userinfo) and reads claims by the
declared JMESPath, with the library that Grafana has. Keycloak is 170 MB: where nobody has it (``GANTRY_KEYCLOAK=build`` fetches it with Maven),
it is said that nothing ran.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import http.cookiejar
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import jmespath
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import cache_folder
from ansible_collections.gantry.platform.tests.integration.conftest import built
from ansible_collections.gantry.platform.tests.integration.maven import run, unpacked
from ansible_collections.gantry.platform.tests.kit.ports import free_port
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import copy_of_the_inventories
from ansible_collections.gantry.platform.tests.unit.roles.declared import declare
from ansible_collections.gantry.platform.tests.unit.roles.with_grafana import GRAFANA, with_grafana

VERSION = "26.7.3"
REALM = GRAFANA["sso"]["issuer"].rpartition("/")[2]
CLAIM = "groups"
"""Which nobody says in the inventory: the default."""
GROUPS = {
    "developer": ["cortex-developers"],
    "lead": ["cortex-operators", "cortex-developers"],
    "sre": ["site-reliability", "senses-developers"],
    "viewer": ["everybody"],
    "nobody": [],
    "stranger": ["cortex-developers-of-old"],
}
"""Person → groups. Each has its name as password."""


def keycloak():
    """The folder of a Keycloak that is ready to start; none where it is not at hand and nobody asks for it."""
    folder = cache_folder(os.environ).parent / f"keycloak-{VERSION}"
    if folder.is_dir() or os.environ.get("GANTRY_KEYCLOAK") != "build":
        return folder if folder.is_dir() else None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        unpacked(f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip", Path(made))
        own = Path(made) / folder.name
        (own / "bin" / "kc.sh").chmod(0o755)
        run(str(own / "bin" / "kc.sh"), "build", "--db=dev-mem")
        shutil.move(own, folder)
    return folder


def realm(secret):
    """A realm with the declared client and the persons."""
    mapper = {
        "name": "groups", "protocol": "openid-connect", "protocolMapper": "oidc-group-membership-mapper",
        "config": {
            "claim.name": CLAIM, "full.path": "false", "id.token.claim": "true", "access.token.claim": "false", "userinfo.token.claim": "true",
        },
    }  # fmt: skip
    client = {
        "clientId": GRAFANA["sso"]["client"], "secret": secret, "protocol": "openid-connect", "publicClient": False,
        "standardFlowEnabled": True, "directAccessGrantsEnabled": False, "redirectUris": [f"{GRAFANA['url']}/login/generic_oauth"],
        "attributes": {"pkce.code.challenge.method": "S256"}, "protocolMappers": [mapper],
    }  # fmt: skip
    users = [
        {
            "username": name, "enabled": True, "email": f"{name}@consciousness.example", "emailVerified": True, "firstName": name.title(),
            "lastName": "Person", "groups": [f"/{group}" for group in groups],
            "credentials": [{"type": "password", "value": name, "temporary": False}],
        } for name, groups in GROUPS.items()
    ]  # fmt: skip
    groups = sorted({group for found in GROUPS.values() for group in found})
    return {
        "realm": REALM, "enabled": True, "sslRequired": "none", "groups": [{"name": group} for group in groups], "users": users, "clients": [client],
    }  # fmt: skip


class Browser:
    """What a person's browser and Grafana do. It follows no way out of the provider."""

    def __init__(self):
        # Keycloak marks its cookies for TLS, which browsers overlook on loopback.
        policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy)), Stays()]
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, url, form=None, **headers):
        """(status, headers, body)."""
        body = urllib.parse.urlencode(form).encode() if isinstance(form, dict) else form
        try:
            with self._opener.open(urllib.request.Request(url, body, headers), timeout=LONGEST) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


class Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


class Login:
    """One person's way through the declared addresses, those of the provider on loopback."""

    def __init__(self, told, secret, base):
        self._told, self._secret = told, secret
        self._issuer = GRAFANA["sso"]["issuer"]
        self._here = f"{base}/realms/{REALM}"

    def url(self, name):
        declared = self._told[f"GF_AUTH_GENERIC_OAUTH_{name}_URL"]
        assert declared.startswith(self._issuer)
        return declared.replace(self._issuer, self._here)

    def claims(self, person):
        """(those of the id token, those of userinfo)."""
        browser, verifier = Browser(), secrets.token_urlsafe(48)
        back = f"{self._told['GF_SERVER_ROOT_URL']}/login/generic_oauth"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": self._told["GF_AUTH_GENERIC_OAUTH_CLIENT_ID"], "redirect_uri": back, "state": "s",
            "scope": self._told["GF_AUTH_GENERIC_OAUTH_SCOPES"], "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        status, _headers, page = browser.ask(f"{self.url('AUTH')}?{urllib.parse.urlencode(asked)}")
        assert status == 200, page[-2000:]
        (action,) = re.findall(r'<form[^>]* action="([^"]+)"', page.decode())
        status, headers, page = browser.ask(html.unescape(action), {"username": person, "password": person})
        assert status == 302 and headers["Location"].startswith(f"{back}?"), page[-2000:]
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        form |= {"client_id": asked["client_id"], "client_secret": self._secret}
        status, _headers, body = browser.ask(self.url("TOKEN"), form)
        assert status == 200, body
        tokens = json.loads(body)
        payload = tokens["id_token"].split(".")[1]
        status, _headers, body = browser.ask(self.url("API"), Authorization=f"Bearer {tokens['access_token']}")
        assert status == 200, body
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))), json.loads(body)


@pytest.fixture
def declared(tmp_path):
    """What is declared for Grafana in one cluster."""
    inventories = with_grafana(copy_of_the_inventories(tmp_path))
    folder = tmp_path / "declared"
    folder.mkdir()
    return declare(folder, [inventories / "sandbox.yml"], ["monitoring"], "monitoring")["sandbox"].one(
        "monitoring", "ConfigMap", "grafana"
    )["data"]


@contextlib.contextmanager
def serving(folder, log):
    """(its address, a token of its administrator)."""
    port, management, password = free_port(), free_port(), secrets.token_urlsafe(16)
    words = ["--optimized", "--http-enabled=true", "--hostname-strict=false", "--http-host=127.0.0.1", f"--http-port={port}"]
    environment = {**os.environ, "KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": password}
    with log.open("wb") as output:
        command = [str(folder / "bin" / "kc.sh"), "start", *words, f"--http-management-port={management}"]
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    base, browser = f"http://127.0.0.1:{port}", Browser()

    def serves():
        assert server.poll() is None, log.read_text(encoding="utf-8")[-3000:]
        with contextlib.suppress(OSError):
            return browser.ask(f"{base}/realms/master")[0] == 200
        return False

    try:
        until(serves, "Keycloak to serve")
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": password}
        status, _headers, body = browser.ask(f"{base}/realms/master/protocol/openid-connect/token", form)
        assert status == 200, body
        yield base, json.loads(body)["access_token"]
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def as_grafana():
    """What the library by which Grafana reads a mapping makes of claims; what is no text is nobody, since the mapping is strict."""
    (program,) = built("jpgo")

    def read(path, claims):
        done = subprocess.run([program, path], input=json.dumps(claims), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        return found if isinstance(found, str) else None

    return read


ROLES = {"developer": "Viewer", "lead": "Editor", "sre": "Admin", "viewer": "Viewer", "nobody": None, "stranger": None}


def test_the_library_of_grafana_reads_the_declared_mapping_as_it_is_meant(declared, as_grafana):
    path = declared["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH"]
    assert {person: as_grafana(path, {CLAIM: groups}) for person, groups in GROUPS.items()} == ROLES
    assert [as_grafana(path, claims) for claims in ({}, {CLAIM: None}, {CLAIM: "site-reliability"})] == [None] * 3


def test_a_person_comes_in_as_what_its_groups_say_and_nobody_else_does(declared, as_grafana, tmp_path):
    folder = keycloak()
    if folder is None:
        print("not run: Keycloak is not here; GANTRY_KEYCLOAK=build fetches it, which takes minutes")
        return
    secret = secrets.token_urlsafe(24)
    with serving(folder, tmp_path / "keycloak.log") as (base, token):
        bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        status, _headers, body = Browser().ask(f"{base}/admin/realms", json.dumps(realm(secret)).encode(), **bearer)
        assert status == 201, body
        login = Login(declared, secret, base)
        found = {person: login.claims(person) for person in GROUPS}
    path = declared["GF_AUTH_GENERIC_OAUTH_ROLE_ATTRIBUTE_PATH"]
    roles = {person: {as_grafana(path, claims) for claims in both} for person, both in found.items()}
    assert roles == {person: {role} for person, role in ROLES.items()}
    groups = declared["GF_AUTH_GENERIC_OAUTH_GROUPS_ATTRIBUTE_PATH"]
    for person, both in found.items():
        for claims in both:
            assert sorted(jmespath.search(groups, claims) or []) == sorted(GROUPS[person])
            assert jmespath.search(declared["GF_AUTH_GENERIC_OAUTH_LOGIN_ATTRIBUTE_PATH"], claims) == person
            assert jmespath.search(declared["GF_AUTH_GENERIC_OAUTH_EMAIL_ATTRIBUTE_PATH"], claims) == f"{person}@consciousness.example"
            assert jmespath.search(declared["GF_AUTH_GENERIC_OAUTH_NAME_ATTRIBUTE_PATH"], claims) == f"{person.title()} Person"
