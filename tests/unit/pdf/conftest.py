"""PDFs made for one test each, the corpus where it is at hand, and pictures of pages to compare."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
ONE_PAGE = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
BLANK = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>"


@dataclass(frozen=True)
class Sample:
    """One file of the corpus with what its manifest says."""

    path: str
    pages: int | None
    expected: str
    also_acceptable: str
    password: str


def samples() -> list[Sample]:
    if not CORPUS.is_dir():
        return []
    with open(CORPUS / "manifest.csv", newline="", encoding="utf-8") as table:
        return [
            Sample(
                path=str(CORPUS / "pdfs" / row["name"]),
                pages=int(row["pages_pikepdf"]) if row["pages_pikepdf"] else None,
                expected=row["expected"],
                also_acceptable=row["also_acceptable"],
                password=row["note"].removeprefix("password: ") if "password: " in row["note"] else "",
            )
            for row in csv.DictReader(table)
        ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a `sample` once for each file of the corpus; skip it where there is none."""
    if "sample" in metafunc.fixturenames:
        found: list[object] = [pytest.param(one, id=Path(one.path).name) for one in samples()]
        missing = pytest.param(None, marks=pytest.mark.skip(reason="the corpus is not here"), id="none")
        metafunc.parametrize("sample", found or [missing])


@pytest.fixture
def corpus() -> Path:
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not here")
    return CORPUS / "pdfs"


Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes bytes to a file of its own and returns its path."""
    count = 0

    def write_file(data: bytes, name: str = "") -> str:
        nonlocal count
        count += 1
        path = tmp_path / (name or f"made-{count}.pdf")
        path.write_bytes(data)
        return str(path)

    return write_file


@pytest.fixture
def raw_pdf() -> Callable[[Mapping[int, bytes]], bytes]:
    """Return a function that joins objects into a PDF without a cross-reference table, which every reader
    rebuilds: the quickest way to say something outrageous."""

    def join(objects: Mapping[int, bytes]) -> bytes:
        defaults = {1: CATALOG, 2: ONE_PAGE, 3: BLANK}
        body = b"".join(
            b"%d 0 obj\n%s\nendobj\n" % (number, content)
            for number, content in {**defaults, **objects}.items()
        )
        return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R>>\n%%EOF\n"

    return join


@pytest.fixture
def stream() -> Callable[..., bytes]:
    """Return a function that makes a deflated stream object."""

    def make(content: bytes, entries: bytes = b"") -> bytes:
        data = zlib.compress(content, 9)
        return b"<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)

    return make


@pytest.fixture
def printed_pdf() -> Callable[..., bytes]:
    """Return a function that makes a sound PDF in which each page shows its instructions.

    Fonts /R (Helvetica), /B (Helvetica-Bold) and /M (Courier) are at hand; pages are 612 x 792 points.
    """

    def make(contents: list[bytes], rotate: int = 0) -> bytes:
        pdf = pikepdf.new()
        faces = {"/R": "/Helvetica", "/B": "/Helvetica-Bold", "/M": "/Courier"}
        fonts = pikepdf.Dictionary()
        for name, face in faces.items():
            fonts[name] = pdf.make_indirect(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name(face)
                )
            )
        for content in contents:
            page = pdf.add_blank_page(page_size=(612, 792))
            page.obj.Resources = pikepdf.Dictionary(Font=fonts)
            page.obj.Contents = pdf.make_stream(content)
            if rotate:
                page.obj.Rotate = rotate
        return saved(pdf)

    return make


def saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, static_id=True)
    return out.getvalue()


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Return a function that renders a page, fields included, into bytes that can be compared."""

    def render(source: bytes | str, index: int = 0, password: str = "", dpi: int = 48) -> bytes:
        with pypdfium2.PdfDocument(source, password=password or None) as document:
            if document.get_formtype():
                document.init_forms()
            bitmap = document[index].render(scale=dpi / 72)
            return b"%d x %d " % (bitmap.width, bitmap.height) + bytes(bitmap.buffer)

    return render
