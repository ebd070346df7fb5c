# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a Vault ends by itself; what a real one says is in tests/integration/vault/test_companions.py."""

from __future__ import annotations

import datetime
import types

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.certificate import not_after
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.certificates import Authority
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultError
from ansible_collections.gantry.platform.plugins.module_utils._vault.expiry import expiring

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Client:
    """A Vault of two authorities, one of which the token may not list."""

    def __init__(self, certificate, status=403):
        self.status = status
        self.found = {
            "sys/mounts": {"pki/": {"type": "pki"}, "kv/": {"type": "kv"}, "theirs/": {"type": "pki"}},
            "pki/issuer/1": {"certificate": certificate},
            "pki/issuer/2": {"certificate": certificate},
            "auth/token/lookup-self": {"expire_time": "2026-01-02T00:00:00Z", "ttl": 86400},
        }

    def find(self, path):
        if path == "sys/license/status":
            raise self.refused(path)
        return {"data": self.found[path]} if path in self.found else None

    def rows(self, path):
        if path == "theirs/issuers":
            raise self.refused(path)
        assert path == "pki/issuers"
        return {"1": {"issuer_name": "issuing"}, "2": {"issuer_name": ""}, "gone": {}}

    def refused(self, path):
        return VaultError(types.SimpleNamespace(status=self.status, attempts=1, json=lambda: {}), f"GET {path}")


@pytest.fixture
def certificate(tmp_path):
    Authority(tmp_path)
    return (tmp_path / "ca.crt").read_text(encoding="utf-8")


def test_authorities_are_listed_as_every_list_is_and_what_may_not_be_seen_is_left_out(certificate):
    end = not_after(certificate)
    row = {"expires": f"{end:%Y-%m-%dT%H:%M:%SZ}", "days_left": (end - NOW).days}
    token = {"what": "the token in use", "expires": "2026-01-02T00:00:00Z", "days_left": 1}
    assert expiring(Client(certificate), NOW) == [token, {"what": "pki/issuer/issuing", **row}, {"what": "pki/issuer/2", **row}]


def test_a_server_that_fails_is_not_taken_for_one_with_nothing_to_see(certificate):
    with pytest.raises(VaultError):
        expiring(Client(certificate, 500), NOW)
