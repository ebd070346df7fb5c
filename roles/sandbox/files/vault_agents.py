# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which simulated pods Vault lets become ready: its own while it serves, those with a Vault Agent once the agent's work succeeded.

That work is done for real, with the pod's own identity: a token of its ServiceAccount, a login, every read, the end of the login. The
answer stands on the pod, in the annotations ADMITTED and WAITS_FOR; KWOK's stages make its status of them. No secret is kept, logged or
written. It has no token of Vault's. Runs under the supervisor: standard library and keepers.py only.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import http.client
import http.server
import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from keepers import Cluster, Refused, Server, quoted, say, serve

NAME = "vault-agents"
ADMITTED = "sandbox.gantry.dev/admitted"
WAITS_FOR = "sandbox.gantry.dev/waits-for"
AGENT = "vault.hashicorp.com/"
ASK_EVERY = 0.5
"""Seconds between two looks at Vault's health, and at what the attempts came to."""
RETRY_AFTER = 2.0
SHARED_FOR = 5.0
"""How long one success counts for further pods of the same key: a Deployment's pods do not come all at once."""
AT_ONCE = 4
CUT_AT = 300
TOKEN_SECONDS = 600
"""The shortest life that TokenRequest grants."""
Document = Mapping[str, Any]
Pod = dict[str, Any]


@dataclass(frozen=True)
class Key:
    """Whose work an attempt does. Pods of one key share it. ``audience`` is empty for the apiserver's own."""

    namespace: str
    account: str
    audience: str
    mount: str
    role: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: ``why`` is empty where all succeeded; ``at`` in seconds of the monotonic clock."""

    why: str
    at: float

    def counts(self, now: float) -> bool:
        """Whether it still stands for pods of its key, before the next attempt."""
        return now - self.at < (RETRY_AFTER if self.why else SHARED_FOR)


class Call(Protocol):
    """A request of Vault or Kubernetes: (method, path, body, token) → the answer. Raises Refused."""

    def __call__(self, method: str, path: str, body: Document | None = None, token: str = "", /) -> dict[str, Any]: ...


# what a pod says


def notes(pod: Document) -> dict[str, str]:
    """Its annotations."""
    return dict(pod["metadata"].get("annotations") or {})


def is_server(pod: Document) -> bool:
    """Whether it is a pod of Vault itself, as its chart labels them."""
    labels = pod["metadata"].get("labels") or {}
    return bool(labels.get("app.kubernetes.io/name") == "vault" and labels.get("component") == "server")


def waits_for_agent(pod: Document) -> bool:
    """Whether a Vault Agent still has to do its work for it."""
    found = notes(pod)
    phase = (pod.get("status") or {}).get("phase") or "Pending"
    return found.get(f"{AGENT}agent-inject") == "true" and found.get(ADMITTED) != "true" and phase == "Pending" and not is_server(pod)


def is_held(pod: Document) -> bool:
    """Whether this program has to say something of it: it has a node, is not going away, and waits for Vault in one of both ways."""
    here = bool((pod.get("spec") or {}).get("nodeName")) and not pod["metadata"].get("deletionTimestamp")
    return here and (is_server(pod) or waits_for_agent(pod))


def paths_of(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """What its agent has to read, in one order."""
    prefix = f"{AGENT}agent-inject-secret-"
    return tuple(sorted({text.strip("/ ") for name, text in annotations.items() if name.startswith(prefix)} - {""}))


def audience_of(pod: Document) -> str:
    """Whom its agent's token is for. Raises ValueError where it names a volume that is none of ServiceAccount tokens."""
    wanted = notes(pod).get(f"{AGENT}agent-service-account-token-volume-name")
    if not wanted:
        return "vault"
    for volume in pod["spec"].get("volumes") or []:
        if volume.get("name") == wanted:
            for source in (volume.get("projected") or {}).get("sources") or []:
                if source.get("serviceAccountToken"):
                    return str(source["serviceAccountToken"].get("audience") or "")
    raise ValueError(f"the pod has no projected volume {wanted} with a token of its ServiceAccount")


