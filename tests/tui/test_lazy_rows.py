"""Lists of thousands: what is made of them is what is looked at."""

from __future__ import annotations

import datetime as dt

import pytest

from batchdeck.domain.batches import RequestCounts
from batchdeck.domain.columns import BATCH_FIELDS, batch_value
from batchdeck.domain.documents import Problem, ProblemKind, UnusableFile
from batchdeck.domain.overview import BatchRow, BatchStatus
from batchdeck.domain.query import parse
from batchdeck.tui.screens import batch_rows
from batchdeck.tui.screens.batch_rows import BatchRows
from batchdeck.tui.screens.submit_rows import scanned_line

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def row(number: int) -> BatchRow:
    return BatchRow(
        key=f"{number:010d}",
        id=f"msgbatch_{number}",
        job="j1",
        job_name=f"job {number % 10}",
        status=BatchStatus.RUNNING,
        attempt=1,
        requests=number,
        counts=RequestCounts(),
        good=None,
        failed=None,
        archived=False,
        created_at=NOW - dt.timedelta(minutes=number),
        expires_at=None,
        ended_at=None,
        vanish_at=None,
    )


def test_a_batch_is_put_into_words_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    values: list[str] = []

    def counted(row: BatchRow, field: str, now: dt.datetime) -> object:
        values.append(field)
        return batch_value(row, field, now)

    monkeypatch.setattr(batch_rows, "batch_value", counted)
    source = BatchRows([row(number) for number in range(5_000)], NOW, lambda row: asked.append(row.key))
    assert source.index_of("0000000777") == 777
    assert source.cells(777) is source.cells(777)
    assert asked == ["0000000777"]
    for typed in ('job:"job 3" pages>4990', "pages>4990", "pages>4998"):
        test = source.row_test(parse(typed, BATCH_FIELDS))
        assert [index for index in range(4_999, 4_985, -1) if test(index)]
    assert sorted(set(values)) == ["job", "pages"]
    assert len(values) == 2 * 5_000
    order = source.sort_value("age")
    assert order is not None
    assert order(7) == 7 * 60.0
    assert asked == ["0000000777"]


@pytest.mark.parametrize(
    ("kind", "message", "shown"),
    [
        (
            ProblemKind.ALREADY_SUBMITTED,
            "Already submitted with this recipe in job j1; --again submits it once more.",
            "✗ Already submitted with this recipe in job j1; e, again yes submits it once more.",
        ),
        (
            ProblemKind.IN_DOUBT,
            "It is not known whether the API took its pages in job j1: run `batchdeck reconcile` first.",
            "✗ It is not known whether the API took its pages in job j1: i on the first screen settles it.",
        ),
        (ProblemKind.DAMAGED, "It is damaged: no pages; none.", "✗ It is damaged: no pages; none."),
    ],
)
def test_what_to_do_about_a_file_is_said_in_keys(kind: ProblemKind, message: str, shown: str) -> None:
    assert scanned_line(UnusableFile("/in/a.pdf", Problem(kind, message))).says == shown
