"""A scan: pages without a text layer, as a copier makes them. A picture of each page, a little crooked."""

from __future__ import annotations

import math

import pypdfium2

from batchdeck.pdf.pdfium import PDFIUM, open_pdfium
from batchdeck.sandbox.samples.pdf import Document, Page, stream, write_document

_DPI = 130
_INK = 150
"""Darker than this is ink."""
_ANGLE = 0.6
"""Degrees by which the paper lay askew."""
_DUST = 9_973
"""Every so many pixels there is a speck."""


def scanned(pdf: bytes) -> bytes:
    """Return a document as if it had been printed and scanned: black and white, askew, specks of dust."""
    scan = Document("", language="en-GB")
    with PDFIUM:
        document = open_pdfium(pdf)
        for page in document:
            width, height = page.get_size()
            turn = math.radians(_ANGLE)
            scan.pages.append(
                Page(
                    width,
                    height,
                    operators=[
                        f"q {width * math.cos(turn):.3f} {width * math.sin(turn):.3f} "
                        f"{-height * math.sin(turn):.3f} {height * math.cos(turn):.3f} 0 0 cm /Im0 Do Q"
                    ],
                    image=_picture(page),
                )
            )
        document.close()
    return write_document(scan)


def _picture(page: pypdfium2.PdfPage) -> bytes:
    """Return a page as an image object of one bit a pixel, in runs of equal bytes."""
    bitmap = page.render(scale=_DPI / 72, grayscale=True)
    rows = bytearray()
    for top in range(bitmap.height):
        line = bytes(bitmap.buffer)[top * bitmap.stride :][: bitmap.width]
        rows += _packed(line, top * bitmap.width)
    entries = (
        f"/Type /XObject /Subtype /Image /Width {bitmap.width} /Height {bitmap.height} "
        "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /RunLengthDecode"
    )
    return stream(_run_lengths(bytes(rows)), entries)


def _packed(line: bytes, place: int) -> bytes:
    """Return a row of gray values as bits, white where there is neither ink nor dust."""
    bits = "".join("0" if value < _INK or (place + x) % _DUST == 0 else "1" for x, value in enumerate(line))
    bits = bits.ljust(-(-len(bits) // 8) * 8, "1")
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _run_lengths(data: bytes) -> bytes:
    """Return data in PDF's run-length encoding: a count below 128 before bytes as they are, or 257 minus the
    count before one byte that is repeated."""
    out = bytearray()
    place = 0
    while place < len(data):
        run = 1
        while run < 128 and place + run < len(data) and data[place + run] == data[place]:
            run += 1
        if run > 2:
            out += bytes((257 - run, data[place]))
            place += run
            continue
        start = place
        while (
            place < len(data)
            and place - start < 128
            and data[place : place + 3] != data[place : place + 1] * 3
        ):
            place += 1
        out += bytes((place - start - 1,)) + data[start:place]
    return bytes(out) + b"\x80"
