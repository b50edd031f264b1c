"""Typed, cached views of a ledger's tables: each record is decoded once, until it changes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

from batchdeck.domain.batches import Batch, DocumentRef, Job, Submission
from batchdeck.domain.documents import Outline
from batchdeck.domain.text import show
from batchdeck.errors import NotFound
from batchdeck.store.bulk import collection_paused
from batchdeck.store.journal import Tables
from batchdeck.store.records import (
    KEY_FIELD,
    DeckMeta,
    DocumentUse,
    Head,
    Kind,
    decode_batch,
    decode_documents,
    decode_job,
    decode_meta,
    decode_outline,
    decode_submission,
    heads_of,
    split_document_key,
    with_submission,
)
from batchdeck.store.rows import Written, WrittenRows, written_rows

T = TypeVar("T")


class _View(Generic[T]):
    """The decoded records of one table. A mapping once handed out is never changed afterwards."""

    def __init__(self, decode: Callable[[str], T]) -> None:
        self._decode = decode
        self._records: dict[str, T] = {}
        self._stale: dict[str, T | None] = {}

    def mark(self, keys: Iterable[str]) -> None:
        """Note that records are new or have changed."""
        self._stale.update(dict.fromkeys(keys))

    def mapping(self) -> Mapping[str, T]:
        """Return all records by key."""
        if self._stale:
            records = dict(self._records)
            with collection_paused():
                for key, record in self._stale.items():
                    records[key] = self._decode(key) if record is None else record
            self._records, self._stale = records, {}
        return self._records

    def get(self, key: str) -> T | None:
        """Return one record without bringing the others up to date."""
        if key not in self._stale:
            return self._records.get(key)
        record = self._stale[key]
        if record is None:
            record = self._stale[key] = self._decode(key)
        return record


class _Grouped(Generic[T]):
    """The records of a mapping by job, put together once for each mapping that a view hands out."""

    def __init__(self, job_of: Callable[[T], str | None]) -> None:
        self._job_of = job_of
        self._of: Mapping[str, T] | None = None
        self._groups: dict[str | None, list[T]] = {}

    def group(self, job: str, records: Mapping[str, T]) -> Sequence[T]:
        """Return a job's records in the order of the mapping."""
        if self._of is not records:
            self._of, self._groups = records, {}
            for record in records.values():
                self._groups.setdefault(self._job_of(record), []).append(record)
        return self._groups.get(job, ())


class DocumentRows:
    """Under which row numbers the documents of one job are kept: 16 bytes each, for they may be thousands."""

    def __init__(self) -> None:
        self._firsts = array("q")
        """Their first indices, ascending."""
        self.numbers = array("q")

    def put(self, first_index: int, number: int) -> None:
        """Note where a document is kept."""
        place, is_known = self._find(first_index)
        if is_known:
            self.numbers[place] = number
        else:
            self._firsts.insert(place, first_index)
            self.numbers.insert(place, number)

    def number_of(self, first_index: int) -> int | None:
        """Return where a document is kept, or None."""
        place, is_known = self._find(first_index)
        return self.numbers[place] if is_known else None

    def _find(self, first_index: int) -> tuple[int, bool]:
        place = bisect_left(self._firsts, first_index)
        return place, place < len(self._firsts) and self._firsts[place] == first_index


