"""Joining a table that goes on overleaf: whether two tables are one, and what of the second is said twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.grid import cells_of, first_row, rows_of, span_of
from batchdeck.html.trees import append_nodes, contents_of, prepend_nodes
from batchdeck.html.words import text_of

_CONTINUED = re.compile(
    r"\b(?:continued|cont(?:inuation|['’]d|\.|d\b)|suite|fortsetzung|forts\.|continuación|continuação|cont\.|"
    r"segue|vervolg|продолжение)|续表|續表|続き",
    re.I,
)


@dataclass(frozen=True, slots=True)
class TableJoint:
    """How a second table continues a first: its rows that go over, and its parts that repeat the first."""

    rows: tuple[Element, ...]
    foot: Element | None
    dropped: tuple[Element, ...]


def joint_of_tables(before: Element, head: Element, marks: int) -> TableJoint | None:
    """Say how table `head`, first on its page, continues table `before`, last on the page before; or that it
    does not.

    They are one when they are equally wide and either side says so, or the header rows repeat. Header rows or
    a caption of its own make a table another one, unless the caption says "continued" or repeats the first
    one's.
    """
    first, second = first_row(before), rows_of(head)
    if first is None or not second or _width(first) != _width(second[0]):
        return None
    caption = head.find("caption")
    dropped: list[Element] = []
    is_continued = False
    if caption is not None:
        own = before.find("caption")
        repeats = own is not None and _folded(own) == _folded(caption)
        is_continued = repeats or _CONTINUED.search(text_of(caption)) is not None
        if not is_continued:
            return None
        dropped.append(caption)
    header = _header_rows(before)
    repeated = _repeated_rows(header, second)
    has_other_header = head.find("thead") is not None and not repeated
    if has_other_header or not (marks or repeated or is_continued):
        return None
    foot = head.find("tfoot")
    rows = [row for row in second[repeated:] if foot is None or row not in list(foot)]
    return TableJoint(tuple(rows), foot, (*dropped, *second[:repeated]))


def _width(row: Element) -> int:
    return sum(span_of(cell) for cell in cells_of(row))


def _folded(element: Element) -> str:
    return " ".join(text_of(element).split()).casefold()


def _header_rows(table: Element) -> list[Element]:
    head = table.find("thead")
    return list(head) if head is not None else []


def _repeated_rows(header: list[Element], rows: list[Element]) -> int:
    """Return how many leading rows say what the header says: all of it or nothing."""
    if not header or len(rows) < len(header):
        return 0
    alike = all(
        [_folded(cell) for cell in cells_of(ours)] == [_folded(cell) for cell in cells_of(theirs)]
        for ours, theirs in zip(header, rows, strict=False)
    )
    return len(header) if alike else 0


def move_rows(before: Element, joint: TableJoint, marker: Element) -> None:
    """Append the rows of `joint` to `before`, the page-break marker in the first cell of the first one."""
    for part in before:
        if part.tag == "tfoot":  # a sum carried forward, now in the middle
            part.tag = "tbody"
    moved = [*joint.rows, *(joint.foot if joint.foot is not None else ())]
    if moved:
        cell = cells_of(moved[0])[0]
        prepend_nodes(_line_in(cell), [marker])
    body = before[-1] if len(before) and before[-1].tag == "tbody" else None
    if body is None:
        body = Element("tbody")
        append_nodes(before, [body])
    append_nodes(body, [node for row in joint.rows for node in (row, "\n")])
    if joint.foot is not None:
        append_nodes(before, [joint.foot])


def _line_in(cell: Element) -> Element:
    """Return where a line of text in a cell begins: the cell, or its first paragraph."""
    nodes = [node for node in contents_of(cell) if not isinstance(node, str) or node.strip()]
    first = nodes[0] if nodes else cell
    return first if not isinstance(first, str) and first.tag == "p" else cell
