"""What an empty deck says: how to begin, with a key or without one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from batchdeck.tui.widgets.notices import Notice

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_KEY_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")


def say_how_to_begin(
    notice: Notice, deck: Deck, environ: Mapping[str, str] = os.environ, *, has_samples: bool = False
) -> None:
    """Say what can be done first: with this deck, and without spending anything."""
    if deck.is_sandbox:
        what = "the sample PDFs" if has_samples else "a folder of PDFs"
        notice.say(
            "No batches yet",
            f"s  look at {what} and see what they would cost; nothing is sent before your y",
            "t  check the deck and its surroundings",
            "?  all keys",
            "",
            "This is a sandbox: nothing leaves this machine, and nothing costs anything.",
            f"Its files are in {deck.path}.",
        )
        return
    has_key = any(environ.get(name) for name in _KEY_VARIABLES)
    notice.say(
        "No batches yet",
        "s  choose a folder of PDFs and see what it would cost; nothing is sent before your y",
        "a  track batches made elsewhere",
        "t  check key, endpoint and disk" + ("" if has_key else " (no key is set in the environment)"),
        "?  all keys",
        "",
        "To try everything without a key: quit and run `batchdeck demo`.",
        f"Batches of this deck go to {deck.endpoint}. Its files are in {deck.path}.",
    )
