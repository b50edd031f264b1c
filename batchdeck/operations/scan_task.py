"""Looking at one file for a scan, in a worker process: with what that takes and nothing of the deck, since a
worker loads all of it before its first file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from batchdeck.domain.documents import Document, FileKind, Problem, ProblemKind, ScannedFile, UnusableFile
from batchdeck.pdf.scan import ScanLimits, scan_file
from batchdeck.sources.find import FoundSource
from batchdeck.sources.opening import SourceLimits
from batchdeck.sources.scan import scan_source

_MOST_SHEETS = 600
"""Pages of a PDF that one request may hold (the public API documentation)."""
_BASE64_GROWTH = 4 / 3


@dataclass(frozen=True, slots=True)
class Look:
    """How the files of one scan are looked at."""

    passwords: tuple[str, ...]
    pdf: ScanLimits
    source: SourceLimits
    takes_whole: bool
    """Whether a PDF is one page here."""
    are_requests: bool
    request_bytes: int


def look_at(look: Look, found: FoundSource) -> ScannedFile:
    """Look at one file. Runs in a worker process."""
    if found.kind is not FileKind.PDF:
        return scan_source(found.path, found.kind, are_requests=look.are_requests, limits=look.source)
    file = scan_file(found.path, passwords=look.passwords, limits=look.pdf)
    return _whole(file, look.request_bytes) if look.takes_whole and isinstance(file, Document) else file


def _whole(document: Document, request_bytes: int) -> ScannedFile:
    """Return a PDF as one page, if one request can hold it."""
    problem = None
    if document.page_count > _MOST_SHEETS:
        problem = f"It has {document.page_count:,} pages; one request holds at most {_MOST_SHEETS}."
    elif document.size * _BASE64_GROWTH > request_bytes:
        problem = f"It has {document.size:,} bytes: as a whole it does not fit into one request."
    if problem is not None:
        return UnusableFile(document.path, Problem(ProblemKind.TOO_LARGE, problem), document.sha256)
    first = replace(document.pages[0], label="1")
    return replace(document, pages=(first,), units=1, sheets=document.page_count)
