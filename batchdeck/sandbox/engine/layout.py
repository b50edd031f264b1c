"""A page laid out: its pieces sorted into head, foot, notes and blocks in reading order."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchdeck.sandbox.engine.blocks import (
    Block,
    Figure,
    Heading,
    Look,
    Paragraph,
    TableBlock,
    rows_of,
)
from batchdeck.sandbox.engine.columns import in_reading_order
from batchdeck.sandbox.engine.furniture import Note, sort_furniture
from batchdeck.sandbox.engine.paragraphs import is_contents, make_blocks
from batchdeck.sandbox.engine.shapes import Box, Row, make_rows, usual_size
from batchdeck.sandbox.engine.source import SourcePage
from batchdeck.sandbox.engine.tables import is_table_title

_SMALLEST_PICTURE = 0.005
"""Share of the page below which a picture is an ornament."""
_WHOLE_PAGE = 0.8
"""Share from which a picture is the page itself: a scan."""
_CAPTION = re.compile(
    r"(?:figure|fig\.|abbildung|abb\.|figura|afbeelding|photo|illustration|chart)\s*\d", re.IGNORECASE
)
_MANY_LETTERS = 0.6
_WIDEST_GAP = 1.4
"""In ems: double spacing."""


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
    blocks = _body_blocks(furniture.body, size)
    texts = (*(piece.text for piece in page.pieces), *(row.text for row in page.sideways))
    has_text = any(any(map(str.isalnum, text)) for text in texts)
    return PageLayout(
        head=furniture.head,
        foot=furniture.foot,
        blocks=tuple(_with_figures(blocks, page) if has_text else blocks),
        notes=furniture.notes,
        sideways=page.sideways,
        printed_page=furniture.printed_page,
        scan=not has_text and page.is_drawn_on,
        is_blank=not has_text and not page.is_drawn_on,
    )


def _body_blocks(rows: Sequence[Row], size: float) -> list[Block]:
    columns = list(in_reading_order([piece for row in rows for piece in row.pieces], size))
    bold = sum(len(row.text) for row in rows if row.is_bold)
    look = Look(
        size=size,
        gap=_usual_gap(columns, size),
        bold_is_usual=bold > _MANY_LETTERS * sum(len(row.text) for row in rows),
        in_contents=is_contents(rows),
    )
    blocks: list[Block] = []
    for column in columns:
        made = list(make_blocks(column, look))
        if blocks and made and _goes_on(blocks[-1], made[0]):
            made[0] = Paragraph((*rows_of(blocks.pop()), *rows_of(made[0])))
        blocks.extend(made)
    return _with_captions(_one_title(blocks))


def _usual_gap(columns: Sequence[Sequence[Row]], size: float) -> float:
    """Return the commonest empty height between two rows of running text, to half a point."""
    gaps: Counter[float] = Counter()
    for column in columns:
        for row, below in itertools.pairwise(column):
            gap = below.box[1] - row.box[3]
            if -0.5 * size < gap < _WIDEST_GAP * size and abs(row.size - below.size) < 1:
                gaps[round(gap * 2) / 2] += len(below.text)
    return gaps.most_common(1)[0][0] if gaps else 0.2 * size


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
            if isinstance(above, Paragraph | Heading) and is_table_title(above.rows[0].text):
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


def _top(block: Block) -> float:
    if isinstance(block, Figure):
        return block.box[1]
    return min((row.box[1] for row in rows_of(block)), default=0.0)


def _overlaps(block: Block, box: Box) -> bool:
    """Say whether a block stands in the same column as a picture."""
    if isinstance(block, Figure):
        return block.box[0] < box[2] and box[0] < block.box[2]
    return any(row.box[0] < box[2] and box[0] < row.box[2] for row in rows_of(block))
