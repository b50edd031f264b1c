"""What stands around the text of a page: running heads and feet, the printed page number, footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchdeck.sandbox.engine.shapes import Row, make_row

_MARGIN = 0.085
"""Share of the page's height, at its top and its bottom, in which running heads and feet stand."""
_NUMBER_MARGIN = 0.2
"""The same for a row that is nothing but a page number."""
_CLEAR = 0.6
"""Empty height, in ems, between a running head and the text."""
_LONGEST = 110
_PAGE_NUMBER = re.compile(
    r"(?:page|seite|página|pagina)?\s*[-–—|]?\s*(?P<number>\d{1,4}|[ivxlcdm]{1,8})\s*[-–—|]?"
    r"(?:\s*(?:of|/|von|de|sur|di)\s*\d{1,4})?",
    re.IGNORECASE,
)
_NUMBER_AT_EDGE = re.compile(r"^(\d{1,4})\s+\D|\D\s+(\d{1,4})$")
_NOTE_MARK = re.compile(r"(\d{1,3}|[*†‡§]{1,2})[.)]?(?=\s|$)")
_NOTE_SIZE = 0.93
"""Notes are smaller than this share of the running text."""
_NOTE_AREA = 0.5
"""Notes stand in the lower half of the page."""


@dataclass(frozen=True, slots=True)
class Note:
    """One footnote, without its mark (empty if it goes on from the page before)."""

    mark: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Furniture:
    """A page's rows, sorted by what they are."""

    head: tuple[Row, ...]
    foot: tuple[Row, ...]
    body: tuple[Row, ...]
    notes: tuple[Note, ...]
    printed_page: str


def sort_furniture(rows: Sequence[Row], height: float, size: float) -> Furniture:
    """Take running head, running foot and footnotes out of a page's rows.

    Args:
        rows: all of them, from top to bottom.
        height: of the page, in points.
        size: of the running text, in points.
    """
    head = _running(rows, height, size, at_top=True)
    rest = rows[len(head) :]
    foot = _running(rest[::-1], height, size, at_top=False)[::-1]
    rest = rest[: len(rest) - len(foot)]
    notes_start = _notes_start(rest, height, size)
    numbers = [number for row in (*foot, *head) if (number := _printed_page(row))]
    return Furniture(
        head=tuple(head),
        foot=tuple(foot),
        body=tuple(rest[:notes_start]),
        notes=tuple(_notes(rest[notes_start:])),
        printed_page=numbers[0] if numbers else "",
    )


def _running(rows: Sequence[Row], height: float, size: float, *, at_top: bool) -> list[Row]:
    """Return the rows at one edge of the page that belong to its head or foot, from the edge inwards."""
    found: list[Row] = []
    for number, row in enumerate(rows[:3]):
        if len(row.text) > _LONGEST or row.size > size * 1.1:
            break
        is_number = bool(_PAGE_NUMBER.fullmatch(row.text.strip()))
        margin = height * (_NUMBER_MARGIN if is_number else _MARGIN)
        edge = row.box[3] if at_top else height - row.box[1]
        if edge > margin:
            break
        found.append(row)
        following = rows[number + 1] if number + 1 < len(rows) else None
        if following is None or _distance(row, following) >= _CLEAR * size:
            return found if following is not None or is_number else []
    return []


def _distance(a: Row, b: Row) -> float:
    return max(a.box[1], b.box[1]) - min(a.box[3], b.box[3])


def _printed_page(row: Row) -> str:
    text = row.text.strip()
    whole = _PAGE_NUMBER.fullmatch(text)
    if whole:
        return whole["number"]
    parts = [segment.text for segment in row.segments()]
    alone = [part for part in (parts[0], parts[-1]) if len(parts) > 1 and part.isdigit()]
    if alone:
        return alone[0]
    at_edge = _NUMBER_AT_EDGE.search(text)
    return (at_edge[1] or at_edge[2]) if at_edge else ""


def _notes_start(rows: Sequence[Row], height: float, size: float) -> int:
    """Return where the footnotes begin among the rows of a page; their number where there are none."""
    start = len(rows)
    while (
        start and rows[start - 1].size <= size * _NOTE_SIZE and rows[start - 1].box[1] > height * _NOTE_AREA
    ):
        start -= 1
    while start < len(rows) and not _NOTE_MARK.match(rows[start].text):
        start += 1
    return start


def _notes(rows: Sequence[Row]) -> list[Note]:
    notes: list[Note] = []
    for row in rows:
        mark = _NOTE_MARK.match(row.text)
        if mark is not None and _is_next(mark[1], notes):
            notes.append(Note(mark[1], tuple(_without(row, mark[0]))))
        else:
            notes[-1] = replace(notes[-1], rows=(*notes[-1].rows, row))
    return notes


def _is_next(mark: str, notes: Sequence[Note]) -> bool:
    """Say whether a number that opens a row is the next note's, and not one in the middle of a note."""
    if not notes or not mark.isdigit() or not notes[-1].mark.isdigit():
        return True
    return int(mark) == int(notes[-1].mark) + 1


def _without(row: Row, mark: str) -> list[Row]:
    first, *rest = row.pieces
    text = first.text[len(mark) :].lstrip() if first.text.startswith(mark) else first.text
    if first.text != text and not text:
        return [make_row(rest)] if rest else []
    return [make_row([replace(first, text=text), *rest])]
