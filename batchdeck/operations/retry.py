"""Retrying: failed pages into new batches, each with the change its cause calls for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import replace
from itertools import chain

from batchdeck.domain.batches import Job, Mode
from batchdeck.domain.events import Event
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.planning import RetryChoice, RetryPlan, Turn, estimate_turns, plan_turns
from batchdeck.domain.standing import Spender
from batchdeck.domain.text import show
from batchdeck.errors import ApiNotFound, ApiUnreachable, Conflict, NotFound, NothingToSubmit
from batchdeck.operations.collect import look_again
from batchdeck.operations.context import Context
from batchdeck.operations.models import model_ceilings
from batchdeck.operations.money import check_cost, require_account
from batchdeck.operations.pages import find_page, job_pages
from batchdeck.operations.plan import pages_at_once
from batchdeck.operations.turns import send_turns


async def plan_retry(context: Context, target: str, choice: RetryChoice) -> RetryPlan:
    """Say what a retry would send. Nothing is written.

    Args:
        target: a job id, or a batch id: then only the pages of that batch.
        choice: which pages, and what the operator changes.

    Raises:
        NotFound: there is no such job or batch, or the batch was made elsewhere.
    """
    context.ledger.refresh()
    job_id, within = _pages_of(context, target)
    seen = frozenset(s.key for s in context.ledger.submissions().values() if s.job == job_id)
    table = await asyncio.to_thread(job_pages, context, job_id)
    # Naming a batch names none of its pages: what goes out only when asked for stays where it is.
    failed = [table.row_of(index) for index in table.failed_indices() if within is None or index in within]
    lineage = {row.index: row.custom_id.partition("-")[0] for row in failed}
    turns, skipped = plan_turns(failed, choice, lineage, ceilings=await model_ceilings(context))
    turns = _by_mode(context, context.ledger.job(job_id), turns, choice.mode)
    return RetryPlan(job_id, tuple(turns), tuple(skipped), estimate_turns(turns, context.prices), seen)


def named_pages(context: Context, target: str, custom_ids: Iterable[str]) -> frozenset[int]:
    """Return the global indices of pages of a job or a batch, each by the custom_id of any of its attempts.

    Raises:
        NotFound: there is no such job or batch, or one of the pages is not among its pages.
    """
    job_id, within = _pages_of(context, target)
    indices = set()
    for custom_id in custom_ids:
        page = find_page(context, custom_id)
        if page.job != job_id or (within is not None and page.row.index not in within):
            raise NotFound(
                f"{show(custom_id, 80)} is no page of {target}.", hint=f"See `batchdeck pages {target}`."
            )
        indices.add(page.row.index)
    return frozenset(indices)


def _by_mode(context: Context, job: Job, turns: Sequence[Turn], mode: Mode | None) -> list[Turn]:
    """Part turns into what goes out in batches and what in real time."""
    at_once = pages_at_once(context, job, mode or job.mode)
    return [
        replace(turn, indices=indices, realtime=realtime)
        for turn in turns
        for realtime in (False, True)
        if (indices := tuple(index for index in turn.indices if bool(at_once[index]) is realtime))
    ]


def _pages_of(context: Context, target: str) -> tuple[str, frozenset[int] | None]:
    """Return the job a target belongs to, and the global indices it is limited to (None: all)."""
    if target in context.ledger.jobs():
        return target, None
    batch = context.ledger.batch(target)
    if batch.submission is None:
        raise NotFound(
            f"Batch {target} was made elsewhere: this deck does not have its requests.",
            hint="Retry it where it was made.",
        )
    indices = (range(start, stop) for start, stop in batch.submission.indices)
    return batch.submission.job, frozenset(chain.from_iterable(indices))


async def retry(
    context: Context, plan: RetryPlan, *, max_cost: float | None = None, spender: Spender | None = None
) -> AsyncGenerator[Event, None]:
    """Send a retry plan; the result is a `Submitted`. Calling it is the operator's word: it spends money.

    Args:
        spender: the standing order that sends it, if one does; its caps hold for every batch.

    Raises:
        NothingToSubmit: the plan has no pages, or costs more than allowed.
        Conflict: another process has resubmitted one of the pages meanwhile.
        AccountHeld: the account is held, and nobody has said that it is in order again.
    """
    context.require_writable("retry")
    if not plan.turns:
        reasons = sorted({page.reason for page in plan.skipped})
        raise NothingToSubmit(
            "No page is left to resubmit." + (" " + "; ".join(reasons) + "." if reasons else ""),
            hint="See `batchdeck pages JOB` for the outcome of each page.",
        )
    require_account(context)
    check_cost(context, plan.estimate, max_cost)
    await _look_for_missing(context, plan)
    async for event in send_turns(context, plan.job, plan.turns, seen=plan.seen, spender=spender):
        yield event


async def _look_for_missing(context: Context, plan: RetryPlan) -> None:
    """Ask the API once more for rows that were missing: pages that did come must not be paid again.

    Raises:
        Conflict: they have come; the plan is out of date.
    """
    keys = {key for turn in plan.turns if turn.outcome is Outcome.MISSING for key in turn.lineage}
    for batch in list(context.ledger.batches().values()):
        if batch.key not in keys or batch.archive is None:
            continue
        try:
            have_come = await look_again(context, batch)
        except (ApiNotFound, ApiUnreachable):
            continue
        if have_come:
            raise Conflict(
                f"Pages that were missing from {batch.id} have come after all; nothing was sent.",
                hint="Retry again: what is still failed is then sent.",
            )
