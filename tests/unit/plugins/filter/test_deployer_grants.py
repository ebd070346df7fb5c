# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.gantry.platform.plugins.filter.deployer_grants import FilterModule

deployer_grants = FilterModule().filters()["deployer_grants"]


def test_the_sets_of_a_store_become_rules(tmp_path):
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mind"}}
    (tmp_path / "a.json").write_text(json.dumps({"set": "a", "namespace": "n", "documents": [namespace]}), encoding="utf-8")
    found = deployer_grants(str(tmp_path))
    assert found["namespaces"] == ["n"], "a namespace without a way in is not the deployer's"
    assert found["accounts"] == []
    assert {verb for rule in found["cluster"] for verb in rule["verbs"]} == {"get", "list", "watch"}


def test_what_is_no_set_file_is_named(tmp_path):
    (tmp_path / "b.json").write_text("{}", encoding="utf-8")
    with pytest.raises(AnsibleFilterError, match=r"b\.json: not a set file"):
        deployer_grants(str(tmp_path))
