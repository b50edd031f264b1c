"""Pauses between polls stay within what was set, whatever the history, the clock and the API say."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from batchdeck.domain.polling import LONGEST_RETRY_AFTER, PollPace, estimate_end, next_poll

CREATED = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
histories = st.lists(st.tuples(st.integers(0, 100_000), st.floats(0, 90_000)), max_size=30)
paces = st.builds(PollPace, st.floats(0.1, 60), st.floats(60, 86_400), st.floats(0, 1))
randoms = st.floats(0, 1, exclude_max=True)
ages = st.floats(-3_600, 100_000)
SLACK = 1e-6


@given(histories, paces, ages, st.integers(0, 100_000), st.integers(1, 50), randoms)
def test_after_the_first_question_pauses_keep_to_floor_and_ceiling(
    history: list[tuple[int, float]], pace: PollPace, age: float, requests: int, polls: int, rng: float
) -> None:
    now = CREATED + dt.timedelta(seconds=age)
    seconds = next_poll(CREATED, requests, now, history, polls=polls, retry_after=None, pace=pace, rng=rng)
    assert pace.floor_seconds - SLACK <= seconds <= pace.ceiling_seconds + SLACK


@given(histories, paces, ages, st.integers(0, 100_000), st.integers(0, 5), randoms, st.floats(0, 1e9))
def test_the_apis_wish_is_obeyed_within_an_hour(
    history: list[tuple[int, float]],
    pace: PollPace,
    age: float,
    requests: int,
    polls: int,
    rng: float,
    retry_after: float,
) -> None:
    now = CREATED + dt.timedelta(seconds=age)
    seconds = next_poll(
        CREATED, requests, now, history, polls=polls, retry_after=retry_after, pace=pace, rng=rng
    )
    assert seconds >= min(retry_after, LONGEST_RETRY_AFTER)


@given(histories, st.integers(0, 100_000), st.floats(0, 90_000))
def test_an_estimate_lies_within_what_was_seen(
    history: list[tuple[int, float]], requests: int, age: float
) -> None:
    estimate = estimate_end(history, requests, age=age)
    if estimate is not None:
        seen = [seconds for _, seconds in history if seconds > age]
        assert 3 <= estimate.batches <= len(seen)
        assert min(seen) - SLACK <= estimate.low <= estimate.median + SLACK
        assert estimate.median - SLACK <= estimate.high <= max(seen) + SLACK
