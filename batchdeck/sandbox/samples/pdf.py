"""Writing a PDF by hand: objects, pages, links, outline, page labels, a form. The same bytes every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from batchdeck.sandbox.samples.fonts import ENCODING, Font, text_width

A4 = (595.0, 842.0)
_MADE = "D:20260302090000Z"


@dataclass(slots=True)
class Link:
    """A rectangle (x0, y0, x1, y1, from the bottom left) that leads to an address."""

    box: tuple[float, float, float, float]
    url: str


@dataclass(slots=True)
class TextField:
    name: str
    box: tuple[float, float, float, float]
    value: str


@dataclass(slots=True)
class CheckBox:
    name: str
    box: tuple[float, float, float, float]
    is_on: bool


@dataclass(slots=True)
class Page:
    """One page: drawing operators, and what lies on top of them."""

    width: float = A4[0]
    height: float = A4[1]
    rotation: int = 0
    operators: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    fields: list[TextField | CheckBox] = field(default_factory=list)
    image: bytes | None = None
    """A complete image object to be drawn as /Im0, or None."""

    def text(
        self,
        x: float,
        y: float,
        text: str,
        font: Font,
        size: float,
        *,
        spacing: float = 0.0,
        color: str = "0 g",
    ) -> None:
        """Write a text from its baseline's left end.

        Args:
            x, y: where it begins, in points from the bottom left.
            text: letters of WinAnsiEncoding.
            font: one of the standard fonts.
            size: in points.
            spacing: what is added to every space, in points.
            color: the operator that sets its colour.
        """
        place = f"{spacing:.3f} Tw {x:.2f} {y:.2f} Td"
        self.operators.append(f"BT {color} /{font.resource} {size:g} Tf {place} {literal(text)} Tj ET")

    def line(self, x0: float, y0: float, x1: float, y1: float, *, width: float = 0.5) -> None:
        self.operators.append(f"{width:g} w 0 G {x0:.2f} {y0:.2f} m {x1:.2f} {y1:.2f} l S")

    def shade(self, x: float, y: float, width: float, height: float, *, gray: float) -> None:
        """Fill a rectangle."""
        self.operators.append(f"{gray:g} g {x:.2f} {y:.2f} {width:.2f} {height:.2f} re f 0 g")


@dataclass(slots=True)
class Document:
    """A document to be written."""

    title: str
    language: str = "en-GB"
    pages: list[Page] = field(default_factory=list)
    outline: list[tuple[str, int]] = field(default_factory=list)
    """Headings and the index of the page each stands on."""
    front_matter: int = 0
    """How many pages at the beginning are numbered i, ii, iii."""


def text_string(text: str) -> str:
    """Return a text as a PDF string for people: titles, names, values. Not for content streams."""
    if text.isascii():
        return literal(text)
    return f"<feff{text.encode('utf-16-be').hex()}>"


def literal(text: str) -> str:
    """Return a text as a PDF string for content streams; its bytes are those of WinAnsiEncoding."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return "(" + escaped.encode(ENCODING).decode("latin-1") + ")"


class _Objects:
    """Objects numbered from 1, in the order they are reserved."""

    def __init__(self) -> None:
        self._bodies: list[bytes | None] = []

    def reserve(self) -> int:
        self._bodies.append(None)
        return len(self._bodies)

    def put(self, number: int, body: str | bytes) -> None:
        self._bodies[number - 1] = body if isinstance(body, bytes) else body.encode("latin-1")

    def add(self, body: str | bytes) -> int:
        number = self.reserve()
        self.put(number, body)
        return number

    def written(self, root: int, info: int) -> bytes:
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(self._bodies, 1):
            assert body is not None
            offsets.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
        out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (len(offsets) + 1, root, info)
        out += b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(out)


