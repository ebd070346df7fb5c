# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Definitions
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.instance import Instance

SHIPPED = Path(__file__).resolve().parents[5] / "roles" / "sandbox"


def server(name, **more):
    return {"tool": f"{name}-tool", "ready": "tcp:{" + name + "_p}", "areas": ["core"], **more}


def tool(module="kubernetes", **more):
    return {"module": module, "package": "./cmd", **more}


FILES = {
    "control": {
        "tools": {"etcd-tool": tool(), "api-tool": tool(assets={"module": "m", "files": ["a", "b"]}), "idle": tool()},
        "servers": {
            "api": server("api", needs=["etcd"], arguments=["--port", 7], ports=["https"]),
            "etcd": server("etcd"),
        },
        "clients": {"admin": {"user": "root", "groups": ["system:masters"]}, "plain": {"user": "p"}},
        "simulated": ["nodes"],
        "expectations": [{"name": "serves", "count": "{nodes}"}],
    },
    "git": {
        "tools": {"git-tool": tool("gitea"), "late-tool": tool("gitea"), "extra": tool("gitea", areas=["tools"])},
        "servers": {
            "git": server("git", areas=["delivery"]),
            "late": server("late", areas=["delivery"], needs=["api", "git"], environment={"B": "2", "A": "1"}),
        },
        "simulated": ["reviews"],
    },
}


@pytest.fixture
def definitions(tmp_path):
    """Definitions out of files made of these, beside Go modules that are there."""
    for name in ("kubernetes", "gitea", "half"):
        (tmp_path / "modules" / name).mkdir(parents=True)
        for file in ("go.mod", "go.sum")[: 1 if name == "half" else 2]:
            (tmp_path / "modules" / name / file).touch()
    (tmp_path / "files").mkdir()
    (tmp_path / "servers").mkdir()

    def made(files=None, **more):
        for name, content in {**(FILES if files is None else files), **more}.items():
            text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
            (tmp_path / "servers" / f"{name}.yml").write_text(text)
        return Definitions([tmp_path])

    return made


def names(selection):
    return [found.name for found in selection.servers]


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
def test_the_servers_of_an_area_come_with_and_behind_what_they_need(definitions, areas, expected):
    assert names(definitions().select(areas)) == expected


def test_a_row_becomes_a_server_with_defaults(definitions):
    etcd, api = definitions().select(["core"]).servers
    assert (etcd.arguments, etcd.areas) == ((), ("core",))
    assert (api.arguments, api.ports, api.authority) == (("--port", "7"), ("https",), "")
    late = definitions().select(["delivery"]).servers[-1]
    assert late.environment == (("A", "1"), ("B", "2"))
    assert (late.binaries, late.stop_signal) == ((), "TERM")


def test_only_tools_that_are_needed_are_built(definitions, tmp_path):
    found = definitions().select(["core"])
    assert [one.name for one in found.tools] == ["etcd-tool", "api-tool"]
    assert (found.tools[1].assets_module, found.tools[1].assets) == ("m", ("a", "b"))
    assert found.tools[1].module == tmp_path / "modules" / "kubernetes"
    assert [one.name for one in definitions().select(["core", "tools"]).tools] == ["etcd-tool", "api-tool", "extra"]


def test_a_server_may_need_other_binaries_beside_its_own(definitions):
    with_plugin = {"servers": {"one": server("api", binaries={"plugins/a": "idle"}, stop_signal="INT", areas=["more"])}}
    found = definitions(more=with_plugin).select(["more"])
    assert (found.servers[0].binaries, found.servers[0].stop_signal) == ((("plugins/a", "idle"),), "INT")
    assert [one.name for one in found.tools] == ["api-tool", "idle"]


def test_the_python_that_runs_this_is_a_tool(definitions):
    found = definitions(more={"servers": {"keeper": {"tool": "python", "ready": "tcp:1", "areas": ["more"]}}}).select(["more"])
    assert [(one.name, one.path) for one in found.tools] == [("python", sys.executable)]


