"""What was really paid: charges of batches, added up by job, document, recipe, day or model."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batchdeck.domain.batches import Batch, Job, Submission
from batchdeck.domain.costs import BATCH_SHARE, Usage, total_usage
from batchdeck.domain.outcomes import Outcome

ELSEWHERE = "(made elsewhere)"
UNKNOWN = "(unknown)"


class CostsBy(enum.StrEnum):
    """What costs are added up by."""

    JOB = "job"
    DOCUMENT = "document"
    RECIPE = "recipe"
    DAY = "day"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a batch, or a part of one, has cost or is expected to cost."""

    job: str
    """Id of its job; empty for a batch made elsewhere."""
    name: str
    """The job's name."""
    recipe: str
    model: str
    day: dt.date
    """The day in UTC on which it was sent."""
    pages: int = 0
    """Answers that were paid for: a page that was paid for twice counts twice."""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    """As it was paid; None while it is under way, or where nothing of it has a known cost."""
    unmeasured: int = 0
    """Answers that came without usage, or were lost in real time: `cost` is without what they may cost."""
    expected: float = 0.0
    """What was expected of it before it was sent."""
    factor: float = 1.0
    """Its price against the batch price: 1 for a batch, 2 for real time."""
    is_open: bool = False
    """Whether it is still under way."""
    batch: str = ""
    """Id of the batch; empty while there is none."""
    document: str = ""
    """File name of the document, where the charge is of one."""
    first_index: int = 0
    """Where that document begins in its job: two files may have one name."""


@dataclass(frozen=True, slots=True)
class CostRow:
    """One line of a cost table."""

    key: str
    """What the line is about: a job's id, a document's file name, a recipe, a day, a model."""
    name: str = ""
    """What it is called, where that differs from the key."""
    pages: int = 0
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    """What has been paid; None while nothing is known."""
    estimated: float = 0.0
    """What was expected of that before it was sent."""
    pending: float = 0.0
    """What is expected of what is still under way."""
    realtime_cost: float | None = None
    """What the same tokens would have cost in real time."""
    unpriced: int = 0
    """Answers whose model has no price, that came without usage, or were lost: they are in no sum."""

    @property
    def saved(self) -> float | None:
        """What was saved against real time."""
        if self.cost is None or self.realtime_cost is None:
            return None
        return self.realtime_cost - self.cost

    @property
    def over_estimate(self) -> float | None:
        """By which share the cost is over its estimate, negative for under; None without either."""
        if self.cost is None or not self.estimated:
            return None
        return self.cost / self.estimated - 1


@dataclass(frozen=True, slots=True)
class CostTable:
    """Costs, line by line, and their sum."""

    by: CostsBy
    rows: tuple[CostRow, ...]
    total: CostRow
    job: str = ""
    """Id of the one job that it is about; empty for all."""
    since: dt.date | None = None


def price_factor(batch: Batch) -> float:
    """Return the price of a batch's tokens against the batch price."""
    return 1 / BATCH_SHARE if batch.is_realtime else 1.0


def charges_of(
    jobs: Mapping[str, Job],
    submissions: Iterable[Submission],
    batches: Iterable[Batch],
) -> list[Charge]:
    """Return the charges of a deck from its ledger alone: one a batch, and one for what is on its way to one.

    A batch of several models goes under that of most of its pages.
    """
    by_key = {submission.key: submission for submission in submissions}
    waiting = dict(by_key)
    charges = []
    for batch in batches:
        # The unwanted second acceptance of a submission belongs to its job, and nobody expected it.
        submission = batch.submission or by_key.get(batch.duplicate_of or "")
        charges.append(_charge_of(jobs, batch, submission, price_factor(batch)))
        waiting.pop(batch.key, None)
    for submission in waiting.values():
        if submission.state.holds_pages:
            job = jobs.get(submission.job)
            charges.append(
                Charge(
                    job=job.id if job is not None else "",
                    name=job.name if job is not None else "",
                    recipe=job.recipe if job is not None else "",
                    model=submission.model,
                    day=charge_day(submission, None),
                    expected=submission.reserved_usd,
                    is_open=True,
                )
            )
    return charges


