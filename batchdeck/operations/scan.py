"""Scanning: look at every file in limited worker processes, and say what can be used and what cannot."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
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
from batchdeck.operations.scan_task import Look, look_at
from batchdeck.operations.workers import WorkerFailed
from batchdeck.pdf.scan import ScanLimits, find_files
from batchdeck.recipes.recipe import Recipe, SourceKind, load_recipe
from batchdeck.sources.find import FoundSource, find_sources
from batchdeck.sources.opening import SourceLimits


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
    look = Look(
        tuple(passwords),
        ScanLimits(max_pages=limits.max_pages_per_document, page_bytes=limits.page_bytes),
        SourceLimits(page_bytes=limits.request_bytes * 3 // 4, rows=limits.max_rows_per_file),
        takes_whole=SourceKind.PDF_DOCUMENTS in asked.sources,
        are_requests=SourceKind.REQUESTS in asked.sources,
        request_bytes=limits.request_bytes,
    )
    results: list[ScannedFile] = []
    readable = [file for file in found if file.problem is None]
    looked_at = context.workers.map(partial(look_at, look), readable, seconds=limits.scan_seconds)
    for done, file in enumerate(found, 1):
        if file.problem is not None:
            scanned: ScannedFile = UnusableFile(file.path, file.problem)
        else:
            _, outcome = await anext(looked_at)
            scanned = _too_slow(file.path, outcome) if isinstance(outcome, WorkerFailed) else outcome
        results.append(scanned)
        yield DocumentScanned(_without_password(scanned), done, len(found))
    yield Finished(replace(mark_duplicates(results), folder=await asyncio.to_thread(_folder_of, paths)))


def _find(recipe: Recipe, paths: Sequence[str]) -> list[FoundSource]:
    kinds = frozenset(kind for source in recipe.sources for kind in source.kinds)
    if kinds != {FileKind.PDF}:
        return list(find_sources(paths, kinds))
    return [FoundSource(file.path, FileKind.PDF, file.problem) for file in find_files(paths)]


def _folder_of(paths: Sequence[str]) -> str:
    return os.path.basename(os.path.abspath(paths[0])) if len(paths) == 1 and os.path.isdir(paths[0]) else ""


def _too_slow(path: str, failure: WorkerFailed) -> UnusableFile:
    return UnusableFile(path, Problem(ProblemKind.TOO_SLOW, failure.message))


def _without_password(file: ScannedFile) -> ScannedFile:
    """Events are logged and shown: they never carry a password."""
    return replace(file, password="") if isinstance(file, Document) and file.password else file
