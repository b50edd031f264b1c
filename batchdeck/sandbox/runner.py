"""Working batches: answering their rows in the background and ending each when its time has come."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any

from batchdeck.sandbox.clock import Clock
from batchdeck.sandbox.crew import Crew, WorkerDied
from batchdeck.sandbox.records import BatchRecord, Counts
from batchdeck.sandbox.registry import Registry
from batchdeck.sandbox.settings import Settings
from batchdeck.sandbox.storage import BatchFolder, Storage

_CHUNK_ROWS = 16
_PATIENCE = 4
_KNOWN_ENDINGS = ("succeeded", "errored", "canceled", "expired")


class Runner:
    """One background task for every batch that has not ended."""

    def __init__(
        self, registry: Registry, storage: Storage, crew: Crew, clock: Clock, settings: Settings
    ) -> None:
        self._registry = registry
        self._storage = storage
        self._crew = crew
        self._clock = clock
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()

    def start_all(self) -> None:
        """Go on with every batch that had not ended when the state was last served."""
        for record in self._registry.open_records():
            self.start(record)

    def start(self, record: BatchRecord) -> None:
        """Work a batch in the background."""
        task = asyncio.create_task(self._work(record), name=f"work {record.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Stop working; the state keeps what was done."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self, record: BatchRecord) -> None:
        folder = self._storage.folder(record.id)
        cancelled = self._registry.changes_of(record.id)
        if record.cancel_initiated_at is not None:
            cancelled.set()
        await self._answer_rows(record, folder)
        due = min(record.ends_at, record.expires_at)
        await _first_of(self._clock.wait_until(due), cancelled.wait())
        record = self._registry.current(record.id)
        stop, ended_at = self._ending(record)
        await self._clock.wait_until(ended_at)
        tally = await self._insist({"do": "finish", "folder": str(folder.path), "stop": stop})
        counts = {name: tally.get(name, 0) for name in _KNOWN_ENDINGS}
        counts["errored"] += sum(n for name, n in tally.items() if name not in _KNOWN_ENDINGS)
        self._registry.end(record.id, max(ended_at, self._settled(ended_at)), Counts(**counts))
        folder.drop_work()

    def _settled(self, due: dt.datetime) -> dt.datetime:
        """Return when a batch due at `due` really ended: the work may have taken longer than it was given."""
        now = self._clock.now()
        return now if (now - due).total_seconds() > self._settings.batch_seconds else due

    def _ending(self, record: BatchRecord) -> tuple[dict[str, Any] | None, dt.datetime]:
        """Return how a batch ends early (None if it does not) and when it ends."""
        planned = (record.ends_at - record.created_at).total_seconds()
        if record.cancel_initiated_at is not None:
            done = (record.cancel_initiated_at - record.created_at).total_seconds()
            share = min(1.0, done / planned) if planned > 0 else 1.0
            ended_at = record.cancel_initiated_at + dt.timedelta(seconds=self._settings.cancel_seconds)
            return {"share": share, "left": "canceled"}, ended_at
        if record.ends_at > record.expires_at:
            given = (record.expires_at - record.created_at).total_seconds()
            return {"share": given / planned, "left": "expired"}, record.expires_at
        return None, record.ends_at

    async def _answer_rows(self, record: BatchRecord, folder: BatchFolder) -> None:
        done = {row for start, stop, _ in folder.list_parts() for row in range(start, stop)}
        chunks = iter(_chunks(record.requests, done))

        async def answer_some() -> None:
            for start, stop in chunks:
                await self._answer_chunk(record, folder, start, stop)

        # A cancelled batch is still answered: what was done in time is only known at the end, and is owed.
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.workers):
                group.create_task(answer_some())

    async def _answer_chunk(self, record: BatchRecord, folder: BatchFolder, start: int, stop: int) -> None:
        task = {
            "do": "rows",
            "folder": str(folder.path),
            "version": record.api_version,
            "today": record.created_at.date().isoformat(),
            "start_row": start,
            "stop_row": stop,
        }
        try:
            await self._crew.run(task)
        except WorkerDied:
            if stop - start > 1:
                for row in range(start, stop):
                    await self._answer_chunk(record, folder, row, row + 1)
            else:  # this very row cost two workers their life
                await self._insist({"do": "give_up", "folder": str(folder.path), "row": start})

    async def _insist(self, task: dict[str, Any]) -> Any:
        """Have a harmless task done, even if a worker is killed over it from outside.

        Raises:
            WorkerDied: so often that it cannot be chance.
        """
        for _ in range(_PATIENCE):
            with contextlib.suppress(WorkerDied):
                return await self._crew.run(task)
        return await self._crew.run(task)


def _chunks(rows: int, done: set[int]) -> Iterator[tuple[int, int]]:
    """Yield what is left to do of `rows` rows as half-open ranges of at most a chunk."""
    start = 0
    while start < rows:
        if start in done:
            start += 1
            continue
        stop = start + 1
        while stop < rows and stop - start < _CHUNK_ROWS and stop not in done:
            stop += 1
        yield start, stop
        start = stop


async def _first_of(*waits: Any) -> None:
    """Return once one of several waits is over; the others are called off."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
