"""Properties of the filter grammar: it never crashes, what it writes it reads, an inverse is a complement,
and the fast way over columns agrees with the plain way over records."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchdeck.domain.query import FieldKind, Query, parse
from batchdeck.domain.query_columns import Codes, Column, Filter, Values, arrange
from batchdeck.domain.query_terms import (
    AllOf,
    AnyOf,
    Anything,
    Condition,
    Fuzzy,
    Not,
    Operator,
    Regex,
    SortKey,
    Term,
    Truth,
    Value,
    Word,
    all_of,
    any_of,
    inverse,
    written,
)
from batchdeck.errors import FilterError

FIELDS: Mapping[str, FieldKind] = {
    "document": FieldKind.TEXT,
    "outcome": FieldKind.ENUM,
    "archived": FieldKind.FLAG,
    "page": FieldKind.NUMBER,
    "cost": FieldKind.MONEY,
    "size": FieldKind.BYTES,
    "age": FieldKind.DURATION,
    "created": FieldKind.TIME,
}
PIECES = [
    *FIELDS, "sort", "OR", "AND", "|", "!", "(", ")", ":", "=", "!=", ">", ">=", "<", ",", "*", "~", "/", '"',
    "\\", " ", "  ", "\t", "-", "..", "2h", "3d", "0.5", "$1", "10k", "80%", "2026-11-21", "yes", "truncated",
    "lease", "annex b", "café", "ß", "\u202e", "\udce9", "0:45", "[", "]", "+", "{2}", "?", "^", "1e9",
]  # fmt: skip

texts = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
telling = [
    "lease",
    "lease.pdf",
    "annex b.pdf",
    "abc",
    "a",
    "ok",
    "doubt",
    "in-doubt",
    "truncated",
    "é",
    "low",
]
words = st.one_of(st.sampled_from(telling), st.text(min_size=1, max_size=12)).map(Word)
plain_values: st.SearchStrategy[Value] = st.one_of(
    words,
    st.text(min_size=1, max_size=5).map(Fuzzy),
    st.sampled_from([Regex("a.c"), Regex("^(x|y)$"), Regex(r"\d{4}/\w")]),
)


def _read(text: str) -> Condition:
    condition = parse(text, FIELDS).condition
    assert condition is not None
    return condition


quantities = st.sampled_from(
    [
        "page>2",
        "page:1..3,7",
        "cost<=0.5",
        "cost:0.33",
        "age>2h",
        "age:1h30m",
        "created>=2026-11-21",
        "size<1MB",
    ]
).map(_read)
terms: st.SearchStrategy[Condition] = st.one_of(
    plain_values.map(lambda value: Term(None, Operator.HAS, (value,))),
    st.builds(
        lambda field, values: Term(field, Operator.HAS, tuple(values)),
        st.sampled_from(["document", "outcome"]),
        st.lists(plain_values, min_size=1, max_size=3),
    ),
    st.builds(lambda word: Term("document", Operator.IS, (word,)), words),
    st.sampled_from([True, False]).map(lambda truth: Term("archived", Operator.HAS, (Truth(truth),))),
    st.sampled_from(list(FIELDS)).map(lambda field: Term(field, Operator.HAS, (Anything(),))),
    quantities,
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map(inverse),
        st.lists(inner, min_size=2, max_size=3).map(all_of),
        st.lists(inner, min_size=2, max_size=3).map(any_of),
    ),
    max_leaves=6,
)

Record = dict[str, object]
NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
records: st.SearchStrategy[Record] = st.fixed_dictionaries(
    {
        "document": st.sampled_from(["lease.pdf", "annex B.pdf", "CAFE\u0301.pdf", "abc", "", None]),
        "outcome": st.sampled_from(["ok", "truncated", "in doubt", "low_fidelity", None]),
        "archived": st.sampled_from([True, False, None]),
        "page": st.one_of(st.none(), st.integers(0, 9)),
        "cost": st.one_of(st.none(), st.floats(0, 1)),
        "size": st.one_of(st.none(), st.integers(0, 2_000_000)),
        "age": st.one_of(st.none(), st.timedeltas(dt.timedelta(0), dt.timedelta(days=2))),
        "created": st.one_of(st.none(), st.integers(-90, 90).map(lambda h: NOW + dt.timedelta(hours=h))),
    }
)
tables = st.lists(records, max_size=12)


def columns_of(table: Sequence[Record]) -> list[Column]:
    """Return the same table as columns, of each of the forms that columns can have."""
    columns: list[Column] = []
    for name, kind in FIELDS.items():
        cells = [record[name] for record in table]
        names = list(dict.fromkeys(cells))
        if name == "outcome":
            columns.append(Codes(name, kind, bytes(map(names.index, cells)), names))
        elif name == "archived":
            columns.append(Codes(name, kind, array("H", map(names.index, cells)), names))
        elif name == "cost":
            numbers = [float("nan") if cell is None else float(str(cell)) for cell in cells]
            columns.append(Values(name, kind, array("d", numbers)))
        else:
            columns.append(Values(name, kind, cells))
    return columns


@given(texts)
@settings(max_examples=1_500)
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    try:
        query = parse(text, FIELDS)
    except FilterError as error:
        refusal: FilterError | None = error
    else:
        refusal = None
    if refusal is not None:
        assert 0 <= refusal.position <= len(text)
        assert refusal.message
        return
    again = parse(str(query), FIELDS)
    assert (again.condition, again.sort) == (query.condition, query.sort)


@given(conditions)
def test_a_condition_is_read_as_it_is_written(condition: Condition) -> None:
    assert parse(written(condition), FIELDS).condition == condition


@given(conditions, tables)
def test_columns_and_records_agree(condition: Condition, table: list[Record]) -> None:
    query = Query(condition, (), FIELDS)
    expected = [row for row, record in enumerate(table) if query.matches(record.__getitem__)]
    selected = Filter(query, columns_of(table), len(table))
    assert selected.select().tolist() == expected
    assert [row for row in range(len(table)) if selected(row)] == expected


@given(conditions, tables)
def test_the_inverse_is_the_complement(condition: Condition, table: list[Record]) -> None:
    query = Query(condition, (), FIELDS)
    columns = columns_of(table)
    through = set(Filter(query, columns, len(table)).select())
    excluded = set(Filter(query.inverted(), columns, len(table)).select())
    assert through | excluded == set(range(len(table)))
    assert not through & excluded


@given(st.lists(conditions, min_size=2, max_size=3), tables)
def test_and_is_intersection_and_or_is_union(parts: list[Condition], table: list[Record]) -> None:
    columns = columns_of(table)

    def rows(condition: Condition) -> set[int]:
        return set(Filter(Query(condition, (), FIELDS), columns, len(table)).select())

    assert rows(AllOf(tuple(parts))) == set.intersection(*map(rows, parts))
    assert rows(AnyOf(tuple(parts))) == set.union(*map(rows, parts))


@given(conditions, st.sampled_from(["document", "outcome"]), st.text(min_size=1, max_size=20))
def test_spans_lie_in_the_text_in_order(condition: Condition, field: str, text: str) -> None:
    end = 0
    for start, stop in Query(condition, (), FIELDS).spans(field, text):
        assert end <= start < stop <= len(text)
        end = stop


@given(st.text(min_size=1, max_size=4), st.text(max_size=10), st.text(max_size=10))
def test_a_word_that_is_found_is_marked(word: str, before: str, after: str) -> None:
    query = Query(Term("document", Operator.HAS, (Word(word),)), (), FIELDS)
    text = before + word + after
    if query.matches({"document": text}.__getitem__):
        assert query.spans("document", text)


@given(tables, st.lists(st.sampled_from(list(FIELDS)), min_size=1, max_size=3, unique=True), st.data())
def test_sorting_keeps_every_row_orders_it_and_puts_what_is_missing_last(
    table: list[Record], fields: list[str], data: st.DataObject
) -> None:
    keys = [SortKey(field, data.draw(st.booleans())) for field in fields]
    ordered = arrange(keys, columns_of(table), range(len(table)))
    assert sorted(ordered) == list(range(len(table)))
    first = keys[0]
    cells = [table[row][first.field] for row in ordered]
    present = [cell for cell in cells if cell not in (None, "")]
    assert cells[: len(present)] == present
    if first.field in ("page", "cost", "size", "age", "created"):
        assert present == sorted(present, reverse=first.descending)  # type: ignore[type-var]


@given(tables, st.sampled_from(["outcome", "page", "created"]))
def test_sorting_again_changes_nothing(table: list[Record], field: str) -> None:
    columns = columns_of(table)
    once = arrange([SortKey(field)], columns, range(len(table)))
    assert arrange([SortKey(field)], columns, once) == once


@pytest.mark.parametrize("depth", [39, 200, 1_900])
def test_nesting_is_bounded(depth: int) -> None:
    text = "(" * depth + "a" + ")" * depth
    if depth < 40:
        assert parse(text, FIELDS).condition == Term(None, Operator.HAS, (Word("a"),))
    else:
        with pytest.raises(FilterError):
            parse(text, FIELDS)


def test_a_double_inverse_is_none() -> None:
    assert inverse(Not(_read("a"))) == _read("a")
