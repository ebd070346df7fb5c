# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Who may do what in which folder of Grafana, as ``grafana_config`` takes it: a team for each of ours, and the rights of every folder.

Grafana without a licence puts nobody into a team by a group: people of a team are named by their e-mail addresses, everybody else has the rights
of the role that the groups of the identity provider give.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_MAY = {"view": 1, "edit": 2}
"""https://grafana.com/docs/grafana/latest/developers/http_api/folder_permissions/"""


def rights(folders: Mapping[str, Json], settings: Mapping[str, Any], teams: Mapping[str, Json]) -> Json:
    """The document. ``folders`` are by uid ``{title, team}``, the latter only of a team's; ``settings`` are those of Grafana in the model.

    In a team's folder its people edit, others do what ``settings.folders`` says. In any other folder everybody views. Administrators, whom
    Grafana lets do everything, are in none.
    """
    others = {"Editor": settings["folders"]["editors"], "Viewer": settings["folders"]["viewers"]}
    found: Json = {"teams": {}, "folders": {}}
    for name, team in sorted(teams.items()):
        found["teams"][name] = {"parts": {"members": {"members": sorted(team.get("board_editors", ())), "admins": []}}}
    for uid, folder in sorted(folders.items()):
        own = folder.get("team")
        may = others if own else dict.fromkeys(others, "view")
        items = [{"teamId": own, "permission": _MAY["edit"]}] if own else []
        items += [{"role": role, "permission": _MAY[said]} for role, said in may.items() if said != "none"]
        found["folders"][folder["title"]] = {"uid": uid, "parts": {"permissions": {"items": items}}}
    return found
