# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Charts from an HTTP repository, an OCI registry or a folder, each checked against its pinned digest."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .._core.errors import InputError, ServerError

_LONGEST = 300
"""Seconds for a chart to come over a slow line; helm itself would wait for ever."""


@dataclass(frozen=True)
class Chart:
    """The chart of a component. ``repository`` is an http(s) address, an oci:// address or a folder; ``digest`` is ``sha256:…``
    of the archive. A chart that lies unpacked in a folder has the digest of its files' names and contents.
    """

    component: str
    name: str
    version: str
    repository: str
    digest: str


def fetch(chart: Chart, cache: Path, helm: str, environment: Mapping[str, str], any_digest: bool = False) -> tuple[Path, str]:
    """The chart's archive or folder, and its digest. Raises InputError where the digest is missing or another one than pinned, ServerError
    where it cannot be had. ``any_digest`` is for looking at a chart before it is pinned.
    """
    if "://" not in chart.repository:
        found = _in_folder(chart)
        digest = digest_of(found)
        _check(chart, digest, any_digest)
        return found, digest
    kept = cache / "charts" / f"{chart.name}-{chart.version}-{chart.digest.partition(':')[2][:16]}.tgz"
    if chart.digest and kept.is_file() and digest_of(kept) == chart.digest:
        return kept, chart.digest
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="chart-", dir=cache))
    try:
        archive = _pull(chart, folder, helm, environment)
        digest = digest_of(archive)
        _check(chart, digest, any_digest)
        kept = kept.with_name(f"{chart.name}-{chart.version}-{digest.partition(':')[2][:16]}.tgz")
        kept.parent.mkdir(parents=True, exist_ok=True)
        archive.replace(kept)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return kept, digest


def digest_of(path: Path) -> str:
    """``sha256:<hex>`` of an archive, or of the names and contents of a folder's files."""
    if path.is_file():
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    total = hashlib.sha256()
    for file in sorted(entry for entry in path.rglob("*") if entry.is_file()):
        total.update(f"{file.relative_to(path).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return "sha256:" + total.hexdigest()


def _in_folder(chart: Chart) -> Path:
    folder = Path(chart.repository).expanduser()
    for candidate in (folder / f"{chart.name}-{chart.version}.tgz", folder / chart.name):
        if candidate.exists():
            return candidate
    raise InputError(f"{chart.component}: neither {chart.name}-{chart.version}.tgz nor the folder {chart.name} is in {folder}")


def _pull(chart: Chart, folder: Path, helm: str, environment: Mapping[str, str]) -> Path:
    if chart.repository.startswith("oci://"):
        source = [f"{chart.repository.rstrip('/')}/{chart.name}"]
        host = chart.repository.removeprefix("oci://").partition("/")[0].partition(":")[0]
        source += ["--plain-http"] if host in ("127.0.0.1", "localhost") else []
    else:
        source = [chart.name, "--repo", chart.repository]
    run_helm(
        [helm, "pull", *source, "--version", chart.version, "--destination", str(folder)],
        environment,
        f"{chart.component}: {chart.name} {chart.version} from {chart.repository}",
        folder,
    )
    return next(folder.glob("*.tgz"))


def run_helm(command: list[str], environment: Mapping[str, str], what: str, home: Path, text: str | None = None) -> str:
    """Helm's standard output. Its own files stay in ``home``, so that nothing of the user's is read or changed."""
    own = {name: str(home / "helm" / name.rpartition("_")[0].lower()) for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, input=text, env={**environment, **own}, check=False, timeout=_LONGEST
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(f"{what}: helm has not ended after {_LONGEST} s") from error
    except OSError as error:
        raise InputError(
            f"helm cannot be run ({command[0]}): {error.strerror}; component_helm_path names one, make up AREAS=charts builds one"
        ) from error
    if done.returncode:
        raise ServerError(f"{what}: {' '.join(done.stderr.split()) or f'helm ended with {done.returncode}'}")
    return done.stdout


def helm_binary(path: str, environment: Mapping[str, str]) -> str:
    """The helm to use: the given one, or the first on PATH."""
    found = path or shutil.which("helm", path=environment.get("PATH") or os.defpath)
    if not found:
        raise InputError("source: upstream needs helm, and none is on PATH; component_helm_path names one, make up AREAS=charts builds one")
    return found


@functools.cache
def _version(path: str, changed: int, searched: str) -> str:
    with tempfile.TemporaryDirectory(prefix="helm-") as home:
        return run_helm([path, "version"], {"PATH": searched}, "helm version", Path(home)).strip()


def helm_version(path: str, environment: Mapping[str, str]) -> str:
    """What helm says of its version: another helm may render another text."""
    return _version(path, os.stat(path).st_mtime_ns, environment.get("PATH") or os.defpath)


def _check(chart: Chart, found: str, any_digest: bool) -> None:
    if any_digest:
        return
    if not chart.digest:
        raise InputError(
            f"{chart.component}: its chart is not pinned. {chart.name} {chart.version} from {chart.repository} has the digest {found}; "
            f"if that is the chart you looked at, write it into release.yml: components.{chart.component}.digest"
        )
    if found != chart.digest:
        raise InputError(
            f"{chart.component}: {chart.name} {chart.version} from {chart.repository} has the digest {found}, pinned is {chart.digest}: "
            "somebody changed the chart behind its version, or the pin is of another version"
        )
