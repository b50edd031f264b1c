"""Work in threads that neither holds the event loop up nor outlives the call it was done for."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


def import_quietly(name: str) -> None:
    """Import a large module in a worker thread without pausing the other threads.

    Importing the SDK makes some hundred thousand objects, and the garbage collector walks all of them, with
    every thread stopped, for 50 to 90 ms: measured on an event loop next to the import, its longest gap
    was 50-90 ms with the collector and 8-10 ms without. Modules live until the end, so afterwards they (and
    whatever else is alive) are taken out of the collector's sight for good; otherwise its next full pass
    would make up for the pause. A module that is loaded already costs nothing.
    """
    if name in sys.modules:
        return
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module(name)
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()


async def in_thread(function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """Run `function` in a worker thread and, even when cancelled, wait until it is done.

    A plain `asyncio.to_thread` leaves the thread running after a cancellation, on a file its owner is
    already closing.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


class WritingBehind:
    """Hands blocks to `write` in a worker thread, in order and one at a time, while the next one arrives."""

    def __init__(
        self, write: Callable[[bytes], object], on_bytes: Callable[[int], None] | None = None
    ) -> None:
        """`on_bytes` is told how many bytes have been written so far."""
        self._write = write
        self._on_bytes = on_bytes
        self._written = 0
        self._writing: asyncio.Future[int] | None = None

    async def put(self, block: bytes) -> None:
        """Begin to write a block when the one before it is written. Raises what writing that one raised."""
        await self.settle()
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._put, block))

    async def settle(self) -> None:
        """Wait, even when cancelled, until all that was put is written. Raises what writing it raised."""
        writing, self._writing = self._writing, None
        if writing is None:
            return
        try:
            self._written += await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise
        if self._on_bytes is not None:
            self._on_bytes(self._written)

    def _put(self, block: bytes) -> int:
        self._write(block)
        return len(block)
