"""Opening a source file safely, and what one may be. Nothing here knows a format."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import BinaryIO

from batchdeck.domain.documents import Problem, ProblemKind, unreadable


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """What one source file may be."""

    page_bytes: int = 24_000_000
    """Largest text, row or ready-made request: it has to fit into one request."""
    rows: int = 1_000_000
    """Most records of one file."""
    bad_rows: int = 1_000
    """A file with more records that cannot be sent is left out as a whole."""


class Unusable(Exception):
    """The file cannot be used, for `problem`."""

    def __init__(self, kind: ProblemKind, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(kind, message)


def open_regular(path: str) -> BinaryIO:
    """Open a regular file to read; never waits on a pipe or a device.

    Raises:
        Unusable: it is not there, may not be read, is no regular file or is empty.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise Unusable(ProblemKind.UNREADABLE, unreadable(error).message) from None
    file = open(descriptor, "rb", buffering=1 << 18)  # noqa: SIM115 - the caller closes it
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        file.close()
        raise Unusable(ProblemKind.NOT_A_FILE, "It is not a regular file (a folder, pipe or device).")
    if not status.st_size:
        file.close()
        raise Unusable(ProblemKind.EMPTY_FILE, "It is empty (0 bytes).")
    return file
