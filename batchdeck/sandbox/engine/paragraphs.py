"""Rows of one column put together into headings, paragraphs, lists and entries of a table of contents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from batchdeck.sandbox.engine.blocks import Block, Contents, Heading, Look, Paragraph, TableBlock
from batchdeck.sandbox.engine.lists import (
    INDENT,
    Group,
    Mark,
    continues_list,
    make_list,
    read_mark,
    row_start,
    text_start,
)
from batchdeck.sandbox.engine.shapes import Row
from batchdeck.sandbox.engine.tables import Table, find_tables

LEADERS = re.compile(r"\s*(?:\.\s?){4,}\s*")
"""The dots between an entry of a table of contents and its page."""
_CONTENTS = re.compile(
    r"(?:table of )?contents|inhalt(?:sverzeichnis)?|sommaire|table des matières|[íi]ndice|sumário|目次|目錄",
    re.IGNORECASE,
)
_ENTRY = re.compile(r".*\S\s+(?:\d{1,4}|[ivxlc]{1,6})")
_MANY_ENTRIES = 5
_SECTION_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\S")
_SENTENCE_END = (".", "!", "?", ":", "。", "؟")
_LARGER = 1.15
"""How many times larger than running text a heading is."""
_LEVELS = ((1.7, 1), (1.35, 2), (_LARGER, 3))
"""From how many times the size of running text a heading has which level."""
_BOLD_LEVEL = 4
_LONGEST_HEADING = 200
_LONGEST_BOLD_HEADING = 100
_MOST_HEADING_ROWS = 4
_SAME_SIZE = 0.12
_WIDEST = 0.42
_WIDER = 0.25
"""In ems: how far apart two rows of one paragraph may be at most, or how much further than usual."""


def is_contents(rows: Sequence[Row]) -> bool:
    """Say whether a page is part of a table of contents: it says so, or leader dots are all over it."""
    says_so = any(_CONTENTS.fullmatch(row.text.strip()) for row in rows[:4])
    entries = sum(bool(LEADERS.search(row.text)) for row in rows)
    return says_so or (entries >= _MANY_ENTRIES and entries * 2 > len(rows))


def make_blocks(rows: Sequence[Row], look: Look) -> Iterator[Block]:
    """Yield the blocks of one column, from top to bottom."""
    if look.in_contents:
        yield from _contents_blocks(rows, look)
        return
    for part in find_tables(rows, look.size):
        if isinstance(part, Table):
            yield TableBlock(part)
        else:
            yield from _text_blocks(part, look)


def _contents_blocks(rows: Sequence[Row], look: Look) -> Iterator[Block]:
    """Yield the blocks of a table of contents, where every row that ends with a page is an entry."""
    entries: list[Row] = []
    others: list[Row] = []
    for row in rows:
        if LEADERS.search(row.text) or _ENTRY.fullmatch(row.text):
            yield from _text_blocks(others, look)
            others = []
            entries.append(row)
        else:
            if entries:
                yield Contents(tuple(entries))
            entries = []
            others.append(row)
    if entries:
        yield Contents(tuple(entries))
    yield from _text_blocks(others, look)


def _text_blocks(rows: Sequence[Row], look: Look) -> Iterator[Block]:
    entries: list[Group] = []
    for group in _groups(rows, look):
        level = _heading_level(group.rows, look)
        if group.mark is not None and not level:
            if entries and not continues_list(entries, group):
                yield from make_list(entries)
                entries = []
            entries.append(group)
            continue
        yield from make_list(entries)
        entries = []
        yield Heading(tuple(group.rows), level) if level else _text_block(group.rows)
    yield from make_list(entries)


def _text_block(rows: Sequence[Row]) -> Block:
    if all(LEADERS.search(row.text) for row in rows):
        return Contents(tuple(rows))
    return Paragraph(tuple(rows), is_print=len(rows) > 1 and all(row.is_mono for row in rows))


def _heading_level(rows: Sequence[Row], look: Look) -> int:
    """Return the level of the heading that these rows are, or 0."""
    text = " ".join(row.text for row in rows)
    if len(text) > _LONGEST_HEADING or len(rows) > _MOST_HEADING_ROWS or not any(map(str.isalpha, text)):
        return 0
    if LEADERS.search(text):
        return 0
    ratio = min(row.size for row in rows) / look.size
    is_bold = all(row.is_bold for row in rows) and not look.bold_is_usual
    if ratio < _LARGER:
        is_short = len(text) <= _LONGEST_BOLD_HEADING and len(rows) <= 2
        if not is_bold or not is_short or text.endswith((".", ",", ";", ":")) or ratio < 1 - _SAME_SIZE:
            return 0
    numbered = _SECTION_NUMBER.match(text)
    if numbered and (is_bold or ratio >= _LARGER):
        return min(6, numbered[1].count(".") + 2)
    return next((level for from_ratio, level in _LEVELS if ratio >= from_ratio), _BOLD_LEVEL)


def _groups(rows: Sequence[Row], look: Look) -> Iterator[Group]:
    """Yield rows in groups: a paragraph, a heading or an entry of a list each."""
    if not rows:
        return
    edges = min(map(row_start, rows)), max(map(_row_end, rows))
    group = Group()
    for row in rows:
        mark = read_mark(row)
        if group.rows and _begins_group(group, row, mark, look, edges):
            yield group
            group = Group()
        if not group.rows and mark is not None:
            group.mark, group.text_start = mark, text_start(row, mark)
        group.rows.append(row)
    yield group


def _begins_group(group: Group, row: Row, mark: Mark | None, look: Look, edges: tuple[float, float]) -> bool:
    """Say whether a row begins something new.

    Args:
        group: what there is so far, not empty.
        row: the next row.
        mark: what it begins with, or None.
        look: how running text looks.
        edges: where the column begins and ends.
    """
    previous, em = group.rows[-1], row.size
    if row.box[1] - previous.box[3] > max(_WIDEST * look.size, look.gap + _WIDER * look.size):
        return True
    if abs(row.size - previous.size) > _SAME_SIZE * previous.size or row.is_mono != previous.is_mono:
        return True
    if bool(LEADERS.search(previous.text)) != bool(LEADERS.search(row.text)):
        return True
    if row.is_bold != previous.is_bold and (row.is_bold or all(one.is_bold for one in group.rows)):
        return True
    if row.is_mono:
        return False
    if mark is not None and (group.mark is not None or not mark.may_be_text):
        return True
    shift = row_start(row) - row_start(previous)
    if group.mark is not None:
        return row_start(row) < group.text_start - INDENT * em and len(group.rows) > 1
    if row.is_bold and row.size > look.size:
        return False
    if shift > INDENT * em and row_start(previous) < edges[0] + INDENT * em:
        return True
    if shift < -INDENT * em and len(group.rows) > 1:
        return True
    is_short = _row_end(previous) < edges[1] - 0.25 * (edges[1] - edges[0])
    return is_short and previous.text.endswith(_SENTENCE_END)


def _row_end(row: Row) -> float:
    return -row.box[0] if row.is_rtl else row.box[2]
