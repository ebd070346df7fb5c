# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods of the sandbox wait for Vault, what for, and what is said of it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions

ROLE = Path(__file__).resolve().parents[4] / "roles" / "sandbox"
AGENT = "vault.hashicorp.com/"
VOLUME = f"{AGENT}agent-service-account-token-volume-name"
TOKEN, IDENTITY, SECRET = "hvs.of-a-login", "eyJ.of-an-account", "the-secret-itself"


@pytest.fixture(scope="module")
def agents():
    """The program, as a module; what it shares with others lies beside it."""
    sys.path.insert(0, str(ROLE / "files"))
    spec = importlib.util.spec_from_file_location("vault_agents", ROLE / "files" / "vault_agents.py")
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(ROLE / "files"))
    del sys.modules[spec.name]


def pod(labels=None, phase="Pending", node="node-1", volumes=(), annotations=None):
    return {
        "metadata": {"name": "app-1", "namespace": "team", "uid": "u", "labels": labels, "annotations": annotations},
        "spec": {"nodeName": node, "serviceAccountName": "app", "volumes": list(volumes)},
        "status": {"phase": phase},
    }


def injected(role="app", notes=None, **more):
    own = {f"{AGENT}agent-inject": "true", f"{AGENT}agent-inject-secret-api": "kv/data/app/api", f"{AGENT}role": role}
    return pod(annotations={**own, **(notes or {})}, **more)


SERVER = {"app.kubernetes.io/name": "vault", "component": "server"}


def leaving(found):
    found["metadata"]["deletionTimestamp"] = "2026-11-25T00:00:00Z"
    return found


@pytest.mark.parametrize(
    ("found", "held"),
    [
        (pod(), False),
        (pod(labels={"app.kubernetes.io/name": "vault", "component": "webhook"}), False),
        (pod(labels=SERVER), True),
        (pod(labels=SERVER, phase="Running"), True),
        (pod(labels=SERVER, node=""), False),
        (leaving(pod(labels=SERVER)), False),
        (injected(), True),
        (injected(node=""), False),
        (injected(phase="Running"), False),
        (leaving(injected()), False),
        (injected(notes={"sandbox.gantry.dev/admitted": "true"}), False),
        (injected(notes={f"{AGENT}agent-inject": "false"}), False),
    ],
)
def test_only_pods_of_vault_and_pods_with_an_agent_are_held(agents, found, held):
    assert agents.is_held(found) is held


def test_a_pod_of_vault_with_an_agent_is_a_pod_of_vault(agents):
    found = injected(labels=SERVER)
    assert agents.is_server(found) and not agents.waits_for_agent(found)


def test_the_key_is_whose_work_it_is(agents):
    found = injected()
    assert agents.key_of(found) == agents.Key("team", "app", "vault", "auth/kubernetes", "app", ("kv/data/app/api",))
    found["metadata"]["annotations"] |= {
        f"{AGENT}auth-path": "/auth/kubernetes-sandbox/",
        f"{AGENT}agent-inject-secret-db": "database/creds/app",
        f"{AGENT}agent-inject-secret-again": "/kv/data/app/api",
        f"{AGENT}agent-inject-secret-empty": "",
        f"{AGENT}agent-inject-template-db": "{{ SECRET }}",
    }
    del found["spec"]["serviceAccountName"]
    expected = agents.Key("team", "default", "vault", "auth/kubernetes-sandbox", "app", ("database/creds/app", "kv/data/app/api"))
    assert agents.key_of(found) == expected


def projected(name, **source):
    return {"name": name, "projected": {"sources": [{"configMap": {"name": "ca"}}, {"serviceAccountToken": {"path": "token", **source}}]}}


@pytest.mark.parametrize(
    ("volumes", "audience"),
    [([projected("mine", audience="bank"), projected("other", audience="vault")], "bank"), ([projected("mine")], "")],
)
def test_the_audience_is_that_of_the_named_volume(agents, volumes, audience):
    found = injected(volumes=volumes, notes={VOLUME: "mine"})
    assert agents.key_of(found).audience == audience


