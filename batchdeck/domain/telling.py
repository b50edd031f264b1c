"""What people are told, and that they are told it once: rules from events and the deck's facts to tellings.

A telling is what happened, as plain facts; templates make a message of it, in `notify`.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchdeck.domain.batches import RISK_DAYS, Batch, Job, Submission, SubmissionState
from batchdeck.domain.events import AccountHeldEvent, Event, InboxHeld, InboxProblem, StandingOrderHeld
from batchdeck.domain.outcomes import count_outcomes
from batchdeck.domain.overview import JobState
from batchdeck.domain.text import show

NEWS_DAYS = 7
"""What ended longer ago than this is no news: a deck that tells again after a while does not tell it all."""


class Kind(enum.StrEnum):
    """What a message is about."""

    BATCH_ENDED = "batch_ended"
    JOB_COMPLETE = "job_complete"
    FAILURES_OVER_SHARE = "failures_over_share"
    RESULTS_AT_RISK = "results_at_risk"
    ACCOUNT_HELD = "account_held"
    GATE_FAILED = "gate_failed"
    SUBMISSION_IN_DOUBT = "submission_in_doubt"
    INBOX_PROBLEM = "inbox_problem"
    STANDING_ORDER_HELD = "standing_order_held"

    @property
    def is_urgent(self) -> bool:
        """Whether it is told in quiet hours, too: paid results vanish, or all work stands still."""
        return self in (Kind.RESULTS_AT_RISK, Kind.ACCOUNT_HELD)


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that happened. Texts in it are fit to show."""

    kind: Kind
    once: str
    """What it is known by: the same is never told twice."""
    facts: Mapping[str, object]
    covers: tuple[str, ...] = ()
    """What need not be told as well, when this is."""


@dataclass(frozen=True, slots=True)
class DeckFacts:
    """What the rules look at."""

    jobs: Mapping[str, Job]
    submissions: Mapping[str, Submission]
    batches: Sequence[Batch]
    states: Mapping[str, JobState]
    """Where jobs stand, by id, as far as anything of them was archived since `news_since`."""
    failure_share: float
    now: dt.datetime
    news_since: dt.datetime


def tell_event(event: Event, jobs: Mapping[str, Job], now: dt.datetime) -> Telling | None:
    """Return what an event that leaves no trace in the ledger is told as.

    What an inbox says is told again on another day: another file may have the same name.
    """
    match event:
        case AccountHeldEvent(reason=reason):
            return Telling(Kind.ACCOUNT_HELD, Kind.ACCOUNT_HELD, {"reason": show(reason, 500)})
        case InboxProblem(folder=folder, file=file, reason=reason, moved_to=moved_to):
            return _tell_inbox(str(moved_to or folder / file), reason, now)
        case InboxHeld(folder=folder, files=files, reason=reason):
            return _tell_inbox(str(folder), f"{files} files wait: {reason}" if files else reason, now)
        case StandingOrderHeld(order=order, job=job, reason=reason):
            facts = {**_job_facts(job, jobs), "order": show(order, 60), "reason": show(reason, 500)}
            once = f"{Kind.STANDING_ORDER_HELD}/{order}/{job}/{facts['reason']}"
            return Telling(Kind.STANDING_ORDER_HELD, once, facts)
        case _:
            return None


def _tell_inbox(path: str, reason: str, now: dt.datetime) -> Telling:
    facts = {"path": show(path, 300), "reason": show(reason, 500)}
    once = f"{Kind.INBOX_PROBLEM}/{now:%Y-%m-%d}/{facts['path']}/{facts['reason']}"
    return Telling(Kind.INBOX_PROBLEM, once, facts)


def tell_deck(facts: DeckFacts) -> list[Telling]:
    """Return all that the deck's own records call for telling, whether or not it has been told."""
    return [
        *_tell_batches(facts),
        *_tell_jobs(facts),
        *_tell_gates(facts),
        *_tell_risks(facts),
        *_tell_doubts(facts),
    ]


def unheard(tellings: Sequence[Telling], told: Collection[str], on: Collection[str]) -> list[Telling]:
    """Return which tellings are to be sent: those of the kinds wanted, not told before, not covered."""
    new = [telling for telling in tellings if telling.kind in on and telling.once not in told]
    covered = {once for telling in new for once in telling.covers}
    return [telling for telling in new if telling.once not in covered]


