# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs of the sandbox with Vault, on real servers: a virgin one, killed ones, with few rights, after drift, against a sealed Vault.

The judges are Vault's audit log and the apiserver's. All runs are loud (-vvvv --diff), and all that they print and leave is kept and
searched for secrets in the end: a run removes the folders of dead ones, and most secrets are known only afterwards.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.tests.integration.canaries import shapes_in, traces_of
from ansible_collections.gantry.platform.tests.integration.conftest import INSTANCES
from ansible_collections.gantry.platform.tests.integration.runs import Runs, conforms
from ansible_collections.gantry.platform.tests.integration.vault.agents import configuration, moved, rendered
from ansible_collections.gantry.platform.tests.integration.vault.conftest import Live, pid_of
from ansible_collections.gantry.platform.tests.integration.vault.databases import psql
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST, until

HOST = "sandbox"
# Where a run is killed: as soon as Vault's log has a write to this path. A root that its intermediate has not seen yet, a secret that
# is made once and never again, a way in that nobody gets in by yet.
POINTS = ("pki-root/issuers/generate/root/internal", "sandbox/data/experience-archive/generated", "sys/auth/kubernetes-sandbox")
WRONG = "hvs.CAESIJ-of-another-vault-altogether"
# Where secrets are: one of each place at least, or the search for them would search for too few.
EVERYWHERE = {
    "vault-keys keys 0",
    "vault-keys root_token",
    "vault-kms-keys key",
    "vault-kms-keys root_token",
    "vault-seal token",
    "postgres-password",
    "supervisord.password",
    "token of a run",
    "experience-archive/generated#ARCHIVE_KEY",
    "key of the marks of consciousness",
    "key of the record vault",
    "key of the record workloads",
    "reviewer",
}


class VaultRuns(Runs):
    """Loud runs with the area vault, and all that they said and left."""

    def __init__(self):
        folder = INSTANCES / "vault-runs"
        self.left = folder / "left"
        root = {"sandbox_root": str(folder / HOST), "platform_run_folder": str(self.left / "run")}
        super().__init__(folder, "sandbox", HOST, platform_areas="vault", **root)
        self.texts = {}
        self.live = None

    def prepare(self):
        """A virgin cluster and a virgin Vault, with the deployer's access and nothing else. The servers keep this process' surroundings."""
        code, output = self.command("ansible-playbook", *self.words("molecule/shared/prepare.yml"))
        assert code == 0, output
        self.live = Live(self.cluster)
        places = {"ANSIBLE_LOCAL_TEMP": "local", "ANSIBLE_REMOTE_TEMP": "remote", "ANSIBLE_HOME": "home", "TMPDIR": "tmp"}
        for name in places.values():
            (self.left / name).mkdir(parents=True)
        self.environment |= {name: str(self.left / place) for name, place in places.items()}
        self.environment |= {"ANSIBLE_LOG_PATH": str(self.left / "ansible.log"), "ANSIBLE_KEEP_REMOTE_FILES": "1"}

    def loud(self, name, *words, access=None, environment=None, **variables):
        """One whole run: exit code, output, report. ``access`` is a folder with another way into Vault than the sandbox's own."""
        words, report = self._loud(name, words, access, variables)
        code, output = self.command("ansible-playbook", *words, **(environment or {}))
        self.keep(output)
        # Verifying writes no report.
        return code, output, None if name == "verify" else conforms(self.reported(report), "drift" if name == "drift" else "plan")

    def emergency(self):
        """The drill of the emergency access."""
        code, output = self.command("ansible-playbook", *self.words("break_glass"), "-vvvv")
        self.keep(output)
        return code, output

    def killed(self, name, point):
        """A run that is killed, with its whole process group, as soon as Vault's log grew by a write to ``point``."""
        words, _report = self._loud(name, (), None, {})
        since = self.live.audit.mark()
        process = self.start("ansible-playbook", *words, start_new_session=True)
        with ThreadPoolExecutor() as pool:
            # Somebody has to read, or it would wait with a full pipe. Nothing that survived may hold the pipe open.
            reader = pool.submit(process.communicate, timeout=LONGEST)
            until(lambda: reader.done() or point in {path for _how, path in self.live.audit.changes(since)}, f"a write to {point}")
            if not reader.done():
                os.killpg(process.pid, signal.SIGKILL)
            output, _none = reader.result()
        self.keep(output)
        assert process.returncode == -signal.SIGKILL, output[-3000:]

    def keep(self, output):
        """All that can be searched now: what was printed, and every file that runs leave."""
        self.texts.setdefault(output, "output")
        for path in (*self.left.rglob("*"), *self.folder.glob("*.json")):
            if path.is_file():
                self.texts.setdefault(path.read_text(encoding="utf-8", errors="replace"), str(path))

    def mark(self):
        """Where both logs stand."""
        return self.audit.mark(), self.live.audit.mark()

    def written(self, mark):
        """What was written since to either server, as paths; proofs left out."""
        kube, vault = mark
        return [request.path for request in self.audit.changes(kube)] + self.live.audit.configured(vault)

    def access(self, name, token):
        """The servers in another folder, where they say that Vault is reached with this token."""
        file = self.cluster / name
        file.write_text(token, encoding="utf-8")
        file.chmod(0o600)
        folder = self.folder / f"with {name}"
        (folder / HOST).mkdir(parents=True)
        for path in self.cluster.iterdir():
            (folder / HOST / path.name).symlink_to(path)
        (folder / HOST / "vault.json").unlink()
        (folder / HOST / "vault.json").write_text(json.dumps({**self.live.access, "token_file": str(file)}), encoding="utf-8")
        return folder

    def _loud(self, name, words, access, variables):
        report = variables.setdefault("platform_plan_file", str(self.report))
        more = {"platform_rehearsal_root": str(access)} if access else {}
        return [*self.words(name, **variables, **more), "-vvvv", "--diff", *words], report


