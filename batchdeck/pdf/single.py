"""One page out of a qpdf document, as a PDF of its own: what travels with the page and what stays behind."""

from __future__ import annotations

from typing import Any

import pikepdf
from pikepdf import Name

from batchdeck.pdf.annotations import carry_annotations, copied
from batchdeck.pdf.qpdf import written

PRUNE_NAMED_BYTES = 250_000
"""A page that names several pictures of this size together is searched for those that it never uses: scans
often share one resource dictionary among all pages, so that each page would carry the whole file."""
PRUNE_PAGE_BYTES = 1_000_000
"""A page that comes out larger than this is searched for any unused resource. Below, on 548 real pages, the
search found 14 bytes and doubled the time."""

_LEFT_BEHIND = (
    Name.Annots,
    Name.AA,
    Name.AF,
    Name.B,
    Name.Parent,
    Name.PieceInfo,
    Name.StructParents,
    Name.Thumb,
)
"""What a page does not take along: threads through other pages, previews, attached files, an
editor's private data."""


def single_page(source: pikepdf.Pdf, index: int) -> bytes:
    """Return a page as a PDF: decrypted, with its forms and layers, without links; the same bytes each time.

    Args:
        source: the open document; small helper objects are added to it, which are never saved.
        index: 0-based page.

    Raises:
        pikepdf.PdfError: the page is damaged.
    """
    page = source.pages[index].obj
    bare = pikepdf.Dictionary({key: page[key] for key in page.keys() if key not in _LEFT_BEHIND})  # noqa: SIM118
    with pikepdf.new() as single:
        single.pages.append(pikepdf.Page(copied(source, bare, single)))
        carry_annotations(source, page.get(Name.Annots), single)
        layers = source.Root.get(Name.OCProperties)
        if layers is not None:
            single.Root.OCProperties = copied(source, layers, single)
        own = single.pages[0]
        named = _named(own, Name.XObject)
        for one in named:
            _unwrap_filter(one)
        is_pruned = len(named) > 1 and _stored(named) > PRUNE_NAMED_BYTES
        if is_pruned:
            own.remove_unreferenced_resources()
        data = written(single)
        if len(data) > PRUNE_PAGE_BYTES and not is_pruned and len(named) + len(_named(own, Name.Font)) > 1:
            own.remove_unreferenced_resources()
            data = written(single)
    return data


def _named(page: pikepdf.Page, kind: pikepdf.Name) -> list[pikepdf.Object]:
    """Return the resources of one kind that a page names, used or not."""
    resources = page.obj.get(Name.Resources)
    named = resources.get(kind) if isinstance(resources, pikepdf.Dictionary) else None
    return [one for _, one in named.items()] if isinstance(named, pikepdf.Dictionary) else []


def _stored(objects: list[pikepdf.Object]) -> int:
    return sum(int(one.Length) for one in objects if isinstance(one, pikepdf.Stream))


def _unwrap_filter(stream: pikepdf.Object) -> None:
    """Write a list of one filter as that filter: qpdf would inflate and deflate a listed one, which took a
    second for one picture of 243 MB, and a millisecond so."""
    if not isinstance(stream, pikepdf.Stream):
        return
    for key in (Name.Filter, Name.DecodeParms):
        value = stream.get(key)
        if isinstance(value, pikepdf.Array) and len(value) == 1:
            only: Any = value[0]
            if only is None:
                del stream[key]
            else:
                stream[key] = only
