"""A deck's files against its ledger: what is missing, what is too much, and what others could look into."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from batchdeck.domain.batches import SubmissionState
from batchdeck.domain.documents import FileKind
from batchdeck.domain.findings import Finding, Mend
from batchdeck.store.disk import storage_failures
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.sweep import STRAY_AFTER, strays

_SOURCE = re.compile(rf"[0-9a-f]{{64}}(?:\.readable)?\.(?:{'|'.join(FileKind)})(?:\.rows)?")
_ADOPT = "Its results are kept. Adopt the batch, if it is yours; then move the folder away."


def find_odd_files(layout: DeckLayout, ledger: Ledger, now: dt.datetime) -> Iterator[Finding]:
    """Yield leftovers older than a day, and folders and files that no record accounts for.

    What is younger may belong to a process that is at work and has not recorded it yet.

    Raises:
        StorageFailed: a folder cannot be read.
    """
    swept = frozenset(strays(layout, ledger, now))
    for path in sorted(swept):
        yield Finding(
            _inside(layout, path),
            "is left from an interrupted run",
            "`doctor --repair` removes it.",
            Mend.SWEEP,
        )
    jobs = ledger.jobs()
    known = {batch.key for batch in ledger.batches().values()} | ledger.submissions().keys()
    for path in _old(layout.batches, now):
        if path in swept or path.name in known:
            continue
        if (path / "results.jsonl").exists():
            yield Finding(_inside(layout, path), "holds results that no record knows", _ADOPT)
        elif not path.is_dir() or any(path.iterdir()):
            yield Finding(_inside(layout, path), "belongs to no submission", "Look at it, then move it away.")
    for path in _old(layout.jobs, now):
        if path not in swept and path.name not in jobs:
            yield Finding(
                _inside(layout, path),
                "is the plan of a job that no record knows",
                "Keep it, or move it away.",
            )
    for path in _old(layout.vault, now):
        if path not in swept and not _SOURCE.fullmatch(path.name):
            yield Finding(_inside(layout, path), "is no source that BatchDeck kept", "Move it away.")
    for key, submission in ledger.submissions().items():
        if submission.state is SubmissionState.PREPARED and not layout.body(key).exists():
            yield Finding(
                f"spool/{key}.body",
                "is gone, and it was never sent",
                f"Run `batchdeck submit --resume {submission.job}`: its pages are prepared anew.",
            )


def find_open_modes(root: Path) -> Iterator[Finding]:
    """Yield files and folders of a deck that others than their owner may look into, that are not their own
    user's, and links, which BatchDeck never makes.

    Raises:
        StorageFailed: a folder cannot be read.
    """
    user = os.getuid()
    for path in _walk(root):
        try:
            status = path.lstat()
        except (FileNotFoundError, PermissionError):
            continue  # gone, or in a folder that was told of already
        where = "." if path == root else str(path.relative_to(root))
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode):
            yield Finding(where, "is a link; BatchDeck makes none", "Put what it leads to in its place.")
        elif status.st_uid != user:
            yield Finding(where, f"belongs to user {status.st_uid}", f"Run: sudo chown {user} on it.")
        elif stat.S_ISSOCK(status.st_mode) or stat.S_ISFIFO(status.st_mode):
            continue
        elif mode & 0o077 or mode & 0o600 != 0o600:
            wanted = "700" if stat.S_ISDIR(status.st_mode) else "600"
            yield Finding(where, f"has mode {mode:04o}", f"Run: chmod {wanted} on it.", Mend.PERMISSIONS)


def close_mode(root: Path, where: str) -> None:
    """Close a file or folder that `find_open_modes` found to all but its owner; links are not followed.

    Raises:
        StorageFailed: it could not be changed.
    """
    path = root / where
    with storage_failures("Changing the mode of", path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            os.fchmod(descriptor, 0o700 if stat.S_ISDIR(status.st_mode) else 0o600)
        finally:
            os.close(descriptor)


def _walk(root: Path) -> Iterator[Path]:
    """Yield a folder and all below it that can be seen, links not followed; a folder before what is in it."""
    waiting = [root]
    while waiting:
        path = waiting.pop()
        yield path
        with storage_failures("Reading", path), contextlib.suppress(PermissionError):
            if path.is_dir() and not path.is_symlink():
                waiting += sorted(path.iterdir(), reverse=True)


def _old(folder: Path, now: dt.datetime) -> Iterator[Path]:
    """Yield what has been in a folder for longer than any process is at work on it unrecorded."""
    with storage_failures("Reading", folder):
        for path in sorted(folder.iterdir()):
            if now - dt.datetime.fromtimestamp(path.lstat().st_mtime, dt.UTC) >= STRAY_AFTER:
                yield path


def _inside(layout: DeckLayout, path: Path) -> str:
    return str(path.relative_to(layout.root))
