# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is killed at a random write, again and again: each rerun leaves nothing orphaned, removes nothing wrongly, and is clean.

``GANTRY_KILLS_STEPS`` says how often (100 in a release), ``GANTRY_KILLS_SEED`` which random numbers.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

from ansible_collections.gantry.platform.plugins.module_utils._kube.observe.record import PART_OF, read_record
from ansible_collections.gantry.platform.tests.integration.kube.objects import config_map, deployment, identity, one_set, secret, service
from ansible_collections.gantry.platform.tests.kit.walks import walk

_DIES = Path(__file__).with_name("dies.py")
KILLS, SEED = walk("KILLS", 6)
COLOURS = ("red", "green", "blue")
MOST_WRITES = 30
"""More than a run of these sets sends, so that some come through."""


def desired(chance, namespaces):
    """Two sets over two namespaces, each object in either, in both colours, or in none."""
    sets = []
    taken = set()
    for number in (1, 2):
        documents = []
        for name in (f"c{index}" for index in range(6)):
            home = chance.choice(namespaces)
            if (home, name) not in taken and chance.random() < 0.7:
                taken.add((home, name))
                documents.append(config_map(home, name, colour=chance.choice(COLOURS)))
        extra = chance.choice([deployment, secret, service])(namespaces[number - 1])
        documents += [extra] if chance.random() < 0.5 else []
        sets.append(one_set(f"s{number}", namespaces[0], *documents, config_map(namespaces[0], f"always-{number}")))
    return sets


def kill(cluster, sets, number, when, **options):
    task = {"kubeconfig": cluster.kubeconfig, "number": number, "when": when, "sets": sets, "options": options, "lease": 1}
    done = subprocess.run([sys.executable, str(_DIES)], input=json.dumps(task), capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    assert done.returncode or json.loads(done.stdout)["message"] == "", done.stdout
    return done.returncode != 0


def members(cluster, namespaces):
    """What is there of the sets: by their label, and by their records."""
    live = set()
    for namespace in namespaces:
        for kind in ("ConfigMap", "Secret", "Service"):
            live |= {identity(item) for item in cluster.list(kind, namespace) if PART_OF in (item["metadata"].get("labels") or {})}
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        items = cluster.admin.get(path)["items"]
        live |= {f"Deployment.apps/{namespace}/{item['metadata']['name']}" for item in items if PART_OF in item["metadata"]["labels"]}
    recorded = {ref.id for parent in cluster.parents_in(namespaces[0]) for ref in read_record(parent).objects}
    return live, recorded


def test_kills_at_random_writes_lose_and_leave_nothing(cluster):
    chance = random.Random(SEED)
    namespaces = [cluster.namespace(), cluster.namespace()]
    strangers = [config_map(namespace, "stranger") for namespace in namespaces]
    for stranger in strangers:
        cluster.admin.create(f"/api/v1/namespaces/{stranger['metadata']['namespace']}/configmaps", stranger, "somebody")
    options = {"prune": {"mode": "delete", "max_count": 100, "max_percent": 100}, "lock": True, "wait": False}
    died = 0
    for step in range(KILLS):
        sets = desired(chance, namespaces)
        number, when = chance.randrange(1, MOST_WRITES), chance.choice(["before", "after"])
        where = f"step {step}: {when} write {number}, seed {SEED}"
        died += kill(cluster, sets, number, when, **options)
        cluster.run(*sets, **options).ok()
        again = cluster.run(*sets, **options).ok()
        assert (again.result["changed"], again.writes) == (False, []), where
        wanted = {identity(document) for one in sets for document in one["definition"]}
        live, recorded = members(cluster, namespaces)
        assert live == recorded == wanted, where
        for document in (document for one in sets for document in one["definition"] if document["kind"] == "ConfigMap"):
            assert cluster.get(document)["data"] == document["data"], where
        assert all(cluster.find(stranger) for stranger in strangers), where
    assert died >= KILLS // 3, f"only {died} of {KILLS} runs were killed: MOST_WRITES is too large"