@pytest.fixture(scope="module")
def virgin():
    made = VaultRuns()
    made.remove()
    try:
        made.prepare()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def checked(virgin):
    """What check mode says of the virgin platform."""
    mark = virgin.mark()
    code, output, report = virgin.loud("site", "--check")
    return code, output, report, virgin.written(mark)


@pytest.fixture(scope="module")
def runs(virgin, checked):
    """The platform after kills; its last run is the one that was let alone."""
    virgin.progress = []
    for point in POINTS:
        virgin.killed("site", point)
        virgin.progress.append({path for _operation, path in virgin.live.audit.changes()})
    # The results as JSON as well: ansible-core's callback that prints them whole, and the one that makes test reports of them.
    callbacks = {
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_CALLBACKS_ENABLED": "gantry.platform.plan,ansible.builtin.junit",
    }
    virgin.last = virgin.loud("site", environment={**callbacks, "JUNIT_OUTPUT_DIR": str(virgin.left / "junit")})
    return virgin


@pytest.fixture(scope="module")
def runner(runs):
    """A way in with the policy of the platform's own runs and nothing else."""
    body = {"policies": ["platform-runner"], "no_default_policy": True, "no_parent": True, "ttl": "1h"}
    token = runs.live.api.write("auth/token/create", body)["auth"]["client_token"]
    return runs.access("token of a run", token)


@pytest.fixture
def drifted(runs):
    """One policy deleted and one loosened, by hand."""
    runs.live.api.delete("sys/policies/acl/memory-store")
    runs.live.api.write("sys/policies/acl/dream-scheduler", {"policy": 'path "sandbox/*" { capabilities = ["read", "list"] }'})
    return {"sys/policies/acl/memory-store", "sys/policies/acl/dream-scheduler"}


