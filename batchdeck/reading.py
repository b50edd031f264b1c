"""The reading half of the deck: what kind it is and what is in it. Changes nothing, sends nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from batchdeck.config import Settings
from batchdeck.domain.batch_rows import RowKeeper
from batchdeck.domain.batches import Batch, Job, Submission
from batchdeck.domain.calls import ApiCall
from batchdeck.domain.costs import PriceList
from batchdeck.domain.health import Health
from batchdeck.domain.inbox import InboxOrder
from batchdeck.domain.listing import Listing
from batchdeck.domain.lookup import find_one
from batchdeck.domain.overview import BatchRow, JobState, Totals, job_state, totals
from batchdeck.domain.pages import Answer, FailureGroup, PageDetail, SourcePage
from batchdeck.domain.polling import EndEstimate, History, estimate_end, history_of
from batchdeck.domain.spending import CostsBy, CostTable
from batchdeck.domain.text import show
from batchdeck.errors import NotFound

if TYPE_CHECKING:
    from batchdeck.connection import Connection
    from batchdeck.domain.advice import Advice
    from batchdeck.html.templates import Template
    from batchdeck.operations.context import Context
    from batchdeck.operations.reach import Notifying
    from batchdeck.store.audit import AuditEntry
    from batchdeck.store.page_table import PageTable


_FROM_INDEXES = frozenset({CostsBy.DOCUMENT, CostsBy.MODEL})
"""What costs cannot be added up by from the ledger alone."""
_VERBS = ("pages", "scan", "retry", "submit", "track", "export")


class DeckReader:
    """What a deck can be asked without changing it. Answers come from memory; `refresh` takes in what other
    processes have changed."""

    def __init__(self, context: Context, connection: Connection) -> None:
        """Use `Deck.open`."""
        self._context = context
        self._connection = connection
        self._keeper = RowKeeper()
        self._rows: tuple[tuple[int, dt.datetime], tuple[BatchRow, ...]] | None = None
        self._history: tuple[int, History] | None = None
        self._costs: tuple[int, dict[object, CostTable]] = 0, {}

    def __repr__(self) -> str:
        sums = self.totals()
        kind = "sandbox deck" if self.is_sandbox else "deck"
        counts = f"{sums.open_batches:,} open batches, {sums.pages_failed:,} failed pages"
        return f"<{kind} {show(str(self.path), 200)}: {counts}>"

    # What kind of deck this is

    @property
    def path(self) -> Path:
        return self._context.layout.root

    @property
    def read_only(self) -> bool:
        return self._context.read_only

    @property
    def is_sandbox(self) -> bool:
        return self._connection.is_sandbox

    @property
    def is_connected(self) -> bool:
        """Whether the way to the API is open; it is opened when something is first asked. What answers there
        is another matter."""
        return self._connection.is_open

    @property
    def endpoint(self) -> str:
        """The API's host as shown to the operator."""
        return self._connection.shown_endpoint

    @property
    def reopening(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """How another process opens this deck: the command line's words, and what to add to its environment.
        The latter may hold a key."""
        words = ("--deck", str(self.path), *self._connection.words)
        return words + (("--read-only",) if self.read_only else ()), self._connection.environ

    @property
    def settings(self) -> Settings:
        return self._context.settings

    @property
    def prices(self) -> PriceList:
        return self._context.prices

    @property
    def operator(self) -> str:
        return self._context.operator

    @property
    def held(self) -> str:
        """Why nothing that costs money is sent until `account_mended`: what the API said; empty otherwise."""
        return self._context.ledger.meta.held

    def now(self) -> dt.datetime:
        return self._context.now()

    # What is on disk

    def refresh(self) -> bool:
        """Take in what other processes have changed; say whether anything had."""
        return self._context.ledger.refresh()

    async def load_verbs(self) -> None:
        """Load in a thread what operations are made of, which each would hold the event loop up for once."""
        for verb in _VERBS:
            await asyncio.to_thread(importlib.import_module, f"batchdeck.operations.{verb}")

    @property
    def version(self) -> int:
        """A number that changes whenever the ledger does, as of the last `refresh`."""
        return self._context.ledger.version

    def jobs(self) -> Listing[Job]:
        """Return all jobs, newest first."""
        jobs = self._context.ledger.jobs().values()
        return Listing(sorted(jobs, key=lambda job: job.created_at, reverse=True))

    def job(self, name: str) -> Job:
        """Return a job by id, unambiguous beginning of its id, or name.

        Raises:
            NotFound: none, or more than one, goes by that.
        """
        return find_one(name, self.jobs(), lambda job: (job.id, job.name), what="job")

    def job_state(self, job: Job) -> JobState:
        """Return where a job stands."""
        from batchdeck.operations.plan import unsent_indices

        own = self._context.ledger.submissions_of(job.id)
        return job_state(job, own, len(unsent_indices(job, own)))

    def held_back(self, job: Job) -> int:
        """Return how many pages of a job wait behind a gate of its ladder that does not hold (`Job.gate`)."""
        from batchdeck.operations.plan import unsent_indices

        return len(unsent_indices(job, self._context.ledger.submissions_of(job.id))) if job.gate else 0

    def job_cost(self, job: Job) -> float | None:
        """Return what a job's archived batches have cost in dollars; None before the first."""
        costs = (batch.cost for batch in self._context.ledger.batches_of(job.id))
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known else None

    def costs(
        self, by: CostsBy = CostsBy.JOB, *, job: str | None = None, since: dt.date | None = None
    ) -> CostTable:
        """Return what was paid, added up by job, recipe, day or model, or by document of one job.

        By document it reads the indexes of the job's results: call it in a thread.

        Args:
            job: id, unambiguous beginning of its id, or name of the one job to look at.
            since: leave out what was sent before that day in UTC.

        Raises:
            NotFound: there is no such job.
            UsageError: documents were asked for without a job.
        """
        from batchdeck.operations.costs import costs

        asked = by, self.job(job).id if job else "", since
        if by in _FROM_INDEXES:
            return costs(self._context, by, job=asked[1], since=since)
        version = self.version
        if self._costs[0] != version:
            self._costs = version, {}
        known = self._costs[1]
        if asked not in known:
            known[asked] = costs(self._context, by, job=asked[1], since=since)
        return known[asked]

    def advice(self, job: str) -> list[Advice]:
        """Return where a job's answers could have cost less. Reads its indexes: call it in a thread.

        Raises:
            NotFound: there is no such job.
        """
        from batchdeck.operations.costs import advice

        return advice(self._context, self.job(job).id)

    def submissions(self, job: str) -> Listing[Submission]:
        """Return a job's submissions in the order they were made."""
        own = self._context.ledger.submissions_of(job)
        return Listing(sorted(own, key=lambda submission: submission.created_at))

    def batches(self) -> Listing[BatchRow]:
        """Return every batch, and every submission without one, newest first."""
        # What is at risk is a matter of days: within a minute only the ledger changes anything.
        at = self.version, self.now().replace(second=0, microsecond=0)
        if self._rows is None or self._rows[0] != at:
            ledger = self._context.ledger
            batches, submissions = ledger.batches().values(), ledger.submissions().values()
            self._rows = at, tuple(self._keeper.rows(ledger.jobs(), submissions, batches, self.now()))
        return Listing(self._rows[1])

    def batch(self, name: str) -> Batch:
        """Return a batch by id, or unambiguous beginning or end of its id.

        Raises:
            NotFound: none, or more than one, goes by that.
        """
        batches = list(self._context.ledger.batches().values())
        return find_one(name, batches, lambda batch: (batch.id, batch.key), what="batch")

    def totals(self) -> Totals:
        """Return the sums of the home screen's header line."""
        return totals(self.batches())

    def target(self, name: str) -> str:
        """Return the id of the job or batch that goes by `name`, jobs first.

        Raises:
            NotFound: neither a job nor a batch goes by that.
        """
        try:
            return self.job(name).id
        except NotFound as not_a_job:
            try:
                return self.batch(name).id
            except NotFound:
                raise not_a_job from None

    def pages(self, target: str) -> PageTable:
        """Return the pages of a job or of one batch. The first time may take seconds: call it in a thread."""
        from batchdeck.operations.pages import batch_pages, job_pages

        if target in self._context.ledger.jobs():
            return job_pages(self._context, target)
        return batch_pages(self._context, target)

    def page(self, custom_id: str) -> PageDetail:
        """Return one page with all its attempts, by the custom_id of any of them.

        Raises:
            NotFound: no submission of this deck made that id.
        """
        from batchdeck.operations.pages import find_page

        return find_page(self._context, custom_id)

    def named_pages(self, target: str, custom_ids: Iterable[str]) -> frozenset[int]:
        """Return the global indices of pages of a job or batch, by custom_ids of any of their attempts.

        Raises:
            NotFound: one of them is no page of that job or batch.
        """
        from batchdeck.operations.retry import named_pages

        return named_pages(self._context, self.target(target), custom_ids)

    def failures(self, target: str) -> Listing[FailureGroup]:
        """Return a job's or batch's failed pages, grouped by cause."""
        return Listing(self.pages(target).failure_groups())

    def answer(self, custom_id: str) -> Answer | None:
        """Return what came back for one attempt; None while nothing has.

        Raises:
            NotFound: no submission of this deck made that id.
        """
        from batchdeck.operations.contents import read_answer

        return read_answer(self._context, custom_id)

    def source_page(self, job: str, index: int) -> SourcePage:
        """Return the source of one page as text. Reads the PDF: call it in a thread."""
        from batchdeck.operations.contents import read_source

        return read_source(self._context, job, index)

    def source_image(self, job: str, index: int, *, dpi: int = 72) -> bytes:
        """Return the source of one page as a PNG picture. Reads the PDF: call it in a thread."""
        from batchdeck.operations.contents import render_source

        return render_source(self._context, job, index, dpi=dpi)

    def missing_words(self, job: str, index: int, custom_id: str) -> tuple[str, ...]:
        """Return the passages of a page that an answer of it lacks. Reads the PDF: call it in a thread."""
        from batchdeck.operations.contents import read_missing_words

        return read_missing_words(self._context, job, index, custom_id)

    def expected_end(self, requests: int, age_seconds: float) -> EndEstimate | None:
        """Return when batches like this one ended here before; None where there is no history to go by."""
        version = self.version
        if self._history is None or self._history[0] != version:
            batches = self._context.ledger.batches().values()
            self._history = version, history_of(batches, self.settings.polling.history)
        return estimate_end(self._history[1], requests, age=age_seconds)

    def export_choices(self, job: str) -> tuple[str, tuple[Template, ...]]:
        """Return the template that is usual for a job's answers, and the shipped ones that fit them.

        Raises:
            NotFound: the job's recipe is not there any more.
        """
        from batchdeck.operations.export import choices_of

        return choices_of(self._context, self.job(job))

    def exported(self, job: str) -> Path | None:
        """Return the folder in this deck that a job's documents were last exported to; None before."""
        folder = self._context.layout.export(job)
        return folder if folder.is_dir() else None

    def polled_by(self) -> str:
        """Return which process asks the API about this deck's batches, in words; empty when none does."""
        from batchdeck.store.locks import holder_of

        holder = holder_of(self._context.layout.poller_lock)
        if holder is None:
            return ""
        if (holder.pid, holder.host) == (os.getpid(), socket.gethostname()):
            return "this process"
        here = holder.host == socket.gethostname()
        return f"process {holder.pid}" if here else f"process {holder.pid} on {show(holder.host, 40)}"

    def health(self) -> Health:
        """Return whether the deck is looked after, for monitoring: from its own files, asking nobody."""
        from batchdeck.operations.heartbeat import look_at_health

        return look_at_health(self._context, self.polled_by())

    def notifying(self) -> Notifying:
        """Return whom messages go to and of what, without secrets. Loads Apprise: call it in a thread."""
        from batchdeck.operations.reach import show_notifying

        return show_notifying(self._context)

    def inbox_order(self, folder: str | os.PathLike[str] | None = None) -> InboxOrder | None:
        """Return the inbox of the settings, with another folder where one is given; None for none."""
        if folder is None and self.settings.inbox.folder is None:
            return None
        from batchdeck.operations.inbox import inbox_order

        return inbox_order(self.settings, os.path.abspath(folder) if folder is not None else None)

    @property
    def is_climbing(self) -> bool:
        """Whether a job is on its ladder: tracking sends its next rung once the gate before it holds."""
        jobs = [job for job in self.jobs() if job.ladder and not job.gate]
        return any(self.job_state(job) is JobState.RUNNING for job in jobs)

    @property
    def acts_unattended(self) -> bool:
        """Whether the settings let whoever polls act without being asked: standing orders, an inbox."""
        standing = self.settings.standing
        return standing.auto_retry or standing.auto_export is not None or self.inbox_order() is not None

    def log(self, count: int = 500) -> Listing[AuditEntry]:
        """Return the last lines of the audit log, oldest first."""
        return Listing(self._context.audit.tail(count))

    def api_calls(self) -> tuple[ApiCall, ...]:
        """Return the last calls this process has made to the API for this deck, in the order they ended."""
        return self._connection.calls.calls()

    @property
    def api_calls_made(self) -> int:
        """How many calls that were in all; it changes whenever `api_calls` does."""
        return self._connection.calls.made