class LedgerViews:
    """What a ledger's tables hold, as domain records. After the tables have changed, `note` says so.

    Made anew where records were removed, which hardly ever happens.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._numbers: dict[str, dict[str, str]] = {kind: {} for kind in Kind if kind is not Kind.DOCUMENTS}
        self._highest: dict[str, int] = dict.fromkeys(Kind, 0)
        self._batches_by_key: dict[str, tuple[str, ...]] = {}
        """Nearly always one: thousands of sets would be a burden."""
        self._document_rows: dict[str, DocumentRows] = defaultdict(DocumentRows)
        self._documents: Mapping[str, tuple[DocumentUse, ...]] | None = None
        self._refs: dict[str, tuple[DocumentRef, ...]] = {}
        """The decoded documents of each job: they may be thousands, and change only with the plan."""
        self._jobs = _View(self._decode_job)
        self._submissions = _View(self._decode_submission)
        self._batches = _View(self._decode_batch)
        self._submissions_of = _Grouped[Submission](lambda submission: submission.job)
        self._batches_of = _Grouped[Batch](lambda batch: batch.job)
        self.note(tables)

    def jobs(self) -> Mapping[str, Job]:
        return self._jobs.mapping()

    def job(self, key: str) -> Job | None:
        return self._jobs.get(key)

    def submissions(self) -> Mapping[str, Submission]:
        return self._submissions.mapping()

    def submission(self, key: str) -> Submission | None:
        return self._submissions.get(key)

    def batches(self) -> Mapping[str, Batch]:
        return self._batches.mapping()

    def batch(self, key: str) -> Batch | None:
        return self._batches.get(key)

    def submissions_of(self, job: str) -> Sequence[Submission]:
        return self._submissions_of.group(job, self.submissions())

    def batches_of(self, job: str) -> Sequence[Batch]:
        return self._batches_of.group(job, self.batches())

    def documents(self) -> Mapping[str, tuple[DocumentUse, ...]]:
        """Return, by SHA-256, in which jobs each document is."""
        if self._documents is None:
            uses: dict[str, list[DocumentUse]] = defaultdict(list)
            for job in self.jobs().values():
                for document in job.documents:
                    uses[document.sha256].append(DocumentUse(job.id, job.recipe, job.model, document))
            self._documents = {sha256: tuple(found) for sha256, found in uses.items()}
        return self._documents

    def outline(self, job: str, first_index: int) -> Outline | None:
        number = self._rows_of(job).number_of(first_index)
        return decode_outline(written_rows(self._tables[Kind.DOCUMENTS])[str(number)]) if number else None

    def meta(self) -> DeckMeta:
        return next(map(decode_meta, written_rows(self._tables.get(Kind.META, {})).values()), DeckMeta())

    def number_of(self, kind: Kind, key: str) -> int | None:
        """Return the row number under which a record is kept."""
        if kind is Kind.DOCUMENTS:
            job, first_index = split_document_key(key)
            return self._rows_of(job).number_of(first_index)
        number = self._numbers[kind].get(key)
        return int(number) if number is not None else None

    def next_number(self, kind: Kind) -> int:
        """Return a row number that no record of the table has."""
        return self._highest[kind] + 1

    def document_numbers(self, job: str) -> list[int]:
        """Return the row numbers of a job's documents."""
        return sorted(self._rows_of(job).numbers)

    def note(self, changed: Mapping[str, Mapping[str, Written | None]]) -> None:
        """Take note of records that are new or have changed in the tables.

        Raises:
            DeckDamaged: one of them is no record of its table.
        """
        for kind in Kind:
            rows = changed.get(kind, {})
            heads = heads_of(kind, rows.written if isinstance(rows, WrittenRows) else rows)
            if heads:
                self._note_heads(kind, heads)

    def _note_heads(self, kind: Kind, heads: Mapping[str, Head]) -> None:
        keys = [getattr(head, KEY_FIELD[kind]) for head in heads.values()]
        if kind is not Kind.DOCUMENTS:
            self._numbers[kind].update(zip(keys, heads, strict=True))
        self._highest[kind] = max(self._highest[kind], *map(int, heads))
        match kind:
            case Kind.JOBS:
                self._documents = None
                self._jobs.mark(keys)
            case Kind.DOCUMENTS:
                self._documents = None
                for number, head in heads.items():
                    self._document_rows[head.job or ""].put(split_document_key(head.id)[1], int(number))
                jobs = {head.job or "" for head in heads.values()}
                for job in jobs:
                    self._refs.pop(job, None)
                self._jobs.mark(jobs)
            case Kind.SUBMISSIONS:
                self._submissions.mark(keys)
                self._batches.mark(batch for key in keys for batch in self._batches_by_key.get(key, ()))
            case Kind.BATCHES:
                for key, head in zip(keys, heads.values(), strict=True):
                    same = self._batches_by_key.get(head.key, ())
                    self._batches_by_key[head.key] = same if key in same else (*same, key)
                self._batches.mark(keys)
            case Kind.META:
                pass

    def _rows_of(self, job: str) -> DocumentRows:
        return self._document_rows.get(job) or DocumentRows()

    def _row(self, kind: Kind, key: str) -> Written:
        return written_rows(self._tables[kind])[self._numbers[kind][key]]

    def _decode_job(self, key: str) -> Job:
        refs = self._refs.get(key)
        if refs is None:
            rows = written_rows(self._tables.get(Kind.DOCUMENTS, {}))
            refs = decode_documents(rows[str(number)] for number in self._rows_of(key).numbers)
            self._refs[key] = refs
        return decode_job(self._row(Kind.JOBS, key), refs)

    def _decode_submission(self, key: str) -> Submission:
        return decode_submission(self._row(Kind.SUBMISSIONS, key))

    def _decode_batch(self, key: str) -> Batch:
        batch = decode_batch(self._row(Kind.BATCHES, key))
        known = batch.key in self._numbers[Kind.SUBMISSIONS]
        return with_submission(batch, self.submission(batch.key) if known else None)


def found(record: T | None, what: str, key: str) -> T:
    """Return `record`, or raise `NotFound` where there is none."""
    if record is None:
        raise NotFound(f"There is no {what} “{show(key, 80)}” in this deck.")
    return record
