"""The worker processes: starting them, handing out tasks, and what happens when one dies. Not what they do.

Work is done in processes of their own because reading hostile PDFs may take any amount of time, memory or
life; the server must go on answering meanwhile. A worker reads tasks from its standard input, so that it
ends by itself when the server is gone, however the server ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
from typing import Any

import msgspec

from batchdeck.domain.processes import child_environment
from batchdeck.sandbox.problems import Problem

_LINE_LIMIT = 64 * 1024 * 1024
"""Longest answer of a worker in bytes; only the answer to a real-time message is more than a few hundred."""


class WorkerDied(Exception):
    """The process that had the task died over it, or was stopped because it took too long."""


class Crew:
    """A fixed number of worker processes and a queue before them.

    Args:
        size: how many processes.
        briefing: what each worker is told first (see `batchdeck.sandbox.worker`).
    """

    def __init__(self, size: int, briefing: dict[str, Any]) -> None:
        self._briefing = msgspec.json.encode(briefing) + b"\n"
        self._idle: list[asyncio.subprocess.Process] = []
        self._seats = size
        self._waiting: asyncio.PriorityQueue[tuple[int, int, asyncio.Future[None]]] = asyncio.PriorityQueue()
        self._ticket = itertools.count()
        self._all: set[asyncio.subprocess.Process] = set()

    async def start(self) -> None:
        """Start one worker ahead of need, so that the first call does not wait for it."""
        self._idle.append(await self._spawn())

    async def _spawn(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "batchdeck.sandbox.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_LIMIT,
            env=child_environment(os.environ),
        )
        assert process.stdin is not None
        self._all.add(process)
        process.stdin.write(self._briefing)
        return process

    async def run(self, task: dict[str, Any], *, urgent: bool = False) -> Any:
        """Have a worker do `task` and return its answer. Urgent tasks go before all others.

        Raises:
            Problem: the task's own refusal, as the worker raised it.
            WorkerDied: the worker did not survive it.
        """
        await self._sit_down(urgent)
        try:
            worker = self._idle.pop() if self._idle else await self._spawn()
            try:
                answer = await self._ask(worker, task)
            except BaseException:
                await self._dismiss(worker)
                raise
            self._idle.append(worker)
        finally:
            self._stand_up()
        if "problem" in answer:
            raise Problem(**answer["problem"])
        return answer["done"]

    async def _ask(self, worker: asyncio.subprocess.Process, task: dict[str, Any]) -> dict[str, Any]:
        assert worker.stdin is not None
        assert worker.stdout is not None
        try:
            worker.stdin.write(msgspec.json.encode(task) + b"\n")
            await worker.stdin.drain()
            line = await worker.stdout.readline()
        except ConnectionError:
            raise WorkerDied from None
        if not line.endswith(b"\n"):
            raise WorkerDied
        answer: dict[str, Any] = msgspec.json.decode(line)
        return answer

    async def _sit_down(self, urgent: bool) -> None:
        if self._seats > 0:
            self._seats -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((0 if urgent else 1, next(self._ticket), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._stand_up()
            raise

    def _stand_up(self) -> None:
        while not self._waiting.empty():
            turn = self._waiting.get_nowait()[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._seats += 1

    async def _dismiss(self, worker: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
        self._all.discard(worker)

    async def stop(self) -> None:
        """Stop every worker now, whatever it does."""
        for worker in tuple(self._all):
            await self._dismiss(worker)
        self._idle.clear()
