# Copyright (c) 2026 the gantry.platform authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Private to the collection: no interface is promised outside of it.
"""Text out of a file's bytes: UTF-8, or what a byte order mark says; anything else is refused with file and line. And into a file, whole or not."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from .errors import GantryError, InputError

_MARKS = (
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before UTF-16, whose mark it begins with
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
)
_CURE = "save the file as UTF-8"


def decoded(content: bytes, source: str) -> str:
    """The text without its byte order mark. Raises InputError that names ``source``, the line and the cure."""
    mark, encoding = next(((mark, encoding) for mark, encoding in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    body = content[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body[: error.start].decode(encoding, errors="replace").count("\n") + 1
        what = f"byte 0x{body[error.start]:02x} is not {encoding.upper()}"
        raise InputError(f"{source}:{line}: {what}; {_CURE}, or begin it with a byte order mark") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise InputError(f"{source}:{line}: holds NUL bytes: UTF-16 without a byte order mark, or no text at all; {_CURE}")
    return text


def read_text(path: str) -> str:
    """The text of a file. Raises InputError that names the file."""
    try:
        with open(os.path.expanduser(path), "rb") as handle:
            return decoded(handle.read(), path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def check_place(path: str) -> None:
    """Raises what ``write_text`` would raise of a path, as far as it can be known without writing. Raises GantryError."""
    place = Path(path)
    try:
        fresh = _beside(place)
        if place.is_dir():
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        folder = next(one for one in place.parents if os.path.lexists(one))
        if not folder.is_dir():
            number = errno.EEXIST if folder == place.parent else errno.ENOTDIR
            raise OSError(number, os.strerror(number))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        for name in fresh.relative_to(folder).parts:
            # A name that no file can have is told from one that none has.
            with contextlib.suppress(FileNotFoundError):
                os.lstat(folder / name)
    except (OSError, ValueError) as error:
        raise _unwritable(place, error) from error


def write_text(path: str, content: str) -> None:
    """Write a file and the folders above it; who reads it meanwhile reads the one before. Raises GantryError."""
    place = Path(path)
    try:
        fresh = _beside(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_text(content, encoding="utf-8")
            os.replace(fresh, place)
        except (OSError, ValueError):
            fresh.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        raise _unwritable(place, error) from error


def _beside(place: Path) -> Path:
    """Where a file is written until it is whole. Raises ValueError: a path may be none at all."""
    if "\0" in str(place):
        # Each version of Python says it in other words.
        raise ValueError("no path holds a NUL byte")
    return place.with_name(f".{place.name}.new")


def _unwritable(place: Path, error: OSError | ValueError) -> GantryError:
    return GantryError(f"{place} cannot be written: {getattr(error, 'strerror', error)}")
