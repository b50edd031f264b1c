"""The deck's two exclusive rights: to send (one `create` in flight) and to poll (one poller)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

from batchdeck.operations.context import Context
from batchdeck.store import locks

SUBMIT_WAIT_SECONDS = 900.0


@asynccontextmanager
async def submit_lock(context: Context) -> AsyncGenerator[None, None]:
    """Hold the right to send; waits its turn in a thread, never in the event loop.

    Raises:
        DeckLocked: another process has been sending for longer than `SUBMIT_WAIT_SECONDS`.
    """
    stack = ExitStack()
    lock = locks.hold(context.layout.submit_lock, wait_seconds=SUBMIT_WAIT_SECONDS, what="sending a batch")
    entering = asyncio.ensure_future(asyncio.to_thread(stack.enter_context, lock))
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        entering.add_done_callback(lambda _: stack.close())
        raise
    with stack:
        yield


@contextmanager
def try_realtime_lock(context: Context) -> Iterator[bool]:
    """Hold the right to run in real time if nobody has it: then no run of this deck is alive anywhere."""
    with locks.try_hold(context.layout.realtime_lock, what="a real-time run") as held:
        yield held


@contextmanager
def try_submit_lock(context: Context) -> Iterator[bool]:
    """Hold the right to send if nobody has it: then no `create` of this deck is in flight anywhere."""
    with locks.try_hold(context.layout.submit_lock, what="settling submissions") as held:
        yield held


@contextmanager
def poller_lock(context: Context) -> Iterator[bool]:
    """Hold the right to poll if nobody has it."""
    with locks.try_hold(context.layout.poller_lock, what="polling") as held:
        yield held
