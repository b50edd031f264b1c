"""Sending one prepared submission: intent on disk first, one `create` at a time, no blind retry."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import aclosing

from batchdeck.api.gateway import Gateway
from batchdeck.domain.batches import Batch, RemoteBatch, Submission, SubmissionState
from batchdeck.domain.events import (
    AccountHeldEvent,
    BatchSending,
    BatchSubmitted,
    Event,
    SubmissionInDoubt,
    SubmissionRefused,
    Waiting,
)
from batchdeck.errors import (
    AcceptanceUnknown,
    AccountHeld,
    ApiRefused,
    ApiUnreachable,
    BatchDeckError,
    NothingToSubmit,
    NotSent,
    RateLimited,
)
from batchdeck.operations.context import Context
from batchdeck.operations.exclusive import submit_lock
from batchdeck.operations.money import require_means
from batchdeck.operations.queue import wait_for_room
from batchdeck.store.disk import drop

_PROGRESS_SECONDS = 0.25
_MOST_RATE_LIMIT_WAITS = 20


async def send_submission(context: Context, key: str, number: int = 1) -> AsyncGenerator[Event, None]:
    """Send one PREPARED submission and record what came of it.

    The order is the promise: audit line and SENDING are on disk before the first byte leaves; whatever
    happens afterwards, the ledger says what is known. `number` is its place among the batches of one run.

    Raises:
        AccountHeld: the account needs the operator; the submission is REJECTED and its pages are free, or
            still PREPARED where the account was held before.
        NothingToSubmit: a cap is in the way by now; the submission is still PREPARED.
        ApiRefused: likewise, for another reason.
        ApiUnreachable: the body was provably not sent; the submission is PREPARED again.
        AcceptanceUnknown: it may have been accepted; the submission is IN_DOUBT.
    """
    gateway = await context.open_gateway()
    async for waiting in wait_for_room(context, gateway, context.ledger.submission(key).requests):
        yield waiting
    async with submit_lock(context):
        for _ in range(_MOST_RATE_LIMIT_WAITS):
            submission = await asyncio.to_thread(_begin, context, key)
            watermark = await gateway.newest_batch_id()
            submission = await asyncio.to_thread(_mark_sending, context, submission, watermark or "")
            try:
                async with aclosing(_create(context, gateway, submission)) as steps:
                    async for step in steps:
                        if isinstance(step, Batch):
                            yield BatchSubmitted(submission.job, step.id, key, submission.requests, number)
                            return
                        yield step
            except RateLimited as error:
                await asyncio.to_thread(_back_to_prepared, context, key, error.message)
                until = context.now() + dt.timedelta(seconds=error.retry_after)
                yield Waiting(until, f"the API asks to wait: {error.message}")
                await asyncio.sleep(error.retry_after)
            except AccountHeld as error:
                await asyncio.to_thread(_reject, context, key, error)
                yield SubmissionRefused(submission.job, key, error.message)
                yield AccountHeldEvent(error.message)
                raise
            except ApiRefused as error:
                await asyncio.to_thread(_reject, context, key, error)
                yield SubmissionRefused(submission.job, key, error.message)
                raise
            except NotSent as error:
                await asyncio.to_thread(_back_to_prepared, context, key, error.message)
                raise
            except BatchDeckError as error:
                if context.ledger.submission(key).state is SubmissionState.SUBMITTED:
                    raise  # the batch is recorded; only a line of the audit log did not find room
                await asyncio.to_thread(record_doubt, context, key, error.message)
                yield SubmissionInDoubt(submission.job, key, error.message)
                raise AcceptanceUnknown(
                    error.message, hint="Run `batchdeck reconcile`; do not submit these pages again before."
                ) from error
        raise RateLimited(
            "The API kept asking to wait.", hint="Run `batchdeck submit --resume` later.", retry_after=60
        )


async def _create(
    context: Context, gateway: Gateway, submission: Submission
) -> AsyncGenerator[Event | Batch, None]:
    """Make the one `create` call, reporting bytes on the way; the last item is the recorded batch.

    Stopped on the way, it records what is known: bytes are counted before they are handed over, so fewer
    than all of them means that the server has no whole body.
    """
    sent = 0

    def on_sent(total: int) -> None:
        nonlocal sent
        sent = total

    path = context.layout.body(submission.key)
    size = submission.body_bytes
    call = asyncio.ensure_future(gateway.create_batch(path, size, on_sent=on_sent))
    shown = -1
    is_settled = False
    try:
        while not call.done():
            await asyncio.wait({call}, timeout=_PROGRESS_SECONDS)
            if sent != shown:
                shown = sent
                yield BatchSending(submission.key, submission.requests, sent, size)
        is_settled = call.exception() is not None
        remote = call.result()
        batch = await asyncio.to_thread(record_acceptance, context, submission.key, remote)
        is_settled = True
        yield batch
    finally:
        if not is_settled:
            _record_stopped(context, submission, call, is_whole=sent >= size)


def _record_stopped(
    context: Context, submission: Submission, call: asyncio.Future[RemoteBatch], *, is_whole: bool
) -> None:
    """Record what is known of a call that was stopped on the way."""
    if context.ledger.submission(submission.key).state is SubmissionState.SUBMITTED:
        return
    if call.done() and not call.cancelled() and call.exception() is None:
        record_acceptance(context, submission.key, call.result())
        return
    call.cancel()
    if is_whole:
        record_doubt(context, submission.key, "interrupted while waiting for the answer")
    else:
        _back_to_prepared(context, submission.key, "interrupted before it was sent")


def _begin(context: Context, key: str) -> Submission:
    context.ledger.refresh()
    submission = context.ledger.submission(key)
    if submission.state is not SubmissionState.PREPARED:
        raise ApiUnreachable(
            f"The submission {key} is {submission.state} already.", hint="See `batchdeck ls`."
        )
    return submission


def _mark_sending(context: Context, submission: Submission, watermark: str) -> Submission:
    context.audit.append(
        "send",
        job=submission.job,
        submission=submission.key,
        pages=submission.page_count,
        requests=submission.requests,
        estimate_usd=round(submission.reserved_usd, 4),
        model=submission.model,
        **by_order(submission.order),
    )
    try:
        with context.ledger.transaction() as tx:
            require_means(context, tx, submission)
            return tx.move(
                tx.submission(submission.key),
                SubmissionState.SENDING,
                watermark=watermark,
                sent_at=context.now(),
            )
    except (NothingToSubmit, AccountHeld) as error:
        context.audit.append("not_sent", submission=submission.key, reason=error.message)
        raise


def by_order(order: str) -> dict[str, str]:
    """Return what a line of the audit log says of who asked, where no operator did."""
    return {"by": f"standing order {order}"} if order else {}


def record_acceptance(context: Context, key: str, remote: RemoteBatch, *, how: str = "accepted") -> Batch:
    """Record that the API has taken a submission as `remote`, and let go of its body.

    Call it in a thread: some file systems take half a second to let go of hundreds of megabytes. A second
    call, after one that was not waited for, finds it recorded.
    """
    batch = _record_batch(context, key, remote, how)
    drop(context.layout.body(key))
    return batch


def _record_batch(context: Context, key: str, remote: RemoteBatch, how: str) -> Batch:
    # A batch id must be recorded even on a full disk: room for it was set aside.
    with context.ledger.transaction(uses_reserve=True) as tx:
        if tx.submission(key).batch_id == remote.id:
            return tx.batch(remote.id)  # a poller has found it in the meantime
        submission = tx.move(tx.submission(key), SubmissionState.SUBMITTED, batch_id=remote.id, note="")
        batch = Batch(remote.id, key, submission.job, remote, submission, last_polled_at=context.now())
        tx.put(batch)
    context.audit.append(how, job=submission.job, submission=key, batch=remote.id)
    return batch


def _back_to_prepared(context: Context, key: str, note: str) -> None:
    with context.ledger.transaction() as tx:
        tx.move(tx.submission(key), SubmissionState.PREPARED, note=note)
    context.audit.append("not_sent", submission=key, reason=note)


def _reject(context: Context, key: str, error: ApiRefused) -> None:
    with context.ledger.transaction() as tx:
        is_held = isinstance(error, AccountHeld)
        tx.move(tx.submission(key), SubmissionState.REJECTED, note=error.message, for_account=is_held)
    context.audit.append("refused", submission=key, reason=error.message, status=error.status)
    drop(context.layout.body(key))


def record_doubt(context: Context, key: str, note: str) -> None:
    """Record that it is not known whether the API has taken a submission."""
    with context.ledger.transaction() as tx:
        tx.move(tx.submission(key), SubmissionState.IN_DOUBT, note=note, doubted_at=context.now())
    context.audit.append("in_doubt", submission=key, reason=note)
