"""The table under the operator's fingers: keys and mouse, each turned into a move of the view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events, work
from textual.binding import BindingType
from textual.message import Message

from batchdeck.tui.actions.bindings import bindings_of
from batchdeck.tui.actions.catalogue import ACTIONS
from batchdeck.tui.actions.context import Place
from batchdeck.tui.manners.slices import in_slices
from batchdeck.tui.widgets.row_table.grid import HEADER, RowGrid
from batchdeck.tui.widgets.row_table.order import SORT_AT_ONCE, finish
from batchdeck.tui.widgets.row_table.paint import GUTTER, painted_text
from batchdeck.tui.widgets.row_table.rows import Key
from batchdeck.tui.widgets.row_table.view import Filter, Sort

_SIDEWAYS = 8
"""Cells that one key scrolls to the side."""
_WHEEL = 3
"""Rows that one notch of the wheel scrolls."""


class RowTable(RowGrid, inherit_bindings=False):
    """A list of rows with cursor, marks, sorting and filtering, from ten rows to a million.

    It performs the actions of every list; which of them can be done when, the screen knows.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of(ACTIONS, Place.LIST)
    filter_error = ""
    """Why what is typed is no filter (yet); the last one that was stays in force."""

    @dataclass
    class Opened(Message):
        """The operator wants to go into a row."""

        table: RowTable
        key: Key

        @property
        def control(self) -> RowTable:
            return self.table

    @dataclass
    class FilterWanted(Message):
        """The operator wants to type a filter."""

        table: RowTable

        @property
        def control(self) -> RowTable:
            return self.table

    # Moving

    def _move_to(self, position: int) -> None:
        if position < len(self.view) - 1:
            self.following = False
        self.view.move_to(position)
        self.after_change()

    def act_list_down(self) -> None:
        self._move_to(self.view.cursor + 1)

    def act_list_up(self) -> None:
        self._move_to(self.view.cursor - 1)

    def act_list_top(self) -> None:
        self._move_to(0)

    def act_list_bottom(self) -> None:
        self._move_to(len(self.view) - 1)

    def act_list_page_down(self) -> None:
        self._move_page(1)

    def act_list_page_up(self) -> None:
        self._move_page(-1)

    def _move_page(self, step: int) -> None:
        """Move cursor and rows together, so that the cursor keeps its line."""
        rows = max(self.page_size - 1, 1) * step
        self._scroll_rows_to(min(max(self.scroll_offset.y + rows, 0), self.max_scroll_y))
        self._move_to(self.view.cursor + rows)

    def act_list_left(self) -> None:
        self.scroll_sideways_to(self.scroll_offset.x - _SIDEWAYS)

    def act_list_right(self) -> None:
        self.scroll_sideways_to(self.scroll_offset.x + _SIDEWAYS)

    def act_list_open(self) -> None:
        if self.view.cursor_key is not None:
            self.post_message(self.Opened(self, self.view.cursor_key))

    # Finding

    def act_list_filter(self, text: str = "") -> None:
        """Filter by `text`, or ask for one."""
        if text:
            self.filter_by(text)
        else:
            self.post_message(self.FilterWanted(self))

    def filter_by(self, typed: str) -> None:
        """Show the rows that hold what was typed, or with a leading ``!`` those that do not."""
        inverse = typed.startswith("!")
        own = self.view.filter
        self.set_filter(Filter(typed[1:] if inverse else typed, inverse, own.only, own.label))

    def act_list_next_match(self) -> None:
        self._go_to_match(1)

    def act_list_previous_match(self) -> None:
        self._go_to_match(-1)

    def _go_to_match(self, step: int) -> None:
        if self.pattern is None:
            return
        self.is_highlighting = True
        if len(self.view) <= SORT_AT_ONCE // 4:
            self._arrive_at(finish(self.view.search(self.pattern, step)))
        else:
            self._go_to_match_beside(self.pattern, step)

    @work(exclusive=True, group="search")
    async def _go_to_match_beside(self, pattern: re.Pattern[str], step: int) -> None:
        self._arrive_at(await in_slices(self.view.search(pattern, step)))

    def _arrive_at(self, position: int | None) -> None:
        if position is None:
            self.app.bell()
        else:
            self._move_to(position)

    def act_list_sort(self, column: str = "") -> None:
        """Sort by a column named by its id or title; by the one sorted by already, turn round."""
        wanted = column.strip().casefold()
        for known in self.view.source.columns:
            if known.sort is not None and wanted in (known.id.casefold(), known.title.casefold()):
                self.sort_by(known.id)
                return
        names = ", ".join(known.id for known in self.view.source.columns if known.sort is not None)
        self.notify(f"This list sorts by {names}.", title="Sort by which column?", markup=False)

    def sort_by(self, column: str) -> None:
        """Sort by a column; again turns the order round."""
        sort = self.view.sort
        again = sort is not None and sort.column == column
        self.set_sort(Sort(column, reverse=again and sort is not None and not sort.reverse))

    def act_list_unsort(self) -> None:
        self.set_sort(None)

    def act_list_wide(self) -> None:
        self.all_columns = not self.all_columns
        self.scroll_sideways_to(0)
        self.renew_painter()

    # Marking

    def act_list_mark(self) -> None:
        """Mark the row and go on to the next, or mark the open range."""
        was_range = self.view.anchor is not None
        self.view.toggle_mark()
        if not was_range:
            self.view.move_to(self.view.cursor + 1)
        self.after_change()

    def act_list_range(self) -> None:
        if self.view.anchor is None:
            self.view.begin_range()
        else:
            self.view.end_range()
        self.after_change()

    def act_list_mark_all(self) -> None:
        self.view.mark_all_shown()
        self.after_change()

    def act_list_clear_marks(self) -> None:
        self.view.marks.clear()
        self.after_change()

    def undo(self) -> bool:
        """Undo the innermost state (range, filter, highlight, marks); say whether there was one."""
        undone = self.view.undo()
        if undone == "filter":
            self.is_highlighting = False
            self._arrange()
        elif undone:
            self.after_change()
        elif self.is_highlighting:
            self.is_highlighting = False
            self.after_change()
            return True
        return bool(undone)

    # Pausing and following

    def pause(self, paused: bool) -> None:
        """Hold the display still, or show what came meanwhile."""
        self.paused = paused
        if not paused:
            self.take_news()
        self.post_message(self.Changed(self))

    def follow(self, following: bool) -> None:
        """Stay with the last row, or stop."""
        self.following = following
        if following:
            self.view.move_to(len(self.view) - 1)
        self.after_change()

    # Copying

    def plain_rows(self) -> Iterator[str]:
        """Yield the marked rows, else the cursor's, as lines of tab-separated text."""
        source = self.view.source
        for key in self.view.selection():
            index = source.index_of(key)
            if index is not None:
                yield "\t".join(map(painted_text, source.cells(index)))

    # Events

    def on_key(self, event: events.Key) -> None:
        """Sort by the column whose letter was typed with Shift."""
        if not (event.character or "").isupper():
            return
        for column in self.view.source.columns:
            if column.sort is not None and column.letter.upper() == event.character:
                self.sort_by(column.id)
                event.stop()
                event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y < HEADER:
            place = self.painter.layout.at(event.x - GUTTER + self.scroll_offset.x)
            column = None if place is None else self.view.source.columns[place]
            if column is not None and column.sort is not None:
                self.sort_by(column.id)
            return
        position = self.scroll_offset.y + event.y - HEADER
        if position >= len(self.view):
            return
        self._move_to(position)
        if event.x < GUTTER:
            self.view.toggle_mark()
            self.after_change()
        elif event.chain == 2:
            self.act_list_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -_WHEEL)

    def _wheel(self, event: events.MouseScrollDown | events.MouseScrollUp, rows: int) -> None:
        """Scroll rows; the cursor moves only as far as it must to stay in sight."""
        event.stop()
        event.prevent_default()
        if event.shift or event.ctrl:
            self.scroll_sideways_to(self.scroll_offset.x + rows)
            return
        first = min(max(self.scroll_offset.y + rows, 0), self.max_scroll_y)
        self._scroll_rows_to(first)
        self._move_to(min(max(self.view.cursor, first), first + self.page_size - 1))