def key_of(pod: Document) -> Key:
    """Whose work its agent does. Raises ValueError in words where its annotations cannot be right."""
    found = notes(pod)
    role = found.get(f"{AGENT}role")
    if not role:
        raise ValueError(f"the annotation {AGENT}role is missing")
    mount = (found.get(f"{AGENT}auth-path") or "auth/kubernetes").strip("/")
    account = pod["spec"].get("serviceAccountName") or "default"
    return Key(pod["metadata"]["namespace"], account, audience_of(pod), mount, role, paths_of(found))


def by_key(pods: Iterable[Pod]) -> tuple[dict[Key, list[Pod]], list[tuple[Pod, str]]]:
    """Pods by their key, and those without one with the reason."""
    keys: dict[Key, list[Pod]] = {}
    wrong = []
    for pod in pods:
        try:
            keys.setdefault(key_of(pod), []).append(pod)
        except ValueError as error:
            wrong.append((pod, str(error)))
    return keys, wrong


def changes(pod: Document, why: str) -> dict[str, str | None]:
    """What its annotations lack to say ``why`` it waits, or that it does not where that is empty; null removes one."""
    wanted = {ADMITTED: None if why else "true", WAITS_FOR: why or None}
    found = notes(pod)
    return {name: value for name, value in wanted.items() if found.get(name) != value}


# what goes wrong, in words


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with none of these in it, and of a length that a condition bears."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return text if len(text) <= CUT_AT else text[: CUT_AT - 1] + "…"


def health_in_words(status: int) -> str:
    """Why Vault does not serve, from sys/health; empty where it does. A standby serves: it passes on what it is asked."""
    return {200: "", 429: "", 472: "", 473: "", 501: "Vault is not initialised", 503: "Vault is sealed"}.get(
        status, f"Vault answers {status}" if status else "Vault does not answer"
    )


# what an agent does


def work(key: Key, kubernetes: Call, vault: Call) -> str:
    """Do what an agent does for this key, once. Why it failed, without a secret; empty where it succeeded."""
    secrets: list[str] = []
    step = f"no token of the ServiceAccount {key.account}"
    try:
        identity = minted(key, kubernetes)
        secrets.append(identity)
        step = f"no login at {key.mount} as {key.role}"
        token = vault("POST", f"{quoted(key.mount)}/login", {"role": key.role, "jwt": identity})["auth"]["client_token"]
        secrets.append(token)
        try:
            for path in key.paths:
                step = f"{key.role} cannot read {path}"
                vault("GET", quoted(path), None, token)
        finally:
            end_login(vault, token)
    except Refused as error:
        return without(f"{step}: {error}", secrets)
    except (KeyError, TypeError):
        return without(f"{step}: an answer in a form that is not known", secrets)
    return ""


