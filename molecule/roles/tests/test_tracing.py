# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

from ansible_collections.gantry.platform.tests.kit.scenario import get

testinfra_hosts = ["local://"]


def test_collectors_and_jaeger_are_scheduled_and_read_what_was_declared(host):
    found = {one["metadata"]["name"]: one for one in get(host, "deployments -n tracing")}
    assert {name: one["status"]["availableReplicas"] for name, one in found.items()} == {"collector": 2, "jaeger": 1}
    maps = {one["metadata"]["name"]: one["data"] for one in get(host, "configmaps -n tracing")}
    policies = json.loads(maps["collector"]["config.yaml"])["processors"]["tail_sampling"]["policies"]
    assert policies[0]["name"] == "attention-router-errors"


def test_all_addresses_of_collectors_can_be_found(host):
    slices = get(host, "endpointslices -n tracing -l kubernetes.io/service-name=collector-peers")
    assert len({address for one in slices for endpoint in one["endpoints"] for address in endpoint["addresses"]}) == 2
