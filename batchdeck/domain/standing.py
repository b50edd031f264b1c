"""Standing orders: what is done without being asked each time, and the caps that it keeps. Pure rules."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from batchdeck.domain.batches import Batch, Job, Submission, SubmissionState
from batchdeck.domain.costs import Estimate
from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.errors import NothingToSubmit

AUTO_RETRY = "auto_retry"
AUTO_EXPORT = "auto_export"
INBOX = "inbox"
"""Names of the standing orders, as ledger, audit log and events write them."""

AUTOMATIC = frozenset({Remedy.AS_IT_WAS, Remedy.MORE_TOKENS, Remedy.AS_IMAGE})
"""What a failed page may call for to be sent again unasked; everything else waits for the operator."""
_CENT = 0.01
FRESH = dt.timedelta(days=7)
"""Jobs whose last results came longer ago are left alone, so that an order given today does not go back over
everything that a deck has ever done."""


@dataclass(frozen=True, slots=True)
class Spender:
    """A standing order that may spend, and how much. Dollars, by the estimate until the actual is known."""

    name: str
    usd_per_day: float
    """For all that it does within a day (in UTC)."""
    usd_per_job: float | None = None
    """For all that it ever does for one job; None for no cap of its own."""


def spent_by(
    name: str,
    submissions: Iterable[Submission],
    batches: Iterable[Batch],
    *,
    since: dt.datetime | None = None,
    job: str | None = None,
) -> float:
    """Return the dollars that a standing order has spent or reserved: actual where a batch is archived and
    its model has a price, else what was reserved for it.

    Args:
        since: only submissions made from then on.
        job: only this job's.
    """
    actual = {b.key: usd for b in batches if (usd := b.settled_usd) is not None}
    return sum(
        actual.get(submission.key, submission.reserved_usd)
        for submission in submissions
        if submission.order == name
        and submission.state.holds_pages
        and (job is None or submission.job == job)
        and (since is None or (submission.sent_at or submission.created_at) >= since)
    )


def day_begin(now: dt.datetime) -> dt.datetime:
    """Return the midnight in UTC that began the day."""
    return now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def money_left(
    spender: Spender,
    job: str | None,
    submissions: Collection[Submission],
    batches: Collection[Batch],
    now: dt.datetime,
) -> float:
    """Return the dollars that an order may still spend now, for `job` where it has a cap for each."""
    left = spender.usd_per_day - spent_by(spender.name, submissions, batches, since=day_begin(now))
    if spender.usd_per_job is not None and job is not None:
        left = min(left, spender.usd_per_job - spent_by(spender.name, submissions, batches, job=job))
    return max(left, 0.0)


def check_spending(
    spender: Spender,
    job: str | None,
    estimate: Estimate,
    submissions: Collection[Submission],
    batches: Collection[Batch],
    now: dt.datetime,
) -> None:
    """Refuse what an order may not spend.

    Raises:
        NothingToSubmit: it would bring the order over a cap, or nobody knows what it costs.
    """
    if not estimate.known:
        raise NothingToSubmit(
            "A standing order spends nothing whose price is not known.",
            hint="Add the model to the price list, or send the pages yourself.",
        )
    left = money_left(spender, job, submissions, batches, now)
    if estimate.usd > left + _CENT / 1_000:  # sums of batches differ from the whole in the last digits
        raise NothingToSubmit(
            f"It would cost about ${estimate.usd:,.2f}, and the standing order may spend ${left:,.2f} more"
            " today.",
            hint="Raise its cap in the settings, or send the pages yourself.",
        )


class Step(enum.StrEnum):
    """What the standing orders do next for a job."""

    WAIT = "wait"
    """Something of it is under way, or waits for the operator's word."""
    SEND = "send"
    """Go on with what an order prepared before it was interrupted."""
    RETRY = "retry"
    EXPORT = "export"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Orders:
    """Which standing orders are given for finished jobs."""

    retries: bool
    attempts: int
    """How often a page is sent at most, its first time included."""
    exports: bool


