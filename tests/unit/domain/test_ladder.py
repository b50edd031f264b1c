"""Small first: reading a ladder, which pages stand on which rung, and what stops at a gate."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdeck.domain.documents import PageFacts, PlannedPageKind, Sha256, kind_of_page
from batchdeck.domain.ladder import (
    Gates,
    RungResult,
    assign_rungs,
    gate_failures,
    parse_ladder,
    show_ladder,
)
from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import UsageError

GATES = Gates(most_failures=0.1, least_recall=0.9, most_cost=2.0)


def page(document: str, *kind: object) -> PlannedPageKind:
    return PlannedPageKind(Sha256(document), kind)


@pytest.mark.parametrize(("text", "sizes"), [("2,6,52,rest", (2, 6, 52)), ("5", (5,)), (" 1 , 3 ", (1, 3))])
def test_a_ladder_is_read_and_written(text: str, sizes: tuple[int, ...]) -> None:
    assert parse_ladder(text) == sizes
    assert parse_ladder(show_ladder(sizes)) == sizes


@pytest.mark.parametrize("text", ["", "rest", "rest,2", "0,5", "2,-1", "two", ",".join("1" * 21), "1,,2"])
def test_what_is_no_ladder_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_ladder(text)
    assert "2,6,52,rest" in caught.value.hint


def test_a_rung_takes_every_kind_before_it_takes_one_twice_and_every_document_before_one_twice() -> None:
    pages = [page(f"d{n}", kind) for n in range(5) for kind in ("text", "text", "scan", "wide")]
    rungs = assign_rungs(pages, (3, 3), "seed")
    for rung in (0, 1):
        chosen = [pages[index] for index, its in enumerate(rungs) if its == rung]
        assert Counter(each.kind for each in chosen) == {("text",): 1, ("scan",): 1, ("wide",): 1}
    both = [pages[index] for index, its in enumerate(rungs) if its < 2]
    per_kind = Counter((each.kind, each.document) for each in both)
    assert max(per_kind.values()) == 1


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=60),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_every_page_stands_on_one_rung_and_rungs_are_full_as_far_as_pages_go(
    drawn: list[tuple[str, str]], sizes: list[int]
) -> None:
    pages = [page(document, kind) for document, kind in drawn]
    rungs = assign_rungs(pages, sizes, "job")
    assert rungs == assign_rungs(pages, sizes, "job"), "the same every time"
    counts, left = Counter(rungs), len(pages)
    for number, size in enumerate([*sizes, left]):
        assert counts[number] == min(size, left)
        left -= counts[number]


def test_pages_differ_in_kind_by_text_shape_size_and_place() -> None:
    a4 = PageFacts(2, "2", 595, 842, 0, has_text=True)
    kinds = {
        kind_of_page(a4, 9),
        kind_of_page(PageFacts(2, "2", 595, 842, 0, has_text=False), 9),
        kind_of_page(PageFacts(2, "2", 842, 595, 0, has_text=True), 9),
        kind_of_page(PageFacts(2, "2", 842, 1191, 0, has_text=True), 9),
        kind_of_page(PageFacts(1, "1", 595, 842, 0, has_text=True), 9),
        kind_of_page(PageFacts(9, "9", 595, 842, 0, has_text=True), 9),
    }
    assert len(kinds) == 6
    assert kind_of_page(PageFacts(3, "3", 590, 840, 0, has_text=True), 9) == kind_of_page(a4, 9)


def test_a_gate_holds_when_nothing_speaks_against_it() -> None:
    fine = RungResult([Outcome.OK] * 9 + [Outcome.TRUNCATED], [0.95, 0.91], cost=0.2, expected=0.1)
    assert gate_failures(fine, GATES) == []


def test_a_gate_says_everything_that_speaks_against_it() -> None:
    bad = RungResult([Outcome.OK, Outcome.REFUSED], [0.5, 0.7], cost=0.5, expected=0.1)
    failures, recall, cost = gate_failures(bad, GATES)
    assert "1 of 2 pages failed (50%, allowed 10%)" in failures
    assert "60% of the pages' words" in recall
    assert "5.0 times the estimate" in cost


def test_what_could_not_be_measured_does_not_speak_against_it() -> None:
    assert gate_failures(RungResult([Outcome.OK], [], cost=None, expected=0.1), GATES) == []
