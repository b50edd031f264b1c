"""The rows of the batch list, made of the ledger's records and kept until what they are made of changes.

Records never change: one that is still the same object still makes the same row. So a commit costs the rows
that it has touched, and of the thousands of others one look at each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter

from batchdeck.domain.batches import Batch, Job, RequestCounts, Submission, SubmissionState
from batchdeck.domain.outcomes import count_outcomes
from batchdeck.domain.overview import BatchRow, BatchStatus


@dataclass(frozen=True, slots=True)
class _Kept:
    """Rows, and what they were made of."""

    batches: Mapping[str, Batch] = field(default_factory=dict)
    rows: Mapping[str, BatchRow] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the jobs, by id."""
    retaken: Mapping[str, int] = field(default_factory=dict)
    """How many pages of a submission, by key, later ones have taken up."""


class RowKeeper:
    """Makes the rows, and keeps them for the next time."""

    def __init__(self) -> None:
        self._kept = _Kept()  # replaced as a whole: threads may ask at the same time

    def rows(
        self,
        jobs: Mapping[str, Job],
        submissions: Collection[Submission],
        batches: Collection[Batch],
        now: dt.datetime,
    ) -> list[BatchRow]:
        """Return every batch and every submission without one, newest first."""
        kept = self._kept
        names, retaken = {job.id: job.name for job in jobs.values()}, _failures_taken_up(submissions)
        renamed = {job for job, _ in names.items() ^ kept.names.items()}
        moved = {key for key, _ in retaken.items() ^ kept.retaken.items()}
        known = kept.batches.get
        stale = [
            batch
            for batch in batches
            if known(batch.id) is not batch
            # What has no archive comes to be at risk; a duplicate goes by the name of another's job.
            or batch.archive is None
            or batch.duplicate_of is not None
            or batch.job in renamed
            or batch.key in moved
        ]
        job_of = {submission.key: submission.job for submission in submissions} if stale else {}
        made = {batch.id: _row_of_batch(batch, jobs, retaken, now, job_of) for batch in stale}
        rows = {batch.id: made.get(batch.id) or kept.rows[batch.id] for batch in batches}
        self._kept = _Kept({batch.id: batch for batch in batches}, rows, names, retaken)
        listed = [*rows.values(), *_rows_of_unsettled(submissions, jobs)]
        listed.sort(key=attrgetter("created_at"), reverse=True)
        return _with_gates(listed, jobs)


def batch_rows(
    jobs: Mapping[str, Job],
    submissions: Collection[Submission],
    batches: Collection[Batch],
    now: dt.datetime,
) -> list[BatchRow]:
    """Return every batch and every submission without one, newest first, for once."""
    return RowKeeper().rows(jobs, submissions, batches, now)


def _rows_of_unsettled(submissions: Iterable[Submission], jobs: Mapping[str, Job]) -> Iterable[BatchRow]:
    """Yield a row for each submission that has no batch."""
    by_job: dict[str, list[Submission]] = {}
    for submission in submissions:
        by_job.setdefault(submission.job, []).append(submission)
    for own in by_job.values():
        for submission in own:
            if submission.batch_id is None and submission.state is not SubmissionState.DISCARDED:
                again = not submission.state.holds_pages and _was_sent_again(submission, own)
                yield _row_of_submission(submission, jobs, was_sent_again=again)


def _with_gates(rows: list[BatchRow], jobs: Mapping[str, Job]) -> list[BatchRow]:
    """Let the newest row of each job that has stopped at a gate say so."""
    stopped = {job.id: job.gate for job in jobs.values() if job.gate}
    if stopped:
        for at, row in enumerate(rows):
            gate = stopped.pop(row.job, "")
            if gate:
                rows[at] = replace(row, status=BatchStatus.GATE, note=f"stopped before its next rung: {gate}")
    return rows


def _failures_taken_up(submissions: Iterable[Submission]) -> dict[str, int]:
    """Count, by submission key, how many of its pages later live submissions have taken up again.

    Exact where a retry has one parent; a retry of several counts its pages against its parents in order.
    """
    taken: dict[str, int] = {}
    parents = {submission.key: submission for submission in submissions}
    for submission in parents.values():
        if not submission.lineage or not submission.state.holds_pages:
            continue
        for key in submission.lineage:
            parent = parents.get(key)
            if parent is not None:
                taken[key] = taken.get(key, 0) + _shared_pages(parent.indices, submission.indices)
    return taken


