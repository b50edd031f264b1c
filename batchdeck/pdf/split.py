"""Splitting: a document open for taking single pages out of it, by whichever library manages."""

from __future__ import annotations

import io
from typing import BinaryIO

import pikepdf
import pypdfium2

from batchdeck.pdf.annotations import disarm
from batchdeck.pdf.open import Source, open_source
from batchdeck.pdf.pdfium import PDFIUM, Unopenable, WrongPassword
from batchdeck.pdf.qpdf import open_qpdf, written
from batchdeck.pdf.single import single_page

_REOPEN_AFTER_BYTES = 64_000_000
"""qpdf keeps all that was copied out of a document in memory until it is closed: measured, 400 MB of pages
taken from a 400 MB file."""


class Splitter:
    """One document, open for splitting. A context manager; not for several threads.

    Each page is made by qpdf, which alone carries forms and layers over without a difference in rendering;
    where that fails by pdfium, then by pypdf.

    Args:
        path: the file, with surrogate escapes for bytes that are not UTF-8.
        password: opens it where it is encrypted; the pages come out decrypted.

    Raises:
        WrongPassword: the password does not open it.
        Unopenable: no library can read it.
        OSError: the file cannot be read.
    """

    def __init__(self, path: str, password: str = "") -> None:
        self._password = password
        self._spare: Source | None = None
        self._taken = 0
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115 - closed by close()
        try:
            self._qpdf = self._open_qpdf()
            self.page_count = self._spares().page_count if self._qpdf is None else len(self._qpdf.pages)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Splitter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._spare is not None:
            self._spare.close()
        if self._qpdf is not None:
            self._qpdf.close()
        self._file.close()

    def page(self, number: int) -> bytes:
        """Return one page as a PDF; the same bytes each time.

        Args:
            number: 1-based page of the document.

        Raises:
            IndexError: the document has no such page.
            Unopenable: all three libraries failed.
        """
        if not 1 <= number <= self.page_count:
            raise IndexError(f"page {number} of {self.page_count}")
        methods = (self._by_qpdf, self._by_pdfium, self._by_pypdf)
        failures: list[str] = []
        for method in methods if self._qpdf is not None else methods[1:]:
            try:
                return method(number - 1)
            except Exception as error:  # hostile input: try the next library
                failures.append(type(error).__name__)
        raise Unopenable(f"page {number} cannot be split ({', '.join(failures)})")

    def _by_qpdf(self, index: int) -> bytes:
        assert self._qpdf is not None
        if self._taken > _REOPEN_AFTER_BYTES:
            self._qpdf.close()
            self._qpdf = open_qpdf(self._file, self._password)
            assert self._qpdf is not None
            self._taken = 0
        page = single_page(self._qpdf, index)
        self._taken += len(page)
        return page

    def _by_pdfium(self, index: int) -> bytes:
        out = io.BytesIO()
        with PDFIUM, pypdfium2.PdfDocument.new() as single:
            single.import_pages(self._spares().pdfium, [index])
            single.save(out)
        return _settled(out)

    def _by_pypdf(self, index: int) -> bytes:
        import pypdf

        self._file.seek(0)
        reader = pypdf.PdfReader(self._file, password=self._password or None)
        if len(reader.pages) != self.page_count:
            raise Unopenable("pypdf finds another number of pages")
        writer = pypdf.PdfWriter()
        writer.add_page(reader.pages[index], excluded_keys=("/Annots", "/B", "/Thumb", "/PieceInfo"))
        out = io.BytesIO()
        writer.write(out)
        return _settled(out)

    def _open_qpdf(self) -> pikepdf.Pdf | None:
        try:
            return open_qpdf(self._file, self._password)
        except WrongPassword:  # libraries read passwords beyond ASCII differently: the others decide
            return None

    def _spares(self) -> Source:
        """Return the document opened with every library, once it is needed."""
        if self._spare is None:
            self._file.seek(0)
            self._spare = open_source(self._file.read(), self._password)
        return self._spare


def _settled(pdf: io.BytesIO) -> bytes:
    """Return a single page as qpdf writes it, so that it is the same bytes each time."""
    with pikepdf.open(pdf) as document:
        if len(document.pages) != 1:
            raise Unopenable("not a single page came out")
        disarm(document)
        return written(document)
