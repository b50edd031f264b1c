"""What a process that reads untrusted PDFs may use. Nothing here knows what a PDF is."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30

WORKER_MEMORY_BYTES = GIBIBYTE
"""Address space of one worker. Of 104 hostile files the worst needed 180 MiB resident."""
WORKER_OPEN_FILES = 64
_PR_SET_PDEATHSIG = 1


def limit_process(memory_bytes: int = WORKER_MEMORY_BYTES, cpu_seconds: int | None = None) -> None:
    """Limit this process for good: memory, open files, no core dump, and no life after its parent's.

    Meant as the initializer of a worker process.

    Args:
        memory_bytes: address space (RLIMIT_AS); going over it raises MemoryError, or ends the process.
        cpu_seconds: CPU time over the whole life of the process, which SIGXCPU then ends; None for no limit.
            A pool that uses its workers again must limit the time of each task instead.

    On Linux the kernel also kills the process when the *thread* that started it ends, so that a worker stuck
    inside a native library cannot outlive a killed parent: start pools from a thread that lives as long.
    """
    _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_NOFILE, WORKER_OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)
    if cpu_seconds is not None:
        _lower(resource.RLIMIT_CPU, cpu_seconds)
    _die_with_parent()


def _lower(which: int, wanted: int) -> None:
    """Set both the soft and the hard limit, never above what already holds."""
    _, hard = resource.getrlimit(which)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(which, (allowed, allowed))


def _die_with_parent() -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid != os.getppid():  # it died before the line above took effect
        os._exit(1)
