"""Money of one deck: what was spent, what is still reserved, and the caps that a submission must keep."""

from __future__ import annotations

import datetime as dt

from batchdeck.domain.batches import SubmissionState
from batchdeck.errors import NothingToSubmit
from batchdeck.operations.context import Context


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
