"""The one filter and sort grammar that every list uses, in the dashboard and on the command line.

docs/filters.md is its description for operators. `parse` reads a filter once; `Query.matches` tests single
records; `batchdeck.domain.query_columns` runs it over millions of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from batchdeck.domain.query_matching import Span, looks_into, sort_value, spans_in, term_test
from batchdeck.domain.query_parse import FilterParser
from batchdeck.domain.query_terms import (
    AllOf,
    AnyOf,
    Condition,
    FieldKind,
    Not,
    SortKey,
    Term,
    inverse,
    written,
)

__all__ = ["FieldKind", "Get", "Query", "SortKey", "Span", "parse", "sort_value"]

Get = Callable[[str], object]
"""A record, as a function from field to value."""


@dataclass(frozen=True, slots=True)
class Query:
    """A filter that has been read. `str` gives a text that reads as the same filter."""

    condition: Condition | None
    """None lets every row through."""
    sort: tuple[SortKey, ...]
    fields: Mapping[str, FieldKind] = field(repr=False)

    def __str__(self) -> str:
        parts = [written(self.condition)] if self.condition is not None else []
        parts += ["sort:" + ",".join(map(str, self.sort))] if self.sort else []
        return " ".join(parts)

    def inverted(self) -> Query:
        """Return the query that lets through what this one does not; in the same order."""
        return replace(self, condition=inverse(self.condition)) if self.condition is not None else self

    def columns(self) -> list[str]:
        """Return the fields the condition looks into: those it names, and those its bare words may be in."""
        terms = list(_terms(self.condition)) if self.condition is not None else []
        return [
            name
            for name, kind in self.fields.items()
            if any(looks_into(term, kind) if term.field is None else term.field == name for term in terms)
        ]

    def matches(self, get: Get) -> bool:
        """Say whether one record meets the condition; for many, keep what `tester` returns.

        Args:
            get: returns the record's value of a field; None for no value.
        """
        return self.tester()(get)

    def tester(self) -> Callable[[Get], bool]:
        """Return the condition as a function of a record."""
        if self.condition is None:
            return lambda get: True
        return _tester(self.condition, self.fields)

    def spans(self, field: str, text: str) -> tuple[Span, ...]:
        """Return where `text`, a value of `field`, holds what was looked for: to be highlighted."""
        return spans_in(self.condition, field, text, self.fields[field])


def parse(text: str, fields: Mapping[str, FieldKind]) -> Query:
    """Read a filter.

    Args:
        text: as typed. Empty: everything, in the list's own order.
        fields: the columns that may be named, in lower case, with what they hold. Bare words are looked for
            in those that hold text.

    Raises:
        FilterError: it is none; says where, and names the nearest field.
    """
    parser = FilterParser(text, fields)
    condition = parser.parse()
    return Query(condition, tuple(parser.sort), fields)


def _terms(condition: Condition) -> Iterator[Term]:
    match condition:
        case Term():
            yield condition
        case Not(condition=inner):
            yield from _terms(inner)
        case AllOf(conditions=conditions) | AnyOf(conditions=conditions):
            for each in conditions:
                yield from _terms(each)


def _tester(condition: Condition, fields: Mapping[str, FieldKind]) -> Callable[[Get], bool]:
    match condition:
        case Term(field=None):
            tests = [
                (name, term_test(condition, kind))
                for name, kind in fields.items()
                if looks_into(condition, kind)
            ]
            return lambda get: any(test(get(name)) for name, test in tests)
        case Term(field=str(name)):
            test = term_test(condition, fields[name])
            return lambda get: test(get(name))
        case Not(condition=inner):
            excluded = _tester(inner, fields)
            return lambda get: not excluded(get)
        case AllOf(conditions=inner_conditions):
            needed = [_tester(inner, fields) for inner in inner_conditions]
            return lambda get: all(holds(get) for holds in needed)
        case AnyOf(conditions=inner_conditions):
            enough = [_tester(inner, fields) for inner in inner_conditions]
            return lambda get: any(holds(get) for holds in enough)
        case _:
            raise AssertionError("every condition is one of the four above")
