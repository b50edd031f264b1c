"""Lists: the marks that entries begin with, and entries put together into lists within lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from batchdeck.sandbox.engine.blocks import Block, Item, ItemList, Paragraph
from batchdeck.sandbox.engine.shapes import Row, make_row

_BULLETS = "•●▪◦‣∙·○■□➢➤✓✔*–—-"
_DASHES = "–—-*"
"""Marks that also stand at the beginning of a row of running text."""
_MARK = re.compile(
    rf"(?P<bullet>[{re.escape(_BULLETS)}])(?=\s|$)"
    r"|(?P<number>\d{1,3})[.)](?=\s|$)"
    r"|(?P<letter>[a-z])[.)](?=\s|$)"
    r"|\((?P<enclosed>\d{1,3}|[a-z]|[ivxl]{1,5})\)(?=\s|$)"
)
INDENT = 0.8
"""In ems: how far a row that stands in stands in, at least."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What an entry of a list begins with."""

    text: str
    style: str
    """bullet, number, letter or enclosed."""
    value: int
    """What it says, where it is a number or a letter; otherwise 0."""

    @property
    def may_be_text(self) -> bool:
        """Whether running text may well begin a row with it."""
        return self.text in _DASHES


@dataclass(slots=True)
class Group:
    """Rows that belong together: a paragraph, a heading or an entry of a list."""

    rows: list[Row] = field(default_factory=list)
    mark: Mark | None = None
    text_start: float = 0.0
    """Where the text of an entry begins, after its mark."""


def read_mark(row: Row) -> Mark | None:
    """Return the mark that a row begins with, or None."""
    match = _MARK.match(row.text)
    if match is None:
        return None
    named = match["number"] or match["letter"] or ""
    value = int(named) if named.isdigit() else (ord(named) - ord("a") + 1 if named else 0)
    return Mark(match[0], match.lastgroup or "bullet", value)


def row_start(row: Row) -> float:
    """Return the edge at which a row begins, growing in the direction of reading."""
    return -row.box[2] if row.is_rtl else row.box[0]


def text_start(row: Row, mark: Mark) -> float:
    """Return where a row's text begins after its mark."""
    first = row.pieces[0]
    if first.text.strip() == mark.text and len(row.pieces) > 1:
        return -row.pieces[1].box[2] if row.is_rtl else row.pieces[1].box[0]
    width = (first.box[2] - first.box[0]) / max(len(first.text), 1)
    return row_start(row) + width * (len(mark.text) + 1)


def continues_list(entries: Sequence[Group], group: Group) -> bool:
    """Say whether a marked group goes on with the list so far: with the next number, with a mark of the same
    kind, or with a list further in."""
    assert group.mark is not None
    start, em = row_start(group.rows[0]), group.rows[0].size
    for entry in reversed(entries):
        assert entry.mark is not None
        if start > row_start(entry.rows[0]) + INDENT * em:
            return True
        if abs(start - row_start(entry.rows[0])) <= INDENT * em:
            if group.mark.style != entry.mark.style:
                return False
            counts = group.mark.style in ("number", "letter")
            return not counts or group.mark.value == entry.mark.value + 1
    return False


def make_list(entries: Sequence[Group]) -> Iterator[Block]:
    """Yield a list, or paragraphs where what looks like one is a single dash or number."""
    if not entries:
        return
    first = entries[0].mark
    assert first is not None
    if len(entries) == 1 and (first.style != "bullet" or first.may_be_text):
        yield Paragraph(tuple(entries[0].rows))
    else:
        yield ItemList(_nested(entries))


def _nested(entries: Sequence[Group]) -> tuple[Item, ...]:
    items: list[Item] = []
    number = 0
    while number < len(entries):
        entry = entries[number]
        inner = number + 1
        limit = row_start(entry.rows[0]) + INDENT * entry.rows[0].size
        while inner < len(entries) and row_start(entries[inner].rows[0]) > limit:
            inner += 1
        items.append(_item(entry, _nested(entries[number + 1 : inner])))
        number = inner
    return tuple(items)


def _item(entry: Group, children: tuple[Item, ...]) -> Item:
    mark = entry.mark
    assert mark is not None
    if mark.style == "enclosed":  # a form that the markup has no mark for: it stays in the text
        return Item(tuple(entry.rows), children, mark.style)
    return Item(tuple(_without_mark(entry.rows, mark.text)), children, mark.style, mark.value)


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
