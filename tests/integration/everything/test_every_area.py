# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every area that has a row, on one sandbox with all of them and all their servers: none of them has a line of its own here."""

from __future__ import annotations

import base64
import json

from ansible_collections.gantry.platform.plugins.module_utils._model.rows import rows
from ansible_collections.gantry.platform.tests.integration.canaries import shapes_in, traces_of
from ansible_collections.gantry.platform.tests.integration.everything.conftest import HOST
from ansible_collections.gantry.platform.tests.integration.kube.objects import identity
from ansible_collections.gantry.platform.tests.integration.runs import conforms

TAKES_OTHERS_ALONG = (
    *("Namespace", "ServiceAccount", "Secret", "Deployment", "StatefulSet", "DaemonSet", "Prometheus", "Alertmanager"),
    *("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
)
"""Kinds of which no object is deleted here: what belongs to it, or who is let in by it, would go as well."""
PUBLIC = ("ca.crt", "tls.crt", "namespace")
"""Keys of Secrets whose values are none."""


def lines(report):
    return sorted((change["set"], change["action"], change["id"]) for change in report["changes"])


def named(identifier):
    """The words of kubectl that name this object."""
    kind, namespace, name = identifier.split("/", 2)
    return [f"{kind}/{name}", *(["-n", namespace] if namespace != "-" else [])]


def test_a_plan_for_an_empty_cluster_lists_what_the_run_does_and_the_run_ends_verified(everything):
    assert conforms(everything.planned)["status"] == "changes"
    assert everything.written_by_the_plan == []
    assert lines(everything.planned) == lines(everything.first)
    assert (everything.first["status"], everything.first["hosts"][HOST]["verified"]) == ("applied", True)


def test_a_second_run_writes_nothing_to_any_server(everything):
    since = everything.mark()
    code, output, report = everything.play("site")
    assert (code, report["status"], report["hosts"][HOST]["verified"]) == (0, "clean", True), output[-3000:]
    assert everything.written(since) == []


def declared(everything):
    """By set, the documents by their identity, as the last run declared them."""
    (latest,) = [path.parent for path in (everything.folder / "run").glob(f"*/{HOST}/workloads.json")][-1:]
    contents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(latest.glob("*.json"))]
    return {content["set"]: {identity(document): document for document in content["documents"]} for content in contents}


def in_use(document, found):
    """Whether it is a definition of a kind of which something is declared."""
    group = document.get("spec", {}).get("group")
    kinds = {one.partition("/")[0] for documents in found.values() for one in documents}
    return document["kind"] == "CustomResourceDefinition" and any(kind.endswith(f".{group}") for kind in kinds)


def mark_of(document):
    """(command of kubectl, key) of a label or an annotation that is declared."""
    labels, annotations = (document["metadata"].get(key) or {} for key in ("labels", "annotations"))
    return ("label", "owner") if "owner" in labels else ("annotate", sorted(annotations)[0]) if annotations else None


def test_what_somebody_deletes_and_changes_in_each_set_is_what_drift_names_and_nothing_else(everything):
    found = declared(everything)
    touched = {}
    for name, documents in found.items():
        alone = [one for one, d in sorted(documents.items()) if d["kind"] not in TAKES_OTHERS_ALONG and not in_use(d, found)]
        marked = [one for one, d in sorted(documents.items()) if mark_of(d) and one not in alone[:1]]
        for one in alone[:1]:
            everything.kubectl("delete", "--wait", *named(one))
            touched[one] = (name, "create")
        for one in marked[-1:]:
            command, key = mark_of(documents[one])
            everything.kubectl(command, "--overwrite", *named(one), f"{key}=somebody")
            touched[one] = (name, "update")
    assert {name for name, _action in touched.values()} == {name for name, documents in found.items() if documents}
    since = everything.mark()
    code, output, report = everything.play("drift")
    assert code != 0
    assert {change["id"]: (change["set"], change["action"]) for change in conforms(report, "drift")["changes"]} == touched, output[-3000:]
    assert everything.written(since) == []
    code, output, _report = everything.play("verify", platform_verify_timeout=0)
    said = " ".join(output.split())
    assert code != 0 and "not as declared: " in said and f"and {len(touched) - 5} more; make drift ENV=sandbox says in what" in said, (
        output[-3000:]
    )
    for name in ("access", "site"):
        code, output, report = everything.play(name, platform_force_conflicts=["kubectl-label", "kubectl-annotate"])
        assert code == 0, output[-3000:]
    code, output, report = everything.play("drift")
    assert (code, report["status"]) == (0, "clean"), output[-3000:]


def test_a_quota_that_was_raised_by_hand_does_not_pass(everything):
    """Every expectation holds with it."""
    everything.kubectl("-n", "cortex", "patch", "resourcequota", "team", "--type=merge", "-p", '{"spec": {"hard": {"pods": "4000"}}}')
    code, output, _report = everything.play("verify")
    assert code != 0 and "not as declared: ResourceQuota/cortex/team; make drift" in " ".join(output.split()), output[-3000:]
    assert "expectations do not hold" not in output
    code, output, _report = everything.play("site", platform_force_conflicts=["kubectl-patch"])
    assert code == 0, output[-3000:]
    code, output, _report = everything.play("verify")
    assert code == 0 and "expectations hold" in output, output[-3000:]


def test_an_area_that_is_switched_off_leaves_its_sets_to_be_named_by_everybody_who_looks(everything):
    chosen = [row for row in rows().values() if row.on == "cluster" and not row.default]
    since = everything.mark()
    code, output, report = everything.play("plan", platform_areas="")
    assert code == 0, output[-3000:]
    assert set(report["hosts"][HOST]["orphan_sets"]) == {name for row in chosen for name in row.sets if "<" not in name}
    assert everything.written(since) == []


def test_no_secret_that_a_cluster_or_a_server_holds_is_said_by_a_loud_run(everything):
    held = [
        base64.b64decode(value).decode(errors="replace")
        for secret in json.loads(everything.kubectl("get", "secrets", "-A", "-o", "json"))["items"]
        for key, value in (secret.get("data") or {}).items()
        if key not in PUBLIC
    ]
    for file in everything.cluster.glob("*.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        held += [value for key, value in content.items() if key in ("token", "password", "root_token")] if isinstance(content, dict) else []
    held = [value for value in held if len(value) > 7]
    assert held
    _code, output = everything.command("ansible-playbook", "-vvvv", "--diff", *everything.words("drift"))
    assert traces_of(held, output) == []
    assert shapes_in(output) == []
