# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server says reaches no terminal raw: hostile words from a cluster and from Vault, through every output."""

from __future__ import annotations

import http.client
import json
import unicodedata
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.callback.plan import CallbackModule
from ansible_collections.gantry.platform.plugins.module_utils._core.change import Action, Change, Impact
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import RefusedError
from ansible_collections.gantry.platform.plugins.module_utils._core.http import Response
from ansible_collections.gantry.platform.plugins.module_utils._core.plan import Plan
from ansible_collections.gantry.platform.plugins.module_utils._core.schema import show_value
from ansible_collections.gantry.platform.plugins.module_utils._core.show import as_diff
from ansible_collections.gantry.platform.plugins.module_utils._core.words import clean, clean_lines, listed
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.kinds import Kind, Ref
from ansible_collections.gantry.platform.plugins.module_utils._kube.resolve.requests import ReconcileResult
from ansible_collections.gantry.platform.plugins.module_utils._kube.verify import expectations as kube_verify
from ansible_collections.gantry.platform.plugins.module_utils._kube.wait.waiter import NotReadyError, Waiter
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.errors import ApiError
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.lease import RunLease
from ansible_collections.gantry.platform.plugins.module_utils._kube.wire.whoami import whoami
from ansible_collections.gantry.platform.plugins.module_utils._run.record import told
from ansible_collections.gantry.platform.plugins.module_utils._run.report import build_report, make_note
from ansible_collections.gantry.platform.plugins.module_utils._run.table import plain, render
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultError
from ansible_collections.gantry.platform.plugins.module_utils._vault.lifecycle import token_of
from ansible_collections.gantry.platform.plugins.module_utils._vault.verify import Verdict
from ansible_collections.gantry.platform.plugins.plugin_utils._inprocess import Progress, outcome
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
from hypothesis import given
from hypothesis import strategies as st

FORGED = "clean  nothing to do"
HOSTILE = (
    f"/data\x1b[2J\x1b[H\x1b]0;owned\x07\r\n{FORGED}\n\x9b31m\x85\u2028{FORGED}\u2029\u202egnp.exe\u2066\u200b\ufeff\U000e0041\x7f\x08end"
)
HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}


def assert_shown(text: str) -> None:
    """Nothing in it is obeyed or hidden, and no line of it is the server's own."""
    assert "end" in text, "the words themselves are there"
    assert not [sign for sign in text if unicodedata.category(sign) in HIDDEN and sign != "\n"]
    assert not [line for line in text.splitlines() if line.strip().startswith(FORGED)]


def change(**words: Any) -> Change:
    return Change(**{"id": f"Deployment.apps/x/{HOSTILE}", "action": Action.UPDATE, "impact": Impact.RESTART, **words})


PLAN = Plan(
    [change(fields=(f"spec.volumeMounts[mountPath={HOSTILE}]",)), change(action=Action.DELETE, reason=HOSTILE)],
    [f"warning of a webhook: {clean(HOSTILE)}"],
)
FOREIGN = [{"id": f"Role.rbac/x/{HOSTILE}", "path": HOSTILE, "manager": HOSTILE, "time": HOSTILE}]


def answer() -> dict[str, Any]:
    return ReconcileResult(PLAN, foreign=FOREIGN, orphan_sets=[HOSTILE]).as_result(diff=True)


def raw_answer() -> dict[str, Any]:
    """As it would come from elsewhere, uncleaned: the table trusts nobody."""
    rows = [
        {
            "id": f"ConfigMap/x/{HOSTILE}",
            "action": "update",
            "impact": "safe",
            "fields": [HOSTILE],
            "reason": "",
            "verified": True,
            "set": HOSTILE,
        }
    ]
    return {
        "changed": True,
        "plan": rows,
        "counts": {"update": 1},
        "warnings": [clean(HOSTILE)],
        "digest": "",
        "foreign": FOREIGN,
        "orphan_sets": [HOSTILE],
    }


def report(result: dict[str, Any], command: str = "drift") -> dict[str, Any]:
    run = {"run": "r", "command": command, "environment": HOSTILE, "areas": [HOSTILE], "revision": HOSTILE, "created": "now"}
    return build_report(run, {HOSTILE: [make_note("plan", "0", HOSTILE, result)]})


def response(status: int, body: Any) -> Response:
    headers = http.client.HTTPMessage()
    headers["Content-Type"] = "application/json"
    return Response(status, headers, json.dumps(body).encode())


def refusal() -> ApiError:
    body = {
        "kind": "Status",
        "reason": HOSTILE,
        "message": f"admission webhook denied: {HOSTILE}",
        "details": {"causes": [{"field": HOSTILE, "message": HOSTILE}]},
    }
    return ApiError(response(422, body), "PATCH x")


def not_ready() -> NotReadyError:
    class Client:
        def list_objects(self, kind: Kind, *_rest: Any, **_more: Any) -> tuple[list[Any], str]:
            if kind.kind == "Event":
                event = {"involvedObject": {"name": "a", "uid": "u"}, "reason": HOSTILE, "message": HOSTILE, "metadata": {}}
                return [event], "1"
            condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": HOSTILE}
            item = {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "a", "namespace": "x", "generation": 1, "uid": "u"},
                "spec": {"replicas": 1},
                "status": {"observedGeneration": 1, "conditions": [condition]},
            }
            return [item], "1"

    with pytest.raises(NotReadyError) as caught:
        Waiter(Client(), LONGEST).wait({Ref("apps", "Deployment", "x", "a"): Kind("apps", "v1", "Deployment", "deployments", True)})
    return caught.value


