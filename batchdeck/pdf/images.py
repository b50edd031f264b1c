"""Pictures of pages and of parts of them, as PNG, rendered by pdfium; never more pixels than a limit."""

from __future__ import annotations

import io
import math

import pypdfium2
from pypdfium2.raw import FORMTYPE_NONE

from batchdeck.pdf.glance import glance
from batchdeck.pdf.open import pdfium_document
from batchdeck.pdf.pdfium import PDFIUM, Unopenable

MOST_PIXELS = 16_000_000
"""Pixels of one picture at most (64 MB while it is drawn); a larger page is drawn at a lower resolution."""
LONGEST_EDGE = 8_000
"""Pixels along one side at most (public API reference: larger pictures are refused)."""
_FEWEST_PIXELS = 2
_POINTS_PER_INCH = 72
_THOUSANDTHS = 1000


def render_page(path: str, number: int, *, dpi: int, password: str = "") -> bytes:
    """Return a page, with its annotations, as a PNG.

    Args:
        path: the document.
        number: 1-based page.
        dpi: pixels an inch, lowered where the picture would exceed `MOST_PIXELS`.
        password: opens the document where it is encrypted.

    Raises:
        IndexError, WrongPassword, Unopenable, OSError: as `crop`.
    """
    return crop(path, number, (0, 0, _THOUSANDTHS, _THOUSANDTHS), dpi=dpi, password=password)


def crop(
    path: str, number: int, bbox_thousandths: tuple[int, int, int, int], *, dpi: int, password: str = ""
) -> bytes:
    """Return a part of a page as a PNG.

    Args:
        bbox_thousandths: (x0, y0, x1, y1) in thousandths of the page's width and height, from its top left.

    Raises:
        ValueError: the box is empty or leaves the page.
        IndexError: the document has no such page.
        Unopenable: the file or the page cannot be opened, or the page is too large to be drawn.
        WrongPassword, OSError: the file cannot be opened.
    """
    x0, y0, x1, y1 = bbox_thousandths
    if not (0 <= x0 < x1 <= _THOUSANDTHS and 0 <= y0 < y1 <= _THOUSANDTHS):
        raise ValueError(f"not a box within the page: {bbox_thousandths}")
    if number - 1 in glance(path, password).giant_pages:
        raise Unopenable(f"the content of page {number} is too large to be drawn")
    with PDFIUM, pdfium_document(path, password) as document:
        if not 1 <= number <= len(document):
            raise IndexError(f"page {number} of {len(document)}")
        if document.get_formtype() != FORMTYPE_NONE:
            document.init_forms()  # before the page is opened, or its fields stay empty
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError as error:
            raise Unopenable(f"page {number} cannot be opened") from error
        width, height = page.get_size()
        if not width * height:
            raise Unopenable(f"page {number} has no size")
        across, down = width * (x1 - x0) / _THOUSANDTHS, height * (y1 - y0) / _THOUSANDTHS
        wanted = max(dpi / _POINTS_PER_INCH, _FEWEST_PIXELS / min(across, down))
        scale = min(wanted, math.sqrt(MOST_PIXELS / (across * down)), LONGEST_EDGE / max(across, down))
        cut = (width * x0, height * (_THOUSANDTHS - y1), width * (_THOUSANDTHS - x1), height * y0)
        bitmap = page.render(scale=scale, crop=tuple(edge / _THOUSANDTHS for edge in cut), rev_byteorder=True)
        picture = bitmap.to_pil()
        out = io.BytesIO()
        picture.save(out, "PNG")
    return out.getvalue()
