"""Setting a text on pages: lines, columns, running heads, footnotes, tables. The texts are elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchdeck.sandbox.samples.fonts import Font, text_width, total_width
from batchdeck.sandbox.samples.markup import Block, Word, parse_blocks, parse_words
from batchdeck.sandbox.samples.pdf import Document, Link, Page, centered

_GUTTER = 22.0
_INDENT = 16.0
_NOTE_SIZE = 0.8
_SIGN_SIZE = 0.62
_BLACK, _BLUE = "0 g", "0.1 0.25 0.6 rg"
_FIGURE = re.compile(r"[\d.,%£+–−/ -]+")


@dataclass(frozen=True, slots=True)
class Design:
    """How a text is set. Lengths in points."""

    size: float = 11.0
    leading: float = 15.0
    margin: float = 72.0
    running_head: str = ""
    numbered: bool = True
    front_matter: int = 0
    """How many pages at the beginning are numbered with roman figures, and have no running head."""


_HEADINGS: dict[str, tuple[Font, float, float]] = {
    "title": (Font.SANS_BOLD, 2.0, 14.0),
    "part": (Font.SANS_BOLD, 1.45, 12.0),
    "section": (Font.SANS_BOLD, 1.18, 8.0),
}
"""Font, size against running text and space above of each heading."""


def compose(text: str, title: str, design: Design) -> Document:
    """Return a text set as a document, with an outline of its parts."""
    flow = _Flow(Document(title, front_matter=design.front_matter), design)
    blocks = list(parse_blocks(text))
    flow.notes = {block.mark: block.text for block in blocks if block.kind == "note"}
    for block in blocks:
        flow.add(block)
    flow.finish_page()
    return flow.document


class _Flow:
    """Where the next line goes, and what the page at hand still owes."""

    def __init__(self, document: Document, design: Design) -> None:
        self.document = document
        self.design = design
        self.notes: dict[str, str] = {}
        self._owed: list[str] = []
        """Marks of the notes that stand at the foot of this page."""
        self._columns = 1
        self._column = 0
        self._after_item = False
        self._begin_page()

    def _begin_page(self) -> None:
        self._page = Page()
        self.document.pages.append(self._page)
        self._column = 0
        self._top = self._page.height - self.design.margin
        self._y = self._top
        self._bottom = self.design.margin
        self._owed = []

    @property
    def _width(self) -> float:
        whole = self._page.width - 2 * self.design.margin
        return (whole - _GUTTER * (self._columns - 1)) / self._columns

    @property
    def _left(self) -> float:
        return self.design.margin + self._column * (self._width + _GUTTER)

    def finish_page(self) -> None:
        """Write what stands around the text of the page at hand."""
        number = len(self.document.pages)
        page, design = self._page, self.design
        is_front = number <= design.front_matter
        label = "i" * number if is_front else str(number - design.front_matter)
        if design.running_head and not is_front and number > 1:
            page.text(design.margin, page.height - 44, design.running_head, Font.ROMAN_ITALIC, 9)
            page.line(design.margin, page.height - 49, page.width - design.margin, page.height - 49)
        if design.numbered:
            centered(page, 38, label, Font.ROMAN, 9)
        self._write_notes()

    def _write_notes(self) -> None:
        if not self._owed:
            return
        size = self.design.size * _NOTE_SIZE
        self._y, self._column, self._columns = self._bottom - 4, 0, 1
        self._page.line(self.design.margin, self._y, self.design.margin + 120, self._y)
        self._y -= 2
        for mark in self._owed:
            words = [Word(mark, "note"), *parse_words(self.notes[mark])]
            for line, is_last in _lines(words, size, self._width):
                self._y -= size * 1.25
                self._write_line(line, size, justified=not is_last)

    def _next_column(self) -> None:
        self._column += 1
        if self._column == self._columns:
            columns = self._columns
            self.finish_page()
            self._columns = columns
            self._begin_page()
        self._y = self._top

    def _need(self, height: float) -> None:
        if self._y - height < self._bottom:
            self._next_column()

    def add(self, block: Block) -> None:
        """Set one block."""
        if self._after_item and block.kind != "item":
            self._y -= 4
        self._after_item = block.kind == "item"
        match block.kind:
            case "break":
                self.finish_page()
                self._begin_page()
            case "columns":
                self._columns, self._top = 2, self._y
            case "title" | "part" | "section":
                self._heading(block)
            case "table":
                self._table(block.rows)
            case "contents":
                self._contents(block.rows)
            case "item":
                self._item(block)
            case "lead":
                self._paragraph(parse_words(block.text), self.design.size * 1.12, after=10)
            case "paragraph":
                self._paragraph(parse_words(block.text), self.design.size, after=7)

    def _heading(self, block: Block) -> None:
        font, ratio, above = _HEADINGS[block.kind]
        size = self.design.size * ratio
        self._need(above + size * 1.2 + 3 * self.design.leading)
        if self._y < self._top:
            self._y -= above
        if block.kind in ("title", "part"):
            self.document.outline.append((block.text, len(self.document.pages) - 1))
        for line, _ in _lines(
            [Word(word, "heading") for word in block.text.split()], size, self._width, font
        ):
            self._y -= size * 1.2
            self._page.text(self._left, self._y, " ".join(word.text for word in line), font, size)
        self._y -= 5

    def _paragraph(self, words: Sequence[Word], size: float, *, after: float, indent: float = 0.0) -> None:
        leading = self.design.leading * size / self.design.size
        lines = list(_lines(words, size, self._width - indent))
        self._owe([word.text for word in words if word.style == "note"], leading * len(lines))
        for line, is_last in lines:
            self._need(leading)
            self._y -= leading
            self._write_line(line, size, justified=not is_last, indent=indent)
        self._y -= after

    def _owe(self, marks: Sequence[str], height: float) -> None:
        """Keep room at the foot of the page for the notes of a paragraph of so many points."""
        if not marks:
            return
        size = self.design.size * _NOTE_SIZE
        rows = sum(len(list(_lines(parse_words(self.notes[mark]), size, self._width))) for mark in marks)
        room = rows * size * 1.25 + (0 if self._owed else 8)
        if self._y - height < self._bottom + room:
            self._next_column()
        self._bottom += room
        self._owed.extend(marks)

    def _item(self, block: Block) -> None:
        self._need(self.design.leading)
        mark = "•" if block.mark == "-" else block.mark
        self._page.text(self._left + 2, self._y - self.design.leading, mark, Font.ROMAN, self.design.size)
        self._paragraph(parse_words(block.text), self.design.size, after=3, indent=_INDENT)

    def _write_line(self, line: Sequence[Word], size: float, *, justified: bool, indent: float = 0.0) -> None:
        space = text_width(Font.ROMAN, size, " ")
        widths = [_word_width(word, size) for word in line]
        spaces = sum(not word.glued for word in line[1:])
        if justified and spaces:
            space = (self._width - indent - total_width(widths)) / spaces
        x = self._left + indent
        for number, (word, width) in enumerate(zip(line, widths, strict=True)):
            if number and not word.glued:
                x += space
            following = line[number + 1] if number + 1 < len(line) else None
            joins = (
                following is not None
                and not following.glued
                and (following.style, following.url)
                == (
                    word.style,
                    word.url,
                )
            )
            self._write_word(word, x, width, size, space if joins else 0.0)
            x += width

    def _write_word(self, word: Word, x: float, width: float, size: float, space: float) -> None:
        """Write a word, with the space after it when the next one is set alike: readers then see one text."""
        font = _font(word)
        if word.style == "note":
            self._page.text(x, self._y + size * 0.36, word.text, font, size * _SIGN_SIZE)
            return
        text = word.text + (" " if space else "")
        extra = space - text_width(font, size, " ") if space else 0.0
        color = _BLUE if word.url else _BLACK
        self._page.text(x, self._y, text, font, size, spacing=extra, color=color)
        if word.url:
            box = (x, self._y - 0.22 * size, x + width + space, self._y + 0.78 * size)
            self._page.links.append(Link(box, word.url))

    def _contents(self, rows: Sequence[Sequence[str]]) -> None:
        size = self.design.size
        for title, number in rows:
            self._y -= self.design.leading
            end = self._left + self._width - text_width(Font.ROMAN, size, number)
            start = self._left + text_width(Font.ROMAN, size, title + " ")
            dots = " ." * int((end - start) / text_width(Font.ROMAN, size, " .") - 1)
            self._page.text(self._left, self._y, f"{title} {dots}", Font.ROMAN, size)
            self._page.text(end, self._y, number, Font.ROMAN, size)
        self._y -= 7

    def _table(self, rows: Sequence[Sequence[str]]) -> None:
        """Set a table; where it crosses a page its head is repeated."""
        size, leading = self.design.size * 0.92, self.design.leading
        columns = list(zip(*rows, strict=True))
        widths = [max(text_width(Font.SANS_BOLD, size, cell) for cell in column) + 14 for column in columns]
        stretch = min(1.6, self._width / total_width(widths))
        widths = [width * stretch for width in widths]
        is_figure = [
            number > 0 and all(map(_FIGURE.fullmatch, cells[1:])) for number, cells in enumerate(columns)
        ]
        self._need(leading * min(len(rows), 6) + 10)
        self._y -= 2
        for number, row in enumerate(rows):
            if number and self._y - leading - 4 < self._bottom:
                self._next_column()
                self._table_row(rows[0], widths, is_figure, size, is_head=True)
            self._table_row(row, widths, is_figure, size, is_head=number == 0)
        self._page.line(self._left, self._y - 1, self._left + total_width(widths), self._y - 1, width=0.9)
        self._y -= 12

    def _table_row(
        self,
        row: Sequence[str],
        widths: Sequence[float],
        is_figure: Sequence[bool],
        size: float,
        *,
        is_head: bool,
    ) -> None:
        leading, whole = self.design.leading, total_width(widths)
        if is_head:
            self._page.shade(self._left, self._y - leading - 1, whole, leading + 1, gray=0.9)
            self._page.line(self._left, self._y, self._left + whole, self._y, width=0.9)
        self._y -= leading
        font = Font.SANS_BOLD if is_head else Font.SANS
        x = self._left
        for cell, width, to_the_right in zip(row, widths, is_figure, strict=True):
            shift = width - 7 - text_width(font, size, cell) if to_the_right else 7
            self._page.text(x + shift, self._y + 3, cell, font, size)
            x += width
        self._page.line(self._left, self._y - 1, x, self._y - 1, width=0.9 if is_head else 0.3)


def _font(word: Word) -> Font:
    return {"bold": Font.ROMAN_BOLD, "italic": Font.ROMAN_ITALIC}.get(word.style, Font.ROMAN)


def _word_width(word: Word, size: float, font: Font | None = None) -> float:
    if word.style == "note":
        return text_width(Font.ROMAN, size * _SIGN_SIZE, word.text)
    return text_width(font or _font(word), size, word.text)


def _lines(
    words: Sequence[Word], size: float, width: float, font: Font | None = None
) -> Iterator[tuple[list[Word], bool]]:
    """Yield words in lines that fit a width, and whether each line is the last."""
    space = text_width(font or Font.ROMAN, size, " ")
    line: list[Word] = []
    used = 0.0
    for number, word in enumerate(words):
        own = _word_width(word, size, font)
        before = space if line and not word.glued else 0.0
        if line and not word.glued and used + before + own + _tail(words, number, size, font) > width:
            yield line, False
            line, used, before = [], 0.0, 0.0
        line.append(word)
        used += before + own
    if line:
        yield line, True


def _tail(words: Sequence[Word], number: int, size: float, font: Font | None) -> float:
    """Return the width of what is glued to a word and must not be parted from it."""
    width = 0.0
    for word in words[number + 1 :]:
        if not word.glued:
            break
        width += _word_width(word, size, font)
    return width
