"""The poller's heartbeat while it tracks, and what monitoring makes of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from batchdeck.domain.batch_rows import batch_rows
from batchdeck.domain.events import AccountHeldEvent, Event, Finished, Note, Polled, PollFailed
from batchdeck.domain.health import Health, Heartbeat, Way, judge_health
from batchdeck.domain.text import show
from batchdeck.errors import AccountHeld, BatchDeckError, StorageFailed
from batchdeck.operations.context import Context
from batchdeck.store.heartbeat import read_heartbeat, write_heartbeat
from batchdeck.store.locks import holder_of


async def beating(
    context: Context, events: AsyncGenerator[Event, None], *, once: bool, until_ended: bool
) -> AsyncGenerator[Event, None]:
    """Pass the events of tracking on, and write a heartbeat for every round that this process polls."""
    way = Way.ONCE if once else Way.UNTIL_ENDED if until_ended else Way.ALWAYS
    heart = _Heart(context, way)
    async with aclosing(events):
        try:
            async for event in events:
                if await heart.take(event):
                    yield Note(heart.problem, "error")
                yield event
        except BatchDeckError as error:
            await heart.note_end(error)
            raise


class _Heart:
    def __init__(self, context: Context, way: Way) -> None:
        self._context = context
        self._now = Heartbeat(os.getpid(), socket.gethostname(), way, context.now())
        self._unreached = self._held = ""
        self._has_polled = False
        self.problem = ""

    async def take(self, event: Event) -> bool:
        """Note what an event says of the round; say whether there is a new problem with writing it down."""
        match event:
            case PollFailed(batch=batch, reason=reason):
                self._note_error(reason)
                if batch is None:
                    self._unreached = show(reason, 300)
            case AccountHeldEvent(reason=reason):
                self._held = show(reason, 300)
                self._note_error(reason)
            case Polled(open_batches=open_batches, next_at=next_at):
                self._has_polled = True
                self._now = replace(
                    self._now,
                    last_round=self._context.now(),
                    next_round=next_at,
                    open_batches=open_batches,
                    unreached=self._unreached,
                    held=self._held,
                )
                self._unreached = self._held = ""
                return await self._write()
            case Finished() if self._has_polled:
                self._now = replace(self._now, ended=self._context.now())
                return await self._write()
        return False

    async def note_end(self, error: BatchDeckError) -> None:
        """Write down what stopped the tracking, unless it goes on in another process."""
        if holder_of(self._context.layout.poller_lock) is None:
            self._note_error(error.message)
            held = show(error.message, 300) if isinstance(error, AccountHeld) else ""
            self._now = replace(self._now, held=held)
            await self._write()

    def _note_error(self, reason: str) -> None:
        self._now = replace(self._now, last_error=show(reason, 300), last_error_at=self._context.now())

    async def _write(self) -> bool:
        if self._context.read_only:
            return False
        before = self.problem
        try:
            await asyncio.to_thread(write_heartbeat, self._context.layout, self._now)
            self.problem = ""
        except StorageFailed as error:
            # Monitoring finds the last round getting old; tracking goes on.
            self.problem = error.message
        return bool(self.problem) and self.problem != before


def look_at_health(context: Context, polled_by: str) -> Health:
    """Say whether a deck is looked after. Asks nobody and changes nothing.

    Raises:
        StorageFailed: the heartbeat cannot be read.
    """
    ledger, now = context.ledger, context.now()
    rows = batch_rows(ledger.jobs(), ledger.submissions().values(), ledger.batches().values(), now)
    settings = context.settings
    return judge_health(
        read_heartbeat(context.layout),
        rows,
        now,
        polled_by=polled_by,
        held=ledger.meta.held,
        stale_after=dt.timedelta(seconds=settings.watch.stale_seconds),
        failure_share=settings.notify.failure_share,
    )
