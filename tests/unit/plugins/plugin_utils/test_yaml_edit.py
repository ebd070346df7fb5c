# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.plugin_utils._yaml_edit import set_texts
from hypothesis import given
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
