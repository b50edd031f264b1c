"""The text layer of pages: their words, links and lines, and whether the words can be trusted."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pypdfium2

from batchdeck.pdf.agreement import agreement, words_in
from batchdeck.pdf.glance import glance
from batchdeck.pdf.lines import Box, Line, read_lines, read_pictures
from batchdeck.pdf.links import read_links
from batchdeck.pdf.open import pdfium_document
from batchdeck.pdf.pdfium import PDFIUM

MOST_CHARACTERS = 1_000_000
# pdfium gives one mark for a hyphen at the end of a line and the line break after it. The other control
# characters stand for glyphs without a meaning.
_CLEAN = {code: None for code in range(32) if chr(code) not in "\t\n"} | {0xFFFE: "-\n"}


@dataclass(frozen=True, slots=True)
class Trust:
    """What it takes for a text layer to be judged by."""

    words: int = 30
    """Fewer words say too little, whether two libraries agree on them or not."""
    agreement: float = 0.85
    """Measured on real pages: bad layers reach at most 0.65, every good one at least 0.90."""


TRUST = Trust()


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

    A page that pdfium cannot open, or must not because its content is giant, reads as empty: no words, no
    links, no size.

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
            self._glance = glance(path, password)
            self._number = 0
            self._opened: _Opened | None = None
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
        with self._open(number) as opened:
            if opened is None or opened.textpage is None:
                return ""
            count = min(opened.textpage.count_chars(), MOST_CHARACTERS)
            text: str = opened.textpage.get_text_range(0, count)
        return text.translate(_CLEAN)

    def layer(self, number: int) -> PageText:
        """Return all that a judgement of the page's text needs. Its trust costs pypdf, about 15 ms a page;
        use `text` and `trusts` where it may not be needed."""
        text = self.text(number)
        width, height = self.size(number)
        return PageText(
            text=text,
            trusted=self.trusts(number),
            links=self.links(number),
            image_share=self.image_share(number),
            width=width,
            height=height,
            words=words_in(text).total(),
        )

    def trusts(self, number: int, trust: Trust = TRUST) -> bool:
        """Say whether a page's text can be judged by: pypdf reads the same words, and enough of them."""
        words = words_in(self.text(number))
        if words.total() < trust.words:
            return False
        single = io.BytesIO()
        with PDFIUM, pypdfium2.PdfDocument.new() as copy:
            copy.import_pages(self._document, [number - 1])
            copy.save(single)
        return agreement(words, words_in(_read_by_pypdf(single))) >= trust.agreement

    def links(self, number: int) -> tuple[str, ...]:
        """Return the URLs of a page's link annotations in reading order; one that neighbours share (a link
        over two lines) once. Most pages have none, and are not opened for it."""
        self._require_page(number)
        if not self._glance.may_link(number - 1):
            return ()
        with self._open(number) as opened:
            return () if opened is None else read_links(self._document, opened.page)

    def lines(self, number: int) -> tuple[Line, ...]:
        """Return a page's lines with the place and the style of each span. About 10 ms a page of print."""
        with self._open(number) as opened:
            if opened is None or opened.textpage is None:
                return ()
            return read_lines(opened.page, opened.textpage)

    def pictures(self, number: int) -> tuple[Box, ...]:
        """Return the boxes of a page's pictures, cut to the page, in the order they are drawn."""
        with self._open(number) as opened:
            return () if opened is None else read_pictures(opened.page)

    def image_share(self, number: int) -> float:
        """Return the share of a page that pictures cover, 0 to 1 (overlaps counted twice, at most 1)."""
        width, height = self.size(number)
        covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in self.pictures(number))
        return min(1.0, covered / (width * height)) if width * height else 0.0

    def size(self, number: int) -> tuple[float, float]:
        """Return a page's width and height as shown, in points."""
        with self._open(number) as opened:
            return (0.0, 0.0) if opened is None else opened.page.get_size()

    @contextlib.contextmanager
    def _open(self, number: int) -> Iterator[_Opened | None]:
        """Hold pdfium with a page open; the last one stays open, as most callers ask several things of it."""
        self._require_page(number)
        with PDFIUM:
            if number != self._number:
                self._close_page()
                is_giant = number - 1 in self._glance.giant_pages
                self._opened = None if is_giant else _opened(self._document, number - 1)
                self._number = number
            yield self._opened

    def _require_page(self, number: int) -> None:
        if not 1 <= number <= self.page_count:
            raise IndexError(f"page {number} of {self.page_count}")

    def _close_page(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened = None
        self._number = 0


class _Opened:
    """A page open in pdfium; finding its words takes as long again, so that is put off until they are asked
    for."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self.page = page

    @cached_property
    def textpage(self) -> pypdfium2.PdfTextPage | None:
        """The page's words; None where pdfium cannot tell them."""
        try:
            return self.page.get_textpage()
        except pypdfium2.PdfiumError:
            return None

    def close(self) -> None:
        self.page.close()  # and its words with it


def _opened(document: pypdfium2.PdfDocument, index: int) -> _Opened | None:
    """Return a page opened by pdfium, or None where it finds no page in it."""
    try:
        return _Opened(document[index])
    except pypdfium2.PdfiumError:
        return None


def _read_by_pypdf(single: io.BytesIO) -> str:
    """Return the words that pypdf finds on a single page; none where it fails, which is no agreement."""
    import pypdf

    try:
        return pypdf.PdfReader(single).pages[0].extract_text()
    except Exception:  # hostile input: pypdf fails in any way
        return ""
