# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way out of the sandbox's apiserver: every connection that what is applied to it asks for ends on loopback, or nowhere.

The apiserver calls webhooks, converters and aggregated APIs, and reaches nodes, pods and Services for `kubectl proxy` and `logs`. It
hands each such connection to this program (EgressSelectorConfiguration, HTTP CONNECT), which looks up no name. What stands for a
Service, and for the pods behind it, says so in a file of {folder}/services: {"namespace/name": port on loopback}. Runs alone, under the supervisor: standard
library only.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import ssl
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
_LONGEST_REQUEST = 8192
_CHUNK = 65536
_OF_SERVICE = "kubernetes.io/service-name"


class Refused(Exception):
    """Where the connection was to go lies outside; the words are for the apiserver's error."""


class Gate:
    """Decides for the apiserver at ``kubernetes``; ``folder`` is the sandbox's."""

    def __init__(self, kubernetes: str, folder: Path) -> None:
        self._kubernetes = kubernetes
        self._services = folder / "services"
        pki = folder / "pki"
        self.serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pki / "ca.crt"))
        self.serving.verify_mode = ssl.CERT_REQUIRED
        self.serving.load_cert_chain(pki / "serving-loopback-gate.crt", pki / "serving-loopback-gate.key")
        calling = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        calling.load_cert_chain(pki / "loopback-gate.crt", pki / "loopback-gate.key")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=calling))

    def end_of(self, host: str, port: int) -> tuple[str, int]:
        """Address and port on loopback for what was asked for. Raises Refused."""
        if host == "localhost":
            return LOOPBACK, port
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise Refused(f"{host} is a name") from None
        if address.is_loopback:
            return host, port
        names = self._services_at(host)
        for file in sorted(self._services.glob("*.json")):
            served = json.loads(file.read_text())
            for name in names:
                if name in served:
                    return LOOPBACK, int(served[name])
        raise Refused(f"nothing stands for {f'the Service {names[0]}' if names else host}")

    def _services_at(self, address: str) -> list[str]:
        """``namespace/name`` of the Services with this cluster address, or with a pod that has it; the apiserver's proxy goes to pods."""
        found = self._items("api/v1/services", fieldSelector=f"spec.clusterIP={address}")
        if found:
            return [f"{one['metadata']['namespace']}/{one['metadata']['name']}" for one in found]
        return [
            f"{one['metadata']['namespace']}/{one['metadata']['labels'][_OF_SERVICE]}"
            for one in self._items("apis/discovery.k8s.io/v1/endpointslices", labelSelector=_OF_SERVICE)
            if any(address in endpoint["addresses"] for endpoint in one["endpoints"] or [])
        ]

    def _items(self, path: str, **query: str) -> list[dict[str, Any]]:
        with self._opener.open(f"{self._kubernetes}/{path}?{urllib.parse.urlencode(query)}", timeout=5) as answer:
            return list(json.loads(answer.read())["items"] or [])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: where it is to go, the answer, then bytes both ways."""
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("ascii", "replace").split()
            host, _colon, port = request[1].rpartition(":")
            end = await asyncio.to_thread(self.end_of, host.strip("[]"), int(port))
            inner_reader, inner_writer = await asyncio.open_connection(*end)
        except (Refused, OSError, ValueError, IndexError, KeyError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            said = " ".join(str(error).split())
            writer.write(
                f"HTTP/1.1 502 the sandbox does not leave loopback: {said}\r\nContent-Length: 0\r\n\r\n".encode("ascii", "replace")
            )
            await _close(writer)
            return
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Hand bytes on until either side has enough."""
    try:
        while data := await source.read(_CHUNK):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    await _close(target)


async def _close(writer: asyncio.StreamWriter) -> None:
    try:
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    except OSError:
        pass


async def main() -> None:
    """Serve until the supervisor ends this."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kubernetes", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    gate = Gate(given.kubernetes, given.folder)
    server = await asyncio.start_server(gate.serve, LOOPBACK, given.port, ssl=gate.serving, limit=_LONGEST_REQUEST)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
