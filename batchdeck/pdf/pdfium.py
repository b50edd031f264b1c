"""The one door to pdfium: opening a document, and the lock that keeps its calls apart.

pdfium is not thread-safe, not even between two documents: every use of it in this package holds `PDFIUM`.
"""

from __future__ import annotations

import threading
from typing import BinaryIO

import pypdfium2
from pypdfium2.raw import FPDF_ERR_PASSWORD

PDFIUM = threading.RLock()
"""Held around every call into pdfium, and around the life of every object of it that is not kept."""


class WrongPassword(Exception):
    """The document is encrypted and this password does not open it."""


class Unopenable(Exception):
    """The library at hand cannot make a document of these bytes."""


def open_pdfium(source: bytes | BinaryIO, password: str = "") -> pypdfium2.PdfDocument:
    """Open a document; the caller holds `PDFIUM` and closes it. A stream must outlive the document.

    Raises:
        WrongPassword: it is encrypted and the password is not the user's or the owner's.
        Unopenable: damaged beyond what pdfium mends, or without a page.
    """
    try:
        return pypdfium2.PdfDocument(source, password=password or None)
    except pypdfium2.PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD and _needs_password(source, password):
            raise WrongPassword from error
        raise Unopenable(str(error)) from error


def _needs_password(source: bytes | BinaryIO, password: str) -> bool:
    """Say whether that is what pdfium means: of a document refused without a reason, such as one without a
    page, it gives the reason of whichever was refused before."""
    code = 0
    for each in (b"", source):  # the first is refused for another reason
        try:
            pypdfium2.PdfDocument(each, password=password or None).close()
        except pypdfium2.PdfiumError as error:
            code = error.err_code
    return bool(code == FPDF_ERR_PASSWORD)
