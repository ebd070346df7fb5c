# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import http.server
import importlib.util
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def install():
    specification = importlib.util.spec_from_file_location("install", ROOT / "requirements" / "install.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def index():
    """An index that knows no package; what it was asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple", asked
    server.shutdown()
    server.server_close()


def test_what_pip_is_told_uv_is_told(install, index, tmp_path):
    address, asked = index
    (tmp_path / "pip.conf").write_text(
        f"[global]\nindex-url = {address}\ncert = /etc/own/ca.pem\n[install]\ntrusted-host = one.example\n  two.example\n", encoding="utf-8"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "SSL_"))}
    environment |= {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    found = install.settings_for_uv(told)
    assert found == {"UV_DEFAULT_INDEX": address, "SSL_CERT_FILE": "/etc/own/ca.pem", "UV_INSECURE_HOST": "one.example two.example"}

    del found["SSL_CERT_FILE"]
    command = [Path(sys.executable).with_name("uv"), "pip", "install", "--dry-run", "nobodys-package", "--cache-dir", tmp_path / "cache"]
    done = subprocess.run(command, env=environment | found, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and asked == ["/simple/nobodys-package/"], done.stderr


def test_variables_count_as_files_do_and_what_uv_does_not_know_is_left_out(install):
    assert install.settings_for_uv(":env:.find-links='/wheels'\nglobal.quiet='1'\n:env:.default-timeout='180'\n") == {
        "UV_FIND_LINKS": "/wheels",
        "UV_HTTP_TIMEOUT": "180",
    }


def test_running_needs_less_than_developing_and_the_same_versions():
    names = {
        file: set(re.findall(r"(?m)^[a-z][^ ]*==[^ ]+", (ROOT / "requirements" / file).read_text())) for file in ("sandbox.txt", "dev.txt")
    }
    assert names["sandbox.txt"] < names["dev.txt"]
    assert len(names["sandbox.txt"]) < len(names["dev.txt"]) / 4


@pytest.mark.parametrize(
    ("said", "comes"), [({"LC_ALL": "C"}, "C.UTF-8"), ({"LANG": "POSIX"}, "C.UTF-8"), ({"LC_ALL": "C.UTF-8"}, "C.UTF-8")]
)
def test_make_gives_ansible_a_locale_that_it_takes(said, comes):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "MAKE"))} | said
    done = subprocess.run(
        ["make", "--no-print-directory", "--eval", "show:;@echo $$LC_ALL; ansible --version", "show"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == comes


@pytest.mark.parametrize("target", ["up", "plan", "apply", "drift", "access", "release", "new-platform"])
def test_what_runs_installs_nothing_that_only_developing_needs(target):
    words = ["ENV=dev", "SERVICE=x", "DIGEST=y", "DEST=z"]
    done = subprocess.run(["make", "-n", target, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    installed = [line for line in done.stdout.splitlines() if "install.py" in line]
    assert len(installed) == 1 and "dev.txt" not in installed[0]
