# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command in a terminal of its own: what it wrote, and what stands on the screen in the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOKS = 0.2
_LONGEST = 900.0
"""Seconds after which a command that does not end is killed."""
_ERASE = "\r\x1b[K"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Shown:
    """What a command left: its exit code, everything it ``wrote``, and the ``lines`` that stand."""

    code: int
    wrote: str

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, without colours; a line that was erased is gone."""
        found = [line.rpartition(_ERASE)[2] for line in self.wrote.replace("\r\n", "\n").split("\n")]
        return [_COLOUR.sub("", line) for line in found]

    @property
    def passed(self) -> list[str]:
        """What stood at the screen's end for a while."""
        return [text for text in re.findall(r"\r\x1b\[K([^\r\n\x1b]+)", self.wrote) if text.strip()]


def in_terminal(
    command: Sequence[str | Path],
    cwd: Path,
    environment: Mapping[str, str],
    columns: int = 80,
    watch: Callable[[str], bytes] = lambda wrote: b"",
) -> Shown:
    """Run it to its end. ``watch`` is told all that was written so far, several times a second, and gives what is typed then."""
    process, terminal = pty.fork()
    if process == 0:
        try:
            os.chdir(cwd)
            os.execvpe(command[0], [str(word) for word in command], {**environment, "TERM": "xterm-256color"})
        finally:
            os._exit(127)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    wrote, deadline = b"", time.monotonic() + _LONGEST
    while True:
        if time.monotonic() > deadline:
            os.kill(process, signal.SIGKILL)
        if select.select([terminal], [], [], _LOOKS)[0]:
            try:
                more = os.read(terminal, 65536)
            except OSError:  # Linux' way to say that nobody writes any more
                break
            if not more:
                break
            wrote += more
        os.write(terminal, watch(wrote.decode("utf-8", "replace")))
    os.close(terminal)
    return Shown(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), wrote.decode("utf-8", "replace"))
