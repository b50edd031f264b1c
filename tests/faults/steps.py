"""Steps of a process: each call that reaches a file or the network, numbered, so that any of them can fail.

The interpreter's profiling hook sees every call of a C function before it is made. So nothing in the product
knows of this, and no step can be forgotten: whatever writes, syncs, renames, connects, sends or receives is
one. A kill before step n + 1 is a kill after step n, with whatever had been in memory then.
"""

from __future__ import annotations

import errno
import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_FILES = frozenset(
    {
        *("pwrite", "write", "fsync", "ftruncate", "replace", "rename", "unlink", "remove", "mkdir", "rmdir"),
        *("posix_fallocate", "sendfile", "copy_file_range", "link", "chmod", "fchmod"),
    }
)
_STREAMS = frozenset({"write", "writelines", "flush", "truncate", "close", "__exit__"})
_STREAM_TYPES = frozenset({"BufferedWriter", "BufferedRandom", "FileIO", "TextIOWrapper"})
_SOCKETS = frozenset({"connect", "send", "sendmsg", "recv", "recv_into", "close"})
_OWN_AFFAIRS = frozenset({"_write_to_self", "_read_from_self", "_ending"})
"""What an event loop tells itself, and a child its parent, is nobody's step."""
_HARMLESS = frozenset({"close", "__exit__", "flush"})
"""Ends of streams that may well have been opened for reading: they can be a place to die at, not to fail."""


class Steps:
    """Acts at one step of this process. Install it before any thread is started.

    Args:
        at: which step, from 1; 0 for none.
        act: what happens there, before the step itself; may raise an error in its place, or not return.
        files_only: number only the steps that change files.
    """

    def __init__(self, at: int, act: Callable[[], object], *, files_only: bool = False) -> None:
        self._at = at
        self._act = act
        self._files_only = files_only
        self._numbers = itertools.count(1)
        self.taken = 0

    def install(self) -> None:
        """Begin to count."""
        threading.setprofile(self._see)
        sys.setprofile(self._see)

    def _see(self, frame: FrameType, event: str, function: Any) -> None:
        if event != "c_call" or not self._is_step(frame, function):
            return
        number = next(self._numbers)
        self.taken = max(self.taken, number)
        if number == self._at:
            self._act()

    def _is_step(self, frame: FrameType, function: Any) -> bool:
        name = function.__name__
        if getattr(function, "__module__", None) == "posix":
            return name in _FILES and frame.f_code.co_name not in _OWN_AFFAIRS
        kind = type(getattr(function, "__self__", None)).__name__
        if kind in _STREAM_TYPES:
            return name in _STREAMS and not (self._files_only and name in _HARMLESS)
        return (
            not self._files_only
            and kind == "socket"
            and name in _SOCKETS
            and frame.f_code.co_name not in _OWN_AFFAIRS
        )


def die() -> None:
    """Kill this process, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def run_out_of_space() -> None:
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def break_down() -> None:
    """Fail as a broken disk does."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))
