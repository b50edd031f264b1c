"""The table of results: what each line of a results file means for its page, and what that calls for next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import (
    GOOD,
    Outcome,
    Remedy,
    ResultFacts,
    classify,
    count_outcomes,
    is_account_error,
    next_max_tokens,
    reason_of,
    remedy,
)


def succeeded(stop_reason: str, *, has_text: bool = True) -> ResultFacts:
    return ResultFacts("id", "succeeded", stop_reason, usage=Usage(output=4_096), has_text=has_text)


def errored(error_type: str, message: str = "") -> ResultFacts:
    return ResultFacts("id", "errored", error_type=error_type, message=message)


TABLE = [
    (succeeded("end_turn"), Outcome.OK, Remedy.NOTHING),
    (succeeded("stop_sequence"), Outcome.OK, Remedy.NOTHING),
    (succeeded("end_turn", has_text=False), Outcome.EMPTY, Remedy.AS_IT_WAS),
    (succeeded("max_tokens"), Outcome.TRUNCATED, Remedy.MORE_TOKENS),
    (succeeded("max_tokens", has_text=False), Outcome.TRUNCATED, Remedy.MORE_TOKENS),
    (succeeded("model_context_window_exceeded"), Outcome.TRUNCATED, Remedy.MORE_TOKENS),
    (succeeded("refusal"), Outcome.REFUSED, Remedy.CHANGED),
    (succeeded("refusal", has_text=False), Outcome.REFUSED, Remedy.CHANGED),
    (succeeded("tool_use"), Outcome.MALFORMED, Remedy.AS_IT_WAS),
    (succeeded("pause_turn"), Outcome.MALFORMED, Remedy.AS_IT_WAS),
    (succeeded("something_newer"), Outcome.MALFORMED, Remedy.AS_IT_WAS),
    (
        errored("invalid_request_error", "Output blocked by content filtering policy"),
        Outcome.BLOCKED,
        Remedy.CHANGED,
    ),
    (errored("invalid_request_error", "max_tokens: too large"), Outcome.ERRORED, Remedy.FIX_REQUEST),
    (errored("invalid_request_error", "Could not process PDF"), Outcome.ERRORED, Remedy.AS_IT_WAS),
    (errored("invalid_request_error", "Could not process image"), Outcome.ERRORED, Remedy.AS_IT_WAS),
    (errored("request_too_large"), Outcome.ERRORED, Remedy.FIX_REQUEST),
    (
        errored("invalid_request_error", "Your credit balance is too low to access the API."),
        Outcome.ERRORED,
        Remedy.OPERATOR_FIRST,
    ),
    (
        errored("invalid_request_error", "You have reached your specified API usage limits."),
        Outcome.ERRORED,
        Remedy.OPERATOR_FIRST,
    ),
    (errored("billing_error"), Outcome.ERRORED, Remedy.OPERATOR_FIRST),
    (errored("authentication_error"), Outcome.ERRORED, Remedy.OPERATOR_FIRST),
    (errored("permission_error"), Outcome.ERRORED, Remedy.OPERATOR_FIRST),
    (
        errored("rate_limit_error", "The enforced spend limit is reached"),
        Outcome.ERRORED,
        Remedy.OPERATOR_FIRST,
    ),
    (errored("api_error"), Outcome.ERRORED, Remedy.AS_IT_WAS),
    (errored("overloaded_error", "Overloaded"), Outcome.ERRORED, Remedy.AS_IT_WAS),
    (errored("rate_limit_error", "Too many requests; see billing"), Outcome.ERRORED, Remedy.AS_IT_WAS),
    (errored("timeout_error"), Outcome.ERRORED, Remedy.AS_IT_WAS),
    (errored("not_found_error", "model: claude-none"), Outcome.ERRORED, Remedy.CHANGED),
    (errored("something_newer", "?"), Outcome.ERRORED, Remedy.UNKNOWN),
    (errored("answer_lost", "no answer came back"), Outcome.ERRORED, Remedy.MAY_BE_PAID),
    (ResultFacts("id", "expired"), Outcome.EXPIRED, Remedy.AS_IT_WAS),
    (ResultFacts("id", "canceled"), Outcome.CANCELED, Remedy.ON_REQUEST),
    (ResultFacts("id", "something_newer"), Outcome.ERRORED, Remedy.UNKNOWN),
]


@pytest.mark.parametrize(("facts", "outcome", "next_step"), TABLE)
def test_what_a_result_means_and_calls_for(facts: ResultFacts, outcome: Outcome, next_step: Remedy) -> None:
    verdict = classify(facts)
    assert verdict.outcome is outcome
    assert remedy(verdict.outcome, facts.error_type, facts.message) is next_step
    if outcome.is_failure:
        assert verdict.detail


@pytest.mark.parametrize("facts", [facts for facts, _, _ in TABLE])
def test_only_what_succeeded_is_billed(facts: ResultFacts) -> None:
    assert classify(facts).outcome.is_billed is (facts.type == "succeeded")


def test_a_missing_line_is_sent_again_and_a_pending_one_left_alone() -> None:
    assert remedy(Outcome.MISSING) is Remedy.AS_IT_WAS
    assert remedy(Outcome.PENDING) is Remedy.NOTHING
    assert not Outcome.MISSING.is_billed


@pytest.mark.parametrize(
    ("outcome", "message", "second"),
    [
        (Outcome.ERRORED, "Could not process PDF", Remedy.AS_IMAGE),
        (Outcome.ERRORED, "Could not process image", Remedy.CHANGED),
        (Outcome.EMPTY, "", Remedy.CHANGED),
        (Outcome.REPETITION, "", Remedy.CHANGED),
        (Outcome.LOW_FIDELITY, "", Remedy.CHANGED),
        (Outcome.MALFORMED, "", Remedy.CHANGED),
        (Outcome.EXPIRED, "", Remedy.AS_IT_WAS),
    ],
)
def test_what_fails_twice_the_same_way_is_changed(outcome: Outcome, message: str, second: Remedy) -> None:
    assert remedy(outcome, "invalid_request_error", message, attempts=1) is Remedy.AS_IT_WAS
    assert remedy(outcome, "invalid_request_error", message, attempts=2) is second


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_good_failed_or_pending(outcome: Outcome) -> None:
    assert [outcome.is_good, outcome.is_failure, outcome is Outcome.PENDING].count(True) == 1
    assert (remedy(outcome) is Remedy.NOTHING) is not outcome.is_failure


def test_the_details_name_the_figures() -> None:
    assert classify(succeeded("max_tokens")).detail == "cut at max_tokens after 4,096 tokens"
    assert "something_newer" in classify(ResultFacts("id", "something_newer")).detail


def test_a_refusal_says_its_category() -> None:
    facts = ResultFacts("id", "succeeded", "refusal", error_type="general_harms")
    assert classify(facts).detail == "general_harms"
    explained = classify(replace(facts, message="because")).detail
    assert reason_of("general_harms", explained) == explained == "general_harms: because"


def test_every_failure_has_a_reason() -> None:
    assert classify(ResultFacts("id", "succeeded", "refusal")).detail == "the model declined"
    silent = classify(ResultFacts("id", "errored", error_type="api_error")).detail
    assert reason_of("api_error", silent) == "api_error the API gave no reason"


def test_messages_decide_only_where_the_type_does_not() -> None:
    assert not is_account_error("api_error", "billing system is down")
    assert is_account_error("billing_error", "")


@pytest.mark.parametrize(
    ("current", "ceiling", "expected"),
    [(4_096, None, 8_192), (4_096, 64_000, 8_192), (4_096, 6_000, 6_000), (8_192, 4_096, 8_192)],
)
def test_more_tokens_never_means_fewer(current: int, ceiling: int | None, expected: int) -> None:
    assert next_max_tokens(current, ceiling) == expected


def test_a_tally_is_split_in_three() -> None:
    tally = {Outcome.OK: 5, Outcome.OK_REPAIRED: 1, Outcome.TRUNCATED: 2, Outcome.PENDING: 3}
    assert count_outcomes(tally) == (6, 2, 3)
    assert count_outcomes({}) == (0, 0, 0)
    assert frozenset({Outcome.OK, Outcome.OK_REPAIRED}) == GOOD
