"""Blocks: rows of one column put together into headings, paragraphs, lists and lines of print."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from batchdeck.sandbox.engine.shapes import Row, make_row
from batchdeck.sandbox.engine.tables import Table, find_tables

_BULLETS = "•●▪◦‣∙·○■□➢➤✓✔*–—-"
_MARK = re.compile(
    rf"(?P<bullet>[{re.escape(_BULLETS)}])(?=\s|$)"
    r"|(?P<number>\d{1,3})[.)](?=\s|$)"
    r"|(?P<letter>[a-z])[.)](?=\s|$)"
    r"|\((?P<enclosed>\d{1,3}|[a-z]|[ivxl]{1,5})\)(?=\s|$)"
)
_SECTION_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S")
LEADERS = re.compile(r"\s*(?:\.\s?){4,}\s*")
"""The dots between an entry of a table of contents and its page."""
_SENTENCE_END = (".", "!", "?", ":", "。", "؟")
_LARGER = 1.15
"""How much larger than running text a heading is."""
_LEVELS = ((1.7, 1), (1.35, 2), (_LARGER, 3))
"""From how many times the size of running text a heading has which level."""
_BOLD_LEVEL = 4
_LONGEST_HEADING = 200
_LONGEST_BOLD_HEADING = 100
_INDENT = 0.8
"""In ems: how far the first row of a paragraph stands in, at least."""
_SAME_SIZE = 0.12
_ENOUGH_ROWS = 6
"""Fewer rows do not tell how far apart the rows of a paragraph are set."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    rows: tuple[Row, ...]
    is_print: bool = False
    """Program text and the like: row breaks and spaces mean something."""


@dataclass(frozen=True, slots=True)
class Heading:
    rows: tuple[Row, ...]
    level: int


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list, without its mark, and the list inside it."""

    rows: tuple[Row, ...]
    children: tuple[Item, ...] = ()
    style: str = "bullet"
    """What its mark was: bullet, number, letter or enclosed."""
    value: int = 0
    """What its mark says, where it is a number or a letter."""


@dataclass(frozen=True, slots=True)
class ItemList:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """Entries of a table of contents: text and page, without leader dots."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    table: Table
    caption: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    box: tuple[float, float, float, float]
    caption: tuple[Row, ...] = ()


Block = Paragraph | Heading | ItemList | Contents | TableBlock | Figure


@dataclass(slots=True)
class _Group:
    """Rows that belong together, while they are being collected."""

    rows: list[Row] = field(default_factory=list)
    mark: re.Match[str] | None = None
    text_start: float = 0.0
    """Where the text of a list entry begins, after its mark."""


def make_blocks(rows: Sequence[Row], size: float, *, bold_is_usual: bool) -> Iterator[Block]:
    """Yield the blocks of one column.

    Args:
        rows: from top to bottom.
        size: size of the running text in points.
        bold_is_usual: whether most of the page is bold, so that bold says nothing.
    """
    for part in find_tables(rows, size):
        if isinstance(part, Table):
            yield TableBlock(part)
        else:
            yield from _text_blocks(part, size, bold_is_usual)


def _text_blocks(rows: Sequence[Row], size: float, bold_is_usual: bool) -> Iterator[Block]:
    entries: list[_Group] = []
    for group in _groups(rows, size):
        if group.mark is not None and not _heading_level(group.rows, size, bold_is_usual):
            if entries and not _continues_list(entries, group):
                yield from _list_blocks(entries)
                entries = []
            entries.append(group)
            continue
        yield from _list_blocks(entries)
        entries = []
        yield _plain_block(group.rows, size, bold_is_usual)
    yield from _list_blocks(entries)


def _plain_block(rows: list[Row], size: float, bold_is_usual: bool) -> Block:
    level = _heading_level(rows, size, bold_is_usual)
    if level:
        return Heading(tuple(rows), level)
    if all(LEADERS.search(row.text) for row in rows):
        return Contents(tuple(rows))
    return Paragraph(tuple(rows), is_print=len(rows) > 1 and all(row.is_mono for row in rows))


def _heading_level(rows: Sequence[Row], size: float, bold_is_usual: bool) -> int:
    """Return the level of a heading that these rows are, or 0."""
    text = " ".join(row.text for row in rows)
    if len(text) > _LONGEST_HEADING or len(rows) > 4 or not any(map(str.isalpha, text)):
        return 0
    if LEADERS.search(text):
        return 0
    ratio = min(row.size for row in rows) / size
    is_bold = all(row.is_bold for row in rows) and not bold_is_usual
    if ratio < _LARGER:
        short = len(text) <= _LONGEST_BOLD_HEADING and len(rows) <= 2
        if not is_bold or not short or text.endswith((".", ",", ";", ":")) or ratio < 1 - _SAME_SIZE:
            return 0
    numbered = _SECTION_NUMBER.match(text)
    if numbered and (is_bold or ratio >= _LARGER):
        return min(6, numbered[1].count(".") + 2)
    return next((level for from_ratio, level in _LEVELS if ratio >= from_ratio), _BOLD_LEVEL)


