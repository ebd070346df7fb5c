# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""References to AWS Secrets Manager: ``aws-sm:<name or ARN>``, with ``#<key>`` one key of a secret that is JSON."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._core.errors import GantryError, InputError, ServerError, UnreachableError
from .._core.references import MissingSecretError

_ATTEMPTS = 5
_CONNECT_SECONDS, _READ_SECONDS = 10, 30
_WORDS = 400  # the page of a gateway is longer than what AWS says
_DENIED = ("AccessDenied", "AccessDeniedException")
_NOT_KNOWN = (
    *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidSignatureException", "MissingAuthenticationTokenException"),
    *("SignatureDoesNotMatch", "UnrecognizedClientException"),
)
_lock = threading.Lock()


class SecretsManager:
    """Reads each secret once. Region, credentials and endpoint are those that ``environment`` names; the ARN's region goes before."""

    def __init__(self, environment: Mapping[str, str], connect: Callable[[str | None], Any] | None = None) -> None:
        self._environment = environment
        self._connect = connect or client
        self._clients: dict[str | None, Any] = {}
        self._secrets: dict[str, str] = {}

    def __call__(self, rest: str) -> str:
        """The value of ``name`` or ``name#key``; what is no text below a key as JSON.

        Raises MissingSecretError, InputError, UnreachableError or ServerError, which name the reference and the cure and never a value.
        """
        name, hash_, key = rest.partition("#")
        if not name or (hash_ and not key):
            raise InputError(
                f"the secret reference 'aws-sm:{rest}' is not whole; allowed: aws-sm:<name or ARN> and aws-sm:<name or ARN>#<key>"
            )
        if name not in self._secrets:
            try:
                self._secrets[name] = self._read(name)
            except GantryError as error:
                raise type(error)(f"the secret reference 'aws-sm:{rest}' cannot be resolved: {error.message}") from None
        return value_of(self._secrets[name], rest, key) if key else self._secrets[name]

    def _read(self, name: str) -> str:
        exceptions = imported("botocore.exceptions")
        problem: GantryError | None = None
        answer: dict[str, Any] = {}
        with process_environment(self._environment):
            try:
                region = region_of(name)
                if region not in self._clients:
                    self._clients[region] = self._connect(region)
                answer = self._clients[region].get_secret_value(SecretId=name)
            except exceptions.ClientError as error:
                problem = refusal(error.response, name)
            except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
                problem = UnreachableError(f"Secrets Manager does not answer: {error}")
            except exceptions.BotoCoreError as error:
                problem = InputError(
                    f"{error}; AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL and the like are read from the task's environment"
                )
        if problem:
            raise problem
        if "SecretString" not in answer:
            raise InputError(f"{name} is binary; allowed is a secret that is text")
        return str(answer["SecretString"])


def value_of(text: str, rest: str, key: str) -> str:
    """One key of a secret that is a JSON object. Raises InputError or MissingSecretError that name ``rest``, never a value."""
    content = _read_json(text)
    if not isinstance(content, dict):
        raise InputError(
            f"the secret reference 'aws-sm:{rest}' cannot be resolved: the secret is no JSON object, so it has no keys; leave #{key} away"
        )
    if content.get(key) is None:
        raise MissingSecretError(f"the secret reference 'aws-sm:{rest}' cannot be resolved: the secret has no {key}")
    value = content[key]
    return value if isinstance(value, str) else json.dumps(value)


def region_of(name: str) -> str | None:
    """The region that an ARN lies in; None for a name, which is looked for in the environment's region."""
    words = name.split(":")
    return words[3] if words[0] == "arn" and len(words) > 3 and words[3] else None


def refusal(response: Mapping[str, Any], name: str) -> GantryError:
    """The error for an answer that is no secret, with the cure. AWS's own words hold names, and never a secret."""
    error = response.get("Error") or {}
    code, words = str(error.get("Code", "")), str(error.get("Message", ""))[:_WORDS]
    if code == "ResourceNotFoundException":
        return MissingSecretError(f"there is no secret {name} in this account and region ({words})")
    if code in _NOT_KNOWN:
        return InputError(f"AWS does not take these credentials; renew them, or name others by AWS_PROFILE ({code}: {words})")
    # Something between us and AWS, such as a gateway, says it by the status alone.
    if code in _DENIED or (response.get("ResponseMetadata") or {}).get("HTTPStatusCode") == 403:
        cure = "allow secretsmanager:GetSecretValue, and kms:Decrypt where the secret has a key of its own"
        return InputError(f"access is denied; {cure} ({words})")
    return ServerError(f"Secrets Manager refused it: {code}: {words}")


def client(region: str | None) -> Any:
    """A client of Secrets Manager for the process' environment. Raises InputError without boto3, botocore's errors as they are."""
    config = imported("botocore.config").Config(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS}, connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS
    )
    return imported("boto3").session.Session(region_name=region).client("secretsmanager", config=config)


def imported(name: str) -> Any:
    """boto3 or a part of botocore: loading it takes 0.4 s, so only where a reference needs it. Raises InputError with the cure."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"the Python packages boto3 and botocore are needed, and {sys.executable} does not have them ({error}); "
            "install boto3 for the interpreter that runs the task"
        ) from None


@contextlib.contextmanager
def process_environment(environment: Mapping[str, str]) -> Iterator[None]:
    """For a while the process has this environment.

    botocore looks there at many places (profiles, roles, endpoints, proxies, authorities), and can be told another one at hardly any.
    """
    with _lock:
        before, wanted = dict(os.environ), dict(environment)
        if before == wanted:
            yield
            return
        try:
            _become(wanted)
            yield
        finally:
            _become(before)


def _become(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _read_json(text: str) -> Any:
    """The JSON value, or None. The decoder's own errors hold the text that they are about."""
    try:
        return json.loads(text)
    except ValueError:
        return None