def failed(error: Exception) -> str:
    def work() -> dict[str, Any]:
        raise error

    result = outcome(work)
    assert_shown(result["msg"])
    return result["msg"] + json.dumps(result, ensure_ascii=False)


def kube_verdicts() -> str:
    (expectation,) = kube_verify.read_expectations(
        [({"name": "n", "meaning": "m", "api_version": "v1", "kind": "Pod", "namespace": "x", "count": 0}, "s")]
    )
    return kube_verify.result_of([kube_verify.Verdict(expectation, False, HOSTILE, HOSTILE)])["msg"]


class Answers:
    """A client of whatever server, all of whose texts are hostile."""

    def create(self, path: str, *_rest: Any) -> dict[str, Any]:
        reviews = {"allowed": True, "reason": HOSTILE}
        return {"status": reviews if "accessreviews" in path else {"userInfo": {"username": HOSTILE, "groups": [HOSTILE]}}}

    def find(self, path: str) -> dict[str, Any]:
        if path == "auth/token/lookup-self":
            return {"data": {"expire_time": "2026-11-28T00:00:00Z", "ttl": 1}}
        return {"spec": {"holderIdentity": HOSTILE}, "metadata": {"resourceVersion": "1"}}

    def read(self, path: str) -> dict[str, Any]:
        return {"data": {"display_name": HOSTILE, "policies": [HOSTILE], "accessor": HOSTILE}}

    threads = 1


def held() -> str:
    with pytest.raises(RefusedError) as caught:
        RunLease(Answers(), "x", "me").__enter__()
    return str(caught.value) + json.dumps(caught.value.details, ensure_ascii=False)


def objects() -> str:
    (found,) = ReconcileResult(PLAN, objects=[{"data": {HOSTILE: HOSTILE, "Makefile": "all:\n\ttrue\n"}}]).as_result(diff=False)["objects"]
    assert found["data"].pop("Makefile") == "all:\n\ttrue\n", "line breaks and tabs are the text's own"
    return json.dumps(found, ensure_ascii=False)


def record() -> list[str]:
    host = {"status": HOSTILE, "counts": {HOSTILE: 1}, "verified": False, "error": HOSTILE}
    found = dict.fromkeys(("created", "who", "command", "run", "revision", "plan_digest"), HOSTILE)
    return told({**found, "host": host, "hosts": {"a": "applied", HOSTILE: HOSTILE}}, "a")


def shown_by_the_callback() -> str:
    lines: list[str] = []
    callback = CallbackModule()
    callback.get_option = {"show": "always", "html": None}.get
    callback._table._notes = {HOSTILE: [make_note("plan", "0", HOSTILE, raw_answer())]}
    callback._table._display = type("Display", (), {"display": lambda _self, text, *_rest, **_more: lines.append(text)})()
    callback.v2_playbook_on_stats(None)
    return "\n".join(lines)


OUTPUTS: dict[str, Callable[[], str]] = {
    "the result of a plan": lambda: json.dumps({key: value for key, value in answer().items() if key != "diff"}, ensure_ascii=False),
    "a change in one line": lambda: change(reason=HOSTILE).as_line(),
    "the table of a plan": lambda: plain(render(report(answer(), "plan"), HOSTILE)),
    "the table of drift": lambda: plain(render(report(raw_answer()), HOSTILE)),
    "the table of a failure": lambda: plain(render(report({"failed": True, "msg": clean(HOSTILE)}, "apply"))),
    "objects that were written": objects,
    "as whom a cluster sees us": lambda: json.dumps(whoami(Answers(), SimpleNamespace(certificate=""), [{}], None), ensure_ascii=False),
    "who holds a lock": held,
    "as whom Vault sees us": lambda: json.dumps(token_of(Answers()), ensure_ascii=False),
    "rows of an error": lambda: listed([f"  a: {HOSTILE}", f"  b: {HOSTILE}"]),
    "the callback": shown_by_the_callback,
    "the record of the last run": lambda: "\n".join(record()),
    "a refusal of the apiserver": lambda: failed(refusal()),
    "a refusal of Vault": lambda: failed(VaultError(response(400, {"errors": [HOSTILE]}), "PUT x")),
    "an object that is not ready, and its events": lambda: failed(not_ready()),
    "details of any error": lambda: failed(RefusedError(f"refused: {clean(HOSTILE)}", refused=[{"id": HOSTILE}])),
    "an expectation of a cluster": kube_verdicts,
    "an expectation of Vault": lambda: json.dumps(Verdict(HOSTILE, HOSTILE, False, HOSTILE, HOSTILE).as_result(), ensure_ascii=False),
    "a value in an error": lambda: show_value(HOSTILE, 1000),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_hostile_words_are_shown_and_not_obeyed(output):
    assert_shown(OUTPUTS[output]())


def test_a_diff_shows_lines_as_lines_and_nothing_else_raw():
    (row,) = as_diff([change(before={"a": HOSTILE}, after={"a": "b"})], lambda value: yaml.safe_dump(value, allow_unicode=True))
    assert_shown("\n".join(row.values()))


def test_progress_is_one_line(monkeypatch):
    lines: list[str] = []
    progress = Progress("host")
    progress._display = type("Display", (), {"display": lambda _self, text: lines.append(text)})()
    progress._last = progress._began = -100.0
    progress(f"waiting for {HOSTILE}")
    assert_shown("\n".join(lines))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_clean_text_has_one_line_and_says_all_that_was_seen(text):
    shown = clean(text)
    assert len(shown.splitlines()) <= 1
    assert not [sign for sign in shown if unicodedata.category(sign) in ("Cc", "Zl", "Zp")]
    assert clean(shown) == shown
    assert clean_lines("a\n" + text).startswith("a\n")
