"""Disks that fail: at a chosen system call, with an error, half a write, or the death of the process."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from batchdeck.store.disk import Disk


class FaultyDisk(Disk):
    """Counts the system calls that change the disk, and fails at one of them.

    Args:
        at: which call, from 1; 0 for none.
        fail: what happens there; returns the error to raise, or does not return.
        tear: how much of a write is done before it fails, from 0 to 1.
        then: how many calls after that fail with the same error.
    """

    def __init__(self, at: int, fail: Callable[[], OSError], *, tear: float = 0.0, then: int = 0) -> None:
        self.calls: list[str] = []
        self._at = at
        self._fail = fail
        self._tear = tear
        self._then = then

    def fail_from_now(self) -> None:
        """Fail at every call from the next on."""
        self._at, self._then = len(self.calls) + 1, sys.maxsize

    def mend(self) -> None:
        """Fail no more."""
        self._at = 0

    def _is_due(self, call: str) -> bool:
        self.calls.append(call)
        return self._at > 0 and 0 <= len(self.calls) - self._at <= self._then

    def open(self, path: Path, flags: int) -> int:
        if self._is_due(f"open {path.name}"):
            raise self._fail()
        return super().open(path, flags)

    def write(self, descriptor: int, data: bytes, offset: int) -> None:
        if self._is_due("write"):
            super().write(descriptor, data[: int(len(data) * self._tear)], offset)
            raise self._fail()
        super().write(descriptor, data, offset)

    def sync(self, descriptor: int) -> None:
        if self._is_due("sync"):
            raise self._fail()
        super().sync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        if self._is_due("truncate"):
            raise self._fail()
        super().truncate(descriptor, size)

    def replace(self, source: Path, target: Path) -> None:
        if self._is_due(f"replace {target.name}"):
            raise self._fail()
        super().replace(source, target)

    def unlink(self, path: Path) -> None:
        if self._is_due(f"unlink {path.name}"):
            raise self._fail()
        super().unlink(path)

    def sync_folder(self, folder: Path) -> None:
        if self._is_due("sync folder"):
            raise self._fail()
        super().sync_folder(folder)


def no_space() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def io_error() -> OSError:
    return OSError(errno.EIO, os.strerror(errno.EIO))


def death() -> OSError:
    """Kill this process, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("survived SIGKILL")
