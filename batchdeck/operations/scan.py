"""Scanning: look at every file in limited worker processes, and say what can be used and what cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from batchdeck.domain.documents import (
    Document,
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


async def scan(
    context: Context, paths: Sequence[str], *, passwords: Sequence[str] = ()
) -> AsyncGenerator[Event, None]:
    """Scan files and folders; the result is a `Scan`.

    Every file met ends up in it: usable, or with one clear problem. A file that exceeds its time or memory
    costs one line, not the run.
    """
    found = await asyncio.to_thread(lambda: list(find_files(paths)))
    yield ScanStarted(len(found))
    limits = context.settings.limits
    look = partial(
        scan_file,
        passwords=tuple(passwords),
        limits=ScanLimits(max_pages=limits.max_pages_per_document, page_bytes=limits.page_bytes),
    )
    results: list[ScannedFile] = []
    readable = [file.path for file in found if file.problem is None]
    looked_at = context.workers.map(look, readable, seconds=limits.scan_seconds)
    for done, file in enumerate(found, 1):
        if file.problem is not None:
            scanned: ScannedFile = UnusableFile(file.path, file.problem)
        else:
            path, outcome = await anext(looked_at)
            scanned = _too_slow(path, outcome) if isinstance(outcome, WorkerFailed) else outcome
        results.append(scanned)
        yield DocumentScanned(_without_password(scanned), done, len(found))
    yield Finished(mark_duplicates(results))


def _too_slow(path: str, failure: WorkerFailed) -> UnusableFile:
    return UnusableFile(path, Problem(ProblemKind.TOO_SLOW, failure.message))


def _without_password(file: ScannedFile) -> ScannedFile:
    """Events are logged and shown: they never carry a password."""
    from dataclasses import replace

    return replace(file, password="") if isinstance(file, Document) and file.password else file
