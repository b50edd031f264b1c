"""Small first: sending a job rung by rung, each after the gate of the one before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from batchdeck.domain.batches import Job, Mode, Part, SubmissionState, ranges_of, ranges_overlap
from batchdeck.domain.costs import Estimate
from batchdeck.domain.events import Event, GateFailed, Note, RungStarted
from batchdeck.domain.ladder import Gates, RungResult, gate_failures
from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.domain.pages import PageRow
from batchdeck.domain.planning import Turn
from batchdeck.errors import BatchDeckError, NothingToSubmit
from batchdeck.operations.context import Context
from batchdeck.operations.money import check_cost, expected_cost
from batchdeck.operations.pages import job_pages
from batchdeck.operations.plan import unsent_indices
from batchdeck.operations.rollup import refresh_rollup
from batchdeck.operations.turns import Run, first_turns, send_all, send_prepared, submissions_of
from batchdeck.store.plans import read_plan

_HOPELESS = frozenset({Remedy.FIX_REQUEST, Remedy.CHANGED, Remedy.UNKNOWN})
"""What a trial page's error calls for when the same parameters would fail on every page."""


@dataclass(frozen=True, slots=True)
class LadderStanding:
    """Where a job stands on its ladder."""

    rungs: int
    """How many there are, the rest included."""
    next_rung: int | None
    """0-based number of the rung to be sent next; None when all of it has been sent."""
    next_pages: tuple[int, ...] = ()
    """Global indices of its unsent pages."""
    pending: int = 0
    """Pages of the rungs before it that are still under way."""
    reasons: tuple[str, ...] = ()
    """Why it is not to be sent by itself."""
    failed: tuple[str, ...] = ()
    """custom_ids of the failed pages of the rung before it."""


def ladder_standing(context: Context, job: Job) -> LadderStanding:
    """Return where a job stands. Looks at the pages of sampling rungs only, never at those of the rest."""
    rungs = read_plan(context.layout, job.id).rungs
    submissions = list(context.ledger.submissions().values())
    unsent = unsent_indices(job, submissions)
    count = len(job.ladder) + 1
    if not unsent:
        return LadderStanding(count, None)
    rung = min(rungs[index] for index in unsent)
    chosen = tuple(index for index in unsent if rungs[index] == rung)
    table = job_pages(context, job.id)
    before = [table.row_of(index) for index, its in enumerate(rungs) if its < rung]
    pending = sum(row.outcome is Outcome.PENDING for row in before)
    last = [row for row in before if rungs[row.index] == rung - 1]
    if rung == 0:
        here = [table.row_of(index) for index, its in enumerate(rungs) if its == 0]
        reasons = list(filter(None, map(_trial_refusal, here)))
        last = [row for row in here if _trial_refusal(row)]
    else:
        reasons = [] if pending else gate_failures(_result_of(context, job, last), _gates(context))
    claimed = ranges_of(list(chosen))
    for submission in submissions:
        if submission.job != job.id or not ranges_overlap(submission.indices, claimed):
            continue
        if submission.state is SubmissionState.REJECTED and not submission.for_account:
            reasons.append(f"the API refused it: {submission.note}")
        elif submission.state is SubmissionState.ABSENT:
            reasons.append("the API never took it")
    failed = tuple(row.custom_id for row in last if row.outcome.is_failure)
    return LadderStanding(count, rung, chosen, pending, tuple(dict.fromkeys(reasons)), failed)


def _gates(context: Context) -> Gates:
    ladder = context.settings.ladder
    return Gates(ladder.most_failures, ladder.least_recall, ladder.most_cost)


def _result_of(context: Context, job: Job, rows: Sequence[PageRow]) -> RungResult:
    costs = [row.cost for row in rows]
    at_once = [s.indices for s in context.ledger.submissions().values() if s.job == job.id and s.realtime]
    one = Part(((0, 1),), job.model, job.max_tokens)
    prices = [expected_cost(context, job, one, realtime=realtime).usd for realtime in (False, True)]

    def expected_of(row: PageRow) -> float:
        return prices[any(ranges_overlap(indices, ((row.index, row.index + 1),)) for indices in at_once)]

    return RungResult(
        [row.outcome for row in rows],
        [row.recall for row in rows if row.recall is not None],
        sum(cost or 0.0 for cost in costs) if None not in costs else None,
        sum(map(expected_of, rows)),
    )