def charge_day(submission: Submission | None, batch: Batch | None) -> dt.date:
    """Return the day in UTC on which something was sent: as the API dates the batch, where there is one."""
    if batch is not None:
        return batch.remote.created_at.astimezone(dt.UTC).date()
    assert submission is not None
    return (submission.sent_at or submission.created_at).astimezone(dt.UTC).date()


def paid_answers(outcomes: Mapping[Outcome, int]) -> int:
    """Count the pages of a tally that the API charged for."""
    return sum(count for outcome, count in outcomes.items() if outcome.is_billed)


def _charge_of(jobs: Mapping[str, Job], batch: Batch, submission: Submission | None, factor: float) -> Charge:
    job = jobs.get(submission.job) if submission is not None else None
    is_expected = submission is not None and batch.duplicate_of is None
    return Charge(
        job=job.id if job is not None else "",
        name=job.name if job is not None else "",
        recipe=job.recipe if job is not None else "",
        model=submission.model if submission is not None else "",
        day=charge_day(submission, batch),
        pages=paid_answers(batch.outcomes),
        usage=batch.usage,
        cost=batch.cost if batch.archive is not None else None,
        unmeasured=batch.unmeasured,
        expected=submission.reserved_usd if submission is not None and is_expected else 0.0,
        factor=factor,
        is_open=batch.archive is None,
        batch=batch.id,
    )


def cost_table(
    charges: Iterable[Charge], by: CostsBy, *, since: dt.date | None = None, job: str = ""
) -> CostTable:
    """Add charges up.

    Args:
        since: leave out what was sent before that day in UTC.
        job: leave out other jobs, by id; empty for all.
    """
    groups: dict[tuple[str, ...], list[Charge]] = {}
    chosen = [c for c in charges if (since is None or c.day >= since) and (not job or c.job == job)]
    for charge in chosen:
        groups.setdefault(_key(charge, by), []).append(charge)
    rows = [_row(key[0], key[1], members) for key, members in groups.items()]
    match by:
        case CostsBy.DAY:
            rows.sort(key=lambda row: row.key, reverse=True)
        case CostsBy.DOCUMENT:
            order = {key: min(c.first_index for c in members) for key, members in groups.items()}
            rows = [_row(key[0], key[1], groups[key]) for key in sorted(groups, key=order.__getitem__)]
        case _:
            rows.sort(key=lambda row: (-(row.cost or 0.0), -row.pending, row.key))
    return CostTable(by, tuple(rows), _row("total", "", chosen), job, since)


def _key(charge: Charge, by: CostsBy) -> tuple[str, ...]:
    match by:
        case CostsBy.JOB:
            return charge.job or ELSEWHERE, charge.name
        case CostsBy.DOCUMENT:
            return charge.document or UNKNOWN, "", str(charge.first_index)
        case CostsBy.RECIPE:
            return charge.recipe or ELSEWHERE, ""
        case CostsBy.DAY:
            return charge.day.isoformat(), ""
        case CostsBy.MODEL:
            return charge.model or UNKNOWN, ""


def _row(key: str, name: str, charges: Sequence[Charge]) -> CostRow:
    taken = [charge for charge in charges if not charge.is_open]
    paid = [(charge, charge.cost) for charge in taken if charge.cost is not None]
    return CostRow(
        key,
        name,
        pages=sum(charge.pages for charge in taken),
        usage=total_usage(charge.usage for charge in taken),
        cost=sum(cost for _, cost in paid) if paid else None,
        estimated=sum(charge.expected for charge, _ in paid),
        pending=sum(charge.expected for charge in charges if charge.is_open),
        realtime_cost=sum(cost / charge.factor / BATCH_SHARE for charge, cost in paid) if paid else None,
        unpriced=sum(c.unmeasured if c.cost is not None else max(c.pages, c.unmeasured) for c in taken),
    )
