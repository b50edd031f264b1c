"""One transaction on the ledger: staging changes to its records, and the rules that no change may break."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tinydb.table import Document

from batchdeck.domain.batches import (
    SUBMISSION_MOVES,
    Batch,
    Job,
    Submission,
    SubmissionState,
    ranges_overlap,
)
from batchdeck.domain.documents import Outline
from batchdeck.errors import Conflict
from batchdeck.store.journal import Tables
from batchdeck.store.records import (
    KEY_FIELD,
    DeckMeta,
    Kind,
    LedgerRecord,
    encode,
    encode_documents,
    kind_of,
)
from batchdeck.store.rows import Record, WrittenDelta
from batchdeck.store.staging import StagedDB
from batchdeck.store.views import LedgerViews, found


class Transaction:
    """The ledger inside one transaction: what is put is seen at once here, and by others when it is over."""

    def __init__(self, tables: Tables, views: LedgerViews) -> None:
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
        return found(self._jobs.get(job) or self._views.job(job), "job", job)

    def submissions(self) -> Mapping[str, Submission]:
        """Return all submissions by key."""
        return {**self._views.submissions(), **self._submissions}

    def submission(self, key: str) -> Submission:
        """Return one submission, or raise `NotFound`."""
        return found(self._submissions.get(key) or self._views.submission(key), "submission", key)

    def batches(self) -> Mapping[str, Batch]:
        """Return all batches by id, each with its submission."""
        batches = {**self._views.batches(), **self._batches}
        changed = self._submissions
        return {id_: self._with_submission(b) if b.key in changed else b for id_, b in batches.items()}

    def batch(self, batch: str) -> Batch:
        """Return one batch, or raise `NotFound`."""
        return self._with_submission(
            found(self._batches.get(batch) or self._views.batch(batch), "batch", batch)
        )

    def put(self, record: LedgerRecord) -> None:
        """Write a record, new or changed.

        Args:
            record: a job (with its documents), a submission, a batch (its submission is not written with
                it), or the deck's own record.
        """
        match record:
            case Job():
                self.add_job(record, {})
                return
            case Submission():
                self._submissions[record.key] = record
            case Batch():
                self._batches[record.id] = record
            case DeckMeta():
                self._meta = record
        self._upsert(kind_of(record), encode(record))

    def add_job(self, job: Job, outlines: Mapping[int, Outline]) -> None:
        """Write a job, and bookmarks that the ledger does not have yet.

        Args:
            job: with its documents.
            outlines: the bookmarks of documents, by first index; others keep what they have.
        """
        self._put_documents(job, outlines)
        self._jobs[job.id] = job
        self._upsert(Kind.JOBS, encode(job))

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

    def delta(self) -> WrittenDelta:
        """Return the rows this transaction changes."""
        return self._db.delta()

    def _with_submission(self, batch: Batch) -> Batch:
        submission = self._submissions.get(batch.key) or self._views.submission(batch.key)
        return batch if submission is batch.submission else dataclasses.replace(batch, submission=submission)

    def _put_documents(self, job: Job, outlines: Mapping[int, Outline]) -> None:
        known = self._jobs.get(job.id) or self._views.job(job.id)
        if known is not None and known.documents == job.documents:
            return
        kept: set[int] = set()
        for row in encode_documents(job, outlines):
            self._upsert(Kind.DOCUMENTS, row)
            kept.add(self._number(Kind.DOCUMENTS, row["id"]))
        gone = [number for number in self._views.document_numbers(job.id) if number not in kept]
        if gone:
            self._db.table(Kind.DOCUMENTS).remove(doc_ids=gone)

    def _upsert(self, kind: Kind, row: Record) -> None:
        self._db.table(kind).upsert(Document(row, self._number(kind, row[KEY_FIELD[kind]])))

    def _number(self, kind: Kind, key: str) -> int:
        number = self._views.number_of(kind, key) or self._added.get((kind, key))
        if number is None:
            number = self._next.get(kind) or self._views.next_number(kind)
            self._next[kind] = number + 1
            self._added[kind, key] = number
        return number
