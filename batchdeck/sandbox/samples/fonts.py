"""The standard fonts the samples are set in, and the widths of their letters. No font is embedded."""

from __future__ import annotations

import ctypes
import functools
import operator
from collections.abc import Iterable
from enum import StrEnum

import pypdfium2
from pypdfium2 import raw

from batchdeck.pdf.pdfium import PDFIUM

ENCODING = "cp1252"
"""The letters that WinAnsiEncoding has."""


class Font(StrEnum):
    """A font by its PDF name; each is one of the 14 that every PDF reader has."""

    ROMAN = "Times-Roman"
    ROMAN_BOLD = "Times-Bold"
    ROMAN_ITALIC = "Times-Italic"
    SANS = "Helvetica"
    SANS_BOLD = "Helvetica-Bold"
    TYPEWRITER = "Courier"

    @property
    def resource(self) -> str:
        """Its name in a page's resources."""
        return f"F{list(Font).index(self)}"


@functools.cache
def letter_width(font: Font, letter: str) -> float:
    """Return the width of a letter in thousandths of the size."""
    width = ctypes.c_float()
    if not raw.FPDFFont_GetGlyphWidth(_loaded(font), ord(letter), 1000.0, width):
        raise ValueError(f"{font} has no {letter!r}")
    return float(round(width.value))


@functools.cache
def _loaded(font: Font) -> raw.FPDF_FONT:
    with PDFIUM:
        return raw.FPDFText_LoadStandardFont(_scratch().raw, font.encode())


@functools.cache
def _scratch() -> pypdfium2.PdfDocument:
    """Return the document that the fonts belong to; it stays open for as long as they are needed."""
    return pypdfium2.PdfDocument.new()


def text_width(font: Font, size: float, text: str) -> float:
    """Return the width of a text in points."""
    return sum(letter_width(font, letter) for letter in text) * size / 1000


def total_width(widths: Iterable[float]) -> float:
    """Return the sum of lengths, added one by one: `sum` rounds otherwise since Python 3.12, and the samples
    are the same bytes under every version."""
    return functools.reduce(operator.add, widths, 0.0)
