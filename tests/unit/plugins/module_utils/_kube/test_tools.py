# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._kube.form.tools import TOOLS, Taken, managers_of, taken_from


def test_a_tool_is_all_the_names_under_which_it_writes():
    assert taken_from(["helm:shop/web", " kubectl"]) == [Taken("helm", "shop", "web"), Taken("kubectl")]
    assert managers_of(taken_from(["helm:shop/web", "flux"])) == ["helm", "Helm", "kustomize-controller", "helm-controller"]


def test_taking_over_from_kubectl_leaves_when_pods_were_started_last():
    assert "kubectl-rollout" not in TOOLS["kubectl"]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("hlem", "'hlem' is none of argocd, flux, helm, kubectl, terraform; did you mean 'helm'"),
        ("helm:web", "allowed: helm, or helm:<namespace>/<release>"),
        ("argocd:shop/web", "found 'argocd:shop/web'; allowed: argocd"),
    ],
)
def test_what_is_no_tool_is_refused(word, message):
    with pytest.raises(InputError, match=message):
        taken_from([word])
