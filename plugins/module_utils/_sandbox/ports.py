# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Ports of an instance: free ones, kept for its life, never those of another sandbox of the same user."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._core.errors import ServerError
from .locks import locked

# Below the range from which systems take the ports of outgoing connections: those could take a server's port while it restarts.
_RANGE = range(20000, 30000)


def read_ports(file: Path) -> dict[str, int]:
    """Name → port as kept in ``file``; empty where there is none."""
    if not file.is_file():
        return {}
    found: dict[str, int] = json.loads(file.read_text())
    return found


def choose_ports(file: Path, names: Sequence[str], registry: Path, may_move: bool) -> list[str]:
    """Keep a free port for each name in ``file``. Returns the names that got a new one.

    ``registry`` is a file in which all instances of a user note their ports, so that two that start at once choose different ones.
    With ``may_move`` (nothing of the instance runs) a kept port that something else has taken meanwhile is replaced.
    """
    with locked(registry.with_suffix(".lock")):
        noted = _others(registry, file)
        ports = read_ports(file)
        renewed = [name for name in names if name not in ports or (may_move and not _is_free(ports[name]))]
        taken = {*noted, *ports.values()}
        for name in renewed:
            ports[name] = _free_port(taken)
            taken.add(ports[name])
        if renewed:
            file.write_text(json.dumps(ports, indent=2, sort_keys=True) + "\n")
        registry.write_text(json.dumps({**noted, **dict.fromkeys(ports.values(), str(file))}))
    return renewed


def _others(registry: Path, file: Path) -> Mapping[int, str]:
    """Port → file of the other instances that still are there."""
    try:
        content: Any = json.loads(registry.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    kept = {owner: set(read_ports(Path(owner)).values()) for owner in set(content.values()) - {str(file)}}
    return {int(port): owner for port, owner in content.items() if int(port) in kept.get(owner, ())}


def _free_port(taken: set[int]) -> int:
    for port in random.sample(_RANGE, len(_RANGE)):
        if port not in taken and _is_free(port):
            return port
    raise ServerError(f"no port is free between {_RANGE.start} and {_RANGE.stop - 1}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without it a port would count as taken for a minute after its server stopped.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
