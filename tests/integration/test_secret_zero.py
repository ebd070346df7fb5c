# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References that work before there is a Vault: the real sops with an age key, and boto3 against Secrets Manager as moto has it."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import subprocess
import threading
import urllib.request
from pathlib import Path

import boto3
import pytest
import yaml
from ansible_collections.gantry.platform.tests.integration.conftest import built
from ansible_collections.gantry.platform.tests.integration.kube.objects import secret
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face
from ansible_collections.gantry.platform.tests.integration.vault.accounts import account, token_of
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parents[2]
LOUD = ("-vvvv", "--diff")
VALUES = {"password": "canary-yaml-1f5c", "token": "canary-json-9b2e", "PIN": "canary dotenv 77aa", "aws": "canary-aws-0c1d"}
ARN_VALUE = "canary-arn-4e4e"
DOCUMENTS = {
    "secrets.yml": yaml.safe_dump(
        {"database": {"password": VALUES["password"], "port": 5432}, "users": [{"name": "joe"}], "ca.crt": "pem"}
    ),
    "secrets.json": json.dumps({"dns": {"token": VALUES["token"]}}),
    "secrets.env": f"PIN={VALUES['PIN']}\nOTHER=canary-of-another-line\n",
}


class Sops:
    """The sops that the sandbox would build, an age key of the tests' own, and a folder with encrypted files."""

    def __init__(self, folder: Path) -> None:
        self.program, keygen = built("sops", "age-keygen")
        self.folder = folder
        for name in ("key", "other"):
            subprocess.run([keygen, "-o", str(folder / f"{name}.txt")], check=True, capture_output=True)
        answer = subprocess.run([keygen, "-y", str(folder / "key.txt")], check=True, capture_output=True, text=True)
        self.recipient = answer.stdout.strip()
        self.environment = {"ANSIBLE_SOPS_BINARY": self.program, "SOPS_AGE_KEY_FILE": str(folder / "key.txt"), "HOME": str(folder)}

    def encrypt(self, folder: Path) -> None:
        """Each document into ``folder``; what is not encrypted is on no disk."""
        for name, text in DOCUMENTS.items():
            self.encrypt_one(folder, name, text)

    def encrypt_one(self, folder: Path, name: str, text: str) -> None:
        """One document."""
        command = [self.program, "encrypt", "--age", self.recipient, "--filename-override", name, "/dev/stdin"]
        done = subprocess.run(command, input=text, check=True, capture_output=True, text=True)
        (folder / name).write_text(done.stdout, encoding="utf-8")


@pytest.fixture(scope="module")
def sops(tmp_path_factory):
    return Sops(tmp_path_factory.mktemp("keys"))


class SecretsManager:
    """moto on loopback: two secrets in one region, one in another, and the keys of somebody who may do nothing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.environment = {
            **{"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"},
            **{"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests"},
        }
        here, there = (self.client("secretsmanager", region) for region in ("eu-west-1", "eu-central-1"))
        here.create_secret(Name="platform/dns", SecretString=json.dumps({"token": VALUES["aws"], "ttl": 60}))
        here.create_secret(Name="platform/whole", SecretString=VALUES["aws"])
        self.arn = there.create_secret(Name="platform/far", SecretString=ARN_VALUE)["ARN"]

    def client(self, service, region):
        return boto3.client(service, region, endpoint_url=self.url, aws_access_key_id="tests", aws_secret_access_key="tests")

    def nobody(self):
        """Variables with the keys of a user without any policy."""
        iam = self.client("iam", "us-east-1")
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def authorise(self, requests):
        """Whether moto looks at keys and policies: after so many requests."""
        plain = {"Content-Type": "text/plain"}
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=str(requests).encode(), headers=plain, method="POST")
        urllib.request.urlopen(request).close()


@pytest.fixture(scope="module")
def aws():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield SecretsManager(f"http://{host}:{port}")
    finally:
        server.stop()


class Closed(http.server.BaseHTTPRequestHandler):
    """Answers as a Vault does whose token may do nothing."""

    def do_GET(self):
        body = b'{"errors": ["nobody comes in here"]}'
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        """A test's output is for its assertions."""


