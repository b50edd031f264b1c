"""A first look at a file's structure, remembered, since every reader of the file needs it: how many pages it
really has, which of them must not be opened in pdfium, and which lead to the web."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

import pikepdf
from pikepdf import Name

from batchdeck.pdf.content import is_giant
from batchdeck.pdf.pdfium import WrongPassword
from batchdeck.pdf.qpdf import open_qpdf

_FILES_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class Glance:
    """What qpdf finds in a file."""

    page_count: int | None = None
    """None where qpdf cannot open the file."""
    giant_pages: frozenset[int] = frozenset()
    """0-based pages whose instructions are beyond all measure."""
    linking_pages: frozenset[int] = frozenset()
    """0-based pages with an annotation that leads to an address; most lead to other pages."""

    def may_link(self, index: int) -> bool:
        """Say whether a page (0-based) leads to an address, or whether that is not known."""
        return self.page_count is None or index in self.linking_pages


def glance(path: str, password: str = "") -> Glance:
    """Look at a file; worked out once per file and process, in about 0.1 ms a page.

    Raises:
        OSError: the file cannot be read.
    """
    status = os.stat(path)
    return _glance(path, password, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=_FILES_REMEMBERED)
def _glance(path: str, password: str, size: int, changed: int) -> Glance:
    with open(path, "rb") as file:
        try:
            qpdf = open_qpdf(file, password)
        except WrongPassword:  # pdfium may still read the password differently
            qpdf = None
        if qpdf is None:
            return Glance()
        with qpdf:
            pages = [page.obj for page in qpdf.pages]
            return Glance(
                len(pages),
                frozenset(index for index, page in enumerate(pages) if is_giant(page)),
                frozenset(index for index, page in enumerate(pages) if _links(page)),
            )


def _links(page: pikepdf.Object) -> bool:
    annotations = page.get(Name.Annots)
    if not isinstance(annotations, pikepdf.Array):
        return False
    try:
        return any(
            isinstance(each, pikepdf.Dictionary)
            and isinstance(action := each.get(Name.A), pikepdf.Dictionary)
            and Name.URI in action
            for each in annotations
        )
    except Exception:  # damaged structure fails in any way: whoever reads the page may find more in it
        return True