def _shared_pages(a: tuple[tuple[int, int], ...], b: tuple[tuple[int, int], ...]) -> int:
    shared = i = j = 0
    while i < len(a) and j < len(b):
        shared += max(0, min(a[i][1], b[j][1]) - max(a[i][0], b[j][0]))
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return shared


def _row_of_batch(
    batch: Batch,
    jobs: Mapping[str, Job],
    retaken: Mapping[str, int],
    now: dt.datetime,
    job_of: Mapping[str, str],
) -> BatchRow:
    submission = batch.submission
    good = failed = None
    if batch.archive is not None and batch.outcomes:
        good, all_failed, _ = count_outcomes(batch.outcomes)
        if submission is not None:  # failures of others are nobody's here to retry
            failed = max(0, all_failed - retaken.get(batch.key, 0))
    job = jobs.get(batch.job or job_of.get(batch.duplicate_of or "", ""))
    return BatchRow(
        key=batch.key,
        id=batch.id,
        job=batch.job or "",
        job_name=job.name if job else "(made elsewhere)",
        status=_status_of_batch(batch, failed, now),
        attempt=submission.attempt if submission else 1,
        requests=submission.requests if submission else batch.remote.counts.total,
        counts=batch.remote.counts,
        good=good,
        failed=failed,
        archived=batch.archive is not None,
        created_at=batch.remote.created_at,
        expires_at=None if batch.is_realtime else batch.remote.expires_at,
        ended_at=batch.remote.ended_at,
        vanish_at=None if batch.is_realtime else batch.results_vanish_at,
        model=submission.model if submission else "",
        lineage=submission.lineage if submission else (),
        change=submission.change if submission else "",
        cost=batch.cost,
        estimate=submission.reserved_usd if submission else None,
        outcomes=batch.outcomes,
        note=_note_of(batch),
        realtime=batch.is_realtime,
        duplicate_of=batch.duplicate_of or "",
    )


def _note_of(batch: Batch) -> str:
    notes = list(batch.archive.findings) if batch.archive is not None else []
    if batch.duplicate_of is not None:
        twice = (
            f"the API took submission {batch.duplicate_of} a second time: what it answers here is paid twice"
        )
        notes.insert(0, twice)
    return "; ".join(notes)


def _status_of_batch(batch: Batch, failed: int | None, now: dt.datetime) -> BatchStatus:
    if batch.duplicate_of is not None and batch.is_open:
        return BatchStatus.DUPLICATE
    if batch.gone and batch.archive is None:
        return BatchStatus.GONE
    if batch.is_at_risk(now):
        return BatchStatus.AT_RISK
    if batch.archive is not None:
        if failed:
            return BatchStatus.FAILED
        had_failures = batch.submission is not None and any(outcome.is_failure for outcome in batch.outcomes)
        return BatchStatus.RETRIED if had_failures else BatchStatus.DONE
    if batch.remote.status == "canceling":
        return BatchStatus.CANCELING
    if batch.remote.has_ended:
        return BatchStatus.COLLECTING
    return BatchStatus.RUNNING


_STATUS_OF_SUBMISSION = {
    SubmissionState.PREPARED: BatchStatus.PREPARED,
    SubmissionState.SENDING: BatchStatus.SENDING,
    SubmissionState.IN_DOUBT: BatchStatus.IN_DOUBT,
    SubmissionState.REJECTED: BatchStatus.REJECTED,
    SubmissionState.ABSENT: BatchStatus.ABSENT,
    SubmissionState.SUBMITTED: BatchStatus.RUNNING,
}


def _was_sent_again(submission: Submission, others: Iterable[Submission]) -> bool:
    """Whether pages of a submission that came to nothing have gone out with a later one of its job."""
    return any(
        other.created_at > submission.created_at
        and other.state.holds_pages
        and _shared_pages(submission.indices, other.indices)
        for other in others
    )


def _row_of_submission(submission: Submission, jobs: Mapping[str, Job], *, was_sent_again: bool) -> BatchRow:
    job = jobs.get(submission.job)
    status = BatchStatus.RETRIED if was_sent_again else _STATUS_OF_SUBMISSION[submission.state]
    return BatchRow(
        key=submission.key,
        id="",
        job=submission.job,
        job_name=job.name if job else submission.job,
        status=status,
        attempt=submission.attempt,
        requests=submission.requests,
        counts=RequestCounts(),
        good=None,
        failed=None,
        archived=False,
        created_at=submission.created_at,
        expires_at=None,
        ended_at=None,
        vanish_at=None,
        model=submission.model,
        lineage=submission.lineage,
        change=submission.change,
        estimate=submission.reserved_usd,
        note=submission.note,
        realtime=submission.realtime,
    )
