"""Filters over columns: what is asked of which rows, and rows that only columns can tell apart."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import overload

import pytest

from batchdeck.domain.query import FieldKind, SortKey, parse
from batchdeck.domain.query_columns import Codes, Column, Filter, Values, arrange

FIELDS = {
    "outcome": FieldKind.ENUM,
    "id": FieldKind.TEXT,
    "cost": FieldKind.MONEY,
}


class Counted(Sequence[object]):
    """A column that counts how often it is read."""

    def __init__(self, values: Sequence[object]) -> None:
        self.values = values
        self.reads = 0

    @overload
    def __getitem__(self, at: int) -> object: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[object]: ...
    def __getitem__(self, at: int | slice) -> object:
        self.reads += len(range(*at.indices(len(self)))) if isinstance(at, slice) else 1
        return self.values[at]

    def __iter__(self) -> Iterator[object]:
        self.reads += len(self.values)
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)


class Word(str):
    """A text that counts how often it is turned into one to be looked at."""

    looks = 0

    def __str__(self) -> str:
        Word.looks += 1
        return super().__str__()


def test_a_repeated_value_is_looked_at_once_however_many_rows_have_it() -> None:
    Word.looks = 0
    names = [Word("ok"), Word("truncated")]
    columns = [Codes("outcome", FieldKind.ENUM, bytes([0, 1] * 5_000), names)]
    rows = Filter(parse("outcome:truncated", FIELDS), columns, 10_000).select()
    assert len(rows) == 5_000
    assert rows[0] == 1
    assert Word.looks <= 2 * len(names)


def test_dear_columns_are_read_only_for_rows_still_in_question() -> None:
    Word.looks = 0
    ids = [Word(f"page-{row}") for row in range(1_000)]
    outcomes = Codes("outcome", FieldKind.ENUM, bytes([1] + [0] * 999), ["ok", "truncated"])
    query = parse("/page/ outcome:truncated", FIELDS)
    assert Filter(query, [Values("id", FieldKind.TEXT, ids), outcomes], 1_000).select().tolist() == [0]
    assert Word.looks == 1


def test_sorting_reads_only_the_rows_it_sorts() -> None:
    costs = Counted([float(row) for row in range(1_000)])
    rows = arrange([SortKey("cost", descending=True)], [Values("cost", FieldKind.MONEY, costs)], [3, 900, 7])
    assert rows == [900, 7, 3]
    assert costs.reads == 3


def test_numbers_in_text_sort_as_numbers() -> None:
    column = Values("id", FieldKind.TEXT, ["scan 10", "Scan 9", "scan 100", None, "annex"])
    assert arrange([SortKey("id")], [column], range(5)) == [4, 1, 0, 2, 3]


def test_the_first_key_counts_most_and_equals_keep_their_order() -> None:
    columns: list[Column] = [
        Codes("outcome", FieldKind.ENUM, array("H", [1, 0, 1, 0]), ["ok", "truncated"]),
        Values("cost", FieldKind.MONEY, array("d", [1.0, float("nan"), 2.0, 3.0])),
    ]
    assert arrange([SortKey("outcome"), SortKey("cost", descending=True)], columns, range(4)) == [3, 1, 2, 0]
    assert arrange([SortKey("outcome")], columns, [2, 3, 0, 1]) == [3, 1, 2, 0]


@pytest.mark.parametrize("rows", [1, 499, 500, 501, 1_700])
def test_long_text_columns_are_searched_to_the_last_row(rows: int) -> None:
    ids = [f"ID-{row}\0x" if row % 7 == 0 else f"ID-{row}" for row in range(rows)]
    found = Filter(parse("id-" + str(rows - 1), FIELDS), [Values("id", FieldKind.TEXT, ids)], rows).select()
    assert found.tolist() == [rows - 1]


def test_a_word_is_not_found_across_two_rows() -> None:
    column = Values("id", FieldKind.TEXT, ["lea", "se"])
    assert not Filter(parse("lease", FIELDS), [column], 2).select()
    assert not Filter(parse('"a\0s"', FIELDS), [column], 2).select()


def test_no_condition_selects_every_row() -> None:
    everything = Filter(parse("", FIELDS), [], 3)
    assert everything.select().tolist() == [0, 1, 2]
    assert everything(2)


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="cost"):
        Filter(parse("cost>1", FIELDS), [], 0)
    with pytest.raises(ValueError, match="cost"):
        arrange([SortKey("cost")], [], [])


def test_a_bare_word_is_looked_for_in_every_text_column_and_in_no_other() -> None:
    columns: list[Column] = [
        Values("id", FieldKind.TEXT, ["page-1", "page-2", "ok", "page-7"]),
        Codes("outcome", FieldKind.ENUM, bytes([0, 1, 1, 1]), ["ok", "truncated"]),
        Values("cost", FieldKind.MONEY, array("d", [1.0, 7.0, 1.0, 1.0])),
    ]
    assert Filter(parse("ok", FIELDS), columns, 4).select().tolist() == [0, 2]
    assert Filter(parse("7", FIELDS), columns, 4).select().tolist() == [3]
    assert [Filter(parse("trunc", FIELDS), columns, 4)(row) for row in range(4)] == [False, True, True, True]


def test_a_mask_of_some_rows_is_that_part_of_all() -> None:
    rows = 1_000
    columns: list[Column] = [
        Values("id", FieldKind.TEXT, [f"page-{row * 7 % 90}" for row in range(rows)]),
        Codes("outcome", FieldKind.ENUM, bytes(row % 3 for row in range(rows)), ["ok", "truncated", None]),
        Values("cost", FieldKind.MONEY, array("d", [row % 10 for row in range(rows)])),
    ]
    for text in ("ge-7", "!truncated", "outcome:ok cost>4", "outcome:ok | ge-1 | cost<2", ""):
        query = parse(text, FIELDS)
        bound = Filter(query, columns, rows)
        parts = [bound.mask(start, min(start + 300, rows)) for start in range(0, rows, 300)]
        assert b"".join(parts) == bytes(bound(row) for row in range(rows))


def test_few_values_are_tested_once_for_all_parts_of_a_mask() -> None:
    Word.looks = 0
    outcomes = Codes("outcome", FieldKind.ENUM, bytes(1_000), [Word("ok"), Word("truncated")])
    bound = Filter(parse("outcome:truncated", FIELDS), [outcomes], 1_000)
    bound.mask(0, 10)
    looks = Word.looks
    assert [1 in bound.mask(start, start + 10) for start in range(0, 1_000, 10)] == [False] * 100
    assert Word.looks == looks


@pytest.mark.parametrize(
    ("typed", "asked"),
    [("lease", False), ("lease outcome:ok", False), ("page-7", True), ("id:lease", True), ("/lease/", True)],
)
def test_ids_are_read_only_for_what_may_be_one(typed: str, asked: bool) -> None:
    fields = {"document": FieldKind.TEXT, "id": FieldKind.ID, "outcome": FieldKind.ENUM}
    ids = Counted(["00000000aa-0000007-lease-p7"])
    query = parse(typed, fields)
    assert ("id" in query.columns()) is asked
    columns: list[Column] = [
        Values("document", FieldKind.TEXT, ["x"]),
        Codes("outcome", FieldKind.ENUM, b"\0", ["ok"]),
        Values("id", FieldKind.ID, ids),
    ]
    bound = Filter(query, columns, 1)
    record = {"document": "x", "outcome": "ok", "id": ids.values[0]}
    assert bound(0) is query.matches(record.get) is (1 in bound.mask(0, 1))
    assert bool(ids.reads) is asked
