"""The home screen's facts: one row per batch or unsettled submission, what needs a hand first, and totals."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from batchdeck.domain.batches import Batch, Job, RequestCounts, Submission, SubmissionState, has_unended_runs
from batchdeck.domain.outcomes import Outcome


class BatchStatus(enum.StrEnum):
    """What a row of the batch list says first, in the order in which rows ask for a hand."""

    DUPLICATE = "duplicate"
    AT_RISK = "results at risk"
    IN_DOUBT = "in doubt"
    REJECTED = "rejected"
    ABSENT = "not accepted"
    GATE = "gate failed"
    FAILED = "failed"
    PREPARED = "not sent"
    SENDING = "sending"
    RUNNING = "running"
    CANCELING = "canceling"
    COLLECTING = "collecting"
    DONE = "done"
    RETRIED = "retried"
    GONE = "gone"

    @property
    def needs_hand(self) -> bool:
        return self in _NEEDS_HAND


_NEEDS_HAND = frozenset(
    {
        BatchStatus.DUPLICATE,
        BatchStatus.AT_RISK,
        BatchStatus.IN_DOUBT,
        BatchStatus.REJECTED,
        BatchStatus.ABSENT,
        BatchStatus.GATE,
        BatchStatus.FAILED,
        BatchStatus.PREPARED,
    }
)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch, or one submission that has no batch (yet), as a list shows it."""

    key: str
    """The folder name: unique, also for submissions without a batch id."""
    id: str
    """The API's batch id, or empty."""
    job: str
    job_name: str
    status: BatchStatus
    attempt: int
    requests: int
    counts: RequestCounts
    good: int | None
    """Good pages; None until archived."""
    failed: int | None
    """Failed pages that no later submission has taken up; None until archived, and for batches made
    elsewhere."""
    archived: bool
    created_at: dt.datetime
    expires_at: dt.datetime | None
    ended_at: dt.datetime | None
    vanish_at: dt.datetime | None
    """When the results are no longer to be had from the API."""
    model: str = ""
    lineage: tuple[str, ...] = ()
    change: str = ""
    cost: float | None = None
    estimate: float | None = None
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    note: str = ""
    realtime: bool = False
    """Whether its pages went out one by one, at the full price."""
    duplicate_of: str = ""
    """Key of the submission that it repeats, where the API took one twice."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The header line of the home screen."""

    open_batches: int
    pages_in_flight: int
    pages_failed: int
    spent: float
    open_estimate: float
    in_doubt: int
    at_risk: int
    duplicates: int = 0
    """Batches under way that repeat a submission, and should be canceled."""


def batch_rows(
    jobs: Mapping[str, Job],
    submissions: Iterable[Submission],
    batches: Iterable[Batch],
    now: dt.datetime,
) -> list[BatchRow]:
    """Return every batch and every submission without one, newest first."""
    retaken = _failures_taken_up(submissions := list(submissions))
    job_of = {submission.key: submission.job for submission in submissions}
    rows = [_row_of_batch(batch, jobs, retaken, now, job_of) for batch in batches]
    rows += [
        _row_of_submission(submission, jobs, was_sent_again=_was_sent_again(submission, submissions))
        for submission in submissions
        if submission.batch_id is None and submission.state is not SubmissionState.DISCARDED
    ]
    rows.sort(key=lambda row: row.created_at, reverse=True)
    return _with_gates(rows, jobs)


def _with_gates(rows: list[BatchRow], jobs: Mapping[str, Job]) -> list[BatchRow]:
    """Let the newest row of each job that has stopped at a gate say so."""
    stopped = {job.id: job.gate for job in jobs.values() if job.gate}
    if stopped:
        for at, row in enumerate(rows):
            gate = stopped.pop(row.job, "")
            if gate:
                rows[at] = replace(row, status=BatchStatus.GATE, note=f"stopped before its next rung: {gate}")
    return rows


