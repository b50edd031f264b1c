"""A laid out page written down, as the page contract has it or as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from batchdeck.sandbox.contract import CANNOT_SEE, article, scanned_figure
from batchdeck.sandbox.engine.blocks import (
    Block,
    Contents,
    Figure,
    Heading,
    Item,
    ItemList,
    Paragraph,
    TableBlock,
)
from batchdeck.sandbox.engine.inline import Words, inline_html, plain_text
from batchdeck.sandbox.engine.language import guess_language
from batchdeck.sandbox.engine.layout import PageLayout
from batchdeck.sandbox.engine.paragraphs import LEADERS
from batchdeck.sandbox.engine.shapes import Box, Row
from batchdeck.sandbox.engine.source import SourcePage

_FULL_STOPS = (".", "!", "?", ":", ";", ")", "”", '"', "»", "。", "؟")
_SHORTEST_BROKEN = 40
"""A shorter last paragraph is taken for whole, whatever it ends with."""
_COVER_WORDS = 40
_FEWEST_ENTRIES = 4


def write_article(layout: PageLayout, page: SourcePage, number: int, language: str, words: Words) -> str:
    """Return a page as the article that the page contract asks for.

    Args:
        layout: the page, laid out.
        page: where it comes from.
        number: its number in the document.
        language: what the request says of its language, or empty.
        words: what is known of its words.
    """
    starts, ends = _edges(layout.blocks, words)
    inner = "".join(_inner(layout, page, words, starts, ends))
    attributes = {
        "lang": language or guess_language(page.text),
        "rotation": str(page.rotation),
        "kind": "form" if page.has_fields else _kind(layout, number),
        "printed-page": layout.printed_page,
        "starts": "continues" if starts else "new",
        "ends": "continues" if ends else "complete",
    }
    return article(number, inner, attributes)


def _inner(layout: PageLayout, page: SourcePage, words: Words, starts: bool, ends: bool) -> Iterator[str]:
    if layout.head:
        yield f'<header data-role="running">{_paragraphs(layout.head, words)}</header>'
    if layout.scan:
        yield scanned_figure(f"This page is a scan or a drawing without a text layer. {CANNOT_SEE}.")
    last = len(layout.blocks) - 1
    for number, block in enumerate(layout.blocks):
        edge = {(True, True): "both", (True, False): "prev", (False, True): "next"}.get(
            (starts and number == 0, ends and number == last), ""
        )
        yield _block(block, page, words, edge)
    if layout.sideways:
        yield f"<aside>{_paragraphs(layout.sideways, words)}</aside>"
    if layout.notes:
        notes = (
            f'<p data-note="{escape(note.mark)}">{inline_html(note.rows, words)}</p>' for note in layout.notes
        )
        yield f'<section data-role="footnotes">{"".join(notes)}</section>'
    if layout.foot:
        yield f'<footer data-role="running">{_paragraphs(layout.foot, words)}</footer>'


def _paragraphs(rows: Sequence[Row], words: Words) -> str:
    return "".join(f"<p>{inline_html([row], words)}</p>" for row in rows)


def _edges(blocks: Sequence[Block], words: Words) -> tuple[bool, bool]:
    """Say whether the text goes on from the page before, and whether it goes on after this one."""
    if not blocks:
        return False, False
    first, last = blocks[0], blocks[-1]
    starts = isinstance(first, Paragraph) and plain_text(first.rows, words)[:1].islower()
    ends = False
    if isinstance(last, Paragraph) and not last.is_print:
        text = plain_text(last.rows, words, signs=False)
        ends = len(text) >= _SHORTEST_BROKEN and not text.endswith(_FULL_STOPS)
    return starts, ends


def _kind(layout: PageLayout, number: int) -> str:
    if layout.is_blank:
        return "blank"
    if layout.scan:
        return "figure"
    if sum(len(block.rows) for block in layout.blocks if isinstance(block, Contents)) >= _FEWEST_ENTRIES:
        return "toc"
    tabled = other = 0
    for block in layout.blocks:
        text = write_text([block])
        if isinstance(block, TableBlock):
            tabled += len(text.split())
        else:
            other += len(text.split())
    if tabled > other:
        return "table"
    is_titled = any(isinstance(block, Heading) and block.level == 1 for block in layout.blocks)
    if number == 1 and is_titled and other < _COVER_WORDS:
        return "cover"
    return "text"


def _block(block: Block, page: SourcePage, words: Words, edge: str) -> str:
    mark = f' data-continues="{edge}"' if edge else ""
    match block:
        case Heading():
            inner = inline_html(block.rows, words, plain_bold=True)
            return f"<h{block.level}>{inner}</h{block.level}>"
        case Paragraph(is_print=True):
            return f"<pre>{escape(_print(block.rows), quote=False)}</pre>"
        case Paragraph():
            direction = ' dir="rtl"' if block.rows[0].is_rtl else ""
            return f"<p{direction}{mark}>{inline_html(block.rows, words)}</p>"
        case Contents():
            return f"<ul>{''.join(f'<li>{_entry(row, words)}</li>' for row in block.rows)}</ul>"
        case ItemList():
            return _list(block.items, words)
        case TableBlock():
            return _table(block, words)
        case Figure():
            return _figure(block, page, words)


def _print(rows: Sequence[Row]) -> str:
    """Return rows of program text with their indentation, reckoned in letters."""
    left = min(row.box[0] for row in rows)
    lines = []
    for row in rows:
        first = row.pieces[0]
        width = (first.box[2] - first.box[0]) / max(len(first.text), 1) or 1.0
        lines.append(" " * round((row.box[0] - left) / width) + row.text)
    return "\n".join(lines)


def _entry(row: Row, words: Words) -> str:
    """Return an entry of a table of contents without its leader dots."""
    return escape(LEADERS.sub(" ", plain_text([row], words)).strip(), quote=False)


def _list(items: Sequence[Item], words: Words) -> str:
    first = items[0]
    inner = "".join(_item(item, words) for item in items)
    if first.style not in ("number", "letter"):
        return f"<ul>{inner}</ul>"
    kind = ' type="a"' if first.style == "letter" else ""
    start = f' start="{first.value}"' if first.value != 1 else ""
    return f"<ol{start}{kind}>{inner}</ol>"


def _item(item: Item, words: Words) -> str:
    inner = inline_html(item.rows, words) if item.rows else ""
    return f"<li>{inner}{_list(item.children, words) if item.children else ''}</li>"


def _table(block: TableBlock, words: Words) -> str:
    caption = (
        f"<caption>{inline_html(block.caption, words, plain_bold=True)}</caption>" if block.caption else ""
    )
    head: list[str] = []
    body: list[str] = []
    for number, cells in enumerate(block.table.rows):
        row = []
        for cell in cells:
            span = f' colspan="{cell.span}"' if cell.span > 1 else ""
            inner = inline_html(cell.rows, words, plain_bold=cell.is_header) if cell.rows else ""
            if not cell.is_header:
                row.append(f"<td{span}>{inner}</td>")
            elif number < block.table.header_rows:
                scope = "colgroup" if cell.span > 1 else "col"
                row.append(f'<th scope="{scope}"{span}>{inner}</th>')
            else:
                row.append(f'<th scope="row"{span}>{inner}</th>')
        (head if number < block.table.header_rows else body).append(f"<tr>{''.join(row)}</tr>")
    thead = f"<thead>{''.join(head)}</thead>" if head else ""
    return f"<table>{caption}{thead}<tbody>{''.join(body)}</tbody></table>"


def _figure(block: Figure, page: SourcePage, words: Words) -> str:
    box = scanned_figure(f"A picture. {CANNOT_SEE}.", _thousandths(block.box, page))
    if not block.caption:
        return box
    caption = f"<figcaption>{inline_html(block.caption, words)}</figcaption>"
    return box.replace("</figure>", f"{caption}</figure>")


def _thousandths(box: Box, page: SourcePage) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    width, height = page.width, page.height
    return (
        round(1000 * x0 / width),
        round(1000 * y0 / height),
        round(1000 * x1 / width),
        round(1000 * y1 / height),
    )


def write_text(blocks: Sequence[Block]) -> str:
    """Return blocks as plain text, one block a paragraph."""
    return "\n\n".join(filter(None, (_plain(block) for block in blocks)))


def _plain(block: Block) -> str:
    words = Words()
    match block:
        case Heading() | Paragraph():
            return plain_text(block.rows, words)
        case Contents():
            return "\n".join(row.text for row in block.rows)
        case ItemList():
            return "\n".join(f"- {plain_text(item.rows, words)}" for item in _flat(block.items))
        case TableBlock():
            rows = ("\t".join(cell.text for cell in cells) for cells in block.table.rows)
            return "\n".join([*(row.text for row in block.caption), *rows])
        case Figure():
            return plain_text(block.caption, words)


def _flat(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _flat(item.children)
