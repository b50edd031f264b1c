"""The batch list: what its rows say, column by column, and what the panel says of one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from batchdeck.domain.batches import REALTIME_PREFIX
from batchdeck.domain.columns import BATCH_FIELDS, batch_value
from batchdeck.domain.outcomes import count_outcomes
from batchdeck.domain.overview import BatchRow, BatchStatus, Totals
from batchdeck.domain.polling import EndEstimate
from batchdeck.domain.query import Query
from batchdeck.domain.query_columns import Filter as ColumnFilter
from batchdeck.domain.query_columns import Values
from batchdeck.domain.text import show
from batchdeck.tui.glyphs import NOTHING, Tone
from batchdeck.tui.screens.spans import about, clock, counted, dollars, number, span
from batchdeck.tui.signs import BATCH_SIGNS, OUTCOME_SIGNS
from batchdeck.tui.widgets.query_table import sort_key
from batchdeck.tui.widgets.row_table import Align, Cell, Column
from batchdeck.tui.widgets.row_table.rows import Cells, Key

Estimator = Callable[[BatchRow], EndEstimate | None]
IN_FLIGHT = frozenset({BatchStatus.RUNNING, BatchStatus.CANCELING, BatchStatus.DUPLICATE})
"""Of such a batch it is told when it will probably end."""


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One row of the list at one moment."""

    row: BatchRow
    age: str
    left: str
    """Until the probable end (marked ~) while it runs, else until its results vanish at the API."""
    now: dt.datetime

    def value(self, field: str) -> object:
        return batch_value(self.row, field, self.now)


def batch_line(row: BatchRow, now: dt.datetime, estimate: Estimator) -> BatchLine:
    """Return what the list says of a batch now."""
    return BatchLine(row, span(now - row.created_at), _left(row, now, estimate), now)


def _left(row: BatchRow, now: dt.datetime, estimate: Estimator) -> str:
    if row.status in IN_FLIGHT and not row.realtime:
        expected = estimate(row)
        if expected is None:
            return NOTHING
        return "~" + span(row.created_at + dt.timedelta(seconds=expected.median) - now)
    if row.vanish_at is None or row.status is BatchStatus.GONE:
        return NOTHING
    return span(row.vanish_at - now)


def short_id(batch: str) -> str:
    """Return the end of a batch's id, which differs where the beginnings are alike; » marks real time."""
    if not batch:
        return NOTHING
    return f"{'»' if batch.startswith(REALTIME_PREFIX) else '…'}{batch[-4:]}"


def _status(line: BatchLine) -> Cell:
    row = line.row
    sign = BATCH_SIGNS[row.status]
    if row.status is BatchStatus.FAILED and row.failed:
        sign = sign.saying(f"{row.failed:,} failed")
    return Cell.sign(sign)


def _sorted_by(field: str) -> Callable[[BatchLine], Any]:
    return lambda line: sort_key(line.value(field), BATCH_FIELDS[field])


def _failed(line: BatchLine) -> Cell | str:
    failed = line.row.failed
    return Cell(number(failed), Tone.BAD) if failed else number(failed)


def _cost(line: BatchLine) -> Cell | str:
    row = line.row
    if row.cost is not None:
        return dollars(row.cost)
    return Cell(f"~{dollars(row.estimate)}", Tone.MUTED) if row.estimate else NOTHING


BATCH_COLUMNS: Sequence[Column[BatchLine]] = (
    Column("status", "STATUS", _status, 12, sort=_sorted_by("status"), letter="S"),
    Column(
        "job",
        "JOB",
        lambda line: show(line.row.job_name, 80),
        12,
        grow=1,
        widest=40,
        sort=_sorted_by("job"),
        letter="J",
    ),
    Column("batch", "BATCH", lambda line: short_id(line.row.id), 5, sort=_sorted_by("batch"), letter="B"),
    Column(
        "try", "TRY", lambda line: str(line.row.attempt), 3, align=Align.RIGHT, drop=3, sort=_sorted_by("try")
    ),
    Column(
        "pages",
        "PAGES",
        lambda line: number(line.row.requests),
        7,
        align=Align.RIGHT,
        sort=_sorted_by("pages"),
        letter="P",
    ),
    Column(
        "ok",
        "OK",
        lambda line: number(line.row.good),
        7,
        align=Align.RIGHT,
        sort=_sorted_by("ok"),
        letter="O",
    ),
    Column("failed", "FAILED", _failed, 7, align=Align.RIGHT, sort=_sorted_by("failed"), letter="F"),
    Column("age", "AGE", lambda line: line.age, 5, align=Align.RIGHT, sort=_sorted_by("age"), letter="A"),
    Column("left", "LEFT", lambda line: line.left, 6, align=Align.RIGHT, sort=_sorted_by("left"), letter="L"),
    Column("cost", "COST", _cost, 9, align=Align.RIGHT, drop=2, sort=_sorted_by("cost"), letter="C"),
    Column(
        "model",
        "MODEL",
        lambda line: show(line.row.model, 40),
        18,
        drop=1,
        sort=_sorted_by("model"),
        letter="M",
    ),
)


