# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Grafana's table and description beside the vendor's own client in Go, which is made from its OpenAPI document.

The folder ``grafana`` in GANTRY_VENDOR_DOCUMENTS is the Go module github.com/grafana/grafana-openapi-client-go.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._rest.apis.grafana import API

MODELS = {
    "folder": ("folders", "create_folder_command", "update_folder_command"),
    "team": ("teams", "create_team_command", "update_team_command"),
    "datasource": ("datasources", "add_data_source_command", "update_data_source_command"),
}
TYPES = {"string": "string", "bool": "boolean", "JSON": "object", "map[string]string": "object", "DsAccess": "string", "int64": "integer"}


def differences(name, folder):
    """What the table says and the client does not, one line each."""
    kind = API.kinds[name]
    package, *models = MODELS[name]
    text = (folder / "client" / package / f"{package}_client.go").read_text(encoding="utf-8")
    sent = {(verb, plain(path)) for verb, path in re.findall(r'Method:\s+"(\w+)",\s+PathPattern:\s+"([^"]+)"', text)}
    one = plain(kind.at("one"))
    for row in (("GET", plain(kind.rows_at or kind.path)), ("POST", plain(kind.path)), ("GET", one), (kind.update, one), ("DELETE", one)):
        if row not in sent:
            yield f"{name}: the client has no {' '.join(row)}"
    for model in models:
        known = {field: TYPES[type_.lstrip("*")] for type_, field in pairs(folder, model) if type_.lstrip("*") in TYPES}
        for field, said in API.described[name]["properties"].items():
            if known.get(field) != said["type"]:
                yield f"{name}.{field} is {known.get(field, 'nothing')} in {model}"


def pairs(folder, model):
    """(Go type, name on the wire) of each field of a model."""
    return re.findall(r'(\S+) `json:"(\w+)', (folder / "models" / f"{model}.go").read_text(encoding="utf-8"))


def plain(path):
    """An address with its variable parts alike."""
    return re.sub(r"\{\w+\}", "{}", path)


@pytest.mark.parametrize("name", MODELS)
def test_the_table_is_the_vendors(name):
    folder = Path(os.environ.get("GANTRY_VENDOR_DOCUMENTS", "")) / "grafana"
    if not os.environ.get("GANTRY_VENDOR_DOCUMENTS") or not folder.is_dir():
        print("not run: the vendor's client of grafana is not at hand; name its folder in GANTRY_VENDOR_DOCUMENTS")
        return
    assert list(differences(name, folder)) == []


CLIENT = 'Method: "{}",\n\t\tPathPattern: "{}",\n'
MODEL = 'type Command struct {\n\tEmail string `json:"email,omitempty"`\n\tName *string `json:"name"`\n}\n'


@pytest.mark.parametrize(
    ("left_out", "model", "told"),
    [
        ("", MODEL, []),
        ("DELETE", MODEL, ["team: the client has no DELETE /teams/{}"]),
        (
            "",
            MODEL.replace("Email string", "Email bool"),
            ["team.email is boolean in create_team_command", "team.email is boolean in update_team_command"],
        ),
    ],
)
def test_what_the_table_has_wrong_is_told(tmp_path, left_out, model, told):
    (tmp_path / "client" / "teams").mkdir(parents=True)
    (tmp_path / "models").mkdir()
    sent = [("GET", "/teams/search"), ("POST", "/teams"), ("GET", "/teams/{id}"), ("PUT", "/teams/{id}"), ("DELETE", "/teams/{id}")]
    text = "".join(CLIENT.format(*row) for row in sent if row[0] != left_out)
    (tmp_path / "client" / "teams" / "teams_client.go").write_text(text)
    for name in ("create_team_command", "update_team_command"):
        (tmp_path / "models" / f"{name}.go").write_text(model)
    assert list(differences("team", tmp_path)) == told
