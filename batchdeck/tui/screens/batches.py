"""The home screen: one row per batch, what needs a hand first, and what can be done about it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from batchdeck.domain.batches import Batch
from batchdeck.domain.columns import BATCH_FIELDS
from batchdeck.domain.events import Operation
from batchdeck.domain.letters import Reached
from batchdeck.domain.overview import BatchRow, BatchStatus, banner, by_need, totals
from batchdeck.domain.polling import EndEstimate
from batchdeck.domain.text import show
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.screens.batch_questions import (
    cancel_question,
    cancelable,
    deletable,
    delete_question,
    send_question,
    unsent,
)
from batchdeck.tui.screens.batch_rows import IN_FLIGHT, BatchRows, detail_lines, short_id, totals_line
from batchdeck.tui.screens.deck_screen import DeckScreen
from batchdeck.tui.screens.first_run import say_how_to_begin
from batchdeck.tui.screens.spans import clock, counted
from batchdeck.tui.tracking import Work
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.notices import Notice
from batchdeck.tui.widgets.prompt import Prompt
from batchdeck.tui.widgets.query_table import QueryTable
from batchdeck.tui.widgets.question import Proposal
from batchdeck.tui.widgets.row_table import RowTable

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_ADOPT = "adopt"
_SHORT = 16
"""Lines below which what is known of one row would leave no room for the list."""
MAKING_SAMPLES = "making the sample PDFs"
"""The work during which the samples are not there yet."""


class BatchesScreen(DeckScreen):
    """Every batch of the deck."""

    PLACE = Place.BATCHES
    IS_ROOT = True
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.BATCHES, Place.EVERYWHERE)
    DEFAULT_CSS = """
    BatchesScreen {
        & > #banner { display: none; height: auto; max-height: 6; padding: 0 1; background: $error-muted; }
        &.-warned > #banner { display: block; }
        & > #totals { height: 1; padding: 0 1; }
        & > #detail { height: auto; min-height: 4; max-height: 6; padding: 1 1 0 1; }
        & > Notice { display: none; }
        &.-empty > Notice { display: block; }
        &.-empty > RowTable { display: none; }
        &.-empty > #detail { display: none; }
        &.-short > #detail { display: none; }
    }
    """

    def __init__(self, registry: Registry, deck: Deck, work: Work, *, samples: Path | None = None) -> None:
        """`samples` is the folder that submitting proposes."""
        super().__init__(registry, deck, work, samples=samples)
        self._samples = samples
        self._shown: tuple[int, str] | None = None
        """The deck's version and the minute of what is shown: only these change what the list says."""
        self._rows: dict[str, BatchRow] = {}
        self._good_of: Counter[str] = Counter()
        """Good pages by job."""
        self._sums = totals(())

    def body(self) -> ComposeResult:
        yield Static(id="banner", markup=False)
        yield Static(id="totals", markup=False)
        yield QueryTable(BatchRows((), self.deck.now(), self._expected), BATCH_FIELDS)
        yield Notice()
        yield Static(id="detail", markup=False)

    def on_mount(self) -> None:
        self.renew()

    def on_resize(self) -> None:
        self.set_class(self.size.height < _SHORT, "-short")
        super().on_resize()

    def crumbs(self) -> tuple[str, ...]:
        return ("batches",)

    # Showing

    def renew(self) -> None:
        """Show the deck as it is now; only the cells that differ are repainted."""
        now = self.deck.now()
        shown = self.deck.version, f"{now:%d %H:%M}"
        if shown != self._shown:
            self._shown = shown
            self._take(by_need(self.deck.batches()), now)
        self.renew_lines()

    def _take(self, rows: list[BatchRow], now: dt.datetime) -> None:
        self._rows = {row.key: row for row in rows}
        self._good_of = Counter()
        for row in rows:
            self._good_of[row.job] += row.good or 0
        self._sums = totals(rows)
        self.query_one(QueryTable).show(BatchRows(rows, now, self._expected))
        self.set_class(not rows, "-empty")
        if not rows:
            notice, has_samples = self.query_one(Notice), self._samples is not None
            say_how_to_begin(notice, self.deck, self.terminal.environ, has_samples=has_samples)

    def _expected(self, row: BatchRow) -> EndEstimate | None:
        age = max((self.deck.now() - row.created_at).total_seconds(), 0.0)
        return self.deck.expected_end(row.requests, age)

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        """Show anew what stands around the list."""
        super().renew_lines()
        warnings = banner(self.deck.held, self._sums)
        self.set_class(bool(warnings), "-warned")
        say(self.query_one("#banner", Static), "\n".join(show(line, 500) for line in warnings))
        say(self.query_one("#totals", Static), totals_line(self._sums))
        row = self.row
        now = self.deck.now()
        expected = self._expected(row) if row is not None and row.status in IN_FLIGHT else None
        say(
            self.query_one("#detail", Static),
            "\n".join(detail_lines(row, now, expected)) if row is not None else "",
        )

    @property
    def _is_making_samples(self) -> bool:
        return any(piece.name == MAKING_SAMPLES for piece in self.work.pieces)

    def status(self) -> str:
        status = super().status()
        return f"{MAKING_SAMPLES} · {status}" if self._is_making_samples else status

    def remark(self) -> str:
        if self.work.polled_by not in ("", "this process"):
            return f"polled by {self.work.polled_by}"
        if self.work.next_poll is not None:
            return f"poll at {clock(self.work.next_poll, self.deck.now())}"
        return ""

    def what_to_copy(self) -> str:
        row = self.row
        return row.id or row.key if row is not None else ""

    # What actions are about

    @property
    def row(self) -> BatchRow | None:
        """The row under the cursor."""
        table = self.table
        key = table.cursor_key if table is not None else None
        return self._rows.get(key) if isinstance(key, str) else None

    @property
    def selection(self) -> list[BatchRow]:
        """The marked rows, else the one under the cursor."""
        keys = self.table.view.selection() if self.table is not None else []
        return [self._rows[key] for key in keys if isinstance(key, str) and key in self._rows]

    def facts(self) -> Context:
        chosen, row = self.selection, self.row
        return Context(
            Place.BATCHES,
            in_job=row is not None and bool(row.job),
            cancelable=len(cancelable(chosen)),
            deletable=len(deletable(chosen)),
            in_doubt=self._sums.in_doubt,
            unsent=len(unsent(chosen)),
            held=self.deck.held,
            retryable=sum(each.failed or 0 for each in chosen if each.job),
            good=self._good_of[row.job] if row is not None else 0,
            exported=row is not None and bool(row.job) and self.deck.exported(row.job) is not None,
        )

    # Doing

    @on(RowTable.Opened)
    def _open_row(self) -> None:
        row = self.row
        if row is None:
            return
        from batchdeck.tui.screens.job import JobScreen

        if row.job or row.archived:
            self.show_screen(JobScreen(self._registry, self.deck, self.work, target=row.job or row.id))
        else:
            self.notify(
                "Its pages are shown when its results have been collected.", title="Nothing to show yet"
            )

    def act_deck_submit(self, folder: str = "") -> None:
        from batchdeck.tui.screens.submit import SubmitScreen, kept_submit

        if not folder and (kept := kept_submit(self.app)) is not None:
            self.show_screen(kept)
            return
        if not folder and self._is_making_samples:
            self.notify("The sample PDFs are still being made: s again in a moment.", title="Not yet")
            return
        proposed = folder or (str(self._samples) if self._samples is not None else "")
        self.show_screen(SubmitScreen(self._registry, self.deck, self.work, folder=proposed))

    def act_job_retry(self) -> None:
        from batchdeck.tui.screens.retry import RetryScreen

        row = self.row
        if row is not None:
            self.show_screen(RetryScreen(self._registry, self.deck, self.work, target=row.job))

    def act_job_export(self, folder: str = "") -> None:
        from batchdeck.tui.screens.export import ExportScreen

        row = self.row
        if row is not None:
            self.show_screen(ExportScreen(self._registry, self.deck, self.work, job=row.job, folder=folder))

    def act_job_open_export(self) -> None:
        row = self.row
        if row is not None:
            self.tell_export(row.job)

    def act_account_mended(self) -> None:
        self.work.start("letting paid work go on", self.deck.account_mended(), on_done=self._tell_mended)

    def _tell_mended(self, _: object) -> None:
        self.notify(
            "Paid work goes on: standing orders by themselves, the rest at your word.", title="Mended"
        )
        self.renew()

    def act_batch_reconcile(self) -> None:
        self.work.start("settling what is in doubt", self.deck.reconcile(), on_done=self._tell_reconciled)

    def _tell_reconciled(self, _: object) -> None:
        left = sum(row.status is BatchStatus.IN_DOUBT for row in self.deck.batches())
        self.notify(
            f"{counted(left, 'submission')} still in doubt; their pages stay claimed."
            if left
            else "All settled.",
            title="In doubt",
        )
        self.renew()

    def act_deck_doctor(self) -> None:
        """Check key, endpoint, disk and files, and show what was found."""
        from batchdeck.tui.screens.checks import ChecksScreen

        self.work.start(
            "checking the deck",
            self.deck.doctor(),
            on_done=lambda checks: self.app.push_screen(ChecksScreen(checks)),
        )

    def act_deck_tell(self) -> None:
        """Send a test message to everybody who is told of things, and say what the services answered."""
        self.work.start("sending a test message", self.deck.tell_test(), on_done=self._say_reached)

    def _say_reached(self, reached: Sequence[Reached]) -> None:
        for one in reached:
            self.notify(
                f"{one.address}: {one.problem or 'taken'}",
                title="Test message",
                severity="error" if one.problem else "information",
                markup=False,
            )

    def act_batch_adopt(self) -> None:
        self.query_one(Prompt).ask(_ADOPT, "adopt (a batch id, or * for all of the workspace's) ")

    @on(Prompt.Given)
    def _adopt_given(self, event: Prompt.Given) -> None:
        wanted = event.text.strip()
        if event.what != _ADOPT or not wanted:
            return
        named = () if wanted == "*" else tuple(wanted.split())
        self.work.start(
            "adopting",
            self.deck.adopt(named),
            on_done=lambda found: self.notify(
                f"{counted(len(found), 'batch', 'batches')} tracked.", title="Adopted"
            ),
        )

    def ask_batch_cancel(self) -> Proposal:
        return cancel_question(cancelable(self.selection), self._run_each("canceling", self.deck.cancel))

    def ask_batch_delete(self) -> Proposal:
        return delete_question(deletable(self.selection), self._run_each("deleting", self.deck.delete))

    def ask_batch_send(self) -> Proposal:
        def send(jobs: Sequence[str]) -> None:
            for job in jobs:
                self.work.start(f"sending {self.deck.job(job).name}", self.deck.resume(job))

        return send_question(unsent(self.selection), send, self.deck.unsent)

    def _run_each(
        self, doing: str, operation: Callable[[str], Operation[Batch]]
    ) -> Callable[[Sequence[str]], None]:
        def run(batches: Sequence[str]) -> None:
            for batch in batches:
                self.work.start(f"{doing} {short_id(batch)}", operation(batch))

        return run