class BatchRows:
    """The batch list as a source of rows at one moment: a line is made when it is looked at, and a column of
    values when a filter or an order asks for it, so that ten thousand batches cost what is seen of them."""

    columns: Sequence[Column[Any]] = BATCH_COLUMNS
    positional = False

    def __init__(self, rows: Sequence[BatchRow], now: dt.datetime, estimate: Estimator) -> None:
        self._rows = rows
        self._now = now
        self._estimate = estimate
        self._cells: dict[int, Cells] = {}
        self._values: dict[str, Values] = {}
        self._places: dict[Key, int] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def key(self, index: int) -> Key:
        return self._rows[index].key

    def index_of(self, key: Key) -> int | None:
        if self._places is None:
            self._places = {row.key: place for place, row in enumerate(self._rows)}
        return self._places.get(key)

    def cells(self, index: int) -> Cells:
        found = self._cells.get(index)
        if found is None:
            line = batch_line(self._rows[index], self._now, self._estimate)
            found = self._cells[index] = tuple(column.cell(line) for column in BATCH_COLUMNS)
        return found

    def text(self, index: int) -> str:
        return " ".join(cell if isinstance(cell, str) else cell.text for cell in self.cells(index))

    def sort_value(self, column: str) -> Callable[[int], Any] | None:
        values, kind = self._column(column).values, BATCH_FIELDS[column]
        return lambda index: sort_key(values[index], kind)

    def row_test(self, query: Query) -> Callable[[int], bool]:
        """Return the test for a row's index."""
        return ColumnFilter(query, map(self._column, query.columns()), len(self._rows))

    def _column(self, name: str) -> Values:
        if name not in self._values:
            values = [batch_value(row, name, self._now) for row in self._rows]
            self._values[name] = Values(name, BATCH_FIELDS[name], values)
        return self._values[name]


def totals_line(totals: Totals) -> str:
    """Return the header line: what runs, what needs a hand, what was spent."""
    parts = [f"{totals.open_batches:,} open", f"{counted(totals.pages_in_flight, 'page')} in flight"]
    if totals.pages_failed:
        needs = "needs" if totals.pages_failed == 1 else "need"
        parts.append(f"{counted(totals.pages_failed, 'page')} {needs} you")
    if totals.in_doubt:
        parts.append(f"{totals.in_doubt:,} in doubt")
    if totals.at_risk:
        parts.append(f"{counted(totals.at_risk, 'batch', 'batches')} at risk")
    money = f"{dollars(totals.spent)} spent"
    if totals.open_estimate:
        money += f", ~{dollars(totals.open_estimate)} open"
    return " · ".join([*parts, money])


def detail_lines(row: BatchRow, now: dt.datetime, expected: EndEstimate | None) -> tuple[str, str, str]:
    """Return the three lines of the panel: what it is, where it stands, what to expect or do."""
    name = show(row.job_name, 40) + (f", attempt {row.attempt}" if row.attempt > 1 else "")
    # Both ends of the id are enough to tell it; `y` copies the whole.
    shown_id = f"{show(row.id[:13])}…{show(row.id[-4:])}" if row.id else f"({row.key})"
    head = "   ".join(part for part in (name, shown_id, show(row.model, 40)) if part)
    if row.realtime:
        head += "   » real time, full price"
        if row.status in IN_FLIGHT:
            done = row.counts.total - row.counts.processing
            return head, f"{done:,} of {counted(row.counts.total, 'page')} answered", ""
    if row.status in IN_FLIGHT:
        if row.expires_at is not None:
            head += f"   ends by {clock(row.expires_at, now)}"
        stand = (
            f"{counted(row.requests, 'page')} sent {clock(row.created_at, now)}"
            " · the API counts only when the whole batch has ended"
        )
        return head, stand, _expectation(expected)
    if row.ended_at is not None:
        head += f"   took {about((row.ended_at - row.created_at).total_seconds())}"
    if row.cost is not None:
        head += f"   {dollars(row.cost)}"
    return head, _standing(row, now), _next_step(row, now)


def _expectation(expected: EndEstimate | None) -> str:
    if expected is None:
        return "no estimate yet: too few similar batches have ended here"
    return (
        f"similar batches here took {about(expected.low)}–{about(expected.high)} "
        f"(median ~{about(expected.median)}, {counted(expected.batches, 'batch', 'batches')})"
    )


def _standing(row: BatchRow, now: dt.datetime) -> str:
    if row.note:
        return show(row.note, 300)
    if row.outcomes:
        found = sorted(row.outcomes.items(), key=lambda item: -item[1])
        tally = " · ".join(f"{count:,} {OUTCOME_SIGNS[outcome].word}" for outcome, count in found if count)
        again = count_outcomes(row.outcomes)[1] - row.failed if row.failed is not None else 0
        return f"{tally} · {again:,} sent again since" if again > 0 else tally
    counts = row.counts
    if row.ended_at is not None:
        return (
            f"the API counts {counts.succeeded:,} succeeded, {counts.errored:,} errored, "
            f"{counts.canceled:,} canceled, {counts.expired:,} expired"
        )
    return f"{counted(row.requests, 'page')}, prepared {clock(row.created_at, now)}"


_STEPS = {
    BatchStatus.DUPLICATE: "The API took a submission twice: c cancels this copy of it.",
    BatchStatus.AT_RISK: "Its results are not on this disk and will vanish: R collects them now.",
    BatchStatus.IN_DOUBT: "Not known whether the API took it; its pages stay claimed: i looks for it.",
    BatchStatus.REJECTED: "Its pages are free again: u sends them once the reason is mended.",
    BatchStatus.ABSENT: "The API never took it; its pages are free again: u sends them.",
    BatchStatus.GATE: "r retries what failed, u goes on to the next rung all the same.",
    BatchStatus.PREPARED: "Prepared and never sent: u sends it.",
    BatchStatus.FAILED: "r retries the failed pages, Enter shows them.",
    BatchStatus.SENDING: "On its way to the API.",
    BatchStatus.COLLECTING: "Ended; its results are on their way to this disk.",
}


def _next_step(row: BatchRow, now: dt.datetime) -> str:
    step = _STEPS.get(row.status, "")
    if not step and row.vanish_at is not None and row.archived:
        step = f"Archived here; the API keeps the results until {clock(row.vanish_at, now)}."
    return step + (f" ({row.change})" if row.change and row.status not in _STEPS else "")
