"""Turns of pages on their way: prepared by the workers, spooled, claimed, sent, one batch after the other."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from batchdeck.domain.batches import (
    Job,
    Mode,
    Submission,
    SubmissionState,
    ranges_of,
    ranges_overlap,
)
from batchdeck.domain.costs import Estimate
from batchdeck.domain.events import (
    BatchSubmitted,
    Event,
    Finished,
    Note,
    PagesPrepared,
    SubmissionInDoubt,
    SubmissionRefused,
    Waiting,
)
from batchdeck.domain.planning import Submitted, Turn
from batchdeck.domain.requests import NONCE_LENGTH
from batchdeck.domain.standing import Spender, check_spending
from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiRefused,
    ApiUnreachable,
    BatchDeckError,
    Conflict,
    NothingToSubmit,
)
from batchdeck.operations.asked import part_by_request
from batchdeck.operations.context import Context
from batchdeck.operations.money import expected_cost, hold_account, require_means
from batchdeck.operations.plan import batch_limits, pages_at_once, unsent_indices
from batchdeck.operations.prepare import PreparedPart, remove_part
from batchdeck.operations.prepare_turn import prepare_turn
from batchdeck.operations.realtime import run_realtime
from batchdeck.operations.rollup import refresh_rollup
from batchdeck.operations.send import by_order, send_submission
from batchdeck.operations.spool import Spool, SpooledBody


@dataclass(slots=True)
class Run:
    """What one run of turns has come to so far."""

    job: Job
    seen: frozenset[str]
    """Keys of the job's submissions when the pages to send were chosen."""
    spender: Spender | None = None
    stagger: float | None = None
    """Seconds between two of its batches; None: as the settings say."""
    """The standing order that sends, with its caps; None for an operator."""
    batches: list[str] = field(default_factory=list)
    pages: int = 0
    in_doubt: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    held: str = ""
    unreachable: BatchDeckError | None = None

    @property
    def is_stopped(self) -> bool:
        """Whether the API has said or done something after which no more batches are to be sent."""
        return bool(self.held or self.refused or self.unreachable)

    @property
    def is_shut_out(self) -> bool:
        """Whether nothing is to be sent any more, in real time neither: a refused batch leaves that open."""
        return bool(self.held) or isinstance(self.unreachable, ApiUnreachable)

    def result(self, unsent: int) -> Submitted:
        return Submitted(
            self.job.id,
            tuple(self.batches),
            self.pages,
            tuple(self.in_doubt),
            tuple(self.refused),
            unsent,
            is_climbing=bool(unsent and self.job.ladder),
            held=self.held,
        )


def first_turns(context: Context, job: Job, indices: Sequence[int], mode: Mode) -> list[Turn]:
    """Return the turns that pages go out with for the first time: in batches, and in real time."""
    at_once = pages_at_once(context, job, mode)
    turns = [
        Turn(chosen, job.model, job.max_tokens, realtime=realtime)
        for realtime in (False, True)
        if (chosen := array("I", (index for index in indices if bool(at_once[index]) is realtime)))
    ]
    return part_by_request(context, job, turns)


async def send_turns(
    context: Context,
    job_id: str,
    turns: Sequence[Turn],
    *,
    seen: frozenset[str],
    spender: Spender | None = None,
) -> AsyncGenerator[Event, None]:
    """Send turns of an existing job (a retry). Result: `Submitted`.

    Args:
        seen: keys of the job's submissions when the turns were planned.
        spender: the standing order that sends them, if one does.

    Raises:
        NothingToSubmit: a standing order would go over one of its caps.
        Conflict: a newer submission has taken up one of the pages meanwhile, even if it is done already.
    """
    context.require_writable("submit")
    run = Run(context.ledger.job(job_id), seen, spender)
    async for event in send_all(context, run, turns):
        yield event
    async for event in finish(context, run):
        yield event


async def send_prepared(context: Context, run: Run) -> AsyncGenerator[Event, None]:
    """Send submissions that were prepared by a run that was interrupted. Their spooled body decides.

    A standing order goes on with its own only: what an operator prepared waits for the operator's word.
    """
    for submission in list(context.ledger.submissions().values()):
        if submission.job != run.job.id or submission.state is not SubmissionState.PREPARED:
            continue
        if run.spender is not None and submission.order != run.spender.name:
            continue
        if not context.layout.body(submission.key).exists():
            await asyncio.to_thread(_discard, context, submission.key)
            continue
        async for event in _send_one(context, run, submission.key):
            yield event
        if run.is_stopped:
            return


def _discard(context: Context, key: str) -> None:
    with context.ledger.transaction() as tx:
        tx.move(tx.submission(key), SubmissionState.DISCARDED, note="its spooled body is gone")
    context.audit.append("discarded", submission=key)


async def send_all(context: Context, run: Run, turns: Sequence[Turn]) -> AsyncGenerator[Event, None]:
    """Prepare and send turns until the API has stopped the run: first as few batches as will hold them, then,
    while those are being worked off, what goes out in real time."""
    batched = [turn for turn in turns if not turn.realtime]
    realtime = [turn for turn in turns if turn.realtime]
    if batched:
        async for event in _send_alike(context, run, batched, realtime=False):
            yield event
    if realtime and not run.is_shut_out:
        async for event in _send_alike(context, run, realtime, realtime=True):
            yield event


