"""A list that is filtered by the grammar of all lists (docs/filters.md) instead of by plain text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from batchdeck.domain.query import FieldKind, Query, parse, sort_value
from batchdeck.errors import FilterError
from batchdeck.tui.widgets.row_table import Filter, RowSource, RowTable, Sort


def sort_key(value: object, kind: FieldKind) -> float | str:
    """Return what a list sorts a value by; no value counts as the least."""
    found = sort_value(value, kind)
    if found is None:
        return "" if kind.is_text else -math.inf
    return found


@runtime_checkable
class QuerySource(Protocol):
    """A source whose rows can be tested by a query."""

    def row_test(self, query: Query) -> Callable[[int], bool]: ...


@dataclass(frozen=True)
class QueryFilter(Filter):
    """A filter in the grammar, or what the operator has typed of it so far."""

    query: Query | None = None

    def text_match(self, source: RowSource) -> Callable[[int], bool] | None:
        if self.query is None or self.query.condition is None:
            return None
        if not isinstance(source, QuerySource):
            return super().text_match(source)
        return source.row_test(self.query.inverted() if self.inverse else self.query)


class QueryTable(RowTable, inherit_bindings=True):
    """A `RowTable` over a `QuerySource`; `fields` are what a filter may name."""

    def __init__(self, source: RowSource, fields: Mapping[str, FieldKind], *, id: str | None = None) -> None:
        super().__init__(source, id=id)
        self._fields = fields

    def filter_by(self, typed: str) -> None:
        """Show the rows a filter lets through, or with a leading ``!`` those it does not."""
        inverse = typed.startswith("!")
        text = typed[1:] if inverse else typed
        try:
            query = parse(text, self._fields)
        except FilterError as error:
            self.filter_error = " ".join(part for part in (error.message, error.hint) if part)
            self.post_message(self.Changed(self))
            return
        self.filter_error = ""
        sortable = {column.id for column in self.view.source.columns if column.sort is not None}
        wanted = next((key for key in query.sort if key.field in sortable), None)
        if wanted is not None:
            self.view.sort = Sort(wanted.field, reverse=wanted.descending)
        own = self.view.filter
        self.set_filter(QueryFilter(text, inverse, own.only, own.label, query))

    def undo(self) -> bool:
        self.filter_error = ""
        return super().undo()
