"""Splitting: one page of a document as a PDF of its own, faithful and without the rest of the file."""

from __future__ import annotations

import io
from typing import BinaryIO

import pikepdf

from batchdeck.pdf.open import open_qpdf
from batchdeck.pdf.pdfium import Unopenable

PRUNE_FROM_BYTES = 1_000_000
"""A page larger than this is searched for resources that it names but never uses: scans often share one
resource dictionary among all pages, so that each page would carry the whole file."""


class Splitter:
    """One document, open for splitting. A context manager; not for several threads.

    Args:
        path: the file, with surrogate escapes for bytes that are not UTF-8.
        password: opens it where it is encrypted; the pages come out decrypted.

    Raises:
        WrongPassword: the password does not open it.
        Unopenable: no library can read it.
    """

    def __init__(self, path: str, password: str = "") -> None:
        self._file: BinaryIO = open(path, "rb")  # noqa: SIM115 - closed by close()
        try:
            source = open_qpdf(self._file, password)
        except BaseException:
            self._file.close()
            raise
        if source is None:
            self._file.close()
            raise Unopenable(path)
        self._source = source

    def __enter__(self) -> Splitter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()
        self._file.close()

    @property
    def page_count(self) -> int:
        return len(self._source.pages)

    def page(self, number: int) -> bytes:
        """Return one page as a PDF; the same bytes each time.

        Args:
            number: 1-based page of the document.
        """
        with pikepdf.new() as single:
            if pikepdf.Name.AcroForm in self._source.Root:
                single.add_pages_from(self._source, [number - 1])
            else:
                single.pages.append(self._source.pages[number - 1])
            if pikepdf.Name.OCProperties in self._source.Root:
                single.Root.OCProperties = single.copy_foreign(self._source.Root.OCProperties)
            _drop_links(single.pages[0])
            data = _saved(single)
            if len(data) > PRUNE_FROM_BYTES:
                single.pages[0].remove_unreferenced_resources()
                data = _saved(single)
        return data


def _drop_links(page: pikepdf.Page) -> None:
    annotations = page.obj.get(pikepdf.Name.Annots)
    if not isinstance(annotations, pikepdf.Array):
        return
    kept = [one for one in annotations if one.get(pikepdf.Name.Subtype) != pikepdf.Name.Link]
    if kept:
        page.obj.Annots = pikepdf.Array(kept)
    else:
        del page.obj.Annots


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()
