"""Deck: the one façade. It hands the opened adapters to the operations, and holds no rule of the trade."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from batchdeck.config import Settings, deck_home
from batchdeck.domain.batches import Batch, Job, Submission
from batchdeck.domain.costs import PriceList
from batchdeck.domain.documents import Scan, parse_page_ranges
from batchdeck.domain.events import Operation
from batchdeck.domain.lookup import find_one
from batchdeck.domain.overview import BatchRow, JobState, Totals, batch_rows, job_state, totals
from batchdeck.domain.pages import FailureGroup, PageDetail
from batchdeck.domain.planning import ExportReport, Plan, RetryChoice, RetryPlan, Submitted
from batchdeck.errors import NotFound
from batchdeck.opening import OpenOptions, open_deck

if TYPE_CHECKING:
    from batchdeck.connection import Connection
    from batchdeck.operations.context import Context
    from batchdeck.operations.reconcile import Reconciled
    from batchdeck.operations.track import Tracked
    from batchdeck.store.page_table import PageTable

__all__ = ["Deck"]


class Deck:
    """One home folder: ledger, archive, vault and audit log, and the one API endpoint they belong to.

    ::

        async with Deck.open("~/decks/reports") as deck:
            scan = await deck.scan(["scans/"])
            plan = deck.plan(scan)
            job = await deck.submit(plan)              # spends money
            await deck.track(until_ended=True)
            report = await deck.export(job.job)

    Every operation that takes time is an `Operation`: await it for its result, or iterate over its events.
    The lists are cheap and answer from memory; `refresh` takes in what other processes have changed.
    """

    @staticmethod
    def open(
        path: str | os.PathLike[str] | None = None,
        *,
        sandbox: bool = False,
        base_url: str | None = None,
        api_key: str | None = None,
        profile: str | None = None,
        read_only: bool = False,
        settings: Settings | None = None,
        faults: str | os.PathLike[str] | None = None,
        force_network_fs: bool = False,
        now: Callable[[], dt.datetime] | None = None,
    ) -> DeckOpening:
        """Open a deck, making it if it is new: ``async with Deck.open(...)`` or ``await Deck.open(...)``.

        Args:
            path: the deck's folder; `$BATCHDECK_HOME` or the platform's user data folder by default.
            sandbox: serve the deck from a local sandbox. Marks a new deck as a sandbox deck for good.
            base_url: the API's address; `$ANTHROPIC_BASE_URL` or the official one by default.
            api_key: a key; by default it is looked up (see the README).
            profile: name of an SDK profile, for several workspaces.
            read_only: refuse whatever changes the deck or spends money.
            faults: a faults file for the sandbox.
            force_network_fs: accept a file system whose locks may not hold.

        Raises (on entering or awaiting):
            DeckError: the deck cannot be used as it is.
            UsageError: a real deck was asked to be a sandbox deck, or to talk to another endpoint.
        """
        home = deck_home(path)
        options = OpenOptions(
            sandbox=sandbox,
            base_url=base_url,
            api_key=api_key,
            profile=profile,
            read_only=read_only,
            settings=settings,
            faults=Path(faults) if faults is not None else None,
            force_network_fs=force_network_fs,
            now=now,
        )

        async def opening() -> Deck:
            return Deck(*await open_deck(home, options))

        return DeckOpening(opening())

    def __init__(self, context: Context, connection: Connection) -> None:
        """Use `Deck.open`."""
        self._context = context
        self._connection = connection

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
    def endpoint(self) -> str:
        """The API's host as shown to the operator."""
        return self._connection.shown_endpoint

    @property
    def settings(self) -> Settings:
        return self._context.settings

    @property
    def prices(self) -> PriceList:
        return self._context.prices

    @property
    def operator(self) -> str:
        return self._context.operator

    def now(self) -> dt.datetime:
        return self._context.now()

    # What is on disk

    def refresh(self) -> bool:
        """Take in what other processes have changed; say whether anything had."""
        return self._context.ledger.refresh()

    @property
    def version(self) -> int:
        """A number that changes whenever the ledger does, as of the last `refresh`."""
        return self._context.ledger.version

    def jobs(self) -> list[Job]:
        """Return all jobs, newest first."""
        return sorted(self._context.ledger.jobs().values(), key=lambda job: job.created_at, reverse=True)

    def job(self, name: str) -> Job:
        """Return a job by id, unambiguous beginning of its id, or name.

        Raises:
            NotFound: none, or more than one, goes by that.
        """
        return find_one(name, self.jobs(), lambda job: (job.id, job.name), what="job")

    def job_state(self, job: Job) -> JobState:
        """Return where a job stands."""
        from batchdeck.operations.plan import unsent_indices

        own = [s for s in self._context.ledger.submissions().values() if s.job == job.id]
        return job_state(job.outcomes, own, len(unsent_indices(job, own)))

    def job_cost(self, job: Job) -> float | None:
        """Return what a job's archived batches have cost in dollars; None before the first."""
        costs = [b.cost for b in self._context.ledger.batches().values() if b.job == job.id]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known else None

    def submissions(self, job: str) -> list[Submission]:
        """Return a job's submissions in the order they were made."""
        own = [s for s in self._context.ledger.submissions().values() if s.job == job]
        return sorted(own, key=lambda submission: submission.created_at)

    def batches(self) -> list[BatchRow]:
        """Return every batch, and every submission without one, newest first."""
        ledger = self._context.ledger
        return batch_rows(ledger.jobs(), ledger.submissions().values(), ledger.batches().values(), self.now())

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
        """Return the pages of a job, or of one batch. May take seconds the first time: call it in a thread."""
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

    def page_at(self, job: str, index: int) -> PageDetail:
        """Return one page with all its attempts, by its global index in a job."""
        from batchdeck.operations.pages import page_detail

        return page_detail(self._context, job, index)

    def failures(self, target: str) -> list[FailureGroup]:
        """Return a job's or batch's failed pages, grouped by cause."""
        return self.pages(target).failure_groups()

    # Verbs. Those that take time are operations.

    def scan(
        self, paths: Iterable[str | os.PathLike[str]], *, passwords: Sequence[str] = ()
    ) -> Operation[Scan]:
        """Look at files and folders: what can be used, and one clear problem for each file that cannot."""
        from batchdeck.operations.scan import scan

        return Operation(scan(self._context, [os.fsdecode(path) for path in paths], passwords=passwords))

    def plan(
        self,
        scan: Scan,
        *,
        recipe: str = "pdf-to-html",
        model: str | None = None,
        max_tokens: int | None = None,
        pages: str | None = None,
        name: str = "",
        again: bool = False,
    ) -> Plan:
        """Say what submitting a scan would send and cost. Nothing is written.

        Args:
            pages: page ranges for every document, like ``1-5,8``; all pages by default.
            again: include documents that were submitted before with the same recipe.

        Raises:
            NotFound: there is no such recipe.
            UsageError: `pages` is not a list of ranges.
        """
        from batchdeck.operations.plan import PlanOptions, make_plan

        ranges = parse_page_ranges(pages) if pages else None
        options = PlanOptions(recipe, model, max_tokens, ranges, name, again)
        return make_plan(self._context, scan, options)

    def submit(self, plan: Plan, *, max_cost: float | None = None) -> Operation[Submitted]:
        """Submit a plan. This spends money: calling it is the operator's word."""
        from batchdeck.operations.submit import submit

        return Operation(submit(self._context, plan, max_cost=max_cost))

    def resume(self, job: str) -> Operation[Submitted]:
        """Send what an interrupted job has not sent yet. This spends money."""
        from batchdeck.operations.submit import resume

        return Operation(resume(self._context, self.job(job).id))

    def track(self, *, once: bool = False, until_ended: bool = False) -> Operation[Tracked]:
        """Poll open batches, settle what is in doubt, archive what has ended."""
        from batchdeck.operations.track import track

        return Operation(track(self._context, once=once, until_ended=until_ended))

    async def plan_retry(self, target: str, choice: RetryChoice | None = None) -> RetryPlan:
        """Say what retrying a job's or a batch's failures would send. Nothing is written."""
        from batchdeck.operations.retry import plan_retry

        return await plan_retry(self._context, self.target(target), choice or RetryChoice())

    def retry(self, plan: RetryPlan, *, max_cost: float | None = None) -> Operation[Submitted]:
        """Send failed pages again as new batches. This spends money."""
        from batchdeck.operations.retry import retry

        return Operation(retry(self._context, plan, max_cost=max_cost))

    def export(
        self,
        job: str,
        *,
        out: str | os.PathLike[str] | None = None,
        template: str | None = None,
        figures: str | None = None,
    ) -> Operation[ExportReport]:
        """Assemble a job's answers into one validated HTML document per source file."""
        from batchdeck.operations.export import ExportOptions, export

        defaults = self.settings.export
        options = ExportOptions(template or defaults.template, figures or defaults.figures)
        folder = Path(out) if out is not None else None
        return Operation(export(self._context, self.job(job).id, out=folder, options=options))

    def reconcile(self) -> Operation[Reconciled]:
        """Settle submissions whose acceptance is unknown."""
        from batchdeck.operations.reconcile import reconcile

        return Operation(reconcile(self._context))

    def cancel(self, batch: str) -> Operation[Batch]:
        """Ask the API to cancel a batch."""
        from batchdeck.operations.housekeeping import cancel

        return Operation(cancel(self._context, self.batch(batch).id))

    def delete(self, batch: str) -> Operation[Batch]:
        """Delete an ended, archived batch at the API; the deck keeps its archive."""
        from batchdeck.operations.housekeeping import delete

        return Operation(delete(self._context, self.batch(batch).id))

    def adopt(self, batches: Sequence[str] = ()) -> Operation[tuple[Batch, ...]]:
        """Take in batches made elsewhere: those named, else all of the workspace's."""
        from batchdeck.operations.housekeeping import adopt

        return Operation(adopt(self._context, batches))

    # Closing

    async def close(self) -> None:
        """Stop workers and connections. Whatever was under way can be resumed."""
        await self._context.workers.close()
        await self._connection.close()
        self._context.ledger.close()

    async def __aenter__(self) -> Deck:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class DeckOpening:
    """A deck about to be opened: await it, or enter it with ``async with``."""

    def __init__(self, opening: Coroutine[Any, Any, Deck]) -> None:
        self._opening = opening
        self._deck: Deck | None = None

    def __await__(self) -> Generator[Any, None, Deck]:
        return self._opening.__await__()

    async def __aenter__(self) -> Deck:
        self._deck = await self._opening
        return self._deck

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._deck is not None:
            await self._deck.close()
