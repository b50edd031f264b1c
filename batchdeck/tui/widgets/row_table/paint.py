"""Turning the cells of a row into a strip of the screen: fitting, highlighting, merging equal styles.

Every text passes `show` here, so no source can forget it. Neighbouring cells of one style become one segment:
each segment costs some thirty bytes of escape codes on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from batchdeck.domain.text import show
from batchdeck.tui.glyphs import ASCENDING, CURSOR, DESCENDING, MARK, RANGE, Tone
from batchdeck.tui.widgets.row_table.layout import GAP, Layout
from batchdeck.tui.widgets.row_table.rows import Align, Cell, Cells, Column, Cut
from batchdeck.tui.widgets.row_table.view import Sort

GUTTER = 3
"""Cells left of the first column: cursor, mark, blank."""
_LONGEST_TEXT = 512
"""Characters of a cell that are looked at; more never fits on a line."""


@dataclass(frozen=True, slots=True)
class RowLook:
    """What a row is besides its cells."""

    cursor: bool = False
    marked: bool = False
    in_range: bool = False


@dataclass(frozen=True, slots=True)
class Palette:
    """Styles by meaning. All but `base` say only what they change."""

    base: Style
    cursor: Style
    header: Style
    sorted_header: Style
    gutter: Style
    match: Style
    tones: Mapping[Tone, Style]


def fit(text: str, width: int, align: Align = Align.LEFT, cut: Cut = Cut.END) -> str:
    """Return `text` in exactly `width` terminal cells: padded, or cut with an ellipsis."""
    size = cell_len(text)
    if size > width:
        text = _cut_middle(text, width) if cut is Cut.MIDDLE else set_cell_size(text, max(width - 1, 0)) + "…"
        text = text if width else ""
        size = cell_len(text)
    padding = " " * (width - size)
    return padding + text if align is Align.RIGHT else text + padding


def _cut_middle(text: str, width: int) -> str:
    tail_width = (width - 1) // 2
    head = set_cell_size(text, max(width - 1 - tail_width, 0))
    tail, used = "", 0
    for char in reversed(text):
        used += cell_len(char)
        if used > tail_width:
            break
        tail = char + tail
    return f"{head}…{tail}"


class Painter:
    """Paints rows by a layout and a palette, and remembers what it painted.

    What is remembered is found by the texts and the looks themselves, so it can never be out of date.
    """

    def __init__(self, columns: Sequence[Column[Any]], layout: Layout, palette: Palette, width: int) -> None:
        """Paint lines `width` cells wide; gutter and layout may need fewer."""
        self.columns = columns
        self.layout = layout
        self.palette = palette
        self.width = width
        self._strips: LRUCache[tuple[Cells, RowLook, re.Pattern[str] | None], Strip] = LRUCache(512)

    def row(self, cells: Cells, look: RowLook, pattern: re.Pattern[str] | None) -> Strip:
        """Return the gutter and the body of a row."""
        remembered = (cells, look, pattern)
        strip = self._strips.get(remembered)
        if strip is None:
            strip = self._paint_row(cells, look, pattern)
            self._strips[remembered] = strip
        return strip

    def header(self, sort: Sort | None) -> Strip:
        """Return the gutter and the body of the header line. The letter that sorts by a column is underlined,
        the column sorted by carries an arrow."""
        style = self.palette.base + self.palette.header
        runs: list[tuple[str, Style]] = [(" " * GUTTER, style)]
        for number, span in enumerate(self.layout.spans):
            column = self.columns[span.column]
            is_sorted = sort is not None and sort.column == column.id
            arrow = (DESCENDING if sort and sort.reverse else ASCENDING) if is_sorted else ""
            title = fit(column.title + arrow, span.width, column.align)
            own = style + self.palette.sorted_header if is_sorted else style
            runs.append((" " * GAP if number else "", style))
            runs += _underline_letter(title, column.letter, own)
        return self._line(runs, style)

    def _paint_row(self, cells: Cells, look: RowLook, pattern: re.Pattern[str] | None) -> Strip:
        palette = self.palette
        base = palette.base + palette.cursor if look.cursor else palette.base
        runs = list(_gutter(look, base, base + palette.gutter))
        for number, span in enumerate(self.layout.spans):
            column = self.columns[span.column]
            cell = cells[span.column]
            text, tone = (cell, Tone.PLAIN) if isinstance(cell, str) else (cell.text, cell.tone)
            fitted = fit(show(text, _LONGEST_TEXT), span.width, column.align, column.cut)
            style = base if tone is Tone.PLAIN else base + palette.tones[tone]
            runs.append((" " * GAP if number else "", base))
            runs += _highlight(fitted, style, style + palette.match, pattern)
        return self._line(runs, base)

    def _line(self, runs: list[tuple[str, Style]], style: Style) -> Strip:
        rest = self.width - GUTTER - self.layout.width
        return _strip([*runs, (" " * rest, style)], self.width)


def painted_text(cell: Cell | str) -> str:
    """Return a cell's text as it is shown, uncut: what copying a row gives."""
    return show(cell if isinstance(cell, str) else cell.text)


def _gutter(look: RowLook, base: Style, sign: Style) -> Iterator[tuple[str, Style]]:
    """Yield cursor, mark and blank; blanks in the row's own style, so that they cost nothing."""
    mark = MARK if look.marked else RANGE if look.in_range else " "
    yield CURSOR if look.cursor else " ", sign if look.cursor else base
    yield mark, base if mark == " " else sign
    yield " ", base


def _highlight(
    text: str, style: Style, match: Style, pattern: re.Pattern[str] | None
) -> Iterator[tuple[str, Style]]:
    end = 0
    for found in pattern.finditer(text) if pattern is not None else ():
        yield text[end : found.start()], style
        yield found.group(), match
        end = found.end()
    yield text[end:], style


def _underline_letter(title: str, letter: str, style: Style) -> Iterator[tuple[str, Style]]:
    place = title.upper().find(letter.upper()) if letter else -1
    if place < 0:
        yield title, style
        return
    yield title[:place], style
    yield title[place], style + Style(underline=True)
    yield title[place + 1 :], style


def _strip(runs: Sequence[tuple[str, Style]], width: int) -> Strip:
    """Join runs into as few segments as their styles allow."""
    segments: list[Segment] = []
    pending: list[str] = []
    style: Style | None = None
    for text, own in runs:
        if not text:
            continue
        if style is not None and own != style:
            segments.append(Segment("".join(pending), style))
            pending = []
        pending.append(text)
        style = own
    if pending:
        segments.append(Segment("".join(pending), style))
    return Strip(segments, width)
