"""What makes a usable document worth a second look before it is paid for, read from its structure by qpdf."""

from __future__ import annotations

from dataclasses import dataclass

import pikepdf
from pikepdf import Name

from batchdeck.domain.documents import Caveat
from batchdeck.pdf.content import is_giant, stored_size
from batchdeck.pdf.open import Source

LARGEST_PAGE_POINTS = 14_400
SMALLEST_PAGE_POINTS = 3
"""Sizes a page may have (PDF 32000-1, annex C.2)."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What a look at the structure of a document found."""

    caveats: tuple[Caveat, ...] = ()
    giant_pages: frozenset[int] = frozenset()
    """0-based pages whose content is better not opened."""


def inspect(source: Source, size: int, page_bytes: int) -> Structure:
    """Look for what renders as something else than the operator expects, or costs too much; nothing is found
    where qpdf cannot open the document.

    Args:
        size: bytes of the file.
        page_bytes: a single-page PDF larger than this is a caveat.
    """
    qpdf = source.qpdf
    if qpdf is None:
        return Structure()
    found: set[Caveat] = set()
    root = qpdf.Root
    form = root.get(Name.AcroForm)
    if isinstance(form, pikepdf.Dictionary) and Name.XFA in form:
        fields = form.get(Name.Fields)
        has_fields = isinstance(fields, pikepdf.Array) and len(fields) > 0
        if bool(root.get(Name.NeedsRendering)) or not has_fields:
            found.add(Caveat.DYNAMIC_XFA)
    if isinstance(root.get(Name.Collection), pikepdf.Dictionary):
        found.add(Caveat.PORTFOLIO)
    giants = set()
    for index, page in enumerate(qpdf.pages):
        if not all(_is_sound(page.obj[box]) for box in (Name.MediaBox, Name.CropBox) if box in page.obj):
            found.add(Caveat.ODD_PAGE_BOX)
        if is_giant(page.obj):
            giants.add(index)
        elif size > page_bytes and stored_size(page.obj) > page_bytes:
            found.add(Caveat.PAGE_OVER_LIMIT)
    if any("MediaBox" in warning for warning in source.warnings):  # qpdf puts a sound one in its place
        found.add(Caveat.ODD_PAGE_BOX)
    if giants:
        found.add(Caveat.GIANT_CONTENT)
    return Structure(tuple(sorted(found)), frozenset(giants))


def _is_sound(box: object) -> bool:
    """Say whether a page box has a size that pages have."""
    if not isinstance(box, pikepdf.Array) or len(box) != 4:
        return False
    left, bottom, right, top = (float(edge) for edge in box)
    return all(
        SMALLEST_PAGE_POINTS <= side <= LARGEST_PAGE_POINTS for side in (abs(right - left), abs(top - bottom))
    )
