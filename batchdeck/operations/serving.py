"""Watching while nobody looks: what happens is logged, and the service manager is told that all is well."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from batchdeck._version import __version__
from batchdeck.domain.events import Event, Note, Polled
from batchdeck.domain.run_log import log_record, made_record
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, StorageFailed
from batchdeck.notify.service_manager import tell_manager, watchdog_seconds
from batchdeck.operations.context import Context
from batchdeck.store.run_log import RunLog

Sink = Callable[[Mapping[str, Any]], None]
"""Where records of the log go."""


def file_sink(context: Context, path: Path) -> Sink:
    """Return what writes records to a file that is put aside when it has grown."""
    watch = context.settings.watch
    return RunLog(path.expanduser(), most_bytes=watch.log_bytes, keep=watch.log_files).append


async def serving(
    context: Context, events: AsyncGenerator[Event, None], sink: Sink | None
) -> AsyncGenerator[Event, None]:
    """Pass the events of tracking on, log them, and keep the service manager informed."""
    log = _Log(context, sink)
    log.say("info", "watch_started", version=__version__, pid=os.getpid(), host=socket.gethostname())
    tell_manager("READY=1", "STATUS=Watching.")
    barking = asyncio.ensure_future(_keep_barking())
    try:
        async with aclosing(events):
            async for event in events:
                if log.take(event):
                    yield Note(log.problem, "error")
                if isinstance(event, Polled):
                    polled = f"polled {context.now():%H:%M:%S} UTC"
                    tell_manager(f"STATUS={event.open_batches} batches open; {polled}.")
                yield event
    except BatchDeckError as error:
        log.say("error", "watch_failed", title=error.title, reason=error.message, hint=error.hint)
        raise
    except Exception as error:
        log.say("error", "watch_failed", title=type(error).__name__, reason=str(error))
        raise
    finally:
        tell_manager("STOPPING=1")
        barking.cancel()
        log.say("info", "watch_ended")


async def _keep_barking() -> None:
    """Say that the event loop lives, twice as often as the manager wants to hear it."""
    seconds = watchdog_seconds()
    while seconds is not None:
        tell_manager("WATCHDOG=1")
        await asyncio.sleep(seconds / 2)


class _Log:
    """Writes to a sink. That it cannot is said once, and stops nothing."""

    def __init__(self, context: Context, sink: Sink | None) -> None:
        self._context = context
        self._sink = sink
        self.problem = ""

    def take(self, event: Event) -> bool:
        """Log an event; say whether the log has stopped taking any with this one."""
        record = log_record(event, self._context.now())
        return record is not None and self._write(record)

    def say(self, level: str, event: str, **facts: object) -> None:
        deck = show(str(self._context.layout.root), 300)
        self._write(made_record(level, self._context.now(), event=event, deck=deck, **facts))

    def _write(self, record: Mapping[str, Any]) -> bool:
        if self._sink is None:
            return False
        before = self.problem
        try:
            self._sink(record)
            self.problem = ""
        except StorageFailed as error:
            self.problem = f"{error.message} What happens is not logged."
        return bool(self.problem) and not before
