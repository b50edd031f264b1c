"""Jobs, submissions and batches: the records of the ledger, and the life cycle of a submission."""

from __future__ import annotations

import datetime as dt
import enum
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from batchdeck.domain.costs import Estimate, Usage
from batchdeck.domain.documents import FileKind, Sha256
from batchdeck.domain.outcomes import Outcome

RESULTS_KEPT = dt.timedelta(days=29)
"""Results vanish this long after *created_at* (public documentation)."""
RISK_DAYS = (20, 25, 28)
"""Days after creation at which results that are not on this disk are warned about."""
REALTIME_PREFIX = "realtime_"
"""How the id of a batch begins that this deck has worked off itself, in real time."""


class Mode(enum.StrEnum):
    """How the pages of a job are sent."""

    BATCH = "batch"
    """As message batches, at half the price."""
    REALTIME = "realtime"
    """One by one, each answered at once, at the full price."""
    AUTO = "auto"
    """Short documents in real time, the others as batches."""


class SubmissionState(enum.StrEnum):
    """Where one intended `create` call stands.

    PREPARED -> SENDING -> SUBMITTED | REJECTED | PREPARED (proved unsent) | IN_DOUBT | DISCARDED;
    IN_DOUBT -> SUBMITTED (adopted) | ABSENT. An ABSENT one's pages are free again, for a new attempt with a
    new nonce, after the operator's word. A DISCARDED one was never sent and is not wanted any more.
    """

    PREPARED = "prepared"
    SENDING = "sending"
    SUBMITTED = "submitted"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    ABSENT = "absent"
    DISCARDED = "discarded"

    @property
    def holds_pages(self) -> bool:
        """Whether its pages may not be claimed by another submission (SUBMITTED: until archived)."""
        return self in _HOLDING


_HOLDING = frozenset(
    {
        SubmissionState.PREPARED,
        SubmissionState.SENDING,
        SubmissionState.IN_DOUBT,
        SubmissionState.SUBMITTED,
    }
)