def test_what_cannot_be_right_is_told_and_holds_nobody_else(agents):
    no_role, right = injected(role=""), injected()
    no_volume = injected(volumes=[{"name": "mine", "emptyDir": {}}], notes={VOLUME: "mine"})
    keys, wrong = agents.by_key([no_role, no_volume, right, injected()])
    assert [len(found) for found in keys.values()] == [2]
    assert [why for _pod, why in wrong] == [
        "the annotation vault.hashicorp.com/role is missing",
        "the pod has no projected volume mine with a token of its ServiceAccount",
    ]


def test_a_pod_is_changed_only_where_it_says_something_else(agents):
    found = injected()
    assert agents.changes(found, "no") == {agents.WAITS_FOR: "no"}
    assert agents.changes(found, "") == {agents.ADMITTED: "true"}
    found["metadata"]["annotations"][agents.WAITS_FOR] = "no"
    assert agents.changes(found, "no") == {}
    assert agents.changes(found, "") == {agents.ADMITTED: "true", agents.WAITS_FOR: None}
    found["metadata"]["annotations"] |= {agents.ADMITTED: "true"}
    assert agents.changes(found, "no") == {agents.ADMITTED: None}


def test_an_outcome_counts_for_a_short_time(agents):
    for outcome, seconds in ((agents.Outcome("", 100.0), agents.SHARED_FOR), (agents.Outcome("no", 100.0), agents.RETRY_AFTER)):
        assert outcome.counts(100.0 + seconds - 0.1) and not outcome.counts(100.0 + seconds)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (200, ""),
        (429, ""),
        (473, ""),
        (501, "Vault is not initialised"),
        (503, "Vault is sealed"),
        (0, "Vault does not answer"),
        (500, "Vault answers 500"),
    ],
)
def test_health_in_words(agents, status, words):
    assert agents.health_in_words(status) == words


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}, "403 permission denied"),
        (400, {"errors": ['invalid role name "a"', "more"]}, '400 invalid role name "a" more'),
        (404, {"errors": []}, "404"),
        (404, {"kind": "Status", "message": 'serviceaccounts "a" not found'}, '404 serviceaccounts "a" not found'),
        (503, {"errors": ["Vault is sealed"]}, "503 Vault is sealed"),
        (500, {"errors": [f"CREATE ROLE a PASSWORD '{SECRET}'"]}, "500, its log says why"),
        (502, "<html>", "502, its log says why"),
        (400, ["a list"], "400"),
        (400, {"errors": 7}, "400"),
    ],
)
def test_an_error_becomes_one_line(agents, status, content, words):
    assert sys.modules["keepers"].said_by(status, json.dumps(content).encode()) == words


def test_a_message_holds_no_secret_and_is_not_long(agents):
    assert agents.without(f"a {TOKEN} b", [TOKEN, ""]) == "a … b"
    assert len(agents.without("x" * 1000, [])) == agents.CUT_AT


class Both:
    """Kubernetes and Vault as answers by path; what was asked, with whose token."""

    def __init__(self, agents, refused=None):
        self.refused = refused or {}
        self.agents = agents
        self.asked = []

    def kubernetes(self, method, path, body=None, token="", /):
        return self._answer(method, path, body, token, {"status": {"token": IDENTITY}})

    def vault(self, method, path, body=None, token="", /):
        return self._answer(method, path, body, token, {"auth": {"client_token": TOKEN}, "data": {"key": SECRET}})

    def _answer(self, method, path, body, token, answer):
        self.asked.append((method, path, body, token))
        error = self.refused.get(path)
        if isinstance(error, dict):
            return error
        if error:
            raise self.agents.Refused(error, 403)
        return answer


def key(agents, **more):
    values = {"audience": "vault", "mount": "auth/kubernetes", "role": "app", "paths": ("kv/data/a", "db/creds/a b")}
    return agents.Key("team", "app", **{**values, **more})


ACCOUNT = "api/v1/namespaces/team/serviceaccounts/app/token"