def minted(key: Key, kubernetes: Call) -> str:
    """A token of the ServiceAccount, as a kubelet asks for one. Raises Refused and KeyError."""
    spec = {"expirationSeconds": TOKEN_SECONDS, **({"audiences": [key.audience]} if key.audience else {})}
    path = f"api/v1/namespaces/{quoted(key.namespace)}/serviceaccounts/{quoted(key.account)}/token"
    answer = kubernetes("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
    return str(answer["status"]["token"])


def end_login(vault: Call, token: str) -> None:
    """Revoke the token, and with it every lease it made. What stays in spite of that ends by itself: no reason to hold the pod."""
    for _attempt in range(3):
        try:
            vault("POST", "auth/token/revoke-self", {}, token)
        except Refused as error:
            say(f"a login could not be ended: {without(str(error), [token])}")
            time.sleep(RETRY_AFTER / 4)
        else:
            return


# both servers


class Vault:
    """Vault's API, by what {root}/vault.json says of it: no token is read."""

    def __init__(self, folder: Path) -> None:
        access = json.loads((folder / "vault.json").read_text(encoding="utf-8"))
        self._server = Server(NAME, access["url"], folder / access["ca_cert"])
        self.authority = (folder / access["ca_cert"]).read_text(encoding="utf-8")

    def __call__(self, method: str, path: str, body: Document | None = None, token: str = "", /) -> dict[str, Any]:
        return self._server.call(method, f"v1/{path}", body, {"X-Vault-Request": "true", **({"X-Vault-Token": token} if token else {})})

    def why_not(self) -> str:
        """Why it does not serve; empty where it does."""
        try:
            self("GET", "sys/health")
        except Refused as error:
            return health_in_words(error.status)
        return ""


class Kubernetes(Cluster):
    """The cluster's API, called with this program's certificate."""

    def pods(self) -> tuple[list[Pod], str]:
        """All pods that may run, and the version to watch from. Raises Refused and KeyError."""
        return self.listed(_PODS, _SELECTED)

    def follow_pods(self, version: str) -> Iterator[tuple[str, Pod]]:
        """Events of pods since a version, (type, object). Raises Refused and what reading raises."""
        return self.follow(_PODS, _SELECTED, version)

    def annotate(self, pod: Document, annotations: Mapping[str, str | None]) -> dict[str, Any]:
        """Change annotations of this very pod, not of one that has its name by now. Raises Refused."""
        metadata = pod["metadata"]
        path = f"api/v1/namespaces/{quoted(metadata['namespace'])}/pods/{quoted(metadata['name'])}"
        return self("PATCH", path, {"metadata": {"uid": metadata["uid"], "annotations": dict(annotations)}})

    def trust(self, namespace: str, authority: str) -> None:
        """Make the Secret that Vault's certificate would be in, of the authority alone. Raises Refused."""
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-tls"}, "stringData": {"ca.crt": authority}}
        self("POST", f"api/v1/namespaces/{quoted(namespace)}/secrets", secret)

    def warn(self, pod: Document, reason: str, message: str) -> None:
        """An event about a pod: what `kubectl describe` and kube_apply's wait show. Raises Refused."""
        metadata, now = pod["metadata"], datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{metadata['name'][:200]}.", "namespace": metadata["namespace"]},
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", **{name: metadata[name] for name in ("namespace", "name", "uid")}},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "source": {"component": NAME},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        self("POST", f"api/v1/namespaces/{quoted(metadata['namespace'])}/events", event)


_PODS = "api/v1/pods"
_SELECTED = "fieldSelector=" + urllib.parse.quote("spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed")


# the keeper


class Keeper:
    """The pods that wait, by uid, and what the attempts for them came to. ``knows`` is set while the list of pods is a true one."""

    def __init__(self, kubernetes: Kubernetes, vault: Vault) -> None:
        self._kubernetes = kubernetes
        self._vault = vault
        self._pods: dict[str, Pod] = {}
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._workers = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        self._running: dict[Key, concurrent.futures.Future[str]] = {}
        self._outcomes: dict[Key, Outcome] = {}
        self._told: dict[str, str] = {}
        self._certified: set[str] = set()
        self.knows = threading.Event()

    def watch(self) -> None:
        """Keep the pods that wait, for ever."""
        last = ""
        while True:
            try:
                items, version = self._kubernetes.pods()
                with self._lock:
                    self._pods = {pod["metadata"]["uid"]: pod for pod in items if is_held(pod)}
                self.knows.set()
                self._woken.set()
                last = ""
                for kind, pod in self._kubernetes.follow_pods(version):
                    if kind == "ERROR":
                        break
                    self._note(pod, gone=kind == "DELETED")
            except (Refused, OSError, http.client.HTTPException, ValueError, KeyError) as error:
                self.knows.clear()
                said = f"pods cannot be watched: {type(error).__name__}: {error}"
                if said != last:
                    say(said)
                    last = said
                time.sleep(ASK_EVERY)

    def _note(self, pod: Pod, gone: bool = False) -> None:
        with self._lock:
            if gone or not is_held(pod):
                self._pods.pop(pod["metadata"]["uid"], None)
            else:
                self._pods[pod["metadata"]["uid"]] = pod
                self._woken.set()

    def tend(self) -> None:
        """One look at everything that waits."""
        self._woken.wait(ASK_EVERY)
        self._woken.clear()
        with self._lock:
            pods = list(self._pods.values())
        self._told = {uid: why for uid, why in self._told.items() if uid in {pod["metadata"]["uid"] for pod in pods}}
        self._tend_servers([pod for pod in pods if is_server(pod)])
        self._tend_agents([pod for pod in pods if not is_server(pod)])

    def end(self) -> None:
        """Wait for the attempts that run: each ends its login. Those that did not begin never will."""
        self._workers.shutdown(cancel_futures=True)

    def _tend_servers(self, pods: list[Pod]) -> None:
        if pods:
            why = self._vault.why_not()
            for pod in pods:
                self._answer(pod, why, "VaultDoesNotServe")
        self._certify({pod["metadata"]["namespace"] for pod in pods})

    def _certify(self, namespaces: set[str]) -> None:
        """What cert-manager would leave where servers are, as far as it is for everybody: whose certificate to trust."""
        self._certified &= namespaces
        for namespace in namespaces - self._certified:
            try:
                self._kubernetes.trust(namespace, self._vault.authority)
            except Refused as error:
                if error.status != 409:
                    say(f"{namespace} could not be told whom to trust: {error}")
                    continue
            self._certified.add(namespace)

    def _tend_agents(self, pods: list[Pod]) -> None:
        keys, wrong = by_key(pods)
        for pod, why in wrong:
            self._answer(pod, why, "VaultAgentWaits")
        for key in [key for key, attempt in self._running.items() if attempt.done()]:
            self._outcomes[key] = Outcome(self._running.pop(key).result(), time.monotonic())
        self._outcomes = {key: outcome for key, outcome in self._outcomes.items() if key in keys or outcome.counts(time.monotonic())}
        for key, waiting in keys.items():
            outcome = self._outcomes.get(key)
            counts = outcome is not None and outcome.counts(time.monotonic())
            if outcome is not None and (counts or outcome.why):
                for pod in waiting:
                    self._answer(pod, outcome.why, "VaultAgentWaits")
            if not counts and key not in self._running:
                self._running[key] = self._workers.submit(work, key, self._kubernetes, self._vault)
                self._running[key].add_done_callback(lambda _attempt: self._woken.set())

    def _answer(self, pod: Pod, why: str, reason: str) -> None:
        """Make the pod say why it waits, or that it does not."""
        metadata = pod["metadata"]
        missing = changes(pod, why)
        if not missing:
            return
        try:
            self._note(self._kubernetes.annotate(pod, missing))
            if self._told.get(metadata["uid"]) != why:
                self._told[metadata["uid"]] = why
                say(f"{metadata['namespace']}/{metadata['name']}: {why or 'may be ready'}")
                if why:
                    self._kubernetes.warn(pod, reason, why)
        except Refused as error:
            # Gone, or another one by now: the watch says so. All else is tried again.
            if error.status not in (404, 409):
                say(f"{metadata['namespace']}/{metadata['name']} could not be told: {error}")


def main() -> None:
    """Look after the pods until the supervisor ends this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubernetes", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    keeper = Keeper(Kubernetes(NAME, given.kubernetes, given.folder), Vault(given.folder))
    threading.Thread(target=keeper.watch, daemon=True).start()
    serve(given.port, keeper.knows)
    try:
        while True:
            keeper.tend()
    finally:
        keeper.end()


if __name__ == "__main__":
    main()
