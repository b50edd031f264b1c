"""What counts as spent, and what a cap refuses."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from batchdeck.domain.batches import (
    Archive,
    Batch,
    RemoteBatch,
    RequestCounts,
    Submission,
    SubmissionState,
)
from batchdeck.domain.caps import Caps, check_caps, spending
from batchdeck.domain.costs import Estimate
from batchdeck.errors import NothingToSubmit

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)


def submission(key: str, usd: float, **changes: object) -> Submission:
    made = Submission(
        key, "j1", SubmissionState.SUBMITTED, NOW, ((0, 1),), 1, 1, "", reserved_usd=usd, sent_at=NOW
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def batch(key: str, cost: float | None, **changes: object) -> Batch:
    remote = RemoteBatch(f"msgbatch_{key}", "ended", RequestCounts(), NOW, NOW + DAY)
    made = Batch(remote.id, key, "j1", remote, archive=Archive("", 1, 1, NOW), cost=cost)
    return replace(made, **changes)  # type: ignore[arg-type]


def estimate(usd: float, *, known: bool = True) -> Estimate:
    return Estimate(usd, usd, usd, known=known)


def test_what_is_reserved_counts_until_it_is_settled() -> None:
    sent = [submission("a", 2.0), submission("b", 3.0)]
    assert spending(sent, []) == 5.0
    assert spending(sent, [batch("a", 0.5)]) == 3.5
    assert spending(sent, [batch("a", None)]) == 5.0, "without a price the reservation stays"
    odd = batch("a", 0.5, unmeasured=1, submission=submission("a", 2.0, indices=((0, 4),)))
    assert spending(sent, [odd]) == 4.0, "of an answer without usage its share of the reservation stays"
    assert spending(sent, [], without={"a"}) == 3.0


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (SubmissionState.PREPARED, True),
        (SubmissionState.SENDING, True),
        (SubmissionState.IN_DOUBT, True),
        (SubmissionState.REJECTED, False),
        (SubmissionState.ABSENT, False),
        (SubmissionState.DISCARDED, False),
    ],
)
def test_what_came_to_nothing_cost_nothing(state: SubmissionState, counts: bool) -> None:
    assert spending([submission("a", 2.0, state=state)], []) == (2.0 if counts else 0.0)


def test_a_second_acceptance_was_paid_as_well() -> None:
    twice = batch("msgbatch_late", 0.5, duplicate_of="a")
    assert spending([submission("a", 2.0)], [batch("a", 0.5), twice]) == 1.0


def test_a_day_begins_at_midnight_and_what_is_sent_today_is_todays() -> None:
    yesterday = submission("a", 2.0, created_at=NOW - DAY, sent_at=NOW - DAY)
    sent_today = submission("b", 3.0, created_at=NOW - DAY)
    unsent = submission("c", 4.0, created_at=NOW - DAY, sent_at=None, state=SubmissionState.PREPARED)
    assert spending([yesterday, sent_today, unsent], [], since=MIDNIGHT) == 3.0


@pytest.mark.parametrize(
    ("caps", "max_cost", "named"),
    [
        (Caps(per_submission=0.9), None, "max_cost_per_submission"),
        (Caps(per_day=2.9), None, "max_cost_per_day"),
        (Caps(per_deck=2.9), None, "max_cost_per_deck"),
        (Caps(), 0.9, "--max-cost"),
    ],
)
def test_each_cap_refuses_what_is_over_it(caps: Caps, max_cost: float | None, named: str) -> None:
    def check(usd: float, **options: bool) -> None:
        check_caps(caps, estimate(usd, **options), [submission("a", 2.0)], [], NOW, max_cost=max_cost)

    check(0.9)
    with pytest.raises(NothingToSubmit, match=named):
        check(0.95)
    with pytest.raises(NothingToSubmit, match="no price"):
        check(0.0, known=False)


def test_without_a_cap_nothing_is_refused() -> None:
    check_caps(Caps(), estimate(1e6, known=False), [], [], NOW)
