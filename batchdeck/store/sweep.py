"""Stray files: what an interrupted run left behind and nothing needs any more."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from batchdeck.domain.batches import SubmissionState
from batchdeck.store.disk import storage_failures
from batchdeck.store.layout import PART_PREFIX, DeckLayout
from batchdeck.store.ledger import Ledger

STRAY_AFTER = dt.timedelta(days=1)
"""Younger leftovers may belong to a process that is at work."""
_BODY_NEEDED = frozenset({SubmissionState.PREPARED, SubmissionState.SENDING, SubmissionState.IN_DOUBT})
_TEMPORARY = (".part", ".tmp")


def sweep(layout: DeckLayout, ledger: Ledger, now: dt.datetime) -> tuple[Path, ...]:
    """Remove what interrupted runs left: parts, temporary files, and bodies that will not be sent.

    Nothing younger than `STRAY_AFTER` is touched, nor anything that a live submission needs, nor any file
    that BatchDeck does not make itself.

    Args:
        layout: the deck.
        ledger: its ledger, up to date.
        now: the moment from which ages are counted.

    Returns:
        What was removed.

    Raises:
        StorageFailed: something could not be removed.
    """
    removed: list[Path] = []
    for path in strays(layout, ledger, now):
        with storage_failures("Removing", path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            removed.append(path)
    return tuple(removed)


def strays(layout: DeckLayout, ledger: Ledger, now: dt.datetime) -> tuple[Path, ...]:
    """Return what `sweep` would remove.

    Raises:
        StorageFailed: a folder cannot be read.
    """
    old: list[Path] = []
    for path in sorted(_candidates(layout, ledger)):
        with storage_failures("Looking at", path), contextlib.suppress(FileNotFoundError):
            if now - dt.datetime.fromtimestamp(path.lstat().st_mtime, dt.UTC) >= STRAY_AFTER:
                old.append(path)
    return tuple(old)


def _candidates(layout: DeckLayout, ledger: Ledger) -> Iterator[Path]:
    submissions = ledger.submissions()
    needed = {key for key, submission in submissions.items() if submission.state in _BODY_NEEDED}
    for path in layout.spool.iterdir():
        if path.name.startswith(PART_PREFIX) or (path.suffix == ".body" and path.stem not in needed):
            yield path
    yield from layout.root.glob("ledger*.tmp")
    yield from _temporary(layout.vault)
    for folder in _folders(layout.jobs):
        yield from _temporary(folder)
    known = {batch.key for batch in ledger.batches().values()} | submissions.keys()
    for folder in _folders(layout.batches):
        yield from _temporary(folder)
        # A request log whose submission was never recorded: the pages were not even claimed.
        if os.path.basename(folder) not in known and set(os.listdir(folder)) <= {"requests.jsonl"}:
            yield Path(folder)


def _temporary(folder: str | Path) -> Iterator[Path]:
    """Yield a folder's temporary files: there is a folder a batch, so no file is looked at for itself."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if os.path.splitext(entry.name)[1] in _TEMPORARY and entry.is_file():
                yield Path(entry.path)


def _folders(parent: Path) -> list[str]:
    with os.scandir(parent) as entries:
        return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
