"""The greatest memory of processes, from the kernel's own mark of each.

What the kernel says of a process that has ended (`ru_maxrss`) begins with the memory of the one that started
it, before the child's own program was loaded: a small command would count as large as whoever runs it.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from types import TracebackType

_LOOK_SECONDS = 0.02


def memory_mb(process: int | str = "self", what: str = "VmHWM") -> float:
    """Return the MB (10^6 bytes) that a process has (VmRSS), or has had at most since its program was loaded
    (VmHWM)."""
    with open(f"/proc/{process}/status") as file:
        for line in file:
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0  # it has ended, and nobody has asked for its exit code yet


class ChildrenWatched:
    """Looks at this process's children all the while: `most_mb` is the greatest that one of them has had."""

    def __init__(self) -> None:
        self.most_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ChildrenWatched:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        ours = _command("self")  # a child shares our memory until its own program is loaded
        while not self._over.wait(_LOOK_SECONDS):
            # Not by pathlib: it interns the names it meets, and looking on would need memory of its own.
            for thread in os.listdir("/proc/self/task"):
                with suppress(OSError):  # a thread or a child may end at any time
                    for child in _read(f"/proc/self/task/{thread}/children").split():
                        if _command(child) != ours:
                            self.most_mb = max(self.most_mb, memory_mb(child))


def _command(process: int | str) -> str:
    return _read(f"/proc/{process}/cmdline")


def _read(path: str) -> str:
    with open(path, errors="replace") as file:
        return file.read()
