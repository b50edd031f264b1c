"""Real time: one submission's requests sent one by one, each answer kept on disk as it comes.

A run ends as a batch that this deck has worked off itself (`realtime_end`): the same request log, the same
results file, judged, retried and exported like any other. Its pages that never left are free again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from batchdeck.api.gateway import Gateway
from batchdeck.domain.batches import RequestCounts, Submission, SubmissionState
from batchdeck.domain.events import (
    AccountHeldEvent,
    AnswersArriving,
    BatchArchived,
    BatchSubmitted,
    Event,
    Waiting,
)
from batchdeck.domain.outcomes import ANSWER_LOST
from batchdeck.domain.pacing import Pacing
from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiUnreachable,
    BatchDeckError,
    Conflict,
    NotSent,
    RateLimited,
    RequestRefused,
    StorageFailed,
)
from batchdeck.operations.context import Context
from batchdeck.operations.exclusive import try_realtime_lock
from batchdeck.operations.money import require_means
from batchdeck.operations.realtime_end import end_run, show_progress
from batchdeck.store.realtime import RealtimeJournal, answer_row, error_row

_TICK = 0.25
_PATIENCE = 5
"""How often in a row a request may fail to leave before the run stops."""
_PAUSE_AFTER_NOT_SENT = 1.0
_OVERLOADED = 529
_LONGEST_ERROR = 2_000


class _Request(msgspec.Struct):
    custom_id: str
    params: msgspec.Raw


_decode = msgspec.json.Decoder(_Request).decode


@dataclass(slots=True)
class _Progress:
    """What a run has come to so far."""

    total: int
    succeeded: int = 0
    errored: int = 0
    stopped_by: BatchDeckError | None = None
    not_sent_in_a_row: int = 0
    resume_at: dt.datetime | None = None
    has_more: bool = True
    """Whether requests are left that have not been tried."""
    again: deque[bytes] = field(default_factory=deque)
    """Requests that provably were not answered, to go out before all others."""

    @property
    def counts(self) -> RequestCounts:
        done = self.succeeded + self.errored
        return RequestCounts(self.total - done, self.succeeded, self.errored)


async def run_realtime(context: Context, key: str, number: int = 1) -> AsyncGenerator[Event, None]:
    """Work off one PREPARED real-time submission. `number` is its place among the batches of one run.

    Each request is noted on disk before it leaves and each answer when it has come, so that a run that is
    killed pays for nothing twice: what had left without an answer is shown as perhaps paid, and goes out
    again only at the operator's word. Stopped in an orderly way, it waits for the answers under way.

    Raises:
        AccountHeld: the account needs the operator. What was answered until then is kept.
        ApiUnreachable: requests could not be sent. Likewise.
    """
    gateway = await context.open_gateway()
    while True:
        with try_realtime_lock(context) as is_free:
            if is_free:
                submission = await asyncio.to_thread(_begin, context, key)
                async for event in _run(context, gateway, submission, number):
                    yield event
                return
        yield Waiting(context.now() + dt.timedelta(seconds=1), "another process is in a real-time run")
        await asyncio.sleep(1.0)


async def _run(
    context: Context, gateway: Gateway, submission: Submission, number: int
) -> AsyncGenerator[Event, None]:
    key = submission.key
    progress = _Progress(submission.requests)
    journal = await asyncio.to_thread(RealtimeJournal, context.layout, key)
    try:
        async for event in _answer_all(context, gateway, submission, journal, progress):
            yield event
    finally:
        journal.close()
        ended = await end_run(context, key, "the connection was lost or the run was stopped")
    if ended is not None:
        yield BatchSubmitted(submission.job, ended.id, key, ended.remote.counts.total, number)
        yield BatchArchived(ended.id, ended.job, ended.outcomes, ended.cost, ())
    if progress.stopped_by is not None:
        if isinstance(progress.stopped_by, AccountHeld):
            yield AccountHeldEvent(progress.stopped_by.message)
        raise progress.stopped_by


def _begin(context: Context, key: str) -> Submission:
    context.ledger.refresh()
    submission = context.ledger.submission(key)
    if submission.state is not SubmissionState.PREPARED:
        raise Conflict(f"The submission {key} is {submission.state} already.", hint="See `batchdeck ls`.")
    context.audit.append(
        "send",
        job=submission.job,
        submission=key,
        pages=submission.page_count,
        requests=submission.requests,
        estimate_usd=round(submission.reserved_usd, 4),
        model=submission.model,
        mode="realtime",
    )
    with context.ledger.transaction() as tx:
        require_means(context, tx, submission)
        return tx.move(tx.submission(key), SubmissionState.SENDING, sent_at=context.now())


async def _answer_all(
    context: Context, gateway: Gateway, submission: Submission, journal: RealtimeJournal, progress: _Progress
) -> AsyncGenerator[Event, None]:
    """Keep as many requests under way as the API allows until none is left or something stops the run."""
    pacing = Pacing(context.settings.realtime.concurrency)
    lines = _lines(context.layout.body(submission.key))
    active: set[asyncio.Task[None]] = set()
    shown = progress.counts
    try:
        while True:
            while len(active) < pacing.allowed and _may_start(context, progress):
                line = progress.again.popleft() if progress.again else next(lines, None)
                if line is None:
                    progress.has_more = False
                    break
                active.add(asyncio.ensure_future(_answer(context, gateway, line, journal, progress, pacing)))
            if not active and (progress.stopped_by is not None or not (progress.has_more or progress.again)):
                return
            if active:
                done, active = await asyncio.wait(active, timeout=_TICK, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            elif progress.resume_at is not None:
                yield Waiting(progress.resume_at, "the API asks to wait")
                await asyncio.sleep(max(0.0, (progress.resume_at - context.now()).total_seconds()))
            if progress.counts != shown:
                shown = progress.counts
                await asyncio.to_thread(show_progress, context, submission.key, shown)
                yield AnswersArriving(submission.job, submission.key, shown)
    finally:
        lines.close()
        await _let_finish(active)


async def _let_finish(active: set[asyncio.Task[None]]) -> None:
    """Wait for what is under way, since it is paid for; stopped once more, let go of it."""
    try:
        while active:
            _, active = await asyncio.wait(active)
    finally:
        for task in active:
            task.cancel()
        if active:
            await asyncio.wait(active)


def _may_start(context: Context, progress: _Progress) -> bool:
    is_pausing = progress.resume_at is not None and context.now() < progress.resume_at
    return progress.stopped_by is None and not is_pausing


def _lines(body: Path) -> Generator[bytes, None, None]:
    with body.open("rb") as file:
        yield from file


async def _answer(
    context: Context,
    gateway: Gateway,
    line: bytes,
    journal: RealtimeJournal,
    progress: _Progress,
    pacing: Pacing,
) -> None:
    """Send one request and keep what came of it; never raises for what the API or the network did."""
    request = _decode(line)
    custom_id = request.custom_id

    async def keep(row: bytes) -> None:
        await asyncio.to_thread(journal.answered, row)

    def pause(seconds: float) -> None:
        if seconds > 0:
            until = context.now() + dt.timedelta(seconds=seconds)
            progress.resume_at = max(until, progress.resume_at or until)

    async def put_back(error: BatchDeckError, *, stops: bool) -> None:
        await asyncio.to_thread(journal.free, custom_id)
        progress.again.append(line)
        if stops:
            progress.stopped_by = error

    try:
        await asyncio.to_thread(journal.sent, custom_id)
        try:
            answered = await gateway.answer(bytes(request.params))
        except RateLimited as error:
            pause(pacing.refused(error.retry_after))
            await put_back(error, stops=False)
        except AccountHeld as error:
            await put_back(error, stops=True)
        except NotSent as error:
            progress.not_sent_in_a_row += 1
            pause(_PAUSE_AFTER_NOT_SENT)
            await put_back(error, stops=progress.not_sent_in_a_row >= _PATIENCE)
        except RequestRefused as error:
            progress.errored += 1
            kind = error.error_type or "invalid_request_error"
            await keep(error_row(custom_id, kind, error.message[:_LONGEST_ERROR]))
        except AcceptanceUnknown as error:
            progress.errored += 1
            kind = "overloaded_error" if error.status == _OVERLOADED else ANSWER_LOST
            await keep(error_row(custom_id, kind, error.message[:_LONGEST_ERROR]))
        except ApiUnreachable as error:
            await put_back(error, stops=True)
        else:
            progress.not_sent_in_a_row = 0
            progress.succeeded += 1
            pause(pacing.answered(answered.limits))
            await keep(answer_row(custom_id, answered.message))
    except StorageFailed as error:
        progress.stopped_by = error