def test_check_mode_of_a_virgin_platform_plans_everything_and_writes_nothing(checked):
    code, output, report, written = checked
    assert written == []
    assert (code, report["status"]) == (0, "changes"), output[-3000:]
    planned = {change["id"]: change["action"] for change in report["changes"]}
    # Namespaces are an administrator's and there already, so the accounts that Kubernetes itself puts into each are as well.
    adopted = {name for name, action in planned.items() if action == "adopt"}
    assert all(name.startswith("ServiceAccount/") and name.endswith("/default") for name in adopted), adopted
    assert set(planned.values()) - {"adopt"} == {"create"} and len(planned) > 200
    assert {
        "StatefulSet.apps/vault/vault",
        "Deployment.apps/memory/memory-store",
        "sys/mounts/pki",
        "sys/policies/acl/memory-store",
        "database/roles/memory-store-memory",
        "auth/kubernetes-sandbox/role/memory-store",
    } <= set(planned)
    assert f"changes  {len(planned) - len(adopted)} create" in output


def test_what_kills_left_is_ended_by_the_next_run(runs, runner):
    code, output, report = runs.last
    assert code == 0, output[-3000:]
    assert (report["status"], report["hosts"][HOST]["verified"]) == ("applied", True)
    # Each kill came further than the one before, and none to the end: what follows its point was written by a later run.
    later = (*POINTS[1:], "auth/kubernetes-sandbox/role/")
    for paths, following in zip(runs.progress, later, strict=True):
        assert not [path for path in paths if path.startswith(following)], following
    # No point leaves anything twice: one root, one intermediate, and secrets of the first making.
    api = runs.live.api
    assert [len(api.names(f"{mount}/issuers")) for mount in ("pki-root", "pki")] == [1, 2]
    generated = [f"sandbox/metadata/{name}generated" for name in api.names("sandbox/metadata") if name.endswith("/")]
    assert [api.read(path)["data"]["current_version"] for path in generated] == [1] * len(generated) != []

    # The next run, by a token of the runs' own policy, has nothing to do.
    mark = runs.mark()
    code, output, report = runs.loud("site", access=runner)
    assert code == 0, output[-3000:]
    assert (report["status"], report["hosts"][HOST]["verified"], runs.written(mark)) == ("clean", True, [])


def test_a_real_agent_writes_the_files_that_the_pods_look_for(runs, tmp_path):
    """Vault's own agent, with the configuration that the injector would make of the annotations, as the service."""
    pod = json.loads(runs.kubectl("-n", "memory", "get", "deployment", "experience-archive", "-o", "json"))["spec"]["template"]
    config = configuration(pod["metadata"]["annotations"])
    token = runs.kubectl("-n", "memory", "create", "token", "experience-archive", "--audience=vault")
    vault = {"address": runs.live.url, "ca_cert": str(runs.cluster / "pki" / "ca.crt")}
    program = runs.cluster / "bin" / "vault"
    wrong, files = rendered(config, tmp_path / "pod", program, vault, token)
    assert not wrong
    (app,) = pod["spec"]["containers"]
    assert {f"/vault/secrets/{name}" for name in files} == {entry["value"] for entry in app["env"]}
    url = urllib.parse.urlsplit(files.pop("MEMORY_DATABASE_URL"))
    assert psql(runs.live, {"username": url.username, "password": url.password}) == url.username
    kept = runs.live.api.read("sandbox/data/experience-archive/generated")["data"]["data"]
    assert files == kept != {}

    # A key that is not there is an error; an empty file, or one of "<no value>", would be taken for the secret.
    absent = json.loads(json.dumps(config).replace(r"\"ARCHIVE_KEY\"", r"\"NOT_THERE\""))
    wrong, files = rendered(absent, tmp_path / "absent", program, vault, token)
    assert "the key ARCHIVE_KEY is missing" in wrong and "ARCHIVE_KEY" not in files
    # The second agent of a pod, when the key goes away later: the file stays as it is.
    wrong, files = rendered(absent, tmp_path / "pod", program, vault, token)
    assert "the key ARCHIVE_KEY is missing" in wrong and files["ARCHIVE_KEY"] == kept["ARCHIVE_KEY"]


