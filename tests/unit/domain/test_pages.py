"""Which attempt counts: the newest good one, whatever failed after it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.domain.pages import Attempt, PageRow, page_outcome, standing_attempt


def attempts(*outcomes: Outcome) -> list[Attempt]:
    return [Attempt(f"id-{n}", f"key-{n}", None, n, outcome) for n, outcome in enumerate(outcomes, 1)]


def standing(*outcomes: Outcome) -> int | None:
    attempt = standing_attempt(attempts(*outcomes))
    return attempt.number if attempt else None


def test_the_newest_good_attempt_counts() -> None:
    assert standing(Outcome.OK, Outcome.OK_REPAIRED, Outcome.TRUNCATED) == 2
    assert page_outcome(attempts(Outcome.OK, Outcome.TRUNCATED)) is Outcome.OK


def test_without_a_good_one_the_newest_counts_and_one_under_way_is_pending() -> None:
    assert standing(Outcome.REFUSED, Outcome.TRUNCATED) == 2
    assert standing(Outcome.REFUSED, Outcome.PENDING) == 1
    assert page_outcome(attempts(Outcome.REFUSED, Outcome.PENDING)) is Outcome.PENDING
    assert page_outcome(attempts(Outcome.REFUSED, Outcome.EXPIRED)) is Outcome.EXPIRED


def test_a_page_that_was_never_sent_is_pending() -> None:
    assert standing() is None
    assert page_outcome([]) is Outcome.PENDING
    assert standing(Outcome.PENDING) == 1


@given(st.lists(st.sampled_from(list(Outcome)), max_size=5))
def test_a_good_page_never_becomes_bad_again(outcomes: list[Outcome]) -> None:
    before = page_outcome(attempts(*outcomes))
    for more in Outcome:
        after = page_outcome(attempts(*outcomes, more))
        if before.is_good:
            assert after.is_good


def test_a_row_says_what_it_calls_for() -> None:
    row = PageRow(
        0,
        "a",
        "0",
        1,
        "1",
        Outcome.ERRORED,
        2,
        error_type="invalid_request_error",
        detail="Could not process PDF",
    )
    assert row.remedy is Remedy.AS_IMAGE
