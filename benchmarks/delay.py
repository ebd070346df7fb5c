# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server far away: a TCP proxy on loopback that holds every byte back for half a round trip in each direction.

Run as ``delay.py UPSTREAM_PORT ROUND_TRIP_MS``; prints the port it listens on and runs until it is ended.
"""

from __future__ import annotations

import asyncio
import sys

_CHUNK = 262144
_WAITING_CHUNKS = 64


async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Pass on what comes, ``delay`` seconds later each; chunks follow one another without adding up."""
    loop = asyncio.get_running_loop()
    # Bounded: a fast sender is held back as by a full window, not by this process's memory.
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WAITING_CHUNKS)

    async def receive() -> None:
        while True:
            try:
                data = await reader.read(_CHUNK)
            except ConnectionError:
                data = b""
            await waiting.put((loop.time() + delay, data))
            if not data:
                return

    receiving = asyncio.create_task(receive())
    try:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                return
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        receiving.cancel()
        writer.close()


async def serve(upstream: int, round_trip: float) -> None:
    """Listen on a free port of loopback. ``round_trip`` is in seconds; opening a connection costs one, as a handshake does."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(round_trip)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", upstream)
        await asyncio.gather(hold(reader, up_writer, round_trip / 2), hold(up_reader, writer, round_trip / 2))

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
