"""Page tables are read once and then kept in step."""

from __future__ import annotations

import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import NotFound
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.page_tables import PageTables
from tests.unit.store import made


@pytest.fixture
def tables(layout: DeckLayout, ledger: Ledger) -> PageTables:
    return PageTables(layout, ledger, made.PRICES)


def test_a_table_is_kept_and_kept_in_step(layout: DeckLayout, ledger: Ledger, tables: PageTables) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job())
    made.plan(layout)
    table = tables.of_job("j1")
    assert table.row(0).attempts == 0
    layout.pages("j1").unlink()
    made.accept(ledger, made.submission(), "msgbatch_1")
    again = tables.of_job("j1")
    assert again is table
    assert again.row(0).attempts == 1


def test_only_the_last_few_are_kept(layout: DeckLayout, ledger: Ledger, tables: PageTables) -> None:
    for number in range(6):
        with ledger.transaction() as tx:
            tx.put(made.job(f"j{number}"))
        made.plan(layout, f"j{number}")
    first = tables.of_job("j0")
    for number in range(1, 6):
        assert tables.of_job(f"j{number}") is tables.of_job(f"j{number}")
    assert tables.of_job("j0") is not first


def test_jobs_and_batches_do_not_mix(layout: DeckLayout, ledger: Ledger, tables: PageTables) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job("same"))
        tx.put(made.batch("same", "same", job=None))
    made.plan(layout, "same")
    assert tables.of_job("same").tally() == {Outcome.PENDING: 10}
    assert tables.of_batch("same").tally() == {}
    for look in (tables.of_job, tables.of_batch):
        with pytest.raises(NotFound):
            look("other")
