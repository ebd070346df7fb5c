# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._chart.namespaces import ENFORCE, NEEDED_BY, Need, namespaces_of
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError


def inside(namespace="mesh", labels=None):
    found = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": namespace}}]
    if labels is not None:
        found.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
    return found


def need(component, usual="baseline", level="", documents=None, **labels):
    return Need(component, "mesh", inside() if documents is None else documents, usual, level, labels)


def told(*needs):
    home = namespaces_of(needs, ())["mesh"]
    metadata = home.document["metadata"]
    return home.owner, metadata["labels"][ENFORCE], metadata["annotations"][NEEDED_BY]


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ([need("base"), need("cni", "privileged"), need("ztunnel", "privileged")], ("base", "privileged", "cni,ztunnel")),
        ([need("ztunnel", "privileged"), need("base")], ("base", "privileged", "ztunnel")),
        ([need("base", "restricted")], ("base", "restricted", "base")),
        ([need("base", "privileged", level="restricted")], ("base", "restricted", "base")),
        ([need("base", "restricted"), need("other", "restricted", level="baseline")], ("base", "baseline", "other")),
        ([need("base", documents=inside(labels={ENFORCE: "privileged"})), need("other")], ("base", "privileged", "base")),
        ([need("base", documents=inside(labels={ENFORCE: "loose"}))], ("base", "baseline", "base")),
        ([need("base", documents=[]), need("other", "privileged")], ("other", "privileged", "other")),
    ],
)
def test_a_namespace_has_the_most_permissive_level_of_its_components_and_says_whose(needs, expected):
    assert told(*needs) == expected


def test_a_namespace_that_is_declared_elsewhere_or_holds_nothing_is_not_declared():
    assert namespaces_of([need("base")], ["mesh"]) == {}
    assert namespaces_of([need("base", documents=[])], ()) == {}


def test_labels_of_all_components_are_on_their_namespace():
    home = namespaces_of([need("a", team="x"), need("b", cost="y")], ())["mesh"]
    assert {"team": "x", "cost": "y"}.items() <= home.document["metadata"]["labels"].items()


def test_labels_that_do_not_agree_or_are_ours_are_refused_at_once():
    with pytest.raises(InputError) as refusal:
        namespaces_of([need("a", team="x"), need("b", team="z"), need("c", **{ENFORCE: "privileged"})], ())
    assert "a wants the label team=x, b wants z" in refusal.value.message
    assert "use pod_security" in refusal.value.message