@dataclass(frozen=True, slots=True)
class FailedPage:
    """A failed page, reduced to what the orders ask of it."""

    index: int
    remedy: Remedy
    attempts: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class JobFacts:
    """Where one job stands, as the orders see it."""

    job: Job
    submissions: tuple[Submission, ...]
    """The job's, oldest first."""
    settled: frozenset[str]
    """Keys of the submissions whose batch is archived, or gone for good."""
    unsent: int
    """Pages that are in no submission."""
    failed: tuple[FailedPage, ...]
    state: str
    """What has come in so far, as a digest (`archive_state`)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next for a job. `reason` says why not more is done; it may be empty."""

    step: Step
    pages: tuple[int, ...] = ()
    """Global indices of the pages to send again, ascending."""
    reason: str = ""


def next_step(facts: JobFacts, orders: Orders) -> Decision:
    """Say what the standing orders do next for a job.

    Nothing while anything of it is open: one retry round after the other, never two at once. What an order
    sent last and the API refused, or never took, is not sent again by an order.
    """
    live = [s for s in facts.submissions if s.state.holds_pages and s.key not in facts.settled]
    if orders.retries and any(s.state is SubmissionState.PREPARED and s.order == AUTO_RETRY for s in live):
        return Decision(Step.SEND)
    if live:
        return Decision(Step.WAIT)
    if facts.unsent:
        return Decision(Step.WAIT, reason=f"{_pages(facts.unsent)} of it not sent yet")
    reason = ""
    if orders.retries and facts.failed:
        refused = refusal(facts.submissions)
        pages = tuple(
            page.index
            for page in facts.failed
            if page.remedy in AUTOMATIC and page.attempts < orders.attempts
        )
        if pages and not refused:
            return Decision(Step.RETRY, pages)
        reason = refused or _left_over(facts.failed, orders.attempts)
    if orders.exports and facts.job.auto_exported != facts.state:
        return Decision(Step.EXPORT, reason=reason)
    return Decision(Step.NOTHING, reason=reason)


def refusal(submissions: Sequence[Submission]) -> str:
    """Say why an order goes on no further, if what an order sent last came to nothing; else return "".

    An operator's own submission after it is their word that the line may go on. What was refused for the
    account goes on when the operator has said that it is in order: until then, nothing is sent at all.

    Args:
        submissions: oldest first.
    """
    last = submissions[-1] if submissions else None
    if last is None or not last.order:
        return ""
    if last.state is SubmissionState.REJECTED and not last.for_account:
        return f"the API refused what was sent last: {last.note or 'no reason given'}"
    return "the API never took what was sent last" if last.state is SubmissionState.ABSENT else ""


def _left_over(failed: Sequence[FailedPage], attempts: int) -> str:
    """Say which failed pages wait for the operator, and why."""
    causes = Counter(
        f"tried {attempts} times" if page.remedy in AUTOMATIC else page.remedy.value.replace("_", " ")
        for page in failed
    )
    listed = ", ".join(f"{count:,} {cause}" for cause, count in causes.most_common())
    return f"{_pages(len(failed))} left for you: {listed}"


def _pages(count: int) -> str:
    return f"{count:,} page" + ("s" if count != 1 else "")


def archive_state(batches: Iterable[Batch], *asked: str) -> str:
    """Return a digest of the results that have come in, and of how they are to be exported.

    Args:
        batches: a job's.
        asked: folder and template of the export.
    """
    archives = sorted(f"{b.key}:{b.archive.sha256}" for b in batches if b.archive is not None)
    return hashlib.sha256("\0".join([*asked, *archives]).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def is_fresh(batches: Iterable[Batch], now: dt.datetime) -> bool:
    """Say whether a job's last results came lately enough for the orders to look at it."""
    return any(b.archive is not None and now - b.archive.at <= FRESH for b in batches)


def is_open_retry(turns: Iterable[tuple[Remedy | None, int]], attempts: int) -> bool:
    """Say whether turns that were planned (what they call for, which attempt) may go out unasked."""
    return all(remedy in AUTOMATIC and attempt <= attempts for remedy, attempt in turns)
