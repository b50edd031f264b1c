"""Filtering, sorting and searching in slices, so that a million rows never hold the event loop.

Each function is a generator that does a few milliseconds of work between two `yield`s and returns its result
at the end. Whoever drives it decides when to let go; nothing here knows of time, threads or widgets.

A thread would not do: `list.sort` keeps the interpreter lock for as long as it runs (0.7 s for a million
rows), so the loop would stand still all the same.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import le, lt
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]
Order: TypeAlias = "range | array[int]"
"""Indices into the source in the order shown; the whole source as it stands is a `range`."""

SLICE = 256
"""Rows looked at between two yields: at 10 µs a row, under 3 ms."""
MASKED = 32_768
"""Rows of which a mask is made between two yields: under 3 ms."""
SORT_AT_ONCE = 8_192
"""Rows that one uninterrupted sort may take: about 5 ms."""
_SPLITTERS = 256
_FEW = 16
"""Rows that share a value, on the average, for which they are gathered by value instead of being sorted."""
_COLUMN_SLICE = 8 * SLICE
"""Rows of a column gathered between two yields: a key costs a tenth of a microsecond."""
_SPARSE = 16
"""A mark that only one row in so many has is searched for instead of asking each row."""
_ONLY = [bytes(code == each for each in range(256)) for code in range(256)]
"""By code, what turns bytes into a 1 where they are that code."""
Test: TypeAlias = Callable[[int], bool]
"""Says of a row's index whether the row passes. It may have a method `mask` that says it of many rows in one
step: a byte for each from a start to a stop, 1 where it passes."""
Mask: TypeAlias = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class ColumnKeys:
    """What rows sort by, as a column with a key for each row: bytes, or an array without NaN. A million rows
    are sorted by it in a fraction of what it takes to ask for their keys one by one."""

    keys: Sequence[Any]

    def __call__(self, index: int) -> Any:
        return self.keys[index]

    def of(self, rows: Order) -> Sequence[Any]:
        """Return the keys of some rows."""
        if isinstance(rows, range):
            return self.keys[rows.start : rows.stop]
        return list(map(self.keys.__getitem__, rows))


@dataclass(frozen=True, slots=True)
class AllTests:
    """Lets through what each of several tests does."""

    tests: Sequence[Test]

    def __call__(self, index: int) -> bool:
        return all(test(index) for test in self.tests)

    def mask(self, start: int, stop: int) -> bytes:
        passed = int.from_bytes(b"\1" * (stop - start), "little")
        for test in self.tests:
            passed &= int.from_bytes(_mask(test, start, stop), "little")
        return passed.to_bytes(stop - start, "little")


def _mask(test: Test, start: int, stop: int) -> bytes:
    mask: Mask | None = getattr(test, "mask", None)
    return mask(start, stop) if mask is not None else bytes(map(test, range(start, stop)))


def arrange(
    count: int,
    *,
    match: Test | None = None,
    value_of: Callable[[int], Any] | None = None,
    reverse: bool = False,
) -> Steps[Order]:
    """Return the indices below `count` that match, in the order of their values.

    Rows with equal values keep the source's order, also when `reverse` turns the values round.
    """
    chosen: Order = range(count)
    if match is not None:
        chosen = yield from _choose(count, match)
    if value_of is not None:
        chosen = yield from _sort(chosen, value_of, reverse)
    return chosen


def find(order: Order, start: int, step: int, match: Callable[[int], bool]) -> Steps[int | None]:
    """Return the first position after `start` (in direction `step`, 1 or -1, round the end) that matches,
    or None. The row at `start` is looked at last."""
    count = len(order)
    for offset in range(1, count + 1):
        position = (start + step * offset) % count
        if match(order[position]):
            return position
        if offset % SLICE == 0:
            yield
    return None


def finish(steps: Steps[T]) -> T:
    """Run all steps at once and return their result. For small lists."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result


def _choose(count: int, match: Test) -> Steps[Order]:
    chosen = array("I")
    step = MASKED if hasattr(match, "mask") else SLICE
    passed = 0  # rows from the first on, none of which has been left out: nothing is written down of them
    for start in range(0, count, step):
        stop = min(start + step, count)
        mask = _mask(match, start, stop)
        if passed == start and 0 not in mask:
            passed = stop
        else:
            if passed == start:
                chosen.extend(range(passed))
            _take(chosen, range(start, stop), mask, 1)
        yield
    return range(count) if passed == count else chosen


def _take(taken: array[int], rows: Order, codes: bytes, code: int) -> None:
    """Add those of some rows that have a code, given the code of each."""
    count = codes.count(code)
    if count == len(codes):
        taken.extend(rows)
    elif count * _SPARSE > len(codes):
        taken.extend(compress(rows, codes.translate(_ONLY[code])))
    else:
        at = codes.find(code)
        while at >= 0:
            taken.append(rows[at])
            at = codes.find(code, at + 1)


