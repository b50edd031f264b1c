"""Whether a single value meets a condition, and where in a text; rows and columns are elsewhere."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Iterator

from batchdeck.domain.query_regex import LONGEST_TEXT, compile_regex
from batchdeck.domain.query_terms import (
    AllOf,
    AnyOf,
    Anything,
    Condition,
    FieldKind,
    Fuzzy,
    Not,
    Operator,
    Quantity,
    Regex,
    Term,
    Truth,
    Value,
    Word,
)

_DIGITS = re.compile("[0-9]+")
_PADDED_TO = 12

Test = Callable[[object], bool]
Span = tuple[int, int]
"""From and to (exclusive), in characters of a text."""
Interval = tuple[float, float]
"""Both ends belong to it."""


def fold(text: str) -> str:
    """Return `text` as it is compared: letter case and the two ways of writing accents make no difference
    (file names from one system carry accents as characters of their own)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def text_of(value: object) -> str:
    """Return a cell as text; empty where it has no value."""
    return "" if value is None else str(value)


def number_of(value: object) -> float:
    """Return a cell as a number: seconds for durations, seconds since 1970 for times, NaN for no value.

    Raises:
        TypeError: it is nothing that can be compared by size.
    """
    if value is None:
        return math.nan
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, dt.datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} cannot be compared by size")


def sort_value(value: object, kind: FieldKind) -> float | str | None:
    """Return what a cell sorts by: a number, or text whose digits count as numbers; None for no value."""
    if kind.is_text:
        return _DIGITS.sub(lambda digits: digits[0].zfill(_PADDED_TO), fold(text_of(value))) or None
    number = number_of(value)
    return None if math.isnan(number) else number


def term_test(term: Term, kind: FieldKind) -> Test:
    """Return the test of a term on one value of a column of that kind."""
    if kind.is_quantity:
        return _quantity_test(intervals_of(term))
    kind = _as_searched(term, kind)
    tests = [_text_test(value, term.operator, kind) for value in term.values]
    if len(tests) == 1:
        return tests[0]
    return lambda value: any(test(value) for test in tests)


def sought_inside(term: Term, kind: FieldKind) -> str | None:
    """Return the one folded word that a term looks for inside texts; None where it asks for anything else."""
    is_inside = term.operator is Operator.HAS and _as_searched(term, kind) is FieldKind.TEXT
    match term.values:
        case (Word(text=text),) if is_inside:
            return fold(text)
        case _:
            return None


def _as_searched(term: Term, kind: FieldKind) -> FieldKind:
    """A bare word is looked for inside every text; a word given for a field of few words is one of them."""
    return FieldKind.TEXT if term.field is None or kind is FieldKind.ID else kind


def looks_into(term: Term, kind: FieldKind) -> bool:
    """Whether a term that names no field is looked for in columns of that kind: in those that hold text.

    Of a word without a digit no id is asked: the names in it stand in another column, and reading a million
    ids from the disk takes seconds.
    """
    if kind is FieldKind.ID:
        return any(not isinstance(v, Word) or any(map(str.isdigit, v.text)) for v in term.values)
    return kind.is_text


def intervals_of(term: Term) -> tuple[Interval, ...]:
    """Return the intervals that a term on a quantity allows. No value lies in none of them."""
    return tuple(_interval(value, term.operator) for value in term.values)


def _interval(value: Value, operator: Operator) -> Interval:
    if not isinstance(value, Quantity):
        return -math.inf, math.inf
    match operator:
        case Operator.MORE:
            return math.nextafter(value.high, math.inf), math.inf
        case Operator.AT_LEAST:
            return value.low, math.inf
        case Operator.LESS:
            return -math.inf, math.nextafter(value.low, -math.inf)
        case Operator.AT_MOST:
            return -math.inf, value.high
        case Operator.HAS | Operator.IS:
            return value.equal_low, value.equal_high


def _quantity_test(intervals: tuple[Interval, ...]) -> Test:
    def test(value: object) -> bool:
        number = number_of(value)
        return any(low <= number <= high for low, high in intervals)

    return test


