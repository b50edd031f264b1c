"""Tables that show by alignment alone: finding them among rows, and telling their cells apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from batchdeck.sandbox.engine.shapes import Piece, Row, make_row

_NEXT_ROW = 2.2
"""Greatest distance between the middles of two rows of one table, in ems."""
_WRAPPED_ROW = 1.35
"""Distance up to which a row without a first cell goes on with the row above."""
_NEARER = 0.9
"""How much nearer the row above than the one below must be to a row with nothing but a first cell."""
_GUTTER = 0.6
"""Narrowest empty strip between two columns, in ems."""
_MAY_CROSS = 0.1
"""Share of the rows that may cross such a strip: headings over several columns."""
_FEWEST_ROWS = 3
_FEWEST_CELLS = 8
"""A smaller grid is a table only if a title above it says so."""
_TITLE = re.compile(r"(?:table|tabelle|tab\.|tableau|tabla|tabella|tabel)\s*\d", re.IGNORECASE)
_NAMED_COLUMNS = 3
_ALIGNED = 0.6
_WORDIEST_CELL = 9.0
"""Words in the average cell; more is running text."""
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-–/]\d{2,4})?")
_NUMBER = re.compile(r"[\d.,%$€£+–−()/: *-]+")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its rows of text (none: empty), and how many columns it spans."""

    rows: tuple[Row, ...] = ()
    span: int = 1
    is_header: bool = False

    @property
    def text(self) -> str:
        return " ".join(row.text for row in self.rows)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; counted with their spans, all rows have as many columns."""

    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int


def find_tables(rows: Sequence[Row], size: float) -> Iterator[Table | list[Row]]:
    """Yield the tables among some rows, and what stands between them, from top to bottom."""
    between: list[Row] = []
    start = 0
    while start < len(rows):
        stop = _run_end(rows, start, size)
        is_titled = start > 0 and is_table_title(rows[start - 1].text)
        is_titled = is_titled or _has_bold_head(rows[start:stop])
        table = _make_table(rows[start:stop], size, is_titled=is_titled)
        if table is None:
            between.append(rows[start])
            start += 1
            continue
        if between:
            yield between
            between = []
        yield table
        start = stop
    if between:
        yield between


def is_table_title(text: str) -> bool:
    """Say whether a row reads like the title of a table: "Table 3"."""
    return bool(_TITLE.match(text))


def _has_bold_head(rows: Sequence[Row]) -> bool:
    """Say whether the first row names the columns of the second: the rest of a table on the next page."""
    if len(rows) < 2 or not rows[0].is_bold or rows[1].is_bold:
        return False
    return len(rows[0].segments()) == len(rows[1].segments()) >= _NAMED_COLUMNS


def _run_end(rows: Sequence[Row], start: int, size: float) -> int:
    """Return where a run of rows with several segments ends; single segments may stand in its middle."""
    if len(rows[start].segments()) < 2:
        return start
    stop = last = start + 1
    while stop < len(rows) and _middle(rows[stop]) - _middle(rows[stop - 1]) <= _NEXT_ROW * size:
        stop += 1
        if len(rows[stop - 1].segments()) >= 2:
            last = stop
        elif stop - last > 1:
            break
    return last


def _middle(row: Row) -> float:
    return (row.box[1] + row.box[3]) / 2


def _make_table(rows: Sequence[Row], size: float, *, is_titled: bool) -> Table | None:
    if len(rows) < (2 if is_titled else _FEWEST_ROWS):
        return None
    # A first row that stands over several columns at once would hide the strips between them.
    columns = max(_find_columns(rows, size), _find_columns(rows[1:], size), key=len)
    if len(columns) < 2:
        return None
    grid = [_cells(row, columns) for row in rows]
    if not is_titled and sum(bool(cell.rows) for row in grid for cell in row) < _FEWEST_CELLS:
        return None
    if not _is_table(grid, columns, size):
        return None
    grid = _merge_wrapped(grid, rows, size)
    if len(grid) < 2:
        return None
    header_rows = _count_header_rows(grid)
    marked = [
        tuple(
            replace(cell, is_header=_is_header(cell, place, number < header_rows, grid))
            for place, cell in enumerate(row)
        )
        for number, row in enumerate(grid)
    ]
    return Table(tuple(marked), header_rows)


def _find_columns(rows: Sequence[Row], size: float) -> list[tuple[float, float]]:
    """Return the extents of the columns that the rows' segments leave empty strips between."""
    many = [row for row in rows if len(row.segments()) >= 2]
    edges = sorted((x, step) for row in many for segment in row.segments() for x, step in _extent(segment))
    most = _MAY_CROSS * len(many)
    columns: list[tuple[float, float]] = []
    depth = 0
    begun: float | None = None
    for x, step in edges:
        depth += step
        if begun is None and depth > most:
            begun = x
        elif begun is not None and depth <= most:
            if columns and begun - columns[-1][1] < _GUTTER * size:
                begun = columns.pop()[0]
            columns.append((begun, x))
            begun = None
    return columns


def _extent(segment: Row) -> tuple[tuple[float, int], tuple[float, int]]:
    return (segment.box[0], 1), (segment.box[2], -1)


