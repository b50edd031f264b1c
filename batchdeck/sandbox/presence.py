"""Who serves a state and who uses it, told by locks that end with their process, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from pathlib import Path
from typing import BinaryIO

from batchdeck.domain.text import show
from batchdeck.errors import DeckLocked, SandboxFailed

_TRIES, _TRY_SECONDS = 10, 0.02
_LOOK_SECONDS = 0.25
_LOOKS_ALONE = 3
"""How many looks in a row must find nobody before the server believes it."""


def serve_lock(state: Path) -> BinaryIO:
    """Take the lock of the one process that serves a state; closing the file gives it back.

    Raises:
        DeckLocked: another process has it.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    complaint = f"Another process serves {state}."
    for _ in range(_TRIES):  # whoever only asks `is_served` holds the lock for an instant
        with contextlib.suppress(DeckLocked):
            return _locked(state / "server.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, complaint)
        time.sleep(_TRY_SECONDS)
    raise DeckLocked(complaint)


def launch_lock(state: Path) -> BinaryIO:
    """Wait for the lock of whoever is about to start a server for a state, so that only one does."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _locked(state / "launch.lock", fcntl.LOCK_EX, "")


def is_served(state: Path) -> bool:
    """Say whether some process serves a state now."""
    path = state / "server.lock"
    if not path.exists():
        return False
    try:
        _locked(path, fcntl.LOCK_SH | fcntl.LOCK_NB, "served").close()
    except DeckLocked:
        return True
    return False


def use_lock(state: Path) -> BinaryIO:
    """Say that this process uses a state. Closing the file, or the end of the process, takes it back."""
    return _locked(state / "users.lock", fcntl.LOCK_SH, "")


def last_user_lock(state: Path) -> BinaryIO | None:
    """Return a lock that keeps new users waiting, or None while somebody uses the state."""
    try:
        return _locked(state / "users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, "in use")
    except DeckLocked:
        return None


async def wait_until_unused(state: Path) -> BinaryIO:
    """Return once nobody has used a state for a while, with a lock that keeps new users waiting until it is
    closed: a server that ends keeps it to its end, so that the next one is not taken for it."""
    alone = 0
    while True:
        lock = last_user_lock(state)
        alone = alone + 1 if lock is not None else 0
        if lock is not None:
            if alone >= _LOOKS_ALONE:
                return lock
            lock.close()
        await asyncio.sleep(_LOOK_SECONDS)


def _locked(path: Path, how: int, complaint: str) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SandboxFailed(
            f"It cannot run in {show(str(path.parent), 80)}: {path.name}: {error.strerror}.",
            hint="Make it writable, or choose another deck with --deck.",
        ) from error
    file = os.fdopen(descriptor, "ab")
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        file.close()
        raise DeckLocked(complaint) from None
    except BaseException:
        file.close()
        raise
    return file
