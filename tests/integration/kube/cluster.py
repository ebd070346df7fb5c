# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real control plane, runs of the engine against it, and its audit log, which judges them."""

from __future__ import annotations

import itertools
import json
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.gantry.platform.plugins.module_utils._core.errors import GantryError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Retry
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.engine import reconcile
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind, Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import ID_LABEL
from ansible_collections.gantry.platform.plugins.module_utils._kube.options import APPLY_SPEC, apply_request, auth_options
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.auth import resolve_access
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.client import KubeClient
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.discovery import Discovery
from ansible_collections.gantry.platform.tests.kit.audit import KubeAudit, Sent
from ansible_collections.gantry.platform.tests.kit.faults import FaultyServer
from ansible_collections.gantry.platform.tests.kit.waiting import until, within

_LOGGED_WITHIN = 30.0
_NUMBERS = itertools.count(1)
MERGE = "application/merge-patch+json"
OWNER = "tests"
MANAGER = f"kube_apply:{OWNER}"


@dataclass
class Run:
    """What one run answered, and what it sent."""

    result: dict[str, Any]
    error: GantryError | None
    sent: list[Sent]
    parents: set[str]
    warnings: list[str] = field(default_factory=list)

    @property
    def writes(self) -> list[Sent]:
        """Requests that changed something."""
        return [request for request in self.sent if request.changes]

    @property
    def tried(self) -> list[Sent]:
        """Requests of a mutating verb, dry runs and refused ones included."""
        return [request for request in self.sent if request.mutating]

    @property
    def written(self) -> set[str]:
        """Objects that were written, without the records of the sets and the lock."""
        return {request.id for request in self.writes} - self.parents

    @property
    def planned(self) -> dict[str, str]:
        """Object → action."""
        return {change["id"]: change["action"] for change in self.result["plan"]}

    @property
    def message(self) -> str:
        """Why the run failed."""
        assert self.error is not None, f"the run did not fail: {self.result['plan']}"
        return self.error.message

    def change(self, identity: str) -> dict[str, Any]:
        """The one planned change of an object."""
        (found,) = [change for change in self.result["plan"] if change["id"] == identity]
        return found

    def ok(self) -> Run:
        """This run, which must have succeeded."""
        if self.error is not None:
            raise self.error
        return self


class HookedClient(KubeClient):
    """Calls ``before`` and ``after`` around each apply that is no dry run, with its number from 1."""

    before: Callable[[int], None] = staticmethod(lambda number: None)
    after: Callable[[int], None] = staticmethod(lambda number: None)

    def apply(self, path: str, body: Mapping[str, Any], manager: str, force: bool = False, dry_run: bool = False, warn: bool = True) -> Any:
        if dry_run:
            return super().apply(path, body, manager, force, dry_run, warn)
        if not hasattr(self, "_numbers"):
            self._numbers = itertools.count(1)
        number = next(self._numbers)
        self.before(number)
        answer = super().apply(path, body, manager, force, dry_run, warn)
        self.after(number)
        return answer