@pytest.fixture(scope="module")
def closed():
    """Its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def folder(tmp_path, sops):
    """A playbook's folder with the encrypted files; everything that the run leaves comes to lie there as well."""
    sops.encrypt(tmp_path)
    return tmp_path


def looked_up(name, reference, **keys):
    """A task that asks the lookup and shows a digest of what it got."""
    return {
        "name": name,
        "ansible.builtin.set_fact": {"found": f"{{{{ lookup('gantry.platform.secret', '{reference}') | hash('sha256') }}}}"},
        **keys,
    }


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def assert_silent(folder, played):
    """No canary in the output, in a result, in the arguments of any process, or in a file that is left."""
    words = [played.output, json.dumps(played.results), *played.command_lines]
    words += [path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*") if path.is_file()]
    encoded = [base64.b64encode(value.encode()).decode() for value in VALUES.values()]
    assert [word for text in words for word in ("canary", *encoded) if word in text] == []


def test_the_lookup_gives_what_every_kind_of_file_and_secret_holds(folder, sops, aws):
    wanted = {
        "sops:secrets.yml#database.password": VALUES["password"],
        "sops:secrets.yml#database.port": "5432",
        "sops:secrets.yml#users.0.name": "joe",
        "sops:secrets.yml#ca.crt": "pem",
        f"sops:{folder}/secrets.json#dns.token": VALUES["token"],
        "sops:secrets.env#PIN": VALUES["PIN"],
        "aws-sm:platform/whole": VALUES["aws"],
        "aws-sm:platform/dns#token": VALUES["aws"],
        "aws-sm:platform/dns#ttl": "60",
        f"aws-sm:{aws.arn}": ARN_VALUE,
    }
    tasks = [looked_up(f"number{number}", reference) for number, reference in enumerate(wanted)]
    played = Face("action", folder, "").play(*tasks, words=LOUD, environment={**sops.environment, **aws.environment})
    found = [played.results[task["name"]]["ansible_facts"]["found"] for task in tasks]
    assert found == [sha256(value) for value in wanted.values()], played.output
    assert_silent(folder, played)


def test_one_task_decrypts_a_file_once(folder, sops):
    counting = folder / "counting"
    counting.write_text(f'#!/bin/sh\necho run >> {folder}/runs\nexec {sops.program} "$@"\n')
    counting.chmod(0o755)
    references = ", ".join(f"'sops:secrets.yml#{key}'" for key in ("database.password", "database.port", "ca.crt"))
    task = {"name": "asked", "ansible.builtin.set_fact": {"found": f"{{{{ query('gantry.platform.secret', {references}) | length }}}}"}}
    environment = {**sops.environment, "ANSIBLE_SOPS_BINARY": str(counting)}
    played = Face("action", folder, "").play(task, environment=environment)
    assert int(played.results["asked"]["ansible_facts"]["found"]) == 3, played.output
    assert (folder / "runs").read_text() == "run\n"


def test_no_error_of_the_lookup_shows_a_value(folder, sops):
    (folder / "by_hand.yml").write_text((folder / "secrets.yml").read_text().replace("ENC[", "canary-by-hand ENC[", 1))
    (folder / "by_hand.env").write_text("canary-line\n" + (folder / "secrets.env").read_text())
    (folder / "plain.yml").write_text("password: canary-that-is-plain\n")
    played = Face("action", folder, "").play(
        looked_up("no_such_key", "sops:secrets.yml#database.passwort"),
        looked_up("too_deep", "sops:secrets.yml#database.password.more"),
        looked_up("by_hand", "sops:by_hand.yml#database.port"),
        looked_up("line_by_hand", "sops:by_hand.env#PIN"),
        looked_up("plain", "sops:plain.yml#password"),
        words=LOUD,
        environment=sops.environment,
    )
    for name in ("by_hand.yml", "by_hand.env", "plain.yml"):
        (folder / name).unlink()
    found = {name: result["msg"] for name, result in played.results.items()}
    assert "has no database.passwort" in found["no_such_key"]
    assert "has no database.password.more" in found["too_deep"]
    assert "by_hand.yml was changed by something else than sops" in found["by_hand"]
    assert "sops ended with 1" in found["line_by_hand"]
    assert "plain.yml is not encrypted" in found["plain"]
    assert_silent(folder, played)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ({"SOPS_AGE_KEY_FILE": "other.txt"}, "identity did not match any of the recipients"),
        ({"SOPS_AGE_KEY_FILE": "none.txt"}, "none.txt: no such file or directory"),
        ({"SOPS_AGE_KEY": "AGE-SECRET-KEY-1canary"}, "failed to parse 'SOPS_AGE_KEY' age identities"),
    ],
)
def test_another_key_is_told_with_the_cure_and_without_a_value(folder, sops, key, words):
    given = {name: str(sops.folder / value) if name.endswith("_FILE") else value for name, value in key.items()}
    environment = {name: value for name, value in sops.environment.items() if name != "SOPS_AGE_KEY_FILE"}
    played = Face("action", folder, "").play(
        looked_up("asked", "sops:secrets.yml#database.password"), words=LOUD, environment={**environment, **given}
    )
    told = played.results["asked"]["msg"]
    assert "'sops:secrets.yml#database.password' cannot be resolved: no key at hand opens" in told and "SOPS_AGE_KEY_FILE" in told
    assert words in told
    assert_silent(folder, played)


