# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random sets, random changes, random intruders: the plan is what the audit log shows, and nothing foreign stays hidden.

``GANTRY_PROPERTY_STEPS`` (200 without it) sets the number of steps, ``GANTRY_PROPERTY_SEED`` takes another walk.
"""

from __future__ import annotations

import copy
import random

from ansible_collections.gantry.platform.tests.integration.kube.objects import (
    config_map,
    deployment,
    identity,
    one_set,
    role,
    role_binding,
    secret,
    service,
    service_account,
    unused_name,
)
from ansible_collections.gantry.platform.tests.kit.walks import walk

STEPS, SEED = walk("PROPERTY", 200)
SETS = ("alpha", "beta", "gamma")
MOST_OBJECTS = 14
WORDS = ("red", "green", "blue", "black", "white")
DELETE = {"mode": "delete", "max_count": 100, "max_percent": 100}


class Walk:
    """What should be on the cluster, and how it changes from step to step."""

    def __init__(self, cluster, seed):
        self.cluster = cluster
        self.random = random.Random(seed)
        self.home = cluster.namespace()
        self.others = cluster.namespace()
        self.owner = unused_name("walk")
        self.sets = {name: {} for name in SETS}

    # documents

    def new(self):
        namespace, name = self.random.choice((self.home, self.others)), f"o{self.random.randrange(10_000)}"
        make = self.random.choice((config_map, secret, service, deployment, role, role_binding, service_account))
        document = make(namespace, name)
        self.mutate(document)
        return document

    def mutate(self, document):
        """Another legal content; fields that cannot change stay."""
        pick, word = self.random.choice, self.random.choice(WORDS)
        kind = document["kind"]
        if kind == "ConfigMap":
            self._mapping(document["data"], word)
        elif kind == "Secret":
            self._mapping(document["stringData"], word)
        elif kind == "Service":
            document["spec"]["ports"][0]["port"] = self.random.randrange(1, 60000)
        elif kind == "Deployment":
            container = document["spec"]["template"]["spec"]["containers"][0]
            container["env"] = [{"name": f"V{number}", "value": word} for number in range(self.random.randrange(3))]
            document["spec"]["replicas"] = 0
            document["spec"]["revisionHistoryLimit"] = self.random.randrange(1, 9)
        elif kind == "Role":
            document["rules"][0]["verbs"] = sorted(
                self.random.sample(("get", "list", "watch", "create", "patch"), self.random.randrange(1, 5))
            )
        elif kind == "RoleBinding":
            document["subjects"][0]["name"] = word
        if pick((True, False)):
            document["metadata"]["labels"] = {"colour": word}

    def _mapping(self, data, word):
        data[f"key{self.random.randrange(4)}"] = word
        if len(data) > 2 and self.random.random() < 0.5:
            del data[self.random.choice(sorted(data))]

    # steps of the owner

    def step(self):
        """Add, change, remove or move some objects."""
        for _number in range(self.random.randrange(1, 4)):
            here = [(name, ident) for name, members in self.sets.items() for ident in members]
            action = self.random.choice(("add", "add", "change", "change", "change", "remove", "move"))
            if action == "add" or len(here) < 3:
                if len(here) < MOST_OBJECTS:
                    document = self.new()
                    if not any(identity(document) in members for members in self.sets.values()):
                        self.sets[self.random.choice(SETS)][identity(document)] = document
                continue
            name, ident = self.random.choice(here)
            if action == "change":
                self.mutate(self.sets[name][ident])
            elif action == "remove":
                del self.sets[name][ident]
            else:
                document = self.sets[name].pop(ident)
                self.sets[self.random.choice(SETS)][ident] = document

    def as_input(self):
        return [one_set(name, self.home, *copy.deepcopy(list(members.values()))) for name, members in self.sets.items()]

    def run(self, **options):
        return self.cluster.run(
            *self.as_input(), owner=self.owner, prune=DELETE, force_conflicts=True, wait=False, empty_sets=[*SETS], **options
        ).ok()

    # steps of an intruder

    def intrude(self):
        """Somebody edits our fields, adds their own, deletes: what was edited and added as (id, path), what is gone as ids."""
        edited, added, gone = set(), set(), set()
        everything = [document for members in self.sets.values() for document in members.values()]
        for document in self.random.sample(everything, min(len(everything), self.random.randrange(1, 4))):
            ident = identity(document)
            if self.random.random() < 0.2:
                self.cluster.delete(document)
                gone.add(ident)
                continue
            if self.random.random() < 0.5:
                self.cluster.edit(document, {"metadata": {"annotations": {"intruder": "was-here"}}})
                added.add((ident, "metadata.annotations.intruder"))
            if document["kind"] == "ConfigMap":
                key = self.random.choice(sorted(document["data"]))
                self.cluster.edit(document, {"data": {key: "intruded"}})
                edited.add((ident, f"data.{key}"))
            elif document["kind"] == "Deployment":
                self.cluster.edit(document, {"spec": {"revisionHistoryLimit": 10, "paused": True}})
                edited.add((ident, "spec.revisionHistoryLimit"))
                added.add((ident, "spec.paused"))
        return edited, added, gone

    def tidy(self, added):
        """The owner of the additions takes them back."""
        for ident, path in added:
            if path == "spec.paused":
                self.cluster.edit(ident, {"spec": {"paused": None}})
            else:
                self.cluster.edit(ident, {"metadata": {"annotations": None}})


def test_plan_is_what_happens_and_nothing_foreign_stays_hidden(cluster):
    walked = Walk(cluster, SEED)
    for number in range(STEPS):
        where = f"seed {SEED}, step {number}"
        walked.step()
        checked = walked.run(check=True)
        assert checked.writes == [], where
        done = walked.run()
        assert done.result["plan"] == checked.result["plan"], where
        assert done.written == {ident for ident in checked.planned if ident not in done.parents}, where
        again = walked.run()
        assert (again.tried, again.result["changed"]) == ([], False), where
        if number % 2:
            continue
        edited, added, gone = walked.intrude()
        found = walked.run(check=True, foreign="report")
        assert found.writes == [], where
        changes = [(change["id"], path) for change in found.result["plan"] if change["action"] == "update" for path in change["fields"]]
        assert set(changes) == edited, where
        assert {ident for ident, action in found.planned.items() if action == "create"} == gone, where
        assert {(row["id"], row["path"]) for row in found.result["foreign"]} == added, where
        assert {row["manager"] for row in found.result["foreign"]} <= {"intruder"}, where
        walked.run()
        walked.tidy(added)
    assert number + 1 == STEPS