def stream(operators: bytes, entries: str = "") -> bytes:
    """Return a stream object. It is not compressed: compressors differ, and these bytes must not."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(operators), entries.encode(), operators)


def write_document(document: Document) -> bytes:
    """Return a document as a PDF file."""
    objects = _Objects()
    root, info, tree = objects.reserve(), objects.reserve(), objects.reserve()
    fonts = " ".join(
        f"/{font.resource} << /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>"
        for font in Font
    )
    font_dict = objects.add(f"<< {fonts} /ZaDb << /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >> >>")
    numbers = [objects.reserve() for _ in document.pages]
    fields: list[int] = []
    for number, page in zip(numbers, document.pages, strict=True):
        objects.put(number, _page(objects, page, number, tree, font_dict, fields))
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects.put(tree, f"<< /Type /Pages /Count {len(numbers)} /Kids [{kids}] >>")
    catalog = f"/Type /Catalog /Pages {tree} 0 R /Lang ({document.language})"
    if document.outline:
        catalog += f" /Outlines {_outline(objects, document.outline, numbers)} 0 R"
    if document.front_matter:
        catalog += f" /PageLabels << /Nums [0 << /S /r >> {document.front_matter} << /S /D >>] >>"
    if fields:
        names = " ".join(f"{number} 0 R" for number in fields)
        catalog += (
            f" /AcroForm << /Fields [{names}] /DR << /Font {font_dict} 0 R >> "
            f"/DA (/{Font.SANS.resource} 10 Tf 0 g) >>"
        )
    objects.put(root, f"<< {catalog} >>")
    objects.put(info, f"<< /Title {text_string(document.title)} /CreationDate ({_MADE}) >>")
    return objects.written(root, info)


def _page(objects: _Objects, page: Page, number: int, tree: int, font_dict: int, fields: list[int]) -> str:
    content = objects.add(stream("\n".join(page.operators).encode("latin-1")))
    resources = f"/Font {font_dict} 0 R"
    if page.image is not None:
        resources += f" /XObject << /Im0 {objects.add(page.image)} 0 R >>"
    annotations = [objects.add(_link(link)) for link in page.links]
    for form_field in page.fields:
        made = objects.add(_field(objects, form_field, number, font_dict))
        annotations.append(made)
        fields.append(made)
    entry = f" /Annots [{' '.join(f'{annotation} 0 R' for annotation in annotations)}]" if annotations else ""
    return (
        f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {page.width:g} {page.height:g}] "
        f"/Rotate {page.rotation} /Resources << {resources} >> /Contents {content} 0 R{entry} >>"
    )


def _rect(box: Sequence[float]) -> str:
    return "[" + " ".join(f"{value:.2f}" for value in box) + "]"


def _link(link: Link) -> str:
    return (
        f"<< /Type /Annot /Subtype /Link /Rect {_rect(link.box)} /Border [0 0 0] "
        f"/A << /S /URI /URI {literal(link.url)} >> >>"
    )


def _field(objects: _Objects, made: TextField | CheckBox, page: int, font_dict: int) -> str:
    """Return a form field that is its own widget, with what it looks like."""
    x0, y0, x1, y1 = made.box
    common = f"/Type /Annot /Subtype /Widget /F 4 /P {page} 0 R /Rect {_rect(made.box)}"
    common += f" /T {text_string(made.name)}"
    form = f"/Type /XObject /Subtype /Form /BBox [0 0 {x1 - x0:g} {y1 - y0:g}]"
    form += f" /Resources << /Font {font_dict} 0 R >>"
    if isinstance(made, TextField):
        shown = f"/Tx BMC BT 0 g /{Font.SANS.resource} 10 Tf 3 4 Td {literal(made.value)} Tj ET EMC"
        look = objects.add(stream(shown.encode("latin-1"), form))
        style = f"/DA (/{Font.SANS.resource} 10 Tf 0 g)"
        return f"<< {common} /FT /Tx /V {text_string(made.value)} {style} /AP << /N {look} 0 R >> >>"
    box = f"0.5 w 0 G 0.5 0.5 {x1 - x0 - 1:g} {y1 - y0 - 1:g} re S"
    on = objects.add(stream(f"{box} BT 0 g /ZaDb {y1 - y0 - 2:g} Tf 1.5 2 Td (4) Tj ET".encode(), form))
    off = objects.add(stream(box.encode(), form))
    state = "Yes" if made.is_on else "Off"
    looks = f"/AP << /N << /Yes {on} 0 R /Off {off} 0 R >> >>"
    return f"<< {common} /FT /Btn /V /{state} /AS /{state} {looks} >>"


def _outline(objects: _Objects, entries: Sequence[tuple[str, int]], pages: Sequence[int]) -> int:
    root = objects.reserve()
    numbers = [objects.reserve() for _ in entries]
    for place, (title, page) in enumerate(entries):
        around = f"/Prev {numbers[place - 1]} 0 R " if place else ""
        around += f"/Next {numbers[place + 1]} 0 R " if place + 1 < len(numbers) else ""
        objects.put(
            numbers[place],
            f"<< /Title {text_string(title)} /Parent {root} 0 R {around}/Dest [{pages[page]} 0 R /Fit] >>",
        )
    ends = f"/First {numbers[0]} 0 R /Last {numbers[-1]} 0 R"
    objects.put(root, f"<< /Type /Outlines {ends} /Count {len(numbers)} >>")
    return root


def centered(page: Page, y: float, text: str, font: Font, size: float) -> None:
    """Write a text in the middle of a page."""
    page.text((page.width - text_width(font, size, text)) / 2, y, text, font, size)
