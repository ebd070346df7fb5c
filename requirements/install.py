# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings the checkout to where everything runs: virtual environment, pinned packages, collections. Standard library only.

Run by `make ready` and `make deps`; a second run with the same requirements does nothing.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
COLLECTIONS = ROOT / ".ansible" / "collections" / "ansible_collections"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gantry"
SIZES = {"sandbox.txt": ": 470 MB on disk, a minute or two", "dev.txt": ": another 400 MB, a minute or two"}
UV_SAYS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
"""A setting of pip and the variable by which uv is told the same."""
FOREIGN = ("kubernetes/core", "amazon/aws")


def main() -> None:
    """Install into ``--venv``; ``--only`` limits the packages to one requirements file of this folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--requirements", default="sandbox.txt")
    options = parser.parse_args()
    install_packages(options.venv, REQUIREMENTS / options.requirements)
    link_ourselves()
    if options.requirements == "dev.txt":
        install_collections(options.venv)


def install_packages(folder: Path, requirements: Path) -> None:
    """Make the virtual environment and bring it to exactly the pinned packages."""
    stamp = folder / f"installed-{requirements.stem}"
    wanted = digest_of(requirements, REQUIREMENTS / "bootstrap.txt") + f" {sys.version_info.major}.{sys.version_info.minor}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say(f"packages of {requirements.name} into {folder.name}{SIZES.get(requirements.name, '')}")
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(REQUIREMENTS / "bootstrap.txt")], check=True)
    told = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    environment = {**settings_for_uv(told), **os.environ, "VIRTUAL_ENV": str(folder)}
    uv = [str(folder / "bin" / "uv"), "pip", "install", "--quiet", "--require-hashes", "-r", str(requirements)]
    subprocess.run(uv, check=True, env=environment)
    # uv leaves no bytecode. Where PYTHONDONTWRITEBYTECODE is set, as in many images, each ansible-playbook would compile all of this anew.
    site = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", site], capture_output=True, text=True, check=True).stdout.strip())
    subprocess.run(
        [python, "-m", "compileall", "-q", "-j", "0", *(str(packages / name) for name in ("ansible", "jinja2", "yaml"))], check=False
    )
    stamp.write_text(wanted)


def settings_for_uv(told: str) -> dict[str, str]:
    """What pip is configured with, as uv reads it from its environment; ``told`` is what ``pip config list`` says.

    uv knows neither pip's files nor its variables. Where several say the same thing the last one holds, as for pip.
    """
    found: dict[str, str] = {}
    for line in told.splitlines():
        name, equals, value = line.partition("=")
        key = name.rpartition(".")[2].removeprefix("install.")
        if equals and key in UV_SAYS:
            text = str(ast.literal_eval(value))
            found[UV_SAYS[key]] = " ".join(text.split())
    return found


def link_ourselves() -> None:
    """Make the checkout itself a collection on the path, wherever it lies."""
    link = COLLECTIONS / "gantry" / "platform"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(Path("..", "..", "..", ".."))


def install_collections(folder: Path) -> None:
    """The collections of requirements.yml: from Galaxy where it can be reached, otherwise out of the pinned ansible wheel."""
    stamp = COLLECTIONS / "installed"
    wanted = digest_of(ROOT / "requirements.yml", REQUIREMENTS / "collections.txt")
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    galaxy = [str(folder / "bin" / "ansible-galaxy"), "collection", "install", "--timeout", "10", "-r", str(ROOT / "requirements.yml")]
    galaxy += ["-p", str(COLLECTIONS.parent)]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_CALLBACKS_ENABLED": ""}
    done = subprocess.run(galaxy, capture_output=True, text=True, env=environment, check=False)
    if done.returncode == 0:
        say("collections from Galaxy")
    else:
        say("collections out of the ansible package (Galaxy cannot be reached)")
        unpack(wheel(folder))
    stamp.write_text(wanted)


def wheel(folder: Path) -> Path:
    """The ansible wheel, from the cache or downloaded with its digest checked."""
    target = CACHE / "wheels" / digest_of(REQUIREMENTS / "collections.txt")[:16]
    found = sorted(target.glob("ansible-*.whl"))
    if not found:
        temporary = target.with_name(f"{target.name}.{os.getpid()}")
        command = [str(folder / "bin" / "python"), "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--require-hashes", "-r", str(REQUIREMENTS / "collections.txt"), "-d", str(temporary)], check=True)
        if target.exists():
            shutil.rmtree(temporary)
        else:
            temporary.rename(target)
        found = sorted(target.glob("ansible-*.whl"))
    return found[0]


def unpack(archive: Path) -> None:
    """Only the two collections, each replaced as a whole."""
    with zipfile.ZipFile(archive) as content:
        for name in FOREIGN:
            shutil.rmtree(COLLECTIONS / name, ignore_errors=True)
            members = [member for member in content.namelist() if member.startswith(f"ansible_collections/{name}/")]
            content.extractall(COLLECTIONS.parent, members)


def digest_of(*files: Path) -> str:
    """One digest over the content of the files."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def say(what: str) -> None:
    """One line of progress."""
    print(f"  installing {what}", flush=True)


if __name__ == "__main__":
    main()
