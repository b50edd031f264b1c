"""How many real-time calls may be under way at once."""

from __future__ import annotations

from batchdeck.domain.pacing import Pacing, RateLimit


def test_it_begins_low_and_grows_to_the_most_while_the_api_is_at_ease() -> None:
    pacing = Pacing(most=6)
    assert pacing.allowed == 4
    assert [pacing.answered() for _ in range(4)] == [0.0] * 4
    assert pacing.allowed == 6


def test_never_more_at_once_than_the_api_has_calls_left() -> None:
    pacing = Pacing(most=8)
    pacing.answered([RateLimit("requests", remaining=2, limit=50, reset_seconds=30.0)])
    assert pacing.allowed == 2


def test_a_limit_that_is_used_up_is_waited_for_until_it_is_whole_again() -> None:
    used_up = RateLimit("output-tokens", remaining=10, limit=8_000, reset_seconds=12.5)
    at_ease = RateLimit("input-tokens", remaining=20_000, limit=40_000, reset_seconds=40.0)
    assert Pacing(most=8).answered([used_up, at_ease]) == 12.5
    assert Pacing(most=8, pause_most=5.0).answered([used_up]) == 5.0


def test_a_refusal_halves_what_may_be_under_way_and_is_waited_out() -> None:
    pacing = Pacing(most=8)
    assert pacing.refused(3.0) == 3.0
    assert pacing.allowed == 2
    for _ in range(5):
        pacing.refused(0.0)
    assert pacing.allowed == 1, "one call at a time is always tried"
