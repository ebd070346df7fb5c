# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._model.areas.vault import SEALS, object_name
from ansible_collections.gantry.platform.plugins.module_utils._model.derive import Access
from ansible_collections.gantry.platform.tests.unit.plugins.module_utils._model.example import VALUES, errors, inventory, model

TRANSIT = {"address": "https://kms.example:8200", "key_name": "vault", "mount_path": "transit/"}
DATABASES = {"memory": {"host": "memory.db.example", "password": "env:MEMORY_PASSWORD"}, "long-term": {"host": "l", "password": "env:L"}}


def with_vault(on=True, vault=None, service=None, references=None, **more):
    """The example with the area vault on, and the service ``store`` saying more."""
    services = copy.deepcopy(VALUES["platform_services"])
    services["store"].update(service or {})
    security = {**VALUES["platform_security"], **({"vault": vault} if vault else {})}
    values = {
        "platform_settings": {**VALUES["platform_settings"], "areas": {"vault": on}},
        "platform_services": services,
        "platform_security": security,
        "platform_foundation": {"databases": copy.deepcopy(DATABASES)},
        **({"platform_secret_references": {"services": references}} if references else {}),
        **more,
    }
    return inventory(**values)


def test_a_service_reads_its_secrets_and_gets_logins_of_its_databases():
    service = {"databases": {"memory": {}, "long-term": {"access": "read"}}, "generated_secrets": {"SIGNING_KEY": {"bytes": 48}}}
    references = {"store": {"API_KEY": "vault:prod/store#api_key", "OTHER": "env:OTHER"}}
    found = model(with_vault(service=service, references=references)).effective["services"]["store"]
    assert found["vault"] == {
        "role": "store",
        "auth": "auth/kubernetes-prod-a",
        "secrets": {
            "API_KEY": {"path": "prod/data/store", "key": "api_key", "object": "store-vault"},
            "SIGNING_KEY": {"path": "prod/data/store/generated", "key": "SIGNING_KEY", "object": "store-vault-generated"},
        },
        "databases": {
            "long-term": {
                "path": "database/creds/store-long-term",
                "object": "store-vault-database-long-term",
                "host": "l",
                "port": 5432,
                "database": "long_term",
                "tls": "verify-full",
            },
            "memory": {
                "path": "database/creds/store-memory",
                "object": "store-vault-database-memory",
                "host": "memory.db.example",
                "port": 5432,
                "database": "memory",
                "tls": "verify-full",
            },
        },
    }
    assert found["secrets"]["SIGNING_KEY"] == "vault:prod/store/generated#SIGNING_KEY"


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        ("", "store-vault"),
        ("/generated", "store-vault-generated"),
        ("/mail/smtp", "store-vault-mail-smtp-5e00e1c7"),
        ("/mail-smtp", "store-vault-mail-smtp"),
        ("/Mail_SMTP", "store-vault-mail-smtp-2bab979f"),
        ("/database-memory", "store-vault-database-memory-a10eb79d"),
        ("/" + "a" * 60, "store-vault-" + "a" * 31 + "-11ee3912"),
    ],
)
def test_each_path_has_a_secret_of_its_own_whose_name_it_alone_decides(rest, name):
    assert object_name("store", f"prod/data/store{rest}", "prod") == name


def test_the_operator_is_there_before_it_is_relied_on():
    enabled = {**VALUES["platform_settings"], "areas": {"vault": True}, "components": {"vault-secrets-operator": {}}}
    assert model(with_vault(vault={"delivery": "operator"}, platform_settings=enabled))
    off = {**enabled, "components": {"vault-secrets-operator": {"enabled": False}}}
    (found,) = errors(with_vault(vault={"delivery": "operator"}, platform_settings=off))
    assert "vault-secrets-operator is not enabled" in found


def test_what_people_bring_is_not_generated():
    found = model(with_vault(service={"generated_secrets": {"KEY": {}}}, references={"store": {"KEY": "vault:prod/store#key"}})).effective[
        "services"
    ]["store"]
    assert found["secrets"] == {"KEY": "vault:prod/store#key"}


def test_without_the_area_nothing_comes_out_of_vault():
    found = model(with_vault(on=False, service={"databases": {"nowhere": {}}, "generated_secrets": {"KEY": {}}})).effective["services"]
    assert found["store"]["vault"] is None
    assert found["store"]["secrets"] == {}


