"""The submitted sources: kept in the vault byte for byte, and readable again without a password."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batchdeck.domain.documents import Document
from batchdeck.operations.context import Context
from batchdeck.pdf.decrypt import write_decrypted
from batchdeck.store.disk import storage_failures


def keep_source(context: Context, document: Document) -> Path:
    """Put a document's bytes into the vault, and beside them a readable copy where it took a password.

    The password itself is kept nowhere: a retry reads the copy.

    Raises:
        Conflict: the file has changed since the scan.
        StorageFailed: the disk did not take it.
    """
    kept = context.vault.keep(document.path, document.sha256)
    if document.password:
        opened = context.layout.opened_source(document.sha256)
        if not opened.exists():
            with storage_failures("Keeping", opened):
                temporary = opened.with_name(opened.name + f".{os.getpid()}.tmp")
                write_decrypted(kept, document.password, temporary)
                temporary.chmod(0o600)
                temporary.replace(opened)
    return kept


def source_of(context: Context, sha256: str) -> Path | None:
    """Return a document as it can be read without a password, or None where the vault does not have it."""
    opened = context.layout.opened_source(sha256)
    if opened.exists():
        return opened
    return context.vault.path(sha256) if context.vault.has(sha256) else None


def readable_source(context: Context, sha256: str) -> Path:
    """Return a document as it can be read without a password.

    Raises:
        DeckDamaged: the vault does not have it.
    """
    return source_of(context, sha256) or context.vault.path(sha256)


@contextmanager
def part_folder(context: Context) -> Iterator[Path]:
    """Make a folder for the part files of one run, and remove it with whatever is left in it."""
    folder = Path(tempfile.mkdtemp(prefix="parts-", dir=context.layout.spool))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
