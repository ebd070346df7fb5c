# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the engines in processes of their own, which may be stopped and killed: told their task as JSON, they answer in JSON."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.gantry.platform.tests.kit.waiting import LONGEST


@contextlib.contextmanager
def process(script: Path, task: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """The script at its task; ended when the test ends."""
    pipe = subprocess.PIPE
    running = subprocess.Popen([sys.executable, str(script)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert running.stdin is not None
    running.stdin.write(json.dumps(task))
    running.stdin.close()
    running.stdin = None
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def ended(running: subprocess.Popen[str]) -> Any:
    """What it answered, once it came to its end by itself."""
    output, errors = running.communicate(timeout=LONGEST)
    assert running.returncode == 0, errors
    return json.loads(output)
