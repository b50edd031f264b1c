"""A first look at a file's structure, remembered, since every reader of the file needs it: how many pages it
really has, and which of them must not be opened in pdfium."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

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
            giants = frozenset(index for index, page in enumerate(qpdf.pages) if is_giant(page.obj))
            return Glance(len(qpdf.pages), giants)