def _groups(rows: Sequence[Row], size: float) -> Iterator[_Group]:
    """Yield rows in groups: a paragraph, a heading or an entry of a list each."""
    if not rows:
        return
    left, right = min(map(_start, rows)), max(map(_end, rows))
    gaps = [below.box[1] - row.box[3] for row, below in itertools.pairwise(rows)]
    usual_gap = statistics.median(gaps) if len(gaps) >= _ENOUGH_ROWS else 0.0
    widest = max(0.5 * size, usual_gap + 0.35 * size)
    group = _Group()
    for row in rows:
        mark = _MARK.match(row.text)
        if group.rows and _begins_group(group, row, mark, widest, left, right):
            yield group
            group = _Group()
        if not group.rows and mark is not None:
            group.mark, group.text_start = mark, _text_start(row, mark)
        group.rows.append(row)
    yield group


def _begins_group(
    group: _Group, row: Row, mark: re.Match[str] | None, widest: float, left: float, right: float
) -> bool:
    previous, em = group.rows[-1], row.size
    if row.box[1] - previous.box[3] > widest:
        return True
    if abs(row.size - previous.size) > _SAME_SIZE * previous.size or row.is_mono != previous.is_mono:
        return True
    if bool(LEADERS.search(previous.text)) != bool(LEADERS.search(row.text)):
        return True
    if row.is_bold != previous.is_bold and (row.is_bold or all(one.is_bold for one in group.rows)):
        return True
    if row.is_mono:
        return False
    if mark is not None and (group.mark is not None or mark.lastgroup != "bullet" or mark[0] not in "–—-*"):
        return True
    if group.mark is not None:
        return _start(row) < group.text_start - _INDENT * em and len(group.rows) > 1
    if row.is_bold and row.size == previous.size:
        return False
    if _start(row) - _start(previous) > _INDENT * em and _start(previous) < left + _INDENT * em:
        return True
    if _start(previous) - _start(row) > _INDENT * em and len(group.rows) > 1:
        return True
    is_short = _end(previous) < right - 0.25 * (right - left)
    return is_short and previous.text.endswith(_SENTENCE_END)


def _start(row: Row) -> float:
    """Return the edge at which a row begins, growing in the direction of reading."""
    return -row.box[2] if row.is_rtl else row.box[0]


def _end(row: Row) -> float:
    return -row.box[0] if row.is_rtl else row.box[2]


def _text_start(row: Row, mark: re.Match[str]) -> float:
    """Return where a row's text begins after its mark."""
    first = row.pieces[0]
    if first.text.strip() == mark[0] and len(row.pieces) > 1:
        return -row.pieces[1].box[2] if row.is_rtl else row.pieces[1].box[0]
    return _start(row) + (first.box[2] - first.box[0]) * (len(mark[0]) + 1) / max(len(first.text), 1)


def _value(mark: re.Match[str]) -> int:
    text = mark["number"] or mark["letter"]
    if not text:
        return 0
    return int(text) if text.isdigit() else ord(text) - ord("a") + 1


def _continues_list(entries: Sequence[_Group], group: _Group) -> bool:
    """Say whether a marked group goes on with the list so far: the next number, or marks of the same kind, or
    a list further in."""
    assert group.mark is not None
    kind, em = group.mark.lastgroup, group.rows[0].size
    for entry in reversed(entries):
        assert entry.mark is not None
        if _start(group.rows[0]) > _start(entry.rows[0]) + _INDENT * em:
            return True
        if abs(_start(group.rows[0]) - _start(entry.rows[0])) <= _INDENT * em:
            if kind != entry.mark.lastgroup:
                return False
            return kind in ("bullet", "enclosed") or _value(group.mark) == _value(entry.mark) + 1
    return False


def _list_blocks(entries: list[_Group]) -> Iterator[Block]:
    """Yield a list, or paragraphs where what looks like one is a single dash or number."""
    if not entries:
        return
    first = entries[0].mark
    assert first is not None
    is_clear = first.lastgroup == "bullet" and first[0] not in "–—-*·"
    if len(entries) == 1 and not is_clear:
        yield Paragraph(tuple(entries[0].rows))
        return
    yield ItemList(_nested(entries))


def _nested(entries: Sequence[_Group]) -> tuple[Item, ...]:
    items: list[Item] = []
    number = 0
    while number < len(entries):
        entry = entries[number]
        inner = number + 1
        limit = _start(entry.rows[0]) + _INDENT * entry.rows[0].size
        while inner < len(entries) and _start(entries[inner].rows[0]) > limit:
            inner += 1
        items.append(_item(entry, _nested(entries[number + 1 : inner])))
        number = inner
    return tuple(items)


def _item(entry: _Group, children: tuple[Item, ...]) -> Item:
    mark = entry.mark
    assert mark is not None
    style = mark.lastgroup or "bullet"
    if style == "enclosed":  # a form that the markup has no mark for: it stays in the text
        return Item(tuple(entry.rows), children, style)
    return Item(tuple(_without_mark(entry.rows, mark[0])), children, style, _value(mark))


def _without_mark(rows: Sequence[Row], mark: str) -> list[Row]:
    """Return rows without the mark they begin with."""
    pieces = list(rows[0].pieces)
    left = mark
    while left and pieces:
        text = pieces[0].text
        if len(text) <= len(left):
            left = left[len(text) :]
            del pieces[0]
        else:
            rest = text[len(left) :].lstrip()
            pieces[0:1] = [replace(pieces[0], text=rest)] if rest else []
            left = ""
    return [make_row(pieces), *rows[1:]] if pieces else list(rows[1:])
