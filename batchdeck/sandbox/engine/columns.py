"""Reading order: where a page, or a part of it, is set in columns, and how it is read then."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from batchdeck.sandbox.engine.shapes import Piece, Row, make_rows

_NARROWEST_GUTTER = 0.8
"""In ems."""
_NARROWEST_COLUMN = 9.0
"""In ems: a narrower one is a column of a table."""
_FEWEST_ROWS = 4
_FILLED = 0.6
"""Share of its column that the middle one of the rows of running text fills."""
_DEEPEST = 4


def in_reading_order(pieces: Sequence[Piece], size: float, depth: int = 0) -> Iterator[list[Row]]:
    """Yield the rows of a page in blocks that are read one after the other.

    Args:
        pieces: what stands on the page, or in one column of it.
        size: size of the running text in points.
        depth: how many columns this lies in already.
    """
    rows = make_rows(pieces)
    gutter = _find_gutter(rows, size) if depth < _DEEPEST else None
    if gutter is None:
        if rows:
            yield rows
        return
    waiting: list[Row] = []
    for is_band, band in _bands(rows, gutter):
        if not is_band or not _is_prose(band, gutter, size):
            waiting.extend(band)
            continue
        if waiting:
            yield from in_reading_order(_pieces_of(waiting), size, depth + 1)
            waiting = []
        for side in _sides(band, gutter):
            yield from in_reading_order(side, size, depth + 1)
    if waiting and len(waiting) < len(rows):
        yield from in_reading_order(_pieces_of(waiting), size, depth + 1)
    elif waiting:
        yield waiting


def _pieces_of(rows: Sequence[Row]) -> list[Piece]:
    return [piece for row in rows for piece in row.pieces]


def _find_gutter(rows: Sequence[Row], size: float) -> float | None:
    """Return the place that lies in an empty strip on most rows, or None where there is no such place.

    Spaces of justified text may be as wide as a narrow gutter, but not in the same place on many rows."""
    gaps = []
    for number, row in enumerate(rows):
        pieces = list(row.pieces)
        if number + 1 < len(rows) and rows[number + 1].box[1] < row.box[3]:
            pieces += rows[number + 1].pieces  # columns need not share their baselines
        reached = -math.inf
        for piece in sorted(pieces, key=lambda piece: piece.box[0]):
            if reached > -math.inf and piece.box[0] - reached >= _NARROWEST_GUTTER * size:
                gaps.append((reached, piece.box[0]))
            reached = max(reached, piece.box[2])
    best, most = None, _FEWEST_ROWS - 1
    for start, stop in gaps:
        place = (start + stop) / 2
        crossed = sum(a < place < b for a, b in gaps)
        if crossed > most:
            best, most = place, crossed
    return best


def _bands(rows: Sequence[Row], gutter: float) -> Iterator[tuple[bool, list[Row]]]:
    """Yield runs of rows that keep clear of a gutter, and runs of rows that do not."""
    run: list[Row] = []
    was_clear = False
    for row in rows:
        is_clear = all(not piece.box[0] < gutter < piece.box[2] for piece in row.pieces)
        if run and is_clear != was_clear:
            yield was_clear, run
            run = []
        run.append(row)
        was_clear = is_clear
    if run:
        yield was_clear, run


def _sides(band: Sequence[Row], gutter: float) -> tuple[list[Piece], list[Piece]]:
    """Return what stands before and after a gutter, in reading order: the right side first in a script that
    runs from right to left."""
    pieces = _pieces_of(band)
    left = [piece for piece in pieces if piece.box[2] <= gutter]
    right = [piece for piece in pieces if piece.box[2] > gutter]
    rtl = sum(len(piece.text) for piece in pieces if piece.is_rtl)
    is_rtl = rtl * 2 > sum(len(piece.text) for piece in pieces)
    return (right, left) if is_rtl else (left, right)


def _is_prose(band: Sequence[Row], gutter: float, size: float) -> bool:
    """Say whether both sides of a gutter are running text, and not columns of a table."""
    for side in _sides(band, gutter):
        rows = make_rows(side)
        if len(rows) < _FEWEST_ROWS:
            return False
        left, right = min(row.box[0] for row in rows), max(row.box[2] for row in rows)
        widths = [_covered(row) for row in rows]
        if right - left < _NARROWEST_COLUMN * size or statistics.median(widths) < _FILLED * (right - left):
            return False
    return True


def _covered(row: Row) -> float:
    """Return how much of its width a row fills, the empty places between its segments left out."""
    return sum(segment.box[2] - segment.box[0] for segment in row.segments())
