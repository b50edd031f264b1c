"""The submitted sources: kept byte for byte, readable again without a password, record by record."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from batchdeck.domain.batches import DocumentRef, Job
from batchdeck.domain.documents import Caveat, Document, FileKind, Sha256
from batchdeck.operations.context import Context
from batchdeck.pdf.open import readable_copy
from batchdeck.recipes.recipe import Recipe, SourceKind
from batchdeck.sources.reading import Told, read_places, tell_records
from batchdeck.store.disk import Disk, private, storage_failures, write_whole

_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class CopyTask:
    """A readable copy to make."""

    source: str
    target: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordsTask:
    """A file of records to go through."""

    source: str
    target: str
    kind: FileKind
    id_column: str = ""
    are_requests: bool = False


async def keep_source(context: Context, document: Document) -> None:
    """Put a document's bytes into the vault, and beside them what reading them again takes.

    A readable copy is made of files that took a password (which is kept nowhere: a retry reads the copy) and
    of repaired ones, so that all libraries find the same pages in them; an index of files of records.

    Raises:
        Conflict: the file has changed since the scan.
        StorageFailed: the disk did not take it.
        WorkerFailed: the copy could not be made within a worker's limits.
    """
    keep = partial(context.vault.keep, size=document.size)
    kept = await asyncio.to_thread(keep, document.path, document.sha256, document.kind)
    if document.kind.has_rows:
        await ensure_places(context, document.sha256, document.kind)
    if document.kind is not FileKind.PDF:
        return
    opened = context.layout.readable_source(document.sha256)
    if (document.password or Caveat.REPAIRED in document.caveats) and not opened.exists():
        await context.workers.run(write_readable, CopyTask(str(kept), str(opened), document.password))


def write_readable(task: CopyTask) -> None:
    """Write a readable copy, whole or not at all. Runs in a worker process."""
    target = Path(task.target)
    with storage_failures("Keeping", target):
        write_whole(Disk(), target, [readable_copy(task.source, task.password)])


async def ensure_places(context: Context, sha256: Sha256, kind: FileKind) -> Path:
    """Return the index of a kept file of records, made anew where it is not there.

    Raises:
        NotFound: the source is not in the vault.
    """
    places = context.layout.rows(sha256, kind)
    if not places.exists():
        task = RecordsTask(str(context.vault.path(sha256, kind)), str(places), kind)
        await context.workers.run(write_places, task, seconds=_SECONDS)
    return places


def write_places(task: RecordsTask) -> None:
    """Write where each record begins, whole or not at all. Runs in a worker process."""
    target = Path(task.target)
    with storage_failures("Writing the index of", target):
        write_whole(Disk(), target, read_places(task.source, task.kind))


async def tell(
    context: Context, sha256: Sha256, kind: FileKind, recipe: Recipe, folder: Path
) -> Iterator[Told]:
    """Return what a plan needs to know of each record of a kept file, in their order.

    Args:
        folder: where it is written on its way out of the worker; must last until all have been read.
    """
    target = folder / f"{sha256}.told"
    source = str(context.vault.path(sha256, kind))
    task = RecordsTask(
        source, str(target), kind, recipe.id_column, are_requests=recipe.source is SourceKind.REQUESTS
    )
    await context.workers.run(write_told, task, seconds=_SECONDS)
    return _read_told(target)


def write_told(task: RecordsTask) -> None:
    """Write what is told of each record, one a line. Runs in a worker process."""
    encode = msgspec.json.Encoder().encode
    told = tell_records(task.source, task.kind, id_column=task.id_column, are_requests=task.are_requests)
    target = Path(task.target)
    with storage_failures("Writing what is planned from", target), open(target, "xb", opener=private) as file:
        file.writelines(encode(each) + b"\n" for each in told)


def _read_told(path: Path) -> Iterator[Told]:
    decode = msgspec.json.Decoder(Told).decode
    with path.open("rb") as file:
        yield from map(decode, file)


def source_of(context: Context, sha256: str, kind: FileKind = FileKind.PDF) -> Path | None:
    """Return a document as it can be read without a password, or None where the vault does not have it as it
    was: pages of other bytes are neither asked about nor believed. It may have to be read through."""
    return None if context.vault.problem(sha256, kind) else context.vault.readable(sha256, kind)


def ref_of(job: Job, sha256: str) -> DocumentRef:
    """Return a job's document by its digest."""
    return next(ref for ref in job.documents if ref.sha256 == sha256)