def test_without_the_program_the_cure_is_told(folder):
    played = Face("action", folder, "").play(
        looked_up("asked", "sops:secrets.yml#database.password"), environment={"ANSIBLE_SOPS_BINARY": str(folder / "none")}
    )
    assert "which ANSIBLE_SOPS_BINARY names, is no executable file; install sops" in played.results["asked"]["msg"]


def test_what_secrets_manager_refuses_is_told_with_the_cure(folder, aws):
    nobody, environment = aws.nobody(), aws.environment
    book = Face("action", folder, "")
    played = book.play(
        looked_up("missing", "aws-sm:platform/none#token"),
        looked_up("no_key", "aws-sm:platform/dns#user"),
        looked_up("no_json", "aws-sm:platform/whole#token"),
        words=LOUD,
        environment=environment,
    )
    aws.authorise(0)
    try:
        denied = book.play(looked_up("denied", "aws-sm:platform/whole"), words=LOUD, environment={**environment, **nobody})
    finally:
        aws.authorise(1_000_000)
    assert "there is no secret platform/none in this account and region" in played.results["missing"]["msg"]
    assert "the secret has no user" in played.results["no_key"]["msg"]
    assert "the secret is no JSON object" in played.results["no_json"]["msg"]
    assert "access is denied; allow secretsmanager:GetSecretValue" in denied.results["denied"]["msg"]
    for each in (played, denied):
        assert_silent(folder, each)


@pytest.mark.parametrize("face", FACES)
def test_kube_apply_takes_them_from_the_tasks_environment(cluster, namespace, folder, sops, aws, face):
    document = secret(namespace, "zero")
    document["stringData"] = {
        "sops": {"reference": f"sops:{folder}/secrets.yml#database.password"},
        "aws": {"reference": "aws-sm:platform/dns#token"},
    }
    given = {"owner": "tests", "apply_set": {"name": "s", "namespace": namespace}, "definition": document}
    task = {"gantry.platform.kube_apply": given, "environment": {**sops.environment, **aws.environment}}
    made = Face(face, folder, cluster.kubeconfig).play({"name": "made", **task}, {"name": "again", **task}, words=LOUD)
    assert [made.results[name]["changed"] for name in ("made", "again")] == [True, False], made.output
    stored = {name: base64.b64decode(value).decode() for name, value in cluster.get(document)["data"].items()}
    assert stored == {"sops": VALUES["password"], "aws": VALUES["aws"]}
    assert_silent(folder, made)


