"""Deck: the one façade. It hands the opened adapters to the operations, and holds no rule of the trade."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from batchdeck.config import Settings, deck_home
from batchdeck.domain.batches import Batch, Mode
from batchdeck.domain.documents import Scan, parse_page_ranges
from batchdeck.domain.events import Event, Operation
from batchdeck.domain.inbox import InboxOrder
from batchdeck.domain.ladder import parse_ladder
from batchdeck.domain.planning import ExportReport, Plan, RetryChoice, RetryPlan, Submitted, Unsent
from batchdeck.offers import (
    check_recipe,
    export_templates,
    find_recipe,
    known_recipes,
    new_recipe,
    readable_suffixes,
    recipe_files,
    recipe_folder,
    validate_files,
)
from batchdeck.opening import Opening, OpenOptions, open_deck, tidy
from batchdeck.reading import DeckReader
from batchdeck.showing import Shown

if TYPE_CHECKING:
    from batchdeck.domain.counting import CountedEstimate
    from batchdeck.domain.findings import Check
    from batchdeck.domain.letters import Reached
    from batchdeck.operations.reconcile import Reconciled
    from batchdeck.operations.repair import Repaired
    from batchdeck.operations.track import Tracked
    from batchdeck.store.recovery import Recovery

__all__ = [
    "Deck",
    "check_recipe",
    "export_templates",
    "find_recipe",
    "known_recipes",
    "new_recipe",
    "readable_suffixes",
    "recipe_files",
    "recipe_folder",
    "validate_files",
]


class Deck(DeckReader, Shown):
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
    ) -> Opening[Deck]:
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

        return Opening(opening())

    def scan(
        self,
        paths: Iterable[str | os.PathLike[str]],
        *,
        passwords: Sequence[str] = (),
        recipe: str = "pdf-to-html",
    ) -> Operation[Scan]:
        """Look at files and folders: what can be used, and one clear problem for each file that cannot.

        Args:
            recipe: says what is looked for: PDFs, text files, rows, ready-made requests.

        Raises:
            NotFound: there is no such recipe.
        """
        from batchdeck.operations.scan import scan

        names = [os.fsdecode(path) for path in paths]
        return Operation(scan(self._context, names, passwords=passwords, recipe=recipe))

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
        mode: Mode | str = Mode.BATCH,
        ladder: str | None = None,
    ) -> Plan:
        """Say what submitting a scan would send and cost. Nothing is written.

        Args:
            pages: page ranges for every document, like ``1-5,8``; all pages by default.
            again: include documents that were submitted before with the same recipe.
            mode: ``batch`` for half the price; ``realtime`` for answers at once, at the full price; ``auto``
                for short documents at once (`realtime.auto_pages` in the settings) and the others in batches.
            ladder: how many pages each rung samples, like ``2,6,52,rest``; None to send all at once.

        Raises:
            NotFound: there is no such recipe.
            UsageError: `pages` is not a list of ranges, or `ladder` is none.
        """
        from batchdeck.operations.plan import PlanOptions, make_plan

        ranges = parse_page_ranges(pages) if pages else None
        rungs = parse_ladder(ladder) if ladder is not None else ()
        options = PlanOptions(recipe, model, max_tokens, ranges, name, again, Mode(mode), rungs)
        return make_plan(self._context, scan, options)

    def count_estimate(self, plan: Plan) -> Operation[CountedEstimate]:
        """Estimate a plan from a few of its pages, counted at the API. It costs nothing and sends no batch.

        Where the API cannot be asked, the result is the plan's own estimate with a note. To submit with the
        counted estimate: ``dataclasses.replace(plan, estimate=counted.estimate)``.
        """
        from batchdeck.operations.count import count_estimate

        return Operation(count_estimate(self._context, plan))

    def submit(
        self, plan: Plan, *, max_cost: float | None = None, stagger: float | None = None
    ) -> Operation[Submitted]:
        """Submit a plan. This spends money: calling it is the operator's word.

        Args:
            max_cost: refuse the plan when its estimate is over this many dollars.
            stagger: seconds between two batches; by default as the settings say.
        """
        from batchdeck.operations.submit import submit

        return Operation(submit(self._context, plan, max_cost=max_cost, stagger=stagger))

    def resume(
        self,
        job: str,
        *,
        mode: Mode | str | None = None,
        model: str | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        stagger: float | None = None,
    ) -> Operation[Submitted]:
        """Send what an interrupted or refused job has not sent yet, or its next rung. This spends money.

        Args:
            mode: how; by default as the job was submitted.
            model: the model for its pages from now on.
            max_tokens: the longest answer for its pages from now on.
            max_cost: refuse when the estimate is over this many dollars.
        """
        from batchdeck.operations.submit import ResumeChanges, resume

        changes = ResumeChanges(Mode(mode) if mode is not None else None, model, max_tokens, stagger)
        return Operation(resume(self._context, self.job(job).id, changes, max_cost=max_cost))

    def unsent(self, job: str, mode: Mode | str | None = None) -> Unsent:
        """Say what `resume` would send of a job, and what it would cost, in a mode of choice."""
        from batchdeck.operations.submit import unsent_of

        return unsent_of(self._context, self.job(job).id, Mode(mode) if mode is not None else None)

    def track(
        self,
        *,
        once: bool = False,
        until_ended: bool = False,
        inbox: InboxOrder | str | os.PathLike[str] | None = None,
        unattended: bool = True,
    ) -> Operation[Tracked]:
        """Poll open batches, settle what is in doubt, archive what has ended; carry out standing orders,
        serve the inbox, tell people what is worth it. Orders and the inbox spend money within their caps.

        Args:
            inbox: an inbox as `inbox_order` describes it, or a folder that is to be one; by default the one
                of the settings.
            unattended: False for polling alone, whatever the settings say.
        """
        return Operation(self._tracking(once, until_ended, inbox, unattended))

    def watch(
        self,
        *,
        once: bool = False,
        until_ended: bool = False,
        inbox: InboxOrder | str | os.PathLike[str] | None = None,
        log: str | os.PathLike[str] | Callable[[Mapping[str, Any]], None] | None = None,
    ) -> Operation[Tracked]:
        """Track while nobody looks: log what happens, and keep the service manager informed, if there is one.

        Args:
            log: a file that gets one JSON object a line and is put aside when it has grown (`watch.log_bytes`
                in the settings), or what is called with every record.
        """
        from batchdeck.operations.serving import file_sink, serving

        sink = log if log is None or callable(log) else file_sink(self._context, Path(log))
        return Operation(serving(self._context, self._tracking(once, until_ended, inbox, True), sink))

    def _tracking(
        self,
        once: bool,
        until_ended: bool,
        inbox: InboxOrder | str | os.PathLike[str] | None,
        unattended: bool,
    ) -> AsyncGenerator[Event, None]:
        from batchdeck.operations.heartbeat import beating
        from batchdeck.operations.tell import telling
        from batchdeck.operations.track import track

        chosen = inbox if isinstance(inbox, InboxOrder) else self.inbox_order(inbox)
        tracked = track(self._context, once=once, until_ended=until_ended, inbox=chosen, acts=unattended)
        beaten = beating(self._context, tracked, once=once, until_ended=until_ended)
        return telling(self._context, beaten) if unattended else beaten

    def tell_test(self) -> Operation[tuple[Reached, ...]]:
        """Send a test message to every address of the settings, now."""
        from batchdeck.operations.reach import send_test

        return Operation(send_test(self._context))

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
        """Assemble a job's answers: one validated HTML document per source file, or one file of records for
        the whole job where they are data.

        Args:
            template: by default the settings', for records the recipe's.
        """
        from batchdeck.operations.export import export
        from batchdeck.operations.export_task import ExportOptions

        defaults = self.settings.export
        options = ExportOptions(template or "", figures or defaults.figures)
        folder = Path(out) if out is not None else None
        return Operation(export(self._context, self.job(job).id, out=folder, options=options))

    def reconcile(self) -> Operation[Reconciled]:
        """Settle submissions whose acceptance is unknown."""
        from batchdeck.operations.reconcile import reconcile

        return Operation(reconcile(self._context))

    def account_mended(self) -> Operation[dt.datetime | None]:
        """Say that a held account is in order again: paid work goes on. Result: since when it was held."""
        from batchdeck.operations.money import account_mended

        return Operation(account_mended(self._context))

    def cancel(self, batch: str) -> Operation[Batch]:
        """Ask the API to cancel a batch."""
        from batchdeck.operations.housekeeping import cancel

        return Operation(cancel(self._context, self.batch(batch).id))

    def delete(self, batch: str) -> Operation[Batch]:
        """Delete an ended, archived batch at the API; the deck keeps its archive."""
        from batchdeck.operations.housekeeping import delete

        return Operation(delete(self._context, self.batch(batch).id))

    def doctor(self, *, deep: bool = False) -> Operation[list[Check]]:
        """Check key, endpoint, clock, disk, locks, the deck's files and the libraries; `deep` reads every
        byte. Changes nothing."""
        from batchdeck.operations.doctor import doctor

        return Operation(doctor(self._context, lambda: self._connection.credential_source, deep=deep))

    def repair(self, recovery: Recovery | None = None) -> Operation[Repaired]:
        """Make anew what is derived and quarantine what is damaged; never touches the API.

        Args:
            recovery: what `batchdeck.upkeep.recover_deck` came to just before, for the audit log.
        """
        from batchdeck.operations.repair import repair

        return Operation(repair(self._context, recovery))

    def adopt(self, batches: Sequence[str] = ()) -> Operation[tuple[Batch, ...]]:
        """Take in batches made elsewhere, not tracked yet: those named, else all of the workspace's."""
        from batchdeck.operations.housekeeping import adopt

        return Operation(adopt(self._context, batches))

    async def close(self) -> None:
        """Stop workers and connections. Whatever was under way can be resumed."""
        await self._context.workers.close()
        await self._context.readers.close()
        await self._connection.close()
        await asyncio.to_thread(tidy, self._context)
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


DeckOpening = Opening[Deck]
"""A deck about to be opened, as `Deck.open` returns it."""
