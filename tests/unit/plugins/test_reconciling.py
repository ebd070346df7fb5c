# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that reconcile have in common is said once, and all of them have it."""

from __future__ import annotations

import importlib

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.doc_fragments.reconcile import ModuleDocFragment
from ansible_collections.gantry.platform.plugins.module_utils._core.guards import GUARD_SPEC, OWNER_SPEC, PRUNE_SPEC
from ansible_collections.gantry.platform.plugins.module_utils._joined import kube, vault

FACES = [kube.APPLY, vault.CONFIG, vault.ROTATE, vault.REVOKE]
SHARED_ANSWERS = ("plan", "counts", "diff", "warnings", "digest", "requests")


@pytest.fixture(params=FACES, ids=lambda face: face.name)
def face(request):
    return request.param


def module_of(face):
    return importlib.import_module(f"ansible_collections.gantry.platform.plugins.modules.{face.name}")


def test_a_module_that_takes_an_approval_has_all_guards(face):
    assert {name: face.spec[name] for name in GUARD_SPEC} == GUARD_SPEC
    for shared in (OWNER_SPEC, PRUNE_SPEC):
        assert all(face.spec[name] == option for name, option in shared.items() if name in face.spec)


def test_no_module_documents_a_shared_option_by_itself(face):
    written = yaml.safe_load(module_of(face).DOCUMENTATION)
    assert not set(written["options"]) & {*GUARD_SPEC, *OWNER_SPEC, *PRUNE_SPEC}
    wanted = {"gantry.platform.reconcile"}
    wanted |= {"gantry.platform.reconcile.owner"} if "owner" in face.spec else set()
    wanted |= {"gantry.platform.reconcile.prune"} if "prune" in face.spec else set()
    assert wanted <= set(written["extends_documentation_fragment"])


def test_every_module_answers_in_the_same_words(face):
    first = yaml.safe_load(module_of(FACES[0]).RETURN)
    answers = yaml.safe_load(module_of(face).RETURN)
    for name in SHARED_ANSWERS:
        assert {key: value for key, value in answers[name].items() if key != "sample"} == {
            key: value for key, value in first[name].items() if key != "sample"
        }


def test_no_other_module_takes_an_approval():
    others = [one for module in (kube, vault) for one in vars(module).values() if isinstance(one, kube.Face) and one not in FACES]
    assert others
    assert not [one.name for one in others if "approved_digest" in one.spec]


@pytest.mark.parametrize(("part", "spec"), [("DOCUMENTATION", GUARD_SPEC), ("OWNER", OWNER_SPEC), ("PRUNE", PRUNE_SPEC)])
def test_the_fragment_documents_the_specification(part, spec):
    documented = yaml.safe_load(getattr(ModuleDocFragment, part))["options"]
    assert set(documented) == set(spec)
    for name, option in spec.items():
        assert {key: documented[name].get(key) for key in ("type", "default", "choices")} == {
            key: option.get(key) for key in ("type", "default", "choices")
        }
