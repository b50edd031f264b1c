"""The facts of an open document that a scan reports: pages, labels, outline, language, and its caveats."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
from collections.abc import Callable

import pikepdf
import pypdfium2
from pikepdf import Name
from pypdfium2 import raw

from batchdeck.domain.documents import Caveat, Document, Outline, OutlineEntry, PageFacts, Sha256
from batchdeck.pdf.caveats import Structure, inspect
from batchdeck.pdf.content import shows_text
from batchdeck.pdf.open import Source
from batchdeck.pdf.pdfium import PDFIUM, Unopenable

MOST_OUTLINE_ENTRIES = 10_000
_DEEPEST_OUTLINE = 15
_LONGEST_TEXT = 1_000
"""Characters of one title or label that are kept."""


def read_facts(source: Source, path: str, digest: Sha256, size: int, page_bytes: int) -> Document:
    """Return what a scan says of an open document.

    Args:
        size: bytes of the file.
        page_bytes: a single-page PDF larger than this is a caveat.

    Raises:
        Unopenable: no page can be opened by any library.
    """
    repaired = source.repaired
    try:
        structure = inspect(source, size, page_bytes)
    except Exception:  # hostile structure fails in any way; the pages may still be good
        structure, repaired = Structure(), True
    with PDFIUM:
        pages = tuple(
            _page_facts(source, index, is_giant=index in structure.giant_pages)
            for index in range(source.page_count)
        )
        if source.qpdf is None and not any(page.width for page in pages):
            raise Unopenable("none of its pages can be opened")
        caveats = set(structure.caveats)
        if repaired:
            caveats.add(Caveat.REPAIRED)
        if not structure.giant_pages and not any(page.has_text for page in pages):
            caveats.add(Caveat.NO_TEXT_LAYER)
        return Document(
            path=path,
            sha256=digest,
            size=size,
            pages=pages,
            title=_bounded(lambda: source.pdfium.get_metadata_value("Title")),
            language=_language(source),
            outline=_outline(source),
            encrypted=source.encrypted,
            password=source.password if source.encrypted else "",
            attachments=max(0, source.pdfium.count_attachments()),
            caveats=tuple(caveat for caveat in Caveat if caveat in caveats),
        )


def _page_facts(source: Source, index: int, *, is_giant: bool) -> PageFacts:
    """Return what is known of one page. pdfium opens it only where qpdf's look at it settles too little."""
    page = source.qpdf.pages[index] if source.qpdf is not None else None
    label = _label(page) or str(index + 1)
    rotation = _rotation(page)
    has_text = False if is_giant else _shows_text(page)
    try:
        width, height = source.pdfium.get_page_size(index)
        if rotation is None or has_text is None:
            with contextlib.closing(source.pdfium[index]) as opened:
                rotation = opened.get_rotation()
                with contextlib.closing(opened.get_textpage()) as textpage:
                    has_text = bool(textpage.get_text_range().strip())
    except pypdfium2.PdfiumError:  # one page that cannot be opened is no reason to refuse the others
        return PageFacts(index + 1, label, 0.0, 0.0, rotation or 0, has_text=False)
    return PageFacts(index + 1, label, width, height, rotation, has_text)


def _label(page: pikepdf.Page | None) -> str:
    """Return the printed label of a page. Asked of qpdf: a loop among labels ends pdfium's process."""
    if page is not None:
        # Absurd labels (page two thousand million in Roman numerals) raise whatever they like.
        with contextlib.suppress(Exception):
            return str(page.label)[:_LONGEST_TEXT].strip()
    return ""


def _bounded(read: Callable[[], str]) -> str:
    """Return a text of the document, cut to a sane length; empty where it is no text at all."""
    try:
        return read()[:_LONGEST_TEXT].strip()
    except UnicodeDecodeError:
        return ""


def _rotation(page: pikepdf.Page | None) -> int | None:
    if page is None:
        return None
    rotation = page.obj.get(Name.Rotate, 0)
    return rotation // 90 % 4 * 90 if isinstance(rotation, int) else 0


def _shows_text(page: pikepdf.Page | None) -> bool | None:
    """Say whether a page shows characters, or None where its instructions do not settle it."""
    if page is not None:
        with contextlib.suppress(Exception):  # hostile structure fails in any way: pdfium settles it
            return shows_text(page.obj)
    return None


def _outline(source: Source) -> Outline:
    entries = []
    for bookmark in itertools.islice(source.pdfium.get_toc(_DEEPEST_OUTLINE), MOST_OUTLINE_ENTRIES):
        dest = bookmark.get_dest()
        index = dest.get_index() if dest is not None else None
        title = _bounded(bookmark.get_title)
        entries.append(OutlineEntry(bookmark.level + 1, title, None if index is None else index + 1))
    return tuple(entries)


def _language(source: Source) -> str:
    length = raw.FPDFCatalog_GetLanguage(source.pdfium, None, 0)
    if not 2 < length <= _LONGEST_TEXT:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFCatalog_GetLanguage(source.pdfium, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), length)
    return buffer.raw[: length - 2].decode("utf-16-le", "replace").strip()