async def climb(
    context: Context, run: Run, mode: Mode, *, by_itself: bool = False
) -> AsyncGenerator[Event, None]:
    """Send the next rung of a job's ladder, if there is one and the rung before it is over.

    Args:
        mode: how its pages are sent.
        by_itself: nobody has said so now: only past a gate that holds, within the caps of the settings.
    """
    job = run.job
    standing = await asyncio.to_thread(ladder_standing, context, job)
    if standing.next_rung is None:
        return
    number = standing.next_rung + 1
    if standing.pending:
        if not by_itself:
            yield Note(
                f"Rung {number} waits: {standing.pending} pages before it are still under way.", "warning"
            )
        return
    reasons = list(standing.reasons)
    turns = await asyncio.to_thread(first_turns, context, job, standing.next_pages, mode)
    if by_itself and not reasons:
        try:
            cost = Estimate(0.0, 0.0, 0.0)
            for turn in turns:
                part = Part(turn.ranges, turn.model, turn.max_tokens)
                cost += expected_cost(context, job, part, realtime=turn.realtime)
            check_cost(context, cost, None)
        except NothingToSubmit as error:
            reasons.append(error.message)
    if reasons and by_itself:
        reason = "; ".join(reasons)
        if job.gate != reason:
            await asyncio.to_thread(_record_gate, context, job.id, reason)
            yield GateFailed(job.id, number, reason, standing.failed)
        return
    for reason in reasons:
        yield Note(f"Rung {number} goes out although {reason}.", "warning")
    await asyncio.to_thread(_record_gate, context, job.id, "")
    yield RungStarted(job.id, number, standing.rungs, len(standing.next_pages))
    if number == 1 and context.settings.ladder.trial and not run.seen:
        async with aclosing(_try_one(context, run, standing.next_pages[0])) as events:
            async for event in events:
                yield event
                if isinstance(event, GateFailed):
                    return
        turns = await asyncio.to_thread(first_turns, context, job, standing.next_pages[1:], mode)
    if turns and not run.is_stopped:
        async for event in send_all(context, run, turns):
            yield event


async def _try_one(context: Context, run: Run, index: int) -> AsyncGenerator[Event, None]:
    """Ask one page in real time; stop the ladder when the API refuses its parameters."""
    job = run.job
    async for event in send_all(context, run, [Turn((index,), job.model, job.max_tokens, realtime=True)]):
        yield event
    row = (await asyncio.to_thread(job_pages, context, job.id)).row_of(index)
    if reason := _trial_refusal(row):
        await asyncio.to_thread(_record_gate, context, job.id, reason)
        yield GateFailed(job.id, 1, reason, (row.custom_id,))


def _trial_refusal(row: PageRow) -> str:
    """Say why nothing more is to be sent after a page of the first rung; empty when it may be."""
    if row.outcome is not Outcome.ERRORED or row.remedy not in _HOPELESS:
        return ""
    return f"the API refused the trial page: {row.detail or row.error_type}"


async def go_on_by_itself(context: Context, job_id: str) -> AsyncGenerator[Event, None]:
    """Send a job's next rung if its gate holds, or say once why it does not. Part of tracking."""
    if context.ledger.meta.held:
        return
    run = Run(context.ledger.job(job_id), submissions_of(context, job_id))
    try:
        async for event in send_prepared(context, run):
            yield event
        if not run.is_stopped:
            async for event in climb(context, run, run.job.mode, by_itself=True):
                yield event
    except BatchDeckError as error:
        yield Note(f"The next rung of {run.job.name} was not sent: {error.message}", "warning")
    await asyncio.to_thread(refresh_rollup, context, job_id)


def _record_gate(context: Context, job_id: str, reason: str) -> None:
    if context.ledger.job(job_id).gate == reason:
        return
    with context.ledger.transaction() as tx:
        tx.put(replace(tx.job(job_id), gate=reason))
    context.audit.append("gate_failed" if reason else "gate_passed", job=job_id, reason=reason)
