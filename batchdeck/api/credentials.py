"""The API key: where it is looked for, and where it was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from batchdeck.api.keyring import KeyringClosed
from batchdeck.domain.secret import Secret, read_private_file
from batchdeck.errors import ConfigError

_KEY = re.compile(r"[!-~]{1,1024}")
_KEY_FILE_LIMIT = 4096
_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_IDENTITY_TOKEN_FILE",
)


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
    read_keyring: Callable[[], str | None] | None = None,
    environ: Mapping[str, str],
    sandbox_key: str | None = None,
) -> Credential:
    """Look for the credential: sandbox, explicit key, explicit profile, key file, keyring, environment, SDK
    profile.

    Args:
        explicit: a key given in code. The command line takes none: `ps` would show it.
        profile: a profile of the SDK's configuration, named by a setting.
        key_file: a file with the key alone, readable by its owner only.
        read_keyring: asks the system's keyring for the endpoint's key.
        environ: the process environment.
        sandbox_key: the running sandbox's own key, when the endpoint is a sandbox: it never gets a real one.

    Raises:
        ConfigError: the key file cannot be read, others may read it, or it holds no key; or the keyring does
            not answer and there is no key elsewhere.
    """
    if sandbox_key is not None:
        return Credential(Secret(sandbox_key), None, "the sandbox's own key")
    if explicit:
        return Credential(_checked(explicit, "The key given"), None, "given in code")
    if profile:
        return Credential(None, profile, f"profile “{profile}” of the Anthropic configuration")
    if key_file is not None:
        return Credential(read_key_file(key_file), None, f"key file {key_file}")
    try:
        kept = read_keyring() if read_keyring is not None else None
    except KeyringClosed:
        if not any(environ.get(name) for name in _VARIABLES):
            raise
        kept = None
    if kept is not None:
        return Credential(_checked(kept, "The keyring"), None, "the system's keyring")
    if environ.get("ANTHROPIC_API_KEY"):
        key = _checked(environ["ANTHROPIC_API_KEY"], "ANTHROPIC_API_KEY")
        return Credential(key, None, "ANTHROPIC_API_KEY")
    for name in _VARIABLES[1:]:
        if environ.get(name):
            return Credential(None, None, name)
    return Credential(None, None, "the active profile of the Anthropic configuration, if there is one")


def read_key_file(path: Path) -> Secret:
    """Read a key from a file that only its owner may read.

    Raises:
        ConfigError: missing, unreadable, not a regular file, open to others, or without a key.
    """
    data = read_private_file(
        path, what="The key file", hint="Check api.key_file in the settings.", limit=_KEY_FILE_LIMIT
    )
    return _checked(data.decode("ascii", "replace"), f"The key file {path}")


def require_key(text: str, source: str) -> str:
    """Return a key without what surrounds it.

    Raises:
        ConfigError: it is none; says so of `source`, never what it holds.
    """
    key = text.strip()
    if not _KEY.fullmatch(key):
        raise ConfigError(
            f"{source} does not hold an API key.",
            hint="A key is one line of printable ASCII characters without spaces.",
        )
    return key


def _checked(text: str, source: str) -> Secret:
    return Secret(require_key(text, source))
