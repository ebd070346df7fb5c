# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every example says only what its module knows. Those for a cluster run as they stand in tests/integration/test_first_cluster.py."""

from __future__ import annotations

import json

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis import cloudflare, elasticsearch, github, grafana, pagerduty
from ansible_collections.gantry.platform.plugins.module_utils._rest.document import read_document as read_things
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.tests.kit.examples import OURS, modules, options, tasks

APIS = {api.__name__.rpartition(".")[2]: api.API for api in (cloudflare, elasticsearch, github, grafana, pagerduty)}


def problems(given, known, where):
    """What an example says that its module does not know, and what it lacks."""
    names = {word: name for name, option in known.items() for word in (name, *option.get("aliases", ()))}
    for word, value in given.items():
        if word not in names:
            yield f"{where}.{word} is no option"
            continue
        option = known[names[word]]
        templated = isinstance(value, str) and "{{" in value
        if option.get("choices") and not templated:
            yield from (
                f"{where}.{word}: {one!r} is no choice"
                for one in (value if isinstance(value, list) else [value])
                if one not in option["choices"]
            )
        for one in value if isinstance(value, list) else [value]:
            if option.get("suboptions") and isinstance(one, dict):
                yield from problems(one, option["suboptions"], f"{where}.{word}")
    said = {names.get(word) for word in given}
    yield from (f"{where} lacks {name}" for name, option in known.items() if option.get("required") and name not in said)


@pytest.mark.parametrize("module", modules())
def test_an_example_says_what_its_module_knows(module):
    rows = tasks(module)
    own = [row[f"{OURS}{module}"] for row in rows if f"{OURS}{module}" in row]
    assert own, f"{module} has no example of its own"
    assert all(row.get("name") for row in rows)
    assert [problem for given in own for problem in problems(given or {}, options(module), module)] == []


@pytest.mark.parametrize("name", sorted(APIS))
def test_an_examples_document_is_one_that_the_module_takes(name):
    (task,) = tasks(f"{name}_config")
    assert read_things(APIS[name], task[f"{OURS}{name}_config"]["config"])


def test_vaults_example_is_one_that_the_module_takes():
    (task,) = tasks("vault_config")
    text = json.dumps(task[f"{OURS}vault_config"]["config"]).replace("{% raw %}", "").replace("{% endraw %}", "")
    assert read_document(json.loads(text), "gantry")