def test_programs_of_the_machine_are_used_where_they_are_named(definitions):
    found = definitions().select(["core"], binaries={"etcd-tool": "/usr/bin/etcd", "api-tool": ""})
    assert [one.path for one in found.tools] == ["/usr/bin/etcd", ""]


def test_a_part_of_the_servers_may_run_alone(definitions):
    assert names(definitions().select(["core", "delivery"], only=["etcd", "git"])) == ["etcd", "git"]
    with pytest.raises(InputError, match="only: there is no server 'etdc'; did you mean 'etcd'?"):
        definitions().select(["core"], only=["etdc"])


@pytest.mark.parametrize(("areas", "said"), [(["core"], ["nodes"]), (["delivery"], ["reviews", "nodes"]), (["tools"], [])])
def test_what_is_simulated_is_said_of_what_runs(definitions, areas, said):
    found = definitions().select(areas)
    assert found.simulated == said
    assert found.expectations == ([{"name": "serves", "count": "{nodes}"}] if "nodes" in said else [])


@pytest.fixture
def joined(definitions, tmp_path):
    """Definitions with a server that joins the text ``a``, to which the file of another one adds ``b`` unless it says otherwise."""
    for name in ("a", "b"):
        (tmp_path / "files" / name).write_text("{" + name + "}\n")

    def made(copies=("a",), name="one", path="config/all", texts=("b",)):
        one = {"servers": {"one": server("api", copies={"config/all": [*copies]}, areas=["more"])}}
        other = {"servers": {"other": server("api", areas=["other"])}, "adds": {name: {path: [*texts]}}}
        return definitions(more=one, other=other)

    return made


def test_files_are_joined_as_they_are_with_those_that_other_files_add_where_they_run(joined, tmp_path):
    a, b = tmp_path / "files" / "a", tmp_path / "files" / "b"
    assert joined().select(["more"]).servers[0].copies == (("config/all", (a,)),)
    assert {found.name: found.copies for found in joined().select(["more", "other"]).servers} == {
        "one": (("config/all", (a, b)),),
        "other": (),
    }
    assert names(joined().select(["other"])) == ["other"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"copies": ["none"]}, "more.yml: servers.one: copies.config/all: .*none does not exist"),
        ({"texts": ["none"]}, "other.yml: adds.one.config/all: .*none does not exist"),
        ({"name": "onn"}, "other.yml: adds.onn: there is no server 'onn'; did you mean 'one'?"),
        ({"path": "config/al"}, "other.yml: adds.one: 'config/al' is none of its copies; did you mean 'config/all'?"),
    ],
)
def test_a_text_that_cannot_be_joined_is_told_with_its_place(joined, wrong, words):
    with pytest.raises(InputError, match=words):
        joined(**wrong).select(["more", "other"])


def test_what_comes_after_the_start_and_how_it_is_reached_are_those_of_what_runs(definitions, tmp_path):
    started = tmp_path / "tasks" / "started"
    started.mkdir(parents=True)
    for name in ("git", "control"):
        (started / f"{name}.yml").touch()
    access = {"access": {"git": "http://127.0.0.1:{git_http}"}}
    made = definitions(git=FILES["git"] | access)
    assert (made.select(["core"]).tasks, made.select(["core"]).access) == ([started / "control.yml"], {})
    found = made.select(["core", "delivery"])
    assert (found.tasks, found.access) == ([started / "control.yml", started / "git.yml"], access["access"])
    assert made.select(["delivery"], only=["etcd"]).tasks == [started / "control.yml"]


@pytest.mark.parametrize(("areas", "there"), [(["core"], False), (["delivery"], False), (["delivery", "core"], True)])
def test_a_row_may_be_there_only_with_further_areas(definitions, areas, there):
    both = {"servers": {"both": server("api", areas=["delivery"], only_with=["core"])}}
    client = {"clients": {"one": {"user": "u", "only_with": ["core", "delivery"]}}}
    found = definitions(more=both | client).select(areas)
    assert ("both" in names(found)) is there
    assert ("one" in [one.name for one in found.clients]) is there


