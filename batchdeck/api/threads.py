"""Work in threads that neither holds the event loop up nor outlives the call it was done for."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
from collections.abc import Callable, Sequence
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
    """Hands pieces to `write` in a worker thread, in order and one at a time, while the next ones arrive."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._writing: asyncio.Future[None] | None = None

    async def put(self, pieces: Sequence[bytes]) -> None:
        """Begin to write `pieces` when those before are written. Raises what writing them raised."""
        await self.settle()
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._put, pieces))

    async def settle(self) -> None:
        """Wait, even when cancelled, until all that was put is written. Raises what writing it raised."""
        writing, self._writing = self._writing, None
        if writing is None:
            return
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise

    def _put(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._write(piece)
