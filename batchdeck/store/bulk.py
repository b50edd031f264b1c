"""Decoding very many records at once."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

_MANY = 20_000


@contextlib.contextmanager
def collection_paused() -> Iterator[None]:
    """Keep the garbage collector from running while many objects are made, none of which is garbage.

    It would go through all of them again and again: decoding 10,000 batches takes half as long without. Where
    they are very many indeed it does not look at them afterwards either: records hold no cycles, and go when
    nobody has them any more.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_count()[0] > _MANY:
                gc.freeze()
            gc.enable()
