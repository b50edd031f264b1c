"""What a line of the magic does to the deck, without a kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batchdeck.deck import Deck
from batchdeck.errors import NothingToSubmit
from batchdeck.notebook.verbs import UNCONFIRMED, find_verb
from batchdeck.notebook.words import read_words
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store import made


async def test_a_retry_lets_paid_work_go_on_once_it_is_confirmed(tmp_path: Path) -> None:
    layout = prepare_deck(tmp_path)
    made.plan(layout)
    with Ledger.open(layout).transaction() as tx:
        tx.put(made.job())
        tx.put(replace(tx.meta, held="Your credit balance is too low.", held_at=made.NOW))
    async with Deck.open(tmp_path, api_key="key", now=lambda: made.NOW) as deck:
        deck._context.models = {}
        said: list[str] = []
        for line in ("retry j1 --account-mended", "retry j1 --account-mended --yes"):
            assert deck.held
            words = read_words(line)
            verb = find_verb(words, line)
            assert verb is not None
            if words.options["yes"]:
                with pytest.raises(NothingToSubmit):
                    await verb(deck, words.options, said.append)
            else:
                await verb(deck, words.options, said.append)
        assert (said, deck.held) == ([UNCONFIRMED], "")
