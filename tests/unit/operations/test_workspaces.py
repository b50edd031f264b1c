"""Several workspaces: a deck stays with the profile it was first used with."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdeck.deck import Deck
from batchdeck.errors import UsageError
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.records import DeckMeta

ADDRESS = "http://localhost:9"


async def test_a_deck_knows_its_profile_and_refuses_another(tmp_path: Path) -> None:
    async with Deck.open(tmp_path, base_url=ADDRESS, profile="team-a") as deck:
        assert deck.jobs() == []
    async with Deck.open(tmp_path, base_url=ADDRESS, profile="team-b"):
        pass  # nothing was submitted yet, so nothing binds it
    ledger = Ledger.open(DeckLayout(tmp_path))
    with ledger.transaction() as tx:
        tx.put(DeckMeta(endpoint="http://localhost", profile="team-a"))
    ledger.close()
    with pytest.raises(UsageError, match="team-a"):
        await Deck.open(tmp_path, base_url=ADDRESS, profile="team-b")
    async with Deck.open(tmp_path, base_url=ADDRESS) as deck:
        assert deck._connection._profile == "team-a", "without a word the deck's own is used"
