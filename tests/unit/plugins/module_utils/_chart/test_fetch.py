# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._chart import fetch
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError

PULL = """#!{python}
import pathlib, sys
open({log!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
if "broken" in sys.argv:
    sys.exit("no such chart\\nanywhere")
pathlib.Path(sys.argv[sys.argv.index("--destination") + 1], "chart-1.tgz").write_text("content")
"""


@pytest.fixture
def helm(tmp_path):
    """A helm that writes a chart down, and the log of its calls."""
    path, log = tmp_path / "helm", tmp_path / "calls"
    path.write_text(PULL.format(python=sys.executable, log=str(log)))
    path.chmod(0o755)
    log.touch()
    return path, log


@pytest.fixture
def digest(tmp_path):
    file = tmp_path / "as-pulled.tgz"
    file.write_text("content")
    return fetch.digest_of(file)


def get(helm, tmp_path, repository, digest, name="chart"):
    return fetch.fetch(fetch.Chart("component", name, "1", repository, digest), tmp_path / "cache", str(helm), dict(os.environ))[0]


def test_a_folders_digest_is_of_names_and_contents(tmp_path):
    def digest(**files):
        folder = tmp_path / "-".join(files)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return fetch.digest_of(folder)

    assert digest(a="1", b="2") == digest(b="2", a="1")
    assert len({digest(a="1"), digest(a_="1"), digest(a__="2"), digest(c="1", d="")}) == 4


@pytest.mark.parametrize(
    ("repository", "arguments"),
    [
        ("https://charts.example", "pull chart --repo https://charts.example --version 1"),
        ("oci://images.example/charts/", "pull oci://images.example/charts/chart --version 1"),
        ("oci://127.0.0.1:5000", "pull oci://127.0.0.1:5000/chart --plain-http --version 1"),
    ],
)
def test_a_chart_is_pulled_once_and_then_kept(helm, tmp_path, digest, repository, arguments):
    command, log = helm
    first = get(command, tmp_path, repository, digest)
    assert first == get(command, tmp_path, repository, digest)
    assert first.read_text() == "content"
    assert [line.partition(" --destination")[0] for line in log.read_text().splitlines()] == [arguments]
    assert not list((tmp_path / "cache").glob("chart-*")), "nothing half-done stays"


def test_a_kept_chart_that_was_changed_is_pulled_again(helm, tmp_path, digest):
    command, log = helm
    get(command, tmp_path, "https://charts.example", digest).write_text("something else")
    assert get(command, tmp_path, "https://charts.example", digest).read_text() == "content"
    assert len(log.read_text().splitlines()) == 2


def test_a_chart_without_a_pin_is_refused_with_what_to_pin(helm, tmp_path, digest):
    with pytest.raises(InputError, match=r"release\.yml: components\.component\.digest") as refusal:
        get(helm[0], tmp_path, "https://charts.example", "")
    assert digest in refusal.value.message
    assert not (tmp_path / "cache" / "charts").exists(), "nothing unpinned is kept"


def test_a_chart_of_another_digest_is_refused(helm, tmp_path):
    with pytest.raises(InputError, match="somebody changed the chart behind its version"):
        get(helm[0], tmp_path, "https://charts.example", "sha256:" + "0" * 64)


def test_what_helm_says_is_told(helm, tmp_path, digest):
    with pytest.raises(ServerError, match=r"component: broken 1 from https://charts\.example: no such chart anywhere"):
        get(helm[0], tmp_path, "https://charts.example", digest, name="broken")


def test_a_folder_without_the_chart_is_refused(helm, tmp_path, digest):
    with pytest.raises(InputError, match=r"neither chart-1\.tgz nor the folder chart is in"):
        get(helm[0], tmp_path, str(tmp_path / "nowhere"), digest)


def test_a_helm_that_is_not_there_is_told_with_the_cure(tmp_path):
    with pytest.raises(InputError, match="component_helm_path"):
        fetch.helm_binary("", {"PATH": str(tmp_path)})
    with pytest.raises(InputError, match="component_helm_path"):
        fetch.run_helm([str(tmp_path / "helm")], dict(os.environ), "rendering", tmp_path)


def test_a_helm_that_does_not_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "_LONGEST", 0.2)
    with pytest.raises(ServerError, match="has not ended"):
        fetch.run_helm([sys.executable, "-c", "import signal; signal.pause()"], dict(os.environ), "rendering", tmp_path)


def test_another_helm_has_another_version(tmp_path):
    helm = tmp_path / "helm"
    for number, text in enumerate(("one", "another")):
        helm.write_text(f"#!/bin/sh\necho {text}\n")
        helm.chmod(0o755)
        os.utime(helm, (number, number))
        assert fetch.helm_version(str(helm), dict(os.environ)) == text
