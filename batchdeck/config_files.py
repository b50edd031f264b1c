"""TOML files that people write, read strictly: what stands in a file's place is never passed over."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchdeck.domain.text import show
from batchdeck.errors import ConfigError

_BOM = b"\xef\xbb\xbf"
_SYNTAX = "Text needs quotes, true and false are lower case, tables begin with [name]."
_MOST_LINES = 1_000
"""Lines of a file that are looked through for where something stands: each of them is one more reading."""


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file's values, and its text to say where one stands."""

    where: str
    """Its path, as shown."""
    values: Mapping[str, Any]
    text: str

    def place(self, *names: str) -> str:
        """Return the file and the line at which a table, or a key of one, begins; without the line where the
        file is long."""
        import tomllib

        lines = self.text.split("\n")
        before = 0
        for number in range(1, len(lines) + 1 if len(lines) <= _MOST_LINES else 0):
            try:
                found: Any = tomllib.loads("\n".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue  # a statement goes on in the next line
            for name in names:
                found = found.get(name) if isinstance(found, dict) else None
            if found is not None:
                return f"{self.where}, line {before + 1}"
            before = number
        return self.where


def is_anything_at(path: Path) -> bool:
    """Say whether something has a name: also a folder, a link to nothing, or what may not be looked at."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_toml(path: Path, *, hint: str = "") -> TomlFile:
    """Read a TOML file. A byte order mark before it is passed over, and either kind of line end is fine.

    Args:
        path: the file.
        hint: what to do where it cannot be read.

    Raises:
        ConfigError: it cannot be read, or is no file, no UTF-8 text or no TOML; names the line.
    """
    import tomllib

    where = show(str(path), 200)
    try:
        data = _read(path).removeprefix(_BOM)
    except OSError as error:
        is_loose = isinstance(error, FileNotFoundError) and path.is_symlink()
        reason = "it is a link that leads nowhere" if is_loose else error.strerror
        raise ConfigError(f"{where} cannot be read: {reason}.", hint=hint) from error
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{where}, line {line}: byte 0x{data[error.start]:02x} is no UTF-8 text.",
            hint="Save the file as UTF-8.",
        ) from error
    try:
        return TomlFile(where, tomllib.loads(text), text)
    except RecursionError:
        reason = "its values are nested too deeply"
    except ValueError as error:  # also a whole number of thousands of digits
        reason = show(str(error), 200).removesuffix(".")
    raise ConfigError(f"{where} is not valid TOML: {reason}.", hint=_SYNTAX)


def _read(path: Path) -> bytes:
    # Not blocking: opening a pipe would otherwise wait for somebody to write into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file")
        return file.read()
