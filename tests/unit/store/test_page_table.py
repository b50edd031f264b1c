"""The pages of a job and of a batch: what stands, what was tried, what failed for the same cause."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import pytest

from batchdeck.domain.batches import Batch, Part, RequestCounts, Submission, SubmissionState
from batchdeck.domain.columns import PAGE_FIELDS, page_value
from batchdeck.domain.costs import Usage
from batchdeck.domain.documents import Page
from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.domain.query_columns import Codes
from batchdeck.errors import NotFound
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.page_table import PageTable
from batchdeck.store.plans import write_plan
from batchdeck.store.requests import RequestIds
from batchdeck.store.results import read_row
from tests.unit.store import made

FIRST, SECOND = "00000000aa", "00000000bb"


@pytest.fixture
def deck(layout: DeckLayout, ledger: Ledger) -> Ledger:
    """A job of ten pages in two documents, nothing submitted yet."""
    documents = (made.document(pages=4), made.document("b.pdf", sha256="cd" * 32, first=4, pages=6))
    with ledger.transaction() as tx:
        tx.put(made.job(documents=documents))
    made.plan(layout)
    return ledger


def submit(layout: DeckLayout, ledger: Ledger, submission: Submission, id_: str) -> None:
    indices = [index for start, stop in submission.indices for index in range(start, stop)]
    made.log_requests(layout, submission.key, indices)
    made.accept(ledger, submission, id_)


def collect(layout: DeckLayout, ledger: Ledger, id_: str, lines: list[bytes], **fields: object) -> None:
    batch = ledger.batch(id_)
    archive = made.archive(layout, batch.key, lines, check=batch.submission is not None)
    with ledger.transaction() as tx:
        tx.put(dataclasses.replace(tx.batch(id_), archive=archive))


def ten_lines() -> list[bytes]:
    """Answers to ten pages in reverse: 3 truncated, 7 overloaded, 8 overloaded, the others good."""
    ids = [made.custom_id(FIRST, index) for index in range(10)]
    lines = [made.good_line(custom_id, output=100 + index) for index, custom_id in enumerate(ids)]
    lines[3] = made.good_line(ids[3], stop_reason="max_tokens", output=4096)
    lines[7], lines[8] = made.bad_line(ids[7]), made.bad_line(ids[8])
    return lines[::-1]


def table_of(layout: DeckLayout, ledger: Ledger) -> PageTable:
    return PageTable.of_job(layout, ledger, "j1", made.PRICES)


def outcomes(table: PageTable) -> list[Outcome]:
    return [row.outcome for row in table]


def test_pages_in_no_submission_are_pending(layout: DeckLayout, deck: Ledger) -> None:
    table = table_of(layout, deck)
    assert len(table) == 10
    assert table.tally() == {Outcome.PENDING: 10}
    row = table.row(4)
    assert (row.index, row.document, row.page, row.label, row.attempts) == (4, "a.pdf", 5, "5", 0)
    assert (row.custom_id, row.batch, row.cost, row.model, row.max_tokens) == ("", "", None, "model-a", 4096)
    assert table.attempts(4) == ()
    assert table.answer_place(4) is None
    with pytest.raises(NotFound):
        table.row_of(10)
    with pytest.raises(IndexError):
        table.row(10)


@pytest.mark.parametrize(
    ("state", "attempts"),
    [
        (SubmissionState.PREPARED, 1),
        (SubmissionState.SENDING, 1),
        (SubmissionState.IN_DOUBT, 1),
        (SubmissionState.SUBMITTED, 1),
        (SubmissionState.REJECTED, 0),
        (SubmissionState.ABSENT, 0),
        (SubmissionState.DISCARDED, 0),
    ],
)
def test_pages_under_way_are_pending_and_those_that_never_were_had_no_turn(
    layout: DeckLayout, deck: Ledger, state: SubmissionState, attempts: int
) -> None:
    made.log_requests(layout, FIRST, range(10))
    with deck.transaction() as tx:
        tx.put(made.submission(FIRST, state=state))
    table = table_of(layout, deck)
    assert table.tally() == {Outcome.PENDING: 10}
    assert table.row(2).attempts == attempts
    assert table.row(2).custom_id == (made.custom_id(FIRST, 2) if attempts else "")


def test_archived_results_decide(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    lines = ten_lines()
    collect(layout, deck, "msgbatch_1", lines)
    table = table_of(layout, deck)
    assert table.tally() == {Outcome.OK: 7, Outcome.TRUNCATED: 1, Outcome.ERRORED: 2}
    assert table.failed_indices() == [3, 7, 8]
    assert table.indices_where({Outcome.ERRORED}) == [7, 8]
    cut = table.row(3)
    assert (cut.outcome, cut.batch, cut.attempts, cut.max_tokens) == (
        Outcome.TRUNCATED,
        "msgbatch_1",
        1,
        4096,
    )
    assert cut.usage == Usage(1000, 4096)
    assert cut.cost == pytest.approx((1000 * 1.0 + 4096 * 5.0) / 1e6)
    assert cut.remedy is Remedy.MORE_TOKENS
    assert table.row(1).recall == 0.5
    failed = table.row(7)
    assert (failed.error_type, failed.detail, failed.cost) == ("overloaded_error", "Overloaded", 0.0)
    place = table.answer_place(3)
    assert place is not None
    assert read_row(layout, *place) == lines[-4].rstrip()


def test_a_retry_counts_when_it_is_good_and_shows_as_pending_before(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    submit(layout, deck, made.submission(SECOND, (3, 4), (7, 9), made=60, max_tokens=8192), "msgbatch_2")
    table = table_of(layout, deck)
    assert table.tally() == {Outcome.OK: 7, Outcome.PENDING: 3}
    # Until the retry is back, the row tells of the attempt that failed.
    assert (table.row(7).attempts, table.row(7).detail) == (2, "Overloaded")

    again = [
        made.good_line(made.custom_id(SECOND, 3)),
        made.good_line(made.custom_id(SECOND, 7), text=" "),
        made.bad_line(made.custom_id(SECOND, 8), "api_error", "Internal"),
    ]
    collect(layout, deck, "msgbatch_2", again)
    assert table.refresh()
    assert table.tally() == {Outcome.OK: 8, Outcome.EMPTY: 1, Outcome.ERRORED: 1}
    good = table.row(3)
    assert (good.outcome, good.batch, good.attempts, good.max_tokens) == (Outcome.OK, "msgbatch_2", 2, 8192)
    assert good.custom_id == made.custom_id(SECOND, 3)
    # A page has cost what all its attempts have.
    assert good.cost == pytest.approx((2 * 1000 * 1.0 + (4096 + 100) * 5.0) / 1e6)
    assert [(a.number, a.submission, a.outcome) for a in table.attempts(3)] == [
        (1, FIRST, Outcome.TRUNCATED),
        (2, SECOND, Outcome.OK),
    ]
    assert table.row(8).detail == "Internal"
    assert not table.refresh()


def test_a_good_page_stays_good_whatever_comes_later(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    submit(layout, deck, made.submission(SECOND, (0, 1), made=60), "msgbatch_2")
    table = table_of(layout, deck)
    assert (table.row(0).outcome, table.row(0).batch) == (Outcome.OK, "msgbatch_1")
    collect(layout, deck, "msgbatch_2", [made.bad_line(made.custom_id(SECOND, 0))])
    table.refresh()
    assert (table.row(0).outcome, table.row(0).batch, table.row(0).attempts) == (Outcome.OK, "msgbatch_1", 2)


def test_a_page_without_a_row_is_missing(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines()[:-1])
    table = table_of(layout, deck)
    assert table.row(0).outcome is Outcome.MISSING
    assert table.row(0).detail == "the results have no row for it"
    assert table.row(0).custom_id == made.custom_id(FIRST, 0)
    assert table.row(0).remedy is Remedy.AS_IT_WAS
    assert table.answer_place(0) is None


def test_pages_of_a_batch_that_is_gone_are_missing(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    table = table_of(layout, deck)
    with deck.transaction() as tx:
        tx.put(dataclasses.replace(tx.batch("msgbatch_1"), gone=True))
    assert table.refresh()
    assert table.tally() == {Outcome.MISSING: 10}
    assert "no longer has the batch" in table.row(0).detail


def test_a_batch_deleted_after_it_was_archived_keeps_its_pages(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    with deck.transaction() as tx:
        tx.put(dataclasses.replace(tx.batch("msgbatch_1"), gone=True))
    assert table_of(layout, deck).tally()[Outcome.OK] == 7


def test_answers_of_a_second_acceptance_were_paid_for_and_count(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    with deck.transaction() as tx:
        tx.put(made.batch("msgbatch_copy", "msgbatch_copy", duplicate_of=FIRST))
    collect(layout, deck, "msgbatch_copy", [made.good_line(made.custom_id(FIRST, i)) for i in range(10)])
    table = table_of(layout, deck)
    assert table.tally() == {Outcome.OK: 10}
    assert (table.row(7).batch, table.row(7).attempts) == ("msgbatch_copy", 2)
    assert table.answer_place(7) is not None


def test_an_index_that_is_gone_or_stale_leaves_its_pages_pending_and_is_named(
    layout: DeckLayout, deck: Ledger
) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    table = table_of(layout, deck)
    assert not table.unindexed
    layout.index(FIRST).write_bytes(b"damaged")
    assert table.refresh()
    assert list(table.unindexed) == [FIRST]
    assert table.tally() == {Outcome.PENDING: 10}
    archive = deck.batch("msgbatch_1").archive
    assert archive is not None
    made.index_results(layout, FIRST, "00" * 32)
    assert not table.refresh()
    made.index_results(layout, FIRST, archive.sha256)
    assert table.refresh()
    assert not table.unindexed
    assert table.tally()[Outcome.OK] == 7


def test_failures_are_grouped_by_cause(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    groups = table_of(layout, deck).failure_groups()
    assert [(g.outcome, g.error_type, g.remedy, g.pages, g.max_tokens) for g in groups] == [
        (Outcome.ERRORED, "overloaded_error", Remedy.AS_IT_WAS, (7, 8), 4096),
        (Outcome.TRUNCATED, "", Remedy.MORE_TOKENS, (3,), 4096),
    ]
    assert groups[0].example == "Overloaded"


def test_one_of_our_batches_shows_its_pages_as_they_stand_in_it(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    submit(layout, deck, made.submission(SECOND, (3, 4), (7, 9), made=60), "msgbatch_2")
    first = PageTable.of_batch(layout, deck, "msgbatch_1", made.PRICES)
    assert first.tally() == {Outcome.OK: 7, Outcome.TRUNCATED: 1, Outcome.ERRORED: 2}
    second = PageTable.of_batch(layout, deck, "msgbatch_2", made.PRICES)
    assert [row.index for row in second] == [3, 7, 8]
    assert [second.row(position).index for position in range(3)] == [3, 7, 8]
    assert second.tally() == {Outcome.PENDING: 3}
    assert second.row(0).attempts == 1


def test_a_batch_made_elsewhere_shows_each_row_as_a_page(layout: DeckLayout, ledger: Ledger) -> None:
    foreign: Batch = made.batch(
        "msgbatch_f",
        "msgbatch_f",
        job=None,
        remote=made.remote("msgbatch_f", counts=RequestCounts(succeeded=2, errored=1)),
    )
    with ledger.transaction() as tx:
        tx.put(foreign)
    table = PageTable.of_batch(layout, ledger, "msgbatch_f", made.PRICES)
    assert (len(table), table.tally(), table.row(0).custom_id) == (3, {Outcome.PENDING: 3}, "")
    ids = ["theirs", made.custom_id("00000000ff", 0), "b"]
    lines = [made.good_line(ids[0], output=7), made.bad_line(ids[1]), made.good_line(ids[2])]
    collect(layout, ledger, "msgbatch_f", lines)
    assert table.refresh()
    assert [row.custom_id for row in table] == ids
    assert outcomes(table) == [Outcome.OK, Outcome.ERRORED, Outcome.OK]
    row = table.row(0)
    assert (row.page, row.label, row.document, row.model, row.usage.output) == (
        1,
        "1",
        "",
        "model-a-20260101",
        7,
    )
    assert row.cost == pytest.approx((1000 * 1.0 + 7 * 5.0) / 1e6)
    assert [attempt.custom_id for attempt in table.attempts(1)] == [ids[1]]
    with pytest.raises(NotFound):
        table.row_of(3)


def test_a_page_of_an_unpriced_model_has_no_cost(layout: DeckLayout, deck: Ledger) -> None:
    submission = made.submission(FIRST)
    parts = (dataclasses.replace(submission.parts[0], model="model-unknown"),)
    submit(layout, deck, dataclasses.replace(submission, parts=parts), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    table = table_of(layout, deck)
    assert table.row(0).cost is None
    assert table.row(7).cost == 0.0


def test_what_a_paid_answer_without_usage_has_cost_is_not_known(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(
        layout, deck, "msgbatch_1", [made.good_line(made.custom_id(FIRST, 0), usage=None), *ten_lines()[1:]]
    )
    table = table_of(layout, deck)
    assert table.row(0).cost is None
    check_columns(table)


def check_columns(table: PageTable) -> None:
    """Hold every column against the rows."""
    rows = list(table)
    for column in table.columns(list(PAGE_FIELDS)):
        values: Sequence[object] = (
            [column.names[code] for code in column.codes] if isinstance(column, Codes) else column.values
        )
        assert len(values) == len(rows)
        for value, row in zip(values, rows, strict=True):
            expected = page_value(row, column.name)
            if isinstance(value, float):
                assert value == pytest.approx(math.nan if expected is None else expected, nan_ok=True)
            else:
                assert (value or None) == (expected or None), (column.name, row.index)
            assert column.kind is PAGE_FIELDS[column.name]


def test_columns_say_what_the_rows_say(layout: DeckLayout, deck: Ledger) -> None:
    check_columns(table_of(layout, deck))
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    check_columns(table_of(layout, deck))
    collect(layout, deck, "msgbatch_1", ten_lines()[:-1])
    check_columns(table_of(layout, deck))
    retry = made.submission(SECOND, (3, 4), (7, 9), made=60)
    parts = (
        Part(((3, 4), (8, 9)), "model-a", 8192, change="max_tokens 4,096 → 8,192"),
        Part(((7, 8),), "model-unknown", 4096, as_image=True),
    )
    submit(layout, deck, dataclasses.replace(retry, parts=parts), "msgbatch_2")
    check_columns(table_of(layout, deck))
    again = [made.good_line(made.custom_id(SECOND, 3)), made.good_line(made.custom_id(SECOND, 7))]
    collect(layout, deck, "msgbatch_2", again)
    table = table_of(layout, deck)
    check_columns(table)
    assert [(a.model, a.max_tokens, a.change) for a in table.attempts(3)] == [
        ("model-a", 4096, ""),
        ("model-a", 8192, "max_tokens 4,096 → 8,192"),
    ]
    assert table.row(7).cost is None
    check_columns(PageTable.of_batch(layout, deck, "msgbatch_2", made.PRICES))
    with pytest.raises(KeyError):
        table.columns(["colour"])


def test_columns_of_odd_labels_and_of_a_batch_made_elsewhere(layout: DeckLayout, ledger: Ledger) -> None:
    with ledger.transaction() as tx:
        tx.put(made.job(pages=3))
        tx.put(made.batch("msgbatch_f", "msgbatch_f", job=None))
    write_plan(layout, "j1", [Page(i, made.SHA, 7 - i, label) for i, label in enumerate(["iv", "6", "7"])])
    check_columns(table_of(layout, ledger))
    collect(layout, ledger, "msgbatch_f", [made.good_line("a"), made.bad_line("b"), made.good_line("c")])
    check_columns(PageTable.of_batch(layout, ledger, "msgbatch_f", made.PRICES))


def test_only_indexes_of_the_wanted_judge_count(layout: DeckLayout, deck: Ledger) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    collect(layout, deck, "msgbatch_1", ten_lines())
    for version, unindexed in ((made.JUDGE, []), (made.JUDGE + 1, [FIRST])):
        table = PageTable.of_job(layout, deck, "j1", made.PRICES, judge_version=version)
        assert list(table.unindexed) == unindexed


def test_a_job_that_is_not_there(layout: DeckLayout, ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        PageTable.of_job(layout, ledger, "j9", made.PRICES)
    with pytest.raises(NotFound):
        PageTable.of_batch(layout, ledger, "msgbatch_9", made.PRICES)


def test_what_is_derived_is_made_once_and_reads_no_request_log(
    layout: DeckLayout, deck: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(layout, deck, made.submission(FIRST), "msgbatch_1")
    table = table_of(layout, deck)
    before = table.columns(["outcome"])[0]
    assert table.columns(["outcome"])[0] is before
    collect(layout, deck, "msgbatch_1", ten_lines())
    assert table.refresh()
    monkeypatch.setattr(RequestIds, "get", lambda *_: pytest.fail("a request log was read"))
    assert table.columns(["outcome"])[0] is not before
    assert [len(group.pages) for group in table.failure_groups()] == [2, 1]
    assert table.failure_groups()[0] is table.failure_groups()[0]
    shown = table.row(3, with_id=False)
    monkeypatch.undo()
    assert dataclasses.replace(shown, custom_id=made.custom_id(FIRST, 3)) == table.row(3)


def test_long_runs_of_one_turn_end_where_they_end(layout: DeckLayout, ledger: Ledger) -> None:
    document = made.document(pages=3_000)
    with ledger.transaction() as tx:
        tx.put(made.job(documents=(document,)))
    write_plan(layout, "j1", [Page(at, document.sha256, at + 1, str(at + 1)) for at in range(3_000)])
    made.accept(ledger, made.submission(FIRST, (0, 1_100)), "msgbatch_1")
    made.accept(ledger, made.submission(SECOND, (1_100, 2_148)), "msgbatch_2")
    (batches,) = table_of(layout, ledger).columns(["batch"])
    assert isinstance(batches, Codes)
    names = [batches.names[code] for code in batches.codes]
    assert names == ["msgbatch_1"] * 1_100 + ["msgbatch_2"] * 1_048 + [None] * 852
    assert len(PageTable.of_batch(layout, ledger, "msgbatch_1", made.PRICES)) == 1_100
