"""One page out of a qpdf document, as a PDF of its own: what travels with the page and what stays behind."""

from __future__ import annotations

import pikepdf
from pikepdf import Name

from batchdeck.pdf.annotations import carry_annotations, copied
from batchdeck.pdf.open import written

PRUNE_NAMED_BYTES = 250_000
"""A page that names pictures of this size is searched for those that it never uses: scans often share one
resource dictionary among all pages, so that each page would carry the whole file."""
PRUNE_PAGE_BYTES = 1_000_000
"""A page that comes out larger than this is searched for any unused resource. Below, on 548 real pages, the
search found 14 bytes and doubled the time."""

_LEFT_BEHIND = (Name.Annots, Name.AA, Name.B, Name.Parent, Name.PieceInfo, Name.StructParents, Name.Thumb)
"""What a page does not take along: threads through other pages, previews, an editor's private data."""


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
        is_pruned = _named_bytes(own) > PRUNE_NAMED_BYTES
        if is_pruned:
            own.remove_unreferenced_resources()
        data = written(single)
        if len(data) > PRUNE_PAGE_BYTES and not is_pruned:
            own.remove_unreferenced_resources()
            data = written(single)
    return data


def _named_bytes(page: pikepdf.Page) -> int:
    """Return the stored size of the pictures and forms that a page names, used or not."""
    resources = page.obj.get(Name.Resources)
    named = resources.get(Name.XObject) if isinstance(resources, pikepdf.Dictionary) else None
    if not isinstance(named, pikepdf.Dictionary):
        return 0
    streams = (named[key] for key in named.keys())  # noqa: SIM118
    return sum(int(stream.Length) for stream in streams if isinstance(stream, pikepdf.Stream))
