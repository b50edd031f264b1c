"""Splitting: every page of some PDFs as a PDF of its own, against pikepdf alone and pypdf used plainly."""

from __future__ import annotations

import io
import logging
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pikepdf
import pypdf
import pypdfium2
from made_pdfs import make_pdfs, scan
from measure import Contender, Result, Row, by_name, options, race, show, spread, write_json

from batchdeck.domain.documents import Caveat, Document
from batchdeck.pdf.scan import find_files, scan_file
from batchdeck.pdf.split import Splitter

OURS, PIKEPDF, PYPDF = "batchdeck", "pikepdf alone", "pypdf plainly"
SCAN_PAGES = 100
RENDERED_PER_FILE = 4


def by_batchdeck(path: str) -> Iterator[bytes]:
    with Splitter(path) as splitter:
        for number in range(1, splitter.page_count + 1):
            yield splitter.page(number)


def by_pikepdf(path: str) -> Iterator[bytes]:
    with pikepdf.open(path) as document:
        for page in document.pages:
            with pikepdf.new() as single:
                single.pages.append(page)
                out = io.BytesIO()
                single.save(out)
                yield out.getvalue()


def by_pypdf(path: str) -> Iterator[bytes]:
    for page in pypdf.PdfReader(path).pages:
        writer, out = pypdf.PdfWriter(), io.BytesIO()
        writer.add_page(page)
        writer.write(out)
        yield out.getvalue()


WAYS: dict[str, Callable[[str], Iterator[bytes]]] = {OURS: by_batchdeck, PIKEPDF: by_pikepdf, PYPDF: by_pypdf}


def splitting(way: Callable[[str], Iterator[bytes]], paths: Iterable[str]) -> Callable[[], float]:
    return lambda: float(sum(len(page) for path in paths for page in way(path)))


def differences(way: Callable[[str], Iterator[bytes]], paths: Iterable[str]) -> tuple[int, int]:
    """Return (pages rendered, pages that look different from the original)."""
    rendered = different = 0
    for path in paths:
        pages = list(way(path))
        for index in range(0, len(pages), max(1, len(pages) // RENDERED_PER_FILE)):
            rendered += 1
            different += _picture(path, index) != _picture(pages[index], 0)
    return rendered, different


def _picture(source: str | bytes, index: int) -> bytes:
    with pypdfium2.PdfDocument(source) as document:
        if document.get_formtype():
            document.init_forms()
        return bytes(document[index].render(scale=0.5).buffer)


def usable(folder: str) -> list[str]:
    """Return the files that all three can split: sound, and without a password."""
    found = [scan_file(file.path) for file in find_files([folder]) if file.problem is None]
    return [
        one.path
        for one in found
        if isinstance(one, Document) and not one.encrypted and Caveat.REPAIRED not in one.caveats
    ]


def rows_of(results: list[Result], differing: int, shared: float) -> list[Row]:
    """Return what is held: speed, bytes, looks, and a scan whose pages share one dictionary."""
    found = by_name(results)
    size = found[OURS].amount / found[PIKEPDF].amount
    return [
        Row("split", "speed, × pikepdf alone", found[OURS].speed[PIKEPDF], least=0.85),
        Row("split", "speed, × pypdf used plainly", found[OURS].speed[PYPDF], least=3),
        Row("split", "bytes, × pikepdf alone", spread([size]), most=1.05),
        Row("split", "pages that look different from the original", spread([differing]), most=0),
        Row("split", "scan with shared resources, bytes of all pages × the file", spread([shared]), most=1.1),
    ]


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        paths = usable(arguments.folder) if arguments.folder else list(map(str, make_pdfs(Path(scratch))))
        results = race(
            [Contender(name, splitting(way, paths)) for name, way in WAYS.items()],
            arguments.rounds,
            time.process_time,
        )
        show(f"Splitting {len(paths)} files", results, "bytes", [PIKEPDF, PYPDF])

        looks = {name: differences(way, paths) for name, way in WAYS.items()}
        print("\nPages that look different from the original, of those rendered")
        for name, (rendered, different) in looks.items():
            print(f"| {name} | {different} of {rendered} |")

        book = Path(scratch) / "shared.pdf"
        with scan(random.Random(5), SCAN_PAGES) as pdf:
            pdf.save(book, static_id=True)
        whole = book.stat().st_size
        shares = {name: splitting(way, [str(book)])() / whole for name, way in WAYS.items()}
        print(f"\nA scan of {SCAN_PAGES} pages that share one dictionary: bytes of all pages over the file's")
        for name, share in shares.items():
            print(f"| {name} | {share:.2f} |")
    write_json(
        arguments.json,
        "split",
        {"split": results},
        rows_of(results, looks[OURS][1], shares[OURS]),
        files=len(paths),
        looks={name: {"rendered": all_, "different": odd} for name, (all_, odd) in looks.items()},
        shared_resources=shares,
    )


if __name__ == "__main__":
    main()