def _cells(row: Row, columns: Sequence[tuple[float, float]]) -> list[Cell]:
    """Return a row's cells, empty ones included."""
    middles = [(columns[n][1] + columns[n + 1][0]) / 2 for n in range(len(columns) - 1)]
    places: list[tuple[int, int, list[Piece]]] = []
    parts = [part for piece in row.pieces for part in _split(piece, middles)]
    for piece in sorted(parts, key=lambda part: part.box[0]):
        first = sum(piece.box[0] + 0.5 > middle for middle in middles)
        last = max(first, sum(piece.box[2] - 0.5 > middle for middle in middles))
        if places and first <= places[-1][1]:
            start, stop, pieces = places.pop()
            if start < first:  # the one before only reaches into this column
                places.append((start, first - 1, pieces))
                places.append((first, last, [piece]))
            else:
                places.append((start, max(stop, last), [*pieces, piece]))
        else:
            places.append((first, last, [piece]))
    cells: list[Cell] = []
    column = 0
    for first, last, pieces in places:
        cells.extend(Cell() for _ in range(first - column))
        cells.append(Cell((make_row(pieces),), last - first + 1))
        column = last + 1
    cells.extend(Cell() for _ in range(len(columns) - column))
    return cells


def _split(piece: Piece, middles: Sequence[float]) -> list[Piece]:
    """Divide a piece that holds several numbers at the strips it crosses: tight columns look like one run.

    Words have no place of their own; it is reckoned from their letters, which is good enough for figures."""
    words = piece.text.split(" ")
    x0, y0, x1, y1 = piece.box
    if len(words) < 2 or not any(x0 < m < x1 for m in middles) or not all(map(_NUMBER.fullmatch, words)):
        return [piece]
    width = (x1 - x0) / len(piece.text)
    parts, place = [], x0
    for word in words:
        end = place + width * len(word)
        # The middle is surer than the edges, so only the middle half of the word decides.
        inner = (place + 0.25 * (end - place), y0, end - 0.25 * (end - place), y1)
        parts.append(replace(piece, text=word, box=inner, after_space=True))
        place = end + width
    return parts


def _is_table(grid: Sequence[Sequence[Cell]], columns: Sequence[tuple[float, float]], size: float) -> bool:
    full = [row for row in grid if sum(bool(cell.rows) for cell in row) >= 2]
    if len(full) < 0.6 * len(grid):
        return False
    texts = [cell.text for row in full for cell in row if cell.rows]
    if sum(len(text.split()) for text in texts) > _WORDIEST_CELL * len(texts):
        return False
    if all(len(row[0].text) <= 3 for row in full if row[0].rows) and len(columns) == 2:
        return False  # a list with its marks
    return all(_is_aligned(full, number, size) for number in range(len(columns)))


def _is_aligned(grid: Sequence[Sequence[Cell]], column: int, size: float) -> bool:
    """Say whether a column's cells share their left edge, their right edge or their middle."""
    boxes = [box for row in grid if (box := _box_in_column(row, column)) is not None]
    if len(boxes) < 2:
        return True
    for edge in (lambda box: box[0], lambda box: box[2], lambda box: (box[0] + box[2]) / 2):
        values = sorted(map(edge, boxes))
        close = max(sum(abs(value - other) < 0.6 * size for other in values) for value in values)
        if close >= _ALIGNED * len(boxes):
            return True
    return False


def _box_in_column(row: Sequence[Cell], column: int) -> tuple[float, float, float, float] | None:
    place = 0
    for cell in row:
        if place == column and cell.span == 1 and cell.rows:
            return cell.rows[0].box
        place += cell.span
    return None


def _merge_wrapped(grid: list[list[Cell]], rows: Sequence[Row], size: float) -> list[list[Cell]]:
    """Put rows that only go on with the cells above into them."""
    merged: list[list[Cell]] = []
    for number, row in enumerate(grid):
        is_near = number > 0 and _is_near(rows, number, size, only_first=bool(row[0].rows))
        if not is_near or not _goes_on(merged[-1], row):
            merged.append(row)
            continue
        above = merged.pop()
        merged.append([replace(a, rows=a.rows + cell.rows) for a, cell in zip(above, row, strict=True)])
    return merged


def _goes_on(above: Sequence[Cell], row: Sequence[Cell]) -> bool:
    """Say whether a row could be the second line of the cells above: nothing in its first cell, or nothing
    anywhere else, and only below cells that are filled."""
    if row[0].rows and any(cell.rows for cell in row[1:]):
        return False
    return len(row) == len(above) and all(
        upper.rows and upper.span == cell.span for upper, cell in zip(above, row, strict=True) if cell.rows
    )


def _is_near(rows: Sequence[Row], number: int, size: float, *, only_first: bool) -> bool:
    above = _middle(rows[number]) - _middle(rows[number - 1])
    if above > _WRAPPED_ROW * size:
        return False
    if not only_first or number + 1 == len(rows):
        return True
    return above < _NEARER * (_middle(rows[number + 1]) - _middle(rows[number]))


def _count_header_rows(grid: Sequence[Sequence[Cell]]) -> int:
    """Return how many rows at the top name the columns: bold ones, or those before the first figures."""
    bold = 0
    for row in grid:
        filled = [cell for cell in row if cell.rows]
        if not filled or not all(part.is_bold for cell in filled for part in cell.rows):
            break
        bold += 1
    if 0 < bold < len(grid):
        return min(bold, 3)
    plain = 0
    for row in grid[:3]:
        if any(_is_figure(cell) and not _YEAR.fullmatch(cell.text) for cell in row[1:]):
            break
        plain += 1
    has_figures = any(_is_figure(cell) for row in grid[plain:] for cell in row[1:])
    return plain if 0 < plain < len(grid) and has_figures else 0


def _is_figure(cell: Cell) -> bool:
    return bool(cell.rows) and bool(_NUMBER.fullmatch(cell.text)) and any(map(str.isdigit, cell.text))


def _is_header(cell: Cell, place: int, in_head: bool, grid: Sequence[Sequence[Cell]]) -> bool:
    if not cell.rows:
        return False
    if in_head:
        return True
    return place == 0 and not _is_figure(cell) and any(_is_figure(other) for row in grid for other in row[1:])
