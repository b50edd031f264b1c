"""Loading the SDK in the background without holding up whoever runs in the foreground."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
