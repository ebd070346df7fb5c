# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.gantry.platform.tests.kit.scenario import get

testinfra_hosts = ["local://"]


def test_the_kinds_of_every_component_are_served(host):
    served = {crd["metadata"]["name"]: crd for crd in get(host, "customresourcedefinitions")}
    for name in ("certificates.cert-manager.io", "httproutes.gateway.networking.k8s.io", "servicemonitors.monitoring.coreos.com"):
        conditions = {condition["type"]: condition["status"] for condition in served[name]["status"]["conditions"]}
        assert conditions["Established"] == "True"
