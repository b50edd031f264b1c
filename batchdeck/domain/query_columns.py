"""Running a filter over columns of up to millions of rows, and sorting them, without touching row objects.

What makes it fast: a column of repeated values is tested once per distinct value, and masks of rows are made
and combined in single steps over whole byte strings. Each condition only looks at rows still in question.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import Any

from batchdeck.domain.query import Query, SortKey
from batchdeck.domain.query_matching import (
    fold,
    intervals_of,
    looks_into,
    sort_value,
    sought_inside,
    term_test,
    text_of,
)
from batchdeck.domain.query_terms import AllOf, AnyOf, Condition, FieldKind, Not, Term


@dataclass(frozen=True, slots=True)
class Values:
    """A column with a value per row: any sequence of them; an `array` of numbers is fastest. None, or NaN in
    an array, stands for no value."""

    name: str
    kind: FieldKind
    values: Sequence[object]


@dataclass(frozen=True, slots=True)
class Codes:
    """A column of repeated values: for each row the number of its value in `names`. Bytes are fastest."""

    name: str
    kind: FieldKind
    codes: Sequence[int]
    names: Sequence[object]


Column = Values | Codes
Predicate = Callable[[int], bool]

_RUN = 500
_SEPARATOR = "\0"
_SPARSE = 8
"""A column of which only one row in so many is still in question is tested row by row."""
_FLIP = bytes([1, 0]) + bytes(254)


class Filter:
    """A query bound to columns: call it with a row, or `select` all rows that it lets through.

    Args:
        columns: at least those the query names; bare words are looked for in the ones that hold text.
        rows: how many rows the columns have.

    Raises:
        ValueError: a field of the query has no column.
    """

    def __init__(self, query: Query, columns: Iterable[Column], rows: int) -> None:
        self._columns = {column.name: column for column in columns}
        self._condition = query.condition
        self._rows = rows
        self._tables: dict[tuple[Term, str], bytes] = {}
        """Which of a column's few values meet a term, by term and column."""
        self._predicate: Predicate | None = None
        if query.condition is not None:
            self._effort_of(query.condition)  # so that a column which is not there is missed at once

    def __call__(self, row: int) -> bool:
        """Say whether one row meets the query."""
        if self._condition is None:
            return True
        if self._predicate is None:
            self._predicate = self._row_test(self._condition)
        return self._predicate(row)

    def select(self) -> array[int]:
        """Return the rows that meet the query, ascending."""
        return array("L", compress(range(self._rows), self.mask(0, self._rows)))

    def mask(self, start: int, stop: int) -> bytes:
        """Return a byte for each row from `start` to `stop`: 1 where it meets the query."""
        everything = b"\1" * (stop - start)
        if self._condition is None:
            return everything
        return self._mask(self._condition, everything, slice(start, stop))

    def _columns_of(self, term: Term) -> list[Column]:
        if term.field is None:
            # Cheap ones first: later ones look only at rows that have not been found yet.
            texts = [column for column in self._columns.values() if looks_into(term, column.kind)]
            return sorted(texts, key=_effort)
        try:
            return [self._columns[term.field]]
        except KeyError:
            raise ValueError(f"there is no column “{term.field}”") from None

    def _row_test(self, condition: Condition) -> Predicate:
        match condition:
            case Term():
                return _any_row(
                    [_column_row_test(condition, column) for column in self._columns_of(condition)]
                )
            case Not(condition=inner):
                excluded = self._row_test(inner)
                return lambda row: not excluded(row)
            case AllOf(conditions=conditions):
                needed = [self._row_test(each) for each in conditions]
                return lambda row: all(test(row) for test in needed)
            case AnyOf(conditions=conditions):
                return _any_row([self._row_test(each) for each in conditions])

    def _mask(self, condition: Condition, within: bytes, rows: slice) -> bytes:
        """Return a byte per row of `rows`: 1 where it is in `within` and meets the condition."""
        match condition:
            case Term():
                columns = self._columns_of(condition)
                asked = [partial(self._column_mask, condition, column, rows) for column in columns]
                return _mask_any(asked, within)
            case Not(condition=inner):
                return _both(within, self._mask(inner, within, rows).translate(_FLIP))
            case AllOf(conditions=conditions):
                for each in sorted(conditions, key=self._effort_of):
                    within = self._mask(each, within, rows)
                return within
            case AnyOf(conditions=conditions):
                return _mask_any([partial(self._mask, each, rows=rows) for each in conditions], within)

    def _column_mask(self, term: Term, column: Column, rows: slice, within: bytes) -> bytes:
        if 1 not in within:
            return within  # not even looked into: the values may lie on the disk
        if isinstance(column, Values):
            return _mask_of_values(term, column.kind, column.values[rows], within)
        table = self._tables.get((term, column.name))
        if table is None:
            test = term_test(term, column.kind)
            table = self._tables[term, column.name] = bytes(map(test, column.names))
        if 1 not in table:
            return bytes(len(within))
        if 0 not in table:
            return within
        codes = column.codes[rows]
        if isinstance(codes, bytes | bytearray):
            return _both(within, bytes(codes).translate(table.ljust(256, b"\0")))
        return _both(within, bytes(map(table.__getitem__, codes)))

    def _effort_of(self, condition: Condition) -> int:
        match condition:
            case Term():
                return sum(map(_effort, self._columns_of(condition)))
            case Not(condition=inner):
                return self._effort_of(inner)
            case AllOf(conditions=conditions) | AnyOf(conditions=conditions):
                return sum(map(self._effort_of, conditions))


