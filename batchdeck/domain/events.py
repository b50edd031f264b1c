"""What long operations report while they run, and `Operation`, the one way to run them.

Faces turn these events into messages, progress bars or JSON lines. Nothing else reports progress.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, cast

from batchdeck.domain.batches import RequestCounts
from batchdeck.domain.documents import Document, UnusableFile
from batchdeck.domain.outcomes import Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class Finished(Event, Generic[T]):
    """The last event of an operation: what it came to."""

    result: T


@dataclass(frozen=True, slots=True)
class Note(Event):
    """Something the operator should read. `level` is info, warning or error."""

    text: str
    level: str = "info"


@dataclass(frozen=True, slots=True)
class ScanStarted(Event):
    files: int


@dataclass(frozen=True, slots=True)
class DocumentScanned(Event):
    """One more file was looked at; `done` of `files` so far."""

    file: Document | UnusableFile
    done: int
    files: int


@dataclass(frozen=True, slots=True)
class PagesPrepared(Event):
    """Pages split and encoded so far, of all the pages this submission will send."""

    done: int
    total: int
    document: str


@dataclass(frozen=True, slots=True)
class BatchSending(Event):
    """A batch is on its way. `sent` of `size` bytes handed to the network."""

    submission: str
    requests: int
    sent: int
    size: int


@dataclass(frozen=True, slots=True)
class BatchSubmitted(Event):
    job: str
    batch: str
    submission: str
    requests: int
    number: int
    """1-based among the batches of this submission."""


@dataclass(frozen=True, slots=True)
class SubmissionRefused(Event):
    """The API refused a batch; its pages are free again."""

    job: str
    submission: str
    reason: str


@dataclass(frozen=True, slots=True)
class SubmissionInDoubt(Event):
    """Unknown whether the API took a batch: its pages stay claimed until `reconcile` has settled it."""

    job: str
    submission: str
    reason: str


@dataclass(frozen=True, slots=True)
class SubmissionSettled(Event):
    """An uncertain submission was adopted (with its batch) or found absent (batch None)."""

    job: str
    submission: str
    batch: str | None


@dataclass(frozen=True, slots=True)
class DuplicateFound(Event):
    """A batch that repeats a submission of this deck: it should be canceled."""

    batch: str
    submission: str


@dataclass(frozen=True, slots=True)
class RungStarted(Event):
    """The next rung of a job's ladder is sent; `rung` of `rungs`, from 1."""

    job: str
    rung: int
    rungs: int
    pages: int


@dataclass(frozen=True, slots=True)
class GateFailed(Event):
    """A job has stopped before its next rung; it goes on at the operator's word."""

    job: str
    rung: int
    reason: str
    pages: tuple[str, ...] = ()
    """custom_ids of the failed pages of the rung."""


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """Nothing to do until `until`; `reason` says why (poll, retry-after, queue)."""

    until: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Polled(Event):
    """One round of polling is over; `next_at` is None when nothing is open any more."""

    open_batches: int
    next_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class CountsChanged(Event):
    batch: str
    job: str | None
    status: str
    counts: RequestCounts


@dataclass(frozen=True, slots=True)
class BatchEnded(Event):
    batch: str
    job: str | None
    counts: RequestCounts


@dataclass(frozen=True, slots=True)
class AnswersArriving(Event):
    """How far a real-time run is. Unlike a batch's, its counts are true while it runs."""

    job: str
    submission: str
    counts: RequestCounts


@dataclass(frozen=True, slots=True)
class ResultsArriving(Event):
    """Bytes of a batch's results on this disk so far; `total` where the API said it."""

    batch: str
    received: int
    total: int | None


@dataclass(frozen=True, slots=True)
class BatchArchived(Event):
    """A batch's results are on this disk, whole, and judged."""

    batch: str
    job: str | None
    outcomes: Mapping[Outcome, int]
    cost: float | None
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResultsAtRisk(Event):
    """Results that are not on this disk will vanish."""

    batch: str
    vanish_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AccountHeldEvent(Event):
    """Paid work has stopped until the operator has acted."""

    reason: str