class Cluster:
    """The control plane in ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.kubeconfig = str(root / "admin.kubeconfig")
        self.endpoint = resolve_access(auth_options({"kubeconfig": self.kubeconfig}, {})).endpoint
        self.audit = KubeAudit.of(root)
        self.admin = self.client("tests-admin")
        self._kinds: dict[tuple[str, str], Kind] = {}

    def client(self, agent: str, retry: Retry | None = None, **auth: Any) -> KubeClient:
        """A client with this user agent; as admin, unless the options of ``auth`` say otherwise."""
        return KubeClient(resolve_access(auth_options(auth or {"kubeconfig": self.kubeconfig}, {})), agent, retry=retry)

    def process(self, server: str) -> int:
        """The pid of one of the servers."""
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                try:
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue
                if words[0].endswith(f"/{server}".encode()) and any(str(self.root).encode() in word for word in words):
                    return int(folder.name)
        raise AssertionError(f"{server} does not run")

    # what tests do to the cluster beside the engine

    def wait_for_right(self, user: str, verb: str, resource: str, namespace: str = "", group: str = "", groups: Sequence[str] = ()) -> None:
        """Until the server knows of a right that was given just now: its authorizer is told of bindings by a watch."""
        asked = {"verb": verb, "resource": resource, "namespace": namespace, "group": group}
        spec = {"user": user, "groups": [*groups], "resourceAttributes": asked}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        until(lambda: self.admin.create(path, review, "tests")["status"]["allowed"], f"{user} to {verb} {resource}")

    def namespace(self, **labels: str) -> str:
        """A new namespace."""
        name = f"t-{uuid.uuid4().hex[:10]}"
        self.admin.create(
            "/api/v1/namespaces",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
            "tests",
        )
        return name

    def path(self, identity: str | Mapping[str, Any]) -> str:
        """URL path of an object, given as a plan's id or as a document."""
        ref = Ref.parse(identity) if isinstance(identity, str) else Ref.of(identity)
        key = (ref.group, ref.kind)
        if key not in self._kinds:
            self._kinds = {(kind.group, kind.kind): kind for kind in reversed(list(Discovery(self.admin).kinds()))}
        return self._kinds[key].path(ref.namespace or None, ref.name)

    def get(self, identity: str | Mapping[str, Any]) -> dict[str, Any]:
        """A live object."""
        return self.admin.get(self.path(identity))

    def find(self, identity: str | Mapping[str, Any]) -> dict[str, Any] | None:
        """A live object, or none."""
        return self.admin.find(self.path(identity))

    def list(self, kind: str, namespace: str) -> list[dict[str, Any]]:
        """The live objects of a kind of the core group in a namespace."""
        return self.admin.list_objects(Kind("", "v1", kind, f"{kind.lower()}s", True), namespace, metadata_only=False)[0]

    def delete(self, identity: str | Mapping[str, Any]) -> None:
        """Delete an object that exists."""
        self.admin.delete(self.path(identity), self.get(identity)["metadata"]["uid"])

    def edit(
        self, identity: str | Mapping[str, Any], patch: Mapping[str, Any], manager: str = "intruder", subresource: str = ""
    ) -> dict[str, Any]:
        """A merge patch by somebody else."""
        path = self.path(identity) + (f"/{subresource}" if subresource else "")
        answer = self.admin.pool.request("PATCH", f"{path}?fieldManager={manager}", json.dumps(patch).encode(), {"Content-Type": MERGE})
        assert answer.status < 300, answer.body
        found: dict[str, Any] = answer.json()
        return found

    # what tests ask of the engine

    def run(
        self,
        *sets: Mapping[str, Any],
        check: bool = False,
        client: KubeClient | None = None,
        auth: Mapping[str, Any] | None = None,
        through: FaultyServer | None = None,
        retry: Retry | None = None,
        environment: Mapping[str, str] | None = None,
        holder: str = "me@here 1234",
        tell: Callable[[str], None] = lambda text: None,
        **options: Any,
    ) -> Run:
        """One reconcile of these sets with options of kube_apply, as admin; an error is kept in the answer.

        ``auth`` are options of another identity; ``through`` leads all requests through a faulty server.
        """
        defaults = {name: option.get("default") for name, option in APPLY_SPEC.items()}
        params = {**defaults, "owner": OWNER, "wait_timeout": 60, **({"sets": list(sets)} if sets else {}), **options}
        agent = f"run-{next(_NUMBERS)}-{os.getpid()}"
        mark = self.audit.mark()
        own = client is None
        client = client or self.client(agent, retry, **({"host": through.url} if through else auth or {}))
        client.pool._user_agent = agent
        sent_before, kept_before = sum(client.pool.requests.values()), through.kept if through else 0
        result: dict[str, Any] = {}
        error: GantryError | None = None
        try:
            request = apply_request(params, check)
            result = reconcile(client, request, References(environment or {}, str(self.root)), holder, tell).as_result(diff=True)
        except GantryError as caught:
            error = caught
        finally:
            expected = sum(client.pool.requests.values()) - sent_before - (through.kept - kept_before if through else 0)
            if own:
                client.close()
        parents = {f"Secret/{one['namespace']}/{one['name']}" for one in sets} | {
            f"Lease.coordination.k8s.io/{one['namespace']}/gantry-run" for one in sets
        }
        for name in (options.get("apply_set") or {}, *options.get("parents", ())):
            if name:
                parents.add(f"Secret/{name['namespace']}/{name['name']}")
        return Run(result, error, self.sent_by(agent, mark, expected), parents)

    # the judge

    def sent_by(self, agent: str, since: int, count: int = 0) -> list[Sent]:
        """Every request of one user agent since a mark; the log may lag behind the answers, so ``count`` are awaited."""

        def sent() -> list[Sent]:
            return [request for request in self.audit.sent(since) if request.agent == agent]

        within(_LOGGED_WITHIN, lambda: len(sent()) >= count)
        return sent()

    def parents_in(self, namespace: str) -> list[dict[str, Any]]:
        """Records of sets."""
        return self.admin.list_objects(Kind("", "v1", "Secret", "secrets", True), namespace, ID_LABEL, metadata_only=False)[0]
