"""Retrying one page: its request made anew from the kept PDF, of 10, 100 and 1,000 pages, against pypdf.

No page that was split off is kept: a retry opens the PDF in the vault and takes the page out of its middle.
The PDFs are print whose pages do not lead to each other, so that pypdf copies that page alone. A request
takes more than the page: where it links to, the words that it is asked for with, base64.
"""

from __future__ import annotations

import io
import logging
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdf
from made_pdfs import print_pages
from measure import Contender, Result, Row, by_name, options, race, show, spread, write_json

from batchdeck.domain.documents import Document
from batchdeck.operations.prepare import PageTask, PrepareTask
from batchdeck.operations.prepare_files import prepare
from batchdeck.pdf import glance
from batchdeck.pdf.scan import scan_file
from batchdeck.pdf.split import Splitter
from batchdeck.recipes.recipe import load_recipe
from batchdeck.store.layout import prepare_deck
from batchdeck.store.vault import Vault

SPLIT, REQUEST, PYPDF = "batchdeck: the page", "batchdeck: its request", "pypdf plainly"
RECIPE = load_recipe("pdf-to-html")
_FONTS = 6


def kept_pdf(folder: Path, pages: int) -> Document:
    """Make a PDF and return it as a scan finds it."""
    path = folder / f"print-{pages}.pdf"
    with print_pages(random.Random(pages), pages, fonts=_FONTS, links=False) as pdf:
        pdf.save(path, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    document = scan_file(str(path))
    assert isinstance(document, Document)
    return document


def by_batchdeck(path: Path, number: int) -> float:
    with Splitter(str(path)) as splitter:
        return float(len(splitter.page(number)))


def by_pypdf(path: Path, number: int) -> float:
    writer, out = pypdf.PdfWriter(), io.BytesIO()
    writer.add_page(pypdf.PdfReader(path).pages[number - 1])
    writer.write(out)
    return float(len(out.getvalue()))


def asking(path: Path, number: int, pages: int, part: Path) -> Callable[[], float]:
    """Return what a worker does for a retry of one page, with nothing remembered of the file."""
    task = PrepareTask(
        source=str(path),
        name="print.pdf",
        page_count=pages,
        language="",
        pages=(PageTask(0, number, str(number)),),
        recipe=RECIPE.name,
        model=RECIPE.model,
        max_tokens=RECIPE.max_tokens,
        as_image=False,
        request_bytes=32_000_000,
        part=str(part),
    )

    def make() -> float:
        glance._glance.cache_clear()
        return float(prepare(task).pages[0].length)

    return make


def retry(folder: Path, vault: Vault, pages: int, rounds: int) -> list[Result]:
    """Let the ways take the middle page out of a PDF of so many."""
    document = kept_pdf(folder, pages)
    vault.keep(document.path, document.sha256)
    path, number = vault.readable(document.sha256), pages // 2
    ways = [
        Contender(SPLIT, lambda: by_batchdeck(path, number)),
        Contender(REQUEST, asking(path, number, pages, folder / "part")),
        Contender(PYPDF, lambda: by_pypdf(path, number)),
    ]
    return race(ways, rounds, time.process_time)


def rows_of(found: dict[int, list[Result]]) -> list[Row]:
    """Return how long a page takes, and against pypdf; nothing is held."""
    rows: list[Row] = []
    for pages, results in found.items():
        ways, where = by_name(results), f"one page of {pages:,}"
        seconds = ways[REQUEST].seconds
        times = [1e3 * each for each in (seconds.least, seconds.median, seconds.greatest)]
        rows.append(Row("retry", f"{where}: its request made anew, ms of processor", spread(times)))
        rows.append(Row("retry", f"{where}: split anew, × pypdf plainly", ways[SPLIT].speed[PYPDF]))
    return rows


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--pages", type=int, nargs="+", default=[10, 100, 1_000], help="sizes (%(default)s)")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        vault = Vault(prepare_deck(folder / "deck"))
        found = {pages: retry(folder, vault, pages, given.rounds) for pages in given.pages}
    for pages, results in found.items():
        show(f"One page of {pages:,}", results, "bytes", [PYPDF])
    write_json(given.json, "retry", {f"{pages} pages": each for pages, each in found.items()}, rows_of(found))


if __name__ == "__main__":
    main()
