"""Settling a submission whose acceptance is unknown: which batch it became, if any. Rules only, no API calls.

Message Batches carry no label and the API takes no idempotency key, so three facts have to do: the newest
batch id listed just before sending (the *watermark*, in the server's own order, so no clock matters), the
number of requests, and the nonce with which each of a submission's custom_ids begins. The nonce can be read
only from the results of an ended batch; the number of requests is known at once and finds the candidates.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from batchdeck.domain.batches import (
    RESULTS_KEPT,
    RemoteBatch,
    Submission,
    SubmissionState,
    ranges_overlap,
)


@dataclass(frozen=True, slots=True)
class Adopt:
    """The submission became this batch: its nonce was read there, or it is the one candidate in an exclusive
    workspace; the nonces are then checked when its results arrive."""

    batch: str


@dataclass(frozen=True, slots=True)
class LookInto:
    """These batches have ended and could be it: read the first custom_id of each one's results and decide
    again. The likeliest comes first."""

    batches: tuple[str, ...]
    suspects: tuple[str, ...] | None = None
    """To be recorded with the submission, where it is not None."""


@dataclass(frozen=True, slots=True)
class Wait:
    """It cannot be known yet. The submission's pages stay claimed, and nothing is resubmitted."""

    until: dt.datetime
    """When it will be known at the latest, as far as can be said. Decide again at every poll before."""
    reason: str
    suspects: tuple[str, ...] | None = None
    """To be recorded with the submission, where it is not None."""


@dataclass(frozen=True, slots=True)
class Absent:
    """No batch can be it: its pages may go out again, with a new nonce, after the operator's word."""

    reason: str


Decision = Adopt | LookInto | Wait | Absent


def decide(
    submission: Submission,
    listing: Sequence[RemoteBatch],
    *,
    taken: Collection[str],
    nonces: Mapping[str, str],
    now: dt.datetime,
    quiet_seconds: float,
    exclusive: bool = False,
    rivals: Iterable[Submission] = (),
    is_complete: bool = True,
) -> Decision:
    """Say what became of a submission in doubt, or what has to be known first.

    Call it with the right to send held (so that no `create` of this deck is in flight), again after each
    `LookInto` with the nonces read, and at every poll after a `Wait`.

    Args:
        submission: IN_DOUBT, with its watermark and `doubted_at`.
        listing: the workspace's batches, newest first, down to but without the watermark.
        taken: ids of batches that *other submissions* of this deck became. Not of batches that were merely
            seen in the workspace: one of those may be the one that is looked for.
        nonces: batch id to the nonce of its first result, as far as read; empty for somebody else's.
        now: by the clock that `doubted_at` was read from.
        quiet_seconds: how long after the send ended a batch may still turn up in the listing.
        exclusive: nobody but this deck makes batches in the workspace.
        rivals: this deck's other submissions in doubt.
        is_complete: whether the listing reaches the watermark.

    Raises:
        ValueError: the submission does not say since when it is in doubt.
    """
    if submission.doubted_at is None:
        raise ValueError(f"submission {submission.key} does not say since when it is in doubt")
    for batch in listing:
        if nonces.get(batch.id) == submission.key and batch.id not in taken:
            return Adopt(batch.id)
    quiet_until = submission.doubted_at + dt.timedelta(seconds=quiet_seconds)
    candidates = [
        batch
        for batch in reversed(listing)  # ours was made right after the watermark, so the oldest comes first
        if batch.id not in taken and batch.id not in nonces and _could_be(submission, batch)
    ]
    suspects = submission.suspects
    if suspects is None and now >= quiet_until and is_complete:
        suspects = tuple(batch.id for batch in candidates)
    elif suspects is not None:
        candidates = [batch for batch in candidates if batch.id in suspects]
    to_record = suspects if submission.suspects is None else None
    candidates = [batch for batch in candidates if not _is_out_of_reach(batch, now)]
    readable = tuple(batch.id for batch in candidates if batch.has_ended and batch.has_results)
    if readable:
        return LookInto(readable, to_record)
    if exclusive and len(candidates) == 1 and not _is_contested(submission, rivals):
        return Adopt(candidates[0].id)
    if candidates:
        return Wait(_end_of(candidates, quiet_until, now), _waiting_for(candidates), to_record)
    if not is_complete:
        return Wait(max(quiet_until, now), "the list of batches was not walked to its end", to_record)
    if suspects is None:
        return Wait(quiet_until, "no batch could be it yet; one may still appear")
    return Absent(
        f"the API lists no batch that could be it, {quiet_seconds / 60:g} minutes after it was sent"
    )


def _could_be(submission: Submission, batch: RemoteBatch) -> bool:
    """Whether the counts allow it. A batch under way whose counts are not filled in yet is no stranger."""
    total = batch.counts.total
    return total == submission.requests or (total == 0 and not batch.has_ended)


