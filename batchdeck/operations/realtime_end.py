"""The end of a real-time run, whole or stopped: its journal becomes an archived batch, the rest is free."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from batchdeck.domain.batches import (
    REALTIME_PREFIX,
    Archive,
    Batch,
    Part,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
    ranges_of,
)
from batchdeck.operations.collect import record_judged
from batchdeck.operations.context import Context
from batchdeck.operations.exclusive import try_realtime_lock
from batchdeck.store.archive import ResultsWriter
from batchdeck.store.disk import drop
from batchdeck.store.realtime import JournalState, read_journal, result_rows
from batchdeck.store.requests import RequestLogWriter, read_requests
from batchdeck.store.transaction import Transaction

_NEVER_EXPIRES = dt.timedelta(days=36_500)


def realtime_id(key: str) -> str:
    """Return the id of the batch that a real-time submission is shown as."""
    return REALTIME_PREFIX + key


def show_progress(context: Context, key: str, counts: RequestCounts) -> None:
    """Record how far a run is, for everybody who watches the deck."""
    with context.ledger.transaction() as tx:
        submission = tx.submission(key)
        known = tx.batches().get(realtime_id(key))
        began = known.remote.created_at if known is not None else submission.sent_at or context.now()
        remote = RemoteBatch(realtime_id(key), "in_progress", counts, began, began + _NEVER_EXPIRES)
        if submission.batch_id is None:
            tx.put(replace(submission, batch_id=remote.id))
        tx.put(Batch(remote.id, key, submission.job, remote, submission, last_polled_at=context.now()))


async def end_stopped_runs(context: Context) -> list[Batch]:
    """Bring runs to their end whose process was killed. Sends nothing; does nothing while a run is alive."""
    stopped = [
        s.key
        for s in context.ledger.submissions().values()
        if s.realtime and s.state is SubmissionState.SENDING
    ]
    ended: list[Batch] = []
    if stopped:
        with try_realtime_lock(context) as nobody_runs:
            if nobody_runs:
                await asyncio.to_thread(context.ledger.refresh)
                for key in stopped:
                    if context.ledger.submission(key).state is SubmissionState.SENDING:
                        batch = await end_run(context, key, "the process that sent it was stopped")
                        ended += [batch] if batch is not None else []
    return ended


async def end_run(context: Context, key: str, why_lost: str) -> Batch | None:
    """Archive and judge what a run has brought; free the pages that never left. None when nothing left.

    Call it under the real-time lock. Killed on the way, it is done again from the same journal.

    Args:
        why_lost: what to say of a request that left and has no answer.
    """
    state = await asyncio.to_thread(read_journal, context.layout, key)
    batch = None
    if state.went_out:
        batch = await asyncio.to_thread(_archive, context, key, state, why_lost)
        ended = batch

        def settle(tx: Transaction) -> None:
            tx.move(tx.submission(key), SubmissionState.SUBMITTED, **_changes(ended))
            tx.put(ended)

        batch = await record_judged(context, batch, settle)
    else:
        await asyncio.to_thread(_discard, context, key)
    drop(context.layout.realtime(key))
    drop(context.layout.body(key))
    return batch


def _discard(context: Context, key: str) -> None:
    with context.ledger.transaction() as tx:
        tx.move(tx.submission(key), SubmissionState.DISCARDED, note="stopped before any page had left")
    context.audit.append("discarded", submission=key)


def _archive(context: Context, key: str, state: JournalState, why_lost: str) -> Batch:
    """Write the results file; return the batch as the ledger is to have it. Nothing is recorded yet."""
    pages = {request.custom_id: request.index for request in read_requests(context.layout, key)}
    if len(state.went_out) < len(pages):
        _shorten_request_log(context, key, frozenset(state.went_out))
    archive, counts = _write_results(context, key, state, why_lost)
    left = sorted(pages[custom_id] for custom_id in state.went_out)
    submission = context.ledger.submission(key)
    ended = replace(
        submission,
        batch_id=realtime_id(key),
        indices=ranges_of(left),
        requests=len(left),
        parts=_parts_of(submission, left),
        note="" if len(left) == submission.requests else "stopped: its other pages never left",
    )
    now = context.now()
    known = context.ledger.batches().get(realtime_id(key))
    began = known.remote.created_at if known is not None else submission.sent_at or now
    remote = RemoteBatch(
        realtime_id(key), "ended", counts, began, began + _NEVER_EXPIRES, ended_at=now, has_results=True
    )
    return Batch(remote.id, key, submission.job, remote, ended, last_polled_at=now, archive=archive)


def _changes(batch: Batch) -> dict[str, Any]:
    """Return what of a submission is different now that its run is over."""
    ended = batch.submission
    assert ended is not None
    names = ("batch_id", "indices", "requests", "parts", "note")
    return {name: getattr(ended, name) for name in names}


def _write_results(
    context: Context, key: str, state: JournalState, why_lost: str
) -> tuple[Archive, RequestCounts]:
    writer = ResultsWriter(context.layout, key)
    try:
        errored = 0
        for row in result_rows(context.layout, key, state, why_lost):
            errored += _is_error(row)
            writer.write(row)
        total = len(state.went_out)
        counts = RequestCounts(0, total - errored, errored)
        return writer.finish(state.went_out, counts, now=context.now()), counts
    finally:
        writer.discard()


def _is_error(row: bytes) -> bool:
    head = row.partition(b'"result":')[2][:32]
    return head.startswith(b'{"type":"errored"')


def _shorten_request_log(context: Context, key: str, kept: frozenset[str]) -> None:
    """Write the request log anew with just the requests that left."""
    requests = [request for request in read_requests(context.layout, key) if request.custom_id in kept]
    log = RequestLogWriter(context.layout, key)
    for request in requests:
        log.add(request.custom_id, request.index, request.params)
    log.finish()


def _parts_of(submission: Submission, left: list[int]) -> tuple[Part, ...]:
    by_part: Mapping[Part, list[int]] = {part: [] for part in submission.parts}
    for index in left:
        by_part[submission.part_of(index)].append(index)
    return tuple(replace(part, indices=ranges_of(indices)) for part, indices in by_part.items() if indices)
