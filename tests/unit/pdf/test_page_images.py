"""Pictures of pages: the right part at the right size, and never more pixels than allowed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from batchdeck.pdf.images import LONGEST_EDGE, MOST_PIXELS, crop, render_page
from batchdeck.pdf.pdfium import WrongPassword

Write = Callable[..., str]
Printed = Callable[..., bytes]

QUARTERS = b"1 0 0 rg 0 396 306 396 re f 0 1 0 rg 306 396 306 396 re f 0 0 1 rg 0 0 306 396 re f"
"""Red top left, green top right, blue bottom left, white bottom right."""


def opened(png: bytes) -> Image.Image:
    assert png.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(png))


def test_a_page_has_the_size_its_resolution_asks_for(write: Write, printed_pdf: Printed) -> None:
    picture = opened(render_page(write(printed_pdf([QUARTERS])), 1, dpi=36))
    assert picture.size == (306, 396)
    corners = [picture.getpixel(place) for place in ((5, 5), (300, 5), (5, 390), (300, 390))]
    assert corners == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]


def test_a_crop_counts_from_the_top_left(write: Write, printed_pdf: Printed) -> None:
    path = write(printed_pdf([QUARTERS]))
    picture = opened(crop(path, 1, (500, 0, 1000, 500), dpi=72))
    assert picture.size == (306, 396)
    assert picture.getpixel((150, 200)) == (0, 255, 0)
    assert opened(crop(path, 1, (0, 500, 500, 1000), dpi=72)).getpixel((150, 200)) == (0, 0, 255)
    assert min(opened(crop(path, 1, (0, 0, 1, 1), dpi=10)).size) >= 1


@pytest.mark.parametrize("box", [(0, 0, 0, 10), (10, 0, 5, 10), (0, 0, 1001, 10), (-1, 0, 10, 10)])
def test_boxes_outside_the_page_are_refused(
    box: tuple[int, int, int, int], write: Write, printed_pdf: Printed
) -> None:
    with pytest.raises(ValueError, match="not a box"):
        crop(write(printed_pdf([b""])), 1, box, dpi=72)


def test_numbers_outside_the_document(write: Write, printed_pdf: Printed) -> None:
    path = write(printed_pdf([b""]))
    for number in (0, 2):
        with pytest.raises(IndexError):
            render_page(path, number, dpi=10)


def test_enormous_pages_stay_within_the_limit(corpus: Path) -> None:
    width, height = opened(render_page(str(corpus / "enormous.pdf"), 1, dpi=10_000)).size
    assert width * height <= MOST_PIXELS * 1.01


def test_ribbons_stay_within_the_longest_edge(write: Write, raw_pdf: Callable[..., bytes]) -> None:
    path = write(raw_pdf({3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 14000 20]>>"}))
    width, height = opened(render_page(path, 1, dpi=300)).size
    assert width <= LONGEST_EDGE + 1
    assert height >= 1


def test_fields_of_forms_are_drawn(corpus: Path) -> None:
    path = str(corpus / "pdflatex-forms.pdf")
    with pypdfium2.PdfDocument(path) as document:
        without = document[0].render(rev_byteorder=True).to_pil().copy()
    with pypdfium2.PdfDocument(path) as document:
        document.init_forms()
        filled = document[0].render(rev_byteorder=True).to_pil().copy()
    assert without.tobytes() != filled.tobytes()
    assert opened(render_page(path, 1, dpi=72)).tobytes() == filled.tobytes()


def test_passwords(corpus: Path) -> None:
    path = str(corpus / "libreoffice-writer-password.pdf")
    with pytest.raises(WrongPassword):
        render_page(path, 1, dpi=20)
    assert opened(render_page(path, 1, dpi=20, password="openpassword")).size == (166, 234)
