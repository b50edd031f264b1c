"""One job, or one batch made elsewhere: its pages with what came of them, and its documents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from batchdeck.domain.batches import Job
from batchdeck.domain.columns import PAGE_FIELDS
from batchdeck.domain.outcomes import Outcome, Remedy, count_outcomes
from batchdeck.domain.overview import BatchRow
from batchdeck.domain.pages import FailureGroup
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, NotFound
from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Context, Place
from batchdeck.tui.actions.registry import Registry
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.screens.batch_questions import cancel_question, cancelable, send_question, unsent
from batchdeck.tui.screens.batch_rows import short_id
from batchdeck.tui.screens.deck_screen import DeckScreen, PageSeen
from batchdeck.tui.screens.page_rows import (
    DOCUMENT_COLUMNS,
    DocumentLine,
    PageRows,
    Pages,
    document_lines,
    failures_line,
    failures_test,
)
from batchdeck.tui.screens.spans import counted, dollars
from batchdeck.tui.tracking import Work
from batchdeck.tui.widgets.lines import say
from batchdeck.tui.widgets.notices import Notice
from batchdeck.tui.widgets.query_table import QueryTable
from batchdeck.tui.widgets.question import Proposal
from batchdeck.tui.widgets.row_table import Filter, RecordRows, RowTable
from batchdeck.tui.widgets.row_table.order import AllTests

if TYPE_CHECKING:
    from batchdeck.deck import Deck

_SENT_AGAIN_NEVER = frozenset({Remedy.NOTHING, Remedy.OPERATOR_FIRST})


class JobScreen(DeckScreen):
    """The pages of a job. A table of a million takes seconds to read, so a thread reads it."""

    PLACE = Place.JOB
    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.JOB, Place.EVERYWHERE)
    DEFAULT_CSS = """
    JobScreen {
        & > #summary { height: 1; padding: 0 1; }
        & > #causes { height: auto; max-height: 3; padding: 0 1; }
        & > #causes.-bad { color: $error; }
        & > #causes.-good { color: $success; }
        & > #causes.-accent { color: $accent; }
        & > Notice { display: none; }
        &.-loading > Notice { display: block; }
        &.-loading > RowTable { display: none; }
        & > #documents { display: none; }
        &.-documents > #documents { display: block; }
        &.-documents > #pages { display: none; }
    }
    """

    def __init__(self, registry: Registry, deck: Deck, work: Work, *, target: str) -> None:
        """`target` is the id of a job, or of a batch that belongs to none."""
        super().__init__(registry, deck, work, target=target)
        self.target = target
        self._pages: Pages | None = None
        self._reading = asyncio.Lock()
        self._groups: list[FailureGroup] = []
        self._own: tuple[tuple[int, str], list[BatchRow]] = (0, ""), []
        self._tally: dict[Outcome, int] = {}
        self._shown: tuple[Hashable, str] | None = None
        """The table's state and the gate of what is shown."""
        self._gate = ""
        self._held = 0
        """Pages that the gate holds back."""
        self._only_failures = False
        self._only_document: DocumentLine | None = None
        self.add_class("-loading", update=False)  # before anything is styled, so that it is styled once

    @property
    def job(self) -> Job | None:
        """The job; None for a batch that belongs to none."""
        try:
            return self.deck.job(self.target)
        except NotFound:
            return None

    def body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield Static(id="causes", markup=False)
        yield QueryTable(PageRows(None), PAGE_FIELDS, id="pages")
        yield RowTable(RecordRows(DOCUMENT_COLUMNS, (), key_of=_first_of), id="documents")
        yield Notice()

    def on_mount(self) -> None:
        self.query_one(Notice).say("Reading the pages…")
        self._load()

    def crumbs(self) -> tuple[str, ...]:
        job = self.job
        return ("batches", job.name if job is not None else short_id(self.target))

    # Reading

    def renew(self) -> None:
        if self._pages is not None:
            self._load()
        self.renew_lines()

    @work(group="pages")
    async def _load(self) -> None:
        """Read the table, or take in what is new, in a thread; then show it.

        One after the other: a reading that is given up half-way would take in what nobody shows.
        """
        async with self._reading:
            await self._read()

    async def _read(self) -> None:
        is_new = self._pages is None
        job = self.job
        gate = job.gate if job is not None else ""
        try:
            pages: Pages | None = self._pages
            if pages is None:
                pages = await asyncio.to_thread(self.deck.pages, self.target)
            else:
                await asyncio.to_thread(pages.refresh)
            if (shown := (pages.state, gate)) == self._shown:
                return
            held = await asyncio.to_thread(self.deck.held_back, job) if job is not None else 0
            groups = await asyncio.to_thread(pages.failure_groups)
            documents = await asyncio.to_thread(self._document_lines, pages)
        except BatchDeckError as error:
            self.query_one(Notice).say_error(error)
            self.add_class("-loading")
            return
        if not self.is_attached or not self.query(RowTable):
            return  # left while the pages were read
        self._pages, self._groups, self._tally = pages, groups, pages.tally()
        self._shown, self._gate, self._held = shown, gate, held
        self._show(pages, documents)
        if is_new:
            self.remove_class("-loading")
            self._focus_list()
            self._go_to_first_failure()
        self.renew_lines()
        # Filters and orders look into columns; a million pages' are put together here, not as one types.
        await asyncio.to_thread(pages.columns, PAGE_FIELDS)

    def _document_lines(self, pages: Pages) -> list[DocumentLine]:
        job = self.job
        return document_lines(job, pages) if job is not None else []

    def _show(self, pages: Pages, documents: list[DocumentLine]) -> None:
        table = self.query_one("#pages", QueryTable)
        table.view.filter = self._narrowed(table.view.filter, pages)
        table.show(PageRows(pages, self._gate))
        self.query_one("#documents", RowTable).show(RecordRows(DOCUMENT_COLUMNS, documents, key_of=_first_of))

    def _go_to_first_failure(self) -> None:
        """Begin at the first failed page: it is what one most probably came for."""
        first = min((group.pages[0] for group in self._groups), default=None)
        table = self.query_one("#pages", QueryTable)
        if first is not None and self.job is not None and table.view.move_to_key(first):
            table.after_change()

    # Showing

    @property
    def table(self) -> RowTable | None:
        """The list that is shown: pages, or documents."""
        if not self.is_mounted:
            return None
        return self.query_one("#documents" if self.has_class("-documents") else "#pages", RowTable)

    @on(RowTable.Changed)
    @on(RowTable.Moved)
    def renew_lines(self) -> None:
        super().renew_lines()
        if self._pages is None:
            return
        if self.query_one("#pages", QueryTable).view.filter.only is None:  # Esc has lifted it
            self._only_failures, self._only_document = False, None
        text, tone = failures_line(self._tally, self._groups, self._held, self._gate)
        causes = self.query_one("#causes", Static)
        say(causes, text)
        for each in (Tone.BAD, Tone.GOOD, Tone.ACCENT):
            causes.set_class(each is tone, f"-{each}")
        say(self.query_one("#summary", Static), self._summary())

    def _summary(self) -> str:
        good, failed, pending = count_outcomes(self._tally)
        job = self.job
        parts = [counted(good + failed + pending, "page")]
        if job is not None:
            parts.append(counted(len(job.documents), "document"))
        counts = (good, "ok"), (pending - self._held, "pending"), (self._held, "held back")
        parts += [f"{count:,} {word}" for count, word in counts if count]
        if job is not None:
            cost = self.deck.job_cost(job)
            parts += [job.model, f"{dollars(cost)} spent" if cost is not None else ""]
        return " · ".join(part for part in parts if part)

    def what_to_copy(self) -> str:
        key = self.table.cursor_key if self.table is not None else None
        if isinstance(key, int) and self._pages is not None:
            return self._pages.row(key).custom_id
        return ""

    # What actions are about

    def facts(self) -> Context:
        job, own = self.job, self._own_batches()
        good, _, _ = count_outcomes(self._tally)
        can_retry = sum(len(group.pages) for group in self._groups if group.remedy not in _SENT_AGAIN_NEVER)
        held = next((g.example for g in self._groups if g.remedy is Remedy.OPERATOR_FIRST), "")
        return Context(
            Place.JOB,
            in_job=job is not None,
            cancelable=len(cancelable(own)),
            unsent=len(unsent(own)),
            retryable=can_retry if job is not None else 0,
            held=held if not can_retry else "",
            good=good,
            exported=job is not None and self.deck.exported(job.id) is not None,
        )

    def _own_batches(self) -> list[BatchRow]:
        """Return the job's batches, looked for once for each state of the deck: every key asks for them."""
        at = self.deck.version, f"{self.deck.now():%d %H:%M}"
        if at != self._own[0]:
            self._own = at, [row for row in self.deck.batches() if self.target in (row.job, row.id)]
        return self._own[1]

    def _chosen_failures(self) -> frozenset[int]:
        """Return the global indices of the marked pages; empty where none is marked."""
        table = self.query_one("#pages", QueryTable)
        if self._pages is None or not (table.view.marks or table.view.anchor is not None):
            return frozenset()
        return frozenset(self._pages.index_at(key) for key in table.view.selection() if isinstance(key, int))

    # Doing

    @on(RowTable.Opened)
    def _open_row(self, event: RowTable.Opened) -> None:
        if event.table.id == "documents":
            documents = self.query_one("#documents", RowTable).view.source
            assert isinstance(documents, RecordRows)
            self._only_document = next(line for line in documents.records if line.first == event.key)
            self.remove_class("-documents")
            self._narrow()
            self._focus_list()
        elif isinstance(event.key, int) and self._pages is not None and self.job is not None:
            from batchdeck.tui.screens.page import PageScreen

            index = self._pages.index_at(event.key)
            self.show_screen(PageScreen(self._registry, self.deck, self.work, job=self.target, index=index))
        else:
            self.notify(
                "This batch was made elsewhere: y copies the id of its request.", title="Nothing more here"
            )

    def on_page_seen(self, event: PageSeen) -> None:
        """Go to the page that was looked at last."""
        table = self.query_one("#pages", QueryTable)
        if table.view.move_to_key(event.index):
            table.after_change()

    def act_view_failures(self) -> None:
        """Show failed pages only, or all."""
        self._only_failures = not self._only_failures
        self._narrow()

    def _narrow(self) -> None:
        table = self.query_one("#pages", QueryTable)
        if self._pages is not None:
            table.set_filter(self._narrowed(table.view.filter, self._pages))

    def _narrowed(self, typed: Filter, pages: Pages) -> Filter:
        """Return what was typed, narrowed to failed pages and to one document where that is wished."""
        tests: list[Callable[[int], bool]] = []
        labels: list[str] = []
        if self._only_failures:
            tests.append(failures_test(pages))
            labels.append("failures only")
        if (document := self._only_document) is not None:
            tests.append(range(document.first, document.first + document.pages).__contains__)
            labels.append(show(document.name, 30))
        only = AllTests(tests) if tests else None
        return replace(typed, only=only, label=" · ".join(labels))

    def act_view_documents(self) -> None:
        """Show documents, or pages."""
        self.toggle_class("-documents")
        self._focus_list()
        self.renew_lines()

    def act_job_retry(self) -> None:
        from batchdeck.tui.screens.retry import RetryScreen

        self.show_screen(
            RetryScreen(
                self._registry, self.deck, self.work, target=self.target, indices=self._chosen_failures()
            )
        )

    def act_job_export(self, folder: str = "") -> None:
        from batchdeck.tui.screens.export import ExportScreen

        self.show_screen(ExportScreen(self._registry, self.deck, self.work, job=self.target, folder=folder))

    def act_job_open_export(self) -> None:
        self.tell_export(self.target)

    def act_view_costs(self) -> None:
        from batchdeck.tui.screens.costs import CostsScreen

        job = self.target if self.job is not None else ""
        self.show_screen(CostsScreen(self._registry, self.deck, self.work, job=job))

    def ask_batch_send(self) -> Proposal:
        def send(jobs: Sequence[str]) -> None:
            for job in jobs:
                self.work.start(f"sending {self.deck.job(job).name}", self.deck.resume(job))

        return send_question(unsent(self._own_batches()), send, self.deck.unsent)

    def ask_batch_cancel(self) -> Proposal:
        def run(batches: Sequence[str]) -> None:
            for batch in batches:
                self.work.start(f"canceling {short_id(batch)}", self.deck.cancel(batch))

        return cancel_question(cancelable(self._own_batches()), run)


def _first_of(line: DocumentLine) -> int:
    return line.first
