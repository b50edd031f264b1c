"""The turns that a job's pages have had: one per submission, with its batch and its results' index."""

from __future__ import annotations

import datetime as dt
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from batchdeck.domain.batches import Batch, Part, Submission, SubmissionState
from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import DeckDamaged, NotFound
from batchdeck.store.index import BatchIndex, read_index
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger

_UNKNOWN_PART = Part((), model="", max_tokens=0)
_PAST_ANY_PAGE = sys.maxsize
_TURN_STATES = frozenset(
    {
        SubmissionState.PREPARED,
        SubmissionState.SENDING,
        SubmissionState.IN_DOUBT,
        SubmissionState.SUBMITTED,
    }
)
"""Submissions in other states never reached the API: their pages had no turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One submission's turn of its pages."""

    submission: Submission
    batch: Batch | None
    index: BatchIndex | None
    """None while there are no results, or when their index has to be made anew."""

    @property
    def rest(self) -> Outcome:
        """The outcome of its pages that no row of results is for."""
        if self.index is not None or (self.batch is not None and self.batch.gone and not self.has_archive):
            return Outcome.MISSING
        return Outcome.PENDING

    @property
    def why_no_row(self) -> str:
        """Why a page of it has no row of results; empty while it is pending."""
        if self.rest is Outcome.PENDING:
            return ""
        if self.index is None:
            return "the API no longer has the batch, and its results are not on this disk"
        return "the results have no row for it"

    def has_page(self, index: int) -> bool:
        """Say whether a page is in this turn."""
        place = bisect_right(self.submission.indices, (index, _PAST_ANY_PAGE)) - 1
        return place >= 0 and index < self.submission.indices[place][1]

    def part_of(self, index: int) -> Part:
        """Return how a page of it was asked for; for a batch made elsewhere nobody here knows."""
        return self.submission.part_of(index) if self.submission.parts else _UNKNOWN_PART

    @property
    def batch_id(self) -> str | None:
        return self.batch.id if self.batch is not None else self.submission.batch_id

    @property
    def is_foreign(self) -> bool:
        """Whether the batch was made elsewhere: its pages are rows, and its ids are known from them alone."""
        return self.submission.job == ""

    @property
    def has_archive(self) -> bool:
        return self.batch is not None and self.batch.archive is not None

    @property
    def signature(self) -> tuple[object, ...]:
        """What the outcomes of its pages depend on."""
        return (self.submission, self.rest, None if self.index is None else self.index.results_sha256)

    @property
    def at(self) -> dt.datetime:
        if self.batch is None:
            return self.submission.sent_at or self.submission.created_at
        return self.batch.remote.ended_at or self.batch.remote.created_at


def foreign_turn(batch: Batch, index: BatchIndex | None) -> Turn:
    """Return the one turn of a batch made elsewhere, each of its requests as a page."""
    rows = batch.remote.counts.total if index is None else len(index)
    submission = Submission(
        key=batch.key,
        job="",
        state=SubmissionState.SUBMITTED,
        created_at=batch.remote.created_at,
        indices=((0, rows),) if rows else (),
        requests=rows,
        body_bytes=0,
        body_sha256="",
        batch_id=batch.id,
    )
    return Turn(submission, batch, index.numbered_by_row() if index is not None else None)


class IndexCache:
    """Indexes that have been read, by batch; each is read again only when it has been made anew.

    One that another version of the judge than `judge_version` has made is passed over, unless that is None.
    """

    def __init__(self, layout: DeckLayout, judge_version: int | None) -> None:
        self._layout = layout
        self._judge_version = judge_version
        self._indexes: dict[str, tuple[tuple[int, int], BatchIndex]] = {}

    def get(self, batch: Batch) -> BatchIndex | None:
        """Return the index of a batch's archived results; None where there is none that fits them."""
        if batch.archive is None:
            return None
        try:
            stat = self._layout.index(batch.key).stat()
        except FileNotFoundError:
            return None
        identity = stat.st_ino, stat.st_mtime_ns
        known = self._indexes.get(batch.key)
        if known is None or known[0] != identity:
            try:
                known = self._indexes[batch.key] = identity, read_index(self._layout, batch.key)
            except (NotFound, DeckDamaged):
                # Derived data: whoever judges makes it anew, and until then its pages count as pending.
                return None
        index = known[1]
        is_judged_so = self._judge_version in (None, index.judge_version)
        return index if is_judged_so and index.results_sha256 == batch.archive.sha256 else None


def turns_of_job(ledger: Ledger, indexes: IndexCache, job: str) -> Iterator[Turn]:
    """Yield the turns of a job's pages from oldest to newest.

    A second, unwanted acceptance of a submission is a turn too, once its results are here: its answers have
    been paid for.
    """
    submissions = ledger.submissions()
    batches = [batch for batch in ledger.batches().values() if batch.job == job or batch.duplicate_of]
    by_key = {batch.key: batch for batch in batches}
    own = [s for s in submissions.values() if s.job == job and s.state in _TURN_STATES]
    for submission in sorted(own, key=lambda s: (s.created_at, s.attempt, s.key)):
        batch = by_key.get(submission.key)
        yield Turn(submission, batch, indexes.get(batch) if batch is not None else None)
        for copy in batches:
            if copy.duplicate_of == submission.key and copy.archive is not None:
                yield Turn(submission, copy, indexes.get(copy))
