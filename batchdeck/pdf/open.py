"""Opening a source file in whichever way works: pdfium for speed, qpdf for the truth about pages and for
repairs, pypdf as the last resort."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import pikepdf
import pypdfium2
from pypdfium2.raw import FPDF_REMOVE_SECURITY, FPDF_GetSecurityHandlerRevision

from batchdeck.pdf.glance import glance
from batchdeck.pdf.pdfium import PDFIUM, Unopenable, WrongPassword, open_pdfium
from batchdeck.pdf.qpdf import open_qpdf, written


class NoPages(Unopenable):
    """The document is sound but has no page."""


class Source:
    """One document, open in the libraries that can read it. A context manager; not for several threads.

    Attributes:
        qpdf: the document as pikepdf sees it, or None where qpdf cannot read it.
        pdfium: the same document as pdfium sees it, with as many pages.
        repaired: whether some library had to mend it, so that another may fail on the original bytes.
        warnings: what qpdf found wrong while it opened the document.
    """

    def __init__(
        self,
        qpdf: pikepdf.Pdf | None,
        pdfium: pypdfium2.PdfDocument,
        *,
        encrypted: bool,
        password: str,
        repaired: bool,
        warnings: Sequence[str] = (),
    ) -> None:
        self.qpdf = qpdf
        self.pdfium = pdfium
        self.encrypted = encrypted
        self.password = password
        self.repaired = repaired
        self.warnings = tuple(warnings)

    @property
    def page_count(self) -> int:
        with PDFIUM:
            return len(self.pdfium)

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the document."""
        with PDFIUM:
            self.pdfium.close()
        if self.qpdf is not None:
            self.qpdf.close()


def open_source(data: bytes, password: str = "") -> Source:
    """Open a document from its bytes.

    Raises:
        WrongPassword: it is encrypted and this password does not open it.
        NoPages: it is sound but empty.
        Unopenable: no library finds a page in it.
    """
    qpdf = pdfium = None
    is_locked = False
    try:
        qpdf = open_qpdf(io.BytesIO(data), password)
    except WrongPassword:
        is_locked = True
    try:
        pdfium = _pdfium_or_none(data, password)
    except WrongPassword:
        is_locked = True
    if qpdf is None and pdfium is None:
        if is_locked:
            raise WrongPassword
        return _rescued(data, password)
    if qpdf is None:
        assert pdfium is not None
        with PDFIUM:
            encrypted = FPDF_GetSecurityHandlerRevision(pdfium) >= 0
        return Source(None, pdfium, encrypted=encrypted, password=password, repaired=True)
    complaints = qpdf.get_warnings()  # they are told once only
    repaired = any("damaged" in complaint for complaint in complaints)
    if pdfium is None or len(pdfium) != len(qpdf.pages):
        # pdfium believes the page tree's /Count; qpdf has walked the tree.
        pdfium = _pdfium_or_none(written(qpdf), "")
        repaired = True
    if pdfium is None:
        qpdf.close()
        raise Unopenable("pdfium refuses even the repaired document")
    return Source(
        qpdf,
        pdfium,
        encrypted=qpdf.is_encrypted,
        password=password,
        repaired=repaired,
        warnings=complaints,
    )


@contextlib.contextmanager
def pdfium_document(path: str, password: str = "") -> Iterator[pypdfium2.PdfDocument]:
    """Open a file in pdfium for reading or rendering, by way of a repair where pdfium alone cannot.

    The caller holds `PDFIUM` around every use of the document.

    Raises:
        WrongPassword, Unopenable, OSError: as `open_source`, or as the system.
    """
    with open(path, "rb") as file:
        document = _pdfium_as_qpdf_sees_it(path, file, password)
        if document is None:
            file.seek(0)
            with open_source(file.read(), password) as source:
                yield source.pdfium
            return
        try:
            yield document
        finally:
            with PDFIUM:
                document.close()


def _pdfium_as_qpdf_sees_it(path: str, file: BinaryIO, password: str) -> pypdfium2.PdfDocument | None:
    """Open a file in pdfium; None where pdfium cannot, or counts other pages than qpdf does."""
    with PDFIUM:
        try:
            document = open_pdfium(file, password)
        except (Unopenable, WrongPassword):
            return None
        if glance(path, password).page_count in (None, len(document)):
            return document
        document.close()
    return None


def readable_copy(path: str, password: str = "") -> bytes:
    """Return a document written anew: decrypted, mended, and paged alike for all libraries.

    For files that a scan found encrypted or repaired: whatever opens them later needs no password and no
    second repair. The same bytes each time.

    Raises:
        WrongPassword, Unopenable, OSError: as `open_source`, or as the system.
    """
    with open(path, "rb") as file:
        data = file.read()
    with open_source(data, password) as source:
        if source.qpdf is not None:
            return written(source.qpdf)
        out = io.BytesIO()
        with PDFIUM:
            source.pdfium.save(out, flags=FPDF_REMOVE_SECURITY)
    with pikepdf.open(out) as saved:
        return written(saved)


def _pdfium_or_none(data: bytes, password: str) -> pypdfium2.PdfDocument | None:
    with PDFIUM:
        try:
            return open_pdfium(data, password)
        except Unopenable:
            return None


def _rescued(data: bytes, password: str) -> Source:
    """Open by pypdf what neither pdfium nor qpdf can open, and hand the result to both."""
    import pypdf

    out = io.BytesIO()
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), password=password or None)
        writer = pypdf.PdfWriter()
        for page in reader.pages:
            writer.add_page(page)
        writer.write(out)
    except Exception as error:  # hostile input: pypdf fails in any way
        raise Unopenable(type(error).__name__) from error
    if not writer.pages:
        raise NoPages
    qpdf = open_qpdf(out, "")
    pdfium = _pdfium_or_none(out.getvalue(), "")
    if qpdf is None or pdfium is None:
        raise Unopenable("no other library opens what pypdf saved")
    return Source(qpdf, pdfium, encrypted=bool(password), password=password, repaired=True)
