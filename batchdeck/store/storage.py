"""TinyDB's storage on a snapshot and a journal: durable commits, many processes, reads without a lock.

Who may write when is settled by `ledger` with the deck's lock; how the bytes look, by `journal`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

from tinydb.storages import Storage

from batchdeck.errors import DeckDamaged, DeckTooNew, ReadOnlyError, StorageFailed
from batchdeck.store.bulk import collection_paused
from batchdeck.store.disk import Disk, opened, storage_failures, write_whole
from batchdeck.store.journal import (
    HEADER_BYTES,
    LEDGER_GONE,
    MARK_BYTES,
    Replay,
    Snapshot,
    Tables,
    decode_header,
    decode_snapshot,
    encode_commit,
    encode_snapshot,
    replay,
)
from batchdeck.store.layout import DeckLayout
from batchdeck.store.rows import DOCTOR, WrittenDelta, WrittenRows

FORMAT = 1
"""The format this version writes. A deck of a newer one is refused, one of an older is migrated."""
MIGRATIONS: Mapping[int, Callable[[Tables], Tables]] = {}
"""By format: what turns its tables into those of the next one."""
RESERVE = 64 * 1024
"""Bytes of journal written ahead, so that the id of a batch just made finds room on a full disk."""
_SMALLEST_CHECKPOINT = 128 * 1024
_SNAPSHOT_SHARE = 2
_TRIES = 20


@dataclass(frozen=True, slots=True)
class LedgerFormat:
    """A format number and how older ones become it."""

    number: int
    migrations: Mapping[int, Callable[[Tables], Tables]]


CURRENT = LedgerFormat(FORMAT, MIGRATIONS)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A snapshot just written: its first line, by which it is known again, and its size in bytes."""

    first_line: bytes
    size: int


