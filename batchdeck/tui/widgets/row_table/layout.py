"""Where the columns of a table stand at a given width: which are dropped, which grow. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchdeck.tui.widgets.row_table.rows import Column

GAP = 1
"""Blank cells between two columns."""


@dataclass(frozen=True, slots=True)
class Span:
    """One shown column: its place among all columns, and the cells it covers."""

    column: int
    x: int
    width: int

    @property
    def end(self) -> int:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Layout:
    """The shown columns from left to right, and the width they need together."""

    spans: tuple[Span, ...]
    width: int

    def at(self, x: int) -> int | None:
        """Return which column covers cell `x` or the gap after it, or None."""
        for span in self.spans:
            if span.x <= x < span.end + GAP:
                return span.column
        return None


def lay_out(columns: Sequence[Column[Any]], width: int, *, all_columns: bool = False) -> Layout:
    """Lay columns out over `width` terminal cells.

    Columns that may go are dropped in their order until the rest fits; what is left over is shared among
    those that grow. With `all_columns` none is dropped: what does not fit is reached by scrolling sideways.
    """
    shown = list(range(len(columns)))
    if not all_columns:
        droppable = sorted((i for i in shown if columns[i].drop), key=lambda i: (columns[i].drop, -i))
        while droppable and _needed(columns, shown) > width:
            shown.remove(droppable.pop(0))
    widths = {i: columns[i].width for i in shown}
    _share_out(columns, widths, width - _needed(columns, shown))
    spans: list[Span] = []
    x = 0
    for i in shown:
        spans.append(Span(i, x, widths[i]))
        x += widths[i] + GAP
    return Layout(tuple(spans), max(x - GAP, 0))


def _needed(columns: Sequence[Column[Any]], shown: Sequence[int]) -> int:
    return sum(columns[i].width for i in shown) + GAP * max(len(shown) - 1, 0)


def _share_out(columns: Sequence[Column[Any]], widths: dict[int, int], spare: int) -> None:
    """Give `spare` cells to the columns that grow, in proportion, none beyond its widest."""
    growing = [i for i in widths if columns[i].grow]
    while spare > 0 and growing:
        shares = sum(columns[i].grow for i in growing)
        given = 0
        for i in growing:
            share = max(spare * columns[i].grow // shares, 1)
            room = columns[i].widest - widths[i] if columns[i].widest else spare
            take = max(min(share, room, spare - given), 0)
            widths[i] += take
            given += take
        if not given:
            return
        spare -= given
        growing = [i for i in growing if not columns[i].widest or widths[i] < columns[i].widest]
