"""Names of keys: how settings spell them, and how footer, help and documentation show them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from batchdeck.errors import ConfigError

_SHOWN = {
    "enter": "⏎",
    "escape": "Esc",
    "space": "␣",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "backspace": "⌫",
    "delete": "Del",
}
_NAMED = frozenset(_SHOWN) | {f"f{number}" for number in range(1, 13)}
_MODIFIED = re.compile(r"ctrl\+[a-z]")


def show_key(key: str) -> str:
    """Return a key as it is shown: ``⏎`` for enter, ``^p`` for ctrl+p, characters as they are."""
    if key in _SHOWN:
        return _SHOWN[key]
    return f"^{key[5:]}" if key.startswith("ctrl+") else key.upper() if len(key) > 1 else key


def show_keys(keys: Iterable[str]) -> str:
    return " ".join(map(show_key, keys))


def read_keys(text: str, action_id: str) -> tuple[str, ...]:
    """Read the keys an operator gave to an action, separated by commas.

    Raises:
        ConfigError: there is none, or one is no single character, no known name and no ctrl with a letter.
    """
    keys = tuple(part.strip() for part in text.split(",") if part.strip())
    if not keys:
        raise ConfigError(f"The key settings give no key to {action_id}.", hint="Give it at least one key.")
    for key in keys:
        if not (len(key) == 1 and key.isprintable()) and key not in _NAMED and not _MODIFIED.fullmatch(key):
            raise ConfigError(
                f"“{key}”, given to {action_id}, is not a key BatchDeck knows.",
                hint=f"Use a character, ctrl and a letter (ctrl+x), or one of {', '.join(sorted(_NAMED))}.",
            )
    return keys
