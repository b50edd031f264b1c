"""What pages say and look like: their words against pypdf's, their pictures against pdfium used plainly.

The pages that are made are print set as typesetters do. BatchDeck opens the file anew for each picture, as it
is asked for one; pdfium used plainly opens it once.
"""

from __future__ import annotations

import io
import logging
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pikepdf
import pypdf
import pypdfium2
from made_pdfs import print_pages
from measure import Contender, Result, Row, Spread, by_name, options, race, show, spread, write_json
from split import usable

from batchdeck.pdf.images import render_page
from batchdeck.pdf.text import TextReader

OURS, PYPDF, PDFIUM = "batchdeck", "pypdf: extract_text", "pdfium plainly"
DPI = 72
_PAGES = 100
_FONTS = 6


def make_print(path: Path) -> str:
    """Write the pages, and return their path."""
    with print_pages(random.Random(7), _PAGES, fonts=_FONTS, links=False, kerned=True) as pdf:
        pdf.save(path, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return str(path)


def words(path: str) -> int:
    with TextReader(path) as reader:
        return sum(len(reader.text(number)) for number in range(1, reader.page_count + 1))


def words_by_pypdf(path: str) -> int:
    return sum(len(page.extract_text()) for page in pypdf.PdfReader(path).pages)


def pictures(path: str) -> int:
    return sum(len(render_page(path, number, dpi=DPI)) for number in range(1, page_count(path) + 1))


def pictures_by_pdfium(path: str) -> int:
    size = 0
    with pypdfium2.PdfDocument(path) as document:
        if document.get_formtype():
            document.init_forms()
        for page in document:
            out = io.BytesIO()
            page.render(scale=DPI / 72).to_pil().save(out, "PNG")
            size += len(out.getvalue())
    return size


def page_count(path: str) -> int:
    with pypdfium2.PdfDocument(path) as document:
        return len(document)


def over(way: Callable[[str], int], paths: Sequence[str]) -> Callable[[], float]:
    return lambda: float(sum(map(way, paths)))


def rows_of(texts: Sequence[Result], looks: Sequence[Result], pages: int) -> list[Row]:
    """Return what is held: words against pypdf; and how many pages there are a second."""
    said, seen = by_name(texts), by_name(looks)
    step, rate = "text layer, images", "pages a second of processor"
    return [
        Row(step, "words of pages, × pypdf’s extract_text", said[OURS].speed[PYPDF], least=10),
        Row(step, f"words, {rate}", _rates(said[OURS], pages)),
        Row(step, f"pictures at {DPI} dpi, {rate}", _rates(seen[OURS], pages)),
        Row(step, f"pictures at {DPI} dpi, × pdfium plainly", seen[OURS].speed[PDFIUM]),
    ]


def _rates(result: Result, pages: int) -> Spread:
    seconds = result.seconds
    return spread([pages / each for each in (seconds.least, seconds.median, seconds.greatest)])


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        paths = usable(arguments.folder) if arguments.folder else [make_print(Path(scratch, "print.pdf"))]
        pages = sum(map(page_count, paths))
        ways = {OURS: words, PYPDF: words_by_pypdf}
        texts = race(
            [Contender(name, over(way, paths)) for name, way in ways.items()],
            arguments.rounds,
            time.process_time,
        )
        ways = {OURS: pictures, PDFIUM: pictures_by_pdfium}
        looks = race(
            [Contender(name, over(way, paths)) for name, way in ways.items()],
            arguments.rounds,
            time.process_time,
        )
    show(f"The words of {pages:,} pages", texts, "characters", [PYPDF])
    show(f"Pictures of {pages:,} pages at {DPI} dpi", looks, "bytes", [PDFIUM])
    write_json(
        arguments.json, "text_layer", {"words": texts, "pictures": looks}, rows_of(texts, looks, pages)
    )


if __name__ == "__main__":
    main()
