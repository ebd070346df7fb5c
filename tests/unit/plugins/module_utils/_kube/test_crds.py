# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.crds import read_crds

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {name}}}
spec: {{group: example.org}}
status: {{conditions: []}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds" / "b.yaml").write_text("---".join(CRD.format(name=name) for name in ("b.example.org", "a.example.org")))
    (tmp_path / "crds" / "kustomization.yaml").write_text("apiVersion: v1\nkind: Kustomization\nresources: [b.yaml]\n")
    return tmp_path


def test_definitions_are_read_by_name_without_what_a_cluster_adds(folder):
    found = read_crds(folder, ["crds/*.yaml"])
    assert [document["metadata"]["name"] for document in found] == ["a.example.org", "b.example.org"]
    assert not any("status" in document for document in found)


def test_a_definition_that_two_patterns_match_is_there_once(folder):
    assert len(read_crds(folder, ["crds/*.yaml", "crds/b*"])) == 2


def test_files_that_moved_upstream_are_named(folder):
    with pytest.raises(InputError, match=r"matches 'config/\*\.yaml'"):
        read_crds(folder, ["crds/*.yaml", "config/*.yaml"])


def test_files_without_a_definition_are_refused(folder):
    with pytest.raises(InputError, match="hold no CustomResourceDefinition"):
        read_crds(folder, ["crds/k*.yaml"])
