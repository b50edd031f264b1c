"""Positioned text: the lines of a page as pdfium finds them, in spans of one style with their place."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pypdfium2
from pypdfium2 import raw

Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in points from the top left corner of the page as it is shown."""

MOST_CHARACTERS = 200_000
"""Characters of one page that are looked at; a page of dense print has about 10,000."""
_GAP_IN_EMS = 0.7
"""Empty width that parts two spans: a gutter or the next cell, wider than the space between words."""
_ASCENT, _DESCENT = 0.8, 0.2
"""Shares of the size above and below the baseline: fonts declare heights of their own, up to twice the size,
which would make the lines of one paragraph overlap."""
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|BX\d", re.IGNORECASE)
_ITALIC_NAME = re.compile(r"italic|oblique|[A-Z]TI\d")
_MONO_NAME = re.compile(r"mono|courier|TT\d", re.IGNORECASE)
_FIXED_PITCH, _ITALIC = 1, 1 << 6
"""Font descriptor flags (PDF 32000-1, table 123)."""
_BOLD_WEIGHT = 700
_NAME_BYTES = 256


@dataclass(frozen=True, slots=True)
class Style:
    """How a span is set. `size` is in points as shown, whatever the text matrix does."""

    font: str
    size: float
    bold: bool
    italic: bool
    mono: bool
    angle: int
    """Degrees by which the text runs counterclockwise from upright on the page as shown, 0 to 359."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of words in one style, with no gap wider than an em in it."""

    text: str
    box: Box
    style: Style
    after_space: bool
    """Whether white space parts it from the span before it on its line."""


@dataclass(frozen=True, slots=True)
class Line:
    """Spans that pdfium reads as one line, in its order. Cells of a table row are spans of one line."""

    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        return "".join(" " * span.after_space + span.text for span in self.spans).strip()

    @property
    def box(self) -> Box:
        return united([span.box for span in self.spans])


def united(boxes: list[Box]) -> Box:
    """Return the smallest box around some boxes."""
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def placing(page: pypdfium2.PdfPage) -> Callable[[Box], Box]:
    """Return the function from a rectangle in the page's own coordinates (left, bottom, right, top) to its
    box on the page as shown."""
    left, bottom, right, top = page.get_bbox()
    rotation = page.get_rotation()

    def place(rect: Box) -> Box:
        x0, y0, x1, y1 = rect
        match rotation:
            case 90:
                return y0 - bottom, x0 - left, y1 - bottom, x1 - left
            case 180:
                return right - x1, y0 - bottom, right - x0, y1 - bottom
            case 270:
                return top - y1, right - x1, top - y0, right - x0
            case _:
                return x0 - left, top - y1, x1 - left, top - y0

    return place


def read_lines(page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage) -> tuple[Line, ...]:
    """Return a page's lines in pdfium's order: that of the content stream, mended where it is plain.

    The caller holds the lock of pdfium.
    """
    place = placing(page)
    styles = _Styles(textpage, page.get_rotation())
    lines: list[Line] = []
    spans: list[Span] = []
    for word in _words(textpage, styles):
        if word.starts_line and spans:
            lines.append(Line(tuple(spans)))
            spans = []
        box = united([_box(textpage, index, word.style, place) for index in {word.first, word.last}])
        if spans and spans[-1].style == word.style and _joins(spans[-1], box):
            previous = spans.pop()
            text = previous.text + (" " if word.after_space else "") + word.text
            spans.append(replace(previous, text=text, box=united([previous.box, box])))
        else:
            spans.append(Span(word.text, box, word.style, word.after_space and bool(spans)))
    if spans:
        lines.append(Line(tuple(spans)))
    return tuple(lines)


def read_pictures(page: pypdfium2.PdfPage) -> tuple[Box, ...]:
    """Return the boxes of a page's pictures, cut to the page, in the order they are drawn; a form that holds
    nothing but pictures counts as one. The caller holds the lock of pdfium."""
    place = placing(page)
    width, height = page.get_size()
    boxes = []
    for shown in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM], max_depth=1):
        if shown.type == raw.FPDF_PAGEOBJ_IMAGE or _holds_pictures_only(shown):
            x0, y0, x1, y1 = place(shown.get_bounds())
            boxes.append((max(x0, 0.0), max(y0, 0.0), min(x1, width), min(y1, height)))
    return tuple(box for box in boxes if box[0] < box[2] and box[1] < box[3])


