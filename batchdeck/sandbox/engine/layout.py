"""A page laid out: its pieces sorted into head, foot, notes and blocks in reading order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchdeck.sandbox.engine.blocks import (
    Block,
    Contents,
    Figure,
    Heading,
    Paragraph,
    TableBlock,
    make_blocks,
)
from batchdeck.sandbox.engine.columns import in_reading_order
from batchdeck.sandbox.engine.furniture import Note, sort_furniture
from batchdeck.sandbox.engine.shapes import Box, Row, make_row, make_rows, usual_size
from batchdeck.sandbox.engine.source import SourcePage

_SMALLEST_PICTURE = 0.005
"""Share of the page below which a picture is an ornament."""
_WHOLE_PAGE = 0.8
"""Share from which a picture is the page itself: a scan."""
_CAPTION = re.compile(
    r"(?:figure|fig\.|abbildung|abb\.|figura|afbeelding|photo|illustration|chart)\s*\d", re.IGNORECASE
)
_TABLE_CAPTION = re.compile(r"(?:table|tabelle|tab\.|tableau|tabla|tabella|tabel)\s*\d", re.IGNORECASE)
_MANY_LETTERS = 0.6


@dataclass(frozen=True, slots=True)
class PageLayout:
    """One page, understood as far as its text layer allows."""

    head: tuple[Row, ...]
    foot: tuple[Row, ...]
    blocks: tuple[Block, ...]
    notes: tuple[Note, ...]
    sideways: tuple[Row, ...]
    printed_page: str
    scan: bool
    """Whether there is something to be seen and nothing to be read."""
    is_blank: bool


def lay_out(page: SourcePage) -> PageLayout:
    """Lay out a page."""
    rows = make_rows(page.pieces)
    size = usual_size(rows)
    furniture = sort_furniture(rows, page.height, size)
    blocks: list[Block] = []
    bold = sum(len(row.text) for row in furniture.body if row.is_bold)
    bold_is_usual = bold > _MANY_LETTERS * sum(len(row.text) for row in furniture.body)
    pieces = [piece for row in furniture.body for piece in row.pieces]
    for column in in_reading_order(pieces, size):
        made = list(make_blocks(column, size, bold_is_usual=bold_is_usual))
        if blocks and made and _goes_on(blocks[-1], made[0]):
            made[0] = Paragraph((*_rows_of(blocks.pop()), *_rows_of(made[0])))
        blocks.extend(made)
    has_text = any(any(map(str.isalnum, piece.text)) for piece in (*page.pieces, *page.sideways))
    blocks = _with_captions(_one_title(blocks))
    if has_text:
        blocks = _with_figures(blocks, page)
    return PageLayout(
        head=furniture.head,
        foot=furniture.foot,
        blocks=tuple(blocks),
        notes=furniture.notes,
        sideways=tuple(make_row([piece]) for piece in page.sideways),
        printed_page=furniture.printed_page,
        scan=not has_text and page.is_drawn_on,
        is_blank=not has_text and not page.is_drawn_on,
    )


def _goes_on(last: Block, first: Block) -> bool:
    """Say whether the first paragraph of a column goes on with the last one of the column before."""
    if not isinstance(last, Paragraph) or not isinstance(first, Paragraph) or last.is_print or first.is_print:
        return False
    return first.rows[0].text[:1].islower() and not last.rows[-1].text.endswith((".", "!", "?", ":"))


def _one_title(blocks: Sequence[Block]) -> list[Block]:
    """Leave at most the first of several headings of level 1 at that level."""
    found = False
    out: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            block = replace(block, level=2) if found else block
            found = True
        out.append(block)
    return out


def _with_captions(blocks: Sequence[Block]) -> list[Block]:
    """Give tables the titles printed above them."""
    out: list[Block] = []
    for block in blocks:
        if isinstance(block, TableBlock) and out:
            above = out[-1]
            if isinstance(above, Paragraph | Heading) and _TABLE_CAPTION.match(above.rows[0].text):
                out.pop()
                block = replace(block, caption=above.rows)
        out.append(block)
    return out


def _with_figures(blocks: Sequence[Block], page: SourcePage) -> list[Block]:
    """Put the page's pictures between the blocks, each above the first block that begins below it, and give
    them the captions printed below."""
    area = page.width * page.height
    shown = [box for box in page.pictures if _SMALLEST_PICTURE <= _area(box) / area < _WHOLE_PAGE]
    out = list(blocks)
    for box in sorted(shown, key=lambda box: box[1]):
        place = next(
            (
                number
                for number, block in enumerate(out)
                if _top(block) >= box[3] - 2 and _overlaps(block, box)
            ),
            None,
        )
        if place is None:
            out.append(Figure(box))
            continue
        below = out[place]
        if isinstance(below, Paragraph) and _CAPTION.match(below.rows[0].text):
            out[place] = Figure(box, below.rows)
        else:
            out.insert(place, Figure(box))
    return out


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _rows_of(block: Block) -> Sequence[Row]:
    match block:
        case Paragraph() | Heading() | Contents():
            return block.rows
        case TableBlock():
            return [row for cells in block.table.rows for cell in cells for row in cell.rows]
        case Figure():
            return ()
        case _:
            return [row for item in block.items for row in item.rows]


def _top(block: Block) -> float:
    if isinstance(block, Figure):
        return block.box[1]
    return min((row.box[1] for row in _rows_of(block)), default=0.0)


def _overlaps(block: Block, box: Box) -> bool:
    """Say whether a block stands in the same column as a picture."""
    if isinstance(block, Figure):
        return block.box[0] < box[2] and box[0] < block.box[2]
    return any(row.box[0] < box[2] and box[0] < row.box[2] for row in _rows_of(block))
