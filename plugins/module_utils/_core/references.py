# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Secrets are references; here they become values, in memory and at the last moment.

A reference stands in a document as ``{"reference": "env:NAME"}``, ``"file:path"`` or ``"sops:file#key"``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from .errors import InputError
from .redaction import Secrets
from .sops import SopsFiles


class MissingSecretError(InputError):
    """The reference is well formed, and there is no such secret (yet)."""


def reference_of(value: Any) -> str | None:
    """The reference that ``value`` is, or none."""
    if isinstance(value, Mapping) and set(value) == {"reference"} and isinstance(value["reference"], str):
        return value["reference"]
    return None


class References:
    """Resolves references; ``resolvers`` adds schemes to ``env``, ``file`` and ``sops``, or takes the place of one.

    Each value is registered in ``secrets`` before anybody gets it.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        folder: str = "",
        resolvers: Mapping[str, Callable[[str], str]] | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.secrets = Secrets() if secrets is None else secrets
        self._environment = os.environ if environment is None else environment
        self._folder = folder
        self._resolvers: dict[str, Callable[[str], str]] = {
            "env": self._env,
            "file": self._file,
            "sops": SopsFiles(self._environment, folder),
            **(resolvers or {}),
        }

    def resolve(self, reference: str) -> str:
        """The value. Raises InputError that names the reference and the cure, never a value."""
        scheme, colon, rest = reference.partition(":")
        resolver = self._resolvers.get(scheme)
        if not colon or resolver is None:
            raise InputError(
                f"the secret reference {reference!r} cannot be resolved here: it must begin with one of {', '.join(self._resolvers)}"
            )
        try:
            value = resolver(rest)
        except InputError as error:
            # For whoever knows where the inventory says it.
            error.details["reference"] = reference
            raise
        self.secrets.add(value)
        return value

    def _env(self, name: str) -> str:
        value = self._environment.get(name)
        if value is None:
            raise InputError(f"the secret reference 'env:{name}' cannot be resolved: the environment variable is not set")
        return value

    def _file(self, path: str) -> str:
        full = os.path.join(self._folder, os.path.expanduser(path))
        try:
            with open(full, encoding="utf-8") as handle:
                return handle.read().rstrip("\n")
        except UnicodeDecodeError:
            raise InputError(f"the secret reference 'file:{path}' cannot be resolved: it is not UTF-8 text ({full})") from None
        except OSError as error:
            raise InputError(f"the secret reference 'file:{path}' cannot be resolved: {error.strerror} ({full})") from error
