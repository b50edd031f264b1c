"""Reconciling: what became of submissions whose acceptance is unknown, and batches that repeat ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, replace

from batchdeck.api.gateway import Gateway
from batchdeck.domain.batches import Batch, RemoteBatch, Submission, SubmissionState
from batchdeck.domain.events import DuplicateFound, Event, Finished, Note, SubmissionSettled, Waiting
from batchdeck.domain.reconciling import (
    Absent,
    Adopt,
    LookInto,
    Sighting,
    Wait,
    decide,
    probable_repetitions,
    recognise,
    worth_reading,
)
from batchdeck.domain.requests import NONCE_LENGTH
from batchdeck.errors import ApiNotFound, ApiUnreachable
from batchdeck.operations.context import Context
from batchdeck.operations.exclusive import try_submit_lock
from batchdeck.operations.realtime_end import end_stopped_runs
from batchdeck.operations.rollup import refresh_rollup
from batchdeck.operations.send import record_acceptance, record_doubt
from batchdeck.store.disk import drop

_MOST_LISTED = 5_000
"""How many batches are walked through at most to reach a watermark."""
_RECENT = 200
"""How many of the newest batches each poll looks over for repetitions."""
_PAGE = 1_000
_REPETITIONS_APPEAR_WITHIN = dt.timedelta(days=2)
"""After a submission was in doubt. A batch lives for 24 hours at most; its nonce can be read at its end."""
_SKEW = dt.timedelta(hours=1)
"""How far this clock and the API's may differ."""
_NONCE = re.compile(rb'"custom_id"\s*:\s*"([0-9a-f]{%d})-' % NONCE_LENGTH)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one reconciliation came to."""

    adopted: tuple[str, ...]
    """Keys of submissions that have their batch now."""
    absent: tuple[str, ...]
    """Keys of submissions that the API never took: their pages may go out again, at the operator's word."""
    undecided: tuple[str, ...]
    """Keys of submissions that cannot be settled yet."""
    duplicates: tuple[str, ...]
    """Ids of batches that repeat a submission and should be canceled."""


async def reconcile(context: Context) -> AsyncGenerator[Event, None]:
    """Settle what can be settled now; the result is a `Reconciled`.

    Nothing is resubmitted here, and nothing is guessed. While another process is sending, nothing is
    settled either: its submission is under way, not in doubt.

    Raises:
        ApiUnreachable: the API cannot be asked now.
    """
    context.require_writable("reconcile")
    adopted: list[str] = []
    absent: list[str] = []
    undecided: list[str] = []
    duplicates: list[str] = []
    nonces: dict[str, str] = {}
    for batch in await end_stopped_runs(context):
        adopted.append(batch.key)
        yield SubmissionSettled(batch.job or "", batch.key, batch.id)
    with try_submit_lock(context) as nobody_is_sending:
        await asyncio.to_thread(context.ledger.refresh)
        if nobody_is_sending:
            await asyncio.to_thread(_doubt_interrupted, context)
            for submission in _in_doubt(context):
                event = await _settle(context, submission, nonces)
                match event:
                    case SubmissionSettled(batch=None):
                        absent.append(submission.key)
                    case SubmissionSettled():
                        adopted.append(submission.key)
                    case _:
                        undecided.append(submission.key)
                yield event
        else:
            undecided += [submission.key for submission in _in_doubt(context)]
    async for found in _find_repetitions(context, nonces):
        match found:
            case DuplicateFound(batch=batch_id):
                duplicates.append(batch_id)
            case SubmissionSettled(submission=key):
                adopted.append(key)
        yield found
    yield Finished(Reconciled(tuple(adopted), tuple(absent), tuple(undecided), tuple(duplicates)))


def _in_doubt(context: Context) -> list[Submission]:
    doubtful = [s for s in context.ledger.submissions().values() if s.state is SubmissionState.IN_DOUBT]
    return sorted(doubtful, key=lambda submission: submission.created_at)


