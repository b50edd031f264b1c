"""The body of the table: a Line-API widget that asks for the rows on screen, and repaints what differs there.

It keeps what it painted, line by line. After any change (new data, a moved cursor, a mark) it compares that
with what should be there now, and repaints from the first to the last changed cell of each changed line. So a
thousand changed rows cost what the visible ones cost, and one changed cell some hundred bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events, work
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from batchdeck.tui.glyphs import Tone
from batchdeck.tui.manners.pace import Pace
from batchdeck.tui.manners.slices import in_slices
from batchdeck.tui.widgets.row_table.layout import lay_out
from batchdeck.tui.widgets.row_table.order import SORT_AT_ONCE, Order, finish
from batchdeck.tui.widgets.row_table.paint import GUTTER, Painter, Palette, RowLook
from batchdeck.tui.widgets.row_table.rows import Cells, Key, RowSource
from batchdeck.tui.widgets.row_table.view import Filter, RowView, Sort

HEADER = 1
"""Lines above the first row."""
_ARRANGE_AT_ONCE = SORT_AT_ONCE // 4
"""Rows that are filtered and sorted without letting go of the loop: about 20 ms."""
Line = tuple[Cells, RowLook, re.Pattern[str] | None] | None
"""All that a painted line shows; None below the last row."""


class RowGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows on a screen and the data behind them, without the keys and the mouse that move them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-table--header",
        "row-table--sorted",
        "row-table--cursor",
        "row-table--gutter",
        "row-table--match",
        *(f"row-table--{tone}" for tone in Tone),
    }
    DEFAULT_CSS = """
    RowGrid {
        scrollbar-size: 0 0;
        overflow: auto;
        & .row-table--header { text-style: bold; }
        & .row-table--sorted { color: $accent; }
        & .row-table--cursor { text-style: bold; background: $panel; }
        & .row-table--gutter { text-style: bold; color: $accent; }
        & .row-table--match { text-style: underline; }
        & .row-table--good { color: $success; }
        & .row-table--bad { color: $error; }
        & .row-table--warn { color: $warning; }
        & .row-table--muted { text-style: dim; }
        & .row-table--strong { text-style: bold; }
        & .row-table--accent { color: $accent; }
        &:ansi .row-table--cursor { text-style: reverse; }
    }
    """

    @dataclass
    class Moved(Message):
        """The cursor went to another row, or another row came under it."""

        grid: RowGrid
        key: Key | None

        @property
        def control(self) -> RowGrid:
            return self.grid

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RowGrid.Moved) and message.grid is self.grid

    @dataclass
    class Changed(Message):
        """Rows, marks, filter, sorting, following or pausing changed."""

        grid: RowGrid

        @property
        def control(self) -> RowGrid:
            return self.grid

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RowGrid.Changed) and message.grid is self.grid

    def __init__(self, source: RowSource, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.view = RowView(source)
        self.paused = False
        """Whether new data waits until the operator lets it in."""
        self.following = False
        """Whether the cursor stays on the last row."""
        self.all_columns = False
        self.pattern: re.Pattern[str] | None = None
        """What was last searched for; `n` and `N` go to its matches."""
        self.is_highlighting = False
        """Whether the rows show where they hold it."""
        self._pending: RowSource | None = None
        self._is_arranging = False
        self._pace = Pace(self, self._take_pending)
        self._painter: Painter | None = None
        self._painted: dict[int, Line] = {}
        self._painted_header: tuple[Sort | None, Painter] | None = None
        self._painted_width = 0
        self._range = range(0)

    # Data

    @property
    def cursor_key(self) -> Key | None:
        return self.view.cursor_key

    @property
    def has_news(self) -> bool:
        """Whether newer data waits, because the display is paused or a long list is being arranged."""
        return self._pending is not None

    @property
    def is_arranging(self) -> bool:
        """Whether a long list is being sorted or filtered right now."""
        return self._is_arranging

    def show(self, source: RowSource) -> None:
        """Show newer data: at once when it was quiet, else within a quarter of a second."""
        self._pending = source
        if self.paused:
            self.post_message(self.Changed(self))
        else:
            self._pace.request()

    def take_news(self) -> None:
        """Show waiting data now."""
        if self._pending is not None:
            self._pace.flush()

    def set_filter(self, wanted: Filter) -> None:
        """Show only the rows that pass `wanted`."""
        self.view.filter = wanted
        if wanted.pattern is not None:
            self.pattern = wanted.pattern
        self.is_highlighting = wanted.pattern is not None and not wanted.inverse
        self._arrange()

    def set_sort(self, sort: Sort | None) -> None:
        """Sort by a column, or go back to the source's order."""
        self.view.sort = sort
        self._arrange()

    def _take_pending(self) -> None:
        # Arranging is never begun anew for data: news that keeps coming would keep it from ever ending.
        if self._pending is not None and not self._is_arranging and self.is_attached:
            source, self._pending = self._pending, None
            self._arrange(source)

    def _arrange(self, source: RowSource | None = None) -> None:
        """Work out the order and show it; a long list is arranged beside everything else."""
        if source is None:
            source = self.view.source
            if self._pending is not None and not self.paused:
                source, self._pending = self._pending, None
        is_plain = self.view.sort is None and not self.view.filter
        if is_plain or len(source) <= _ARRANGE_AT_ONCE:
            self.workers.cancel_group(self, "arrange")
            self._adopt(finish(self.view.arrangement(source)), source)
        else:
            self._is_arranging = True
            self._arrange_beside(source)
            self.post_message(self.Changed(self))

    @work(exclusive=True, group="arrange")
    async def _arrange_beside(self, source: RowSource) -> None:
        self._adopt(await in_slices(self.view.arrangement(source)), source)

    def _adopt(self, order: Order, source: RowSource) -> None:
        self._is_arranging = False
        first = self.scroll_offset.y
        line = self.view.cursor - first
        if source.columns is not self.view.source.columns:
            self._painter = None
        self.view.adopt(order, source)
        if self.following:
            self.view.move_to(len(self.view) - 1)
        if self.size.height:
            self._measure()
            # The rows around the cursor stay where they are on screen; at the very top, the top stays.
            if first and 0 <= line < self.page_size:
                self._scroll_rows_to(self.view.cursor - line)
        self.after_change()
        if self._pending is not None and not self.paused:
            # Not at once: beginning anew would cancel the worker this may be running in.
            self.call_later(self._pace.request)

    def after_change(self) -> None:
        """Bring the cursor into view, repaint what differs, and tell."""
        if self.size.height:
            self.reveal_cursor()
            self.repaint_changes()
        self.post_message(self.Changed(self))
        self.post_message(self.Moved(self, self.view.cursor_key))

    # Scrolling

    @property
    def page_size(self) -> int:
        """Rows that fit."""
        return max(self.size.height - HEADER, 1)

    def reveal_cursor(self) -> None:
        """Scroll as little as shows the cursor."""
        first, cursor = self.scroll_offset.y, max(self.view.cursor, 0)
        if cursor < first:
            self._scroll_rows_to(cursor)
        elif cursor >= first + self.page_size:
            self._scroll_rows_to(cursor - self.page_size + 1)

    def _scroll_rows_to(self, first: int) -> None:
        if first != self.scroll_offset.y:
            self.scroll_to(y=first, animate=False, force=True)

    def scroll_sideways_to(self, x: int) -> None:
        """Scroll the columns; the gutter stays."""
        self.scroll_to(x=x, animate=False, force=True)

    def _measure(self) -> None:
        """Tell how far can be scrolled."""
        # Set without its watcher, which lays the whole screen out and repaints it for every row that comes or
        # goes; there is no scroll bar to adapt.
        width = self.painter.layout.width + GUTTER if self.all_columns else 0
        size = Size(max(width, self.size.width), len(self.view) + HEADER)
        self.set_reactive(RowGrid.virtual_size, size)
        if self.scroll_offset.y > self.max_scroll_y:
            self._scroll_rows_to(self.max_scroll_y)

    # Painting

    @property
    def painter(self) -> Painter:
        if self._painter is None:
            columns = self.view.source.columns
            layout = lay_out(columns, self.size.width - GUTTER, all_columns=self.all_columns)
            width = max(self.size.width, GUTTER + layout.width)
            self._painter = Painter(columns, layout, self._palette(), width)
            self._painted_width = self.size.width
            self._painted.clear()
        return self._painter

    def renew_painter(self) -> None:
        """Lay out and paint everything anew."""
        self._painter = None
        self._measure()
        self.refresh()

    def _palette(self) -> Palette:
        def part(name: str) -> Style:
            return self.get_component_rich_style(f"row-table--{name}", partial=True)

        return Palette(
            base=self.rich_style,
            cursor=part("cursor"),
            header=part("header"),
            sorted_header=part("sorted"),
            gutter=part("gutter"),
            match=part("match"),
            tones={tone: part(tone) for tone in Tone},
        )

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter = None

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Do nothing: a list looks the same with the focus and without."""

    def on_resize(self, event: events.Resize) -> None:
        if self._painter is None or self._painted_width != event.size.width:
            self.renew_painter()
        self._measure()
        self.reveal_cursor()
        self.repaint_changes()

    def repaint_changes(self) -> None:
        """Repaint what is on screen and should look different."""
        painter = self.painter
        self._range = self.view.range_positions
        for y in range(HEADER, self.size.height):
            region = self._difference(y, self._line(y))
            if region is not None:
                self.refresh(region)
        if self._painted_header != (self.view.sort, painter):
            self.refresh(Region(0, 0, self.size.width, HEADER))

    def _line(self, y: int) -> Line:
        view = self.view
        position = self.scroll_offset.y + y - HEADER
        if position >= len(view):
            return None
        index = view.order[position]
        look = RowLook(position == view.cursor, index in view.marks, position in self._range)
        return view.source.cells(index), look, self.pattern if self.is_highlighting else None

    def _difference(self, y: int, now: Line) -> Region | None:
        """Return the cells of a line that look different from what was painted there, or None."""
        whole = Region(0, y, self.size.width, 1)
        if y not in self._painted:
            return whole
        before = self._painted[y]
        if before == now:
            return None
        if before is None or now is None:
            return whole
        if before[1].cursor != now[1].cursor or before[2] is not now[2]:
            return whole
        spans = [span for span in self.painter.layout.spans if before[0][span.column] != now[0][span.column]]
        offset = GUTTER - self.scroll_offset.x
        starts = [0] if before[1] != now[1] else []
        ends = [GUTTER] if before[1] != now[1] else []
        starts += [max(span.x + offset, GUTTER) for span in spans]
        ends += [span.end + offset for span in spans]
        if not starts or max(ends) <= min(starts):
            return None
        return Region(min(starts), y, max(ends) - min(starts), 1).intersection(whole)

    def render_line(self, y: int) -> Strip:
        painter = self.painter
        if y < HEADER:
            self._painted_header = (self.view.sort, painter)
            strip = painter.header(self.view.sort)
        else:
            line = self._painted[y] = self._line(y)
            if line is None:
                return Strip.blank(self.size.width, painter.palette.base)
            strip = painter.row(*line)
        x, width = self.scroll_offset.x, self.size.width
        if not x:
            return strip.crop(0, width)
        return Strip.join((strip.crop(0, GUTTER), strip.crop(GUTTER + x, x + width)))
