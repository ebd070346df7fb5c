# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance and its supervisor decide without running anything."""

from __future__ import annotations

import configparser
import shlex
import stat
from pathlib import Path

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import InputError
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
    for act in (lambda: ours.start({}, [], lambda text: None), ours.remove):
        with pytest.raises(InputError, match="holds something that is no sandbox"):
            act()
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_the_report_of_a_run_before_the_sandbox_is_no_other_thing(tmp_path):
    root = tmp_path / "sandbox"
    root.mkdir()
    (root / "plan.json").touch()
    ours = Instance(root, [], tmp_path / "cache")
    ours.start({}, [], lambda text: None)
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