def _holds_pictures_only(form: pypdfium2.PdfObject) -> bool:
    count = raw.FPDFFormObj_CountObjects(form)
    kinds = {raw.FPDFPageObj_GetType(raw.FPDFFormObj_GetObject(form, at)) for at in range(count)}
    return kinds == {raw.FPDF_PAGEOBJ_IMAGE}


@dataclass(slots=True)
class _Word:
    text: str
    style: Style
    first: int
    last: int
    after_space: bool
    starts_line: bool


def _words(textpage: pypdfium2.PdfTextPage, styles: _Styles) -> Iterator[_Word]:
    """Yield runs of characters without white space, in one style each."""
    word: _Word | None = None
    after_space = starts_line = False
    high_surrogate = 0
    for index in range(min(textpage.count_chars(), MOST_CHARACTERS)):
        code = raw.FPDFText_GetUnicode(textpage, index)
        if 0xD800 <= code < 0xDC00:
            high_surrogate = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = (
                (0x10000 + ((high_surrogate - 0xD800) << 10) + (code - 0xDC00)) if high_surrogate else 0xFFFD
            )
        high_surrogate = 0
        ends_line = code == 2 or code == 0xFFFE  # pdfium's marks for a hyphen at the end of a line
        char = "-" if ends_line else chr(code)
        if char.isspace() or char < " ":
            if word:
                yield word
            word, after_space, starts_line = None, True, starts_line or char in "\r\n"
            continue
        style = styles.of(index)
        if word and word.style == style:
            word.text += char
            word.last = index
        else:
            if word:
                yield word
            word = _Word(char, style, index, index, after_space, starts_line)
            after_space = starts_line = False
        if ends_line:
            yield word
            word, after_space, starts_line = None, True, True
    if word:
        yield word


def _joins(span: Span, box: Box) -> bool:
    """Say whether a word in the same style goes on where a span ends (to either side: scripts differ)."""
    gap = max(box[0] - span.box[2], span.box[0] - box[2])
    return gap <= _GAP_IN_EMS * span.style.size or span.style.angle != 0


def _box(textpage: pypdfium2.PdfTextPage, index: int, style: Style, place: Callable[[Box], Box]) -> Box:
    """Return the place of one character: as wide as its advance, as high as its style."""
    rect = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    if not raw.FPDFText_GetLooseCharBox(textpage, index, rect) or not raw.FPDFText_GetCharOrigin(
        textpage, index, x, y
    ):
        raise pypdfium2.PdfiumError(f"no box for character {index}")
    x0, y0, x1, y1 = place((rect.left, rect.bottom, rect.right, rect.top))
    if style.angle:
        return x0, y0, x1, y1
    baseline = place((x.value, y.value, x.value, y.value))[1]
    return x0, baseline - _ASCENT * style.size, x1, baseline + _DESCENT * style.size


class _Styles:
    """Styles of a page's characters, worked out once for each text object."""

    def __init__(self, textpage: pypdfium2.PdfTextPage, rotation: int) -> None:
        self._textpage = textpage
        self._rotation = rotation
        self._known: dict[int, Style] = {}

    def of(self, index: int) -> Style:
        handle = raw.FPDFText_GetTextObject(self._textpage, index)
        address = ctypes.cast(handle, ctypes.c_void_p).value or 0
        style = self._known.get(address)
        if style is None:
            style = self._known[address] = self._read(index)
        return style

    def _read(self, index: int) -> Style:
        name = ctypes.create_string_buffer(_NAME_BYTES)
        flags = ctypes.c_int()
        raw.FPDFText_GetFontInfo(self._textpage, index, name, _NAME_BYTES, flags)
        font = name.value.decode("utf-8", "replace")
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._textpage, index, matrix)
        size = raw.FPDFText_GetFontSize(self._textpage, index) * math.hypot(matrix.c, matrix.d)
        angle = round(math.degrees(math.atan2(matrix.b, matrix.a))) - self._rotation
        return Style(
            font=font.split("+", 1)[-1],
            size=round(size, 2) if math.isfinite(size) else 0.0,
            bold=bool(_BOLD_NAME.search(font))
            or raw.FPDFText_GetFontWeight(self._textpage, index) >= _BOLD_WEIGHT,
            italic=bool(flags.value & _ITALIC) or bool(_ITALIC_NAME.search(font)),
            mono=bool(flags.value & _FIXED_PITCH) or bool(_MONO_NAME.search(font)),
            angle=angle % 360,
        )
