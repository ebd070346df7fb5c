# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from unittest.mock import MagicMock

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.gantry.platform.plugins.action import declare

TEAMS = """
{% for team in teams %}
---
apiVersion: v1
kind: Namespace
metadata:
  name: {{ team.name }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: about, namespace: {{ team.name }}}
data: {purpose: {{ team.purpose | to_json }}}
{% endfor %}
"""
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mind"}}


@pytest.fixture
def role(tmp_path):
    """A role's folder with templates and files, and a store."""
    for folder, name, text in (
        ("templates", "teams.yaml.j2", TEAMS),
        ("templates", "undefined.yaml.j2", "---\nkind: {{ nobody.said_this }}\n"),
        ("templates", "broken.yaml.j2", "kind: [\n"),
        (
            "templates",
            "rows.yaml.j2",
            "{% for team in teams %}\n- {name: {{ team.name }}, meaning: m, api_version: v1, kind: Namespace}\n{% endfor %}\n",
        ),
        ("templates", "norows.yaml.j2", "name: alone\n"),
        (
            "files",
            "alerts.yaml",
            'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alerts, namespace: mind}\ndata: {rule: "{{ $value }}"}\n',
        ),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    (tmp_path / "store").mkdir()
    return tmp_path


@pytest.fixture
def run(role):
    """Run the action as a task of the role; gives its result."""

    def call(check_mode=False, **args):
        variables = {"teams": [{"name": "mind", "purpose": "it: thinks"}], "ansible_search_path": [str(role)]}
        loader = DataLoader()
        loader.set_basedir(str(role))
        arguments = {"store": str(role / "store"), **args}
        task = MagicMock(async_val=0, check_mode=check_mode, args=arguments, environment=[], get_search_path=lambda: [str(role)])
        templar = Templar(loader, variables)
        return declare.ActionModule(task, MagicMock(), MagicMock(), loader, templar, MagicMock()).run(None, variables)

    return call


def written(role, name="one"):
    return json.loads((role / "store" / f"{name}.json").read_text(encoding="utf-8"))


def test_templates_files_and_documents_become_one_set(role, run):
    text = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: mind}\n"
    result = run(set="one", role="room", templates=["teams.yaml.j2"], files=["alerts.yaml"], documents=[text, [{"kind": "List"} and None]])
    content = written(role)
    assert [document["kind"] for document in content["documents"]] == ["Namespace", "ConfigMap", "ConfigMap", "ServiceAccount"]
    assert content["documents"][1]["data"] == {"purpose": "it: thinks"}
    assert content["documents"][2]["data"] == {"rule": "{{ $value }}"}, "what lies in files is not rendered"
    assert content["sources"][:2] == ["teams.yaml.j2 (document 1)", "teams.yaml.j2 (document 2)"]
    assert result["digest"] == content["digest"]
    assert result["documents"] == 4


def test_a_result_holds_no_document_and_no_change(role, run):
    result = run(set="one", documents=[{**NAMESPACE, "metadata": {"name": "mind", "labels": {"a": "canary"}}}])
    assert "canary" not in json.dumps(result)
    assert result["changed"] is False


def test_check_mode_writes_the_same_set(role, run):
    first = run(set="one", templates=["teams.yaml.j2"], check_mode=True)
    assert first["digest"] == run(set="one", templates=["teams.yaml.j2"])["digest"] == written(role)["digest"]


def test_rows_come_from_templates_and_from_arguments(role, run):
    row = {"api_version": "apps/v1", "kind": "Deployment", "namespace": "mind", "name": "a", "path": "spec.replicas", "seed": 2}
    assert not run(set="one", documents=[NAMESPACE], expectations_templates=["rows.yaml.j2"], handed_over=[row]).get("failed")
    assert [item["name"] for item in written(role)["expectations"]] == ["mind"]
    assert written(role)["handed_over"] == [row]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({}, "set is missing"),
        ({"set": "one", "template": ["a"]}, "unknown option 'template'; did you mean 'templates'"),
        ({"set": "one", "templates": ["broken.yaml.j2"]}, "broken.yaml.j2"),
        ({"set": "one", "documents": ["kind: ["]}, "documents[1]"),
        ({"set": "one", "documents": [NAMESPACE, 7]}, "documents[2]"),
        ({"set": "one", "documents": [NAMESPACE, NAMESPACE]}, "documents[2]"),
        ({"set": "one", "expectations_templates": ["norows.yaml.j2"]}, "norows.yaml.j2: the template must render to a list"),
    ],
)
def test_wrong_input_is_named_and_nothing_written(role, run, args, words):
    result = run(**args)
    assert result["failed"]
    assert words in result["msg"]
    assert not list((role / "store").iterdir())


def test_an_undefined_value_is_told_with_its_template(role, run):
    with pytest.raises(Exception, match="nobody") as refusal:
        run(set="one", templates=["undefined.yaml.j2"])
    assert "undefined.yaml.j2" in str(refusal.value)


def test_a_template_that_is_not_there_is_named(run):
    with pytest.raises(Exception, match=r"nowhere\.yaml\.j2"):
        run(set="one", templates=["nowhere.yaml.j2"])


def test_finish_lists_every_set_in_order(run):
    run(set="late", documents=[{**NAMESPACE, "metadata": {"name": "late"}}])
    run(set="early", documents=[NAMESPACE])
    result = run(finish=True)
    assert [(one["name"], one["documents"]) for one in result["sets"]] == [("early", 1), ("late", 1)]
    assert result["changed"] is False


def test_finish_refuses_sets_that_do_not_fit_unless_the_cluster_has_it(run):
    run(set="one", documents=[{"apiVersion": "elsewhere.example/v1", "kind": "Thing", "metadata": {"name": "a", "namespace": "theirs"}}])
    result = run(finish=True)
    assert "no set brings its CustomResourceDefinition" in result["msg"]
    assert "no set declares the namespace theirs" in result["msg"]
    assert not run(finish=True, external_namespaces=["theirs"], external_groups=["elsewhere.example"]).get("failed")
