"""Which words of a page carry a link: those under its link annotations, or else those printed in blue.

A page that was taken out of its document often comes without its links; the request then lists their targets.
Blue words are taken for them only if there are as many as targets.
"""

from __future__ import annotations

import ctypes
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pypdfium2
from pypdfium2 import raw

from batchdeck.pdf.lines import placing
from batchdeck.sandbox.engine.inline import link_form
from batchdeck.sandbox.engine.shapes import Box, Piece, united

_MOST_LINKS = 500
_MOST_URL_BYTES = 2_048
_MOST_CHARACTERS = 50_000
_RUN = re.compile(r"b(?:[bsn]*b)?")
_ROW = re.compile(r"b(?:[bs]*b)?")
_BLUER = 40
"""How much bluer than red and green, of 255, words must be to be taken for a link."""


@dataclass(frozen=True, slots=True)
class LinkedWords:
    """Words on one row, where they stand, and where they lead."""

    text: str
    box: Box
    url: str


def find_links(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, targets: Sequence[str]
) -> list[LinkedWords]:
    """Return the words that carry links. The caller holds the lock of pdfium.

    Args:
        document: where the page is from.
        page: the page.
        targets: link targets that the request lists, in reading order.
    """
    textpage = page.get_textpage()
    try:
        found = list(_annotated(document, page, textpage))
        return found or _blue(page, textpage, targets)
    finally:
        textpage.close()


def _annotated(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage
) -> Iterator[LinkedWords]:
    place = placing(page)
    position = ctypes.c_int(0)
    link = raw.FPDF_LINK()
    for _ in range(_MOST_LINKS):
        if not raw.FPDFLink_Enumerate(page, position, link):
            return
        url = _url(document, link)
        rect = raw.FS_RECTF()
        if not url or not raw.FPDFLink_GetAnnotRect(link, rect):
            continue
        corners = rect.left, rect.bottom, rect.right, rect.top
        for line in textpage.get_text_bounded(*corners).splitlines():
            yield LinkedWords(line.strip(), place(corners), url)


def _url(document: pypdfium2.PdfDocument, link: raw.FPDF_LINK) -> str:
    action = raw.FPDFLink_GetAction(link)
    length = raw.FPDFAction_GetURIPath(document, action, None, 0) if action else 0
    if not 1 < length <= _MOST_URL_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFAction_GetURIPath(document, action, buffer, length)
    url = buffer.value.decode("utf-8", "replace")
    return url if url.startswith(("http://", "https://", "mailto:")) else ""


def _blue(
    page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, targets: Sequence[str]
) -> list[LinkedWords]:
    if not targets:
        return []
    forms = {link_form(url) for url in targets}
    place = placing(page)
    runs: list[list[LinkedWords]] = []
    for run in _RUN.finditer(kinds := _kinds(textpage)):
        rows = [
            LinkedWords(textpage.get_text_range(start, stop - start), _box(textpage, start, stop, place), "")
            for start, stop in (row.span() for row in _ROW.finditer(kinds, *run.span()))
        ]
        if link_form("".join(row.text for row in rows)) in forms:
            forms.discard(link_form("".join(row.text for row in rows)))  # an address that stands for itself
        else:
            runs.append(rows)
    missing = [url for url in targets if link_form(url) in forms]
    if len(runs) != len(missing):
        return []
    return [replace(row, url=url) for rows, url in zip(runs, missing, strict=True) for row in rows]


def _kinds(textpage: pypdfium2.PdfTextPage) -> str:
    """Return a letter for each character of a page: blue, space, new line or other."""
    kinds = []
    for index in range(min(textpage.count_chars(), _MOST_CHARACTERS)):
        char = chr(raw.FPDFText_GetUnicode(textpage, index))
        if char in "\r\n":
            kinds.append("n")
        elif char.isspace():
            kinds.append("s")
        else:
            kinds.append("b" if _is_blue(textpage, index) else "o")
    return "".join(kinds)


def _is_blue(textpage: pypdfium2.PdfTextPage, index: int) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFText_GetFillColor(textpage, index, red, green, blue, alpha):
        return False
    return blue.value > _BLUER + max(red.value, green.value)


def _box(textpage: pypdfium2.PdfTextPage, start: int, stop: int, place: Callable[[Box], Box]) -> Box:
    return united(place(textpage.get_charbox(index, loose=True)) for index in (start, stop - 1))


def with_links(piece: Piece, links: Sequence[LinkedWords]) -> Iterator[Piece]:
    """Yield a piece in parts, so that each carries one link or none."""
    owners: list[str] = [""] * len(piece.text)
    for link in links:
        start = _find(piece, link)
        if start is not None:
            owners[start : start + len(link.text)] = [link.url] * len(link.text)
    for number in range(1, len(owners) - 1):  # the spaces between two words of one link belong to it
        if piece.text[number] == " " and owners[number - 1] == owners[number + 1]:
            owners[number] = owners[number - 1]
    start = 0
    x0, y0, x1, y1 = piece.box
    width = (x1 - x0) / max(len(piece.text), 1)
    for url, group in itertools.groupby(owners):
        stop = start + len(list(group))
        text = piece.text[start:stop]
        if text.strip():
            has_space = piece.after_space if start == 0 else (" " in (text[0], piece.text[start - 1]))
            box = (x0 + width * start, y0, x0 + width * stop, y1)
            yield replace(piece, text=text.strip(), box=box, link=url, after_space=has_space)
        start = stop


def _find(piece: Piece, link: LinkedWords) -> int | None:
    """Return where in a piece the words of a link begin: of all places the one nearest to where they are."""
    x0, y0, x1, y1 = piece.box
    middle = (link.box[1] + link.box[3]) / 2
    if not link.text or not y0 <= middle <= y1 or link.box[2] < x0 or link.box[0] > x1:
        return None
    expected = (link.box[0] - x0) / max(x1 - x0, 1e-6) * len(piece.text)
    places = [match.start() for match in re.finditer(re.escape(link.text), piece.text)]
    return min(places, key=lambda place: abs(place - expected), default=None)