@pytest.mark.parametrize("face", FACES)
def test_vault_config_takes_them_before_it_asks_a_vault(folder, sops, aws, closed, face):
    def configured(name, reference, **keys):
        users = {"joe": {"password": {"reference": reference}}}
        config = {"auth": {"users": {"type": "userpass", "users": users}}}
        access = {"url": closed, "token": "token-of-nobody"}
        task = {"gantry.platform.vault_config": {**access, "config": config}, "environment": {**sops.environment, **aws.environment}}
        return {"name": name, **task, **keys}

    played = Face(face, folder, "").play(
        configured("sops", f"sops:{folder}/secrets.yml#database.password"),
        configured("aws", f"aws-sm:{aws.arn}"),
        configured("wrong", f"sops:{folder}/secrets.yml#database.user"),
        configured("missing", "aws-sm:platform/none"),
        configured("missing_in_a_check", "aws-sm:platform/none", check_mode=True),
        words=LOUD,
    )
    told = {name: result["msg"] for name, result in played.results.items()}
    assert "has no database.user" in told["wrong"] and "config.auth.users.users.joe.password" in told["wrong"]
    assert "there is no secret platform/none" in told["missing"]
    # Resolved, or not known yet: who refuses is Vault.
    for name in ("sops", "aws", "missing_in_a_check"):
        assert "nobody comes in here" in told[name] and "reference" not in told[name], told[name]
    assert_silent(folder, played)


def test_the_emergency_access_needs_no_vault_and_leaves_nothing_on_disk(folder, sops, cluster):
    """The kubeconfig of an administrator, encrypted; and that of somebody who may do nothing."""
    sops.encrypt_one(folder, "emergency.yml", yaml.safe_dump({"all": Path(cluster.kubeconfig).read_text(encoding="utf-8")}))
    may = [{"verb": "*", "group": "*", "resource": "*"}, {"verb": "get", "resource": "secrets", "namespace": "default"}]
    account(cluster, "default", "nobody")
    admin = yaml.safe_load(Path(cluster.kubeconfig).read_text(encoding="utf-8"))
    nobody = {"host": admin["clusters"][0]["cluster"]["server"], "ca_cert": str(cluster.root / "pki" / "ca.crt")}
    nobody["api_key"] = token_of(cluster, "default", "nobody", "")
    played = Face("action", folder, cluster.kubeconfig).play(
        {"name": "all", "gantry.platform.kube_access_info": {"reference": "sops:emergency.yml#all", "folder": str(folder), "may": may}},
        {"name": "nobody", "gantry.platform.kube_access_info": {**nobody, "kubeconfig": None, "may": may}},
        {"name": "sealed", "gantry.platform.kube_access_info": {"reference": "vault:kv/emergency#kubeconfig"}},
        {"name": "wrong", "gantry.platform.kube_access_info": {"reference": "sops:{{ playbook_dir }}/secrets.yml#database.password"}},
        {"name": "misspelt", "gantry.platform.kube_access_info": {"may": [{"verb": "get", "resurce": "pods"}]}},
        words=LOUD,
        environment=sops.environment,
    )
    found = played.results
    assert found["all"]["user"] == {"username": "gantry:admin", "groups": ["system:authenticated", "system:masters"]}
    assert found["all"]["days_left"] > 3000 and [row["allowed"] for row in found["all"]["reviews"]] == [True, True]
    assert found["nobody"]["user"]["username"] == "system:serviceaccount:default:nobody" and found["nobody"]["days_left"] is None
    assert [row["allowed"] for row in found["nobody"]["reviews"]] == [False, False]
    assert "must begin with one of env, file, sops, aws-sm" in found["sealed"]["msg"]
    assert "is no kubeconfig" in found["wrong"]["msg"]
    assert "unknown key 'resurce'" in found["misspelt"]["msg"] and "did you mean 'resource'?" in found["misspelt"]["msg"]
    assert_silent(folder, played)
    assert "client-key-data" not in played.output