def test_the_declared_job_takes_snapshots_and_keeps_as_many_as_it_should(runs, tmp_path):
    """Its own script and variables, as its own ServiceAccount; only its mounted folders lie elsewhere."""
    job = json.loads(runs.kubectl("-n", "vault", "get", "cronjob", "vault-snapshots", "-o", "json"))["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    places = {mount["mountPath"]: tmp_path / mount["name"] for mount in container["volumeMounts"] if mount["name"] != "tmp"}
    for place in places.values():
        place.mkdir()
    token = runs.kubectl("-n", "vault", "create", "token", "vault-snapshots", "--audience=vault")
    (tmp_path / "token" / "token").write_text(token, encoding="utf-8")
    (tmp_path / "tls" / "ca.crt").write_bytes((runs.cluster / "pki" / "ca.crt").read_bytes())

    environment = {entry["name"]: moved(entry["value"], places) for entry in container["env"]}
    assert environment["VAULT_ADDR"] == "https://vault-active.vault.svc:8200"
    environment |= {"VAULT_ADDR": runs.live.url, "PATH": f"{runs.cluster / 'bin'}:{os.environ['PATH']}"}
    keep = int(environment["KEEP"])
    for number in range(keep + 2):
        (tmp_path / "snapshots" / f"20200101T0000{number:02}Z.snap").write_text("an old one", encoding="utf-8")
    before = runs.live.audit.mark()
    done = subprocess.run(
        [*container["command"], moved(container["args"][0], places)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kept = sorted((tmp_path / "snapshots").iterdir())
    assert len(kept) == keep and not [path for path in kept if path.suffix != ".snap"]
    assert [path.read_text(encoding="utf-8") for path in kept[:-1]] == ["an old one"] * (keep - 1)
    inspected = subprocess.run(
        [runs.cluster / "bin" / "vault", "operator", "raft", "snapshot", "inspect", kept[-1]], capture_output=True, check=False
    )
    assert inspected.returncode == 0, inspected.stderr
    assert ("update", "auth/token/revoke-self") in list(runs.live.audit.asked(before)), "its login is over"


def test_drift_in_vault_is_told_by_path_and_a_wrong_token_gets_nowhere(runs, runner, drifted):
    mark = runs.mark()
    with ThreadPoolExecutor() as pool:
        found = pool.submit(runs.loud, "drift", access=runner)
        refused = pool.submit(
            runs.loud, "site", access=runs.access("wrong token", WRONG), platform_plan_file=str(runs.folder / "refused.json")
        )
        (code, output, report), (no_code, no_output, no_report) = found.result(), refused.result()
    assert runs.written(mark) == []
    assert (code, report["status"]) == (2, "drift"), output[-3000:]
    assert {change["id"]: change["action"] for change in report["changes"]} == dict(zip(sorted(drifted), ["update", "create"], strict=True))
    assert report["foreign"] == []
    table = output[output.rindex("Drift of") :]
    assert "missing sys/policies/acl/memory-store" in table and "changed sys/policies/acl/dream-scheduler" in " ".join(table.split())

    assert (no_code, no_report["status"]) == (2, "failed")
    assert "permission denied" in no_report["hosts"][HOST]["error"] or "invalid token" in no_report["hosts"][HOST]["error"]
    assert no_report["hosts"][HOST]["failed_task"] == "Configure vault"
    assert "nothing was written to any of them" in no_output


def test_a_vault_that_is_sealed_in_mid_run_is_said_and_the_next_run_mends(runs, runner, drifted):
    # The first read of the record belongs to the plan, the second to the writing: the run has been through the cluster by then.
    since, record = runs.live.audit.mark(), ("read", "gantry/data/consciousness")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(runs.loud, "site", access=runner)
        until(lambda: run.done() or list(runs.live.audit.asked(since)).count(record) >= 2, "the run to come back to Vault")
        runs.live.api.write("sys/seal", {})
        code, output, report = run.result()
    # Who has to help now gets into the cluster all the same, without a word to Vault.
    asked = runs.live.audit.mark()
    emergency_code, emergency_output = runs.emergency()
    assert emergency_code == 0 and "gantry:admin gets in and may do everything" in emergency_output, emergency_output[-3000:]
    assert runs.live.audit.mark() == asked
    # A server that was sealed by hand opens itself when it starts anew.
    os.kill(pid_of(runs.cluster, "vault"), signal.SIGKILL)
    until(lambda: serves(runs.live), "Vault to open itself")
    assert (code, report["status"]) == (2, "failed"), output[-3000:]
    assert "sealed" in report["hosts"][HOST]["error"], report["hosts"][HOST]
    assert report["hosts"][HOST]["failed_task"]

    mark = runs.mark()
    code, output, report = runs.loud("site", access=runner)
    assert code == 0, output[-3000:]
    assert (report["status"], report["hosts"][HOST]["verified"]) == ("applied", True)
    assert drifted <= set(runs.written(mark))

    mark = runs.mark()
    with ThreadPoolExecutor() as pool:
        planned = pool.submit(runs.loud, "plan", access=runner)
        verified = pool.submit(runs.loud, "verify", access=runner)
        (code, output, report), (verify_code, verify_output, _report) = planned.result(), verified.result()
    assert (code, report["status"]) == (0, "clean"), output[-3000:]
    assert verify_code == 0 and "expectations hold" in verify_output, verify_output[-3000:]
    assert runs.written(mark) == []


def test_no_run_showed_or_left_a_secret(runs, runner):
    values = known_secrets(runs)
    assert EVERYWHERE <= set(values) and min(map(len, values.values())) >= 20
    # The search would find them: each by its value, and those that have a shape by that.
    assert all(traces_of([value], f"x{value}x") for value in values.values())
    assert shapes_in(values["vault-keys root_token"]) and shapes_in(values["reviewer"]) and shapes_in(values["token of a run"])
    assert sum("task path: " in text for text in runs.texts) > 8
    leaks = [(place, name) for text, place in runs.texts.items() for name, value in values.items() if traces_of([value], text)]
    leaks += [(place, shape) for text, place in runs.texts.items() for shape in shapes_in(text)]
    assert leaks == []


def known_secrets(runs):
    """Every secret of the servers, by what it is."""
    found = {"wrong token": WRONG}
    for name in ("vault-keys", "vault-kms-keys", "vault-seal"):
        kept = json.loads((runs.cluster / f"{name}.json").read_text(encoding="utf-8"))
        found |= {f"{name} {key}": value for key, value in leaves(kept).items()}
    for name in ("postgres-password", "supervisord.password", "token of a run"):
        found[name] = (runs.cluster / name).read_text(encoding="utf-8").strip()
    read = runs.live.api.read
    for name in runs.live.api.names("sandbox/metadata"):
        below = [f"{name}{last}" for last in runs.live.api.names(f"sandbox/metadata/{name}")] if name.endswith("/") else [name]
        for path in below:
            found |= {f"{path}#{key}": value for key, value in read(f"sandbox/data/{path}")["data"]["data"].items()}
    for name in runs.live.api.names("gantry/metadata"):
        found[f"key of the marks of {name}"] = read(f"gantry/data/{name}")["data"]["data"]["key"]
    (token,) = (item["data"]["token"] for item in secrets_of(runs, "vault") if item["metadata"]["name"] == "vault-token-reviewer")
    found["reviewer"] = base64.b64decode(token).decode()
    return found | {
        f"key of the record {item['metadata']['name']}": item["data"]["key"]
        for item in secrets_of(runs, "gantry-system")
        if "key" in item["data"]
    }


def secrets_of(runs, namespace):
    return json.loads(runs.kubectl("-n", namespace, "get", "secrets", "-o", "json"))["items"]


def leaves(document, name=""):
    """Texts of a document that are long enough for a secret, by their key; no path and no address is one."""
    if isinstance(document, dict):
        return {key: text for name, value in document.items() for key, text in leaves(value, name).items()}
    if isinstance(document, list):
        return {f"{name} {key}": text for key, value in enumerate(document) for _name, text in leaves(value, name).items()}
    return {name: document} if isinstance(document, str) and len(document) >= 20 and "://" not in document and document[0] != "/" else {}


def serves(live):
    """Whether Vault is open and has a leader."""
    try:
        return not live.api.health()["sealed"] and live.api.read("sys/leader").get("leader_address")
    except GantryError:
        return False
