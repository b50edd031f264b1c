"""When a batch is asked for again, and when its end can be foretold."""

from __future__ import annotations

import datetime as dt

import pytest

from batchdeck.domain.polling import LONGEST_RETRY_AFTER, PollPace, estimate_end, next_poll

CREATED = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
PACE = PollPace(floor_seconds=10, ceiling_seconds=600, jitter=0.2)
MINUTES = [22, 24, 25, 27, 29, 30, 31, 31, 33, 36, 40, 44, 46, 48]
HISTORY = [(960, 60.0 * minutes) for minutes in MINUTES]


def wait(
    age: float,
    *,
    requests: int = 960,
    history: list[tuple[int, float]] | None = None,
    polls: int = 0,
    retry_after: float | None = None,
    rng: float = 0.0,
    is_canceling: bool = False,
) -> float:
    return next_poll(
        CREATED,
        requests,
        CREATED + dt.timedelta(seconds=age),
        HISTORY if history is None else history,
        polls=polls,
        retry_after=retry_after,
        pace=PACE,
        rng=rng,
        is_canceling=is_canceling,
    )


def test_the_first_question_comes_at_the_median_of_similar_batches() -> None:
    assert wait(0) == 31 * 60
    assert wait(60) == 30 * 60


def test_where_batches_vary_widely_a_quick_one_is_found_within_a_ceiling_of_its_end() -> None:
    assert wait(0, history=[(960, 300.0), (960, 3_600.0), (960, 7_200.0)]) < 300 + 700 + 600


def test_a_batch_that_is_older_than_the_median_is_asked_for_at_once() -> None:
    assert wait(3_600) == PACE.floor_seconds


def test_without_enough_similar_batches_the_first_question_comes_soon() -> None:
    assert wait(0, history=[]) == PACE.floor_seconds
    assert wait(0, history=HISTORY[:2]) == PACE.floor_seconds
    assert wait(0, requests=100_000) == PACE.floor_seconds


def test_later_pauses_grow_with_age_up_to_the_ceiling() -> None:
    pauses = [wait(age, polls=1) for age in (0, 200, 1_200, 3_600, 36_000)]
    assert pauses == sorted(pauses)
    assert pauses[0] == PACE.floor_seconds
    assert pauses[2] == 120
    assert pauses[-1] <= PACE.ceiling_seconds


def test_tiny_batches_are_asked_for_more_often() -> None:
    assert wait(1_200, requests=10, polls=1) == wait(1_200, requests=1_000, polls=1) / 2


def test_a_batch_that_is_being_canceled_is_asked_for_at_the_floor() -> None:
    assert wait(0, is_canceling=True) == PACE.floor_seconds
    assert wait(36_000, polls=9, is_canceling=True) == PACE.floor_seconds


def test_the_api_may_ask_for_a_longer_pause_but_not_for_ever() -> None:
    assert wait(0, history=[], retry_after=45) == 45
    assert wait(36_000, polls=9, retry_after=10) > 10
    assert wait(0, history=[], retry_after=99_999_999) == LONGEST_RETRY_AFTER


def test_a_clock_behind_the_servers_does_no_harm() -> None:
    assert wait(-120, polls=1) == PACE.floor_seconds


def test_what_similar_batches_took() -> None:
    estimate = estimate_end(HISTORY, 700)
    assert estimate is not None
    assert estimate.batches == 14
    assert estimate.median == 31 * 60
    assert 22 * 60 < estimate.low < estimate.median < estimate.high < 48 * 60


@pytest.mark.parametrize(("requests", "is_known"), [(319, False), (320, True), (2_880, True), (2_881, False)])
def test_similar_means_within_a_factor_of_three(requests: int, is_known: bool) -> None:
    assert (estimate_end(HISTORY, requests) is not None) is is_known


def test_a_batch_that_has_outlived_the_others_has_no_estimate() -> None:
    assert estimate_end([], 960) is None
    still = estimate_end(HISTORY, 960, age=40 * 60)
    assert still is not None
    assert (still.median, still.batches) == (46 * 60, 3)
    assert estimate_end(HISTORY, 960, age=44 * 60) is None
