"""The six endpoints of the Message Batches API. Faults and the gate are before them, not in them."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from batchdeck.sandbox.clock import Clock
from batchdeck.sandbox.crew import Crew, WorkerDied
from batchdeck.sandbox.problems import Problem, invalid, not_found
from batchdeck.sandbox.records import BatchRecord
from batchdeck.sandbox.registry import Registry
from batchdeck.sandbox.replies import json_reply, page_of, read_limit, spool
from batchdeck.sandbox.runner import Runner
from batchdeck.sandbox.settings import Limits
from batchdeck.sandbox.storage import Storage
from batchdeck.sandbox.wire import Reply, Request

_LONGEST_WAIT = 10
"""Seconds that polls of a running batch have been seen to be told to wait."""
_PIECE = 64 * 1024


class BatchCalls:
    """What each endpoint does with a request that may come in."""

    def __init__(
        self, registry: Registry, storage: Storage, crew: Crew, runner: Runner, clock: Clock, limits: Limits
    ) -> None:
        self._registry = registry
        self._storage = storage
        self._crew = crew
        self._runner = runner
        self._clock = clock
        self._limits = limits

    async def create(self, request: Request, base_url: str, *, delay: float = 0.0) -> Reply:
        """Take in a batch; with a `delay` in seconds, one that nobody sees until then."""
        folder = self._storage.new_folder()
        body = folder.path / "body.json"
        try:
            await spool(request, body, self._limits.body_bytes)
            task = {"do": "intake", "body": str(body), "folder": str(folder.path)}
            rows = await self._crew.run(task, urgent=True)
            body.unlink()
            version = request.headers["anthropic-version"]
            record = self._registry.accept(folder, rows, version, delay=delay)
        except WorkerDied:
            raise Problem("api_error", "Internal server error") from None
        finally:
            shutil.rmtree(folder.path, ignore_errors=True)
        self._runner.start(record)
        return self._shown(record, base_url)

    async def retrieve(self, batch_id: str, base_url: str) -> Reply:
        record = self._registry.get(batch_id)
        reply = self._shown(record, base_url)
        if record.ended_at is None:
            left = self._clock.real_seconds_until(record.ends_at)
            reply.headers = {**reply.headers, "retry-after": str(int(max(1, min(left, _LONGEST_WAIT))))}
        return reply

    async def list(self, request: Request, base_url: str) -> Reply:
        after_id, before_id = request.first("after_id"), request.first("before_id")
        if after_id is not None and before_id is not None:
            raise invalid("Only one of after_id and before_id may be given")
        limit = read_limit(request)
        listing = self._registry.page(after_id=after_id, before_id=before_id, limit=limit)
        now = self._clock.now()
        data = [record.shown(now, base_url) for record in listing.records]
        return json_reply(page_of(data, has_more=listing.has_more))

    async def cancel(self, batch_id: str, base_url: str) -> Reply:
        return self._shown(self._registry.cancel(batch_id), base_url)

    async def delete(self, batch_id: str) -> Reply:
        self._registry.delete(batch_id)
        return json_reply({"id": batch_id, "type": "message_batch_deleted"})

    async def results(self, batch_id: str) -> Reply:
        record = self._registry.get(batch_id)
        if record.ended_at is None or record.is_archived(self._clock.now()):
            raise not_found(f"Message Batch {batch_id} has no available results.")
        path = self._storage.folder(batch_id).results
        return Reply(200, {"content-type": "application/x-jsonl"}, _read_pieces(path))

    def _shown(self, record: BatchRecord, base_url: str) -> Reply:
        return json_reply(record.shown(self._clock.now(), base_url))


async def _read_pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