def by_need(rows: Sequence[BatchRow]) -> list[BatchRow]:
    """Return rows with those that need a hand first, then the open ones, then the rest, each newest first."""

    def rank(row: BatchRow) -> int:
        if row.status.needs_hand:
            return 0
        return 2 if row.archived or row.status is BatchStatus.GONE else 1

    return sorted(rows, key=rank)


def totals(rows: Iterable[BatchRow]) -> Totals:
    """Add rows up for the header line."""
    open_batches = in_flight = failed = in_doubt = at_risk = duplicates = 0
    spent = open_estimate = 0.0
    for row in rows:
        if row.job or row.duplicate_of:  # others have paid for theirs
            spent += row.cost or 0.0
        failed += row.failed or 0
        in_doubt += row.status is BatchStatus.IN_DOUBT
        at_risk += row.status is BatchStatus.AT_RISK
        duplicates += row.status is BatchStatus.DUPLICATE
        if row.status in _OPEN:
            open_batches += 1
            in_flight += row.requests
            open_estimate += row.estimate or 0.0
    return Totals(open_batches, in_flight, failed, spent, open_estimate, in_doubt, at_risk, duplicates)


def banner(held: str, totals: Totals) -> list[str]:
    """Return what stands above everything else, a sentence each; empty while all is well.

    Args:
        held: why the account is held, as the API has said it; empty where it is not.
    """
    lines = []
    if held:
        lines.append(
            f"The account needs you: {held.rstrip('.')}. Nothing that costs money is sent until you have put "
            "it in order and said so: mended."
        )
    if totals.duplicates:
        lines.append(
            f"{_counted(totals.duplicates, 'batch repeats', 'batches repeat')} what the API had taken "
            "already, at your cost: cancel what is listed as duplicate."
        )
    if totals.in_doubt:
        lines.append(
            f"It is not known whether the API took {_counted(totals.in_doubt, 'submission', 'submissions')}. "
            "Until it is, those pages are neither sent again nor given up: reconcile looks for them."
        )
    return lines


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


_OPEN = frozenset(
    {
        BatchStatus.RUNNING,
        BatchStatus.CANCELING,
        BatchStatus.COLLECTING,
        BatchStatus.SENDING,
        BatchStatus.IN_DOUBT,
    }
)


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
        good = sum(n for outcome, n in batch.outcomes.items() if outcome.is_good)
        if submission is not None:  # failures of others are nobody's here to retry
            all_failed = sum(n for outcome, n in batch.outcomes.items() if outcome.is_failure)
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
    """Whether pages of a submission that came to nothing have gone out with a later one."""
    return not submission.state.holds_pages and any(
        other.job == submission.job
        and other.created_at > submission.created_at
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


class JobState(enum.StrEnum):
    """Where a whole job stands."""

    IN_DOUBT = "in_doubt"
    UNSENT = "unsent"
    """Some pages are in no batch yet: a submission was interrupted or refused."""
    GATE_FAILED = "gate_failed"
    """It has stopped before the next rung of its ladder, and goes on at the operator's word."""
    RUNNING = "running"
    FAILURES = "failures"
    COMPLETE = "complete"


def job_state(job: Job, submissions: Collection[Submission], unsent: int) -> JobState:
    """Say where a job stands, given its submissions and how many of its pages are in none."""
    outcomes = job.outcomes
    states = {submission.state for submission in submissions}
    if has_unended_runs(submissions):
        return JobState.RUNNING
    if states & {SubmissionState.IN_DOUBT, SubmissionState.SENDING}:
        return JobState.IN_DOUBT
    if unsent and job.gate:
        return JobState.GATE_FAILED
    if (unsent and not job.ladder) or SubmissionState.PREPARED in states:
        return JobState.UNSENT
    if unsent:
        return JobState.RUNNING
    if outcomes.get(Outcome.PENDING, 0):
        return JobState.RUNNING
    if any(outcome.is_failure and count for outcome, count in outcomes.items()):
        return JobState.FAILURES
    return JobState.COMPLETE