class JournalStorage(Storage):
    """The committed state of a ledger, as TinyDB reads it.

    What writes, and `refresh(locked=True)`, is called under the ledger lock only; `refresh()` at any time.
    """

    def __init__(self, layout: DeckLayout, *, disk: Disk, format_: LedgerFormat) -> None:
        super().__init__()
        self._layout = layout
        self._snapshot = layout.ledger
        self._journal = layout.journal
        self._disk = disk
        self._format = format_
        self._tables: Tables = {}
        self.sequence = 0
        """Number of the last commit taken in."""
        self.disk_format: int | None = None
        """Format of the files; None while there are none."""
        self._first_line = b""
        self._snapshot_bytes = 0
        self._mark = ""
        self._start: int | None = None
        self._end = 0
        self._torn = False
        self._trusted = False

    @property
    def tables(self) -> Tables:
        """The committed tables. They are only read; changes go through `append`."""
        return self._tables

    def read(self) -> dict[str, dict[str, Any]]:
        """Return the committed tables as TinyDB takes them."""
        return cast("dict[str, dict[str, Any]]", self._tables)

    def write(self, data: Mapping[str, Mapping[str, object]]) -> None:
        """Refuse: the committed state changes only inside a transaction.

        Raises:
            ReadOnlyError: always.
        """
        raise ReadOnlyError("The ledger changes only inside `with ledger.transaction()`.")

    def refresh(self, *, locked: bool = False) -> WrittenDelta | None:
        """Take in what others have committed, reading only what is new.

        Args:
            locked: whether the ledger lock is held, so that nobody is writing.

        Returns:
            What changed, empty when nothing did; None when everything was read anew.

        Raises:
            DeckDamaged: the files do not say what they must.
            DeckTooNew: they were written by a newer version.
            StorageFailed: they cannot be read.
        """
        with storage_failures("Reading", self._snapshot):
            if self._trusted and self._follows(_first_line(self._snapshot)):
                found = self._read_on(locked=locked)
                if found is not None:
                    return self._take_in(found)
            self._reload(locked=locked)
        return None

    def append(self, delta: WrittenDelta, *, uses_reserve: bool) -> None:
        """Make `delta` durable: all of it or nothing. `refresh` then takes it in like anybody's commit.

        Args:
            delta: the records it sets and removes.
            uses_reserve: whether, on a full disk, the room kept back may be used.

        Raises:
            StorageFailed: it was not taken, and the old state holds.
        """
        frame = encode_commit(self.sequence + 1, delta)
        with (
            storage_failures("Writing", self._journal),
            self._doubted(),
            opened(self._disk, self._journal, os.O_RDWR | os.O_CREAT) as journal,
        ):
            self._make_room(journal, len(frame), uses_reserve=uses_reserve)
            self._write_frame(journal, frame, self._end)

    @property
    def wants_checkpoint(self) -> bool:
        """Whether the journal has grown so far that the snapshot should be written anew."""
        return self._end > max(_SMALLEST_CHECKPOINT, self._snapshot_bytes // _SNAPSHOT_SHARE)

    @property
    def has_journal(self) -> bool:
        """Whether there are commits that only the journal holds."""
        return self._end > 0

    @property
    def needs_migration(self) -> bool:
        """Whether the files are of an older format than the tables in memory."""
        return self.disk_format is not None and self.disk_format < self._format.number

    def write_checkpoint(self) -> Checkpoint:
        """Write the snapshot anew and empty the journal; `adopt` the result to go on from there.

        Reads the tables without changing anything in memory, so that others may read meanwhile.

        Raises:
            StorageFailed: one of them was not written; what is committed stays committed.
        """
        snapshot = Snapshot(self._format.number, self.sequence, self._mark, self._tables)
        with storage_failures("Writing", self._snapshot), self._doubted():
            pieces = encode_snapshot(snapshot)
            header = next(pieces)
            size = write_whole(self._disk, self._snapshot, chain((header,), pieces))
            with opened(self._disk, self._journal, os.O_RDWR | os.O_CREAT) as journal:
                # Whatever a crash leaves of the old commits is passed over by their sequence numbers.
                self._disk.truncate(journal, 0)
                self._write_ahead(journal, 0)
                self._disk.sync(journal)
            self._disk.sync_folder(self._journal.parent)
        return Checkpoint(header.rstrip(b"\n"), size)

    def adopt(self, checkpoint: Checkpoint) -> None:
        """Go on from a snapshot just written."""
        self._first_line, self._snapshot_bytes = checkpoint.first_line, checkpoint.size
        self.disk_format = self._format.number
        self._end, self._start, self._torn = 0, None, False

    def keep_copies(self) -> None:
        """Keep the files of an older format beside the ledger, before they are written in today's.

        Raises:
            StorageFailed: a copy could not be written.
        """
        for path in (self._snapshot, self._journal):
            backup = path.with_name(f"{path.stem}.format-{self.disk_format}{path.suffix}")
            with storage_failures("Keeping a copy in", backup):
                if path.exists():
                    write_whole(self._disk, backup, [path.read_bytes()])

    @contextlib.contextmanager
    def _doubted(self) -> Iterator[None]:
        """Where writing fails, believe nothing that is in memory: the next refresh reads everything anew."""
        try:
            yield
        except BaseException:
            self._trusted = False
            raise

    def _make_room(self, journal: int, length: int, *, uses_reserve: bool) -> None:
        if self._torn:
            self._disk.truncate(journal, self._end)
            self._torn = False
        size, needed = os.fstat(journal).st_size, self._end + length
        if size < needed + RESERVE:
            try:
                self._write_ahead(journal, needed)
            except OSError:
                if not (uses_reserve and size >= needed):
                    raise

    def _write_ahead(self, journal: int, needed: int) -> None:
        # Zeros really written, not a hole: filling a hole would need room then.
        size = os.fstat(journal).st_size
        self._disk.write(journal, bytes(max(0, needed + 2 * RESERVE - size)), size)

    def _write_frame(self, journal: int, frame: bytes, end: int) -> None:
        try:
            self._disk.write(journal, frame, end)
            self._disk.sync(journal)
        except BaseException as error:
            try:
                self._disk.truncate(journal, end)
                self._disk.sync(journal)
            except OSError as undoing:
                raise StorageFailed(
                    f"The disk took neither the last change nor its undoing: {undoing.strerror}.",
                    hint="Check the disk; the change may or may not have been kept, but never in part.",
                ) from error
            raise

    def _follows(self, first_line: bytes) -> bool:
        """Say whether the snapshot is the one known, or only folds commits that were taken in already."""
        if first_line == self._first_line:
            return True
        header = decode_header(first_line)
        if (header.format, header.sequence, header.mark) != (self.disk_format, self.sequence, self._mark):
            return False
        self.adopt(Checkpoint(first_line, self._snapshot.stat().st_size))
        return True

    def _read_on(self, *, locked: bool) -> Replay | None:
        """Read what follows the last commit taken in; None when only reading everything anew will do."""
        with _reading(self._journal) as journal:
            if journal is None:
                return None if self._end else Replay((), 0, torn=False)
            start, begin = self._start, self._end
            if start is None:
                # Whatever lies there was folded into the snapshot, and whoever did that may empty the journal
                # at any moment: only a commit taken in since then marks a place to go on from.
                begin = 0
            elif os.pread(journal, MARK_BYTES, start) != self._mark.encode():
                return None
            if not locked and os.pread(journal, 1, begin) in (b"", b"\0"):
                return Replay((), begin, torn=False)
            data = _read_from(journal, begin)
        try:
            found = replay(data, begin, self.sequence)
        except DeckDamaged:
            return None
        # Commits of an older format do not fit tables that were migrated in memory.
        return None if found.commits and self.needs_migration else found

    def _take_in(self, found: Replay) -> WrittenDelta:
        changed: WrittenDelta = {}
        for commit in found.commits:
            _apply(self._tables, commit.written)
            for name, rows in commit.written.items():
                changed.setdefault(name, {}).update(rows)
            self.sequence = commit.sequence
            self._start, self._mark = commit.start, commit.mark
        self._end, self._torn = found.end, found.torn
        return changed

    def _reload(self, *, locked: bool) -> None:
        for attempt in range(_TRIES):
            try:
                with collection_paused():
                    self._load()
            except DeckDamaged:
                # Without the lock, a writer may have been at work between the two files: look again.
                if locked or attempt == _TRIES - 1:
                    raise
            else:
                if _first_line(self._snapshot) == self._first_line:
                    self._trusted = True
                    return
        raise StorageFailed("The ledger changes faster than it can be read.", hint="Do it again.")

    def _load(self) -> None:
        for path in (self._snapshot, self._journal):
            if path.is_dir():
                raise DeckDamaged(f"{path.name} is a folder.", hint=DOCTOR)
        data = self._snapshot.read_bytes() if self._snapshot.exists() else b""
        with _reading(self._journal) as journal:
            frames = _read_from(journal, 0) if journal is not None else b""
        if data:
            snapshot = decode_snapshot(data)
        else:
            if self._snapshot.exists() or frames.strip(b"\0") or self._layout.has_been_used:
                raise DeckDamaged(f"{LEDGER_GONE}.", hint=DOCTOR)
            snapshot = Snapshot(self._format.number, 0, "", {})
        if snapshot.format > self._format.number:
            raise DeckTooNew(
                f"The ledger has format {snapshot.format}; this BatchDeck knows up to {self._format.number}.",
                hint="Update BatchDeck on this machine. Nothing was changed.",
            )
        found = replay(frames, 0, snapshot.sequence)
        self._tables, self.sequence = snapshot.tables, snapshot.sequence
        self._first_line, self._snapshot_bytes = data.partition(b"\n")[0], len(data)
        self._start, self._mark = None, snapshot.mark
        self._take_in(found)
        self.disk_format = snapshot.format if data else None
        for number in range(snapshot.format, self._format.number):
            self._tables = self._format.migrations[number](self._tables)


def _first_line(path: Path) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(HEADER_BYTES).partition(b"\n")[0]
    except FileNotFoundError:
        return b""


@contextlib.contextmanager
def _reading(journal: Path) -> Iterator[int | None]:
    try:
        descriptor = os.open(journal, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_from(descriptor: int, offset: int) -> bytes:
    pieces: list[bytes] = []
    while piece := os.pread(descriptor, 1 << 20, offset):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def _apply(tables: Tables, delta: WrittenDelta) -> None:
    for name, changes in delta.items():
        rows = tables.get(name, {})
        if not isinstance(rows, WrittenRows):
            rows = tables[name] = WrittenRows(rows)
        for number, written in changes.items():
            if written is None:
                rows.pop(number, None)
            else:
                rows[number] = written
