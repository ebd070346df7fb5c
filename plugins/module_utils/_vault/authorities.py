# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""An intermediate authority is four requests: its key, its certificate by another one's, both stored together, its name.

Its key has the name from the beginning, and so a run finds what one that was killed in between left. What is found is taken only where it
is what would be made: a name alone says nothing of whose it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import count

from .._core.certificate import Claims, claims
from .client import Json, VaultClient, told
from .document import Resource
from .server import Server

_AGAIN = ".again-"
"""What is between a key's name and a number where the name is that of a key that is there already: the server gives no name twice."""
_BITS = {"rsa": 2048, "ec": 256}
"""Which keys the server makes where it is told 0 bits."""
_OF_NEW_KEYS = ("key_type", "key_bits", "key_name")
"""What cannot be said where a key is there already."""


def intermediate(server: Server, resource: Resource, body: Json, given: Json) -> list[str]:
    """Make it, or end what a run began that was killed; gives what there is to say. ``given`` is ``body`` without our words. Raises VaultError."""
    return _Intermediate(server.client, resource, body, given, server.begun.get(resource.path)).make()


class _Intermediate:
    def __init__(self, client: VaultClient, resource: Resource, body: Json, given: Json, begun: bool | None) -> None:
        self._client, self._mount, self._name = client, resource.mount, resource.name
        self._given = given
        signer, _slash, issuer = str(body["signed_by"]).partition("/issuer/")
        self._signer = f"{signer}/issuer/{issuer or 'default'}"
        self._begun = begun is not None
        self._first = begun is False
        self._left: list[str] = []
        self._said: list[str] = []

    def make(self) -> list[str]:
        keys, free = self._keys()
        issuers = self._client.rows(f"{self._mount}/issuers")
        unnamed = [(identity, row["key_id"]) for identity, row in issuers.items() if row.get("key_id") and not row.get("issuer_name")]
        own = ""
        for name, key in keys.items():
            for identity in [one for one, of in unnamed if of == key]:
                differing = " and ".join(self._differing(identity, key))
                if not differing:
                    own = own or identity
                    continue
                self._left.append(identity)
                self._said.append(
                    f"{self._mount}/issuer/{identity} has no name and the key {name}, as a run leaves it that is killed. "
                    f"It stays, for it differs from what is declared in {differing}; remove it if nobody needs it"
                )
        return self._called(own or self._made(keys, {row.get("key_id") for row in issuers.values()}, free))

    def _made(self, keys: dict[str, str], used: Set[str | None], free: str) -> str:
        """The id of a new one, which has no name yet."""
        request = self._unused(keys, used) or self._new(free)
        order = {**self._given, "csr": request["csr"], "format": "pem_bundle"}
        signed = self._client.write(f"{self._signer}/sign-intermediate", order)["data"]
        chain = "\n".join([signed["certificate"], *(signed.get("ca_chain") or [])])
        stored = self._client.write(f"{self._mount}/issuers/import/bundle", {"pem_bundle": chain})["data"]
        # Whose chain lies in the same mount has others there that have a key.
        (own,) = [identity for identity, key in stored["mapping"].items() if key == request["key_id"]]
        return str(own)

    def _keys(self) -> tuple[dict[str, str], str]:
        """Ids of the keys that may be what was left, by their names, and the first name that is free."""
        there = {row.get("key_name"): identity for identity, row in self._client.rows(f"{self._mount}/keys").items()}
        wanted = self._given.get("key_name") or self._name
        found: dict[str, str] = {}
        free = wanted
        for number in count(2):
            if free not in there:
                break
            found[free] = there[free]
            free = f"{wanted}{_AGAIN}{number}"
        return found, free

    def _differing(self, identity: str, key: str) -> Iterator[str]:
        """In what an authority that is there is another one than the declared. The server is asked how it writes the declared subject."""
        there = self._client.read(f"{self._mount}/issuer/{identity}")["data"]
        has, wanted = claims(there["certificate"]), claims(self._of_key(key)["csr"])
        if has.subject != wanted.subject:
            yield "its subject"
        if not self._is_wanted_key(has):
            yield "its kind of key"
        # Of two signers of one name that one signed it which the server has in its chain: there it looked at the signature.
        signer = self._client.read(f"{self._signer}/json")["data"]["certificate"]
        if has.issuer != claims(signer).subject or signer.strip() not in [one.strip() for one in there.get("ca_chain") or ()]:
            yield "its signer"
        if there.get("revoked"):
            yield "being revoked"

    def _is_wanted_key(self, has: Claims) -> bool:
        kind = self._given.get("key_type") or "rsa"
        return has.key_type == kind and (kind not in _BITS or has.key_bits == (int(self._given.get("key_bits") or 0) or _BITS[kind]))

    def _unused(self, keys: dict[str, str], used: Set[str | None]) -> Json | None:
        """The request of the key that a killed run made last, if it is of the right kind.

        No other one is taken, and none where an authority of the name stood there before that run: its certificates would hold again
        under one of the same key.
        """
        name = next(reversed(keys), None)
        if not self._first or name is None or keys[name] in used:
            return None
        request = self._of_key(keys[name])
        if self._is_wanted_key(claims(request["csr"])):
            return request
        self._said.append(f"{self._mount}/key/{keys[name]}, called {name}, is of another kind than declared and stays as it is, unused")
        return None

    def _of_key(self, key: str) -> Json:
        given = {name: value for name, value in self._given.items() if name not in _OF_NEW_KEYS}
        return dict(self._client.write(f"{self._mount}/issuers/generate/intermediate/existing", {**given, "key_ref": key})["data"])

    def _new(self, name: str) -> Json:
        if self._given.get("key_name") not in (None, "", name):
            self._said.append(f"there is a key called {self._given['key_name']} in {self._mount}, so the key of this one is called {name}")
        return dict(self._client.write(f"{self._mount}/issuers/generate/intermediate/internal", {**self._given, "key_name": name})["data"])

    def _called(self, identity: str) -> list[str]:
        """Give it its name. The server made the default of a mount what it stored first there, which may be what was left."""
        default = self._client.read(f"{self._mount}/config/issuers")["data"].get("default") if self._left else ""
        if default in self._left and self._begun:
            self._client.write(f"{self._mount}/config/issuers", {"default": identity})
        elif default in self._left:
            self._said.append(f"{self._mount}/issuer/{default} is still the default of {self._mount}")
        return self._said + told(self._client.write(f"{self._mount}/issuer/{identity}", {"issuer_name": self._name}))
