# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.gantry.platform.plugins.filter.first_address import FilterModule

first_address = FilterModule().filters()["first_address"]


@pytest.mark.parametrize(
    ("network", "address"), [("10.96.0.0/16", "10.96.0.1/32"), ("172.20.128.0/20", "172.20.128.1/32"), ("fd00:1::/108", "fd00:1::1/128")]
)
def test_the_address_after_the_networks_own(network, address):
    assert first_address(network) == address


@pytest.mark.parametrize("network", ["10.96.0.5/16", "nowhere", "10.0.0.1/32"])
def test_what_is_no_network_is_refused(network):
    with pytest.raises(AnsibleFilterError, match="is not a network such as"):
        first_address(network)
