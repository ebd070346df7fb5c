# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered of a Vault between observations, and of what it is asked; the rest is in tests/integration/vault."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.kinds import KINDS
from ansible_collections.gantry.platform.plugins.module_utils._vault.server import Server

BELOW = {
    "transit": {"/keys/{name}": ["type", "derived"], "/keys/{name}/config": ["deletion_allowed"]},
    "totp": {"/keys/{name}": ["issuer"]},
}
"""Fields of what lies below mounts, by their types."""


def described(names):
    return {"post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {name: {} for name in names}}}}}}}


class Client:
    """A Vault of few mounts, which describes what lies below them."""

    def __init__(self, **mounts):
        self.mounts = mounts
        self.described, self.written = [], []

    def read(self, path, query=None):
        if path in ("sys/mounts", "sys/auth"):
            return {"data": {f"{name}/": {"type": kind} for name, kind in self.mounts.items()} if path == "sys/mounts" else {}}
        return {"data": {}}

    def describe(self, path):
        self.described.append(path)
        mount, rest = path.split("/", 1)
        below = BELOW.get(self.mounts.get(mount), {})
        found = [template for template in below if template.count("/") == rest.count("/") + 1]
        return {"paths": {template: described(below[template]) for template in found}}

    def health(self):
        return {}

    def names(self, path):
        return []

    def write(self, path, body):
        self.written.append((path, dict(body)))
        return {}


def observed(server, *resources):
    server.observe(resources, [], audit=False, identity=False)


def one(document, id_):
    return next(resource for resource in read_document({"engines": document}, "gantry") if resource.id == id_)


KEY = one({"engine": {"type": "transit", "keys": {"app": {"type": "ed25519", "deletion_allowed": True}}}}, "engine/keys/app")


@pytest.mark.parametrize("before", [{}, {"engine": "totp"}])
def test_what_a_path_takes_is_asked_again_once_its_mount_is_made(before):
    client = Client(**before)
    server = Server(client)
    observed(server, KEY)
    assert "deletion_allowed" not in KINDS["transit_key"].fields(server, KEY).properties
    client.mounts["engine"] = "transit"
    observed(server, KEY)
    assert set(KINDS["transit_key"].fields(server, KEY).properties) == {"type", "derived", "deletion_allowed"}
    KINDS["transit_key"].write(server, KEY, dict(KEY.body), None, set())
    assert client.written == [("engine/keys/app", {"type": "ed25519"}), ("engine/keys/app/config", {"deletion_allowed": True})]


def test_what_a_path_takes_is_asked_once_as_long_as_mounts_stay():
    client = Client(engine="transit")
    server = Server(client)
    for _time in range(3):
        observed(server, KEY)
    assert client.described == ["engine/keys/app"]


def test_of_what_has_to_be_absent_nobody_asks_what_it_takes():
    client = Client(engine="transit", old="totp")
    gone = {"engine": {"type": "transit", "keys": {"app": {}, "gone": None}}, "old": None}
    observed(Server(client), *read_document({"engines": gone}, "engine"))
    assert sorted(client.described) == ["engine/keys/app", "sys/mounts/engine/tune"]
    client.described.clear()
    observed(Server(client), one({"engine": {"type": "transit", "keys": {"gone": None}}}, "engine/keys/gone"))
    assert client.described == []
