# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others wrote into a real cluster reaches the terminal and the results as text, whatever it says."""

from __future__ import annotations

import json
import unicodedata
import urllib.parse

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority
from ansible_collections.gantry.platform.tests.integration.kube.hooks import serving
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, deployment, identity, one_set
from ansible_collections.gantry.platform.tests.integration.kube.playbooks import FACES, Face
from ansible_collections.gantry.platform.tests.kit.waiting import until

FORGED = "clean  nothing to do"
MARKUP = "{{ lookup('pipe', 'touch MARK') }}{% raw %}<script>alert(1)</script>[bold]B(x)"
HOSTILE = f"/data\x1b[2J\x1b]0;owned\x07\r\n{FORGED}\n\x9b31m\x85\u2028{FORGED}\u202egnp.exe\u200b\ufeff\x7f\x08 {MARKUP} end"
SHORT = f"a\x1b[2J\n{FORGED}\u202e\x9bend"
"""A certificate's name has 64 characters at most."""
MANAGER = "{{ 7*7 }}<b>B(x)</b>"
"""The server lets nothing into a manager's name that is not printed."""
HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Cs"}


@pytest.fixture(params=FACES)
def face(request, cluster, tmp_path):
    return Face(request.param, tmp_path, cluster.kubeconfig)


@pytest.fixture
def refusing(cluster, namespace):
    """A webhook that refuses one ConfigMap, and warns, in hostile words."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    with serving(cluster, namespace) as server:
        server.answer = {"allowed": False, "status": {"code": 403, "message": HOSTILE, "reason": HOSTILE}, "warnings": [HOSTILE]}
        webhook = {
            "name": "hostile.tests.gantry.dev",
            "clientConfig": {"url": f"https://127.0.0.1:{server.server_address[1]}/", "caBundle": server.authority},
            "rules": [rule],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "matchConditions": [{"name": "one", "expression": "object.metadata.name.startsWith('refused')"}],
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
        made = cluster.admin.create(path, {**kind, "metadata": {"name": namespace}, "webhooks": [webhook]}, "tests")

        def asked():
            probe = config_map(namespace, "refused-probe")
            cluster.run(definition=probe, check=True)
            return server.asked

        until(asked, "the webhook to be asked")
        yield
        cluster.admin.delete(f"{path}/{namespace}", made["metadata"]["uid"])


def assert_text(value, place="", kept="\n\t"):
    """Nothing in it is obeyed or hidden."""
    if isinstance(value, dict):
        for key, item in value.items():
            assert_text(key, f"{place}, a key")
            assert_text(item, f"{place}.{key}", kept)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            assert_text(item, f"{place}[{number}]", kept)
    elif isinstance(value, str):
        found = [sign for sign in value if unicodedata.category(sign) in HIDDEN and sign not in kept]
        assert not found, f"{place}: {value!r}"


def assert_own(text):
    """No line of it is one that a server wrote."""
    assert not [line for line in text.splitlines() if line.strip().startswith(FORGED)], text


def apply(name, namespace, *documents, **more):
    keys = ("check_mode", "diff")
    options = {key: value for key, value in more.items() if key not in keys}
    given = {"owner": "tests", "apply_set": {"name": "s", "namespace": namespace}, "definition": list(documents), **options}
    return {"name": name, "gantry.platform.kube_apply": given, **{key: more[key] for key in keys if key in more}}


def test_what_others_wrote_into_the_cluster_is_shown_and_not_obeyed(cluster, namespace, face, refusing, tmp_path):
    settings, app = config_map(namespace), deployment(namespace, replicas=1)
    app["spec"]["template"]["spec"]["nodeSelector"] = {"there": "is-none"}
    cluster.run(one_set("s", namespace, settings)).ok()
    hostile = HOSTILE.replace("MARK", str(tmp_path / "obeyed"))
    cluster.edit(settings, {"metadata": {"annotations": {"note": hostile}}, "data": {"colour": hostile, "extra": hostile}}, "x")
    cluster.edit(settings, {"data": {"more": hostile}}, urllib.parse.quote(MANAGER))
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "hostile", "namespace": namespace},
        "involvedObject": {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": namespace, "name": "app"},
        "type": "Warning",
        "reason": hostile,
        "message": hostile,
    }
    cluster.admin.create(f"/api/v1/namespaces/{namespace}/events", event, "tests")
    other = cluster.namespace()
    held = {"holderIdentity": hostile, "leaseDurationSeconds": 30}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "gantry-run", "namespace": other}, "spec": held}
    cluster.admin.create(f"/apis/coordination.k8s.io/v1/namespaces/{other}/leases", lease, "tests")
    authority = Authority(cluster.root / "pki")
    authority.client("hostile", SHORT, [SHORT[:30]])
    authority.kubeconfig(tmp_path / "hostile.kubeconfig", cluster.admin.server, "hostile")

    whole = {"verify": "full", "foreign": "report", "force_conflicts": True}
    expectation = {"name": "n", "meaning": "m", "api_version": "v1", "kind": "ConfigMap", "namespace": namespace, "object": "settings"}
    may = [{"verb": "get", "resource": "pods"}]
    played = face.play(
        apply("drift", namespace, settings, check_mode=True, diff=True, **whole),
        apply("conflict", namespace, settings),
        {"name": "verified", "gantry.platform.kube_verify": {"expectations": [{**expectation, "condition": "data.colour == 'x'"}]}},
        apply("refused", namespace, settings, config_map(namespace, "refused")),
        apply("objects", namespace, settings, diff=True, return_objects=True, force_conflicts=True),
        apply("unready", namespace, settings, app, wait_timeout=2),
        apply("locked", other, config_map(other), lock=True, wait_timeout=1),
        {"name": "who", "gantry.platform.kube_access_info": {"kubeconfig": str(tmp_path / "hostile.kubeconfig"), "may": may}},
        words=("-vvv",),
    )
    found = played.results
    managers = {row["path"]: row["manager"] for row in found["drift"]["foreign"]}
    assert (managers["data.extra"], managers["data.more"]) == ("x", MANAGER)
    (returned,) = found["objects"]["objects"]
    said = {
        "the objects that were written": returned["data"]["extra"],
        "an annotation": returned["metadata"]["annotations"]["note"],
        "a diff": json.dumps(found["drift"]["diff"]),
        "a refusal of a webhook": found["refused"]["msg"],
        "an event": found["unready"]["msg"],
        "who holds the lock": found["locked"]["msg"],
        "a user": found["who"]["user"]["username"],
        "a group": "".join(found["who"]["user"]["groups"]) + "end",
    }
    assert {place: FORGED in words and "end" in words for place, words in said.items()} == dict.fromkeys(said, True), said
    for name, result in found.items():
        assert_text(result, name)
        assert_own(str(result.get("msg") or ""))
    assert_text(played.output, "the terminal")
    assert_own(played.output)
    assert not (tmp_path / "obeyed").exists()
    assert identity(settings) in played.output, "the table of the callback is there"
    log = (tmp_path / "ansible.log").read_text(encoding="utf-8")
    assert_text(log, "the log")
