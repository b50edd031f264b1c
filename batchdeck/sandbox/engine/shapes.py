"""What the engine works with: pieces of text with a place, and the rows they stand in. No files are read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in points from the top left corner of the page, turned so that its text is upright."""

_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_WORD_GAP = 0.18
"""Empty width, in ems, that parts words even where the file has no space."""
_SEGMENT_GAP = 1.15
"""Empty width, in ems, that parts what stands beside each other on a row: cells, columns. Justified lines
stretch their spaces to about an em."""
_SMALL_SIGN = 0.82
"""A piece smaller than this share of its neighbour is a raised or lowered sign."""
_SAME_ROW = 0.5
"""Share of the lower one's height by which two pieces must overlap to stand on one row."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words in one style."""

    text: str
    box: Box
    size: float
    bold: bool = False
    italic: bool = False
    mono: bool = False
    after_space: bool = True
    """Whether the file has white space, or a new line, before it."""
    link: str = ""
    """Where its link leads, or empty."""

    @property
    def is_rtl(self) -> bool:
        """Whether it is mostly in a script that runs from right to left."""
        if self.text.isascii():
            return False
        return len(_RTL.findall(self.text)) * 2 > sum(map(str.isalpha, self.text))


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces on one printed line, in reading order."""

    pieces: tuple[Piece, ...]
    box: Box
    size: float
    """The size most of its characters have."""

    @property
    def text(self) -> str:
        return join_pieces(self.pieces)

    @property
    def is_bold(self) -> bool:
        return all(piece.bold for piece in self.pieces)

    @property
    def is_mono(self) -> bool:
        return all(piece.mono for piece in self.pieces)

    @property
    def is_rtl(self) -> bool:
        return sum(len(piece.text) for piece in self.pieces if piece.is_rtl) * 2 > len(self.text)

    def segments(self) -> list[Row]:
        """Return the parts of the row that stand apart from each other, from left to right."""
        parts: list[list[Piece]] = []
        for piece in sorted(self.pieces, key=lambda piece: piece.box[0]):
            if parts and piece.box[0] - max(p.box[2] for p in parts[-1]) < _SEGMENT_GAP * self.size:
                parts[-1].append(piece)
            else:
                parts.append([piece])
        return [make_row(part) for part in parts]


def make_row(pieces: Iterable[Piece]) -> Row:
    """Return pieces as one row, put into reading order."""
    ordered = sorted(pieces, key=lambda piece: piece.box[0])
    sizes: Counter[float] = Counter()
    rtl = 0
    for piece in ordered:
        sizes[piece.size] += len(piece.text)
        rtl += len(piece.text) if piece.is_rtl else -len(piece.text)
    if rtl > 0:
        ordered.reverse()
    return Row(tuple(ordered), united(piece.box for piece in ordered), sizes.most_common(1)[0][0])


def make_rows(pieces: Iterable[Piece]) -> list[Row]:
    """Return pieces as rows, from top to bottom."""
    rows: list[list[Piece]] = []
    bands: list[tuple[float, float]] = []
    for piece in sorted(pieces, key=lambda piece: ((piece.box[1] + piece.box[3]) / 2, piece.box[0])):
        top, bottom = piece.box[1], piece.box[3]
        for number in range(len(rows) - 1, max(-1, len(rows) - 4), -1):
            upper, lower = bands[number]
            shared = min(bottom, lower) - max(top, upper)
            if shared > _SAME_ROW * min(bottom - top, lower - upper):
                rows[number].append(piece)
                break
        else:
            rows.append([piece])
            bands.append((top, bottom))
            continue
        tallest = max(rows[number], key=lambda one: len(one.text))
        bands[number] = (tallest.box[1], tallest.box[3])
    made = [make_row(row) for row in rows]
    return sorted(made, key=lambda row: (row.box[1] + row.box[3]) / 2)


def join_pieces(pieces: Sequence[Piece]) -> str:
    """Return the text of pieces of one row."""
    text = ""
    for number, piece in enumerate(pieces):
        if number and needs_space(pieces[number - 1], piece):
            text += " "
        text += piece.text
    return text


def needs_space(before: Piece, piece: Piece) -> bool:
    """Say whether white space parts two neighbours on a row."""
    gap = max(piece.box[0] - before.box[2], before.box[0] - piece.box[2])
    if piece.size < _SMALL_SIGN * before.size:  # files often have a space before a raised sign
        return gap > _WORD_GAP * before.size
    return piece.after_space or gap > _WORD_GAP * max(piece.size, before.size)


def united(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around some boxes."""
    x0s, y0s, x1s, y1s = zip(*boxes, strict=True)
    return min(x0s), min(y0s), max(x1s), max(y1s)


def usual_size(rows: Iterable[Row]) -> float:
    """Return the size that most characters have: that of the running text."""
    sizes: Counter[float] = Counter()
    for row in rows:
        for piece in row.pieces:
            sizes[round(piece.size * 2) / 2] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0
