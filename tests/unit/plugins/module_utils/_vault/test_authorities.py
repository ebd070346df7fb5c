# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which authority is taken for one's own; what killed runs leave on a real Vault is in tests/integration/vault/test_authorities.py."""

from __future__ import annotations

from ansible_collections.gantry.platform.plugins.module_utils._vault.authorities import intermediate
from ansible_collections.gantry.platform.plugins.module_utils._vault.document import read_document
from ansible_collections.gantry.platform.plugins.module_utils._vault.server import Server

INTERMEDIATE = {"type": "intermediate", "signed_by": "pki/issuer/root", "common_name": "sub"}
SUB = next(
    one for one in read_document({"engines": {"pki": {"type": "pki", "issuers": {"sub": INTERMEDIATE}}}}, "gantry") if one.kind == "issuer"
)


class Client:
    """A Vault that answers what lies in ``answers``, and remembers what it was told."""

    def __init__(self, lists, answers):
        self.lists, self.answers, self.written = lists, answers, []

    def rows(self, path):
        return self.lists.get(path, {})

    def write(self, path, body):
        self.written.append((path, dict(body)))
        return self.answers.get(path, {})


def authority(**lists):
    answers = {
        "pki/issuers/generate/intermediate/internal": {"data": {"csr": "request", "key_id": "key-sub"}},
        "pki/issuer/root/sign-intermediate": {"data": {"certificate": "sub", "ca_chain": ["root"]}},
        "pki/issuers/import/bundle": {"data": {"mapping": {"its": "key-sub", "signer": "key-root", "above": ""}}},
    }
    return Client({f"pki/{name}": rows for name, rows in lists.items()}, answers)


def test_an_intermediate_that_its_own_mount_signs_is_told_from_the_signer():
    client = authority()
    intermediate(Server(client), SUB, INTERMEDIATE, {"common_name": "sub"})
    assert client.written[-1] == ("pki/issuer/its", {"issuer_name": "sub"})
    assert client.written[0][1]["key_name"] == "sub"


def test_an_authority_without_name_whose_key_has_none_is_nobodys_to_take():
    client = authority(keys={"key-other": {"key_name": ""}}, issuers={"other": {"key_id": "key-other", "issuer_name": ""}})
    intermediate(Server(client), SUB, INTERMEDIATE, {"common_name": "sub", "key_name": ""})
    assert [path for path, _body in client.written if "/other" in path] == []
    assert client.written[0][1]["key_name"] == "sub"
