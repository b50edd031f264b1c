"""The executor: what goes wrong inside a worker costs its own task and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from batchdeck.operations.workers import WorkerFailed, Workers

MEMORY = 1 << 30


async def test_a_task_that_raises_or_takes_too_long_fails_alone() -> None:
    workers = Workers(1, memory_bytes=MEMORY)
    try:
        with pytest.raises(WorkerFailed, match="ValueError"):
            await workers.run(int, "no number")
        with pytest.raises(WorkerFailed, match="longer than"):
            await workers.run(time.sleep, 30, seconds=0.3)
        assert await workers.run(int, "7") == 7
    finally:
        await workers.close()


async def test_tasks_come_back_in_order_with_their_failures_among_them() -> None:
    workers = Workers(2, memory_bytes=MEMORY)
    try:
        found = [outcome async for _, outcome in workers.map(int, ["1", "x", "3", "4"])]
    finally:
        await workers.close()
    assert [outcome if isinstance(outcome, int) else "failed" for outcome in found] == [1, "failed", 3, 4]
    assert isinstance(found[1], WorkerFailed)


async def test_no_more_is_asked_for_ahead_than_the_processes_can_take_next() -> None:
    workers, asked = Workers(1, memory_bytes=MEMORY), list[str]()

    async def made() -> AsyncIterator[str]:
        for number in range(9):
            asked.append(str(number))
            yield asked[-1]

    ahead = []
    try:
        async for item, outcome in workers.map(int, made()):
            assert outcome == int(item)
            ahead.append(len(asked) - 1 - int(item))
    finally:
        await workers.close()
    assert (len(ahead), max(ahead)) == (9, 1), "what is made of a large job is never all there at once"


async def test_a_thread_that_waits_for_a_worker_hears_that_the_pool_was_stopped() -> None:
    workers = Workers(1, memory_bytes=MEMORY)
    assert await workers.run(int, "7") == 7
    waiting = asyncio.create_task(asyncio.to_thread(workers.run_now, time.sleep, 600))
    behind = asyncio.create_task(asyncio.to_thread(workers.run_now, int, "8"))
    await asyncio.sleep(0)
    await workers.close()
    for task in (waiting, behind):
        with pytest.raises(WorkerFailed):
            await task
    with pytest.raises(WorkerFailed, match="stopped"):
        workers.run_now(int, "9")
