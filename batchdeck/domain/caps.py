"""What a deck has spent and reserved, and the caps that hold for all of it. Pure rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from batchdeck.domain.batches import Batch, Submission
from batchdeck.domain.costs import Estimate
from batchdeck.errors import NothingToSubmit

_DIGITS = 1e-5
"""Dollars by which sums of batches may differ from the whole in their last digits."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Most dollars that may be spent, by the estimate until the actual is known; None for no cap."""

    per_submission: float | None = None
    per_day: float | None = None
    """Days are days in UTC."""
    per_deck: float | None = None

    @property
    def are_set(self) -> bool:
        return (self.per_submission, self.per_day, self.per_deck) != (None, None, None)


def spending(
    submissions: Iterable[Submission],
    batches: Iterable[Batch],
    *,
    since: dt.datetime | None = None,
    without: Collection[str] = (),
) -> float:
    """Return dollars spent or reserved: actual where a batch is archived and its model has a price, else what
    was reserved for it. What the API took a second time by itself was paid as well.

    Args:
        since: only what was sent, or prepared and not sent yet, from then on.
        without: keys of submissions that are not to be counted.
    """
    known = list(batches)
    actual = {b.key: usd for b in known if (usd := b.settled_usd) is not None}
    total = sum(
        actual.get(submission.key, submission.reserved_usd)
        for submission in submissions
        if submission.state.holds_pages
        and submission.key not in without
        and (since is None or (submission.sent_at or submission.created_at) >= since)
    )
    twice = (
        batch.cost or 0.0
        for batch in known
        if batch.duplicate_of is not None and (since is None or batch.remote.created_at >= since)
    )
    return total + sum(twice)


def check_caps(
    caps: Caps,
    estimate: Estimate,
    submissions: Collection[Submission],
    batches: Collection[Batch],
    now: dt.datetime,
    *,
    max_cost: float | None = None,
    without: Collection[str] = (),
) -> None:
    """Refuse what would cost more than allowed.

    Args:
        estimate: what is to be sent.
        max_cost: a cap for this once, in dollars.
        without: keys of submissions that the estimate holds already.

    Raises:
        NothingToSubmit: the estimate is over a cap, or there is a cap and nobody knows what it costs.
    """
    if not caps.are_set and max_cost is None:
        return
    if not estimate.known:
        raise NothingToSubmit(
            "There is no price for the model, so that no cap can be kept.",
            hint="Add the model to the price list (money.prices), or lift the caps.",
        )
    left: list[tuple[str, float | None]] = [
        ("--max-cost", max_cost),
        ("money.max_cost_per_submission", caps.per_submission),
    ]
    if caps.per_day is not None:
        midnight = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        spent = spending(submissions, batches, since=midnight, without=without)
        left.append(("money.max_cost_per_day, less what today has cost,", caps.per_day - spent))
    if caps.per_deck is not None:
        spent = spending(submissions, batches, without=without)
        left.append(("money.max_cost_per_deck, less what was spent,", caps.per_deck - spent))
    for name, cap in left:
        if cap is not None and estimate.usd > cap + _DIGITS:
            raise NothingToSubmit(
                f"It would cost about ${estimate.usd:,.2f}, over the ${max(cap, 0):,.2f} that {name} allows.",
                hint="Choose fewer pages or another model, or raise the cap.",
            )