def _text_test(value: Value, operator: Operator, kind: FieldKind) -> Test:
    match value:
        case Anything():
            return lambda cell: text_of(cell) != ""
        case Truth(value=truth):
            return lambda cell: cell is not None and bool(cell) is truth
        case Regex(pattern=pattern):
            search = compile_regex(pattern).search
            return lambda cell: search(text_of(cell)[:LONGEST_TEXT]) is not None
        case Fuzzy(text=text):
            wanted = fold(text)
            return lambda cell: _has_in_order(fold(text_of(cell)), wanted)
        case Word(text=text) if kind is FieldKind.ENUM:
            return _equals(_fold_enum(text), _fold_enum)
        case Word(text=text) if operator is Operator.IS:
            return _equals(fold(text), fold)
        case Word(text=text):
            needle = fold(text)
            return lambda cell: needle in fold(text_of(cell))
        case Quantity():
            raise TypeError("a quantity has no place in a text column")


def _equals(wanted: str, folded: Callable[[str], str]) -> Test:
    return lambda cell: folded(text_of(cell)) == wanted


def _fold_enum(text: str) -> str:
    """Fold a word of a small vocabulary, of which the interface shows ``in doubt`` and data ``in_doubt``."""
    return fold(text).replace("_", " ").replace("-", " ")


def _has_in_order(text: str, wanted: str) -> bool:
    at = 0
    for char in wanted:
        at = text.find(char, at) + 1
        if not at:
            return False
    return True


def spans_in(condition: Condition | None, field: str, text: str, kind: FieldKind) -> tuple[Span, ...]:
    """Return where `text`, a value of `field`, holds what was looked for: ascending, not overlapping.

    Only conditions that a value meets by what it contains give spans, and none that are inverted.
    """
    if condition is None or not text or not kind.is_text:
        return ()
    found = sorted(
        span
        for term in _wanted_terms(condition)
        if term.field in (None, field)
        for value in term.values
        for span in _spans_of(value, term, text, kind)
    )
    merged: list[Span] = []
    for start, stop in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return tuple(merged)


def _wanted_terms(condition: Condition) -> Iterator[Term]:
    match condition:
        case Term():
            yield condition
        case AllOf(conditions=inner) | AnyOf(conditions=inner):
            for each in inner:
                yield from _wanted_terms(each)
        case Not():
            return


def _spans_of(value: Value, term: Term, text: str, kind: FieldKind) -> Iterator[Span]:
    match value:
        case Regex(pattern=pattern):
            for match in compile_regex(pattern).finditer(text[:LONGEST_TEXT]):
                if match.end() > match.start():
                    yield match.span()
        case Word() if term.operator is Operator.IS or _as_searched(term, kind) is FieldKind.ENUM:
            if term_test(term, kind)(text):
                yield 0, len(text)
        case Word(text=word):
            yield from _word_spans(text, fold(word))
        case Fuzzy(text=word):
            yield from _fuzzy_spans(text, fold(word))


def _word_spans(text: str, needle: str) -> Iterator[Span]:
    folded, origins = _folded_with_origins(text)
    at = folded.find(needle)
    while at >= 0:
        yield origins[at][0], origins[at + len(needle) - 1][1]
        at = folded.find(needle, at + len(needle))


def _fuzzy_spans(text: str, needle: str) -> Iterator[Span]:
    folded, origins = _folded_with_origins(text)
    if not _has_in_order(folded, needle):
        return
    at = 0
    for char in needle:
        at = folded.index(char, at)
        yield origins[at]
        at += 1


def _folded_with_origins(text: str) -> tuple[str, list[Span]]:
    """Return the folded text, and for each of its characters which characters of `text` it comes from."""
    folded = fold(text)
    if text.isascii():
        return folded, [(at, at + 1) for at in range(len(text))]
    origins: list[Span] = []
    parts: list[str] = []
    start = 0
    for stop in range(1, len(text) + 1):
        if stop == len(text) or not _joins(text[stop]):
            parts.append(fold(text[start:stop]))
            origins += [(start, stop)] * len(parts[-1])
            start = stop
    if "".join(parts) != folded:  # characters that melt into others than the one before: mark all of it
        origins = [(0, len(text))] * len(folded)
    return folded, origins


def _joins(char: str) -> bool:
    """Whether a character may melt into the one before it."""
    return unicodedata.combining(char) != 0 or "\u1160" <= char <= "\u11ff"
