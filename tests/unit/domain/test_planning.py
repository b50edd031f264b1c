"""What a retry sends: grouped by cause, each with the change it calls for, never the same failure again."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Mapping
from dataclasses import replace

import pytest

from batchdeck.domain.costs import ModelPrice, PriceList
from batchdeck.domain.documents import Document, PageFacts, Sha256
from batchdeck.domain.outcomes import Outcome, Remedy
from batchdeck.domain.pages import PageRow
from batchdeck.domain.planning import (
    PlannedDocument,
    RetryChoice,
    Turn,
    estimate_turns,
    expected_bytes,
    plan_turns,
)

OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"


def row(
    index: int,
    outcome: Outcome,
    *,
    error_type: str = "",
    detail: str = "",
    attempts: int = 1,
    max_tokens: int = 4_096,
) -> PageRow:
    return PageRow(
        index,
        "lease.pdf",
        "0" * 64,
        index + 1,
        str(index + 1),
        outcome,
        attempts,
        custom_id=f"id-{index}",
        error_type=error_type,
        detail=detail,
        max_tokens=max_tokens,
        model=SONNET,
    )


def plan(
    *rows: PageRow, choice: RetryChoice | None = None, ceilings: Mapping[str, int] | None = None
) -> tuple[list[Turn], dict[int, str]]:
    lineage = {each.index: f"key-{each.index % 2}" for each in rows}
    turns, skipped = plan_turns(rows, choice or RetryChoice(), lineage, ceilings=ceilings)
    return turns, {page.index: page.reason for page in skipped}


def test_pages_are_grouped_by_cause_each_with_its_change() -> None:
    turns, skipped = plan(
        row(0, Outcome.OK),
        row(1, Outcome.TRUNCATED),
        row(2, Outcome.ERRORED, error_type="overloaded_error"),
        row(3, Outcome.TRUNCATED),
        row(4, Outcome.PENDING),
        row(5, Outcome.EXPIRED),
        row(6, Outcome.REFUSED),
    )
    assert [(turn.indices, turn.max_tokens, turn.change) for turn in turns] == [
        ((1, 3), 8_192, "max_tokens 4,096 → 8,192"),
        ((2,), 4_096, "as it was"),
        ((5,), 4_096, "as it was"),
    ]
    assert list(skipped) == [6]
    assert turns[0].ranges == ((1, 2), (3, 4))
    assert turns[0].remedy is Remedy.MORE_TOKENS


def test_lineage_and_attempt_follow_the_pages() -> None:
    turns, _ = plan(row(1, Outcome.EXPIRED), row(2, Outcome.EXPIRED, attempts=3), row(3, Outcome.EXPIRED))
    assert turns[0].lineage == ("key-1", "key-0")
    assert turns[0].attempt == 4


@pytest.mark.parametrize(
    ("choice", "ceilings", "expected"),
    [
        (RetryChoice(), {}, 8_192),
        (RetryChoice(), {SONNET: 6_000}, 6_000),
        (RetryChoice(), {SONNET: 4_096}, "the model's limit is 4,096"),
        (RetryChoice(max_tokens=10_000), {}, 10_000),
        (RetryChoice(max_tokens=10_000), {SONNET: 8_000}, "the model's limit is 8,000"),
        (RetryChoice(max_tokens=4_096), {}, "no more than before"),
        (RetryChoice(max_tokens=2_048), {}, "no more than before"),
        (RetryChoice(max_tokens=2_048, model=OPUS), {}, "no more than before"),
        (RetryChoice(max_tokens=4_096, model=OPUS), {}, 4_096),
        (RetryChoice(model=OPUS), {OPUS: 2_048}, "the model's limit is 2,048"),
    ],
)
def test_a_truncated_page_gets_more_tokens_and_never_fewer(
    choice: RetryChoice, ceilings: dict[str, int], expected: int | str
) -> None:
    turns, skipped = plan(row(0, Outcome.TRUNCATED), choice=choice, ceilings=ceilings)
    if isinstance(expected, int):
        assert [turn.max_tokens for turn in turns] == [expected]
    else:
        assert not turns
        assert expected in skipped[0]


def test_what_was_cut_is_not_expected_to_come_back_shorter_or_cheaper() -> None:
    prices = PriceList(dt.date(2026, 11, 1), {SONNET: ModelPrice(input=1.0, output=5.0)})
    turns, _ = plan(row(0, Outcome.TRUNCATED, max_tokens=16_000), row(1, Outcome.EXPIRED, max_tokens=16_000))
    cut, usual = (estimate_turns([turn], prices) for turn in turns)
    assert cut.usd == pytest.approx(0.0035 + 16_000 * 5e-6)
    assert cut.low == pytest.approx(0.00175 + 16_000 * 5e-6)
    assert cut.high == pytest.approx(0.007 + 32_000 * 5e-6)
    assert usual.usd == pytest.approx(0.0035 + 1_500 * 5e-6)
    assert estimate_turns([replace(turns[0], realtime=True)], prices).usd == pytest.approx(2 * cut.usd)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.BLOCKED])
def test_what_was_refused_goes_out_only_changed(outcome: Outcome) -> None:
    assert not plan(row(0, outcome))[0]
    assert not plan(row(0, outcome), choice=RetryChoice(indices=frozenset({0}), max_tokens=9_999))[0]
    assert plan(row(0, outcome), choice=RetryChoice(model=OPUS))[0][0].change == f"model {SONNET} → {OPUS}"
    assert plan(row(0, outcome), choice=RetryChoice(as_image=True))[0][0].as_image


def test_a_wrong_request_goes_out_only_mended() -> None:
    wrong = row(0, Outcome.ERRORED, error_type="invalid_request_error", detail="max_tokens: too large")
    assert not plan(wrong)[0]
    turns, _ = plan(wrong, choice=RetryChoice(max_tokens=1_024))
    assert turns[0].change == "max_tokens 4,096 → 1,024"


@pytest.mark.parametrize(
    "choice",
    [RetryChoice(), RetryChoice(indices=frozenset({0}), model=OPUS, as_image=True, max_tokens=9_999)],
)
def test_nothing_goes_out_while_the_account_needs_the_operator(choice: RetryChoice) -> None:
    turns, skipped = plan(row(0, Outcome.ERRORED, error_type="billing_error"), choice=choice)
    assert not turns
    assert "account" in skipped[0]


def test_pages_that_failed_for_the_account_go_out_when_the_operator_has_mended_it() -> None:
    turns, _ = plan(
        row(0, Outcome.ERRORED, error_type="billing_error"), choice=RetryChoice(account_mended=True)
    )
    assert turns[0].change == "as it was"


def test_a_failure_that_is_not_known_goes_out_only_when_asked_for() -> None:
    unknown = row(0, Outcome.ERRORED, error_type="something_newer")
    turns, skipped = plan(unknown)
    assert not turns
    assert "not known" in skipped[0]
    assert plan(unknown, choice=RetryChoice(indices=frozenset({0})))[0]


def test_canceled_pages_go_out_only_when_asked_for() -> None:
    canceled = row(0, Outcome.CANCELED)
    assert not plan(canceled)[0]
    assert plan(canceled, choice=RetryChoice(outcomes=frozenset({Outcome.CANCELED})))[0]
    assert plan(canceled, choice=RetryChoice(indices=frozenset({0})))[0]
    assert plan(canceled, choice=RetryChoice(asked_for=frozenset({Outcome.CANCELED})))[0]
    assert not plan(canceled, choice=RetryChoice(asked_for=frozenset({Outcome.ERRORED})))[0]


def test_an_unreadable_pdf_is_tried_once_more_and_then_as_an_image() -> None:
    detail = "Could not process PDF"
    first, second = (
        row(0, Outcome.ERRORED, error_type="invalid_request_error", detail=detail, attempts=n) for n in (1, 2)
    )
    assert not plan(first)[0][0].as_image
    assert plan(second)[0][0].as_image
    assert plan(second)[0][0].change == "page as an image"


def test_only_chosen_pages_go_out() -> None:
    rows = [row(index, Outcome.EXPIRED) for index in range(4)] + [row(4, Outcome.MISSING)]
    chosen, _ = plan(*rows, choice=RetryChoice(indices=frozenset({1, 3})))
    assert [turn.indices for turn in chosen] == [(1, 3)]
    missing, _ = plan(*rows, choice=RetryChoice(outcomes=frozenset({Outcome.MISSING})))
    assert [turn.indices for turn in missing] == [(4,)]


def test_a_change_for_one_outcome_leaves_the_others_alone() -> None:
    choice = RetryChoice(by_outcome={Outcome.REFUSED: {"model": OPUS}})
    turns, _ = plan(row(0, Outcome.REFUSED), row(1, Outcome.EXPIRED), choice=choice)
    assert {turn.indices: turn.model for turn in turns} == {(0,): OPUS, (1,): SONNET}


def test_bytes_are_expected_by_the_share_of_pages_that_go_out() -> None:
    pages = tuple(PageFacts(number, str(number), 595, 842, 0, has_text=True) for number in (1, 2, 3, 4))
    document = Document("a.pdf", Sha256("0" * 64), 120_000, pages)
    whole = expected_bytes([PlannedDocument(document, (1, 2, 3, 4), 0)], prompt_bytes=0)
    assert whole == 200_000
    assert expected_bytes([PlannedDocument(document, (2,), 0)], prompt_bytes=9_000) == 59_000


def test_what_is_known_of_pages_comes_from_a_worker_with_its_words_and_sizes_shared() -> None:
    pages = tuple(PageFacts(number, "cover", 595.2, 841.9, 90, has_text=False) for number in (1, 2))
    one, other = (pickle.loads(pickle.dumps(page)) for page in pages)
    assert (one, other) == pages
    assert one.label is other.label
    assert (one.width is other.width, one.height is other.height) == (True, True)
    assert pickle.loads(pickle.dumps(pages[0])) is one  # of another document as well
