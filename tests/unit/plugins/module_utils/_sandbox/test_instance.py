# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance and its supervisor decide without running anything."""

from __future__ import annotations

import configparser
import contextlib
import dataclasses
import hashlib
import shlex
import socket
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError, ServerError, TimeoutExceededError
from ansible_collections.gantry.platform.plugins.module_utils._sandbox import instance as tested
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.build import Binary
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.data import Server
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.instance import Instance, copy_file
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.supervisor import Program, Supervisor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from supervisor.options import UnhosedConfigParser


def instance(root, *servers, ports='{"api_https": 20001}'):
    root.mkdir(exist_ok=True)
    (root / "ports.json").write_text(ports)
    return Instance(root, servers, root.parent / "cache")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("--data={root}/data", "--data={root}/data"),
        ("https://127.0.0.1:{api_https}/livez", "https://127.0.0.1:20001/livez"),
        ("{bin}/etcd", "{root}/bin/etcd"),
        ("{{literal}}", "{{literal}}"),
    ],
)
def test_places_in_a_text_are_filled_in(tmp_path, template, text):
    assert instance(tmp_path / "s").text(template) == text.replace("{root}", str(tmp_path / "s")).replace("{{", "{").replace("}}", "}")


def test_assets_are_those_of_the_tool(tmp_path):
    binaries = {"gitea": Binary(Path("bin"), Path("assets-of-gitea"))}
    server = Server("git", "gitea", (), "tcp:1", own_files=Path("ours"))
    assert instance(tmp_path / "s").text("{assets}/x {files}/y", server, binaries) == "assets-of-gitea/x ours/y"


def test_a_caller_may_have_further_places(tmp_path):
    ours = Instance(tmp_path / "s", [], tmp_path / "cache", {"pods": "10.8.0.0/16", "root": "not this"})
    assert ours.text("{pods} {root}") == f"10.8.0.0/16 {tmp_path / 's'}"


@pytest.mark.parametrize("template", ["{none}", "{assets}", "{0}", "{", "{root!x}"])
def test_a_place_that_is_none_is_told_with_those_that_are(tmp_path, template):
    with pytest.raises(InputError, match="there are api_https, bin, root"):
        instance(tmp_path / "s").text(template)


@pytest.mark.parametrize("name", ["a ;b", "a #b"])
def test_a_folder_that_the_supervisor_would_misread_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="as a comment"):
        instance(tmp_path / name).pending({})


def test_a_folder_with_other_things_in_it_is_neither_filled_nor_removed(tmp_path):
    (tmp_path / "precious").touch()
    ours = Instance(tmp_path, [], tmp_path / "cache")
    for act in (lambda: ours.start(Built(), [], lambda text: None), ours.remove):
        with pytest.raises(InputError, match="holds something that is no sandbox"):
            act()
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_the_report_of_a_run_before_the_sandbox_is_no_other_thing(tmp_path):
    root = tmp_path / "sandbox"
    root.mkdir()
    (root / "plan.json").touch()
    ours = Instance(root, [], tmp_path / "cache")
    ours.start(Built(), [], lambda text: None)
    ours.remove()
    assert not root.exists()


def test_what_is_not_there_is_pending_stopped_and_needs_no_removal(tmp_path):
    ours = Instance(tmp_path / "new", [Server("api", "api", (), "tcp:1", ports=("https",))], tmp_path / "cache")
    assert ours.pending({}) == ["api"]
    assert (ours.remove(), ours.stop()) == (False, False)
    (row,) = ours.status()
    assert (row["name"], row["state"], row["pid"], row["ports"]) == ("api", "stopped", 0, {"https": 0})
    assert not (tmp_path / "new").exists()


