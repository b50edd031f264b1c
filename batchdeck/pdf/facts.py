"""The facts of an open document that a scan reports: pages, labels, outline, language, and what to look at
before it is paid for."""

from __future__ import annotations

import ctypes

from pypdfium2 import raw

from batchdeck.domain.documents import Caveat, Document, OutlineEntry, PageFacts, Sha256
from batchdeck.pdf.open import Source
from batchdeck.pdf.pdfium import PDFIUM


def read_facts(source: Source, path: str, digest: Sha256, size: int, page_bytes: int) -> Document:
    """Return what a scan says of an open document."""
    with PDFIUM:
        pages = tuple(_page_facts(source, index) for index in range(source.page_count))
        outline = _outline(source)
        title = source.pdfium.get_metadata_value("Title")
        language = _language(source)
        attachments = source.pdfium.count_attachments()
    caveats = []
    if source.repaired:
        caveats.append(Caveat.REPAIRED)
    if not any(page.has_text for page in pages):
        caveats.append(Caveat.NO_TEXT_LAYER)
    return Document(
        path=path,
        sha256=digest,
        size=size,
        pages=pages,
        title=title,
        language=language,
        outline=outline,
        encrypted=source.encrypted,
        password=source.password,
        attachments=attachments,
        caveats=tuple(caveats),
    )


def _page_facts(source: Source, index: int) -> PageFacts:
    width, height = source.pdfium.get_page_size(index)
    page = raw.FPDF_LoadPage(source.pdfium, index)
    try:
        rotation = raw.FPDFPage_GetRotation(page) * 90
        has_text = any(
            raw.FPDFPageObj_GetType(raw.FPDFPage_GetObject(page, at))
            in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_FORM)
            for at in range(raw.FPDFPage_CountObjects(page))
        )
    finally:
        raw.FPDF_ClosePage(page)
    label = source.pdfium.get_page_label(index) or str(index + 1)
    return PageFacts(index + 1, label, width, height, rotation, has_text)


def _outline(source: Source) -> tuple[OutlineEntry, ...]:
    entries = []
    for bookmark in source.pdfium.get_toc():
        dest = bookmark.get_dest()
        page = dest.get_index() if dest is not None else None
        entries.append(
            OutlineEntry(bookmark.level + 1, bookmark.get_title(), None if page is None else page + 1)
        )
    return tuple(entries)


def _language(source: Source) -> str:
    length = raw.FPDFCatalog_GetLanguage(source.pdfium, None, 0)
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFCatalog_GetLanguage(source.pdfium, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), length)
    return buffer.raw[: max(length - 2, 0)].decode("utf-16-le", "replace")
