"""The API key: where it is looked for, where it was found, and a wrapper that never shows it."""

from __future__ import annotations

import hmac
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from batchdeck.errors import ConfigError

_MASK = "Secret(•••)"
_KEY = re.compile(r"[!-~]{1,1024}")
_KEY_FILE_LIMIT = 4096


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


@dataclass(frozen=True, slots=True)
class Credential:
    """A key, or the SDK's own chain (`key` is None), and where it comes from in words."""

    key: Secret | None
    profile: str | None
    source: str


def find_credential(
    *,
    explicit: str | None = None,
    profile: str | None = None,
    key_file: Path | None = None,
    environ: Mapping[str, str],
    sandbox_key: str | None = None,
) -> Credential:
    """Look for the credential: sandbox, explicit key, explicit profile, key file, environment, SDK profile.

    Args:
        explicit: a key given in code. The command line takes none: `ps` would show it.
        profile: a profile of the SDK's configuration, named by a setting.
        key_file: a file with the key alone, readable by its owner only.
        environ: the process environment.
        sandbox_key: the running sandbox's own key, when the endpoint is a sandbox: it never gets a real one.

    Raises:
        ConfigError: the key file cannot be read, others may read it, or it holds no key.
    """
    if sandbox_key is not None:
        return Credential(Secret(sandbox_key), None, "the sandbox's own key")
    if explicit:
        return Credential(_checked(explicit, "The key given"), None, "given in code")
    if profile:
        return Credential(None, profile, f"profile “{profile}” of the Anthropic configuration")
    if key_file is not None:
        return Credential(read_key_file(key_file), None, f"key file {key_file}")
    if environ.get("ANTHROPIC_API_KEY"):
        key = _checked(environ["ANTHROPIC_API_KEY"], "ANTHROPIC_API_KEY")
        return Credential(key, None, "ANTHROPIC_API_KEY")
    for name in ("ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE", "ANTHROPIC_IDENTITY_TOKEN_FILE"):
        if environ.get(name):
            return Credential(None, None, name)
    return Credential(None, None, "the active profile of the Anthropic configuration, if there is one")


def read_key_file(path: Path) -> Secret:
    """Read a key from a file that only its owner may read.

    Raises:
        ConfigError: missing, unreadable, not a regular file, open to others, or without a key.
    """
    try:
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            text = file.read(_KEY_FILE_LIMIT + 1) if stat.S_ISREG(facts.st_mode) else b""
    except OSError as error:
        raise ConfigError(
            f"The key file {path} cannot be read: {error.strerror}.", hint="Check api_key_file."
        ) from None
    if not stat.S_ISREG(facts.st_mode):
        raise ConfigError(f"The key file {path} is not a regular file.", hint="Check api_key_file.")
    if facts.st_mode & 0o077:
        raise ConfigError(
            f"The key file {path} can be read by others (mode {stat.S_IMODE(facts.st_mode):04o}).",
            hint=f"Run: chmod 600 {path}",
        )
    return _checked(text.decode("ascii", "replace"), f"The key file {path}")


def _checked(text: str, source: str) -> Secret:
    key = text.strip()
    if not _KEY.fullmatch(key):
        raise ConfigError(
            f"{source} does not hold an API key.",
            hint="A key is one line of printable ASCII characters without spaces.",
        )
    return Secret(key)
