# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a server repeats of what it was sent, no face says it."""

from __future__ import annotations

import base64
import http.server
import json
import re
import threading
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._dashboards.grafana import dashboard
from ansible_collections.gantry.platform.plugins.module_utils._joined import (
    amtool,
    boards,
    identity,
    kube,
    promtool,
    rest,
    silence,
    slo,
    survey,
    vault,
)
from ansible_collections.gantry.platform.plugins.module_utils._joined.face import Call, Face

ROOT = Path(__file__).resolve().parents[5]
CANARY = "canary of 'mine' &\n\"more\""
TOKEN = "canary-of-a-token-4711"
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "n"}}
EXPECTATION = {"name": "n", "meaning": "m", "api_version": "v1", "kind": "ConfigMap", "namespace": "n", "condition": "`true`"}
BOARD = {"title": "t", "panels": [{"title": "p", "queries": [{"expr": "up"}]}]}
OPTIONS = {
    kube.APPLY: {"definition": [CONFIG_MAP]},
    kube.VERIFY: {"expectations": [EXPECTATION]},
    kube.ACCESS_INFO: {},
    survey.SURVEY: {},
    silence.SILENCE: {"name": "s", "matchers": ["a=b"]},
    amtool.CHECK: {"service": {"namespace": "n", "name": "m", "port": "web"}, "amtool": "/bin/true"},
    identity.IDENTITY: {"user": "system:serviceaccount:n:a", "dest": "identity.json"},
    vault.CONFIG: {"config": {"policies": {"p": {"kv/*": ["read"]}}}},
    vault.ROTATE: {"rotate": {"transit_keys": {"transit/k": {"max_age": "1h"}}}},
    vault.REVOKE: {"accessors": ["a"]},
    vault.VERIFY: {"policies": {"p": {"policies": ["p"], "may": {"kv/a": ["read"]}}}},
    vault.INFO: {},
    vault.INIT: {"keys_file": "keys.json"},
    vault.SNAPSHOT: {"path": "snapshot"},
    rest.CLOUDFLARE: {
        "config": {"account": "0" * 32, "zones": {"example.org": {"records": {"A a.example.org": {"content": "192.0.2.1"}}}}}
    },
    rest.GITHUB: {"config": {"owner": "mind", "teams": {"t": {}}}},
    rest.ELASTICSEARCH: {"config": {"data_streams": {"t": {}}}},
    rest.GRAFANA: {"config": {"teams": {"t": {}}}},
    rest.PAGERDUTY: {"config": {"teams": {"t": {}}}},
    boards.BOARDS: {"dashboards": {"d": dashboard("d", BOARD)}, "dest": "boards.html"},
    slo.REPORT: {"slos": {"s": {"service": "store", "indicator": "availability", "objective": 99, "window": "28d"}}},
    slo.GATE: {"slos": {"s": {"service": "store", "indicator": "availability", "objective": 99, "window": "28d"}}},
}
"""Every face, with options by which it asks a server something."""
OF_APIS = {rest.CLOUDFLARE, rest.ELASTICSEARCH, rest.GITHUB, rest.GRAFANA, rest.PAGERDUTY}
OF_PROGRAMS = {promtool.CHECK.name}
"""Those that ask a program of the machine, and no server."""
OF_METRICS = {boards.BOARDS, slo.REPORT, slo.GATE, silence.SILENCE}
OF_VAULT = {vault.CONFIG, vault.ROTATE, vault.REVOKE, vault.VERIFY, vault.INFO, vault.INIT, vault.SNAPSHOT}


