"""Operators as processes: forked from one that has imported everything, so that a kill costs milliseconds.

A forked process opens the deck for real and works through the same calls as the command line does. Only the
pool of worker processes is replaced by threads, since starting one takes longer than a whole submission.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import importlib
import json
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from batchdeck.config import Settings
from batchdeck.deck import Deck
from batchdeck.domain.overview import JobState
from batchdeck.errors import BatchDeckError
from batchdeck.operations.workers import WorkerFailed, Workers
from tests.faults.server import Server

_T = TypeVar("_T")
_R = TypeVar("_R")
_IMPORTED = (
    "anthropic",
    "batchdeck.api.client",
    "batchdeck.api.gateway",
    "batchdeck.operations.assemble",
    "batchdeck.operations.doctor",
    "batchdeck.operations.export",
    "batchdeck.operations.housekeeping",
    "batchdeck.operations.inbox",
    "batchdeck.operations.prepare",
    "batchdeck.operations.reconcile",
    "batchdeck.operations.retry",
    "batchdeck.operations.scan",
    "batchdeck.operations.submit",
    "batchdeck.operations.track",
    "pebble",
)
_STUCK_AFTER = 120.0


class _SameProcess(Workers):
    """Does a worker's tasks in a thread."""

    async def run(self, function: Callable[[_T], _R], argument: _T, *, seconds: float = 120.0) -> _R:
        try:
            return await asyncio.to_thread(function, argument)
        except BatchDeckError:
            raise
        except Exception as error:
            raise WorkerFailed(f"It failed inside its worker ({type(error).__name__}).") from error


def import_everything() -> None:
    """Import in this process what its children will need, without starting a thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _IMPORTED:
            importlib.import_module(name)
        from anthropic import AsyncAnthropic

        assert AsyncAnthropic(api_key="none").messages.batches is not None


@dataclass
class Person:
    """Somebody with a deck at a server. `later` is how far their clock is ahead, in seconds."""

    deck: Path
    server: Server
    settings: Settings
    later: float = 0.0

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.later)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Deck]:
        """Open the deck, its work done in this process's threads."""
        async with Deck.open(
            self.deck,
            base_url=self.server.base_url,
            api_key=self.server.api_key,
            settings=self.settings,
            now=self.now,
        ) as deck:
            await deck._context.workers.close()  # opening may have ended a stopped run with it
            deck._context.workers = _SameProcess(2, memory_bytes=self.settings.limits.memory_bytes)
            yield deck


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    was_killed: bool
    error: str = ""
    """The kind of error of ours that it ended with, or "" where it ended well."""
    message: str = ""
    crash: str = ""
    """A traceback of what is no error of ours: always a defect."""
    told: object = None
    """What its work returned."""


@dataclass
class Child:
    """A process at work."""

    pid: int
    reader: int
    born: float = field(default_factory=time.monotonic)

    def kill(self) -> None:
        """Kill it; one that has ended already does not mind."""
        os.kill(self.pid, signal.SIGKILL)

    def kill_after(self, seconds: float) -> None:
        """Kill it that long after it began, unless it ends before."""
        while not self.has_ended() and time.monotonic() - self.born < seconds:
            time.sleep(0.001)
        self.kill()

    def has_ended(self) -> bool:
        """Whether it is over (not yet waited for)."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> Ended:
        """Wait for its end and return how it was."""
        while not self.has_ended():
            if time.monotonic() - self.born > _STUCK_AFTER:
                self.kill()
                os.waitpid(self.pid, 0)
                os.close(self.reader)
                return Ended(False, crash=f"it did not end in {_STUCK_AFTER:.0f} s")
            time.sleep(0.001)
        with open(self.reader, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            is_kill = os.WTERMSIG(status) == signal.SIGKILL
            return Ended(is_kill, crash="" if is_kill else f"it died of signal {os.WTERMSIG(status)}")
        return Ended(False, **json.loads(said)) if said else Ended(False, crash="it ended without a word")


def fork(work: Callable[[], Awaitable[object]], *, before: Callable[[], None] | None = None) -> Child:
    """Do `work` in a child process of its own. `before` is called in it first."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(writer)
        return Child(pid, reader)
    os.close(reader)
    try:
        said = _ending(work, before)
        os.write(writer, json.dumps(said).encode())
    finally:
        os._exit(0)


def _ending(work: Callable[[], Awaitable[object]], before: Callable[[], None] | None) -> dict[str, object]:
    warnings.simplefilter("ignore")

    async def main() -> object:
        return await work()

    try:
        if before is not None:
            before()
        return {"told": asyncio.run(main())}
    except BatchDeckError as error:
        return {"error": type(error).__name__, "message": error.message}
    except BaseException:
        return {"crash": traceback.format_exc()[-1_500:]}
    finally:
        sys.setprofile(None)


async def submit(person: Person, folder: Path, mode: str = "batch") -> None:
    """Submit a folder, or go on with it; what is in doubt is settled first, as a dashboard does."""
    async with person.opened() as deck:
        await deck.reconcile()
        plan = deck.plan(await deck.scan([folder]), mode=mode)
        if plan.documents:
            await deck.submit(plan)


async def settle(person: Person, folders: Sequence[Path]) -> int:
    """Settle and send whatever is left; return how many submissions and pages still wait."""
    async with person.opened() as deck:
        left = len((await deck.reconcile()).undecided)
        for job in deck.jobs():
            if deck.job_state(job) in (JobState.UNSENT, JobState.GATE_FAILED):
                sent = await deck.resume(job.id)
                left += sent.unsent + len(sent.in_doubt)
        known = {ref.name for job in deck.jobs() for ref in job.documents}
        for folder in folders:
            if {path.name for path in folder.iterdir()} - known:
                sent = await deck.submit(deck.plan(await deck.scan([folder])))
                left += sent.unsent + len(sent.in_doubt)
        return left


async def collect(person: Person) -> int:
    """Poll until everything has been archived; return how many batches there are."""
    async with person.opened() as deck:
        await deck.track(until_ended=True)
        return len(deck.batches())
