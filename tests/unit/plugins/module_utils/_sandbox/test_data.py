# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import areas_of, read_clients, read_servers, read_tools


def server(name, **more):
    return {"name": name, "tool": f"{name}-tool", "ready": "tcp:{" + name + "_p}", "areas": ["core"], **more}


ROWS = [
    server("api", needs=["etcd"], arguments=["--port", 7], ports=["https"]),
    server("etcd"),
    server("git", areas=["delivery"]),
    server("late", areas=["delivery"], needs=["api", "git"], environment={"B": "2", "A": "1"}, ready_within=90),
]


def names(rows, *areas, further=()):
    return [found.name for found in read_servers(rows, areas, further)]


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        (["core"], ["etcd", "api"]),
        (["delivery"], ["git", "etcd", "api", "late"]),
        (["core", "delivery"], ["etcd", "api", "git", "late"]),
        ([], []),
        (["tools"], []),
    ],
)
def test_the_servers_of_an_area_come_with_and_behind_what_they_need(areas, expected):
    assert names(ROWS, *areas, further=["tools"]) == expected


def test_a_row_becomes_a_server_with_defaults():
    etcd, api = read_servers(ROWS, ["core"])
    assert (api.arguments, api.ports, api.ready_within, api.authority) == (("--port", "7"), ("https",), 30.0, "")
    late = read_servers(ROWS, ["delivery"])[-1]
    assert (late.environment, late.ready_within) == ((("A", "1"), ("B", "2")), 90.0)
    assert (late.binaries, late.stop_signal) == ((), "TERM")


def test_a_server_may_need_other_binaries_beside_its_own(modules):
    (one,) = read_servers([server("api", binaries={"plugins/a": "helper"}, stop_signal="INT")], ["core"])
    assert (one.binaries, one.stop_signal) == ((("plugins/a", "helper"),), "INT")
    assert [found.name for found in read_tools([tool("api-tool"), tool("helper"), tool("idle")], modules, [one], ["core"])] == [
        "api-tool",
        "helper",
    ]
    with pytest.raises(InputError, match="api: the tool 'helper' is not in sandbox_tools"):
        read_tools([tool("api-tool")], modules, [one], ["core"])


@pytest.mark.parametrize(
    ("rows", "areas", "words"),
    [
        (ROWS, ["coer"], "nothing is in the area 'coer'; did you mean 'core'?; there are core, delivery"),
        ([server("a", needs=["b"]), server("b", needs=["a"])], ["core"], "circle of needs: a → b → a"),
        ([server("api", needs=["etdc"]), server("etcd")], ["core"], "api needs 'etdc', which is no server; did you mean 'etcd'?"),
        ([server("api", only_with=["coer"])], ["core"], "api: only_with: nothing is in the area 'coer'; did you mean 'core'?"),
        ([server("api", needz=[])], ["core"], "sandbox_servers: api: unknown key 'needz'; did you mean 'needs'?"),
        ([{"name": "api", "tool": "t"}], ["core"], "sandbox_servers: api: ready is missing"),
        ([{"tool": "t", "ready": "r"}], ["core"], "sandbox_servers: row 1: name is missing"),
        ([server("api"), server("api")], ["core"], "sandbox_servers: api: there are two of this name"),
    ],
)
def test_a_mistake_in_the_servers_is_told_with_its_row(rows, areas, words):
    with pytest.raises(InputError) as problem:
        read_servers(rows, areas)
    assert words in problem.value.message


@pytest.fixture
def modules(tmp_path):
    for name in ("kubernetes", "gitea"):
        (tmp_path / name).mkdir()
        for file in ("go.mod", "go.sum"):
            (tmp_path / name / file).touch()
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "go.mod").touch()
    return tmp_path


def tool(name, module="kubernetes", **more):
    return {"name": name, "module": module, "package": "./cmd", **more}


def test_only_tools_that_are_needed_are_built(modules):
    rows = [
        tool("etcd-tool"),
        tool("api-tool", assets={"module": "m", "files": ["a", "b"]}),
        tool("helm", areas=["delivery"]),
        tool("idle"),
    ]
    servers = read_servers(ROWS, ["core"])
    assert [one.name for one in read_tools(rows, modules, servers, ["core"])] == ["etcd-tool", "api-tool"]
    found = read_tools(rows, modules, servers, ["core", "delivery"])
    assert [one.name for one in found] == ["etcd-tool", "api-tool", "helm"]
    assert (found[1].assets_module, found[1].assets, found[1].module) == ("m", ("a", "b"), modules / "kubernetes")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([tool("etcd-tool")], "sandbox_servers: api: the tool 'api-tool' is not in sandbox_tools"),
        ([tool("etcd-tool"), tool("ap-tool")], "did you mean 'ap-tool'?"),
        ([tool("etcd-tool", "kubernets"), tool("api-tool")], "has no go.mod and go.sum; did you mean 'kubernetes'?"),
        ([tool("etcd-tool", "half"), tool("api-tool")], "has no go.mod and go.sum"),
        ([tool("etcd-tool"), {"name": "api-tool", "module": "kubernetes"}], "sandbox_tools: api-tool: package is missing"),
    ],
)
def test_a_mistake_in_the_tools_is_told(modules, rows, words):
    with pytest.raises(InputError) as problem:
        read_tools(rows, modules, read_servers(ROWS, ["core"]), ["core"])
    assert words in problem.value.message


def test_a_program_of_the_machine_needs_no_module(modules):
    servers = read_servers([server("keeper")], ["core"])
    (found,) = read_tools([{"name": "keeper-tool", "path": "/usr/bin/python3"}], modules, servers, ["core"])
    assert (found.name, found.path, found.package) == ("keeper-tool", "/usr/bin/python3", "")


def test_clients_are_users_in_groups():
    rows = [{"name": "admin", "user": "root", "groups": ["system:masters"]}, {"name": "plain", "user": "p"}]
    (admin, plain) = read_clients(rows, ["core"])
    assert (admin.user, admin.groups, plain.groups) == ("root", ("system:masters",), ())
    with pytest.raises(InputError, match="sandbox_clients: admin: unknown key 'group'; did you mean 'groups'"):
        read_clients([{"name": "admin", "user": "root", "group": []}], ["core"])


@pytest.mark.parametrize(("areas", "there"), [(["core"], False), (["delivery"], False), (["delivery", "core"], True)])
def test_a_row_may_be_there_only_with_further_areas(areas, there):
    rows = [*ROWS, server("both", areas=["delivery"], only_with=["core"])]
    assert ("both" in names(rows, *areas)) is there
    clients = [{"name": "one", "user": "u", "only_with": ["core", "delivery"]}]
    assert bool(read_clients(clients, areas)) is there


def test_every_area_of_every_row_is_known():
    assert areas_of([{"areas": ["a", "b"]}, {}, {"areas": None}, {"areas": ["a"]}]) == {"a", "b"}
