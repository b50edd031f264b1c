"""Standing orders for finished jobs, carried out by whoever polls: retry what failed, then export."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from batchdeck.domain.batches import Batch, Job, Mode
from batchdeck.domain.events import Event, Finished, StandingOrderActed, StandingOrderHeld
from batchdeck.domain.planning import RetryChoice, RetryPlan
from batchdeck.domain.requests import slug
from batchdeck.domain.standing import (
    AUTO_EXPORT,
    AUTO_RETRY,
    FailedPage,
    JobFacts,
    Orders,
    Spender,
    Step,
    archive_state,
    check_spending,
    is_fresh,
    is_open_retry,
    next_step,
)
from batchdeck.errors import BatchDeckError, NothingToSubmit
from batchdeck.operations.asked import recipe_of
from batchdeck.operations.context import Context
from batchdeck.operations.export import export
from batchdeck.operations.export_task import ExportOptions
from batchdeck.operations.pages import job_pages
from batchdeck.operations.plan import unsent_indices
from batchdeck.operations.retry import plan_retry, retry
from batchdeck.operations.send import by_order
from batchdeck.operations.turns import Run, finish, send_prepared, submissions_of
from batchdeck.recipes.recipe import Contract


class StandingOrders:
    """Looks at every job that lately came in, and does what the settings say. Used by one poller.

    Whatever it has done can be read from the ledger, so a process that is killed leaves nothing to repeat:
    retries follow the protocol of every submission, an export is only made again.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        settings = context.settings.standing
        self._orders = Orders(
            settings.auto_retry, settings.auto_retry_attempts, settings.auto_export is not None
        )
        self._spender = Spender(AUTO_RETRY, settings.auto_retry_usd, settings.auto_retry_usd)
        self._template = settings.auto_export_template or context.settings.export.template
        self._told: set[tuple[str, str]] = set()
        self._looked_at: tuple[int, dt.date] | None = None
        self._decided: dict[str, object] = {}
        """What each job looked like when there was nothing more to do for it."""
        self._not_before: dict[str, dt.datetime] = {}
        self._capped: set[str] = set()
        """Jobs whose retry a cap has just held back."""

    @property
    def are_given(self) -> bool:
        """Whether there is any."""
        return self._orders.retries or self._orders.exports

    def is_due(self) -> bool:
        """Say whether something may have to be done: the ledger has changed, a new day allows more, or what
        went wrong is to be tried again."""
        if not self.are_given or self._context.read_only:
            return False
        now = self._context.now()
        return self._mark() != self._looked_at or any(when <= now for when in self._not_before.values())

    def _mark(self) -> tuple[int, dt.date]:
        return self._context.ledger.version, self._context.now().astimezone(dt.UTC).date()

    async def round(self) -> AsyncGenerator[Event, None]:
        """Carry the orders out as far as they go now."""
        while self.is_due():
            self._looked_at = self._mark()
            now = self._context.now()
            for job in list(self._context.ledger.jobs().values()):
                batches = [b for b in self._context.ledger.batches().values() if b.job == job.id]
                if self._not_before.get(job.id, now) > now:
                    continue
                self._not_before.pop(job.id, None)
                if not is_fresh(batches, now) or self._decided.get(job.id) == self._look_of(job, batches):
                    continue
                async with aclosing(self._serve(job, batches)) as events:
                    async for event in events:
                        yield event

    async def _serve(self, job: Job, batches: list[Batch]) -> AsyncGenerator[Event, None]:
        look = self._look_of(job, batches)
        facts = await asyncio.to_thread(self._facts, job, batches)
        # While the account is held nothing is sent; what has come in is exported all the same.
        is_held = bool(self._context.ledger.meta.held)
        orders = replace(self._orders, retries=False) if is_held else self._orders
        decision = next_step(facts, orders)
        if decision.step in (Step.WAIT, Step.NOTHING):
            self._decided[job.id] = look
        if decision.step in (Step.SEND, Step.RETRY):
            is_retry = decision.step is Step.RETRY
            sending = self._retry(job, decision.pages) if is_retry else self._go_on(job)
            async with aclosing(self._careful(AUTO_RETRY, job, sending)) as events:
                async for event in events:
                    yield event
            if job.id in self._capped:
                # What has come in so far is exported all the same.
                self._capped.discard(job.id)
                decision = next_step(facts, replace(self._orders, retries=False))
        if decision.step is Step.EXPORT:
            async with aclosing(self._careful(AUTO_EXPORT, job, self._export(job, facts.state))) as events:
                async for event in events:
                    yield event
        if decision.reason:
            for event in self._held(AUTO_RETRY, job, decision.reason):
                yield event

    async def _careful(
        self, order: str, job: Job, steps: AsyncGenerator[Event, None]
    ) -> AsyncGenerator[Event, None]:
        """Carry out an order for one job. What goes wrong with it is said, and holds up no other job."""
        try:
            async with aclosing(steps) as events:
                async for event in events:
                    yield event
        except NothingToSubmit as refused:
            self._capped.add(job.id)
            today = f"{self._context.now():%F}"
            for event in self._held(order, job, refused.message, once=f"{today}: a cap"):
                yield event
        except BatchDeckError as error:
            # Left alone for a while, then tried again.
            wait = dt.timedelta(seconds=self._context.settings.polling.ceiling_seconds)
            self._not_before[job.id] = self._context.now() + wait
            for event in self._held(order, job, error.message):
                yield event

    def _look_of(self, job: Job, batches: list[Batch]) -> object:
        """Return what a decision rests on, as far as it can be had without reading any page."""
        submissions = self._context.ledger.submissions().values()
        return (
            archive_state(batches),
            job.auto_exported,
            self._context.ledger.meta.held,
            tuple((s.key, s.state) for s in submissions if s.job == job.id),
            tuple(b.key for b in batches if b.gone),
        )

    def _facts(self, job: Job, batches: list[Batch]) -> JobFacts:
        context = self._context
        submissions = [s for s in context.ledger.submissions().values() if s.job == job.id]
        table = job_pages(context, job.id)
        rows = [table.row_of(index) for index in table.failed_indices()] if self._orders.retries else []
        return JobFacts(
            job,
            tuple(sorted(submissions, key=lambda submission: submission.created_at)),
            frozenset(b.key for b in batches if b.archive is not None or b.gone),
            len(unsent_indices(job, submissions)),
            tuple(FailedPage(row.index, row.remedy, row.attempts, row.outcome) for row in rows),
            archive_state(batches, str(self._folder_of(job)), self._template),
        )

    async def _go_on(self, job: Job) -> AsyncGenerator[Event, None]:
        """Send what was prepared before a process was killed, and nothing else of the job."""
        run = Run(job, submissions_of(self._context, job.id), self._spender)
        async for event in send_prepared(self._context, run):
            yield event
        async for event in finish(self._context, run):
            if not isinstance(event, Finished):
                yield event
        if run.pages:
            yield StandingOrderActed(AUTO_RETRY, job.id, "sent what was prepared before", run.pages)

    async def _retry(self, job: Job, pages: tuple[int, ...]) -> AsyncGenerator[Event, None]:
        context = self._context
        plan = await plan_retry(context, job.id, RetryChoice(indices=frozenset(pages), mode=Mode.BATCH))
        # A page may have come to something else since it was chosen, and naming it says more than this may.
        if not is_open_retry(((t.remedy, t.attempt) for t in plan.turns), self._orders.attempts):
            return
        self._require_money(plan)
        context.audit.append(
            "auto_retry",
            job=job.id,
            pages=plan.pages,
            estimate_usd=round(plan.estimate.usd, 4),
            **by_order(AUTO_RETRY),
        )
        changes = "; ".join(dict.fromkeys(f"{t.outcome}: {t.change}" for t in plan.turns))
        yield StandingOrderActed(
            AUTO_RETRY, job.id, f"sends failed pages again ({changes})", plan.pages, plan.estimate.usd
        )
        async with aclosing(retry(context, plan, spender=self._spender)) as events:
            async for event in events:
                if not isinstance(event, Finished):
                    yield event

    def _require_money(self, plan: RetryPlan) -> None:
        """Refuse a plan that is over a cap before anything of it is made. Every batch is checked again."""
        if not plan.turns:
            reasons = "; ".join(sorted({page.reason for page in plan.skipped}))
            raise NothingToSubmit(f"No page can be sent again: {reasons or 'none is left'}.")
        ledger = self._context.ledger
        spent = list(ledger.submissions().values()), list(ledger.batches().values())
        check_spending(self._spender, plan.job, plan.estimate, *spent, self._context.now())

    def _folder_of(self, job: Job) -> Path:
        folder = Path(self._context.settings.standing.auto_export or "").expanduser()
        return self._context.layout.root / folder / "-".join(filter(None, (slug(job.name, 40), job.id)))

    async def _export(self, job: Job, state: str) -> AsyncGenerator[Event, None]:
        context = self._context
        folder = self._folder_of(job)
        # The template that is set is for documents; answers that are data go through their recipe's own.
        is_html = recipe_of(context, job).contract is Contract.PAGE_HTML
        options = ExportOptions(self._template if is_html else "", context.settings.export.figures)
        async with aclosing(export(context, job.id, out=folder, options=options)) as events:
            async for event in events:
                if not isinstance(event, Finished):
                    yield event
        await asyncio.to_thread(self._note_exported, job, state)
        yield StandingOrderActed(AUTO_EXPORT, job.id, "exported", folder=folder)

    def _note_exported(self, job: Job, state: str) -> None:
        with self._context.ledger.transaction() as tx:
            tx.put(replace(tx.job(job.id), auto_exported=state))
        self._context.audit.append("auto_export", job=job.id, **by_order(AUTO_EXPORT))

    def _held(self, order: str, job: Job, reason: str, *, once: str = "") -> list[Event]:
        """Say once for each job and reason (or what `once` calls it) why an order goes no further."""
        if (job.id, once or reason) in self._told:
            return []
        self._told.add((job.id, once or reason))
        return [StandingOrderHeld(order, job.id, reason)]