# What follows a blank and one of ;# is a comment to supervisord: a folder of such a name is refused above.
WORDS = st.text("ab%$'\"\\ =,;#ü", min_size=1, max_size=8).filter(lambda word: " ;" not in word and " #" not in word)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, min_size=1, max_size=4))
def test_arguments_reach_a_program_as_they_were_written(tmp_path, words):
    Supervisor(tmp_path, 20001).write_config([Program("api", tuple(words), {})])
    config = UnhosedConfigParser()
    config.read_string((tmp_path / "supervisord.conf").read_text())
    # As supervisord reads it: percent signs expanded, then split as a shell does.
    assert shlex.split(config["program:api"]["command"] % {}) == words


def test_the_configuration_is_private_and_known_only_as_it_is(tmp_path):
    supervisor = Supervisor(tmp_path, 20001)
    program = Program("api", ("api", "--x"), {"A": "1"})
    assert not supervisor.knows([program])
    supervisor.write_config([program])
    assert supervisor.knows([program])
    for other in (
        [],
        [Program("api", ("api", "--y"), {"A": "1"})],
        [Program("api", ("api", "--x"), {"A": "2"})],
        [program, Program("b", ("b",), {})],
    ):
        assert not supervisor.knows(other)
    for name in ("supervisord.conf", "supervisord.password"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_programs_start_in_their_order_and_only_when_told(tmp_path):
    Supervisor(tmp_path, 1).write_config([Program("etcd", ("etcd",), {}), Program("api", ("api",), {})])
    config = configparser.RawConfigParser()
    config.read(tmp_path / "supervisord.conf")
    assert [(config[f"program:{name}"]["priority"], config[f"program:{name}"]["autostart"]) for name in ("etcd", "api")] == [
        ("1", "false"),
        ("2", "false"),
    ]
    assert config["inet_http_server"]["port"] == "127.0.0.1:1"


def test_who_does_not_run_has_no_states_and_nothing_to_stop(tmp_path):
    supervisor = Supervisor(tmp_path, 1)
    assert (supervisor.is_running(), supervisor.states(), supervisor.end_orphans()) == (False, {}, False)


def test_a_binary_is_copied_when_it_is_another_one(tmp_path):
    source, target = tmp_path / "source", tmp_path / "below" / "target"
    source.write_bytes(b"one")
    source.chmod(0o755)
    assert [copy_file(source, target), copy_file(source, target)] == [True, False]
    assert target.read_bytes() == b"one" and target.stat().st_mode & 0o111 and not target.is_symlink()
    source.write_bytes(b"other")
    assert copy_file(source, target) and target.read_bytes() == b"other"


class Built:
    """A build that is done, or as far as a test lets it."""

    def __init__(self, *tools, goes_on=False):
        self.tools, self.goes_on, self.binaries = set(tools), goes_on, {}

    def has(self, *names):
        return set(names) <= self.tools


class FakeSupervisor:
    """Programs that answer at once, or once ``opens`` lets them: whoever is started listens on its socket, which has the port of its ``ready``."""

    def __init__(self, sockets, later=()):
        self.sockets, self.later, self.started, self.up = sockets, set(later), [], set()

    def start_program(self, name):
        self.started.append(name)
        if name not in self.later:
            self.opens(name)
        return True

    def opens(self, name):
        self.sockets[name].listen()
        self.up.add(name)

    def states(self):
        return dict.fromkeys(self.started, "RUNNING")


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Servers slow, quick and two that need one of them each, and the supervisor that has them."""
    with contextlib.ExitStack() as stack:
        # Bound from now on, so that nobody else takes the port before its server answers there.
        sockets = {name: stack.enter_context(socket.socket()) for name in ("slow", "quick", "after-slow", "after-quick")}
        needs, servers = {"after-slow": ("slow",), "after-quick": ("quick",)}, []
        for name, one in sockets.items():
            one.bind(("127.0.0.1", 0))
            servers.append(Server(name, "t", (), f"tcp:{one.getsockname()[1]}", needs=needs.get(name, ())))
        made = FakeSupervisor(sockets, later=["slow"])
        monkeypatch.setattr(tested, "Supervisor", lambda root, port: made)
        yield made, instance(tmp_path / "s", *servers)


def test_a_server_starts_as_soon_as_what_it_needs_is_ready(fake):
    supervisor, ours = fake

    def tell(text):
        if "after-quick" in supervisor.started and "slow" not in supervisor.up:
            supervisor.opens("slow")

    ours._start_servers(tell, Built("t"))
    assert supervisor.started == ["slow", "quick", "after-quick", "after-slow"]
    assert ours.changed == supervisor.started


def test_what_is_built_starts_while_the_rest_is_being_built(fake, monkeypatch):
    supervisor, ours = fake
    supervisor.later = set()
    servers = [dataclasses.replace(server, tool="other") if server.name == "after-slow" else server for server in ours._servers]
    monkeypatch.setattr(ours, "_servers", servers)
    building = Built("t", goes_on=True)
    started = []

    def slept(_seconds):
        # Nobody is waited for but the compiler: three servers are up, and it ends only now.
        started.extend(supervisor.started)
        building.tools.add("other")
        building.goes_on = False

    monkeypatch.setattr(tested, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=slept))
    ours._start_servers(lambda text: None, building)
    assert started == ["slow", "quick", "after-quick"]
    assert supervisor.started == [*started, "after-slow"]


def test_time_that_a_compiler_takes_is_none_of_a_servers(fake, monkeypatch):
    supervisor, ours = fake
    clock = [0.0]
    building = Built("t", goes_on=True)

    def slept(_seconds):
        clock[0] += 400
        building.goes_on = clock[0] < 800

    monkeypatch.setattr(tested, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=slept))
    with pytest.raises(TimeoutExceededError, match="slow was not ready within 300 s"):
        ours._start_servers(lambda text: None, building)
    assert clock[0] == 800


def test_a_server_that_ends_while_it_starts_is_told(fake, monkeypatch):
    supervisor, ours = fake
    monkeypatch.setattr(supervisor, "states", lambda: {"slow": "FATAL"})
    with pytest.raises(ServerError, match=r"slow does not run \(fatal\)"):
        ours._start_servers(lambda text: None, Built("t"))


def test_who_does_not_do_what_it_is_for_is_told_with_why(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        servers = [
            Server("open", "t", (), f"tcp:{port}"),
            Server("sealed", "t", (), f"tcp:{port}", serves="tcp:1"),
            Server("ended", "t", (), f"tcp:{port}"),
            Server("late", "t", (), "tcp:{late_tcp}", ports=("tcp",)),
        ]
        made = FakeSupervisor({})
        states = {"open": "RUNNING", "sealed": "RUNNING", "ended": "FATAL"}
        made.infos = lambda: {name: {"statename": state} for name, state in states.items()}
        monkeypatch.setattr(tested, "Supervisor", lambda root, port: made)
        ours = instance(tmp_path / "s", *servers)
        assert ours.silent() == {"sealed": "Connection refused", "ended": "it is fatal", "late": "it is stopped"}
        assert (ours.has_ports(), instance(tmp_path / "s", *servers[:3]).has_ports()) == (False, True)


def test_servers_stop_together_where_nobody_needs_them_any_more(tmp_path):
    needs = {"etcd": (), "api": ("etcd",), "manager": ("api",), "nodes": ("api",), "database": (), "vault": ("database", "not-chosen")}
    ours = instance(tmp_path / "s", *(Server(name, "t", (), "tcp:1", needs=below) for name, below in needs.items()))
    assert ours._falling() == [["manager", "nodes", "vault"], ["api", "database"], ["etcd"]]


def test_digests_are_those_of_the_copied_tools(tmp_path):
    ours = instance(tmp_path / "s", Server("vault", "t", (), "tcp:1", binaries=(("plugins/a", "a"), ("plugins/none", "b"))))
    (ours.root / "plugins").mkdir()
    (ours.root / "plugins" / "a").write_bytes(b"a tool")
    assert ours.digests() == {"plugins/a": hashlib.sha256(b"a tool").hexdigest()}