def _is_out_of_reach(batch: RemoteBatch, now: dt.datetime) -> bool:
    """Whether nothing can be proved by a batch any more: its results have vanished, and with them whatever
    adopting it could have saved. An ended batch without results may only not have them *yet*."""
    vanished = batch.archived_at is not None or now - batch.created_at >= RESULTS_KEPT
    return batch.has_ended and not batch.has_results and vanished


def _is_contested(submission: Submission, rivals: Iterable[Submission]) -> bool:
    return any(rival.key != submission.key and rival.requests == submission.requests for rival in rivals)


def _end_of(candidates: Sequence[RemoteBatch], quiet_until: dt.datetime, now: dt.datetime) -> dt.datetime:
    return max(now, quiet_until, *(batch.expires_at for batch in candidates))


def _waiting_for(candidates: Sequence[RemoteBatch]) -> str:
    if len(candidates) == 1:
        return f"batch {candidates[0].id} could be it; its results will tell when it has ended"
    return f"{len(candidates)} batches could be it; their results will tell when they have ended"


class Sighting(enum.StrEnum):
    """What a batch is to this deck that turned up in the workspace and whose first nonce was read."""

    FOREIGN = "foreign"
    """Made elsewhere."""
    OWN = "own"
    """Already recorded as its submission's batch."""
    LATE = "late"
    """Its submission has no batch and its pages went nowhere else: it is to be adopted."""
    DUPLICATE = "duplicate"
    """Its pages are in another batch, or were given up: it should be canceled."""


def recognise(batch: str, nonce: str, submissions: Iterable[Submission]) -> Sighting:
    """Say what a batch is, given the nonce that its results begin with and all submissions of the deck.

    A server may accept a request long after it was given up; the protocol cannot prevent that, only notice
    it as soon as the batch's results can be read.
    """
    known = list(submissions)
    own = next((submission for submission in known if submission.key == nonce), None)
    if own is None:
        return Sighting.FOREIGN
    if own.batch_id == batch:
        return Sighting.OWN
    if own.batch_id is not None:
        return Sighting.DUPLICATE
    if own.state is SubmissionState.ABSENT and not _went_elsewhere(own, known):
        return Sighting.LATE
    if own.state in (SubmissionState.SENDING, SubmissionState.IN_DOUBT):
        return Sighting.LATE
    return Sighting.DUPLICATE


def _went_elsewhere(submission: Submission, others: Iterable[Submission]) -> bool:
    return any(
        other.key != submission.key
        and other.job == submission.job
        and other.created_at >= submission.created_at
        and other.state.holds_pages
        and ranges_overlap(other.indices, submission.indices)
        for other in others
    )


def worth_reading(
    listing: Iterable[RemoteBatch], submissions: Iterable[Submission], seen: Collection[str]
) -> tuple[str, ...]:
    """Return the ids of unknown batches whose first nonce should be read, to find duplicates; newest first.

    Only ended batches have results to read, and only those whose size is that of something this deck has
    sent can repeat it: in a shared workspace that spares reading most of the neighbours'.

    Args:
        listing: batches of the workspace, newest first.
        seen: ids of batches the deck knows, or has looked into before.
    """
    sizes = {submission.requests for submission in submissions if submission.sent_at is not None}
    return tuple(
        batch.id
        for batch in listing
        if batch.has_ended and batch.has_results and batch.counts.total in sizes and batch.id not in seen
    )


def probable_repetitions(
    listing: Iterable[RemoteBatch], submissions: Iterable[Submission], seen: Collection[str]
) -> dict[str, str]:
    """Return unknown batches under way that probably repeat a submission, each with that one's key.

    Their nonces can be read only when they have ended, and canceling is of use only before. One of the size
    of just one submission that was in doubt, was made after it, and is not what that came to, can be named;
    in an exclusive workspace it is nobody else's.

    Call it while nobody of this deck is sending.

    Args:
        listing: batches of the workspace, newest first.
        seen: ids of batches the deck knows, or has looked into before.
    """
    known = list(submissions)
    open_sizes = {s.requests for s in known if s.state in (SubmissionState.SENDING, SubmissionState.IN_DOUBT)}
    settled = [
        submission
        for submission in known
        if submission.doubted_at is not None
        and submission.sent_at is not None
        and submission.state in (SubmissionState.ABSENT, SubmissionState.SUBMITTED)
    ]
    found: dict[str, str] = {}
    for batch in listing:
        size = batch.counts.total
        if batch.id in seen or batch.has_ended or not size or size in open_sizes:
            continue
        repeated = [
            submission.key
            for submission in settled
            if submission.requests == size and batch.created_at >= (submission.sent_at or batch.created_at)
        ]
        if len(repeated) == 1:
            found[batch.id] = repeated[0]
    return found
