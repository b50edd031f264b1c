"""Scanning: look at every file in limited worker processes, and say what can be used and what cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from batchdeck.domain.documents import (
    Document,
    FileKind,
    Problem,
    ProblemKind,
    ScannedFile,
    UnusableFile,
    mark_duplicates,
)
from batchdeck.domain.events import DocumentScanned, Event, Finished, ScanStarted
from batchdeck.operations.context import Context
from batchdeck.operations.workers import WorkerFailed
from batchdeck.pdf.scan import ScanLimits, find_files, scan_file
from batchdeck.recipes.recipe import Recipe, SourceKind, load_recipe
from batchdeck.sources.find import FoundSource, find_sources
from batchdeck.sources.opening import SourceLimits
from batchdeck.sources.scan import scan_source

_MOST_SHEETS = 600
"""Pages of a PDF that one request may hold (the public API documentation)."""
_BASE64_GROWTH = 4 / 3


@dataclass(frozen=True, slots=True)
class _Look:
    """How the files of one scan are looked at, in a worker process."""

    passwords: tuple[str, ...]
    pdf: ScanLimits
    source: SourceLimits
    takes_whole: bool
    """Whether a PDF is one page here."""
    are_requests: bool
    request_bytes: int

    def at(self, found: FoundSource) -> ScannedFile:
        if found.kind is not FileKind.PDF:
            return scan_source(found.path, found.kind, are_requests=self.are_requests, limits=self.source)
        file = scan_file(found.path, passwords=self.passwords, limits=self.pdf)
        return _whole(file, self.request_bytes) if self.takes_whole and isinstance(file, Document) else file


async def scan(
    context: Context, paths: Sequence[str], *, passwords: Sequence[str] = (), recipe: str = "pdf-to-html"
) -> AsyncGenerator[Event, None]:
    """Scan files and folders for what a recipe reads; the result is a `Scan`.

    Every file met ends up in it: usable, or with one clear problem. A file that exceeds its time or memory
    costs one line, not the run.

    Raises:
        NotFound: there is no such recipe.
    """
    asked = load_recipe(recipe)
    found = await asyncio.to_thread(_find, asked, paths)
    yield ScanStarted(len(found))
    limits = context.settings.limits
    look = _Look(
        tuple(passwords),
        ScanLimits(max_pages=limits.max_pages_per_document, page_bytes=limits.page_bytes),
        SourceLimits(page_bytes=limits.request_bytes * 3 // 4, rows=limits.max_rows_per_file),
        takes_whole=SourceKind.PDF_DOCUMENTS in asked.sources,
        are_requests=SourceKind.REQUESTS in asked.sources,
        request_bytes=limits.request_bytes,
    )
    results: list[ScannedFile] = []
    readable = [file for file in found if file.problem is None]
    looked_at = context.workers.map(partial(_look_at, look), readable, seconds=limits.scan_seconds)
    for done, file in enumerate(found, 1):
        if file.problem is not None:
            scanned: ScannedFile = UnusableFile(file.path, file.problem)
        else:
            _, outcome = await anext(looked_at)
            scanned = _too_slow(file.path, outcome) if isinstance(outcome, WorkerFailed) else outcome
        results.append(scanned)
        yield DocumentScanned(_without_password(scanned), done, len(found))
    yield Finished(mark_duplicates(results))


def _find(recipe: Recipe, paths: Sequence[str]) -> list[FoundSource]:
    kinds = frozenset(kind for source in recipe.sources for kind in source.kinds)
    if kinds != {FileKind.PDF}:
        return list(find_sources(paths, kinds))
    return [FoundSource(file.path, FileKind.PDF, file.problem) for file in find_files(paths)]


def _look_at(look: _Look, found: FoundSource) -> ScannedFile:
    return look.at(found)


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


def _too_slow(path: str, failure: WorkerFailed) -> UnusableFile:
    return UnusableFile(path, Problem(ProblemKind.TOO_SLOW, failure.message))


def _without_password(file: ScannedFile) -> ScannedFile:
    """Events are logged and shown: they never carry a password."""
    return replace(file, password="") if isinstance(file, Document) and file.password else file
