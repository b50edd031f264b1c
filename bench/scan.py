"""Scanning: what PDFs are and may cost, against pypdf asked for its page count, and for the same facts."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pypdf
import pypdfium2
from made_pdfs import make_pdfs
from measure import Contender, Result, Row, by_name, options, race, show, write_json

from batchdeck.domain.documents import Caveat, Document
from batchdeck.pdf.scan import find_files, scan_file

WHOLE, COUNT = "batchdeck: whole scan", "pdfium: count and sizes"
PYPDF_COUNT, PYPDF_FACTS = "pypdf: count and sizes", "pypdf: the facts of a scan"


def whole(path: str) -> int:
    found = scan_file(path)
    assert isinstance(found, Document)
    return found.page_count


def count(path: str) -> int:
    with pypdfium2.PdfDocument(path) as document:
        return len([document.get_page_size(index) for index in range(len(document))])


def pypdf_count(path: str) -> int:
    return len([page.mediabox for page in pypdf.PdfReader(path).pages])


def pypdf_facts(path: str) -> int:
    hashlib.sha256(Path(path).read_bytes()).hexdigest()
    reader = pypdf.PdfReader(path)
    for page in reader.pages:
        _ = page.mediabox, page.rotation, page.extract_text()
    _ = reader.page_labels, reader.outline, reader.metadata, list(reader.attachments)
    return len(reader.pages)


WAYS: dict[str, Callable[[str], int]] = {
    WHOLE: whole,
    COUNT: count,
    PYPDF_COUNT: pypdf_count,
    PYPDF_FACTS: pypdf_facts,
}


def scanning(way: Callable[[str], int], paths: Iterable[str]) -> Callable[[], float]:
    return lambda: float(sum(map(way, paths)))


def usable(folder: str) -> list[str]:
    """Return the files that all can read: sound, and without a password."""
    found = [scan_file(file.path) for file in find_files([folder]) if file.problem is None]
    return [
        one.path
        for one in found
        if isinstance(one, Document) and not one.encrypted and Caveat.REPAIRED not in one.caveats
    ]


def rows_of(results: list[Result]) -> list[Row]:
    """Return what is held: pdfium counts, and the whole scan against the same facts from pypdf alone."""
    found = by_name(results)
    return [
        Row("scan", "pages and sizes, × pypdf alone", found[COUNT].speed[PYPDF_COUNT], least=10),
        Row("scan", "all facts, × pypdf alone for the same facts", found[WHOLE].speed[PYPDF_FACTS], least=10),
    ]


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as scratch:
        paths = usable(arguments.folder) if arguments.folder else list(map(str, make_pdfs(Path(scratch))))
        results = race(
            [Contender(name, scanning(way, paths)) for name, way in WAYS.items()],
            arguments.rounds,
            time.process_time,
        )
    show(f"Scanning {len(paths)} files", results, "pages", [PYPDF_COUNT, PYPDF_FACTS])
    write_json(arguments.json, "scan", {"scan": results}, rows_of(results), files=len(paths))


if __name__ == "__main__":
    main()
