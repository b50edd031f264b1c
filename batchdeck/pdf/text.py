"""The text layer of pages: their words, links and lines, and whether the words can be trusted."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from batchdeck.pdf.agreement import agreement, words_in
from batchdeck.pdf.lines import Box, Line, placing, read_lines
from batchdeck.pdf.links import read_links
from batchdeck.pdf.open import pdfium_document
from batchdeck.pdf.pdfium import PDFIUM

TRUSTED_AGREEMENT = 0.85
"""Measured on real pages: every bad layer had an agreement of at most 0.65, every good one at least 0.90."""
TRUSTED_WORDS = 30
"""Fewer words say too little, whether they agree or not."""
MOST_CHARACTERS = 1_000_000
# pdfium gives one mark for a hyphen at the end of a line and the line break after it. The other control
# characters stand for glyphs without a meaning.
_CLEAN = {code: None for code in range(32) if chr(code) not in "\t\n"} | {0xFFFE: "-\n"}


@dataclass(frozen=True, slots=True)
class PageText:
    """What the PDF itself says of one page's text. Sizes in points, as shown."""

    text: str
    trusted: bool
    """Two extractors agree, and there are enough words to judge by."""
    links: tuple[str, ...]
    """URLs of the page's link annotations, in reading order."""
    image_share: float
    """Share of the page that pictures cover, 0 to 1."""
    width: float
    height: float
    words: int


def read_text_layer(path: str, number: int, password: str = "") -> PageText:
    """Return the text layer of one page (1-based) of a file. For several pages use `TextReader`."""
    with TextReader(path, password) as reader:
        return reader.layer(number)


class TextReader:
    """One document, open for reading what its pages say. A context manager; not for several threads.

    Where pdfium finds another number of pages than a scan did (a caveat `repaired` says so), read a
    `readable_copy` instead.

    Args:
        path: the file, with surrogate escapes for bytes that are not UTF-8.
        password: opens it where it is encrypted.

    Raises:
        WrongPassword: the password does not open it.
        Unopenable: no library can read it.
        OSError: the file cannot be read.
    """

    def __init__(self, path: str, password: str = "") -> None:
        with contextlib.ExitStack() as stack:
            self._document = stack.enter_context(pdfium_document(path, password))
            self.page_count: int = len(self._document)
            self._number = 0
            self._page: pypdfium2.PdfPage | None = None
            self._textpage: pypdfium2.PdfTextPage | None = None
            self._stack = stack.pop_all()

    def __enter__(self) -> TextReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with PDFIUM:
            self._close_page()
            self._stack.close()

    def text(self, number: int) -> str:
        """Return a page's words in pdfium's order, lines parted by line feeds. About a millisecond."""
        with self._open(number) as (_, textpage):
            text: str = textpage.get_text_range(0, min(textpage.count_chars(), MOST_CHARACTERS))
        return text.translate(_CLEAN)

    def layer(self, number: int) -> PageText:
        """Return all that a judgement of the page's text needs. Its trust costs pypdf, about 15 ms a page;
        use `text` and `trusts` where it may not be needed."""
        text = self.text(number)
        with self._open(number) as (page, _):
            width, height = page.get_size()
        return PageText(
            text=text,
            trusted=self.trusts(number),
            links=self.links(number),
            image_share=self.image_share(number),
            width=width,
            height=height,
            words=words_in(text).total(),
        )

    def trusts(self, number: int) -> bool:
        """Say whether a page's text can be judged by: pypdf reads the same words, and at least 30."""
        words = words_in(self.text(number))
        if words.total() < TRUSTED_WORDS:
            return False
        single = io.BytesIO()
        with self._open(number), pypdfium2.PdfDocument.new() as copy:
            copy.import_pages(self._document, [number - 1])
            copy.save(single)
        return agreement(words, words_in(_read_by_pypdf(single))) >= TRUSTED_AGREEMENT

    def links(self, number: int) -> tuple[str, ...]:
        """Return the URLs of a page's link annotations in reading order; one that several rectangles in a
        row share (a link over two lines) once."""
        with self._open(number) as (page, _):
            return read_links(self._document, page)

    def lines(self, number: int) -> tuple[Line, ...]:
        """Return a page's lines with the place and the style of each span. About 10 ms a page of print."""
        with self._open(number) as (page, textpage):
            return read_lines(page, textpage)

    def pictures(self, number: int) -> tuple[Box, ...]:
        """Return the boxes of a page's pictures, cut to the page, in the order they are drawn."""
        with self._open(number) as (page, _):
            place = placing(page)
            width, height = page.get_size()
            found = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
            boxes = [place(picture.get_bounds()) for picture in found if picture.container is None]
        cut = [(max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height)) for x0, y0, x1, y1 in boxes]
        return tuple(box for box in cut if box[0] < box[2] and box[1] < box[3])

    def image_share(self, number: int) -> float:
        """Return the share of a page that pictures cover, 0 to 1 (overlaps counted twice, at most 1)."""
        with self._open(number) as (page, _):
            width, height = page.get_size()
        covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in self.pictures(number))
        return min(1.0, covered / (width * height)) if width * height else 0.0

    @contextlib.contextmanager
    def _open(self, number: int) -> Iterator[tuple[pypdfium2.PdfPage, pypdfium2.PdfTextPage]]:
        """Hold pdfium with a page open; the last one stays open, as most callers ask several things of it."""
        if not 1 <= number <= self.page_count:
            raise IndexError(f"page {number} of {self.page_count}")
        with PDFIUM:
            if number != self._number:
                self._close_page()
                self._page = self._document[number - 1]
                self._textpage = self._page.get_textpage()
                self._number = number
            yield self._page, self._textpage

    def _close_page(self) -> None:
        self._number = 0
        if self._textpage is not None:
            self._textpage.close()
        if self._page is not None:
            self._page.close()
        self._page = self._textpage = None


def _read_by_pypdf(single: io.BytesIO) -> str:
    """Return the words that pypdf finds on a single page; none where it fails, which is no agreement."""
    import pypdf

    try:
        return pypdf.PdfReader(single).pages[0].extract_text()
    except Exception:  # hostile input: pypdf fails in any way
        return ""