class Echo(http.server.BaseHTTPRequestHandler):
    """Refuses everything and repeats all that it was sent."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        told = " ".join([*(value for _name, value in self.headers.items()), sent])
        self.server.told.append(told)
        body = json.dumps({"kind": "Status", "code": 400, "message": told, "errors": [told]}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_words):
        """Nothing on the screen."""


@pytest.fixture
def echo():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.told = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()


def params(face, **given):
    return {name: option.get("default") for name, option in face.spec.items()} | given


def test_every_module_that_runs_has_its_face_here():
    written = {
        path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if re.search(r"^    run_module\(", path.read_text(), re.MULTILINE)
    }
    assert written == {face.name for face in OPTIONS} | OF_PROGRAMS
    assert not [path for path in (ROOT / "plugins" / "modules").glob("*.py") if "AnsibleModule" in path.read_text()]


@pytest.mark.parametrize("face", OPTIONS, ids=lambda face: face.name)
def test_no_face_says_by_which_token_it_was_let_in(face, echo, tmp_path):
    access = {"url": echo.url, "token": TOKEN} if face in OF_VAULT | OF_METRICS else {"host": echo.url, "api_key": TOKEN}
    if face in (identity.IDENTITY, *OF_APIS):
        users = [{"name": "u", "user": {"token": TOKEN}}]
        config = {
            "clusters": [{"name": "c", "cluster": {"server": echo.url}}],
            "users": users,
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
        (tmp_path / "hub").write_text(yaml.safe_dump(config))
        access = (
            {"kubeconfig": config} if face is identity.IDENTITY else {"kubeconfig": str(tmp_path / "hub"), "token": TOKEN, "url": echo.url}
        )
    options = {name: str(tmp_path / value) if name in ("dest", "keys_file", "path") else value for name, value in OPTIONS[face].items()}
    found = face.call(Call(params(face, **access, **options), {}, str(tmp_path)))
    assert found["failed"] and found["msg"]
    assert any(TOKEN in told for told in echo.told), "the server never saw it: nothing is proved"
    assert TOKEN not in json.dumps(found)


def test_a_kubeconfig_behind_a_reference_is_told_neither_whole_nor_in_parts(echo, tmp_path):
    config = {
        "clusters": [{"name": "c", "cluster": {"server": echo.url}}],
        "users": [{"name": "u", "user": {"token": TOKEN}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (tmp_path / "emergency").write_text(yaml.safe_dump(config))
    found = kube.ACCESS_INFO.call(Call(params(kube.ACCESS_INFO, reference=f"file:{tmp_path}/emergency"), {}))
    assert found["failed"] and any(TOKEN in told for told in echo.told)
    assert TOKEN not in json.dumps(found)


FORMS = {
    "as it is": CANARY,
    "as JSON": json.dumps(CANARY),
    "as base64": base64.b64encode(CANARY.encode()).decode(),
    "in an address": "https://joe:canary%20of%20%27mine%27%20%26%0A%22more%22@host",
    "in one line": CANARY.replace("\n", "\\n"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", ["error", "details", "warnings", "plan", "foreign", "key"])
def test_what_was_resolved_is_told_nowhere(form, where):
    told = f"the server said: {FORMS[form]}, and no more"

    def work(call):
        References({"NAME": CANARY}, secrets=call.secrets).resolve("env:NAME")
        if where == "error":
            raise GantryError(told)
        if where == "details":
            raise GantryError("no", refused=[{"id": "Secret/n/s", "reason": told}])
        return {
            "warnings": {"warnings": [told]},
            "plan": {"plan": [{"id": "Secret/n/s", "reason": told}]},
            "foreign": {"foreign": [{"path": told}]},
            "key": {"objects": [{"data": {told: 1}}]},
        }[where]

    found = json.dumps(Face("any", {}, work).call(Call({}, {})))
    assert "canary" not in found and base64.b64encode(CANARY.encode()).decode() not in found
    assert "<secret: set>" in found and "and no more" in found


def test_the_names_by_which_things_are_found_again_stay():
    """Somebody's password may be the name of a set."""

    def work(call):
        References({"NAME": "vault"}, secrets=call.secrets).resolve("env:NAME")
        return {"plan": [{"id": "Secret/vault/s", "set": "vault", "action": "create", "reason": "vault said no"}]}

    (row,) = Face("any", {}, work).call(Call({}, {}))["plan"]
    assert row == {"id": "Secret/vault/s", "set": "vault", "action": "create", "reason": "<secret: set> said no"}


def test_what_is_too_short_to_be_a_secret_takes_no_words_apart():
    def work(call):
        References({"NAME": "1"}, secrets=call.secrets).resolve("env:NAME")
        raise GantryError("1 change(s) are not allowed here")

    assert Face("any", {}, work).call(Call({}, {}))["msg"].startswith("1 change")


@pytest.mark.parametrize("asked", [False, True])
def test_a_diff_is_told_where_somebody_looks_at_one(asked):
    assert ("diff" in Face("any", {}, lambda call: {"changed": False, "diff": []}).call(Call({}, {}, diff=asked))) is asked
