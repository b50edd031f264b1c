"""What a table looks at: order, filter, cursor, range and marks over a source. No drawing, no event loop.

The cursor belongs to a row, not to a line: it stays with its row through new data, sorting and filtering, and
returns to it when a filter that hid it is lifted, unless it was moved meanwhile.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

from batchdeck.tui.widgets.row_table.marks import Marks
from batchdeck.tui.widgets.row_table.order import AllTests, Order, Steps, arrange, find
from batchdeck.tui.widgets.row_table.rows import Key, RowSource


@dataclass(frozen=True, slots=True)
class Sort:
    column: str
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are shown: those whose text holds `text` (in any case), or with `inverse` those whose does
    not; and of these only those that `only` accepts, by source index."""

    text: str = ""
    inverse: bool = False
    only: Callable[[int], bool] | None = None
    label: str = ""
    """What `only` is about, in a phrase ("failures only")."""
    pattern: re.Pattern[str] | None = field(init=False, default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        pattern = re.compile(re.escape(self.text), re.IGNORECASE) if self.text else None
        object.__setattr__(self, "pattern", pattern)

    def __bool__(self) -> bool:
        return bool(self.text or self.only)

    def __str__(self) -> str:
        typed = f"/{'!' if self.inverse else ''}{self.text}" if self.text else ""
        return " · ".join(part for part in (self.label, typed) if part)

    def match(self, source: RowSource) -> Callable[[int], bool] | None:
        """Return the test for a row of `source`, or None when every row is shown."""
        only, by_text = self.only, self.text_match(source)
        if only is None or by_text is None:
            return by_text or only
        return AllTests((only, by_text))

    def text_match(self, source: RowSource) -> Callable[[int], bool] | None:
        """Return the test of the typed text alone."""
        if self.pattern is None:
            return None
        text, search = source.text, self.pattern.search
        if self.inverse:
            return lambda index: search(text(index)) is None
        return lambda index: search(text(index)) is not None


class RowView:
    """The state of one table. Positions count shown rows from 0; indices count rows of the source."""

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self.order: Order = range(len(source))
        self.sort: Sort | None = None
        self.filter = Filter()
        self.marks = Marks(len(source))
        self.cursor = 0 if len(source) else -1
        """Position of the cursor; -1 when no row is shown."""
        self.anchor: int | None = None
        """Source index of the row where a range was begun, or None."""
        self._is_ascending = True
        self._wanted: Key | None = None
        """The row the operator last went to, shown or not."""
        self._place_cursor()

    def __len__(self) -> int:
        return len(self.order)

    # Looking

    def key_at(self, position: int) -> Key:
        return self.source.key(self.order[position])

    @property
    def cursor_key(self) -> Key | None:
        return None if self.cursor < 0 else self.key_at(self.cursor)

    @property
    def cursor_index(self) -> int | None:
        return None if self.cursor < 0 else self.order[self.cursor]

    def position_of(self, index: int | None) -> int | None:
        """Return where a row of the source is shown, or None where it is not."""
        order = self.order
        if index is None:
            return None
        if isinstance(order, range):
            return index if index in order else None
        if self._is_ascending:
            position = bisect_left(order, index)
            return position if position < len(order) and order[position] == index else None
        try:
            return order.index(index)
        except ValueError:
            return None

    @property
    def range_positions(self) -> range:
        """The positions between anchor and cursor, both included; empty when no range is open."""
        start = self.position_of(self.anchor)
        if start is None or self.cursor < 0:
            return range(0)
        return range(min(start, self.cursor), max(start, self.cursor) + 1)

    @property
    def selected(self) -> int:
        """How many rows an action is about."""
        unmarked = sum(self.order[position] not in self.marks for position in self.range_positions)
        return len(self.marks) + unmarked or (0 if self.cursor < 0 else 1)

    def selection(self) -> list[Key]:
        """Return the keys an action is about: the marked rows and the open range, else the cursor's row."""
        chosen = set(self.marks)
        chosen.update(self.order[position] for position in self.range_positions)
        if not chosen:
            return [] if self.cursor_key is None else [self.cursor_key]
        return [self.source.key(index) for index in sorted(chosen)]

    # Moving

    def move_to(self, position: int) -> bool:
        """Move the cursor, at most to the ends; say whether it moved."""
        if not self.order:
            return False
        before = self.cursor
        self.cursor = min(max(position, 0), len(self.order) - 1)
        self._wanted = self.cursor_key
        return self.cursor != before

    def move_to_key(self, key: Key) -> bool:
        """Move the cursor to a row; say whether it is shown. One that is hidden is gone to when it shows."""
        self._wanted = key
        position = self.position_of(self.source.index_of(key))
        if position is not None:
            self.cursor = position
        return position is not None

    def rest_on_top(self) -> None:
        """Put the cursor on the first row, whichever row that will be when newer data are shown."""
        self.cursor = 0 if self.order else -1
        self._wanted = None

    # Marking

    def toggle_mark(self) -> None:
        """Mark the open range, else mark or unmark the cursor's row."""
        if self.anchor is not None:
            self.end_range()
        elif self.cursor >= 0:
            self.marks.toggle(self.order[self.cursor])

    def begin_range(self) -> None:
        self.anchor = self.cursor_index

    def end_range(self) -> None:
        """Mark what lies between anchor and cursor."""
        self.marks.add([self.order[position] for position in self.range_positions])
        self.anchor = None

    def mark_all_shown(self) -> None:
        self.marks.add(self.order)
        self.anchor = None

    def undo(self) -> str:
        """Undo the innermost state and name it (range, filter, marks); empty when there is none.

        A filter is only forgotten here: the caller arranges the rows anew.
        """
        if self.anchor is not None:
            self.anchor = None
            return "range"
        if self.filter:
            self.filter = Filter()
            return "filter"
        if self.marks:
            self.marks.clear()
            return "marks"
        return ""

    # Arranging

    def arrangement(self, source: RowSource | None = None) -> Steps[Order]:
        """Return the steps that work out the order by the present filter and sort, of the present source or
        of the one that is going to replace it."""
        source = self.source if source is None else source
        return arrange(
            len(source),
            match=self.filter.match(source),
            value_of=source.sort_value(self.sort.column) if self.sort else None,
            reverse=self.sort.reverse if self.sort else False,
        )

    def search(self, pattern: re.Pattern[str], step: int) -> Steps[int | None]:
        """Return the steps that find the next row in direction `step` whose text holds `pattern`."""
        text, holds = self.source.text, pattern.search
        return find(self.order, max(self.cursor, 0), step, lambda index: holds(text(index)) is not None)

    def adopt(self, order: Order, source: RowSource | None = None) -> None:
        """Show the rows in `order`, of `source` where it replaces the present one. Marks, an open range and
        the cursor go with their rows; a cursor whose row is not shown stays at its line."""
        if source is not None and source is not self.source:
            anchor_key = None if self.anchor is None else self.source.key(self.anchor)
            self.marks = self.marks.moved_to(self.source, source)
            self.anchor = None if anchor_key is None else source.index_of(anchor_key)
            self.source = source
        self.order = order
        self._is_ascending = self.sort is None
        self._place_cursor()

    def _place_cursor(self) -> None:
        if not self.order:
            self.cursor = -1
            return
        wanted = None if self._wanted is None else self.source.index_of(self._wanted)
        position = self.position_of(wanted)
        self.cursor = min(max(self.cursor, 0), len(self.order) - 1) if position is None else position
        if wanted is None:
            self._wanted = self.cursor_key