def _doubt_interrupted(context: Context) -> None:
    """Mark what a killed process left in SENDING. Call only while nobody can be sending."""
    for submission in context.ledger.submissions().values():
        if submission.state is SubmissionState.SENDING and not submission.realtime:
            record_doubt(context, submission.key, "the process that sent it was stopped")


async def _settle(
    context: Context, submission: Submission, nonces: dict[str, str]
) -> SubmissionSettled | Waiting:
    gateway = await context.open_gateway()
    listing, is_complete = await _listing_down_to(gateway, submission.watermark)
    settings = context.settings.reconcile
    while True:
        others = [s for s in context.ledger.submissions().values() if s.key != submission.key]
        decision = decide(
            submission,
            listing,
            taken={s.batch_id for s in others if s.batch_id is not None},
            nonces=nonces,
            now=context.now(),
            quiet_seconds=settings.quiet_seconds,
            exclusive=settings.exclusive_workspace,
            rivals=[s for s in others if s.state is SubmissionState.IN_DOUBT],
            is_complete=is_complete,
        )
        if isinstance(decision, LookInto | Wait) and decision.suspects is not None:
            submission = await asyncio.to_thread(_record_suspects, context, submission.key, decision.suspects)
        match decision:
            case LookInto(batches=batches):
                for batch_id in batches:
                    nonce = await _first_nonce(gateway, batch_id)
                    if nonce is None:
                        reason = f"the results of batch {batch_id} cannot be read now"
                        return Waiting(context.now(), f"submission {submission.key}: {reason}")
                    nonces[batch_id] = nonce
            case Wait(until=until, reason=reason):
                return Waiting(until, f"submission {submission.key}: {reason}")
            case Absent(reason=reason):
                await asyncio.to_thread(_mark_absent, context, submission, reason)
                return SubmissionSettled(submission.job, submission.key, None)
            case Adopt(batch=batch_id):
                remote = next(batch for batch in listing if batch.id == batch_id)
                await asyncio.to_thread(_adopt, context, submission.key, remote)
                return SubmissionSettled(submission.job, submission.key, batch_id)


async def _listing_down_to(gateway: Gateway, watermark: str | None) -> tuple[list[RemoteBatch], bool]:
    """Return the newest batches down to but without the watermark, and whether it was reached."""
    listing: list[RemoteBatch] = []
    async for remote in gateway.iterate_batches():
        if remote.id == watermark:
            return listing, True
        listing.append(remote)
        if len(listing) >= _MOST_LISTED:
            return listing, False
    # Without a watermark, or when it was deleted meanwhile, the whole list was walked.
    return listing, True


async def _first_nonce(gateway: Gateway, batch_id: str) -> str | None:
    """Return the nonce that a batch's results begin with; empty for somebody else's, None when they cannot be
    read now: valid ids answer 404 now and then, and one batch is not to hold up the others."""
    try:
        lines = await gateway.first_result_lines(batch_id, 1)
    except (ApiNotFound, ApiUnreachable):
        return None
    match = _NONCE.search(lines[0]) if lines else None
    return match[1].decode() if match else ""


def _record_suspects(context: Context, key: str, suspects: tuple[str, ...]) -> Submission:
    with context.ledger.transaction() as tx:
        updated = replace(tx.submission(key), suspects=suspects)
        tx.put(updated)
    return updated


def _mark_absent(context: Context, submission: Submission, reason: str) -> None:
    with context.ledger.transaction() as tx:
        tx.move(tx.submission(submission.key), SubmissionState.ABSENT, note=reason)
    context.audit.append("absent", job=submission.job, submission=submission.key, reason=reason)
    drop(context.layout.body(submission.key))
    refresh_rollup(context, submission.job)


def _adopt(context: Context, key: str, remote: RemoteBatch) -> None:
    batch = record_acceptance(context, key, remote, how="adopted")
    if batch.job is not None:
        refresh_rollup(context, batch.job)