async def _send_alike(
    context: Context, run: Run, turns: Sequence[Turn], *, realtime: bool
) -> AsyncGenerator[Event, None]:
    total = sum(len(turn.indices) for turn in turns)
    done = 0
    spool: Spool | None = None
    try:
        async for turn, part in _prepare_all(context, run.job, turns):
            done += len(part.pages)
            yield PagesPrepared(done, total, part.task.name)
            for page in part.pages:
                if page.problem:
                    yield Note(f"Page #{page.index} of {part.task.name} {page.problem}; not sent.", "error")
            start = 0
            while start < len(part.pages):
                if spool is None:
                    spool = Spool(context.layout, _new_key(), batch_limits(context), realtime=realtime)
                start = await asyncio.to_thread(spool.take, turn, part, start)
                if start < len(part.pages):
                    full, spool = spool, None
                    async for event in _record_and_send(context, run, full):
                        yield event
                    if run.is_shut_out or (run.is_stopped and not realtime):
                        return
            remove_part(part)
        if spool is not None:
            last, spool = spool, None
            async for event in _record_and_send(context, run, last):
                yield event
    finally:
        if spool is not None:
            spool.discard()


async def _prepare_all(
    context: Context, job: Job, turns: Sequence[Turn]
) -> AsyncGenerator[tuple[Turn, PreparedPart], None]:
    for turn in turns:
        async for part in prepare_turn(context, job, turn):
            yield turn, part


def submissions_of(context: Context, job_id: str) -> frozenset[str]:
    """Return the keys of a job's submissions as of now."""
    context.ledger.refresh()
    return frozenset(s.key for s in context.ledger.submissions().values() if s.job == job_id)


def _new_key() -> str:
    return secrets.token_hex(NONCE_LENGTH // 2)


async def _record_and_send(context: Context, run: Run, spool: Spool) -> AsyncGenerator[Event, None]:
    if spool.is_empty:
        await asyncio.to_thread(spool.discard)
        return
    body = await asyncio.to_thread(spool.finish)
    try:
        await asyncio.to_thread(_record_prepared, context, run, body)
    except (Conflict, NothingToSubmit, AccountHeld):
        await asyncio.to_thread(spool.discard)
        raise
    async for event in _send_one(context, run, body.key):
        yield event


def _record_prepared(context: Context, run: Run, body: SpooledBody) -> None:
    expected = Estimate(0.0, 0.0, 0.0)
    for part in body.parts:
        expected += expected_cost(context, run.job, part, realtime=body.realtime)
    submission = Submission(
        key=body.key,
        job=run.job.id,
        state=SubmissionState.PREPARED,
        created_at=context.now(),
        indices=ranges_of(body.indices),
        requests=body.requests,
        body_bytes=body.bytes,
        body_sha256=body.sha256,
        attempt=max(turn.attempt for turn in body.turns),
        lineage=tuple(dict.fromkeys(key for turn in body.turns for key in turn.lineage)),
        parts=body.parts,
        reserved_usd=expected.usd,
        realtime=body.realtime,
        order=run.spender.name if run.spender is not None else "",
    )
    with context.ledger.transaction() as tx:
        for other in tx.submissions().values():
            if (
                other.job == run.job.id
                and other.key not in run.seen
                and other.state.holds_pages
                and ranges_overlap(other.indices, submission.indices)
            ):
                raise Conflict(
                    f"Pages of this job were taken up meanwhile by submission {other.key} ({other.state}).",
                    hint="Look at the job again; what is still failed can then be retried.",
                )
        if run.spender is not None:
            # In the transaction that reserves the money: nobody else's spending can come between.
            spent = list(tx.submissions().values()), list(tx.batches().values())
            check_spending(run.spender, run.job.id, expected, *spent, context.now())
        require_means(context, tx, submission, known=expected.known)
        tx.claim(submission)
    run.seen |= {submission.key}
    context.audit.append(
        "prepared", job=run.job.id, submission=body.key, pages=len(body.indices), **by_order(submission.order)
    )


async def _send_one(context: Context, run: Run, key: str) -> AsyncGenerator[Event, None]:
    """Send one submission and note what came of it; never raises for what the API said."""
    if run.batches and not context.ledger.submission(key).realtime:
        async for waiting in _stagger(context, run):
            yield waiting
    send = run_realtime if context.ledger.submission(key).realtime else send_submission
    try:
        async with aclosing(send(context, key, len(run.batches) + 1)) as events:
            async for event in events:
                if isinstance(event, BatchSubmitted):
                    run.batches.append(event.batch)
                    run.pages += event.requests
                elif isinstance(event, SubmissionRefused):
                    run.refused.append(event.reason)
                elif isinstance(event, SubmissionInDoubt):
                    run.in_doubt.append(event.submission)
                yield event
    except AccountHeld as error:
        run.held, run.unreachable = error.message, error
        await asyncio.to_thread(hold_account, context, error)
    except (ApiRefused, AcceptanceUnknown, ApiUnreachable) as error:
        run.unreachable = error


async def _stagger(context: Context, run: Run) -> AsyncGenerator[Waiting, None]:
    """Pause before another batch of the same submission."""
    seconds = context.settings.limits.stagger_seconds if run.stagger is None else run.stagger
    if seconds:
        yield Waiting(context.now() + dt.timedelta(seconds=seconds), "batches are sent with a pause between")
        await asyncio.sleep(seconds)


async def finish(context: Context, run: Run) -> AsyncGenerator[Event, None]:
    """Bring the job's tally up to date and say what the run came to; raise if nothing was sent at all."""
    await asyncio.to_thread(refresh_rollup, context, run.job.id)
    if run.unreachable is not None and not run.batches and not run.in_doubt:
        if isinstance(run.unreachable, ApiRefused):
            run.unreachable.job = run.job.id
        raise run.unreachable
    submissions = list(context.ledger.submissions().values())
    unsent = await asyncio.to_thread(unsent_indices, run.job, submissions)
    yield Finished(run.result(len(unsent)))
