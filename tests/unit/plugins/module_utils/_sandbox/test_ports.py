# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import socket

import pytest
from ansible_collections.gantry.platform.plugins.module_utils._core.errors import ServerError
from ansible_collections.gantry.platform.plugins.module_utils._sandbox import ports as tested
from ansible_collections.gantry.platform.plugins.module_utils._sandbox.ports import choose_ports, read_ports


@pytest.fixture
def registry(tmp_path):
    return tmp_path / "cache" / "ports.json"


@pytest.fixture
def instance(tmp_path):
    def make(name):
        (tmp_path / name).mkdir(exist_ok=True)
        return tmp_path / name / "ports.json"

    (tmp_path / "cache").mkdir()
    return make


def test_ports_are_chosen_once_and_kept(instance, registry):
    file = instance("one")
    assert choose_ports(file, ["api", "etcd"], registry, may_move=True) == ["api", "etcd"]
    first = read_ports(file)
    assert choose_ports(file, ["api", "etcd"], registry, may_move=True) == []
    assert choose_ports(file, ["api", "etcd", "new"], registry, may_move=True) == ["new"]
    assert read_ports(file).items() > first.items()
    assert len(set(read_ports(file).values())) == 3


def test_there_are_no_ports_before_they_were_chosen(tmp_path):
    assert read_ports(tmp_path / "none.json") == {}


def test_two_instances_never_share_a_port_until_one_is_gone(instance, registry, monkeypatch):
    monkeypatch.setattr(tested, "_RANGE", range(20000, 20004))
    monkeypatch.setattr(tested, "_is_free", lambda port: True)
    one, other = instance("one"), instance("other")
    choose_ports(one, ["a", "b"], registry, may_move=True)
    choose_ports(other, ["a", "b"], registry, may_move=True)
    assert sorted([*read_ports(one).values(), *read_ports(other).values()]) == [20000, 20001, 20002, 20003]
    with pytest.raises(ServerError, match="no port is free between 20000 and 20003"):
        choose_ports(instance("third"), ["a"], registry, may_move=True)
    one.unlink()
    choose_ports(instance("third"), ["a", "b"], registry, may_move=True)
    assert not set(read_ports(instance("third")).values()) & set(read_ports(other).values())


def test_a_port_that_was_taken_meanwhile_is_replaced_only_where_nothing_runs(instance, registry):
    file = instance("one")
    choose_ports(file, ["api", "etcd"], registry, may_move=True)
    before = read_ports(file)
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", before["api"]))
        somebody.listen()
        assert choose_ports(file, ["api", "etcd"], registry, may_move=False) == []
        assert choose_ports(file, ["api", "etcd"], registry, may_move=True) == ["api"]
    after = read_ports(file)
    assert after["api"] != before["api"] and after["etcd"] == before["etcd"]


@pytest.mark.parametrize("content", ["", "{", json.dumps({"20000": "/nowhere/ports.json"})])
def test_a_registry_that_is_broken_or_old_stops_nobody(instance, registry, content):
    registry.write_text(content)
    file = instance("one")
    assert choose_ports(file, ["a"], registry, may_move=True) == ["a"]
    assert json.loads(registry.read_text()) == {str(read_ports(file)["a"]): str(file)}
