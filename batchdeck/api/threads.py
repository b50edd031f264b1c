"""Work in threads that neither holds the event loop up nor outlives the call it was done for."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


@contextmanager
def collector_paused() -> Iterator[None]:
    """Load modules in a worker thread without a pause of the other threads.

    Importing the SDK makes some hundred thousand objects, and the garbage collector walks all of them, with
    every thread stopped, for 50 to 90 ms: measured on an event loop next to the import, its longest gap
    was 50-90 ms with the collector and 8-9 ms without. Modules live until the end, so afterwards they are
    taken out of the collector's sight for good; otherwise its next full pass makes up for the pause.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
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
