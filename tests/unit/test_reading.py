"""What the deck keeps of its lists, and when it makes them anew."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from batchdeck.deck import Deck
from batchdeck.domain.batches import Submission, ranges_of
from batchdeck.domain.overview import BatchStatus
from batchdeck.domain.spending import CostsBy
from batchdeck.errors import NotFound
from batchdeck.operations.plan import unsent_indices
from batchdeck.store.layout import prepare_deck
from batchdeck.store.ledger import Ledger
from tests.unit.store import made


async def test_batch_rows_are_kept_until_the_ledger_or_the_minute_changes(tmp_path: Path) -> None:
    now = made.NOW
    other = Ledger.open(prepare_deck(tmp_path))
    made.accept(other, made.submission(), "msgbatch_1")
    async with Deck.open(tmp_path, api_key="key", now=lambda: now) as deck:
        (row,) = deck.batches()
        assert row.status is BatchStatus.COLLECTING
        assert deck.batches()[0] is row
        deck.batches().clear()
        assert deck.batches() == [row]

        now = made.NOW + dt.timedelta(days=20)
        assert deck.batches()[0].status is BatchStatus.AT_RISK

        with other.transaction() as tx:
            tx.put(replace(tx.batch("msgbatch_1"), gone=True))
        deck.refresh()
        assert deck.batches()[0].status is BatchStatus.GONE


async def test_what_runs_have_left_goes_when_a_deck_is_closed(tmp_path: Path) -> None:
    layout = prepare_deck(tmp_path)
    other = Ledger.open(layout)
    async with Deck.open(tmp_path, api_key="key") as deck:
        with other.transaction() as tx:
            tx.put(made.submission("00000000aa"))
        bodies = [layout.body(key) for key in ("00000000aa", "00000000ee")]
        for body in bodies:
            body.write_bytes(b"body")
            os.utime(body, (0, 0))
    assert [body.exists() for body in bodies] == [True, False]
    bodies[1].write_bytes(b"body")
    os.utime(bodies[1], (0, 0))
    async with Deck.open(tmp_path, api_key="key", read_only=True):
        pass
    assert bodies[1].exists()
    deck = await Deck.open(tmp_path, api_key="key")
    assert bodies[1].exists(), "nobody waits for it"
    shutil.rmtree(layout.spool)
    await deck.close()


async def test_how_long_batches_take_follows_the_ledger(tmp_path: Path) -> None:
    other = Ledger.open(prepare_deck(tmp_path))
    async with Deck.open(tmp_path, api_key="key", now=lambda: made.NOW) as deck:
        assert deck.expected_end(10, 0.0) is None
        for number in range(3):
            key, id_ = f"00000000a{number}", f"msgbatch_{number}"
            made.accept(other, made.submission(key, (number * 10, number * 10 + 10)), id_)
            with other.transaction() as tx:
                remote = replace(tx.batch(id_).remote, ended_at=made.NOW + dt.timedelta(minutes=number + 1))
                tx.put(replace(tx.batch(id_), remote=remote))
        deck.refresh()
        found = deck.expected_end(0, 0.0)
        assert found is not None
        assert (found.median, found.batches) == (120.0, 3)


async def test_pages_are_named_within_what_they_are_pages_of(tmp_path: Path) -> None:
    layout = prepare_deck(tmp_path)
    other = Ledger.open(layout)
    for number, (job, halves) in enumerate({"j1": ((0, 5), (5, 10)), "j2": ((0, 10),)}.items()):
        made.plan(layout, job)
        with other.transaction() as tx:
            tx.put(made.job(job))
        for half, pages in enumerate(halves):
            key = f"00000000{number}{half}"
            made.log_requests(layout, key, range(*pages))
            made.accept(other, made.submission(key, pages, job=job), f"msgbatch_{number}{half}")
    async with Deck.open(tmp_path, api_key="key", now=lambda: made.NOW) as deck:
        assert deck.named_pages("j1", [made.custom_id("0000000000", 3)]) == {3}
        assert deck.named_pages("msgbatch_01", [made.custom_id("0000000001", 7)]) == {7}
        assert deck.named_pages("j1", []) == set()
        strangers = {"j1": ("0000000010", 3), "msgbatch_01": ("0000000000", 3), "j2": ("0000000001", 7)}
        for target, page in strangers.items():
            with pytest.raises(NotFound, match="is no page of"):
                deck.named_pages(target, [made.custom_id(*page)])


async def test_costs_are_added_up_once_until_the_ledger_changes(tmp_path: Path) -> None:
    other = Ledger.open(prepare_deck(tmp_path))
    made.accept(other, made.submission(), "msgbatch_1")
    async with Deck.open(tmp_path, api_key="key", now=lambda: made.NOW) as deck:
        table = deck.costs(CostsBy.DAY)
        assert len(table.rows) == 1
        assert deck.costs(CostsBy.DAY) is table
        assert deck.costs(CostsBy.DAY, since=made.NOW.date() + dt.timedelta(days=1)).rows == ()
        assert deck.costs(CostsBy.DAY) is table

        made.accept(other, made.submission("00000000ab", (10, 20)), "msgbatch_2")
        with other.transaction() as tx:
            later = replace(tx.batch("msgbatch_2").remote, created_at=made.NOW + dt.timedelta(days=1))
            tx.put(replace(tx.batch("msgbatch_2"), remote=later))
        deck.refresh()
        assert len(deck.costs(CostsBy.DAY).rows) == 2


def test_what_belongs_to_a_job_follows_the_ledger(tmp_path: Path) -> None:
    ledger = Ledger.open(prepare_deck(tmp_path))
    for number in range(2):
        key, id_ = f"00000000a{number}", f"msgbatch_{number}"
        made.accept(ledger, made.submission(key, (number * 10, number * 10 + 10)), id_)
        assert [each.key for each in ledger.submissions_of("j1")] == list(ledger.submissions())
        assert [each.id for each in ledger.batches_of("j1")] == list(ledger.batches())
        assert ledger.batches_of("j1")[-1].id == id_
    assert not ledger.submissions_of("j-nobody")
    assert not ledger.batches_of("j-nobody")


def test_unsent_pages_are_those_that_no_submission_holds() -> None:
    job = made.job(pages=10)

    def held(*ranges: tuple[int, int]) -> list[Submission]:
        return [replace(made.submission(), indices=(each,)) for each in ranges]

    assert list(unsent_indices(job, held((0, 10)))) == []
    assert list(unsent_indices(job, held())) == list(range(10))
    assert list(unsent_indices(job, held((2, 4), (7, 10)))) == [0, 1, 4, 5, 6]
    assert ranges_of(unsent_indices(job, held((0, 2), (5, 6)))) == ((2, 5), (6, 10))
