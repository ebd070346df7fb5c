# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.plugin_utils._yaml_edit import set_texts
from hypothesis import example, given
from hypothesis import strategies as st

FILE = """\
---
# Written by machine.
platform_release:
  services:
    # the first one
    attention: {digest: sha256:aa}  # pinned
    cortex:
      digest: 'sha256:bb'   # quoted

    # the last one
    memory:
      digest: sha256:cc
  components: {}  # none yet
other: 1
"""


def changed(content, path, text, file="release.yml"):
    return set_texts(content, {("platform_release", *path): text}, file)


def lines(before, after):
    """The lines that went, and those that came."""
    return sorted(set(before.splitlines()) - set(after.splitlines())), sorted(set(after.splitlines()) - set(before.splitlines()))


@pytest.mark.parametrize(
    ("path", "gone", "come"),
    [
        (("services", "memory", "digest"), ["      digest: sha256:cc"], ["      digest: sha256:xx"]),
        (("services", "cortex", "digest"), ["      digest: 'sha256:bb'   # quoted"], ["      digest: 'sha256:xx'   # quoted"]),
        (
            ("services", "attention", "digest"),
            ["    attention: {digest: sha256:aa}  # pinned"],
            ["    attention: {digest: sha256:xx}  # pinned"],
        ),
        (("services", "zeta", "digest"), [], ["      digest: sha256:xx", "    zeta:"]),
        (("services", "aaa", "digest"), [], ["      digest: sha256:xx", "    aaa:"]),
        (("services", "dream", "digest"), [], ["      digest: sha256:xx", "    dream:"]),
        (
            ("components", "velero", "version"),
            ["  components: {}  # none yet"],
            ["    velero:", "      version: sha256:xx", "  components:  # none yet"],
        ),
        (
            ("services", "attention", "note"),
            ["    attention: {digest: sha256:aa}  # pinned"],
            ["    attention: {digest: sha256:aa, note: sha256:xx}  # pinned"],
        ),
    ],
)
def test_only_the_lines_that_change_change(path, gone, come):
    after = changed(FILE, path, "sha256:xx")
    assert lines(FILE, after) == (sorted(gone), sorted(come))
    expected = yaml.safe_load(FILE)
    place = expected["platform_release"]
    for part in path[:-1]:
        place = place.setdefault(part, {})
    place[path[-1]] = "sha256:xx"
    assert yaml.safe_load(after) == expected
    assert changed(after, path, "sha256:xx") == after


def test_a_new_name_comes_where_order_wants_it_and_before_the_next_ones_comment():
    after = changed(FILE, ("services", "dream", "digest"), "sha256:xx").splitlines()
    at = after.index("    dream:")
    assert after[at - 1] == "      digest: 'sha256:bb'   # quoted"
    assert after[at + 2 : at + 4] == ["", "    # the last one"]
    assert list(yaml.safe_load("\n".join(after))["platform_release"]["services"]) == ["attention", "cortex", "dream", "memory"]


@pytest.mark.parametrize(
    "content", ["", "---\n# nothing yet\n", "platform_release:\n", "platform_release: {}", "platform_release: {services: {}}\n"]
)
def test_what_is_not_there_yet_is_made(content):
    after = changed(content, ("services", "memory", "digest"), "sha256:xx")
    assert yaml.safe_load(after) == {"platform_release": {"services": {"memory": {"digest": "sha256:xx"}}}}
    assert all(line in after for line in content.splitlines() if line.startswith(("---", "#")))


def test_line_ends_stay():
    before = FILE.replace("\n", "\r\n")
    after = changed(before, ("services", "zeta", "digest"), "sha256:xx")
    assert after.count("\r\n") == after.count("\n") == before.count("\n") + 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a: [", "release.yml cannot be read as YAML"),
        ("- a\n", "release.yml holds no variables by name"),
        ("x: &x {digest: a}\nplatform_release: {services: {memory: *x}}\n", "cannot be changed line by line"),
    ],
)
def test_what_cannot_be_edited_is_refused_with_its_file(content, words):
    with pytest.raises(InputError, match=words):
        changed(content, ("services", "memory", "digest"), "sha256:xx")


NAMES = st.text("abcdz", min_size=1, max_size=3)


