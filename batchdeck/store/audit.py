"""The audit log, `audit.jsonl`: who did what, when, at what cost; append-only, each line bound to the last.

Neither keys nor the text of documents belong in it; texts are cut short.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from batchdeck.domain.events import plain
from batchdeck.domain.text import show
from batchdeck.errors import ReadOnlyError
from batchdeck.store.disk import Disk, opened, storage_failures
from batchdeck.store.layout import DeckLayout
from batchdeck.store.locks import hold

WAIT_SECONDS = 30.0
LONGEST_TEXT = 500
FIRST_PREV = "0" * 64
"""What stands for the line before the first."""
BREAK = "audit break"
"""The action of a line that owns up to breaks of the chain before it."""
_BREAKS_A_LINE = 100
_TAIL = 64 * 1024


class AuditEntry(msgspec.Struct, frozen=True):
    """One line of the log."""

    n: int
    """1 for the first line."""
    prev: str
    """SHA-256 of the line before, without its line break."""
    t: str
    """RFC 3339 in UTC; never earlier than the line before."""
    uid: int
    operator: str
    """Who the operator says to be; `uid` is who the system knows."""
    host: str
    pid: int
    action: str
    facts: dict[str, Any]


_decode = msgspec.json.Decoder(AuditEntry).decode


class AuditLog:
    """Appends to the log and reads it. Any number of processes may append at once."""

    def __init__(
        self,
        layout: DeckLayout,
        *,
        operator: str,
        now: Callable[[], dt.datetime],
        read_only: bool = False,
        disk: Disk | None = None,
    ) -> None:
        self._path = layout.audit
        self._lock = layout.audit_lock
        self._operator = operator
        self._now = now
        self._read_only = read_only
        self._disk = disk or Disk()

    def append(self, action: str, **facts: object) -> None:
        """Add a line; when this returns, it is on the disk.

        Args:
            action: what was done, in a word or two.
            facts: ids, counts, amounts. Texts are cut at `LONGEST_TEXT` characters.

        Raises:
            ReadOnlyError: the deck was opened read-only.
            DeckLocked: another process did not let go in time.
            StorageFailed: the disk did not take the line.
        """
        if self._read_only:
            raise ReadOnlyError("Nothing can be added to the audit log.")
        with (
            hold(self._lock, wait_seconds=WAIT_SECONDS, what="audit log"),
            storage_failures("Writing", self._path),
            opened(self._disk, self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW) as log,
        ):
            end, last = _last_line(log)
            before = _entry(last)
            moment = plain(self._now())
            entry = AuditEntry(
                n=before.n + 1 if before is not None else _count_lines(log) + 1,
                prev=hashlib.sha256(last).hexdigest() if last else FIRST_PREV,
                t=max(moment, before.t) if before is not None else moment,
                uid=os.getuid(),
                operator=show(self._operator, LONGEST_TEXT),
                host=socket.gethostname(),
                pid=os.getpid(),
                action=action,
                facts={name: _bounded(plain(value)) for name, value in facts.items()},
            )
            if os.fstat(log).st_size > end:
                # A line that was cut short by a crash was never acknowledged.
                self._disk.truncate(log, end)
            try:
                self._disk.write(log, msgspec.json.encode(entry) + b"\n", end)
                self._disk.sync(log)
            except BaseException:
                self._disk.truncate(log, end)
                raise
            if end == 0:
                self._disk.sync_folder(self._path.parent)

    def tail(self, count: int) -> list[AuditEntry]:
        """Return the last `count` lines that can be read, oldest first.

        Raises:
            StorageFailed: the log cannot be read.
        """
        with storage_failures("Reading", self._path):
            try:
                with self._path.open("rb") as log:
                    lines = _last_lines(log, count)
            except FileNotFoundError:
                return []
        return [entry for entry in map(_entry, lines) if entry is not None]

    def verify(self) -> int | None:
        """Return the number of the first line that is not what was written, or None when all are.

        Breaks of the chain that a later line owns up to (`own_up`) are passed over, as is a last line without
        an end: it was cut short by a crash and never acknowledged.

        Raises:
            StorageFailed: the log cannot be read.
        """
        return min(self._breaks(), default=None)

    def own_up(self) -> tuple[int, ...]:
        """Add a line that names every break of the chain with the digest of the line there, which ends the
        alarm and hides nothing; return the numbers of these lines.

        Raises:
            ReadOnlyError, DeckLocked, StorageFailed: as `append`.
        """
        breaks = self._breaks()
        waiting = iter(breaks.items())
        while some := dict(islice(waiting, _BREAKS_A_LINE)):
            self.append(BREAK, lines={str(number): digest for number, digest in some.items()})
        return tuple(breaks)

    def _breaks(self) -> dict[int, str]:
        """Return the lines at which the chain breaks and that nobody has owned up to, with their digests."""
        breaks: dict[int, str] = {}
        before, earliest, expected = FIRST_PREV, "", 1
        with storage_failures("Reading", self._path):
            if not self._path.exists():
                return breaks
            with self._path.open("rb") as log:
                for number, line in enumerate(log, 1):
                    if not line.endswith(b"\n"):
                        break
                    content = line[:-1]
                    entry, digest = _entry(content), hashlib.sha256(content).hexdigest()
                    if entry is None or (entry.n, entry.prev) != (expected, before) or entry.t < earliest:
                        breaks[number] = digest
                    elif entry.action == BREAK:
                        for owned, known in entry.facts.get("lines", {}).items():
                            if breaks.get(int(owned)) == known:
                                del breaks[int(owned)]
                    before = digest
                    expected = entry.n + 1 if entry is not None else expected + 1
                    earliest = entry.t if entry is not None else earliest
        return breaks


def read_entries(layout: DeckLayout) -> Iterator[AuditEntry]:
    """Yield the lines of a deck's log that can be read, oldest first, whether or not the chain holds.

    Raises:
        StorageFailed: the log cannot be read.
    """
    with (
        storage_failures("Reading", layout.audit),
        contextlib.suppress(FileNotFoundError),
        layout.audit.open("rb") as log,
    ):
        for line in log:
            entry = _entry(line.removesuffix(b"\n"))
            if entry is not None:
                yield entry


def _entry(line: bytes) -> AuditEntry | None:
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _last_line(log: int) -> tuple[int, bytes]:
    """Return where the last whole line ends, and that line without its line break."""
    size = os.fstat(log).st_size
    window = _TAIL
    while True:
        start = max(0, size - window)
        data = os.pread(log, size - start, start)
        end = data.rfind(b"\n") + 1
        begin = data.rfind(b"\n", 0, end - 1) + 1 if end else 0
        if start == 0 or begin:
            return start + end, data[begin : end - 1] if end else b""
        window *= 2


def _last_lines(log: BinaryIO, count: int) -> list[bytes]:
    size = log.seek(0, os.SEEK_END)
    window = _TAIL
    while True:
        start = max(0, size - window)
        log.seek(start)
        lines = log.read(size - start).split(b"\n")[:-1]
        if start == 0 or len(lines) > count:
            return lines[-count:] if count else []
        window *= 2


def _count_lines(log: int) -> int:
    offset = lines = 0
    while block := os.pread(log, 1 << 20, offset):
        lines += block.count(b"\n")
        offset += len(block)
    return lines


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return show(value, LONGEST_TEXT)
    if isinstance(value, dict):
        return {show(str(name), LONGEST_TEXT): _bounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_bounded(item) for item in value]
    return value
