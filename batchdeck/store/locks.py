"""Locks between the processes and threads that share a deck: blocking, with fair turns, freed by the kernel.

Each lock is a pair of `flock`s, a turnstile: a waiter first holds `<lock>.q`, then waits for `<lock>`, so
nobody overtakes the one at the head. Waiting blocks in the kernel instead of polling: with four writers at
full speed, polling lock files let the unluckiest wait 3 to 4.5 s, a turnstile 0.12 s.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.text import show
from batchdeck.errors import DeckLocked
from batchdeck.store.disk import FILE_MODE, storage_failures

# A look at a lock (`holder_of`) holds it for microseconds; whoever only tries must not be put off by that.
_TRIES, _BETWEEN_TRIES = 5, 0.002


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as it wrote into the lock file."""

    pid: int
    host: str
    what: str
    since: dt.datetime
    """By the clock of the file system."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is another machine's, or another container's, by its name."""
        return self.host != socket.gethostname()

    @property
    def is_running(self) -> bool | None:
        """Whether its process is alive; None where that cannot be seen from here."""
        if self.is_elsewhere:
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def __str__(self) -> str:
        since = self.since.isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"process {self.pid} on {show(self.host, 60)} ({show(self.what, 60)}, since {since})"


@contextlib.contextmanager
def hold(path: Path, *, wait_seconds: float | None, what: str) -> Iterator[None]:
    """Hold a lock for the length of the block; wait in line for it.

    Threads of one process exclude each other just as processes do. Waiting blocks the calling thread, so an
    event loop takes its locks in a worker thread.

    Args:
        path: the lock file.
        wait_seconds: how long to wait at most; None for as long as it takes.
        what: what it is held for, in a few words; others are told.

    Raises:
        DeckLocked: it was not free in time; names the holder.
        StorageFailed: the lock file cannot be opened.
    """
    queue = path.with_name(path.name + ".q")
    deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
    with _lock_file(queue) as turn:
        _wait(turn, deadline, path)
        # Nested, so the turn is kept until the lock is there, and given on at once after.
        with _lock_file(path) as lock:
            _wait(lock, deadline, path)
            turn.release()
            lock.sign(what)
            yield


@contextlib.contextmanager
def try_hold(path: Path, *, what: str) -> Iterator[bool]:
    """Hold a lock for the length of the block if it is free now; the value says whether it is held.

    Raises:
        StorageFailed: the lock file cannot be opened.
    """
    with _lock_file(path) as lock:
        got = lock.acquire_now()
        for _ in range(_TRIES):
            if got:
                break
            time.sleep(_BETWEEN_TRIES)
            got = lock.acquire_now()
        if got:
            lock.sign(what)
        yield got


def holder_of(path: Path) -> Holder | None:
    """Say who holds a lock now; None when it is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    with _LockFile(descriptor) as lock:
        return None if lock.acquire_now(fcntl.LOCK_SH) else _read_holder(path)


class _LockFile:
    """One open lock file. `flock` belongs to the open file, so every holder opens its own."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        _open_here.add(self)

    def __enter__(self) -> _LockFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self.close()

    def close(self) -> None:
        """Close the file, and with its last descriptor let go of the lock."""
        _open_here.discard(self)
        descriptor, self._descriptor = self._descriptor, _CLOSED
        if descriptor != _CLOSED:
            os.close(descriptor)

    def duplicate(self) -> _LockFile:
        """Return a second descriptor of the same open file: whichever gets the lock, both have it."""
        return _LockFile(os.dup(self._descriptor))

    def acquire(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def acquire_now(self, kind: int = fcntl.LOCK_EX) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let go of the lock, also where a forked child has the file open."""
        if self._descriptor != _CLOSED:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def sign(self, what: str) -> None:
        note = {"pid": os.getpid(), "host": socket.gethostname(), "what": what}
        # A note for people: a full disk must not keep anybody from working, and it is not synced.
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, json.dumps(note).ljust(256).encode() + b"\n", 0)


_CLOSED = -1
_open_here: set[_LockFile] = set()


def _let_go_in_child() -> None:
    # A forked child shares the open files: were its parent killed, the child would keep the locks.
    for lock in tuple(_open_here):
        lock.close()


os.register_at_fork(after_in_child=_let_go_in_child)


def _lock_file(path: Path) -> _LockFile:
    with storage_failures("Opening the lock", path):
        return _LockFile(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE))


def _wait(lock: _LockFile, deadline: float | None, path: Path) -> None:
    if lock.acquire_now():
        return
    if deadline is None:
        lock.acquire()
        return
    # flock knows no time limit. A duplicate descriptor shares the lock with ours, so a thread can wait for
    # it; one that comes too late closes its duplicate, and with it the last hold on the lock.
    duplicate = lock.duplicate()
    arrived = threading.Event()

    def wait() -> None:
        try:
            duplicate.acquire()
        finally:
            duplicate.close()
            arrived.set()

    threading.Thread(target=wait, name="batchdeck-lock", daemon=True).start()
    if not arrived.wait(max(0.0, deadline - time.monotonic())):
        holder = _read_holder(path)
        raise DeckLocked(
            f"{holder or 'Another process'} holds {show(path.name, 60)} and did not let go in time.",
            hint="Wait for it to finish, or end that process; its lock goes with it.",
        )


def _read_holder(path: Path) -> Holder | None:
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
        since = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
        return Holder(int(note["pid"]), str(note["host"]), str(note["what"]), since)
    except (OSError, ValueError, KeyError, TypeError):
        return None
