"""The decks that a notebook holds in its variables, kept up to date with what other processes write."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from batchdeck.deck import Deck
from batchdeck.errors import BatchDeckError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def decks_of(shell: InteractiveShell) -> list[Deck]:
    """Return the decks that variables of a shell hold, each once."""
    values = {id(value): value for value in shell.user_ns.values() if isinstance(value, Deck)}
    return list(values.values())


def refresh_before_cells(shell: InteractiveShell) -> None:
    """Let every cell begin with what is on the disk by then: one `stat` where nothing has changed."""

    def refresh(*_: Any) -> None:
        for deck in decks_of(shell):
            with contextlib.suppress(BatchDeckError):
                deck.refresh()

    refresh.__qualname__ = _NAME
    registered = shell.events.callbacks["pre_run_cell"]
    if not any(getattr(known, "__qualname__", "") == _NAME for known in registered):
        shell.events.register("pre_run_cell", refresh)


_NAME = "batchdeck_refresh"
