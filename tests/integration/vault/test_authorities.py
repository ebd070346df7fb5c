# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate authorities that a killed run left half made, on a real Vault."""

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._vault.client import VaultClient


def test_an_authority_that_a_kill_left_without_its_default_is_ended(live, name):
    """Vault stores an issuer first and makes it the mount's default after that; a request that ends in between leaves none."""
    root, record = f"{name}-root", f"gantry/data/{name}"
    engines = {root: {"type": "pki", "issuers": {"root": {"type": "root", "common_name": "root", "ttl": "87600h"}}}}
    live.configure({"engines": engines}, owner=name)
    live.api.write(f"{root}/issuers/generate/root/internal", {"common_name": "passing", "issuer_name": "passing"})
    live.api.write(f"{root}/config/issuers", {"default": "passing"})
    live.api.delete(f"{root}/issuer/passing")
    assert live.api.read(f"{root}/config/issuers")["data"]["default"] == ""
    content = live.api.read(record)["data"]["data"]
    content["paths"][f"{root}/issuer/root"]["pending"] = True
    live.api.write(record, {"data": content})

    signed = {"type": "intermediate", "signed_by": root, "common_name": "issuing", "ttl": "43800h"}
    engines[f"{name}-pki"] = {"type": "pki", "issuers": {"issuing": signed}}
    planned = live.configure({"engines": engines}, owner=name, check_mode=True)
    assert [change["reason"] for change in planned["plan"] if change["action"] == "adopt"] == ["a run that began to write it did not end"]
    live.configure({"engines": engines}, owner=name)
    for mount, issuer in ((root, "root"), (f"{name}-pki", "issuing")):
        identity = live.api.read(f"{mount}/issuer/{issuer}")["data"]["issuer_id"]
        assert live.api.read(f"{mount}/config/issuers")["data"]["default"] == identity
    since = live.audit.mark()
    assert not live.configure({"engines": engines}, owner=name)["changed"] and live.audit.changes(since) == []


def test_an_intermediate_that_a_kill_left_without_its_name_is_given_it(live, name, monkeypatch):
    """Vault stores the signed certificate first, and is told its name after that."""
    signed = {"type": "intermediate", "signed_by": f"{name}-root", "common_name": "issuing", "ttl": "43800h"}
    engines = {
        f"{name}-root": {"type": "pki", "issuers": {"root": {"type": "root", "common_name": "root", "ttl": "87600h"}}},
        f"{name}-pki": {"type": "pki", "issuers": {"issuing": signed}},
    }
    write = VaultClient.write

    def dying(client, path, body):
        if path.startswith(f"{name}-pki/issuer/"):
            raise KeyboardInterrupt
        return write(client, path, body)

    with monkeypatch.context() as dies:
        dies.setattr(VaultClient, "write", dying)
        with pytest.raises(KeyboardInterrupt):
            live.configure({"engines": engines}, owner=name)
    ((own, left),) = [(identity, row) for identity, row in live.api.rows(f"{name}-pki/issuers").items() if row["key_id"]]
    assert left["issuer_name"] == ""
    live.configure({"engines": engines}, owner=name)
    made = live.api.rows(f"{name}-pki/issuers")
    assert (len(made), made[own]["issuer_name"], len(live.api.rows(f"{name}-pki/keys"))) == (2, "issuing", 1)
    # One that somebody took away comes back with a key of its own.
    live.api.delete(f"{name}-pki/issuer/issuing")
    live.configure({"engines": engines}, owner=name)
    ((other, _row),) = [(identity, row) for identity, row in live.api.rows(f"{name}-pki/issuers").items() if row["issuer_name"]]
    assert other != own and len(live.api.rows(f"{name}-pki/keys")) == 2
    assert not live.configure({"engines": engines}, owner=name)["changed"]
