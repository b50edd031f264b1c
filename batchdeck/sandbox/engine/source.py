"""Reading a PDF for the engine: the pieces of each page, its pictures and its links, turned upright.

What pdfium says comes by way of `batchdeck.pdf`; here it is put into the engine's own shapes.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pypdfium2

from batchdeck.pdf.lines import Line, Span
from batchdeck.pdf.open import pdfium_document
from batchdeck.pdf.pdfium import PDFIUM, Unopenable, WrongPassword
from batchdeck.pdf.text import TextReader
from batchdeck.sandbox.checks import unreadable
from batchdeck.sandbox.engine.forms import read_fields
from batchdeck.sandbox.engine.links import find_links, with_links
from batchdeck.sandbox.engine.shapes import Box, Piece, Row, united
from batchdeck.sandbox.problems import invalid

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""What pdfium gives for glyphs without a meaning, and what HTML does not allow."""
_SMALLEST = 0.5
"""Points. Smaller text is not there to be read."""


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page as the engine sees it, turned so that most of its text is upright."""

    pieces: tuple[Piece, ...]
    """In the order of the file."""
    has_fields: bool
    """Whether it has form fields; their values are among the pieces."""
    sideways: tuple[Row, ...]
    """Lines that run in another direction than the rest."""
    pictures: tuple[Box, ...]
    width: float
    height: float
    rotation: int
    """Degrees clockwise by which the page as shown must be turned for its text to be upright."""
    is_drawn_on: bool
    """Whether there is anything on it at all."""
    text: str
    """The text layer as it is."""


@contextlib.contextmanager
def open_pages(pdf: bytes, most: int, targets: Sequence[str] = ()) -> Iterator[Iterator[SourcePage]]:
    """Open a PDF and yield its pages, one after the other.

    Args:
        pdf: the file's bytes.
        most: how many pages are allowed.
        targets: link targets that the request lists.

    Raises:
        Problem: it cannot be read, needs a password or has too many pages.
    """
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file, contextlib.ExitStack() as stack:
        file.write(pdf)
        file.flush()
        try:
            reader = stack.enter_context(TextReader(file.name))
            document = stack.enter_context(pdfium_document(file.name))
            with PDFIUM:
                document.init_forms()
        except WrongPassword:
            raise invalid("The PDF specified is password protected.") from None
        except Unopenable:
            raise unreadable("PDF") from None
        if reader.page_count > most:
            raise invalid(f"A maximum of {most} PDF pages may be provided.")
        yield (_read(reader, document, number, targets) for number in range(1, reader.page_count + 1))


def _read(
    reader: TextReader, document: pypdfium2.PdfDocument, number: int, targets: Sequence[str]
) -> SourcePage:
    try:
        with PDFIUM:
            page = document[number - 1]
            width, height = page.get_size()
            links = find_links(document, page, targets)
            fields = tuple(read_fields(document, page))
            is_drawn_on = next(page.get_objects(max_depth=1), None) is not None
            page.close()
        lines, pictures, text = reader.lines(number), reader.pictures(number), reader.text(number)
    except pypdfium2.PdfiumError:
        raise unreadable("PDF") from None
    rotation = _main_angle(lines)
    turn = _turning(rotation, width, height)
    pieces: list[Piece] = []
    sideways: list[Row] = []
    for line in lines:
        across: list[Piece] = []
        for place, span in enumerate(line.spans):
            span = replace(span, text=_UNPRINTABLE.sub("", span.text))
            if span.style.size < _SMALLEST or not span.text.strip():
                continue
            for piece in with_links(_piece(span, starts_line=place == 0), links):
                if span.style.angle == rotation:
                    pieces.append(replace(piece, box=turn(piece.box)))
                else:
                    across.append(piece)
        if across:
            sideways.append(Row(tuple(across), united(piece.box for piece in across), across[0].size))
    if rotation in (90, 270):
        width, height = height, width
    size = _usual_size(pieces)
    pieces.extend(replace(piece, box=turn(piece.box), size=size or piece.size) for piece in fields)
    return SourcePage(
        pieces=tuple(pieces),
        has_fields=bool(fields),
        sideways=tuple(sideways),
        pictures=tuple(turn(box) for box in pictures),
        width=width,
        height=height,
        rotation=rotation,
        is_drawn_on=is_drawn_on or bool(lines),
        text=text,
    )


def _usual_size(pieces: Sequence[Piece]) -> float:
    sizes: Counter[float] = Counter()
    for piece in pieces:
        sizes[piece.size] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _main_angle(lines: Sequence[Line]) -> int:
    """Return the direction most of the text runs in, of the four along the edges of the page."""
    angles: Counter[int] = Counter()
    for line in lines:
        for span in line.spans:
            if span.style.angle % 90 == 0:
                angles[span.style.angle] += len(span.text)
    return angles.most_common(1)[0][0] if angles else 0


def _turning(angle: int, width: float, height: float) -> Callable[[Box], Box]:
    """Return the function that turns boxes with the page, `angle` degrees clockwise."""

    def turn(box: Box) -> Box:
        x0, y0, x1, y1 = box
        match angle:
            case 90:
                return height - y1, x0, height - y0, x1
            case 180:
                return width - x1, height - y1, width - x0, height - y0
            case 270:
                return y0, width - x1, y1, width - x0
            case _:
                return box

    return turn


def _piece(span: Span, *, starts_line: bool) -> Piece:
    style = span.style
    name = style.font.lower()
    return Piece(
        text=span.text,
        box=span.box,
        size=style.size,
        bold=style.bold,
        italic=style.italic or "italic" in name or "oblique" in name,
        mono=style.mono,
        after_space=span.after_space or starts_line,
    )
