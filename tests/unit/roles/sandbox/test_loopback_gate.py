# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the sandbox's apiserver may connect to. tests/integration/kube/test_loopback.py asks the real one."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[4] / "roles" / "sandbox" / "files" / "loopback_gate.py"


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """The gate of a sandbox with two Services, for one of which something stands."""
    spec = importlib.util.spec_from_file_location("loopback_gate", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = object.__new__(module.Gate)
    made._services = tmp_path
    (tmp_path / "hooks.json").write_text(json.dumps({"shop/hook": 4443}))
    slices = [
        {"metadata": {"namespace": "shop", "labels": {module._OF_SERVICE: name}}, "endpoints": [{"addresses": [address]}]}
        for name, address in (("other", "10.244.0.7"), ("hook", "10.244.0.7"), ("web", "10.244.0.8"))
    ]
    known = {"10.96.0.7": "hook", "10.96.0.8": "web"}

    def items(path, **query):
        if path.endswith("endpointslices"):
            return [*slices, {"metadata": {"namespace": "shop", "labels": {module._OF_SERVICE: "empty"}}, "endpoints": None}]
        name = known.get(query["fieldSelector"].rpartition("=")[2])
        return [{"metadata": {"namespace": "shop", "name": name}}] if name else []

    monkeypatch.setattr(made, "_items", items)
    return module, made


@pytest.mark.parametrize(
    ("host", "end"),
    [
        ("127.0.0.1", ("127.0.0.1", 443)),
        ("127.8.8.8", ("127.8.8.8", 443)),
        ("::1", ("::1", 443)),
        ("localhost", ("127.0.0.1", 443)),
        ("10.96.0.7", ("127.0.0.1", 4443)),
        ("10.244.0.7", ("127.0.0.1", 4443)),
    ],
)
def test_loopback_is_reached_and_what_stands_for_a_service(gate, host, end):
    _module, made = gate
    assert made.end_of(host, 443) == end


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("10.96.0.8", "nothing stands for the Service shop/web"),
        ("10.244.0.8", "nothing stands for the Service shop/web"),
        ("192.0.2.1", "nothing stands for 192.0.2.1"),
        ("2001:db8::1", "nothing stands for 2001:db8::1"),
        ("0.0.0.0", "nothing stands for 0.0.0.0"),
        ("127.0.0.1.nip.example", "is a name"),
        ("LOCALHOST.", "is a name"),
        ("", "is a name"),
    ],
)
def test_everything_else_is_refused_without_a_look_up(gate, host, words):
    module, made = gate
    with pytest.raises(module.Refused, match=words):
        made.end_of(host, 443)
