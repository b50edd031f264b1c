"""Link annotations: the web addresses a page leads to, in reading order."""

from __future__ import annotations

import codecs
import ctypes
import re

import pypdfium2
from pypdfium2 import raw

from batchdeck.pdf.lines import Box, placing

MOST_LINKS = 2_000
_MOST_BYTES = 8_192
_ALLOWED = re.compile(r"(?:https?|ftp|mailto|tel):", re.IGNORECASE)
_BARE_HOST = re.compile(r"www\.[^\s/]", re.IGNORECASE)
_SAME_ROW = 0.5
"""Links whose middles are closer than this share of their height stand on one row."""


def read_links(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> tuple[str, ...]:
    """Return the URLs of a page's link annotations, rows from the top, each from the left.

    Only addresses that a reader can follow anywhere: http, https, ftp, mailto, tel; a bare ``www.`` gets its
    ``http://``. Neighbours that lead to the same address count once. The caller holds the lock of pdfium.
    """
    place = placing(page)
    found: list[tuple[Box, str]] = []
    position = ctypes.c_int(0)
    link = raw.FPDF_LINK()
    while len(found) < MOST_LINKS and raw.FPDFLink_Enumerate(page, position, link):
        url = _url(document, link)
        rect = raw.FS_RECTF()
        if url and raw.FPDFLink_GetAnnotRect(link, rect):
            found.append((place((rect.left, rect.bottom, rect.right, rect.top)), url))
    urls: list[str] = []
    for url in _in_reading_order(found):
        if not urls or urls[-1] != url:
            urls.append(url)
    return tuple(urls)


def _url(document: pypdfium2.PdfDocument, link: raw.FPDF_LINK) -> str:
    action = raw.FPDFLink_GetAction(link)
    if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
        return ""
    length = raw.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < length <= _MOST_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFAction_GetURIPath(document, action, buffer, length)
    stored = buffer.raw[: length - 1]
    encoding = "utf-16" if stored.startswith(codecs.BOM_UTF16_BE) else "utf-8"
    url = "".join(char for char in stored.decode(encoding, "replace") if char.isprintable()).strip()
    if _BARE_HOST.match(url):
        return "http://" + url
    return url if _ALLOWED.match(url) else ""


def _in_reading_order(found: list[tuple[Box, str]]) -> list[str]:
    ordered: list[str] = []
    row: list[tuple[Box, str]] = []
    for box, url in sorted(found, key=lambda one: (one[0][1] + one[0][3]) / 2):
        if row and _middle(box) - _middle(row[0][0]) > _SAME_ROW * (row[0][0][3] - row[0][0][1]):
            ordered.extend(url for _, url in sorted(row, key=lambda one: one[0][0]))
            row = []
        row.append((box, url))
    ordered.extend(url for _, url in sorted(row, key=lambda one: one[0][0]))
    return ordered


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2
