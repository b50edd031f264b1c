"""Which pages of a file must not be opened in pdfium: remembered, since every reader of the file asks."""

from __future__ import annotations

import functools
import os

from batchdeck.pdf.content import is_giant
from batchdeck.pdf.open import open_qpdf
from batchdeck.pdf.pdfium import WrongPassword

_FILES_REMEMBERED = 8


def giant_pages(path: str, password: str = "") -> frozenset[int]:
    """Return the 0-based pages of a file whose instructions are beyond all measure.

    None where qpdf cannot open the file. Worked out once per file and process, in about 0.1 ms a page.
    """
    status = os.stat(path)
    return _giants(path, password, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=_FILES_REMEMBERED)
def _giants(path: str, password: str, size: int, changed: int) -> frozenset[int]:
    with open(path, "rb") as file:
        try:
            qpdf = open_qpdf(file, password)
        except WrongPassword:  # pdfium may still read the password differently
            qpdf = None
        if qpdf is None:
            return frozenset()
        with qpdf:
            return frozenset(index for index, page in enumerate(qpdf.pages) if is_giant(page.obj))
