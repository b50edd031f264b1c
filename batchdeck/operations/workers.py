"""The one executor for CPU-heavy work: worker processes with limits, time limits and back-pressure."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing.spawn
import multiprocessing.util
import os
import subprocess
import threading
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures import wait
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, TypeVar

from batchdeck.domain.processes import child_environment
from batchdeck.errors import BatchDeckError
from batchdeck.pdf.limits import limit_process

_LOOK_SECONDS = 0.2
"""How often a waiting thread looks whether its pool is still there."""

_TASKS_A_PROCESS = 2_000
"""Then another takes its place: what libraries in C lose of their memory, a few KB a file, is given back."""

R = TypeVar("R")
T = TypeVar("T")

_preparing = threading.local()
_original_preparation = multiprocessing.spawn.get_preparation_data
_original_spawn = multiprocessing.util.spawnv_passfds


class WorkerFailed(BatchDeckError):
    """A task took too long, used too much memory, or its process died. Only that task is lost."""

    title = "A file could not be processed within its limits"
    exit_code = 3


def _preparation_without_main(name: str) -> dict[str, Any]:
    """Tell a worker nothing of the caller's main module, while this thread starts one of ours.

    Spawned workers otherwise run the caller's script again: a script or notebook without an
    `if __name__ == "__main__"` guard would start its own work once more in every worker.
    """
    data: dict[str, Any] = _original_preparation(name)
    if getattr(_preparing, "ours", False):
        data.pop("init_main_from_name", None)
        data.pop("init_main_from_path", None)
    return data


def _spawn_without_secrets(path: Any, args: Any, passfds: Any) -> int:
    """Start a worker of ours without the environment's secrets, and multiprocessing's resource tracker, which
    whoever comes first starts. A child that removed them itself would still show them in ``/proc``.
    """
    if not getattr(_preparing, "ours", False) and not any(
        b"resource_tracker" in os.fsencode(a) for a in args
    ):
        number: int = _original_spawn(path, args, passfds)
        return number
    started = subprocess.Popen(  # noqa: S603 - multiprocessing's own command
        args, executable=path, pass_fds=passfds, env=child_environment(os.environ)
    )
    started.returncode = 0  # multiprocessing waits for it by its number
    return started.pid


multiprocessing.spawn.get_preparation_data = _preparation_without_main
multiprocessing.util.spawnv_passfds = _spawn_without_secrets


class _WorkerProcess(SpawnProcess):
    def start(self) -> None:
        _preparing.ours = True
        try:
            super().start()
        finally:
            _preparing.ours = False


class _WorkerContext(SpawnContext):
    Process = _WorkerProcess


class Workers:
    """A pool of limited worker processes, started when first needed.

    Args:
        count: processes; None for one per core.
        memory_bytes: address space each may use.
    """

    def __init__(self, count: int | None = None, *, memory_bytes: int) -> None:
        self.count = count or len(os.sched_getaffinity(0))
        self._memory_bytes = memory_bytes
        self._pool: Any = None
        self._starting = threading.Lock()
        self._is_closed = False

    async def run(self, function: Callable[[T], R], argument: T, *, seconds: float = 120.0) -> R:
        """Run one picklable function in a worker process and return its result.

        Raises:
            WorkerFailed: it exceeded `seconds` or its memory, its process died, or it raised what is no error
                of ours.
        """
        future = self._started().schedule(function, args=[argument], timeout=seconds)
        with _failures(seconds):
            try:
                result: R = await asyncio.wrap_future(future)
            except (asyncio.CancelledError, FutureCancelled):
                future.cancel()
                raise
        return result

    def run_now(self, function: Callable[[T], R], argument: T, *, seconds: float = 120.0) -> R:
        """Run one picklable function in a worker process and wait for it: for threads, not for event loops.

        Raises:
            WorkerFailed: as `run`; also when the pool was stopped meanwhile.
        """
        pool = self._started()
        future = pool.schedule(function, args=[argument], timeout=seconds)
        with _failures(seconds):
            while not future.done():
                # A pool that is stopped forgets what it was given: nobody would ever hear of it again.
                if self._pool is not pool:
                    future.cancel()
                    raise WorkerFailed("It was stopped.")
                wait([future], timeout=_LOOK_SECONDS)
            try:
                result: R = future.result()
            except FutureCancelled:
                raise WorkerFailed("It was stopped.") from None
        return result

    async def map(
        self, function: Callable[[T], R], items: Iterable[T] | AsyncIterable[T], *, seconds: float = 120.0
    ) -> AsyncIterator[tuple[T, R | WorkerFailed]]:
        """Yield each item with its result, in order, with at most two tasks a process under way; no more
        items than that are asked for ahead."""
        window = self.count * 2
        under_way: deque[tuple[T, asyncio.Task[R]]] = deque()
        waiting = _one_by_one(items)
        is_over = False
        try:
            while True:
                while not is_over and len(under_way) < window:
                    try:
                        item = await anext(waiting)
                    except StopAsyncIteration:
                        is_over = True
                        break
                    task = asyncio.ensure_future(self.run(function, item, seconds=seconds))
                    under_way.append((item, task))
                if not under_way:
                    return
                item, task = under_way[0]
                try:
                    outcome: R | WorkerFailed = await task
                except WorkerFailed as failure:
                    outcome = failure
                under_way.popleft()
                yield item, outcome
        finally:
            for _, task in under_way:
                task.cancel()
            for _, task in under_way:
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def close(self) -> None:
        """Stop the processes, for good. Tasks still under way are stopped too."""
        self._is_closed = True
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.stop()
            await asyncio.to_thread(pool.join)

    def _started(self) -> Any:
        with self._starting:
            if self._is_closed:
                raise WorkerFailed("It was stopped.")
            if self._pool is None:
                from pebble import ProcessPool

                self._pool = ProcessPool(
                    max_workers=self.count,
                    max_tasks=_TASKS_A_PROCESS,
                    context=_WorkerContext(),
                    initializer=limit_process,
                    initargs=(self._memory_bytes,),
                )
            return self._pool


async def _one_by_one(items: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


@contextlib.contextmanager
def _failures(seconds: float) -> Iterator[None]:
    """Turn whatever goes wrong with a task into `WorkerFailed`, errors of our own and being stopped apart."""
    from pebble import ProcessExpired

    try:
        yield
    except TimeoutError:
        raise WorkerFailed(f"It took longer than {seconds:g} seconds and was stopped.") from None
    except ProcessExpired as error:
        raise WorkerFailed(f"Its process died (exit code {error.exitcode}).") from None
    except MemoryError:
        raise WorkerFailed("It needed more memory than a worker may use.") from None
    except (BatchDeckError, FutureCancelled):
        raise
    except Exception as error:
        # Hostile input may raise anything inside a worker: it costs its own task, never the run.
        raise WorkerFailed(f"It failed inside its worker ({type(error).__name__}).") from error