def _count(chosen: Order, keys: bytes, reverse: bool) -> Steps[array[int]]:
    """Sort by small numbers: for each of them in turn, the rows that have it."""
    if not isinstance(chosen, range):
        own = bytearray()
        for start in range(0, len(chosen), MASKED):
            own += bytes(map(keys.__getitem__, chosen[start : start + MASKED]))
            yield
        keys = bytes(own)
    order = array("I")
    for key in sorted(set(keys), reverse=reverse):
        for start in range(0, len(keys), MASKED):
            _take(order, chosen[start : start + MASKED], keys[start : start + MASKED], key)
            yield
    return order


def _is_ascending(keys: Sequence[Any], is_in_order: Callable[[Any, Any], bool]) -> Steps[bool]:
    """Say whether rows stand in the order of their keys already, as the pages of a job do by index."""
    for start in range(0, len(keys), MASKED):
        part = keys[start : start + MASKED + 1]
        if not all(map(is_in_order, part, part[1:])):
            return False
        yield
    return True


def _sort(chosen: Order, value_of: Callable[[int], Any], reverse: bool) -> Steps[Order]:
    """Gather the rows by value: what many rows share is compared once. Where the values turn out to be many,
    the rows are sorted instead. By a column they are looked at in fewer steps; by small numbers, counted."""
    keys = value_of.keys if isinstance(value_of, ColumnKeys) else None
    if isinstance(keys, bytes):
        return (yield from _count(chosen, keys, reverse))
    if keys is not None and (yield from _is_ascending(keys, lt if reverse else le)):
        return array("I", chosen[::-1]) if reverse else chosen
    groups = _Groups()
    step = SLICE if keys is None else _COLUMN_SLICE
    for start in range(0, len(chosen), step):
        part = chosen[start : start + step]
        values = value_of.of(part) if isinstance(value_of, ColumnKeys) else map(value_of, part)
        for index, value in zip(part, values, strict=True):
            groups[value].append(index)
        if len(groups) > SORT_AT_ONCE and len(groups) * _FEW > start:
            del groups
            return (yield from _sort_each(chosen, value_of, reverse))
        yield
    order = array("I")
    keys = list(groups)
    for place in (yield from _sort_places(range(len(keys)), keys, reverse)):
        order.extend(groups[keys[place]])
    return order


class _Groups(dict[Any, "array[int]"]):
    """Rows by their value."""

    def __missing__(self, value: Any) -> array[int]:
        group = self[value] = array("I")
        return group


def _sort_each(chosen: Order, value_of: Callable[[int], Any], reverse: bool) -> Steps[array[int]]:
    values: list[Any] = []
    for start in range(0, len(chosen), SLICE):
        values.extend(map(value_of, chosen[start : start + SLICE]))
        yield
    places = yield from _sort_places(range(len(chosen)), values, reverse)
    order = array("I")
    for start in range(0, len(places), SORT_AT_ONCE):
        order.extend(map(chosen.__getitem__, places[start : start + SORT_AT_ONCE]))
        yield
    return order


def _sort_places(places: Sequence[int], values: list[Any], reverse: bool) -> Steps[list[int]]:
    """Sample sort: split by values taken from the rows themselves, sort the parts, join them.

    A value that is itself a splitter has a part of its own, which needs no sorting; so rows that share few
    values (most columns) do not pile up in one part.
    """
    if len(places) <= SORT_AT_ONCE:
        return sorted(places, key=values.__getitem__, reverse=reverse)
    stride = max(len(places) // _SPLITTERS, 1)
    splitters = _distinct(sorted(values[place] for place in places[::stride]))
    # Part 2i holds what lies below splitter i, part 2i + 1 what equals it.
    parts: list[list[int]] = [[] for _ in range(2 * len(splitters) + 1)]
    for start in range(0, len(places), SLICE):
        for place in places[start : start + SLICE]:
            value = values[place]
            i = bisect_left(splitters, value)
            equal = i < len(splitters) and not value < splitters[i] and not splitters[i] < value
            parts[2 * i + equal].append(place)
        yield
    ordered: list[int] = []
    for number in reversed(range(len(parts))) if reverse else range(len(parts)):
        part = parts[number]
        parts[number] = []
        ordered += part if number % 2 else (yield from _sort_places(part, values, reverse))
        yield
    return ordered


def _distinct(ascending: list[Any]) -> list[Any]:
    distinct: list[Any] = []
    for value in ascending:
        if not distinct or distinct[-1] < value:
            distinct.append(value)
    return distinct
