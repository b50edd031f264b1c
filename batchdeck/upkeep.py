"""Looking over and recovering a deck that cannot be opened, because its ledger is damaged."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

from batchdeck.config import deck_home

if TYPE_CHECKING:
    from batchdeck.domain.findings import Check
    from batchdeck.store.recovery import Recovery


def examine_deck(
    path: str | os.PathLike[str] | None = None, *, force_network_fs: bool = False
) -> list[Check]:
    """Say what is damaged in a deck that `Deck.open` refuses, and what recovering it would bring back.

    Changes nothing.

    Args:
        path: the deck's folder, as for `Deck.open`.
        force_network_fs: accept a file system whose locks may not hold.

    Raises:
        DeckError: the folder is no deck, or its files cannot be read at all.
    """
    from batchdeck.operations.doctor import examine
    from batchdeck.store.layout import prepare_deck

    layout = prepare_deck(deck_home(path), force_network_fs=force_network_fs)
    return examine(layout, dt.datetime.now(dt.UTC))


def recover_deck(path: str | os.PathLike[str] | None = None, *, force_network_fs: bool = False) -> Recovery:
    """Recover the ledger of a deck that `Deck.open` refuses; one whose ledger is sound is left alone.

    What can be read is kept, what the audit log and the deck's own files prove is put back, and the damaged
    files go to the deck's quarantine. Whatever may have been sent is in doubt until the API has been asked.

    Args:
        path: the deck's folder, as for `Deck.open`.
        force_network_fs: accept a file system whose locks may not hold.

    Raises:
        DeckLocked: another process is at work on the deck.
        DeckError: the folder is no deck, or its files cannot be read at all.
    """
    from batchdeck.operations.repair import recover
    from batchdeck.store.layout import prepare_deck

    layout = prepare_deck(deck_home(path), force_network_fs=force_network_fs)
    return recover(layout, dt.datetime.now(dt.UTC))