async def _find_repetitions(
    context: Context, nonces: dict[str, str]
) -> AsyncGenerator[DuplicateFound | SubmissionSettled | Note, None]:
    """Look over the newest batches of the workspace for ones that carry a nonce of ours but are unknown."""
    submissions = list(context.ledger.submissions().values())
    # Batches that were adopted as somebody else's may be ours all the same: their nonce decides.
    settled = {b.id for b in context.ledger.batches().values() if b.submission is not None or b.duplicate_of}
    if not any(submission.sent_at is not None for submission in submissions):
        return
    gateway = await context.open_gateway()
    listing = await _newest(context, gateway, submissions)
    by_id = {remote.id: remote for remote in listing}
    is_exclusive = context.settings.reconcile.exclusive_workspace
    for batch_id, key in (await asyncio.to_thread(_probable, context, listing)).items():
        if is_exclusive:
            nonces[batch_id] = key
        elif batch_id not in context.suspected:
            context.suspected.add(batch_id)
            yield Note(_suspicion(batch_id, key), "warning")
    looked_into = worth_reading(listing, submissions, settled | context.foreign)
    for batch_id in dict.fromkeys([*(id_ for id_ in nonces if id_ in by_id), *looked_into]):
        if batch_id in settled:
            continue
        nonce = nonces[batch_id] if batch_id in nonces else await _first_nonce(gateway, batch_id)
        if nonce is None:
            continue
        match recognise(batch_id, nonce, context.ledger.submissions().values()):
            case Sighting.FOREIGN | Sighting.OWN:
                context.foreign.add(batch_id)
            case Sighting.LATE:
                await asyncio.to_thread(_adopt, context, nonce, by_id[batch_id])
                yield SubmissionSettled(context.ledger.submission(nonce).job, nonce, batch_id)
            case Sighting.DUPLICATE:
                await asyncio.to_thread(_record_duplicate, context, nonce, by_id[batch_id])
                yield DuplicateFound(batch_id, nonce)


def _suspicion(batch_id: str, key: str) -> str:
    return (
        f"Batch {batch_id} is as large as submission {key}, which was in doubt for a while. If nobody else "
        "made it, it repeats that one and is paid for; its results will tell. To stop it before: "
        f"batchdeck adopt {batch_id}, then batchdeck cancel {batch_id}."
    )


def _probable(context: Context, listing: Sequence[RemoteBatch]) -> dict[str, str]:
    """Return the batches under way that probably repeat a submission; none while somebody is sending, whose
    batch may be listed and not recorded yet."""
    with try_submit_lock(context) as nobody_is_sending:
        if not nobody_is_sending:
            return {}
        context.ledger.refresh()
        known = context.ledger.batches().keys() | context.foreign
        return probable_repetitions(listing, context.ledger.submissions().values(), known)


async def _newest(context: Context, gateway: Gateway, submissions: Iterable[Submission]) -> list[RemoteBatch]:
    """Return the newest batches of the workspace: as far back as something was lately in doubt, however many
    a busy neighbour has made since."""
    lately = context.now() - _REPETITIONS_APPEAR_WITHIN
    doubted = [s.sent_at for s in submissions if s.doubted_at is not None and s.doubted_at >= lately]
    since = min((at for at in doubted if at is not None), default=None)
    page = await gateway.list_batches(limit=_RECENT)
    listing = list(page.batches)
    while (
        since is not None
        and page.has_more
        and page.last_id
        and len(listing) < _MOST_LISTED
        and listing[-1].created_at >= since - _SKEW
    ):
        page = await gateway.list_batches(page.last_id, _PAGE)
        listing += page.batches
    return listing


def _record_duplicate(context: Context, key: str, remote: RemoteBatch) -> None:
    with context.ledger.transaction() as tx:
        known = tx.batches().get(remote.id)
        batch = known or Batch(remote.id, remote.id, None, remote, last_polled_at=context.now())
        tx.put(replace(batch, duplicate_of=key))
    context.audit.append("duplicate", submission=key, batch=remote.id)