@pytest.mark.parametrize(
    ("provider", "kind", "config"),
    [
        ("eks", "awskms", {"region": "eu-west-1", "kms_key_id": "alias/mind-prod-vault"}),
        ("gke", "gcpckms", {"project": "mind-1", "region": "eu-west-1", "key_ring": "mind-prod", "crypto_key": "vault"}),
        ("aks", "azurekeyvault", {"vault_name": "mind-prod", "key_name": "vault"}),
        ("kind", "shamir", {}),
    ],
)
def test_the_cloud_of_the_cluster_opens_vault_and_names_are_derived(provider, kind, config):
    cluster = {**VALUES["platform_cluster"], "provider": provider, "account": "main"}
    foundation = {"accounts": {"main": {"provider": "gcp", "id": "mind-1"}}}
    found = model(with_vault(platform_cluster=cluster, platform_foundation=foundation)).effective["security"]["vault"]
    assert found["seal"] == {"type": kind, "config": config}
    assert set(SEALS[kind]) == set(config)
    assert (found["url"], found["kv"]) == ("https://vault.mind.example:8200", "prod")
    assert found["image"] == "images.mind.example/hashicorp/vault:1.21.1"


def test_who_says_more_is_heard():
    vault = {"url": "https://secrets.example", "kv": "store", "seal": {"type": "shamir"}, "image": "images.mind.example/vault:2"}
    found = model(with_vault(vault=vault)).effective["security"]["vault"]
    assert {key: found[key] for key in vault} == {**vault, "seal": {"type": "shamir", "config": {}, "environment": {}}}


def test_where_a_cluster_is_simulated_is_known_and_counts_as_nothing_of_the_model():
    sandbox = with_vault(
        platform_cluster={**VALUES["platform_cluster"], "provider": "sandbox", "kubeconfig": ".gantry/sandbox/d.kubeconfig"}
    )
    assert model(sandbox).effective["cluster"]["simulated_in"] == "/project/.gantry/sandbox"
    real, rehearsed = model(with_vault()), model(with_vault(), access=Access("/project", "/home/me", "/project/r"))
    assert real.effective["cluster"]["simulated_in"] is None
    assert rehearsed.effective["cluster"]["simulated_in"] == "/project/r/prod-a"
    assert real.digest == rehearsed.digest


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            with_vault(on=False, references={"store": {"KEY": "vault:prod/store#key"}}),
            "secret_references.services.store.KEY: found 'vault:prod/store#key', but the area vault is off; turn settings.areas.vault on, or "
            "take another kind of reference",
        ),
        (
            with_vault(references={"store": {"KEY": "vault:prod/engine#key"}}),
            "secret_references.services.store.KEY: found 'vault:prod/engine#key'; allowed: vault:prod/store#<key>, or below: a service reads "
            "its own paths only",
        ),
        (
            with_vault(references={"store": {"KEY": "vault:prod/store-of-others#key"}}),
            "secret_references.services.store.KEY: found 'vault:prod/store-of-others#key'; allowed: vault:prod/store#<key>, or below",
        ),
        (
            with_vault(service={"databases": {"memmory": {}}}),
            "services.store.databases.memmory: found the unknown database 'memmory'; allowed: long-term, memory; did you mean 'memory'?",
        ),
        (
            with_vault(vault={"seal": {"type": "awskms", "config": {"region": "eu-west-1"}}}),
            "security.vault.seal.config.kms_key_id: missing; the seal awskms needs it",
        ),
        (
            with_vault(vault={"seal": {"type": "transit", "config": TRANSIT}}),
            "security.vault.seal.environment.VAULT_TOKEN: missing; a server gets into the other Vault by it",
        ),
        (
            with_vault(
                vault={"seal": {"type": "transit", "config": {**TRANSIT, "token": "hvs.x"}, "environment": {"VAULT_TOKEN": "env:T"}}}
            ),
            "security.vault.seal.config.token: everybody can read it here; give a reference as seal.environment.VAULT_TOKEN",
        ),
        (
            with_vault(vault={"seal": {"type": "transit", "config": TRANSIT, "environment": {"VAULT_TOKEN": "vault:prod/kms#token"}}}),
            'security.vault.seal.environment.VAULT_TOKEN: found "vault:prod/kms#token"; allowed: a reference that needs no Vault',
        ),
        (
            with_vault(vault={"delivery": "operator"}),
            "security.vault.delivery: found 'operator', but the component vault-secrets-operator is not enabled; add "
            "settings.components.vault-secrets-operator: {}, or take injector",
        ),
        (
            with_vault(
                platform_settings={
                    **VALUES["platform_settings"],
                    "areas": {"vault": True},
                    "components": {"vault": {"source": "upstream", "namespace": "secrets"}},
                }
            ),
            "settings.components.vault.namespace: found 'secrets'; allowed: vault, as long as the area vault is on",
        ),
        (
            with_vault(vault={"deliverie": "operator"}),
            "security.vault.deliverie: unknown key; allowed: url, replicas, image, storage, seal, certificate_issuer, ca_cert, delivery, kv, rotation, "
            "snapshots, people, policy_tests, prune, removable, config; did you mean 'delivery'?",
        ),
    ],
)
def test_what_cannot_be_right_is_told_before_anything_is_contacted(values, message):
    found = errors(values)
    assert len(found) == 1
    assert message in found[0]
