"""Costs on a screen: what was paid, by whatever one likes, and where it could have been less."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from batchdeck.domain.advice import Advice
from batchdeck.domain.spending import ELSEWHERE, CostsBy, CostTable
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, UsageError
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.screens.cost_rows import (
    OF_ALL,
    OF_JOB,
    CostLine,
    cost_columns,
    cost_lines,
    detail_lines,
    total_line,
)
from batchdeck.tui.screens.deck_screen import DeckScreen
from batchdeck.tui.tracking import Work
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.notices import Notice
from batchdeck.tui.widgets.row_table import RecordRows, RowTable

if TYPE_CHECKING:
    from batchdeck.deck import Deck


class CostsScreen(DeckScreen):
    """What a deck, or one job of it, has cost. By document it reads indexes, so a thread adds up."""

    PLACE = Place.COSTS
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.COSTS, Place.EVERYWHERE)
    DEFAULT_CSS = """
    CostsScreen {
        & > #totals { height: 1; padding: 0 1; }
        & > #detail { height: auto; max-height: 6; padding: 1 1 0 1; }
        & > #advice { height: auto; max-height: 7; padding: 0 1; }
        & > Notice { display: none; }
        &.-empty > Notice { display: block; }
        &.-empty > RowTable, &.-empty > #detail, &.-empty > #advice { display: none; }
    }
    """

    def __init__(
        self, registry: Registry, deck: Deck, work: Work, *, job: str = "", by: CostsBy | None = None
    ) -> None:
        """`job` is the id of the one job to look at; empty for all."""
        super().__init__(registry, deck, work, job=job, by=by)
        self.job = job
        self.by = by or self._choices[0]
        self._shown: CostTable | None = None
        self._lines: list[CostLine] = []
        self._advice: list[Advice] = []

    @property
    def _choices(self) -> tuple[CostsBy, ...]:
        return OF_JOB if self.job else OF_ALL

    def body(self) -> ComposeResult:
        yield Static(id="totals", markup=False)
        yield RowTable(self._rows())
        yield Notice()
        yield Static(id="detail", markup=False)
        yield Static(id="advice", markup=False)

    def on_mount(self) -> None:
        self._read()

    def crumbs(self) -> tuple[str, ...]:
        return ("batches", *((self.deck.job(self.job).name,) if self.job else ()), "costs")

    def facts(self) -> Context:
        return Context(Place.COSTS)

    def _rows(self) -> RecordRows[CostLine]:
        return RecordRows(cost_columns(self.by), self._lines, key_of=lambda line: line.key)

    # Reading

    def renew(self) -> None:
        self._read()
        self.renew_lines()

    @work(exclusive=True, group="costs")
    async def _read(self) -> None:
        by = self.by
        try:
            table = await asyncio.to_thread(self.deck.costs, by, job=self.job or None)
            advice = await asyncio.to_thread(self.deck.advice, self.job) if self.job else []
        except BatchDeckError as error:
            if self.is_attached:
                self.query_one(Notice).say_error(error)
                self.add_class("-empty")
            return
        if not self.is_attached or not self.query(RowTable):
            return  # left while the costs were being added up
        self.set_class(not table.rows, "-empty")
        if not table.rows:
            self.query_one(Notice).say(
                "Nothing has cost anything yet",
                "Costs are known when a batch has ended and is archived.",
                "Esc goes back",
            )
        if self._shown != table:
            self._shown, self._lines = table, cost_lines(table)
            self.query_one(RowTable).show(self._rows())
        self._advice = advice
        self.renew_lines()

    # Showing

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        super().renew_lines()
        shown = self._shown
        say(self.query_one("#totals", Static), total_line(shown) if shown is not None else "Adding up…")
        line = self._line
        say(self.query_one("#detail", Static), "\n".join(detail_lines(line.row)) if line is not None else "")
        say(self.query_one("#advice", Static), "\n".join(f"Advice: {each.text}" for each in self._advice))

    @property
    def _line(self) -> CostLine | None:
        key = self.query_one(RowTable).cursor_key
        return next((line for line in self._lines if line.key == key), None)

    def what_to_copy(self) -> str:
        line = self._line
        return line.row.key if line is not None else ""

    # Doing

    def act_costs_by(self, wanted: str = "") -> None:
        """Group by something else: what is named, or the next."""
        if wanted and wanted not in self._choices:
            known = ", ".join(self._choices)
            self.terminal.notify_error(
                UsageError(
                    f"Nothing here is grouped by “{show(wanted, 30)}”.", hint=f"Choose one of {known}."
                )
            )
            return
        place = (self._choices.index(self.by) + 1) % len(self._choices)
        self.by = CostsBy(wanted) if wanted else self._choices[place]
        self._what["by"] = self.by
        self._read()

    @on(RowTable.Opened)
    def _open_row(self) -> None:
        line = self._line
        if line is not None and self.by is CostsBy.JOB and line.row.key != ELSEWHERE:
            self.show_screen(CostsScreen(self._registry, self.deck, self.work, job=line.row.key))
        else:
            self.notify("A job can be gone into: b groups by job.", title="Nothing more here")
