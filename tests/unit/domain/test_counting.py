"""Estimates from a counted sample, with ranges worked out by hand."""

from __future__ import annotations

import pytest

from batchdeck.domain.costs import ModelPrice, Usage
from batchdeck.domain.counting import (
    Measured,
    PastBatch,
    default_output,
    estimate_counted,
    measure,
    past_hits,
    past_output,
    sample_pages,
)
from batchdeck.domain.documents import Document, Sha256
from batchdeck.domain.planning import PlannedDocument

SONNET = ModelPrice(input=1.0, output=5.0)


def planned(name: str, numbers: tuple[int, ...]) -> PlannedDocument:
    return PlannedDocument(Document(name, Sha256(name), 1), numbers, 0)


def test_a_sample_is_spread_over_the_documents_by_their_length() -> None:
    documents = [planned("long", tuple(range(1, 9))), planned("short", (3, 7))]
    chosen = [(document.document.path, number) for document, number in sample_pages(documents, 5)]
    assert chosen == [("long", 2), ("long", 4), ("long", 6), ("long", 8), ("short", 7)]
    assert [number for _, number in sample_pages([planned("a", (4,)), planned("b", (9,))], 5)] == [4, 9]
    assert sample_pages([], 5) == []


def test_the_range_of_a_sample_holds_the_mean_nine_times_in_ten() -> None:
    # Mean 300; variance (4 + 1 + 0 + 1 + 4) * 100² / 4; of 5 in 10 half the variance is known.
    found = measure([100, 200, 300, 400, 500], 10)
    assert found.mean == 300
    assert found.high - found.mean == pytest.approx(2.13 * (25_000 / 5 / 2) ** 0.5)
    assert found.mean - found.low == pytest.approx(2.13 * 50)
    assert measure([100, 300], 2) == Measured(200, 200, 200)
    assert measure([1_000], 9) == Measured(1_000, 500, 2_000)
    assert measure([1, 1_000], 1_000).low == 0


def test_output_and_cache_hits_come_from_earlier_batches() -> None:
    past = [
        PastBatch(10, Usage(output=5_000, cache_read=9_000, cache_write_1h=1_000)),
        PastBatch(30, Usage(output=9_000, cache_read=0, cache_write_1h=10_000)),
    ]
    assert past_output(past) == Measured(350, 280, 500)
    assert past_hits(past) == Measured(0.45, 0.45, 0.45)
    assert past_output([]) is None
    assert past_hits([PastBatch(1, Usage(input=5))]) is None
    assert default_output(16_000) == Measured(1_500, 750, 3_000)
    assert default_output(1_000) == Measured(1_000, 500, 1_000)


def test_a_counted_estimate_prices_the_shared_part_as_the_cache_does() -> None:
    found = estimate_counted(
        1_000,
        SONNET,
        own=Measured(2_000, 1_500, 2_500),
        shared=1_000,
        hits=Measured(0.5, 0.25, 1.0),
        output=Measured(400, 200, 2_000),
        max_tokens=1_000,
    )
    # Reading costs a tenth, writing for an hour double; output costs five times, at most max_tokens.
    assert found.usd == pytest.approx(2 + 0.5 * 0.1 + 0.5 * 2 + 2)
    assert found.low == pytest.approx(1.5 + 1.0 * 0.1 + 1)
    assert found.high == pytest.approx(2.5 + 0.25 * 0.1 + 0.75 * 2 + 5)
    uncached = estimate_counted(
        10, SONNET, own=Measured(1, 1, 1), shared=99_999, hits=None, output=Measured(0, 0, 0), max_tokens=9
    )
    assert uncached.usd == pytest.approx(1.0)