def _effort(column: Column) -> int:
    """Return about how much work a column is: a test per distinct value, a number per row, a text per row."""
    if isinstance(column, Codes):
        return 1 if isinstance(column.codes, bytes | bytearray) else 5
    return 10 if isinstance(column.values, array) else 100


def _any_row(tests: Sequence[Predicate]) -> Predicate:
    return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)


def _column_row_test(term: Term, column: Column) -> Predicate:
    test = term_test(term, column.kind)
    if isinstance(column, Values):
        values = column.values
        return lambda row: test(values[row])
    table, codes = [test(name) for name in column.names], column.codes
    return lambda row: table[codes[row]]


def _mask_any(masks: Sequence[Callable[[bytes], bytes]], within: bytes) -> bytes:
    """Join masks that are each asked only about the rows that those before did not find."""
    found, rest = bytes(len(within)), within
    for mask in masks:
        hits = mask(rest)
        if 1 in hits:
            found = _either(found, hits)
            rest = _both(rest, hits.translate(_FLIP))
    return found


def _both(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "little") & int.from_bytes(b, "little")).to_bytes(len(a), "little")


def _either(a: bytes, b: bytes) -> bytes:
    return (int.from_bytes(a, "little") | int.from_bytes(b, "little")).to_bytes(len(a), "little")


def _mask_of_values(term: Term, kind: FieldKind, values: Sequence[object], within: bytes) -> bytes:
    if kind.is_quantity and isinstance(values, array):
        mask = bytes(len(within))
        for low, high in intervals_of(term):
            mask = _either(mask, bytes([low <= value <= high for value in values]))
        return _both(within, mask)
    needle = sought_inside(term, kind)
    if needle is not None and within.count(1) * _SPARSE > len(within):
        return _both(within, b"".join(_masks_of_word(needle, values)))
    test = term_test(term, kind)
    return bytes([wanted and test(value) for wanted, value in zip(within, values, strict=True)])


def _masks_of_word(needle: str, values: Sequence[object]) -> Iterator[bytes]:
    """Yield masks of runs of rows. A run is folded and searched as one text: most hold no hit at all."""
    for start in range(0, len(values), _RUN):
        run = values[start : start + _RUN]
        folded = fold(_SEPARATOR.join(map(text_of, run)))
        if needle not in folded:
            yield bytes(len(run))
            continue
        texts = folded.split(_SEPARATOR)
        if len(texts) != len(run):  # a value holds the separator itself
            texts = [fold(text_of(value)) for value in run]
        yield bytes([needle in text for text in texts])


def arrange(sort: Sequence[SortKey], columns: Iterable[Column], rows: Iterable[int]) -> list[int]:
    """Return rows in the order of the sort keys, the first of which counts most.

    Rows that are equal by all keys keep their order; rows without a value come last either way.

    Raises:
        ValueError: a sort key has no column.
    """
    by_name: Mapping[str, Column] = {column.name: column for column in columns}
    ordered = list(rows)
    for key in reversed(sort):
        if key.field not in by_name:
            raise ValueError(f"there is no column “{key.field}”")
        keys = _sort_keys(by_name[key.field], ordered)
        places = sorted(
            (place for place, each in enumerate(keys) if each is not None),
            key=keys.__getitem__,
            reverse=key.descending,
        )
        missing = [row for row, each in zip(ordered, keys, strict=True) if each is None]
        ordered = [ordered[place] for place in places] + missing
    return ordered


def _sort_keys(column: Column, rows: Iterable[int]) -> list[Any]:
    """Return what each of `rows` sorts by; None for no value."""
    if isinstance(column, Codes):
        keys: list[Any] = [sort_value(name, column.kind) for name in column.names]
        ranks = {key: rank for rank, key in enumerate(sorted({key for key in keys if key is not None}))}
        rank_of_code, codes = [ranks.get(key) for key in keys], column.codes
        return [rank_of_code[codes[row]] for row in rows]
    values, kind = column.values, column.kind
    if isinstance(values, array):
        return [None if values[row] != values[row] else values[row] for row in rows]  # only NaN differs
    return [sort_value(values[row], kind) for row in rows]