def test_an_agents_work_in_full(agents):
    both = Both(agents)
    assert agents.work(key(agents), both.kubernetes, both.vault) == ""
    assert [(method, path, token) for method, path, _body, token in both.asked] == [
        ("POST", ACCOUNT, ""),
        ("POST", "auth/kubernetes/login", ""),
        ("GET", "kv/data/a", TOKEN),
        ("GET", "db/creds/a%20b", TOKEN),
        ("POST", "auth/token/revoke-self", TOKEN),
    ]
    assert both.asked[0][2]["spec"] == {"expirationSeconds": 600, "audiences": ["vault"]}
    assert both.asked[1][2] == {"role": "app", "jwt": IDENTITY}


def test_without_an_audience_the_apiserver_takes_its_own(agents):
    both = Both(agents)
    agents.work(key(agents, audience=""), both.kubernetes, both.vault)
    assert "audiences" not in both.asked[0][2]["spec"]


@pytest.mark.parametrize(
    ("path", "answer", "words", "ended"),
    [
        (ACCOUNT, "404 not found", "no token of the ServiceAccount app: 404 not found", False),
        ("auth/kubernetes/login", f"400 bad {IDENTITY}", "no login at auth/kubernetes as app: 400 bad …", False),
        ("auth/kubernetes/login", {"auth": None}, "no login at auth/kubernetes as app: an answer in a form that is not known", False),
        ("kv/data/a", f"403 permission denied {TOKEN}", "app cannot read kv/data/a: 403 permission denied …", True),
        ("db/creds/a%20b", "404", "app cannot read db/creds/a b: 404", True),
    ],
)
def test_the_first_failure_is_the_reason_and_a_login_is_ended(agents, path, answer, words, ended):
    both = Both(agents, {path: answer})
    assert agents.work(key(agents), both.kubernetes, both.vault) == words
    assert (both.asked[-1][1] == "auth/token/revoke-self") is ended


def test_a_login_that_cannot_be_ended_holds_no_pod_and_is_told(agents, monkeypatch, capsys):
    monkeypatch.setattr(agents, "RETRY_AFTER", 0)
    both = Both(agents, {"auth/token/revoke-self": f"400 {TOKEN}"})
    assert agents.work(key(agents), both.kubernetes, both.vault) == ""
    printed = capsys.readouterr().out
    assert printed.count("a login could not be ended: 400 …") == 3 and TOKEN not in printed


@pytest.mark.parametrize(("areas", "runs"), [(["core"], False), (["vault"], False), (["core", "vault"], True)])
def test_the_keeper_is_there_only_with_both_areas(areas, runs):
    selected = Definitions([ROLE]).select(areas)
    servers = [found.name for found in selected.servers]
    assert ("vault-agents" in servers) is runs
    if runs:
        assert servers.index("vault-agents") > max(servers.index(name) for name in ("vault", "kube-apiserver"))
    assert ("vault-agents" in [found.name for found in selected.clients]) is ("vault" in areas)


def test_the_stages_outrank_those_of_ordinary_pods():
    ours = list(yaml.safe_load_all((ROLE / "files" / "vault_pods.yaml").read_text(encoding="utf-8")))
    assert [stage["metadata"]["name"] for stage in ours] == ["vault-server", "vault-agent-waits", "vault-agent-done"]
    assert all(stage["spec"]["weight"] == 1 for stage in ours)
    ordinary = list(yaml.safe_load_all((ROLE / "files" / "stages.yaml").read_text(encoding="utf-8")))
    assert "pod-ready-again" in [stage["metadata"]["name"] for stage in ordinary]
    assert not [stage for stage in ordinary if "weight" in stage["spec"]]


def test_where_servers_are_everybody_learns_once_whom_to_trust(agents, capsys):
    asked, answers = [], [agents.Refused("500", 500), None, agents.Refused("409", 409)]

    class Kubernetes:
        def trust(self, namespace, authority):
            asked.append((namespace, authority))
            if answer := answers.pop(0):
                raise answer

    class Vault:
        authority = "PEM"

    keeper = agents.Keeper(Kubernetes(), Vault())
    for namespaces in ({"vault"}, {"vault"}, {"vault"}, set(), {"vault"}, {"vault"}):
        keeper._certify(namespaces)
    keeper.end()
    # Refused and tried again; then known; gone and come back, where somebody else was first.
    assert asked == [("vault", "PEM")] * 3
    assert capsys.readouterr().out == "vault could not be told whom to trust: 500\n"