@given(
    st.dictionaries(NAMES, st.builds(lambda: {"digest": "sha256:00"}), max_size=5),
    st.dictionaries(NAMES, st.just("sha256:11"), max_size=4),
    st.booleans(),
)
def test_any_release_takes_any_other(there, wanted, flow):
    content = yaml.safe_dump({"platform_release": {"services": there}, "z": {"k": [1]}}, default_flow_style=flow, sort_keys=False)
    after = set_texts(content, {("platform_release", "services", name, "digest"): text for name, text in wanted.items()}, "f")
    assert yaml.safe_load(after)["platform_release"]["services"] == there | {name: {"digest": text} for name, text in wanted.items()}
    assert yaml.safe_load(after)["z"] == {"k": [1]}


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ODD = [
    *"1.10 1e3 0x1f 0o17 1_000 12:30:45 2026-11-30 2026-11-30T10:00:00Z +1 .5 .inf .nan on No NULL ~ y true << = ? --- ...".split(),
    *"[a] {a a,b *a &a !a | > %a @a it's a\\b \0 \x7f \ufeff \uffff 😀".split(" "),
    *["", " ", " a ", "a: b", "a #b", "- a", 'a "b"', "a\nb", "\t", "\x85", "\u2028", "{{ a }}"],
]
READERS = [yaml.SafeLoader, yaml.CSafeLoader]


@pytest.mark.parametrize("there", ["1.0", "'1.0'", '"1.0"', "", "~", "|\n        1.0\n", ">-\n        1.0\n        b", "!!str 1.0"])
def test_every_text_is_read_back_as_the_same_text_whatever_stood_there(there):
    content = f"platform_release:\n  components:\n    velero:\n      version: {there}\n      digest: a  # b\n"
    for text in ODD:
        after = changed(content, ("components", "velero", "version"), text)
        assert after.endswith("      digest: a  # b\n") and len(after.splitlines()) == 5
        expected = {"platform_release": {"components": {"velero": {"version": text, "digest": "a"}}}}
        assert [reader(after).get_single_data() for reader in READERS] == [expected] * 2


@given(ANY, ANY, st.sampled_from(["", "platform_release: {}\n", "platform_release: {z: {b: c}}\n", "platform_release:\n  z:\n    b: c\n"]))
@example("on", "1.10", "")
@example("1.10", "2026-11-30", "platform_release: {z: {b: c}}\n")
@example("null", "1e3", "platform_release:\n  z:\n    b: c\n")
def test_every_name_and_every_text_is_read_back_as_it_was(name, text, content):
    before = (yaml.safe_load(content) or {}).get("platform_release") or {}
    path = ("services", name, "version")
    after = changed(content, path, text)
    expected = {"platform_release": before | {"services": {name: {"version": text}}}}
    assert [reader(after).get_single_data() for reader in READERS] == [expected] * 2
    assert changed(after, path, text) == after


@pytest.mark.parametrize("text", ["sha256:" + "0a" * 32, "v1.10", "attention", "registry.example.org:5000/a/b@sha256:aa"])
def test_what_no_reader_takes_for_something_else_stands_without_quotes(text):
    assert changed("", ("services", "a", "digest"), text).endswith(f"      digest: {text}\n")


def test_a_name_that_yaml_reads_as_something_else_is_not_the_text():
    after = changed("platform_release:\n  services:\n    on: {digest: a}\n", ("services", "on", "digest"), "b")
    assert yaml.safe_load(after) == {"platform_release": {"services": {True: {"digest": "a"}, "on": {"digest": "b"}}}}


@pytest.mark.parametrize(
    ("content", "text", "words"),
    [
        ("a: &a {b: *a}\n", "b", "cannot be changed line by line"),
        ("platform_release: {services: {memory: {digest: &a b}}}\nc: *a\n", "b", "cannot be changed line by line"),
        ("", "\ud800", "is no text that UTF-8 can write"),
    ],
)
def test_what_would_not_be_the_same_afterwards_is_refused(content, text, words):
    with pytest.raises(InputError, match=words):
        changed(content, ("services", "memory", "digest"), text)


def test_what_else_stands_there_may_be_of_any_type():
    others = "x: .nan\n2026-11-30: 2026-11-30\n1: {2: 3}\ntrue: [~, {a: 1.5}]\n"
    after = changed(others, ("services", "memory", "digest"), "b")
    assert after.startswith(others)
