# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._core.references import References
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.documents import (
    flatten,
    load_paths,
    load_text,
    normalise,
    refuse_duplicates,
)
from hypothesis import given
from hypothesis import strategies as st


def one(kind="ConfigMap", name="x", **members):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **members}


NESTED = st.recursive(
    st.none() | st.integers(0, 99).map(lambda number: one(name=str(number))),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(lambda items: {"apiVersion": "v1", "kind": "List", "items": items})
    ),
    max_leaves=8,
)


def names_in(value):
    if isinstance(value, dict):
        return names_in(value["items"]) if "items" in value else [value["metadata"]["name"]]
    return [name for item in value or [] for name in names_in(item)]


@given(NESTED)
def test_any_nesting_of_lists_is_flattened_in_order(value):
    assert [document["metadata"]["name"] for document, _source in flatten(value, "here")] == names_in(value)


def test_every_document_says_where_it_stood():
    value = [one(), {"kind": "ConfigMapList", "items": [one(), [one()]]}]
    assert [source for _document, source in flatten(value, "file")] == ["file[1]", "file[2].items[1]", "file[2].items[2][1]"]


def test_a_kind_that_only_ends_like_a_list_is_an_object():
    assert [document["kind"] for document, _source in flatten(one("AllowList"), "file")] == ["AllowList"]


@pytest.mark.parametrize("value", ["text", 7, True, [one(), "text"]])
def test_what_is_no_mapping_is_no_object(value):
    with pytest.raises(InputError, match=r"file(\[2\])?: a Kubernetes object is a mapping, found (str|int|bool)"):
        flatten(value, "file")


def test_what_was_given_is_not_touched():
    given_in = one(data={"a": "b"})
    (document, _source) = flatten(given_in, "here")[0]
    document["data"]["a"] = "changed"
    assert given_in["data"] == {"a": "b"}


def test_keys_become_text_as_in_json():
    ((document, _source),) = load_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {8080: a, true: b, x: d}", "f")
    assert document["data"] == {"8080": "a", "true": "b", "x": "d"}
    ((document, _source),) = flatten({"kind": "A", "data": {8080: "a", True: "b", None: "c"}}, "f")
    assert document["data"] == {"8080": "a", "true": "b", "null": "c"}


def test_documents_of_one_text_are_numbered_and_empty_ones_left_out():
    text = "---\n---\napiVersion: v1\nkind: A\n---\n# nothing\n---\napiVersion: v1\nkind: B\n"
    assert [(document["kind"], source) for document, source in load_text(text, "f")] == [("A", "f (document 2)"), ("B", "f (document 4)")]
    assert [source for _document, source in load_text("---\nkind: A\n", "f")] == ["f"]


def test_dates_and_equal_signs_stay_text_as_kubernetes_reads_them():
    ((document, _source),) = load_text("a: 2026-01-01\nb: =\nc: 2026-01-01T00:00:00Z\n", "f")
    assert document == {"a": "2026-01-01", "b": "=", "c": "2026-01-01T00:00:00Z"}


def test_json_is_read_too():
    assert load_text('{"kind": "A"}', "f") == [({"kind": "A"}, "f")]
    assert load_text("{kind: A}", "f") == [({"kind": "A"}, "f")]


def test_a_mistake_in_a_file_is_told_with_line_and_column():
    with pytest.raises(InputError, match=r"f\.yml:2:\d+: "):
        load_text("a: b\nc: d: e\nf: g\n", "f.yml")


def test_a_tag_of_python_is_not_obeyed():
    with pytest.raises(InputError, match="the tag !!python/object/apply:os.getcwd means nothing to Kubernetes"):
        load_text("!!python/object/apply:os.getcwd []", "f.yml")


def test_files_folders_and_patterns_are_read_in_order(tmp_path):
    for name in ("b.yml", "a.json", "deep/c.yaml", "deep/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f'{{"kind": "{name}"}}')

    def read(*paths):
        return [document["kind"] for document, _source in load_paths(paths, str(tmp_path)).documents]

    assert read("") == ["a.json", "b.yml", "deep/c.yaml"]
    assert read("**/*.yaml", "b.yml") == ["deep/c.yaml", "b.yml"]
    assert load_paths([str(tmp_path / "b.yml")]).documents[0][1] == str(tmp_path / "b.yml")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("https://example.org/a.yml", "is a URL; fetch it first"),
        ("none.yml", "cannot be read: No such file"),
        ("*.none", "matches no file"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, path, words):
    with pytest.raises(InputError, match=words):
        load_paths([path], str(tmp_path))


def test_sources_that_hold_nothing_are_named(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "blank.yml").write_text("# nothing\n---\n")
    (tmp_path / "list.yml").write_text("apiVersion: v1\nkind: List\nitems:\n")
    (tmp_path / "full.yml").write_text("kind: A")
    loaded = load_paths(["folder", "blank.yml", "list.yml", "full.yml"], str(tmp_path))
    assert loaded.empty == [
        f"the folder {tmp_path}/folder holds no .yml, .yaml or .json file",
        f"{tmp_path}/blank.yml holds no document",
        f"{tmp_path}/list.yml holds no document",
    ]
    assert [document for document, _source in loaded.documents] == [{"kind": "A"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_is_read_in_the_encoding_that_its_mark_says(tmp_path, encoding):
    (tmp_path / "a.yml").write_bytes("kind: Ä\n".encode(encoding))
    assert load_paths([str(tmp_path / "a.yml")]).documents[0][0] == {"kind": "Ä"}


def test_the_namespace_of_a_kind_that_has_none_is_left_out_with_a_warning():
    found, warnings = normalise(
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "x", "namespace": "n"}}, "file", "set", clustered=True
    )
    assert (found.ref.id, found.body["metadata"]) == ("Node/-/x", {"name": "x"})
    assert warnings == ["file: Node x: metadata.namespace left out, the kind has no namespaces"]


def body(document, **options):
    return normalise(document, "file", "set", **options)[0].body


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "file: apiVersion is missing; found the keys none"),
        ({"apiVersion": "v1", "metadata": {}}, "file: kind is missing; found the keys apiVersion, metadata"),
        ({"apiVersion": 1, "kind": "A"}, "file: apiVersion is missing"),
        ({"apiVersion": "v1", "kind": "A"}, "file: A has no metadata.name"),
        ({"apiVersion": "v1", "kind": "A", "metadata": {"name": 7}}, "file: A has no metadata.name"),
        ({"apiVersion": "v1", "kind": "A", "metadata": {"generateName": "a-"}}, "generateName cannot be applied, give it a name"),
        (
            {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "namespace": 7}},
            "file: A a: metadata.namespace must be text, found 7",
        ),
        (
            {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "labels": ["b"]}},
            r"file: A a: metadata.labels must be a mapping, found \[",
        ),
        (
            {"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "annotations": "b"}},
            "metadata.annotations must be a mapping, found 'b'",
        ),
        (one("Secret", data=["a"]), "Secret x: data must be a mapping"),
        (one("Secret", data={"a": 7}), "Secret x: data.a must be text or a reference"),
        (one("Secret", stringData={"a": {"reference": 7}}), "Secret x: stringData.a must be text or a reference"),
    ],
)
def test_a_document_that_cannot_be_right_is_refused_with_its_place(document, words):
    with pytest.raises(InputError, match=words):
        normalise(document, "file", "set")


