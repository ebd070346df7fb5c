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
    "user": ("org",),
    "members": ("teams", "set_team_memberships_command"),
    "permissions": ("folders", "update_dashboard_acl_command"),
    "folder": ("folders", "create_folder_command", "update_folder_command"),
    "team": ("teams", "create_team_command", "update_team_command"),
    "datasource": ("datasources", "add_data_source_command", "update_data_source_command"),
}
TYPES = {
    "string": "string",
    "bool": "boolean",
    "JSON": "object",
    "map[string]string": "object",
    "DsAccess": "string",
    "int64": "integer",
    "PermissionType": "integer",
}
ANSWERED = {"user": "org_user_dto", "members": "team_member_dto", "permissions": "dashboard_acl_info_dto"}
"""What an answer is a list of, where that is not what is written, and the fields that our table reads there."""
READ = {
    "user": ("email", "userId"),
    "members": ("email", "permission"),
    "permissions": ("role", "teamId", "userId", "permission", "inherited"),
}


def differences(name, folder):
    """What the table says and the client does not, one line each."""
    kind = API.kinds[name]
    package, *models = MODELS[name]
    text = (folder / "client" / package / f"{package}_client.go").read_text(encoding="utf-8")
    sent = {(verb, plain(path)) for verb, path in re.findall(r'Method:\s+"(\w+)",\s+PathPattern:\s+"([^"]+)"', text)}
    one = plain(kind.at("one").replace("{id}", kind.names[0] if kind.names else "{id}"))
    for row in wanted(kind, one):
        if row not in sent:
            yield f"{name}: the client has no {' '.join(row)}"
    for model in models:
        fixed = kind.fixed if model.startswith("update_") else frozenset()  # said where one is made, and never again
        yield from unlike(folder, name, model, {key: said for key, said in API.described[name]["properties"].items() if key not in fixed})
    for field in READ.get(name, ()):
        if field not in dict(map(reversed, pairs(folder, ANSWERED[name]))):
            yield f"{name}: {ANSWERED[name]} has no {field}"


def wanted(kind, one):
    """Verb and path of each request that the table may lead to."""
    if kind.listed:
        yield "GET", plain(kind.rows_at or kind.path)
    if kind.alone:
        yield "GET", one
    if kind.written:
        yield kind.update, one
    if kind.written and not kind.by_name:
        yield "POST", plain(kind.path)
    if kind.written and kind.deletable:
        yield "DELETE", one


def unlike(folder, name, model, fields):
    """Fields of our description that a model of the client has otherwise; of a list of models what is in each of them."""
    known = {field: type_.lstrip("*") for type_, field in pairs(folder, model)}
    for field, said in fields.items():
        type_ = known.get(field, "")
        if type_.startswith("[]*") and said["type"] == "array":
            inner = re.sub(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", type_[3:]).lower()
            yield from unlike(folder, f"{name}.{field}", inner, said["items"]["properties"])
        elif (found := "array" if type_ == "[]string" else TYPES.get(type_, "nothing")) != said["type"]:
            yield f"{name}.{field} is {found} in {model}"


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
