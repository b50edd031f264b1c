"""The grid of a table: which cell covers which columns, and making a rectangle of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.trees import append_nodes

PARTS = ("thead", "tbody", "tfoot")
_ORDER = {"caption": 0, "thead": 1, "tbody": 2, "tfoot": 3}
_PLAIN_ATTRIBUTES = frozenset({"scope", "lang", "dir", "id", "data-continues"})
MAX_COLUMNS = 200
"""Spans are cut to this, and no row is filled up to more."""


def rows_of(table: Element) -> list[Element]:
    """Return a table's own rows in order, whatever part they stand in."""
    return list(_rows(table))


def first_row(table: Element) -> Element | None:
    """Return a table's first row; None where it has none."""
    return next(_rows(table), None)


def _rows(table: Element) -> Iterator[Element]:
    return (row for part in table if part.tag in PARTS for row in part if row.tag == "tr")


def cells_of(row: Element) -> list[Element]:
    """Return a row's cells."""
    return [cell for cell in row if cell.tag in ("td", "th")]


def span_of(cell: Element, name: str = "colspan") -> int:
    """Return a cell's span as a number from 1 to `MAX_COLUMNS`; 1 for what is no such number."""
    value = cell.get(name, "1").strip()
    return min(max(int(value), 1), MAX_COLUMNS) if value.isascii() and value.isdigit() else 1


def is_plain(table: Element) -> bool:
    """Say quickly of nearly every table that it has nothing to repair: parts in order, rows of one width
    without spans, header cells only on top and at the beginning of rows, each with words and a scope."""
    order = [part.tag for part in table]
    if "tbody" not in order or order != sorted(order, key=lambda part: _ORDER.get(part, 9)):
        return False
    if any(order.count(part) > 1 for part in ("caption", "thead", "tfoot")):
        return False
    if order[0] == "caption" and not (table[0].text or "").strip():
        return False
    width = 0
    for part in table:
        for row in part if part.tag != "caption" else ():
            width = width or len(row)
            if len(row) != width or not _is_plain_row(row, part.tag):
                return False
    return width > 0


def _is_plain_row(row: Element, part: str) -> bool:
    has_data = part == "thead"
    for at, cell in enumerate(row):
        is_header = cell.tag == "th"
        scope = ("col" if part == "thead" else "row") if is_header else None
        if cell.get("scope") != scope or not _PLAIN_ATTRIBUTES.issuperset(cell.keys()):
            return False
        if is_header and (not (cell.text or "").strip() or (part != "thead" and at)):
            return False
        has_data = has_data or not is_header
    return has_data


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cell lies: its first column, and how many columns and rows it may cover."""

    cell: Element
    column: int
    columns: int
    rows: int


def square_up(table: Element, rules: list[str]) -> None:
    """Make a rectangle of a table: cut spans that overlap, leave their part or cover columns in which no
    cell begins, and fill short rows with empty cells (the table model that Nu checks)."""
    if any(cell.get("colspan") or cell.get("rowspan") for row in rows_of(table) for cell in row):
        widths = _cut_spans(table, rules)
        _fill(widths, rules)
        _narrow(table, rules)
    else:
        _fill([(row, len(cells_of(row))) for row in rows_of(table)], rules)


def _fill(widths: list[tuple[Element, int]], rules: list[str]) -> None:
    """Append empty cells to rows that cover fewer columns than the widest one."""
    width = max((own for _, own in widths), default=0)
    for row, own in widths:
        if own < width <= MAX_COLUMNS:
            rules.append("short row filled")
            append_nodes(row, [Element("td") for _ in range(width - own)])


def _cut_spans(table: Element, rules: list[str]) -> list[tuple[Element, int]]:
    """Write the spans that cells may have, and return how many columns each row covers."""
    widths: list[tuple[Element, int]] = []
    for row, places, width in _laid_out(table):
        for place in places:
            _set_span(place.cell, "colspan", place.columns, rules)
            _set_span(place.cell, "rowspan", place.rows, rules)
        widths.append((row, width))
    return widths


def _narrow(table: Element, rules: list[str]) -> None:
    """Take out of every span the columns in which no cell begins."""
    places = [place for _, row_places, _ in _laid_out(table) for place in row_places]
    starts = {place.column for place in places}
    for place in places:
        own = sum(column in starts for column in range(place.column, place.column + place.columns))
        _set_span(place.cell, "colspan", own, rules)


def _laid_out(table: Element) -> Iterator[tuple[Element, list[_Place], int]]:
    """Yield each row with the places of its cells and the number of columns covered in it."""
    for part in table:
        if part.tag not in PARTS:
            continue
        rows = list(part)
        covered: dict[int, int] = {}  # column -> how many rows, this one included, are covered from above
        for at, row in enumerate(rows):
            places: list[_Place] = []
            column = 0
            for cell in cells_of(row):
                while column in covered:
                    column += 1
                free = 1
                while free < span_of(cell) and column + free not in covered:
                    free += 1
                places.append(_Place(cell, column, free, min(span_of(cell, "rowspan"), len(rows) - at)))
                column += free
            for place in places:
                covered.update(dict.fromkeys(range(place.column, place.column + place.columns), place.rows))
            yield row, places, len(covered)
            covered = {column: left - 1 for column, left in covered.items() if left > 1}


def _set_span(cell: Element, name: str, value: int, rules: list[str]) -> None:
    said = cell.get(name)
    if said is None:
        return
    if value > 1:
        cell.set(name, str(value))
    else:
        del cell.attrib[name]
    if said.strip() != str(value):
        rules.append("span cut")
