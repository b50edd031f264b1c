"""Filtering, sorting and searching in slices: the same results as the plain ways, in many small steps."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdeck.tui.widgets.row_table.order import (
    MASKED,
    SLICE,
    SORT_AT_ONCE,
    AllTests,
    ColumnKeys,
    Steps,
    arrange,
    find,
    finish,
)


def steps_of(steps: Steps[object]) -> int:
    """Run the steps and count them."""
    return sum(1 for _ in steps)


@given(st.lists(st.integers(0, 9)), st.booleans(), st.one_of(st.none(), st.integers(0, 9)))
def test_arranging_is_filtering_and_stable_sorting(
    values: list[int], reverse: bool, least: int | None
) -> None:
    match = None if least is None else (lambda index: values[index] >= least)
    order = finish(arrange(len(values), match=match, value_of=values.__getitem__, reverse=reverse))
    chosen = [i for i in range(len(values)) if match is None or match(i)]
    assert list(order) == sorted(chosen, key=values.__getitem__, reverse=reverse)


@given(
    st.sampled_from(["few", "many", "one", "text", "ascending"]), st.booleans(), st.integers(1, 2_147_483_647)
)
def test_long_lists_are_sorted_like_short_ones(kind: str, reverse: bool, seed: int) -> None:
    count = SORT_AT_ONCE + 1_000
    scattered = [(i * 7919 + seed) % 104_729 for i in range(count)]
    values: list[Any] = {
        "few": [value % 7 for value in scattered],
        "many": scattered,
        "one": [1] * count,
        "text": [f"{value:x}" for value in scattered],
        "ascending": list(range(count)),
    }[kind]  # type: ignore[assignment]
    order = finish(arrange(count, value_of=values.__getitem__, reverse=reverse))
    assert list(order) == sorted(range(count), key=values.__getitem__, reverse=reverse)


@pytest.mark.parametrize("every", [1, 2, 40])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", ["rare", "even", "many", "ascending", "distinct"])
def test_a_column_is_sorted_like_its_rows(kind: str, reverse: bool, every: int) -> None:
    count = MASKED + 1_000
    scattered = [i * 7919 % 104_729 for i in range(count)]
    keys: Sequence[int] = {
        "rare": bytes(255 if value % 97 == 0 else value % 89 == 0 for value in scattered),
        "even": bytes(value % 7 for value in scattered),
        "many": array("H", (value % 10_007 for value in scattered)),
        "ascending": array("H", (i // 9 for i in range(count))),
        "distinct": array("L", range(count)),
    }[kind]
    match = None if every == 1 else ByMask(every)
    order = finish(arrange(count, match=match, value_of=ColumnKeys(keys), reverse=reverse))
    chosen = range(0, count, every)
    assert list(order) == sorted(chosen, key=keys.__getitem__, reverse=reverse)


def test_no_step_sorts_or_looks_at_more_than_its_share() -> None:
    count = 100_000
    values = [(i * 7919) % 100_003 for i in range(count)]
    assert steps_of(arrange(count, value_of=values.__getitem__)) > count / SLICE
    assert steps_of(arrange(count, match=lambda index: index % 2 == 0)) >= count // SLICE


def test_a_list_as_it_stands_costs_nothing() -> None:
    assert steps_of(arrange(10_000_000)) == 0
    assert finish(arrange(10_000_000)) == range(10_000_000)


@given(st.lists(st.booleans(), min_size=1), st.data(), st.sampled_from([1, -1]))
def test_finding_goes_round_and_looks_at_the_start_last(
    holds: list[bool], data: st.DataObject, step: int
) -> None:
    start = data.draw(st.integers(0, len(holds) - 1))
    order = array("I", range(len(holds)))
    found = finish(find(order, start, step, holds.__getitem__))
    offsets = range(1, len(holds) + 1)
    expected = next((p for o in offsets if holds[p := (start + step * o) % len(holds)]), None)
    assert found == expected


def test_finding_in_nothing_finds_nothing() -> None:
    assert finish(find(range(0), 0, 1, lambda index: True)) is None


class ByMask:
    """A test that can be asked of many rows at once, and says how often it was."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.masks = 0

    def __call__(self, index: int) -> bool:
        raise AssertionError("a row was looked at by itself")

    def mask(self, start: int, stop: int) -> bytes:
        self.masks += 1
        return bytes(index % self.every == 0 for index in range(start, stop))


def test_rows_are_chosen_by_masks_where_there_are_some() -> None:
    count = 2 * MASKED + 10
    test, other = ByMask(3), ByMask(2)
    both = AllTests((test, other, range(100, count).__contains__))
    assert list(finish(arrange(count, match=both))) == [i for i in range(100, count) if i % 6 == 0]
    assert test.masks == other.masks == 3


def test_a_value_that_rows_share_is_compared_once() -> None:
    class Value(str):
        compared = 0

        def __lt__(self, other: str) -> bool:
            Value.compared += 1
            return super().__lt__(other)

    values = [Value(f"{index % 7}") for index in range(50_000)]
    order = finish(arrange(len(values), value_of=values.__getitem__))
    assert Value.compared < 100
    assert list(order) == sorted(range(len(values)), key=lambda index: index % 7)
