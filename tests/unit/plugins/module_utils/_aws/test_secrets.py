# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys

import boto3
import pytest
from ansible_collections.gantry.platform.plugins.module_utils._aws.secrets import (
    SecretsManager,
    client,
    process_environment,
    region_of,
)
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError, UnreachableError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import MissingSecretError, References
from botocore.stub import Stubber

CANARY = "canary-5f1c"
ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:platform/registry-AbCdEf"
ACCESS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.fixture
def manager(request):
    """Secrets of a stubbed client, which validates each request and answer by AWS's own description; gives (reader, stub, regions)."""
    stubbed = boto3.session.Session("a", "b", region_name="eu-west-1").client("secretsmanager")
    regions = []
    with Stubber(stubbed) as stub:

        def connect(region):
            regions.append(region)
            return stubbed

        yield SecretsManager(ACCESS, connect), stub, regions


def text(stub, value, name="app"):
    stub.add_response("get_secret_value", {"Name": name, "SecretString": value}, {"SecretId": name})


def test_a_secret_is_taken_whole_or_by_a_key_and_read_once(manager):
    reader, stub, regions = manager
    text(stub, '{"password": "p", "port": 5, "a.b": "c"}')
    references = References({}, resolvers={"aws-sm": reader})
    found = [references.resolve(f"aws-sm:app{key}") for key in ("#password", "#port", "#a.b", "")]
    assert found == ["p", "5", "c", '{"password": "p", "port": 5, "a.b": "c"}']
    assert regions == [None]


def test_an_arn_is_a_name_with_a_region(manager):
    reader, stub, regions = manager
    text(stub, "whole", ARN)
    text(stub, '{"k": "v"}', f"{ARN}2")
    references = References({}, resolvers={"aws-sm": reader})
    assert references.resolve(f"aws-sm:{ARN}") == "whole"
    assert references.resolve(f"aws-sm:{ARN}2#k") == "v"
    assert regions == ["eu-west-3"]


@pytest.mark.parametrize(
    ("name", "region"), [(ARN, "eu-west-3"), ("app", None), ("a/arn:b", None), ("arn:aws:x", None), ("arn:aws:s::1", None)]
)
def test_only_an_arn_names_a_region(name, region):
    assert region_of(name) == region


@pytest.mark.parametrize("rest", ["", "#key", "app#"])
def test_what_is_not_whole_is_refused_before_anything_is_asked(manager, rest):
    reader, _stub, regions = manager
    with pytest.raises(InputError, match="is not whole; allowed: aws-sm:<name or ARN>"):
        reader(rest)
    assert regions == []


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (CANARY, InputError, "no JSON object, so it has no keys"),
        (f'["{CANARY}"]', InputError, "no JSON object, so it has no keys"),
        (f'{{"a": "{CANARY}"}}', MissingSecretError, "the secret has no key"),
        (f'{{"a": "{CANARY}", "key": null}}', MissingSecretError, "the secret has no key"),
    ],
)
def test_a_key_that_is_not_there_is_told_without_a_value(manager, value, kind, words):
    reader, stub, _regions = manager
    text(stub, value)
    with pytest.raises(InputError, match=words) as told:
        reader("app#key")
    assert type(told.value) is kind and "'aws-sm:app#key' cannot be resolved" in told.value.message
    assert_silent(told.value)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("ResourceNotFoundException", MissingSecretError, "there is no secret app in this account and region"),
        ("AccessDeniedException", InputError, "allow secretsmanager:GetSecretValue"),
        ("ExpiredTokenException", InputError, "AWS does not take these credentials; renew them"),
        ("InternalServiceError", ServerError, "InternalServiceError: words of AWS"),
        ("403", InputError, "access is denied"),
    ],
)
def test_a_refusal_is_told_with_the_cure(manager, code, kind, words):
    reader, stub, _regions = manager
    stub.add_client_error("get_secret_value", code, "words of AWS", 403 if code == "403" else 400)
    with pytest.raises(kind, match=words) as told:
        reader("app#key")
    assert "'aws-sm:app#key' cannot be resolved" in told.value.message and "words of AWS" in told.value.message


def test_a_binary_secret_is_refused_without_a_byte_of_it(manager):
    reader, stub, _regions = manager
    stub.add_response("get_secret_value", {"Name": "app", "SecretBinary": CANARY.encode()}, {"SecretId": "app"})
    with pytest.raises(InputError, match="app is binary") as told:
        reader("app")
    assert_silent(told.value)


def test_what_is_missing_in_the_environment_is_told(tmp_path, monkeypatch):
    # Of the process: it must not be taken in the place of what is not given.
    for name, value in ACCESS.items():
        monkeypatch.setenv(name, value)
    alone = {
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for environment, words in (
        (alone, "You must specify a region"),
        ({**alone, "AWS_REGION": "eu-west-1"}, "region"),
        ({**alone, "AWS_DEFAULT_REGION": "eu-west-1"}, "Unable to locate credentials"),
        ({**alone, "AWS_PROFILE": "nobody"}, "nobody"),
    ):
        with pytest.raises(InputError, match=words) as told:
            SecretsManager(environment)("app")
        assert "AWS_REGION, AWS_PROFILE" in told.value.message


def test_a_server_that_is_not_there_is_told():
    environment = {**ACCESS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    with pytest.raises(UnreachableError, match="'aws-sm:app' cannot be resolved: Secrets Manager does not answer") as told:
        SecretsManager(environment)("app")
    assert "127.0.0.1:1" in told.value.message


def test_the_client_retries_by_the_standard_mode():
    with process_environment(ACCESS):
        made = client(None)
    assert made.meta.config.retries == {"mode": "standard", "total_max_attempts": 5}
    assert made.meta.region_name == "eu-west-1"


@pytest.mark.parametrize("name", ["boto3", "botocore.exceptions"])
def test_without_the_packages_the_cure_is_told(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match="'aws-sm:app' cannot be resolved: the Python packages boto3 and botocore are needed"):
        SecretsManager(ACCESS)("app")


def test_the_process_has_its_own_environment_back(monkeypatch):
    monkeypatch.setenv("OF_THE_PROCESS", "1")
    before = dict(os.environ)
    with pytest.raises(KeyError), process_environment({"GIVEN": "2"}):
        assert dict(os.environ) == {"GIVEN": "2"}
        raise KeyError
    assert dict(os.environ) == before
    with process_environment(os.environ):
        assert dict(os.environ) == before


def assert_silent(error):
    """Neither the error nor what led to it holds the canary."""
    while error is not None:
        assert CANARY not in f"{error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
