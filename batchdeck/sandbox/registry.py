"""All batches of a state: making, finding, listing, changing and deleting them. Working them is elsewhere."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from batchdeck.sandbox.chance import fraction, token
from batchdeck.sandbox.clock import Clock
from batchdeck.sandbox.identity import page_key
from batchdeck.sandbox.problems import Problem, invalid, not_found
from batchdeck.sandbox.records import BatchRecord, Counts
from batchdeck.sandbox.settings import Settings
from batchdeck.sandbox.storage import BatchFolder, Storage


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the list of batches, newest first."""

    records: tuple[BatchRecord, ...]
    has_more: bool


class Registry:
    """The batches of one state, in memory and on disk."""

    def __init__(self, storage: Storage, clock: Clock, settings: Settings) -> None:
        self._storage = storage
        self._clock = clock
        self._settings = settings
        self._records: dict[str, BatchRecord] = {}
        self._turns: Counter[str] = Counter()
        self._changed: dict[str, asyncio.Event] = {}
        for record in storage.load_records():
            self._records[record.id] = record
            clock.not_before(record.ended_at or record.cancel_initiated_at or record.created_at)
            self._take_turns(storage.folder(record.id).read_custom_ids())
            if record.ended_at is not None:
                storage.folder(record.id).drop_work()  # what a kill right after the end has left

    def _take_turns(self, custom_ids: Iterable[str]) -> list[int]:
        """Count one more turn for every row's page and return which turn each row is."""
        turns = []
        for custom_id in custom_ids:
            key = page_key(custom_id)
            self._turns[key] += 1
            turns.append(self._turns[key])
        return turns

    def accept(self, folder: BatchFolder, rows: int, version: str, *, delay: float = 0.0) -> BatchRecord:
        """Make a batch of rows that have been taken in.

        Args:
            folder: where they are; it becomes the batch's.
            rows: how many.
            version: the call's `anthropic-version`.
            delay: seconds until the batch is there for anybody to see.

        Raises:
            Problem: too many requests are queued already.
        """
        queued = sum(record.requests for record in self._records.values() if record.ended_at is None)
        if queued + rows > self._settings.limits.queued_requests:
            raise Problem(
                "rate_limit_error",
                "The number of requests in the processing queue would exceed your organization's limit of "
                f"{self._settings.limits.queued_requests}.",
                headers={"retry-after": "60"},
            )
        custom_ids = folder.read_custom_ids()
        folder.write_attempts(self._take_turns(custom_ids))
        sequence = self._storage.next_sequence()
        created_at = self._clock.now() + dt.timedelta(seconds=delay)
        jitter = 0.9 + 0.2 * fraction(self._settings.seed, "duration", rows, page_key(custom_ids[0]))
        record = BatchRecord(
            id="msgbatch_01" + token(self._storage.identity.salt, sequence),
            sequence=sequence,
            created_at=created_at,
            requests=rows,
            api_version=version,
            ends_at=created_at + dt.timedelta(seconds=self._settings.duration(rows) * jitter),
        )
        self._storage.adopt(folder, record)
        self._records[record.id] = record
        return record

    def open_records(self) -> list[BatchRecord]:
        """Return the batches that have not ended."""
        return [record for record in self._records.values() if record.ended_at is None]

    def get(self, batch_id: str) -> BatchRecord:
        """Return a batch that can be seen.

        Raises:
            Problem: there is none of that id (yet).
        """
        record = self._records.get(batch_id)
        if record is None or not record.is_visible(self._clock.now()):
            raise not_found(f"Message Batch {batch_id} not found.")
        return record

    def page(self, *, after_id: str | None, before_id: str | None, limit: int) -> Listing:
        """Return a page of the list: what follows `after_id`, or what directly precedes `before_id`.

        Raises:
            Problem: an id is not that of a batch.
        """
        now = self._clock.now()
        shown = [record for record in reversed(self._records.values()) if record.is_visible(now)]
        if before_id is not None:
            earlier = shown[: self._place(shown, before_id)]
            return Listing(tuple(earlier[-limit:]), len(earlier) > limit)
        start = 0 if after_id is None else self._place(shown, after_id) + 1
        return Listing(tuple(shown[start : start + limit]), len(shown) > start + limit)

    def _place(self, shown: list[BatchRecord], batch_id: str) -> int:
        for place, record in enumerate(shown):
            if record.id == batch_id:
                return place
        raise invalid(f"{batch_id} is not the id of a Message Batch")

    def cancel(self, batch_id: str) -> BatchRecord:
        """Begin to cancel a batch; one that is being cancelled stays as it is.

        Raises:
            Problem: there is no such batch, or it has ended.
        """
        record = self.get(batch_id)
        if record.ended_at is not None:
            raise invalid(f"Message Batch {batch_id} has already ended and cannot be canceled.")
        if record.cancel_initiated_at is None:
            record = self._save(replace(record, cancel_initiated_at=self._clock.now()))
            self.changes_of(batch_id).set()
        return record

    def end(self, batch_id: str, ended_at: dt.datetime, counts: Counts) -> None:
        """Record that a batch has ended."""
        self._save(replace(self._records[batch_id], ended_at=ended_at, counts=counts))
        self._changed.pop(batch_id, None)

    def delete(self, batch_id: str) -> None:
        """Delete a batch that has ended.

        Raises:
            Problem: there is no such batch, or it has not ended.
        """
        if self.get(batch_id).ended_at is None:
            raise invalid("In progress batches cannot be deleted. Consider canceling the batch instead.")
        del self._records[batch_id]
        self._storage.remove(batch_id)

    def _save(self, record: BatchRecord) -> BatchRecord:
        self._storage.save(record)
        self._records[record.id] = record
        return record

    def current(self, batch_id: str) -> BatchRecord:
        """Return a batch as it is now, seen or not."""
        return self._records[batch_id]

    def changes_of(self, batch_id: str) -> asyncio.Event:
        """Return what is set once a batch is being cancelled."""
        return self._changed.setdefault(batch_id, asyncio.Event())
