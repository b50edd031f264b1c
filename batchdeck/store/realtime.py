"""The journal of a real-time run, `batches/<key>/realtime.jsonl`: what left, and each answer as it came.

A line is `{"sent": id}` before a request leaves, `{"free": id}` when it provably was not answered, or the row
of results that came of it. Each is on the disk before anything follows from it. The journal becomes
`results.jsonl` when the run is over.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from batchdeck.domain.outcomes import ANSWER_LOST
from batchdeck.store.disk import Disk, storage_failures
from batchdeck.store.layout import DeckLayout


class _Line(msgspec.Struct, gc=False):
    sent: str = ""
    free: str = ""
    custom_id: str = ""


_decode = msgspec.json.Decoder(_Line).decode


@dataclass(frozen=True, slots=True)
class JournalState:
    """What a journal says, by custom_id in the order in which requests left."""

    answered: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Where each row lies: offset and length in bytes, without its line break."""
    lost: tuple[str, ...] = ()
    """Requests that left and have neither answer nor proof that there is none."""
    end: int = 0
    """Bytes of whole lines; what follows was cut off and never acted on."""

    @property
    def went_out(self) -> tuple[str, ...]:
        return (*self.answered, *self.lost)


class RealtimeJournal:
    """Appends to one run's journal. Threads take turns; a line is on the disk when the call returns."""

    def __init__(self, layout: DeckLayout, key: str, *, disk: Disk | None = None) -> None:
        self._path = layout.realtime(key)
        self._disk = disk or Disk()
        self._mutex = threading.Lock()
        with storage_failures("Writing", self._path):
            is_new = not self._path.exists()
            self._descriptor = self._disk.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW)
            if is_new:
                self._disk.sync_folder(self._path.parent)
        self._end = read_journal(layout, key).end

    def sent(self, custom_id: str) -> None:
        """Note that a request is about to leave."""
        self._append(msgspec.json.encode({"sent": custom_id}))

    def free(self, custom_id: str) -> None:
        """Note that a request that was noted as sent has not been answered and will not be."""
        self._append(msgspec.json.encode({"free": custom_id}))

    def answered(self, row: bytes) -> None:
        """Keep an answer: one row of results, in one line."""
        self._append(row)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _append(self, line: bytes) -> None:
        with self._mutex, storage_failures("Writing", self._path):
            self._disk.write(self._descriptor, line + b"\n", self._end)
            self._disk.sync(self._descriptor)
            self._end += len(line) + 1


def read_journal(layout: DeckLayout, key: str) -> JournalState:
    """Return what a run's journal says; an empty state where there is none.

    Raises:
        StorageFailed: it cannot be read.
    """
    path = layout.realtime(key)
    sent: dict[str, None] = {}
    answered: dict[str, tuple[int, int]] = {}
    offset = 0
    with storage_failures("Reading", path), contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        for raw in file:
            if not raw.endswith(b"\n"):
                break
            begin, offset = offset, offset + len(raw)
            with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
                line = _decode(raw)
                if line.sent:
                    sent[line.sent] = None
                elif line.free:
                    sent.pop(line.free, None)
                elif line.custom_id:
                    answered[line.custom_id] = begin, len(raw) - 1
    lost = tuple(custom_id for custom_id in sent if custom_id not in answered)
    return JournalState(answered, lost, offset)


def result_rows(layout: DeckLayout, key: str, state: JournalState, why_lost: str) -> Iterator[bytes]:
    """Yield a run's results, a line each with its line break; a lost answer is an error with its reason.

    Raises:
        StorageFailed: the journal cannot be read.
    """
    path = layout.realtime(key)
    with storage_failures("Reading", path):
        if state.answered:
            with path.open("rb") as file:
                for offset, length in state.answered.values():
                    file.seek(offset)
                    yield file.read(length) + b"\n"
    for custom_id in state.lost:
        yield error_row(custom_id, ANSWER_LOST, why_lost) + b"\n"


def error_row(custom_id: str, error_type: str, message: str) -> bytes:
    """Return the row of results of a request that failed, in one line."""
    error = {"type": "error", "error": {"type": error_type, "message": message}}
    return msgspec.json.encode({"custom_id": custom_id, "result": {"type": "errored", "error": error}})


def answer_row(custom_id: str, message: bytes) -> bytes:
    """Return the row of results of a request that was answered; `message` is JSON in one line, kept as is."""
    head = b'{"custom_id":' + msgspec.json.encode(custom_id)
    return head + b',"result":{"type":"succeeded","message":' + message + b"}}"
