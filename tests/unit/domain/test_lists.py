"""Filtering and sorting rows on the command line, and finding the one thing that is meant."""

from __future__ import annotations

import datetime as dt

import pytest

from batchdeck.domain.batches import RequestCounts
from batchdeck.domain.calls import ApiCall
from batchdeck.domain.columns import (
    BATCH_FIELDS,
    CALL_FIELDS,
    PAGE_FIELDS,
    batch_value,
    call_value,
    page_value,
    select,
)
from batchdeck.domain.lookup import find_one
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.overview import BatchRow, BatchStatus
from batchdeck.domain.pages import PageRow
from batchdeck.errors import FilterError, NotFound

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


def page(index: int, outcome: Outcome, cost: float | None = None, document: str = "lease.pdf") -> PageRow:
    return PageRow(index, document, "0", index + 1, "vii", outcome, 1, cost=cost)


PAGES = [
    page(0, Outcome.OK, 0.02),
    page(1, Outcome.TRUNCATED, 0.05, "annex 10.pdf"),
    page(2, Outcome.EXPIRED, None, "annex 9.pdf"),
    page(3, Outcome.LOW_FIDELITY, 0.01),
]


CALLS = [
    ApiCall(1, NOW, "GET", "/v1/models", 200, "", 31, 0, 14_600, "req_1"),
    ApiCall(2, NOW, "POST", "/v1/messages/batches", None, "ReadTimeout", 600_004, 2_500_000, None, ""),
    ApiCall(
        3, NOW + dt.timedelta(days=1), "GET", "/v1/messages/batches/msgbatch_1", 429, "rate_limit_error", 12,
        0, 120, "req_3",
    ),
]  # fmt: skip


def chosen(text: str) -> list[int]:
    return [row.index for row in select(PAGES, text, PAGE_FIELDS, page_value)]


def test_pages_are_filtered_and_sorted() -> None:
    assert chosen("") == [0, 1, 2, 3]
    assert chosen("annex") == [1, 2]
    assert chosen("outcome:truncated,low-fidelity") == [1, 3]
    assert chosen("sort:cost") == [3, 0, 1, 2]
    assert chosen("sort:-cost !outcome:ok") == [1, 3, 2]
    assert chosen("sort:document,-page") == [2, 1, 3, 0]
    assert chosen("remedy:as_it_was index>2") == [3]


def test_calls_are_filtered_and_sorted() -> None:
    def called(text: str) -> list[int]:
        return [call.n for call in select(CALLS, text, CALL_FIELDS, call_value)]

    assert called("error:*") == [2, 3]
    assert called("!status:200") == [2, 3]
    assert called("status>=400") == [3]
    assert called('error:rate_limit_error,"not found"') == [3]
    assert called("method:get path:batches") == [3]
    assert called("ms>100k | sent>1MB") == [2]
    assert called("when>2026-11-21") == [3]
    assert called("req_1") == [1]
    assert called("sort:-ms") == [2, 1, 3]
    assert called("sort:received") == [3, 1, 2]


def test_without_a_sort_key_rows_are_passed_on_one_by_one() -> None:
    rows = select(iter(PAGES), "annex", PAGE_FIELDS, page_value)
    assert next(iter(rows)).index == 1


def test_a_filter_that_cannot_be_read_is_refused_before_any_row_is_asked_for() -> None:
    with pytest.raises(FilterError):
        select(PAGES, "nope:1", PAGE_FIELDS, page_value)


def test_every_field_can_be_read_off_a_row() -> None:
    batch = BatchRow(
        "k", "msgbatch_1", "j1", "contracts", BatchStatus.IN_DOUBT, 2, 40, RequestCounts(), 3, 1, False,
        NOW - dt.timedelta(days=28), None, None, NOW + dt.timedelta(days=1), estimate=0.5,
    )  # fmt: skip
    for field in PAGE_FIELDS:
        page_value(PAGES[0], field)
    for field in CALL_FIELDS:
        call_value(CALLS[0], field)
    values = {field: batch_value(batch, field, NOW) for field in BATCH_FIELDS}
    assert values["age"] == dt.timedelta(days=28)
    assert values["left"] == dt.timedelta(days=1)
    assert values["cost"] == 0.5
    found = list(
        select(
            [batch], "left<2d status:in_doubt try:2", BATCH_FIELDS, lambda row, f: batch_value(row, f, NOW)
        )
    )
    assert found == [batch]


THINGS = [("msgbatch_0a11", "annual"), ("msgbatch_0b11", "contracts"), ("msgbatch_0b22", "annual")]


@pytest.mark.parametrize(
    ("name", "found"),
    [("msgbatch_0a11", 0), ("contracts", 1), ("0a11", 0), ("b22", 2), ("cont", 1), ("msgbatch_0a", 0)],
)
def test_one_thing_is_found_by_id_part_of_it_or_name(name: str, found: int) -> None:
    assert find_one(name, THINGS, lambda thing: thing, what="batch") == THINGS[found]


@pytest.mark.parametrize("name", ["annual", "11", "msgbatch", "", "nothing", "\x1b[2J"])
def test_none_or_several_is_an_error_that_can_be_shown(name: str) -> None:
    with pytest.raises(NotFound) as refusal:
        find_one(name, THINGS, lambda thing: thing, what="batch")
    assert "\x1b" not in refusal.value.message
