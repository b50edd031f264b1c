"""The ledger: jobs, submissions and batches as typed records, changed in all-or-nothing transactions."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from tinydb.table import Document

from batchdeck.domain.batches import (
    SUBMISSION_MOVES,
    Batch,
    Job,
    Submission,
    SubmissionState,
    ranges_overlap,
)
from batchdeck.domain.text import show
from batchdeck.errors import Conflict, NotFound, ReadOnlyError, StorageFailed
from batchdeck.store.disk import Disk
from batchdeck.store.layout import DeckLayout
from batchdeck.store.locks import hold, try_hold
from batchdeck.store.records import (
    KEY_FIELD,
    DeckMeta,
    DocumentUse,
    Kind,
    LedgerRecord,
    encode,
    encode_documents,
    kind_of,
)
from batchdeck.store.staging import StagedDB
from batchdeck.store.storage import CURRENT, JournalStorage, LedgerFormat
from batchdeck.store.views import LedgerViews

T = TypeVar("T")

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
        self._storage = JournalStorage(layout.ledger, layout.journal, disk=disk, format_=format_)
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
            return _found(self._views.job(job), "job", job)

    def submissions(self) -> Mapping[str, Submission]:
        """Return all submissions by key."""
        with self._mutex:
            return self._views.submissions()

    def submission(self, key: str) -> Submission:
        """Return one submission, or raise `NotFound`."""
        with self._mutex:
            return _found(self._views.submission(key), "submission", key)

    def batches(self) -> Mapping[str, Batch]:
        """Return all batches by id, each with its submission."""
        with self._mutex:
            return self._views.batches()

    def batch(self, batch: str) -> Batch:
        """Return one batch, or raise `NotFound`."""
        with self._mutex:
            return _found(self._views.batch(batch), "batch", batch)

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
                with self._mutex:
                    self._catch_up(locked=True)
                    changes = Transaction(self._storage.read(), self._views)
                yield changes
                with self._mutex:
                    self._commit(changes, uses_reserve=uses_reserve)
            finally:
                self._writer = None

    def close(self) -> None:
        """Fold the journal into `ledger.json`, unless somebody else is writing just now."""
        if self._read_only or not self._storage.has_journal:
            return
        with try_hold(self._layout.ledger_lock, what="ledger") as got, self._mutex:
            if got:
                self._catch_up(locked=True)
                self._checkpoint()

    def _commit(self, changes: Transaction, *, uses_reserve: bool) -> None:
        delta = changes.delta()
        if not delta:
            return
        self._storage.commit(delta, uses_reserve=uses_reserve)
        self._note(delta)
        if self._storage.wants_checkpoint:
            self._checkpoint()

    def _checkpoint(self) -> None:
        # The commits are safe in the journal: folding them can wait until the disk is well again.
        try:
            self._storage.checkpoint()
        except StorageFailed as failure:
            self.checkpoint_problem = failure
        else:
            self.checkpoint_problem = None

    def _catch_up(self, *, locked: bool) -> bool:
        before = self._storage.sequence
        delta = self._storage.refresh(locked=locked)
        if delta is None:
            self._views = LedgerViews(self._storage.read())
            return self._storage.sequence != before
        self._note(delta)
        return bool(delta)

    def _note(self, delta: Mapping[str, Mapping[str, Any]]) -> None:
        if any(record is None for rows in delta.values() for record in rows.values()):
            self._views = LedgerViews(self._storage.read())
        else:
            self._views.note(delta)

    def _settle(self) -> None:
        with hold(self._layout.ledger_lock, wait_seconds=self._wait_seconds, what="ledger"), self._mutex:
            self._catch_up(locked=True)
            if self._storage.disk_format is None:
                self._storage.checkpoint()
            elif self._storage.needs_migration:
                self._storage.migrate()


class Transaction:
    """The ledger inside one transaction: what is put is seen at once here, and by others when it is over."""

    def __init__(self, tables: dict[str, dict[str, Any]], views: LedgerViews) -> None:
        self._db = StagedDB(tables)
        self._views = views
        self._jobs: dict[str, Job] = {}
        self._submissions: dict[str, Submission] = {}
        self._batches: dict[str, Batch] = {}
        self._meta: DeckMeta | None = None
        self._added: dict[tuple[Kind, str], int] = {}
        self._next: dict[Kind, int] = {}

    @property
    def meta(self) -> DeckMeta:
        """What the deck is bound to."""
        return self._meta if self._meta is not None else self._views.meta()

    def jobs(self) -> Mapping[str, Job]:
        """Return all jobs by id."""
        return {**self._views.jobs(), **self._jobs}

    def job(self, job: str) -> Job:
        """Return one job, or raise `NotFound`."""
        return _found(self._jobs.get(job) or self._views.job(job), "job", job)

    def submissions(self) -> Mapping[str, Submission]:
        """Return all submissions by key."""
        return {**self._views.submissions(), **self._submissions}

    def submission(self, key: str) -> Submission:
        """Return one submission, or raise `NotFound`."""
        return _found(self._submissions.get(key) or self._views.submission(key), "submission", key)

    def batches(self) -> Mapping[str, Batch]:
        """Return all batches by id, each with its submission."""
        batches = {**self._views.batches(), **self._batches}
        changed = self._submissions
        return {id_: self._with_submission(b) if b.key in changed else b for id_, b in batches.items()}

    def batch(self, batch: str) -> Batch:
        """Return one batch, or raise `NotFound`."""
        return self._with_submission(
            _found(self._batches.get(batch) or self._views.batch(batch), "batch", batch)
        )

    def put(self, record: LedgerRecord) -> None:
        """Write a record, new or changed.

        Args:
            record: a job (with its documents), a submission, a batch (its submission is not written with
                it), or the deck's own record.
        """
        match record:
            case Job():
                self._put_documents(record)
                self._jobs[record.id] = record
            case Submission():
                self._submissions[record.key] = record
            case Batch():
                self._batches[record.id] = record
            case DeckMeta():
                self._meta = record
        self._upsert(kind_of(record), encode(record))

    def claim(self, submission: Submission) -> None:
        """Write a new submission and claim its pages.

        Raises:
            Conflict: there is one with its key, or another submission of the job that is under way holds
                one of its pages. A submitted one holds its pages until its results are on this disk.
        """
        if submission.key in self.submissions():
            raise Conflict(f"There is a submission {submission.key} already.", hint="Plan it again.")
        done = {batch.key for batch in self.batches().values() if batch.archive is not None or batch.gone}
        for other in self.submissions().values():
            if (
                other.job == submission.job
                and other.state.holds_pages
                and other.key not in done
                and ranges_overlap(other.indices, submission.indices)
            ):
                raise Conflict(
                    f"Pages of this job are already under way in submission {other.key} ({other.state}).",
                    hint="Wait for it, or reconcile it; then plan again.",
                )
        self.put(submission)

    def move(self, submission: Submission, state: SubmissionState, **changes: Any) -> Submission:
        """Move a submission on in its life cycle, changing fields of it with it.

        Args:
            submission: as the caller knows it.
            state: where it goes (`SUBMISSION_MOVES` says from where it may).
            changes: other fields, such as `batch_id`, `watermark`, `sent_at`, `note`.

        Returns:
            The submission as it is now.

        Raises:
            NotFound: there is no such submission.
            Conflict: somebody else has moved it meanwhile, or it cannot go there.
        """
        current = self.submission(submission.key)
        if current.state is not submission.state:
            raise Conflict(
                f"Submission {current.key} is {current.state} by now, no longer {submission.state}.",
                hint="Somebody else has dealt with it; look at it again.",
            )
        if state not in SUBMISSION_MOVES[current.state]:
            raise Conflict(f"Submission {current.key} is {current.state} and cannot become {state}.")
        moved = dataclasses.replace(current, state=state, **changes)
        self.put(moved)
        return moved

    def delta(self) -> dict[str, dict[str, dict[str, Any] | None]]:
        """Return the rows this transaction changes."""
        return self._db.delta()

    def _with_submission(self, batch: Batch) -> Batch:
        submission = self._submissions.get(batch.key) or self._views.submission(batch.key)
        return batch if submission is batch.submission else dataclasses.replace(batch, submission=submission)

    def _put_documents(self, job: Job) -> None:
        known = self._jobs.get(job.id) or self._views.job(job.id)
        if known is not None and known.documents == job.documents:
            return
        rows = list(encode_documents(job))
        for row in rows:
            self._upsert(Kind.DOCUMENTS, row)
        kept = {self._number(Kind.DOCUMENTS, row["id"]) for row in rows}
        gone = [number for number in self._views.document_numbers(job.id) if number not in kept]
        if gone:
            self._db.table(Kind.DOCUMENTS).remove(doc_ids=gone)

    def _upsert(self, kind: Kind, row: dict[str, Any]) -> None:
        self._db.table(kind).upsert(Document(row, self._number(kind, row[KEY_FIELD[kind]])))

    def _number(self, kind: Kind, key: str) -> int:
        number = self._views.number_of(kind, key) or self._added.get((kind, key))
        if number is None:
            number = self._next.get(kind) or self._views.next_number(kind)
            self._next[kind] = number + 1
            self._added[kind, key] = number
        return number


def _found(record: T | None, what: str, key: str) -> T:
    if record is None:
        raise NotFound(f"There is no {what} “{show(key, 80)}” in this deck.")
    return record
