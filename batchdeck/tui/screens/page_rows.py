"""The pages of a job or batch as rows of a list: a million of them cost what the ones on screen cost."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from batchdeck.domain.batches import Job
from batchdeck.domain.columns import PAGE_FIELDS
from batchdeck.domain.outcomes import Outcome, count_outcomes
from batchdeck.domain.pages import FailureGroup, PageRow, held_back
from batchdeck.domain.query import Query
from batchdeck.domain.query_columns import Codes
from batchdeck.domain.query_columns import Column as Values
from batchdeck.domain.query_columns import Filter as ColumnFilter
from batchdeck.domain.text import show
from batchdeck.tui.glyphs import NOTHING, Tone
from batchdeck.tui.screens.spans import counted, dollars
from batchdeck.tui.signs import OUTCOME_SIGNS
from batchdeck.tui.widgets.query_table import sort_key
from batchdeck.tui.widgets.row_table import Align, Cell, Column, Cut
from batchdeck.tui.widgets.row_table.order import ColumnKeys
from batchdeck.tui.widgets.row_table.rows import Cells, Key

_KEPT = 2_000
"""Rows whose texts are kept: several screens full."""


_HELD_BACK = Cell.sign(OUTCOME_SIGNS[Outcome.PENDING].saying("held back"))


class Pages(Protocol):
    """A table of pages as the deck gives it."""

    @property
    def state(self) -> Hashable: ...
    def __len__(self) -> int: ...
    def row(self, position: int, *, with_id: bool = True) -> PageRow: ...
    def index_at(self, position: int) -> int: ...
    def columns(self, names: Collection[str]) -> list[Values]: ...
    def tally(self) -> dict[Outcome, int]: ...
    def failure_groups(self) -> list[FailureGroup]: ...
    def refresh(self) -> bool: ...


def why_of(row: PageRow) -> str:
    """Return why a page failed, as its row says it."""
    if row.outcome is Outcome.TRUNCATED and row.max_tokens:
        return f"max_tokens {row.max_tokens:,}"
    return show(row.detail or row.error_type, 200)


def _tokens(row: PageRow) -> str:
    return f"{row.usage.output:,}" if row.usage.output else NOTHING


PAGE_COLUMNS: Sequence[Column[PageRow]] = (
    Column("index", "#", lambda row: f"{row.index:04d}", 6, sort=lambda row: row.index, letter="I"),
    Column(
        "document",
        "DOCUMENT",
        lambda row: row.document,
        14,
        grow=2,
        widest=48,
        cut=Cut.MIDDLE,
        sort=lambda row: row.document,
        letter="D",
    ),
    Column(
        "page",
        "PAGE",
        lambda row: show(row.label, 12) or str(row.page),
        5,
        align=Align.RIGHT,
        sort=lambda row: row.page,
        letter="P",
    ),
    Column(
        "outcome",
        "OUTCOME",
        lambda row: Cell.sign(OUTCOME_SIGNS[row.outcome]),
        14,
        sort=lambda row: row.outcome,
        letter="O",
    ),
    Column(
        "tries",
        "TRIES",
        lambda row: str(row.attempts),
        5,
        align=Align.RIGHT,
        drop=5,
        sort=lambda row: row.attempts,
        letter="T",
    ),
    Column("why", "WHY", why_of, 24, grow=3, sort=why_of, letter="W"),
    Column("tokens", "TOKENS", _tokens, 7, align=Align.RIGHT, drop=3, sort=lambda row: row.usage.output),
    Column(
        "cost", "COST", lambda row: dollars(row.cost), 8, align=Align.RIGHT, drop=2, sort=lambda row: row.cost
    ),
    Column("model", "MODEL", lambda row: show(row.model, 40), 18, drop=1, sort=lambda row: row.model),
)


class PageRows:
    """The pages of a table as they stand now. Make a new one when the table has changed."""

    columns: Sequence[Column[Any]] = PAGE_COLUMNS
    positional = True

    def __init__(self, pages: Pages | None, gate: str = "") -> None:
        """`pages` is None while they are being read; `gate` says why their job has stopped at one."""
        self._pages = pages
        self._gate = gate
        self._rows = len(pages) if pages is not None else 0
        self._cells: dict[int, Cells] = {}

    def __len__(self) -> int:
        return self._rows

    @property
    def pages(self) -> Pages:
        assert self._pages is not None, "only rows are looked into, and there are none before the table is"
        return self._pages

    def key(self, index: int) -> Key:
        return index

    def index_of(self, key: Key) -> int | None:
        return key if isinstance(key, int) and 0 <= key < self._rows else None

    def cells(self, index: int) -> Cells:
        found = self._cells.get(index)
        if found is None:
            if len(self._cells) >= _KEPT:
                self._cells.clear()
            row = self.pages.row(index, with_id=False)
            why = held_back(row, self._gate)
            shown = replace(row, detail=why) if why else row
            found = tuple(
                _HELD_BACK if why and column.id == "outcome" else column.cell(shown)
                for column in PAGE_COLUMNS
            )
            self._cells[index] = found
        return found

    def text(self, index: int) -> str:
        row = self.pages.row(index, with_id=False)
        return f"{row.index:04d} {row.document} {row.label} {row.outcome} {row.error_type} {row.detail}"

    def sort_value(self, column: str) -> Callable[[int], Any] | None:
        kind = PAGE_FIELDS[column]
        values = self.pages.columns([column])[0]
        if isinstance(values, Codes):
            return ColumnKeys(_ranks([sort_key(name, kind) for name in values.names], values.codes))
        plain = values.values
        if isinstance(plain, array) and not math.isnan(sum(plain)):
            return ColumnKeys(plain)
        if isinstance(plain, array):
            return lambda index: value if (value := plain[index]) == value else -math.inf  # only NaN differs
        return lambda index: sort_key(plain[index], kind)

    def row_test(self, query: Query) -> Callable[[int], bool]:
        """Return the test for a row's index; it looks at columns and makes no rows."""
        return ColumnFilter(query, self.pages.columns(query.columns()), self._rows)