SUBMISSION_MOVES: Mapping[SubmissionState, frozenset[SubmissionState]] = {
    SubmissionState.PREPARED: frozenset({SubmissionState.SENDING, SubmissionState.DISCARDED}),
    SubmissionState.SENDING: frozenset(
        {
            SubmissionState.SUBMITTED,
            SubmissionState.REJECTED,
            SubmissionState.PREPARED,
            SubmissionState.IN_DOUBT,
            # A real-time run that was stopped before its first page had left.
            SubmissionState.DISCARDED,
        }
    ),
    SubmissionState.IN_DOUBT: frozenset({SubmissionState.SUBMITTED, SubmissionState.ABSENT}),
    SubmissionState.SUBMITTED: frozenset(),
    SubmissionState.REJECTED: frozenset(),
    # A server may accept a request long after it was given up: found by its nonce at a later poll.
    SubmissionState.ABSENT: frozenset({SubmissionState.SUBMITTED}),
    SubmissionState.DISCARDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A document as one job uses it: which of its pages, and where they begin in the job's global index.

    A job may have thousands: what only an export needs of one, its bookmarks, is asked of the ledger then.
    """

    sha256: Sha256
    name: str
    """File name as shown (already safe), for reports and ids."""
    path: str
    """Where it was found; may hold surrogate escapes."""
    first_index: int
    pages: int
    """How many of its pages the job submits."""
    page_count: int
    """How many pages the document has."""
    title: str = ""
    language: str = ""
    kind: FileKind = FileKind.PDF


@dataclass(frozen=True, slots=True)
class Job:
    """One submission by an operator: documents + recipe + parameters. Owns batches."""

    id: str
    name: str
    created_at: dt.datetime
    recipe: str
    model: str
    max_tokens: int
    documents: tuple[DocumentRef, ...]
    pages: int
    operator: str = ""
    mode: Mode = Mode.BATCH
    ladder: tuple[int, ...] = ()
    """How many pages each sampling rung takes; empty for a job that is sent at once."""
    gate: str = ""
    """Why the next rung is not sent by itself; empty while nothing speaks against it."""
    estimate: Estimate = field(default_factory=lambda: Estimate(0.0, 0.0, 0.0, known=False))
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    """Tally of all its pages as of the last change; derived, kept here so that lists need no page files."""
    order: str = ""
    """Name of the standing order that made it (`domain.standing`); empty for an operator."""
    auto_exported: str = ""
    """What had come in when a standing order last exported it (`domain.standing.archive_state`)."""

    def __repr__(self) -> str:
        tally = ", ".join(f"{count:,} {outcome}" for outcome, count in self.outcomes.items())
        return f"<Job {self.id} {self.name!r}: {self.pages:,} pages{': ' * bool(tally)}{tally}>"


@dataclass(frozen=True, slots=True)
class Part:
    """Pages of one submission that go out with the same parameters."""

    indices: tuple[tuple[int, int], ...]
    """Half-open ranges of global indices, ascending."""
    model: str
    max_tokens: int
    as_image: bool = False
    """Whether the pages are sent as pictures instead of PDFs."""
    change: str = ""
    """How it differs from what it repeats, in a phrase ("max_tokens 4,096 → 8,192"); empty the first time."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The local record of one intended `create` call, written before it is made.

    `key` is its nonce, the first part of each of its custom_ids, and the name of its folder.
    """

    key: str
    job: str
    state: SubmissionState
    created_at: dt.datetime
    indices: tuple[tuple[int, int], ...]
    """The pages it claims: half-open ranges [start, stop) of global indices, ascending."""
    requests: int
    body_bytes: int
    body_sha256: str
    attempt: int = 1
    """1 for the first turn of its pages, 2 for their first retry …"""
    lineage: tuple[str, ...] = ()
    """Keys of the submissions whose failures this one resubmits."""
    parts: tuple[Part, ...] = ()
    """Its pages by the parameters they are sent with, each page in one of them."""
    reserved_usd: float = 0.0
    realtime: bool = False
    """Whether its pages go out one by one, at the full price, instead of as one batch. While it is SENDING
    its journal says which; once SUBMITTED it holds just the pages that went out."""
    batch_id: str | None = None
    watermark: str | None = None
    """Newest batch id the API listed just before sending; empty string when it listed none."""
    sent_at: dt.datetime | None = None
    doubted_at: dt.datetime | None = None
    """When the send ended without a believable answer: from then on the quiet period runs. A large body
    may have taken longer to send than the quiet period lasts, so `sent_at` would be the wrong start."""
    suspects: tuple[str, ...] | None = None
    """Ids of the batches that could still be it when the quiet period was over; None before. Batches that
    appear later are not waited for, or a busy neighbour would extend the wait for ever."""
    note: str = ""
    """Why it was rejected, or what is in doubt."""
    order: str = ""
    """Name of the standing order that made it (`domain.standing`), by which its spending is added up even
    after a restart; empty for an operator."""
    for_account: bool = False
    """Whether it was REJECTED for the account's sake: nothing is wrong with it otherwise."""

    @property
    def page_count(self) -> int:
        return range_total(self.indices)

    @property
    def model(self) -> str:
        """The model of most of its pages."""
        if len(self.parts) == 1:  # nearly always, and lists ask it of thousands
            return self.parts[0].model
        largest = max(self.parts, key=lambda part: range_total(part.indices), default=None)
        return largest.model if largest is not None else ""

    @property
    def change(self) -> str:
        """How its parts differ from what they repeat, in a phrase."""
        return "; ".join(dict.fromkeys(part.change for part in self.parts if part.change))

    def part_of(self, index: int) -> Part:
        """Return the part that a page goes out with.

        Raises:
            KeyError: the page is not in this submission.
        """
        for part in self.parts:
            at = bisect_right(part.indices, (index, sys.maxsize)) - 1
            if at >= 0 and index < part.indices[at][1]:
                return part
        raise KeyError(index)


def has_unended_runs(submissions: Iterable[Submission]) -> bool:
    """Say whether a real-time run is under way, or was stopped before it could be brought to its end."""
    return any(s.realtime and s.state is SubmissionState.SENDING for s in submissions)


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """The API's own counts. All but `processing` stay 0 until the whole batch has ended."""

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        return self.processing + self.succeeded + self.errored + self.canceled + self.expired


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A Message Batch as the API described it, reduced to what is used. Unknown statuses are data."""

    id: str
    status: str
    """in_progress, canceling, ended, or something newer."""
    counts: RequestCounts
    created_at: dt.datetime
    expires_at: dt.datetime
    ended_at: dt.datetime | None = None
    cancel_initiated_at: dt.datetime | None = None
    archived_at: dt.datetime | None = None
    has_results: bool = False

    @property
    def has_ended(self) -> bool:
        return self.status == "ended"


@dataclass(frozen=True, slots=True)
class Archive:
    """Proof that a batch's results are on this disk, whole."""

    sha256: str
    bytes: int
    rows: int
    at: dt.datetime
    findings: tuple[str, ...] = ()
    """What did not match what was submitted (missing, duplicate, stranger rows), in words."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One Message Batch this deck tracks: its own (with a submission) or one found in the workspace."""

    id: str
    key: str
    """Name of its folder: the submission's key, or the batch id for a batch made elsewhere."""
    job: str | None
    remote: RemoteBatch
    submission: Submission | None = None
    last_polled_at: dt.datetime | None = None
    archive: Archive | None = None
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    """Tally of its pages; empty until archived."""
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    """What its results cost; None until archived or when the model has no price."""
    unmeasured: int = 0
    """Answers that came without usage, or were lost in real time: `cost` is without what they may cost."""
    duplicate_of: str | None = None
    """Key of the submission whose second, unwanted acceptance this batch is."""
    gone: bool = False
    """The API has answered 404 for it for longer than believable: deleted elsewhere, or expired."""
    not_found_since: dt.datetime | None = None
    """When the API first answered 404 for it, and has done nothing else since."""

    def __repr__(self) -> str:
        return f"<Batch {self.id}: {self.remote.status}, {self.remote.counts.total:,} requests>"

    @property
    def is_realtime(self) -> bool:
        """Whether this deck worked it off itself: the API knows no such batch."""
        return self.submission is not None and self.submission.realtime

    @property
    def is_open(self) -> bool:
        """Whether it may still change: at the API, or in a real-time run."""
        return not self.remote.has_ended and not self.gone

    @property
    def settled_usd(self) -> float | None:
        """What it counts for against a cap, in dollars: its cost, and of what was reserved the share of those
        answers whose cost is not known. None while the whole reservation stands."""
        if self.archive is None or self.cost is None:
            return None
        reserved = self.submission.reserved_usd / self.submission.page_count if self.submission else 0.0
        return self.cost + reserved * self.unmeasured

    @property
    def results_vanish_at(self) -> dt.datetime:
        return self.remote.created_at + RESULTS_KEPT

    def is_at_risk(self, now: dt.datetime) -> bool:
        """Whether its results will vanish soon and are not on this disk."""
        return (
            self.archive is None
            and not self.gone
            and not self.is_realtime
            and now - self.remote.created_at >= dt.timedelta(days=RISK_DAYS[0])
        )


def range_total(ranges: tuple[tuple[int, int], ...]) -> int:
    """Return how many indices half-open ranges hold."""
    return sum(stop - start for start, stop in ranges)


def ranges_of(indices: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return ascending global indices as half-open ranges."""
    ranges: list[tuple[int, int]] = []
    for index in indices:
        if ranges and ranges[-1][1] == index:
            ranges[-1] = (ranges[-1][0], index + 1)
        else:
            ranges.append((index, index + 1))
    return tuple(ranges)


def ranges_overlap(a: tuple[tuple[int, int], ...], b: tuple[tuple[int, int], ...]) -> bool:
    """Say whether two ascending lists of half-open ranges share an index."""
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i][0] < b[j][1] and b[j][0] < a[i][1]:
            return True
        if a[i][1] <= b[j][1]:
            i += 1
        else:
            j += 1
    return False


def documents_within(
    documents: Iterable[DocumentRef], ranges: Sequence[tuple[int, int]]
) -> Iterator[DocumentRef]:
    """Yield those of a job's documents that have a page in one of some ascending half-open ranges."""
    starts = [start for start, _ in ranges]
    for ref in documents:
        before_its_end = bisect_left(starts, ref.first_index + ref.pages)
        if before_its_end and ranges[before_its_end - 1][1] > ref.first_index:
            yield ref
