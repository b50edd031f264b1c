"""The system's keyring: a key kept there by account, read when it is needed. An optional extra.

The `keyring` library is imported when the keyring is asked, never before; where it is not installed, or finds
no keyring on this machine, no key is kept there.
"""

from __future__ import annotations

import contextlib
from types import ModuleType

from batchdeck.errors import ConfigError

SERVICE = "batchdeck"
_INSTALL = (
    "Install it with: pip install 'batchdeck[keyring]'; or use a key file (`batchdeck key set --file`)."
)
_UNLOCK = "Unlock it, or use a key file (api.key_file) or ANTHROPIC_API_KEY instead."


class KeyringClosed(ConfigError):
    """There is a keyring, and it did not answer: locked, or its service failed."""

    title = "The keyring cannot be used"


def read_key(account: str) -> str | None:
    """Return the key kept for an account; None where there is none, or no keyring.

    Args:
        account: the endpoint that the key is for, so that it never goes to another.

    Raises:
        KeyringClosed: the keyring is locked or does not answer.
    """
    library = _library()
    if library is None:
        return None
    try:
        kept: str | None = library.get_password(SERVICE, account)
    except library.errors.NoKeyringError:
        return None
    except Exception as error:  # back ends raise their own errors, and those of the services behind them
        raise KeyringClosed(f"The keyring did not answer ({type(error).__name__}).", hint=_UNLOCK) from None
    return kept


def keep_key(account: str, key: str) -> str:
    """Keep a key for an account; return the name of the keyring.

    Raises:
        ConfigError: there is no keyring, or it did not take the key.
    """
    library = _library()
    if library is None:
        raise ConfigError("The keyring library is not installed.", hint=_INSTALL)
    try:
        library.set_password(SERVICE, account, key)
    except library.errors.NoKeyringError:
        raise ConfigError(
            "There is no keyring on this machine.",
            hint="Use a key file: `batchdeck key set --file PATH`.",
        ) from None
    except Exception as error:
        raise KeyringClosed(
            f"The keyring did not take the key ({type(error).__name__}).", hint=_UNLOCK
        ) from None
    return str(library.get_keyring().name)


def forget_key(account: str) -> bool:
    """Remove an account's key; say whether there was one.

    Raises:
        KeyringClosed: the keyring is locked or does not answer.
    """
    if read_key(account) is None:
        return False
    library = _library()
    assert library is not None
    try:
        library.delete_password(SERVICE, account)
    except Exception as error:
        raise KeyringClosed(
            f"The keyring did not let go of the key ({type(error).__name__}).", hint=_UNLOCK
        ) from None
    return True


def _library() -> ModuleType | None:
    with contextlib.suppress(ImportError):
        import keyring
        import keyring.errors

        return keyring
    return None
