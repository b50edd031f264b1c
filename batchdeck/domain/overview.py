"""The home screen's facts: one row per batch or unsettled submission, what needs a hand first, and totals."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batchdeck.domain.batches import Job, RequestCounts, Submission, SubmissionState, has_unended_runs
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