def test_clients_are_users_in_groups(definitions):
    admin, plain = definitions().select(["core"]).clients
    assert (admin.user, admin.groups, plain.groups) == ("root", ("system:masters",), ())


@pytest.mark.parametrize(
    ("content", "areas", "words"),
    [
        ({}, ["coer"], "areas: nothing is in the area 'coer'; did you mean 'core'?; there are core, delivery, tools"),
        (
            {"servers": {"a": server("api", needs=["b"]), "b": server("api", needs=["a"])}},
            ["core"],
            "more.yml: servers.a: circle of needs: a → b → a",
        ),
        ({"servers": {"a": server("api", needs=["etdc"])}}, ["core"], "servers.a needs 'etdc', which is no server; did you mean 'etcd'?"),
        ({"servers": {"a": server("api", only_with=["coer"])}}, ["core"], "only_with: nothing is in the area 'coer'; did you mean 'core'?"),
        ({"servers": {"a": server("api", needz=[])}}, ["core"], "more.yml: servers.a: unknown key 'needz'; did you mean 'needs'?"),
        ({"servers": {"a": {"tool": "t"}}}, ["core"], "more.yml: servers.a: ready is missing"),
        ({"servers": {"api": server("api")}}, ["core"], "more.yml: servers.api: there is one of this name in control.yml"),
        ({"servers": {"a": server("ap")}}, ["core"], "more.yml: servers.a: 'ap-tool' is no tool; did you mean 'api-tool'?"),
        ({"server": {}}, ["core"], "more.yml: unknown key 'server'; did you mean 'servers'?"),
        ({"clients": {"a": {"user": "u", "group": []}}}, ["core"], "more.yml: clients.a: unknown key 'group'; did you mean 'groups'?"),
        ({"tools": {"t": {"module": "kubernetes"}}}, ["core"], "more.yml: tools.t: package is missing"),
        (
            {"tools": {"t": tool("kubernets", areas=["core"])}},
            ["core"],
            "kubernets has no go.mod and go.sum; did you mean 'kubernetes'?",
        ),
        ({"tools": {"t": tool("half", areas=["core"])}}, ["core"], "has no go.mod and go.sum"),
        ("tools: {", ["core"], "more.yml: it is no YAML"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_row(definitions, content, areas, words):
    with pytest.raises(InputError) as problem:
        definitions(more=content).select(areas)
    assert words in problem.value.message


def test_a_folder_without_definitions_is_told(tmp_path):
    with pytest.raises(InputError, match=r"has no servers/\*.yml"):
        Definitions([tmp_path])


def test_everything_shipped_can_be_selected():
    shipped = Definitions([SHIPPED])
    found = shipped.select(sorted(shipped.areas))
    every = [name for file in sorted((SHIPPED / "servers").glob("*.yml")) for name in yaml.safe_load(file.read_text()).get("servers", {})]
    assert sorted(names(found)) == sorted(every)
    assert names(found).index("kube-apiserver") > names(found).index("etcd")
    assert found.expectations and found.simulated


def test_every_text_that_is_shipped_knows_its_places(tmp_path):
    shipped = Definitions([SHIPPED])
    found = shipped.select(sorted(shipped.areas))
    names = [f"{one.name}_{port}".replace("-", "_") for one in found.servers for port in one.ports]
    (tmp_path / "ports.json").write_text(json.dumps(dict.fromkeys(names, 1)))
    ours = Instance(tmp_path, found.servers, tmp_path)
    texts = [*found.access.values(), *(text for one in found.servers for text in (one.ready, one.serves))]
    assert texts and [text for text in texts if "{" in ours.text(text)] == []


def test_every_file_of_tasks_is_for_the_file_of_some_servers():
    files = sorted(path.name for path in (SHIPPED / "tasks" / "started").iterdir())
    assert files
    assert [name for name in files if not (SHIPPED / "servers" / name).is_file()] == []
