# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delivery ``operator`` by the real Vault Secrets Operator: out of a real Vault and PostgreSQL into Secrets of a real cluster."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient, resolve_vault
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.kube.cluster import Cluster
from ansible_collections.gantry.platform.tests.integration.runs import Runs, conforms
from ansible_collections.gantry.platform.tests.integration.vault.conftest import Live
from ansible_collections.gantry.platform.tests.integration.vault.databases import psql
from ansible_collections.gantry.platform.tests.kit.waiting import until
from ansible_collections.gantry.platform.tests.unit.roles.operated import operated

HOST = "sandbox"
ROOM = "memory"
BROUGHT = {'api "key"': "first-of-api", "token": "first-of-token", "not named": "nobody-reads-this"}
OWNER = {"owner": "memory", "data-class": "internal"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """A platform with the operator beside it, after one run; then people have brought what is theirs, as far as it was made up before."""
    folder = INSTANCES / "operator"
    root = {"sandbox_root": str(folder / HOST), "platform_run_folder": str(folder / "run"), "workloads_vault_refresh": "5s"}
    areas = {"platform_areas": "vault", "sandbox_areas": ["core", "vault", "vault-operator"]}
    bare = Runs(folder, operated(tmp_path_factory.mktemp("bare")), HOST, **root, **areas)
    bare.remove()
    try:
        code, output = bare.command("ansible-playbook", *bare.words("molecule/shared/prepare.yml"))
        assert code == 0, output
        live = Live(bare.cluster)
        authority = (bare.cluster / "pki" / "ca.crt").read_text(encoding="utf-8")
        inventory = operated(tmp_path_factory.mktemp("operated"), url=live.url, ca_cert=authority)
        runs = Runs(folder, inventory, HOST, **root, **areas)
        code, output, report = runs.play("site")
        assert (code, report["status"], report["hosts"][HOST]["verified"]) == (0, "applied", True), output[-3000:]
        live.api.write("sandbox/data/store", {"data": BROUGHT})
        runs.live, runs.kube = live, Cluster(bare.cluster)
        yield runs
    finally:
        bare.remove()


def secret(runs, name):
    """The data of a Secret in clear; none where there is no such Secret."""
    for found in runs.kube.list("Secret", ROOM):
        if found["metadata"]["name"] == name:
            return {key: base64.b64decode(value).decode() for key, value in (found.get("data") or {}).items()}
    return None


def made(runs, name, wanted=lambda data: True):
    """The data of a Secret as soon as it is as wanted."""
    until(lambda: (data := secret(runs, name)) is not None and wanted(data), f"the Secret {name}")
    return secret(runs, name)


def login(data):
    """The credentials in the only value of a database's Secret."""
    (text,) = data.values()
    url = urllib.parse.urlsplit(text)
    return {"username": url.username, "password": urllib.parse.unquote(url.password)}


def restarts(runs):
    template = json.loads(runs.kubectl("-n", ROOM, "get", "deployment", "store", "-o", "json"))["spec"]["template"]
    return template["metadata"]["annotations"].get("vso.secrets.hashicorp.com/restartedAt")


def warnings(runs, namespace, kind):
    """What the operator complained of, of objects of a kind."""
    events = runs.kube.list("Event", namespace)
    return [one["message"] for one in events if one["involvedObject"]["kind"] == kind and one["type"] == "Warning"]


def test_the_pods_variables_come_out_of_vault_and_nothing_else(platform):
    brought = {"API_KEY": "first-of-api", "TOKEN": "first-of-token"}
    assert made(platform, "store-vault", lambda data: data == brought) == brought
    generated = platform.live.api.read("sandbox/data/store/generated")["data"]["data"]
    assert made(platform, "store-vault-generated") == generated != {}
    # Every variable of the pods has its Secret and its key there.
    (app,) = json.loads(platform.kubectl("-n", ROOM, "get", "deployment", "store", "-o", "json"))["spec"]["template"]["spec"]["containers"]
    for reference in (entry["valueFrom"]["secretKeyRef"] for entry in app["env"]):
        assert secret(platform, reference["name"])[reference["key"]]
    labels = next(one for one in platform.kube.list("Secret", ROOM) if one["metadata"]["name"] == "store-vault")["metadata"]["labels"]
    assert labels.items() >= OWNER.items()


def test_a_login_of_a_database_works_and_ends_with_its_object(platform):
    first = login(made(platform, "store-vault-database-memory"))
    assert psql(platform.live, first) == first["username"]
    platform.kubectl("-n", ROOM, "delete", "vaultdynamicsecret", "store-vault-database-memory")
    until(lambda: "password authentication failed" in psql(platform.live, first), "the login to end")
    until(lambda: secret(platform, "store-vault-database-memory") is None, "its Secret to go")

    code, output, report = platform.play("site")
    assert code == 0, output[-3000:]
    assert [(change["action"], change["id"]) for change in report["changes"]] == [
        ("create", "VaultDynamicSecret.secrets.hashicorp.com/memory/store-vault-database-memory")
    ]
    second = login(made(platform, "store-vault-database-memory"))
    assert second != first and psql(platform.live, second) == second["username"]


def test_a_service_ends_its_own_logins_and_nobody_elses(platform, tmp_path):
    token = platform.kubectl("-n", ROOM, "create", "token", "store", "--audience=vault")
    entered = platform.live.api.write("auth/kubernetes-sandbox/login", {"role": "store", "jwt": token})["auth"]
    (tmp_path / "token").write_text(entered["client_token"], encoding="utf-8")
    service = VaultClient(resolve_vault({**platform.live.access, "token_file": str(tmp_path / "token")}, {}), "service")
    made = service.read("database/creds/store-memory")
    service.write("sys/leases/revoke", {"lease_id": made["lease_id"]})
    until(lambda: "password authentication failed" in psql(platform.live, made["data"]), "the login to end")
    for lease in ("database/creds/other-memory/x", "auth/kubernetes-sandbox/login/x", "database/creds/store-memory-2/x"):
        with pytest.raises(GantryError, match="permission denied"):
            service.write("sys/leases/revoke", {"lease_id": lease})


def test_what_the_operator_writes_is_no_drift(platform):
    before = len(platform.audited())
    made(platform, "store-vault")
    code, output, report = platform.play("drift")
    assert (code, conforms(report, "drift")["status"]) == (0, "clean"), output[-3000:]
    code, output, report = platform.play("site")
    assert (code, report["status"]) == (0, "clean"), output[-3000:]
    assert platform.audited()[before:] == []


def test_a_changed_secret_reaches_the_pods_and_the_next_run_leaves_their_restart_alone(platform):
    made(platform, "store-vault")
    before = restarts(platform)
    platform.live.api.write("sandbox/data/store", {"data": {**BROUGHT, "token": "second-of-token"}})
    assert made(platform, "store-vault", lambda data: data["TOKEN"] == "second-of-token")["API_KEY"] == "first-of-api"
    until(lambda: restarts(platform) != before, "the Deployment to restart")
    after = restarts(platform)
    code, output, report = platform.play("site")
    assert (code, report["status"], restarts(platform)) == (0, "clean", after), output[-3000:]


def test_a_key_that_is_missing_is_said_and_changes_nothing(platform):
    kept = made(platform, "store-vault")
    platform.live.api.write("sandbox/data/store", {"data": {"token": "third-of-token"}})
    until(lambda: any('the key api "key" is missing' in text for text in warnings(platform, ROOM, "VaultStaticSecret")), "a warning")
    assert secret(platform, "store-vault") == kept
    platform.live.api.write("sandbox/data/store", {"data": BROUGHT})
    made(platform, "store-vault", lambda data: data["TOKEN"] == "first-of-token")


def test_another_team_cannot_borrow_the_login_of_a_service(platform):
    stolen = {
        "apiVersion": "secrets.hashicorp.com/v1beta1",
        "kind": "VaultStaticSecret",
        "metadata": {"name": "stolen", "namespace": "cortex"},
        "spec": {
            "vaultAuthRef": "memory/store",
            "type": "kv-v2",
            "mount": "sandbox",
            "path": "store",
            "destination": {"name": "stolen", "create": True},
        },
    }
    platform.kube.admin.create(platform.kube.path(stolen).rpartition("/")[0], stolen, "tests")
    refused = 'target namespace "cortex" is not allowed by kind=VaultAuth obj=memory/store'
    until(lambda: any(refused in text for text in warnings(platform, "cortex", "VaultStaticSecret")), "a refusal")
    assert "stolen" not in [one["metadata"]["name"] for one in platform.kube.list("Secret", "cortex")]
