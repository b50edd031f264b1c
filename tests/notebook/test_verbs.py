"""What a line of the magic does to the deck, without a kernel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batchdeck.deck import Deck
from batchdeck.errors import NothingToSubmit, UsageError
from batchdeck.notebook.verbs import UNCONFIRMED, find_verb
from batchdeck.notebook.words import read_words
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store import made


async def test_a_retry_lets_paid_work_go_on_once_it_is_confirmed(tmp_path: Path) -> None:
    layout = prepare_deck(tmp_path)
    with Ledger.open(layout).transaction() as tx:
        tx.put(made.job())
        tx.put(replace(tx.meta, held="Your credit balance is too low.", held_at=made.NOW))
    made.plan(layout)
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


def test_going_on_with_a_job_passes_over_nothing_that_was_typed() -> None:
    for line in ("submit a.pdf --resume j1 --yes", "submit --resume j1 --ladder 2,rest --again --yes"):
        with pytest.raises(UsageError, match=r"no choosing by (PATH|--again and --ladder):"):
            find_verb(read_words(line), line)
    line = "submit --resume j1 --model claude-opus-5-5 --max-cost 3 --yes"
    assert find_verb(read_words(line), line) is not None
