"""Driving sliced work on the event loop: a few milliseconds at a time, with everybody else served between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

BUDGET = 0.005
"""Seconds of work between two turns of the loop: a key waits no longer than this and one slice."""


async def in_slices(steps: Generator[None, None, T]) -> T:
    """Run `steps` to their end and return their result, letting the loop turn after each `BUDGET`."""
    while True:
        deadline = time.perf_counter() + BUDGET
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if time.perf_counter() >= deadline:
                break
        await asyncio.sleep(0)
