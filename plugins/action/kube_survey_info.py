# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.utils.color import stringc
from ansible.utils.display import Display

from ..module_utils._core.errors import InputError
from ..module_utils._joined.survey import SURVEY
from ..plugin_utils._inprocess import InProcess
from ..plugin_utils._model_input import catalog
from ..plugin_utils._run_table import COLOURS
from ..plugin_utils._survey_report import lines_of, page_of

_NARROW = 80


class ActionModule(InProcess):
    """Shows what it found on the screen, and as a page where one is wanted; on another machine the module of the same name looks."""

    face = SURVEY

    def given(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        return {"catalog": dict(catalog() or {}), **args}

    def answered(self, params: dict[str, Any], answer: dict[str, Any]) -> None:
        if answer.get("failed"):
            return
        name = params["context"] or params["host"] or "This cluster"
        for line in lines_of(answer, name, max(_NARROW, Display().columns + 1)):
            Display().display("".join(stringc(text, COLOURS[style]) if style and text else text for text, style in line))
        if params["page"]:
            try:
                with open(params["page"], "w", encoding="utf-8") as handle:
                    handle.write(page_of(answer, name))
            except OSError as error:
                raise InputError(f"the page {params['page']} cannot be written: {error.strerror}") from error
            Display().display(f"\nall of it: {params['page']}")
