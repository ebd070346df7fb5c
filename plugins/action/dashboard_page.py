# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..module_utils._joined.boards import BOARDS
from ..plugin_utils._inprocess import InProcess


class ActionModule(InProcess):
    """In process on a local connection; anywhere else the module of the same name runs."""

    face = BOARDS
