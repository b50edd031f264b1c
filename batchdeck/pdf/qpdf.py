"""The one door to qpdf: opening a document, mending what can be mended, and writing it anew."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import BinaryIO

import pikepdf

from batchdeck.pdf.pdfium import WrongPassword

# Libraries that log about damaged input would otherwise write over the dashboard (logging's last resort).
for _library in ("pikepdf", "pypdf", "pypdfium2"):
    logging.getLogger(_library).addHandler(logging.NullHandler())


def open_qpdf(source: BinaryIO, password: str) -> pikepdf.Pdf | None:
    """Open a document with qpdf, which mends what it can; None where it cannot, or finds no page.

    Raises:
        WrongPassword: it is encrypted and this password does not open it.
    """
    for spelling in _spellings(password):
        try:
            document = pikepdf.open(source, password=spelling, access_mode=pikepdf.AccessMode.mmap)
            if len(document.pages):
                return document
            document.close()
        except pikepdf.PasswordError:
            continue
        except Exception:  # hostile input fails in any way; other libraries are tried
            return None
        return None
    raise WrongPassword


def _spellings(password: str) -> list[str | bytes]:
    """Return a password as old and as new encryption spell it (Latin-1, UTF-8)."""
    with contextlib.suppress(UnicodeEncodeError):
        if not password.isascii():
            return [password, password.encode("latin-1")]
    return [password]


def written(qpdf: pikepdf.Pdf) -> bytes:
    """Return a document written anew: decrypted, mended, compact, and the same bytes each time (with a fixed
    identifier, as one made from the content costs a fifth of the time)."""
    out = io.BytesIO()
    if "/ID" in qpdf.trailer:
        del qpdf.trailer["/ID"]
    with warnings.catch_warnings():
        # Widgets that no form reaches are as unreachable in the original: nothing gets lost.
        warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
        qpdf.save(
            out,
            encryption=False,
            static_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return out.getvalue()