def _ranks(keys: Sequence[float | str], codes: Sequence[int]) -> Sequence[int]:
    """Return for each row the rank of its key among all keys: numbers that sort as the keys do."""
    rank_of = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    ranks = [rank_of[key] for key in keys]
    if isinstance(codes, bytes):
        return codes.translate(bytes(ranks).ljust(256, b"\0"))
    return array("I", map(ranks.__getitem__, codes))


@dataclass(frozen=True, slots=True)
class FailuresTest:
    """Says of a row's index whether its page has failed."""

    codes: bytes
    """Of the pages' outcomes."""
    failed: bytes
    """1 for the code of a failure."""

    def __call__(self, index: int) -> bool:
        return bool(self.failed[self.codes[index]])

    def mask(self, start: int, stop: int) -> bytes:
        return self.codes[start:stop].translate(self.failed)


def failures_test(pages: Pages) -> FailuresTest:
    """Return what says of a row's index whether its page has failed."""
    outcomes = pages.columns(["outcome"])[0]
    assert isinstance(outcomes, Codes)
    failed = bytes(Outcome(str(name)).is_failure for name in outcomes.names).ljust(256, b"\0")
    return FailuresTest(bytes(outcomes.codes), failed)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document of a job and how its pages stand."""

    name: str
    first: int
    pages: int
    ok: int
    failed: int
    pending: int


def document_lines(job: Job, pages: Pages) -> list[DocumentLine]:
    """Return a job's documents with their tallies."""
    outcomes = pages.columns(["outcome"])[0]
    assert isinstance(outcomes, Codes)
    good, failed, pending = b"gfp"
    kinds = bytes(
        good if outcome.is_good else failed if outcome.is_failure else pending
        for outcome in (Outcome(str(name)) for name in outcomes.names)
    )
    pages_by_kind = bytes(outcomes.codes).translate(kinds.ljust(256, b"\0"))
    lines = []
    for ref in job.documents:
        own = pages_by_kind[ref.first_index : ref.first_index + ref.pages]
        tallies = own.count(good), own.count(failed), own.count(pending)
        lines.append(DocumentLine(ref.name, ref.first_index, ref.pages, *tallies))
    return lines


_BAR = 16


def _bar(line: DocumentLine) -> Cell:
    """Return the share of good pages as a bar; the numbers stand beside it."""
    good = line.ok * _BAR // line.pages if line.pages else 0
    bad = -(-line.failed * _BAR // line.pages) if line.pages else 0
    bar = "█" * good + "░" * min(bad, _BAR - good)
    return Cell(
        bar.ljust(_BAR, "·"), Tone.BAD if line.failed else Tone.GOOD if not line.pending else Tone.MUTED
    )


DOCUMENT_COLUMNS: Sequence[Column[DocumentLine]] = (
    Column(
        "document",
        "DOCUMENT",
        lambda line: line.name,
        20,
        grow=1,
        cut=Cut.MIDDLE,
        sort=lambda line: line.name,
    ),
    Column(
        "pages", "PAGES", lambda line: f"{line.pages:,}", 7, align=Align.RIGHT, sort=lambda line: line.pages
    ),
    Column("ok", "OK", lambda line: f"{line.ok:,}", 7, align=Align.RIGHT, sort=lambda line: line.ok),
    Column(
        "failed",
        "FAILED",
        lambda line: Cell(f"{line.failed:,}", Tone.BAD) if line.failed else "0",
        7,
        align=Align.RIGHT,
        sort=lambda line: line.failed,
    ),
    Column(
        "pending",
        "PENDING",
        lambda line: f"{line.pending:,}",
        7,
        align=Align.RIGHT,
        sort=lambda line: line.pending,
    ),
    Column("bar", "", _bar, _BAR, drop=1),
)


def _cause(group: FailureGroup) -> str:
    """Return what a group of failures is called ("truncated", "overloaded")."""
    known = group.outcome is Outcome.ERRORED and group.error_type
    cause = group.error_type.removesuffix("_error").replace("_", " ") if known else ""
    return show(cause, 30) or OUTCOME_SIGNS[group.outcome].word


def failures_line(
    tally: Mapping[Outcome, int], groups: Sequence[FailureGroup], held: int = 0, gate: str = ""
) -> tuple[str, Tone]:
    """Return what stands above a job's pages: its failures by cause, else how far it has come; and with it
    how many pages a gate of its ladder holds back, why, and what can be done."""
    good, failed, pending = count_outcomes(tally)
    tone, lines = Tone.GOOD, []
    if groups:
        causes: dict[str, int] = {}
        for group in groups:
            causes[_cause(group)] = causes.get(_cause(group), 0) + len(group.pages)
        by_size = sorted(causes.items(), key=lambda item: -item[1])
        lines.append(f"✗ {failed:,} failed: " + " · ".join(f"{count:,} {word}" for word, count in by_size))
        tone = Tone.BAD
    elif pending > held:
        lines.append(f"▸ {counted(pending - held, 'page')} pending, {good:,} ok")
        tone = Tone.ACCENT
    elif not held:
        lines.append(f"✓ all {counted(good, 'page')} ok")
    if held:
        what = f"✗ {counted(held, 'page')} held back at a gate"
        lines.append(f"{what} (r retries what failed, u lets them on): {show(gate, 200)}")
        tone = Tone.BAD
    return "\n".join(lines), tone
