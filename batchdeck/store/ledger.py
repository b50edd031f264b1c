"""The ledger: jobs, submissions and batches as typed records, changed in all-or-nothing transactions."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence

from batchdeck.domain.batches import Batch, Job, Submission
from batchdeck.domain.documents import Outline
from batchdeck.errors import ReadOnlyError, StorageFailed
from batchdeck.store.bulk import collection_paused
from batchdeck.store.disk import Disk
from batchdeck.store.layout import DeckLayout
from batchdeck.store.locks import hold, try_hold
from batchdeck.store.records import DeckMeta, DocumentUse
from batchdeck.store.rows import WrittenDelta
from batchdeck.store.storage import CURRENT, FORMAT, JournalStorage, LedgerFormat
from batchdeck.store.transaction import Transaction
from batchdeck.store.views import LedgerViews, found

WAIT_SECONDS = 30.0
"""How long a transaction waits for its turn before it gives up."""


class Ledger:
    """The deck's records, read at any time and changed in transactions.

    Reading takes no lock and parses nothing twice; `refresh` takes in what other processes have committed.
    Mappings that are handed out never change afterwards. One ledger may be used by many threads.
    """

    def __init__(
        self, layout: DeckLayout, *, read_only: bool, disk: Disk, format_: LedgerFormat, wait_seconds: float
    ) -> None:
        self._layout = layout
        self._storage = JournalStorage(layout, disk=disk, format_=format_)
        self._read_only = read_only
        self._wait_seconds = wait_seconds
        self._mutex = threading.RLock()
        self._writer: int | None = None
        self._views = LedgerViews({})
        self.checkpoint_problem: StorageFailed | None = None
        """Why the journal could not be folded into `ledger.json` lately; commits are not affected by it."""

    @classmethod
    def open(
        cls,
        layout: DeckLayout,
        *,
        read_only: bool = False,
        disk: Disk | None = None,
        format_: LedgerFormat | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> Ledger:
        """Open a deck's ledger; make it where there is none, migrate it where it is of an older format.

        Args:
            layout: the deck, prepared.
            read_only: never write, lock or migrate anything.
            disk: where the system calls go (tests make them fail).
            format_: the format to keep it in.
            wait_seconds: how long a transaction waits for its turn.

        Raises:
            DeckTooNew: written by a newer version.
            DeckDamaged: the files do not say what they must.
            DeckLocked: another process holds the ledger and did not let go in time.
            StorageFailed: it cannot be read or written.
        """
        ledger = cls(
            layout,
            read_only=read_only,
            disk=disk or Disk(),
            format_=format_ or CURRENT,
            wait_seconds=wait_seconds,
        )
        ledger.refresh()
        if not read_only and (ledger._storage.disk_format is None or ledger._storage.needs_migration):
            ledger._settle()
        return ledger

    @property
    def version(self) -> int:
        """The number of commits taken in; `refresh` first to know of other processes' commits."""
        return self._storage.sequence

    @property
    def format(self) -> int:
        """The number of the format in which the deck's ledger is kept."""
        return self._storage.disk_format or FORMAT

    @property
    def meta(self) -> DeckMeta:
        """What the deck is bound to."""
        with self._mutex:
            return self._views.meta()

    def jobs(self) -> Mapping[str, Job]:
        """Return all jobs by id."""
        with self._mutex:
            return self._views.jobs()

    def job(self, job: str) -> Job:
        """Return one job, or raise `NotFound`."""
        with self._mutex:
            return found(self._views.job(job), "job", job)

    def submissions(self) -> Mapping[str, Submission]:
        """Return all submissions by key."""
        with self._mutex:
            return self._views.submissions()

    def submissions_of(self, job: str) -> Sequence[Submission]:
        """Return the submissions of one job, without looking through those of all."""
        with self._mutex:
            return self._views.submissions_of(job)

    def submission(self, key: str) -> Submission:
        """Return one submission, or raise `NotFound`."""
        with self._mutex:
            return found(self._views.submission(key), "submission", key)

    def batches(self) -> Mapping[str, Batch]:
        """Return all batches by id, each with its submission."""
        with self._mutex:
            return self._views.batches()

    def batches_of(self, job: str) -> Sequence[Batch]:
        """Return the batches of one job, without looking through those of all."""
        with self._mutex:
            return self._views.batches_of(job)

    def batch(self, batch: str) -> Batch:
        """Return one batch, or raise `NotFound`."""
        with self._mutex:
            return found(self._views.batch(batch), "batch", batch)

    def documents(self) -> Mapping[str, tuple[DocumentUse, ...]]:
        """Return, by SHA-256, in which jobs each document is."""
        with self._mutex:
            return self._views.documents()

    def refresh(self) -> bool:
        """Take in what other processes have committed; say whether there was anything.

        Raises:
            DeckDamaged, DeckTooNew, StorageFailed: as `open`.
        """
        with self._mutex:
            return self._catch_up(locked=False)

    def outline(self, job: str, first_index: int) -> Outline:
        """Return the bookmarks of a job's document, or raise `NotFound`.

        Raises:
            DeckDamaged: they are none.
        """
        with self._mutex:
            return found(self._views.outline(job, first_index), "document", f"{job}/{first_index}")

    @contextlib.contextmanager
    def transaction(self, *, uses_reserve: bool = False) -> Iterator[Transaction]:
        """Change the ledger: everything done in the block, or, where it raises, nothing.

        When the block has ended without an exception, the changes are on the disk. Waits its turn among
        processes and threads, and blocks the calling thread meanwhile.

        Args:
            uses_reserve: take the room kept back on a full disk: for recording what has already happened
                outside, such as the id of a batch the API has just made.

        Raises:
            ReadOnlyError: the ledger was opened read-only.
            DeckLocked: another process did not let go in time.
            StorageFailed: the disk did not take the changes; the old state holds.
        """
        if self._read_only:
            raise ReadOnlyError("Nothing can be changed.", hint="Open the deck without --read-only.")
        if self._writer == threading.get_ident():
            raise RuntimeError("a transaction inside a transaction would wait for itself")
        with hold(self._layout.ledger_lock, wait_seconds=self._wait_seconds, what="ledger"):
            self._writer = threading.get_ident()
            try:
                self._take_turn()
                # Before this transaction, not after the last: by now readers have taken in what is folded,
                # and need not read the whole snapshot.
                if self._storage.wants_checkpoint:
                    self._fold()
                    self._take_turn()
                changes = Transaction(self._storage.tables, self._views)
                yield changes
                self._commit(changes, uses_reserve=uses_reserve)
            finally:
                self._writer = None

    def close(self) -> None:
        """Fold the journal into `ledger.json`, unless somebody else is writing just now, or it may not be."""
        if self._read_only or not self._storage.has_journal:
            return
        try:
            with try_hold(self._layout.ledger_lock, what="ledger") as got:
                if got:
                    self._take_turn()
                    self._fold()
        except StorageFailed as failure:  # whoever has only looked is not told of a disk that takes nothing
            self.checkpoint_problem = failure

    def _take_turn(self) -> None:
        with self._mutex:
            self._catch_up(locked=True)

    def _commit(self, changes: Transaction, *, uses_reserve: bool) -> None:
        delta = changes.delta()
        if not delta:
            return
        # Other threads may read while the disk works: the mutex is held only to take the commit in.
        self._storage.append(delta, uses_reserve=uses_reserve)
        self._take_turn()

    def _fold(self) -> None:
        # The commits are safe in the journal: folding them can wait until the disk is well again.
        try:
            self._checkpoint()
        except StorageFailed as failure:
            self.checkpoint_problem = failure
        else:
            self.checkpoint_problem = None

    def _checkpoint(self) -> None:
        done = self._storage.write_checkpoint()
        with self._mutex:
            self._storage.adopt(done)

    def _catch_up(self, *, locked: bool) -> bool:
        before = self._storage.sequence
        delta = self._storage.refresh(locked=locked)
        if delta is None:
            with collection_paused():
                self._views = LedgerViews(self._storage.tables)
            return self._storage.sequence != before
        self._note(delta)
        return bool(delta)

    def _note(self, delta: WrittenDelta) -> None:
        if any(record is None for rows in delta.values() for record in rows.values()):
            self._views = LedgerViews(self._storage.tables)
        else:
            self._views.note(delta)

    def _settle(self) -> None:
        with hold(self._layout.ledger_lock, wait_seconds=self._wait_seconds, what="ledger"):
            self._take_turn()
            if self._storage.needs_migration:
                self._storage.keep_copies()
                self._checkpoint()
            elif self._storage.disk_format is None:
                self._checkpoint()
