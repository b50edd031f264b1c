"""Money of one deck: what was spent, what is still reserved, and the caps that a submission must keep."""

from __future__ import annotations

import datetime as dt

from batchdeck.domain.batches import Job, Part, SubmissionState, range_total
from batchdeck.domain.costs import BATCH_SHARE, Estimate, TokensPerPage, estimate_pages
from batchdeck.errors import NothingToSubmit
from batchdeck.operations.context import Context
from batchdeck.operations.plan import pages_at_once


def spending(context: Context, since: dt.datetime | None = None) -> float:
    """Return dollars spent or reserved: actual where a batch is archived, else what was reserved for it."""
    archived = {b.key: b.cost for b in context.ledger.batches().values() if b.archive is not None}
    total = 0.0
    for submission in context.ledger.submissions().values():
        if since is not None and (submission.sent_at or submission.created_at) < since:
            continue
        if submission.state.holds_pages or submission.state is SubmissionState.SUBMITTED:
            actual = archived.get(submission.key)
            total += actual if actual is not None else submission.reserved_usd
    return total


def expected_cost(context: Context, job: Job, part: Part, *, realtime: bool) -> Estimate:
    """Return what pages of a job should cost: their share of its estimate where they ask as it did.

    The estimate may have been counted; what else is asked is reckoned from what pages usually take.
    """
    pages = range_total(part.indices)
    is_as_estimated = (part.model, part.max_tokens, part.as_image) == (job.model, job.max_tokens, False)
    if not is_as_estimated or not job.estimate.known or not job.pages:
        return _usual_cost(context, pages, part.model, part.max_tokens, realtime=realtime)
    at_once = sum(pages_at_once(context, job, job.mode))
    # In pages at the batch price, of which one in real time is two.
    whole = job.pages - at_once + at_once / BATCH_SHARE
    share = (pages / BATCH_SHARE if realtime else pages) / whole
    return Estimate(job.estimate.usd * share, job.estimate.low * share, job.estimate.high * share)


def uncounted_cost(context: Context, job: Job) -> Estimate:
    """Return what all of a job should cost by what pages usually take, as its model is now."""
    at_once = sum(pages_at_once(context, job, job.mode))
    batched = _usual_cost(context, job.pages - at_once, job.model, job.max_tokens, realtime=False)
    return batched + _usual_cost(context, at_once, job.model, job.max_tokens, realtime=True)


def _usual_cost(context: Context, pages: int, model: str, max_tokens: int, *, realtime: bool) -> Estimate:
    price = context.prices.of(model)
    return estimate_pages(pages, price, TokensPerPage(), max_tokens=max_tokens, batch=not realtime)


def check_cost(context: Context, usd: float, max_cost: float | None) -> None:
    """Refuse what would cost more than allowed. Days are days in UTC.

    Raises:
        NothingToSubmit: the estimate is over `max_cost`, or over a cap of the settings.
    """
    money = context.settings.money
    caps = [("--max-cost", max_cost), ("money.max_cost_per_submission", money.max_cost_per_submission)]
    if money.max_cost_per_day is not None:
        midnight = context.now().astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        left = money.max_cost_per_day - spending(context, midnight)
        caps.append(("money.max_cost_per_day, less what today has cost,", left))
    if money.max_cost_per_deck is not None:
        left = money.max_cost_per_deck - spending(context)
        caps.append(("money.max_cost_per_deck, less what was spent,", left))
    for name, cap in caps:
        if cap is not None and usd > cap:
            raise NothingToSubmit(
                f"It would cost about ${usd:,.2f}, over the ${max(cap, 0):,.2f} that {name} allows.",
                hint="Choose fewer pages or another model, or raise the cap.",
            )
