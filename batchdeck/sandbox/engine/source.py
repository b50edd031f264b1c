"""Reading a PDF for the engine: the pieces of each page, its pictures and its links, turned upright.

What pdfium says comes by way of `batchdeck.pdf`; here it is put into the engine's own shapes.
"""

from __future__ import annotations

import contextlib
import ctypes
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pypdfium2
from pypdfium2 import raw

from batchdeck.pdf.lines import Line, Span, placing
from batchdeck.pdf.open import pdfium_document
from batchdeck.pdf.pdfium import PDFIUM, Unopenable, WrongPassword
from batchdeck.pdf.text import TextReader
from batchdeck.sandbox.checks import unreadable
from batchdeck.sandbox.engine.shapes import Box, Piece, Row, united
from batchdeck.sandbox.problems import invalid

_SMALLEST = 0.5
"""Points. Smaller text is not there to be read."""
_MOST_LINKS = 500
_MOST_URL_BYTES = 2_048


@dataclass(frozen=True, slots=True)
class SourcePage:
    """One page as the engine sees it, turned so that most of its text is upright."""

    pieces: tuple[Piece, ...]
    """In the order of the file."""
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
def open_pages(pdf: bytes, most: int) -> Iterator[Iterator[SourcePage]]:
    """Open a PDF and yield its pages, one after the other.

    Args:
        pdf: the file's bytes.
        most: how many pages are allowed.

    Raises:
        Problem: it cannot be read, needs a password or has too many pages.
    """
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file, contextlib.ExitStack() as stack:
        file.write(pdf)
        file.flush()
        try:
            reader = stack.enter_context(TextReader(file.name))
            document = stack.enter_context(pdfium_document(file.name))
        except WrongPassword:
            raise invalid("The PDF specified is password protected.") from None
        except Unopenable:
            raise unreadable("PDF") from None
        if reader.page_count > most:
            raise invalid(f"A maximum of {most} PDF pages may be provided.")
        yield (_read(reader, document, number) for number in range(1, reader.page_count + 1))


def _read(reader: TextReader, document: pypdfium2.PdfDocument, number: int) -> SourcePage:
    try:
        with PDFIUM:
            page = document[number - 1]
            width, height = page.get_size()
            links = list(_links(document, page))
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
            if span.style.size < _SMALLEST or not span.text.strip():
                continue
            piece = _piece(span, starts_line=place == 0, links=links)
            if span.style.angle == rotation:
                pieces.append(replace(piece, box=turn(piece.box)))
            else:
                across.append(piece)
        if across:
            sideways.append(Row(tuple(across), united(piece.box for piece in across), across[0].size))
    if rotation in (90, 270):
        width, height = height, width
    return SourcePage(
        pieces=tuple(pieces),
        sideways=tuple(sideways),
        pictures=tuple(turn(box) for box in pictures),
        width=width,
        height=height,
        rotation=rotation,
        is_drawn_on=is_drawn_on or bool(lines),
        text=text,
    )


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


def _piece(span: Span, *, starts_line: bool, links: Sequence[tuple[Box, str]]) -> Piece:
    x0, y0, x1, y1 = span.box
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    found = (url for (a, b, c, d), url in links if a <= middle[0] <= c and b <= middle[1] <= d)
    style = span.style
    return Piece(
        text=span.text,
        box=span.box,
        size=style.size,
        bold=style.bold,
        italic=style.italic,
        mono=style.mono,
        after_space=span.after_space or starts_line,
        link=next(found, ""),
    )


def _links(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[tuple[Box, str]]:
    """Yield the places of a page's links to web and mail addresses, and the addresses."""
    place = placing(page)
    position = ctypes.c_int(0)
    link = raw.FPDF_LINK()
    for _ in range(_MOST_LINKS):
        if not raw.FPDFLink_Enumerate(page, position, link):
            return
        action = raw.FPDFLink_GetAction(link)
        rect = raw.FS_RECTF()
        if not action or not raw.FPDFLink_GetAnnotRect(link, rect):
            continue
        length = raw.FPDFAction_GetURIPath(document, action, None, 0)
        if 1 < length <= _MOST_URL_BYTES:
            buffer = ctypes.create_string_buffer(length)
            raw.FPDFAction_GetURIPath(document, action, buffer, length)
            url = buffer.value.decode("utf-8", "replace")
            if url.startswith(("http://", "https://", "mailto:")):
                yield place((rect.left, rect.bottom, rect.right, rect.top)), url
