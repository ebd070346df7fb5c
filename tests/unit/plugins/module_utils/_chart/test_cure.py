# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import tarfile

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._chart import cure
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError


def one(kind, name, **more):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "ns"}, **more}


def lines(found):
    return [fault.line for fault in found]


def test_equal_renders_have_no_fault_whatever_their_order():
    documents = [one("ConfigMap", "a", data={"x": "1"}), one("Service", "b")]
    assert cure.faults(documents, documents[::-1]) == []


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ([one("ConfigMap", "a", data={"token": "2"})], ["  ConfigMap/ns/a: data.token"]),
        ([one("ConfigMap", "other", data={"token": "1"})], ["  ConfigMap/ns/a: its name", "  ConfigMap/ns/other: its name"]),
        ([], ["  ConfigMap/ns/a: its name"]),
    ],
)
def test_what_differs_is_named(second, words):
    assert lines(cure.faults([one("ConfigMap", "a", data={"token": "1"})], second)) == words


def test_a_secret_written_out_is_named_by_key_and_never_by_value():
    secret = one("Secret", "s", data={"password": "Y2FuYXJ5", "ca.crt": "Y2FuYXJ5"}, stringData={"user": "canary"})
    found = cure.faults([secret], [secret])
    assert lines(found) == ['  Secret/ns/s: data.password, data."ca.crt", stringData.user']
    assert cure.cure_of("thing", found).settings == {
        "secrets": {"s": {"password": "env:THING_S_PASSWORD", "ca.crt": "env:THING_S_CA_CRT", "user": "env:THING_S_USER"}}
    }


@pytest.mark.parametrize("data", [{}, {"ca.crt": ""}, {"key": {"reference": "env:KEY"}}])
def test_a_secret_that_a_controller_or_a_reference_fills_passes(data):
    secret = one("Secret", "s", data=data)
    assert cure.faults([secret], [secret]) == []


def test_what_is_made_up_beside_secrets_is_cured_by_leaving_it_out():
    def workload(mark):
        return one(
            "Deployment", "d", spec={"template": {"metadata": {"annotations": {"rollme": mark, "checksum/config": mark, "kept": "1"}}}}
        )

    first, second = [workload("a")], [workload("b")]
    rows = cure.cure_of("thing", cure.faults(first, second)).settings["ignore"]
    assert {row["path"] for row in rows} == {
        "spec.template.metadata.annotations.rollme",
        'spec.template.metadata.annotations."checksum/config"',
    }
    cured = [cure.without_ignored("thing", documents, rows) for documents in (first, second)]
    assert cured[0] == cured[1]
    assert cured[0][0]["spec"]["template"]["metadata"]["annotations"] == {"kept": "1"}
    assert first[0]["spec"]["template"]["metadata"]["annotations"]["rollme"] == "a", "what came in stays"


def test_a_name_that_is_made_up_is_said_to_have_no_cure_but_a_value():
    found = cure.cure_of("thing", cure.faults([one("Job", "a-1")], []))
    assert found.settings == {}
    assert "the name of Job/ns/a-1 is made up" in found.hints[0]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("a.b", {"a": {"c": [{"name": "x", "v": 1}, {"name": "y", "v": 2}, "z"]}}),
        ("a.c[name=x].v", {"a": {"b": 1, "c": [{"name": "x"}, {"name": "y", "v": 2}, "z"]}}),
        ("a.c[1]", {"a": {"b": 1, "c": [{"name": "x", "v": 1}, "z"]}}),
        ("a.c[=z]", {"a": {"b": 1, "c": [{"name": "x", "v": 1}, {"name": "y", "v": 2}]}}),
        ("a", {}),
    ],
)
def test_a_path_is_left_out_as_a_refusal_names_it(path, left):
    document = one("Thing", "t", a={"b": 1, "c": [{"name": "x", "v": 1}, {"name": "y", "v": 2}, "z"]})
    assert cure.without_ignored("c", [document], [{"kind": "Thing", "path": path}]) == [one("Thing", "t", **left)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"kind": "Deploymnt", "path": "a"}, "it has no Deploymnt; did you mean 'Deployment'?"),
        ({"kind": "Deployment", "name": "ap", "path": "a"}, "it has no Deployment ap; did you mean 'app'?"),
        ({"kind": "Deployment", "path": "spec.b"}, "no Deployment of it has spec.b"),
    ],
)
def test_a_row_that_finds_nothing_is_refused(row, words):
    with pytest.raises(InputError) as refusal:
        cure.without_ignored("thing", [one("Deployment", "app", spec={"a": 1})], [row])
    assert words in refusal.value.message
    assert "settings.components.thing.ignore" in refusal.value.message


def test_the_inventorys_secret_takes_the_place_of_the_charts_and_keeps_its_type():
    chart = one("Secret", "tls", type="kubernetes.io/tls", data={"tls.crt": "YQ=="}, stringData={"x": "y"})
    found = cure.replace_secrets([chart, one("ConfigMap", "c")], {"tls": {"tls.crt": "env:CRT"}, "new": {"a": "env:A"}}, "ns")
    assert found[0] == one("Secret", "tls", type="kubernetes.io/tls", data={"tls.crt": {"reference": "env:CRT"}})
    assert found[2] == one("Secret", "new", type="Opaque", data={"a": {"reference": "env:A"}})


TEMPLATES = {
    "templates/secret.yaml": """{{- if not .Values.auth.existingSecret }}
data:
  {{- if .Values.tls.enabled }}
  x: y
  {{- end }}
  password: {{ .Values.auth.password | default (randAlphaNum 12) | b64enc }}
{{- end }}
other: {{ .Values.quiet }}
"""
}


def test_values_that_decide_are_guessed_from_the_templates(tmp_path):
    expected = ["auth.existingSecret (templates/secret.yaml:6)", "auth.password (templates/secret.yaml:6)"]
    folder = tmp_path / "chart" / "templates"
    folder.mkdir(parents=True)
    (folder / "secret.yaml").write_text(TEMPLATES["templates/secret.yaml"])
    (tmp_path / "chart" / "values.yaml").write_text("randAlphaNum: {{ .Values.no }}")
    assert cure.guesses(cure.templates_of(tmp_path / "chart")) == expected
    with tarfile.open(tmp_path / "chart.tgz", "w:gz") as archive:
        body = TEMPLATES["templates/secret.yaml"].encode()
        member = tarfile.TarInfo("chart/templates/secret.yaml")
        member.size = len(body)
        archive.addfile(member, io.BytesIO(body))
    assert cure.guesses(cure.templates_of(tmp_path / "chart.tgz")) == expected
