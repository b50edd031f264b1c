"""Exported files on their way to a browser: found without leaving the export's folder, shown harmlessly."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".csv": "text/plain; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".jsonl": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".svg": "image/svg+xml",
}
"""What a browser may show. Anything else is offered as a download."""
_UNKNOWN = "application/octet-stream"
_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MOST_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list of files: what it is called, where it leads (relative), its size in bytes."""

    name: str
    link: str
    size: int


def open_file(folder: Path, name: str) -> BinaryIO:
    """Open a regular file below a folder, without following a link anywhere on the way.

    Args:
        folder: an export's folder.
        name: as it came from the browser, decoded: names separated by slashes.

    Raises:
        FileNotFoundError: there is no such file, or the name leads elsewhere.
    """
    parts = name.split("/")
    if not all(_is_plain(part) for part in parts):
        raise FileNotFoundError(name)
    try:
        at = os.open(folder, _NO_LINK | os.O_DIRECTORY)
        for part in parts[:-1]:
            at = _step(at, part, os.O_DIRECTORY)
        at = _step(at, parts[-1], 0)
    except (OSError, ValueError):
        raise FileNotFoundError(name) from None
    if not stat.S_ISREG(os.fstat(at).st_mode):
        os.close(at)
        raise FileNotFoundError(name)
    return os.fdopen(at, "rb")


def _is_plain(part: str) -> bool:
    return bool(part) and not part.startswith(".") and "\0" not in part and "\\" not in part


def _step(at: int, part: str, flags: int) -> int:
    try:
        return os.open(part, _NO_LINK | flags, dir_fd=at)
    finally:
        os.close(at)


def content_type(name: str) -> str:
    """Return the type of a file by its suffix, whatever is in it."""
    return _TYPES.get(Path(name).suffix.lower(), _UNKNOWN)


def is_shown(name: str) -> bool:
    """Whether a browser shows such a file itself."""
    return content_type(name) != _UNKNOWN


def list_files(folder: Path) -> list[Listed]:
    """Return the files that can be opened in an export's folder, by name."""
    found: list[Listed] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if len(found) >= _MOST_LISTED:
                break
            if _is_plain(entry.name) and entry.is_file(follow_symlinks=False):
                size = entry.stat(follow_symlinks=False).st_size
                found.append(Listed(entry.name, quote(os.fsencode(entry.name)), size))
    return sorted(found, key=lambda file: file.name)