def _job_facts(job: str | None, jobs: Mapping[str, Job]) -> dict[str, object]:
    known = jobs.get(job or "")
    return {"job": show(known.name, 100) if known is not None else "", "job_id": job or ""}


def _is_news(batch: Batch, facts: DeckFacts) -> bool:
    return batch.archive is not None and batch.archive.at >= facts.news_since


def _tell_batches(facts: DeckFacts) -> Iterator[Telling]:
    for batch in facts.batches:
        if not _is_news(batch, facts):
            continue
        good, failed, _ = count_outcomes(batch.outcomes)
        pages = sum(batch.outcomes.values())
        said = {
            **_job_facts(batch.job, facts.jobs),
            "batch": show(batch.id, 80),
            "pages": pages,
            "good": good,
            "failed": failed,
            "failures": {
                outcome.value.replace("_", " "): count
                for outcome, count in batch.outcomes.items()
                if outcome.is_failure and count
            },
            "cost": batch.cost,
            "findings": [show(finding, 300) for finding in (batch.archive.findings if batch.archive else ())],
        }
        ended = f"{Kind.BATCH_ENDED}/{batch.id}"
        yield Telling(Kind.BATCH_ENDED, ended, said)
        if failed > facts.failure_share * pages:
            said = {**said, "share": failed / pages, "limit": facts.failure_share}
            yield Telling(
                Kind.FAILURES_OVER_SHARE, f"{Kind.FAILURES_OVER_SHARE}/{batch.id}", said, covers=(ended,)
            )


def _tell_jobs(facts: DeckFacts) -> Iterator[Telling]:
    for job_id, state in facts.states.items():
        if state not in (JobState.COMPLETE, JobState.FAILURES):
            continue
        batches = [batch for batch in facts.batches if batch.job == job_id]
        # Pages that were sent again make the job complete once more, when they are back.
        turn = max((batch.remote.created_at for batch in batches), default=facts.now)
        good, failed, _ = count_outcomes(facts.jobs[job_id].outcomes)
        costs = [batch.cost for batch in batches if batch.cost is not None]
        said = {
            **_job_facts(job_id, facts.jobs),
            "pages": facts.jobs[job_id].pages,
            "documents": len(facts.jobs[job_id].documents),
            "good": good,
            "failed": failed,
            "cost": sum(costs) if costs else None,
        }
        covers = tuple(f"{Kind.BATCH_ENDED}/{batch.id}" for batch in batches)
        yield Telling(Kind.JOB_COMPLETE, f"{Kind.JOB_COMPLETE}/{job_id}/{turn.isoformat()}", said, covers)


def _tell_gates(facts: DeckFacts) -> Iterator[Telling]:
    for job in facts.jobs.values():
        if job.gate:
            said = {**_job_facts(job.id, facts.jobs), "reason": show(job.gate, 500)}
            yield Telling(Kind.GATE_FAILED, f"{Kind.GATE_FAILED}/{job.id}/{show(job.gate, 500)}", said)


def _tell_risks(facts: DeckFacts) -> Iterator[Telling]:
    for batch in facts.batches:
        if not batch.is_at_risk(facts.now):
            continue
        age = (facts.now - batch.remote.created_at).days
        day = max(day for day in RISK_DAYS if age >= day)
        said = {
            **_job_facts(batch.job, facts.jobs),
            "batch": show(batch.id, 80),
            "pages": batch.remote.counts.total,
            "vanish_at": batch.results_vanish_at,
        }
        yield Telling(Kind.RESULTS_AT_RISK, f"{Kind.RESULTS_AT_RISK}/{batch.id}/{day}", said)


def _tell_doubts(facts: DeckFacts) -> Iterator[Telling]:
    for submission in facts.submissions.values():
        if submission.state is SubmissionState.IN_DOUBT:
            said = {
                **_job_facts(submission.job, facts.jobs),
                "submission": submission.key,
                "pages": submission.page_count,
                "reason": show(submission.note, 500),
            }
            yield Telling(Kind.SUBMISSION_IN_DOUBT, f"{Kind.SUBMISSION_IN_DOUBT}/{submission.key}", said)
