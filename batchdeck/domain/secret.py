"""Text that must never be shown: a wrapper that masks itself, and reading one from a private file."""

from __future__ import annotations

import hmac
import os
import stat
from pathlib import Path
from typing import NoReturn

from batchdeck.errors import ConfigError

_MASK = "Secret(•••)"


class Secret:
    """A key that masks itself wherever it is printed, formatted, compared or serialised by accident.

    `reveal` is the one way to its value. It cannot be pickled, so it never reaches a worker process.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the value, for the one call that sends it."""
        return self.__value

    def hide_in(self, text: str) -> str:
        """Return `text` with every occurrence of the value masked."""
        return text.replace(self.__value, "•••") if self.__value else text

    def __repr__(self) -> str:
        return _MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled")


def read_private_file(path: Path, *, what: str, hint: str, limit: int) -> bytes:
    """Read at most `limit` + 1 bytes of a file that only its owner may read.

    Args:
        what: what the file is, for errors ("The key file").
        hint: what to check when it cannot be read.

    Raises:
        ConfigError: missing, unreadable, not a regular file, or open to others.
    """
    try:
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            data = file.read(limit + 1) if stat.S_ISREG(facts.st_mode) else b""
    except OSError as error:
        raise ConfigError(f"{what} {path} cannot be read: {error.strerror}.", hint=hint) from None
    if not stat.S_ISREG(facts.st_mode):
        raise ConfigError(f"{what} {path} is not a regular file.", hint=hint)
    if facts.st_mode & 0o077:
        raise ConfigError(
            f"{what} {path} can be read by others (mode {stat.S_IMODE(facts.st_mode):04o}).",
            hint=f"Run: chmod 600 {path}",
        )
    return data
