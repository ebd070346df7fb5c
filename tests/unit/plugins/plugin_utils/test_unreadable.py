# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that Ansible cannot take as variables: told with file, line and cure, at once, and by the same exit code as any other mistake."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.plugin_utils._places import MOST_VALUES, scan
from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST
from ansible_collections.gantry.platform.tests.unit.plugins.plugin_utils.inventories import CHECKOUT, copy_of_the_inventories

GROWING = "a0: &a0 [x, x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))

BROKEN = [
    (b"platform_services:\n  a:\n    team: cortex: x\n", 3, "in quotes"),
    (b"platform_services:\n\ta: 1\n", 2, "with spaces, not with tabs"),
    (b"platform_services:\n  a: 1\n\tb: 2\n", 3, "with spaces, not with tabs"),
    (b"a: 1\nb: x\x00y\n", 2, "delete the control character"),
    ("a: 1\nb: é\n".encode("latin-1"), 2, "save it as UTF-8"),
    ("a: 1\n".encode("utf-16"), None, "save it as UTF-8"),
    ("a: 1\n".encode("utf-16-be"), None, "save it as UTF-8"),
    (b"a: 1\n---\nb: 2\n", 2, "one file is one document"),
    (b"---\n- a\n- b\n", 2, "found a list; allowed: variables by name"),
    (b"just words\n", 1, "found text; allowed: variables by name"),
    (b"a: *nowhere\n", 1, "name the anchor"),
    (b"a: {{ x }}\n", 1, "put what begins with {{ in quotes"),
    (b"a: !!python/object/apply:os.system [id]\n", 1, "which nothing here knows"),
    (b"a: !mine x\n", 1, "which nothing here knows"),
    (b"a: &a [*a]\n", 1, "contains itself by its anchor"),
    (b"a: &a {b: {c: *a}}\n", 1, "contains itself by its anchor"),
    (GROWING.encode(), None, "by its anchors"),
]


@pytest.mark.parametrize(("content", "line", "cure"), BROKEN)
def test_a_file_that_cannot_be_read_is_told_with_its_line_and_a_cure(content, line, cure):
    found = scan(content, "x.yml")
    assert cure in found.unreadable
    assert line is None or found.line == line


@pytest.mark.parametrize(
    "content", [b"", b"---\n", b"# nothing\n", b"\xef\xbb\xbfa: 1\n", b"$ANSIBLE_VAULT;1.1;AES256\n3061\n", b"a: !unsafe '{{ x }}'\n"]
)
def test_what_ansible_takes_is_taken(content):
    assert scan(content, "x.yml").unreadable == ""


def test_what_grows_is_bounded_before_it_is_made():
    began = time.process_time()
    assert "by its anchors" in scan(GROWING, "x.yml").unreadable
    assert time.process_time() - began < 5, "3^40 values were not looked at"
    assert scan("a: &a {x: 1}\nb: [*a, *a]\n", "x.yml").unreadable == ""
    assert "by its anchors" in scan("a: [" + "x, " * MOST_VALUES + "x]\n", "x.yml").unreadable


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("group_vars/all/40_services.yml", b"platform_services:\n  a:\n    team: cortex: x\n", "40_services.yml:3: cannot be read as YAML"),
        ("group_vars/all/50_slos.yml", GROWING.encode(), "by its anchors"),
        ("group_vars/prod/00_environment.yml", b"", "nothing sets platform_environment, which stands in"),
    ],
)
def test_a_run_ends_as_for_any_other_mistake(tmp_path, file, content, told):
    inventories = copy_of_the_inventories(tmp_path)
    (inventories / file).write_bytes(content)
    book = tmp_path / "model.yml"
    task = {"name": "Expand", "gantry.platform.platform_model": {"read_only": True}}
    book.write_text(yaml.safe_dump([{"name": "Model", "hosts": "prod-euw1", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventories / "prod.yml"), str(book)],
        cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert told in said and "1 error; nothing was contacted" in said
    assert "Traceback" not in said
