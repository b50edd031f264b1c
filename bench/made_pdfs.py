"""PDFs made for benchmarks, the same ones each time: a manual, a book of formulas, a scan, a form."""

from __future__ import annotations

import random
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, String

FONT_BYTES = 25_000
"""Of one embedded font: what subsets of text fonts take in real files."""
PICTURE_BYTES = 40_000
WORDS = ("the", "of", "page", "batch", "deck", "answer", "request", "figure", "table", "value", "and", "with")


def make_pdfs(folder: Path, pages: int = 120) -> list[Path]:
    """Write the set into a folder and return its paths.

    Args:
        pages: of the manual; the others have fractions of it.
    """
    made = {
        "manual.pdf": print_pages(random.Random(1), pages, fonts=6, links=True),
        "formulas.pdf": print_pages(random.Random(2), pages // 2, fonts=16, links=False),
        "scan.pdf": scan(random.Random(3), pages // 3),
        "form.pdf": _form(random.Random(4), pages // 10),
    }
    paths = []
    for name, pdf in made.items():
        path = folder / name
        with pdf:
            pdf.save(path, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        paths.append(path)
    return paths


def print_pages(
    chance: random.Random, pages: int, *, fonts: int, links: bool, kerned: bool = False
) -> pikepdf.Pdf:
    """Return born-digital text: embedded fonts that all pages share, outline, labels, links between pages.

    Args:
        kerned: set as typesetters do, a few letters at a time; else each line is one string.
    """
    shown = _kerned if kerned else b"(%s) Tj".__mod__
    pdf = pikepdf.new()
    shared = Dictionary({f"/F{number}": _font(pdf, chance) for number in range(fonts)})
    for _ in range(pages):
        page = pdf.add_blank_page(page_size=(612, 792)).obj
        page.Resources = Dictionary(Font=shared)
        lines = (
            b"/F%d 10 Tf %s T*"
            % (chance.randrange(fonts), shown(" ".join(chance.choices(WORDS, k=12)).encode()))
            for _ in range(48)
        )
        page.Contents = pdf.make_stream(b"BT 14 TL 60 740 Td " + b"\n".join(lines) + b" ET")
    if links:
        for linking in pdf.pages:
            linking.obj.Annots = Array(
                pdf.make_indirect(
                    Dictionary(
                        Type=Name.Annot,
                        Subtype=Name.Link,
                        Rect=[60, 60 + 14 * row, 200, 72 + 14 * row],
                        Dest=[pdf.pages[chance.randrange(pages)].obj, Name.Fit],
                    )
                )
                for row in range(8)
            )
    with pdf.open_outline() as outline:
        for number in range(0, pages, 4):
            outline.root.append(pikepdf.OutlineItem(f"Chapter {number}", number))
    pdf.Root.PageLabels = Dictionary(Nums=[0, Dictionary(S=Name.r), 6, Dictionary(S=Name.D)])
    return pdf


def _kerned(line: bytes) -> bytes:
    """Return what shows a line two letters at a time, each pair a little closer to the last."""
    return b"[%s] TJ" % b"15".join(b"(%s)" % line[at : at + 2] for at in range(0, len(line), 2))


def _font(pdf: pikepdf.Pdf, chance: random.Random) -> pikepdf.Object:
    program = pdf.make_stream(chance.randbytes(FONT_BYTES))
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name.Made, Flags=32, FontFile3=pdf.make_indirect(program)
    )
    program.Subtype = Name.Type1C
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type1,
            BaseFont=Name.Made,
            FirstChar=32,
            LastChar=126,
            Widths=[500] * 95,
            Encoding=Name.WinAnsiEncoding,
            FontDescriptor=pdf.make_indirect(descriptor),
        )
    )


def scan(chance: random.Random, pages: int, *, shares: bool = True) -> pikepdf.Pdf:
    """Return a scan; as some scanners save it, one dictionary names the pictures of all pages (`shares`)."""
    pdf = pikepdf.new()
    pictures = Dictionary()
    for number in range(pages):
        pictures[f"/Im{number}"] = pdf.make_stream(
            chance.randbytes(PICTURE_BYTES),
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=200,
            Height=PICTURE_BYTES // 200,
            ColorSpace=Name.DeviceGray,
            BitsPerComponent=8,
        )
    shared = pdf.make_indirect(Dictionary(XObject=pictures))
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(612, 792)).obj
        own = {f"/Im{number}": pictures[f"/Im{number}"]}
        page.Resources = shared if shares else Dictionary(XObject=Dictionary(own))
        page.Contents = pdf.make_stream(b"q 612 0 0 792 0 0 cm /Im%d Do Q" % number)
    return pdf


def _form(chance: random.Random, pages: int) -> pikepdf.Pdf:
    """Return a form whose fields all hang below one root, as the editors of office forms make them."""
    pdf = pikepdf.new()
    root = pdf.make_indirect(Dictionary(T=String("form"), FT=Name.Tx, Kids=Array()))
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(612, 792)).obj
        page.Annots = Array()
        for row in range(40):
            look = pdf.make_stream(chance.randbytes(200), Subtype=Name.Form, BBox=[0, 0, 50, 10])
            widget = pdf.make_indirect(
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Widget,
                    T=String(f"{number}-{row}"),
                    Rect=[60, 40 + 16 * row, 200, 52 + 16 * row],
                    AP=Dictionary(N=look),
                    Parent=root,
                    P=page,
                )
            )
            root.Kids.append(widget)
            page.Annots.append(widget)
    pdf.Root.AcroForm = Dictionary(Fields=Array([root]))
    return pdf