def test_what_only_the_server_writes_is_left_out_and_told():
    document = one(status={"a": 1})
    document["metadata"] |= {"uid": "u", "managedFields": [], "creationTimestamp": None, "labels": {"a": "b"}}
    item, warnings = normalise(document, "file", "set")
    assert item.body == one() | {"metadata": {"name": "x", "labels": {"a": "b"}}}
    assert warnings == ["file: ConfigMap x: metadata.managedFields, metadata.uid left out, the server writes them"]


def test_a_namespace_is_put_in_only_where_there_is_none():
    assert body(one(), namespace="n")["metadata"]["namespace"] == "n"
    theirs = one()
    theirs["metadata"]["namespace"] = "theirs"
    assert body(theirs, namespace="n")["metadata"]["namespace"] == "theirs"
    assert "namespace" not in body(one())["metadata"]


@pytest.mark.parametrize(
    ("api_version", "kept"), [("v1", False), ("apps/v1", False), ("networking.k8s.io/v1", False), ("example.org/v1", True)]
)
def test_nulls_are_dropped_where_they_mean_nothing_and_kept_in_custom_resources(api_version, kept):
    document = {"apiVersion": api_version, "kind": "A", "metadata": {"name": "x"}, "spec": {"a": None, "list": [{"b": None, "c": 1}, None]}}
    want = {"a": None, "list": [{"b": None, "c": 1}, None]} if kept else {"list": [{"c": 1}, None]}
    assert body(document)["spec"] == want


def test_the_text_of_a_secret_becomes_data_and_wins_over_it():
    document = one("Secret", data={"a": "b2xk", "b": "Yg=="}, stringData={"a": "new", "c": {"reference": "env:C"}})
    assert body(document) == one("Secret", data={"a": "bmV3", "b": "Yg==", "c": {"reference": "env:C"}})


def test_a_reference_without_a_value_names_its_object_and_key():
    item = normalise(one("Secret", stringData={"c": {"reference": "env:C"}}), "secrets.yaml.j2", "set")[0]
    with pytest.raises(InputError) as told:
        item.resolved(References({}))
    assert told.value.message == (
        f"{item.ref.id}, key c (secrets.yaml.j2): the secret reference 'env:C' cannot be resolved: the environment variable is not set"
    )
    assert told.value.details == {"reference": "env:C"}


def test_references_become_values_at_the_last_moment_and_only_in_secrets():
    item = normalise(one("Secret", stringData={"c": {"reference": "env:C"}, "d": "lit"}), "file", "set")[0]
    assert item.resolved(References({"C": "canary"}))["data"] == {"c": base64.b64encode(b"canary").decode(), "d": "bGl0"}
    assert item.body["data"]["c"] == {"reference": "env:C"}
    plain = normalise(one(data={"c": {"reference": "env:C"}}), "file", "set")[0]
    assert plain.resolved(References({})) is plain.body


def test_a_secret_without_values_has_no_data_at_all():
    assert "data" not in normalise(one("Secret", data={}), "file", "set")[0].resolved(References({}))


def test_a_secret_of_another_group_is_none():
    assert not normalise({**one("Secret"), "apiVersion": "example.org/v1"}, "f", "s")[0].is_secret
    assert normalise(one("Secret"), "f", "s")[0].is_secret


def test_an_object_that_two_want_is_refused_with_both_claims():
    claims = [normalise(one(), f"{name}.yml", name)[0] for name in ("a", "b")]
    claims.append(normalise({**one(), "apiVersion": "v2"}, "c.yml", "c")[0])
    with pytest.raises(InputError) as problem:
        refuse_duplicates(claims)
    assert "ConfigMap/-/x: a.yml (set a) and b.yml (set b)" in problem.value.message
    assert "a.yml (set a) and c.yml (set c)" in problem.value.message


def test_objects_are_kept_by_identity_in_their_order():
    items = [normalise(one(name=name), "f", "s")[0] for name in "ba"]
    assert list(refuse_duplicates(items).values()) == items
