"""What makes a usable document worth a second look before it is paid for, read from its structure by qpdf."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf
from pikepdf import Name

from batchdeck.domain.documents import Caveat
from batchdeck.pdf.single import single_page

GIANT_CONTENT_BYTES = 75_000_000
"""Drawing instructions of one page beyond this are no print: 1,000 pages of dense text have as many."""
LARGEST_PAGE_POINTS = 14_400
SMALLEST_PAGE_POINTS = 3
"""Sizes a page may have (PDF 32000-1, annex C.2)."""
_DEFLATE_AT_BEST = 1_032
_OTHERS_AT_BEST = 64
"""Ratios by which deflate, and run lengths, can shrink anything: small streams need not be inflated."""
_DEEPEST_FORM = 8


@dataclass(frozen=True, slots=True)
class Structure:
    """What a look at the structure of a document found."""

    caveats: tuple[Caveat, ...] = ()
    giant_pages: frozenset[int] = frozenset()
    """0-based pages whose content is better not opened."""


def inspect(qpdf: pikepdf.Pdf, size: int, page_bytes: int) -> Structure:
    """Look for what renders as something else than the operator expects, or costs too much.

    Args:
        size: bytes of the file.
        page_bytes: a single-page PDF larger than this is a caveat.
    """
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
        if _has_giant_content(page.obj):
            giants.add(index)
        elif size > page_bytes and len(single_page(qpdf, index)) > page_bytes:
            found.add(Caveat.PAGE_OVER_LIMIT)
    if any("MediaBox" in warning for warning in qpdf.get_warnings()):  # qpdf puts a sound one in its place
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


def _has_giant_content(page: pikepdf.Object) -> bool:
    """Say whether a page's content, with the forms it may draw, inflates beyond all measure."""
    streams = list(_content_streams(page))
    if sum(_greatest_size(stream) for stream in streams) <= GIANT_CONTENT_BYTES:
        return False
    total = 0
    for stream in streams:
        total += _decoded_size(stream, GIANT_CONTENT_BYTES - total + 1)
        if total > GIANT_CONTENT_BYTES:
            return True
    return False


def _content_streams(page: pikepdf.Object) -> Iterator[pikepdf.Stream]:
    contents = page.get(Name.Contents)
    for part in contents if isinstance(contents, pikepdf.Array) else [contents]:
        if isinstance(part, pikepdf.Stream):
            yield part
    yield from _forms_below(page, set(), _DEEPEST_FORM)


def _forms_below(holder: pikepdf.Object, seen: set[tuple[int, int]], depth: int) -> Iterator[pikepdf.Stream]:
    resources = holder.get(Name.Resources)
    named = resources.get(Name.XObject) if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary) or depth == 0:
        return
    for _, form in named.items():
        if (
            isinstance(form, pikepdf.Stream)
            and form.get(Name.Subtype) == Name.Form
            and form.objgen not in seen
        ):
            seen.add(form.objgen)
            yield form
            yield from _forms_below(form, seen, depth - 1)


def _filters(stream: pikepdf.Stream) -> list[object]:
    filters = stream.get(Name.Filter)
    if filters is None:
        return []
    return list(filters) if isinstance(filters, pikepdf.Array) else [filters]


def _greatest_size(stream: pikepdf.Stream) -> int:
    """Return how many bytes a stream can hold at most, from its stored size and its filters."""
    size = int(stream.Length)
    for name in _filters(stream):
        size *= _DEFLATE_AT_BEST if name == Name.FlateDecode else _OTHERS_AT_BEST
    return size


def _decoded_size(stream: pikepdf.Stream, most: int) -> int:
    """Return how many bytes a deflated stream holds, counted to about `most`; the most it can, if it is
    filtered otherwise."""
    filters = _filters(stream)
    if any(name != Name.FlateDecode for name in filters):
        return _greatest_size(stream)
    data = stream.read_raw_bytes()
    for _ in filters:
        try:
            data = zlib.decompressobj().decompress(data, most)
        except zlib.error:
            return len(data)
    return len(data)