@dataclass(frozen=True, slots=True)
class PollFailed(Event):
    """A poll got no believable answer; it is tried again."""

    batch: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentExported(Event):
    document: str
    html: Path
    pages: int
    placeholders: int
    errors: int
    review: int
    done: int
    documents: int


@dataclass(frozen=True, slots=True)
class StandingOrderActed(Event):
    """A standing order has done something unasked; `text` says what, in a phrase."""

    order: str
    job: str
    text: str
    pages: int = 0
    usd: float | None = None
    """What it will cost, by the estimate."""
    folder: Path | None = None
    """Where an export lies."""


@dataclass(frozen=True, slots=True)
class StandingOrderHeld(Event):
    """A standing order has left something to the operator. Said once for each reason."""

    order: str
    job: str
    reason: str


@dataclass(frozen=True, slots=True)
class InboxSubmitted(Event):
    """New files of an inbox have gone out together."""

    folder: Path
    job: str
    files: tuple[str, ...]
    """Their names, as shown."""
    pages: int
    usd: float
    """By the estimate."""


@dataclass(frozen=True, slots=True)
class InboxDone(Event):
    """A file of an inbox has been dealt with: it belongs to `job`."""

    folder: Path
    file: str
    job: str
    moved_to: Path | None
    """None where files are left in their place."""
    is_duplicate: bool = False
    """Whether the same bytes were submitted before, so that nothing was paid for."""


@dataclass(frozen=True, slots=True)
class InboxProblem(Event):
    """A file of an inbox cannot be used."""

    folder: Path
    file: str
    reason: str
    moved_to: Path | None


@dataclass(frozen=True, slots=True)
class InboxHeld(Event):
    """Files wait in an inbox; `reason` says for what. Said once for each reason."""

    folder: Path
    files: int
    reason: str


class Operation(Generic[T]):
    """A long operation: iterate over it to see its events, or await it for its result alone.

    ::

        scan = await deck.scan([folder])            # just the result
        async for event in deck.submit(plan):        # or every step; the last event is `Finished`
            ...

    An operation can be used once. Closing it early (`aclose`, or a cancelled task) stops it where it can be
    resumed.
    """

    teller: ClassVar[Callable[[], AbstractContextManager[Callable[[Event], object]]] | None] = None
    """Tells of operations that are awaited, where a face has no other place for their events: what it
    returns is entered while one runs, and gives what each event is handed to."""

    def __init__(self, events: AsyncGenerator[Event, None]) -> None:
        self._events = events

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    def __await__(self) -> Generator[Any, None, T]:
        return self._run().__await__()

    async def aclose(self) -> None:
        """Stop here."""
        await self._events.aclose()

    async def _run(self) -> T:
        told = Operation.teller
        with told() if told is not None else nullcontext(lambda event: None) as tell:
            try:
                async for event in self._events:
                    tell(event)
                    if isinstance(event, Finished):
                        return cast("T", event.result)
            finally:
                await self._events.aclose()
        raise RuntimeError("an operation ended without its result")


def event_record(event: Event) -> dict[str, Any]:
    """Return an event as a plain record for JSON: its name under `event`, its fields beside it."""
    record: dict[str, Any] = {"event": _snake(type(event).__name__)}
    for field in dataclasses.fields(event):
        record[field.name] = plain(getattr(event, field.name))
    return record


_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


@functools.cache
def _field_names(kind: type) -> tuple[str, ...] | None:
    """Return the fields of a dataclass that are for others to see; None for any other type."""
    if not dataclasses.is_dataclass(kind):
        return None
    return tuple(field.name for field in dataclasses.fields(kind) if field.name != "password")


def plain(value: object) -> Any:
    """Return a value of the domain as plain JSON data (dataclasses to objects, times to RFC 3339 in UTC,
    durations to seconds)."""
    kind: type = type(value)
    if kind in _AS_IT_IS:
        return value
    names = _field_names(kind)
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def _snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name).lstrip("_")
