"""The log of unattended runs: JSON lines in a file of their own, put aside when it has grown."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batchdeck.store.disk import FILE_MODE, storage_failures


class RunLog:
    """Appends to a log. Any number of processes may, and something else may rotate it.

    Args:
        path: the log; those put aside are `path.1` (the newest) to `path.N`.
        most_bytes: a log that would grow beyond this is put aside first.
        keep: how many of those are kept.
    """

    def __init__(self, path: Path, *, most_bytes: int, keep: int) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._keep = keep

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record as one line.

        Raises:
            StorageFailed: the disk did not take it.
        """
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        with storage_failures("Writing the log", self._path):
            while not self._try_to_append(line):
                pass

    def _try_to_append(self, line: bytes) -> bool:
        """Append unless the log was put aside meanwhile, by this or another process."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            facts = os.fstat(descriptor)
            if stat.S_ISREG(facts.st_mode):
                if not self._is_still(facts):
                    return False
                if facts.st_size and facts.st_size + len(line) > self._most_bytes:
                    self._put_aside()
                    return False
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
        return True

    def _is_still(self, facts: os.stat_result) -> bool:
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return False
        return (there.st_dev, there.st_ino) == (facts.st_dev, facts.st_ino)

    def _put_aside(self) -> None:
        for number in range(self._keep, 0, -1):
            older = self._aside(number - 1)
            if older.exists():
                os.replace(older, self._aside(number))

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path
