"""The submitted sources: kept in the vault byte for byte, and readable again without a password."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from batchdeck.domain.documents import Caveat, Document
from batchdeck.operations.context import Context
from batchdeck.pdf.open import readable_copy
from batchdeck.store.disk import Disk, storage_failures, write_whole


@dataclass(frozen=True, slots=True)
class CopyTask:
    """A readable copy to make."""

    source: str
    target: str
    password: str = field(repr=False)


async def keep_source(context: Context, document: Document) -> None:
    """Put a document's bytes into the vault, and beside them a readable copy where they need one.

    A copy is made of files that took a password (which is kept nowhere: a retry reads the copy) and of
    repaired ones, so that all libraries find the same pages in them.

    Raises:
        Conflict: the file has changed since the scan.
        StorageFailed: the disk did not take it.
        WorkerFailed: the copy could not be made within a worker's limits.
    """
    kept = await asyncio.to_thread(context.vault.keep, document.path, document.sha256)
    opened = context.layout.readable_source(document.sha256)
    if (document.password or Caveat.REPAIRED in document.caveats) and not opened.exists():
        await context.workers.run(write_readable, CopyTask(str(kept), str(opened), document.password))


def write_readable(task: CopyTask) -> None:
    """Write a readable copy, whole or not at all. Runs in a worker process."""
    target = Path(task.target)
    with storage_failures("Keeping", target):
        write_whole(Disk(), target, [readable_copy(task.source, task.password)])


def source_of(context: Context, sha256: str) -> Path | None:
    """Return a document as it can be read without a password, or None where the vault does not have it."""
    return context.vault.readable(sha256) if context.vault.has(sha256) else None
