"""Small PDFs made by the tests themselves."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pikepdf

WORDS = str.split(
    "the library of the harbour town keeps its ledgers in a dry room above the old customs house where "
    "every spring two clerks compare the entries with the shelves and write down what has been lost found "
    "mended borrowed returned or given away during the year that has passed since their last visit there"
)


def write_pdf(
    path: Path,
    pages: int,
    *,
    seed: int = 0,
    ballast: int = 0,
    words: int = 60,
    vocabulary: Sequence[str] = WORDS,
) -> Path:
    """Write a PDF of text pages, each with words of its own.

    Args:
        ballast: bytes of incompressible picture data that each page carries.
        words: how many words a page has.
        vocabulary: the words to choose from.
    """
    chance = random.Random(seed)
    pdf = pikepdf.new()
    name = pikepdf.Name
    font = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
    shared = pdf.make_indirect(font)
    for number in range(1, pages + 1):
        text = [chance.choice(vocabulary) for _ in range(words)]
        lines = [" ".join(text[start : start + 10]) for start in range(0, words, 10)]
        moves = " ".join(f"({line}) Tj 0 -16 Td" for line in lines)
        content = f"BT /F1 20 Tf 72 740 Td (Chapter {number} of {seed}) Tj /F1 11 Tf 0 -30 Td {moves} ET"
        resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=shared))
        if ballast:
            side = int((ballast / 3) ** 0.5) + 1
            image = pdf.make_stream(chance.randbytes(side * side * 3))
            image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
            image.Width, image.Height, image.BitsPerComponent = side, side, 8
            image.ColorSpace = pikepdf.Name.DeviceRGB
            resources.XObject = pikepdf.Dictionary(Im1=image)
            content += " q 40 0 0 40 500 40 cm /Im1 Do Q"
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=[0, 0, 612, 792],
            Resources=resources,
            Contents=pdf.make_stream(content.encode()),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.save(path, deterministic_id=True, compress_streams=True)
    return path
