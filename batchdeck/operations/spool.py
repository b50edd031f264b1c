"""One submission's body on its way to disk: the very bytes to be sent, their digest, the request log."""

from __future__ import annotations

import contextlib
import hashlib
import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from batchdeck.domain.batches import Part, ranges_of
from batchdeck.domain.planning import Turn
from batchdeck.domain.requests import BODY_PREFIX, BODY_SEPARATOR, BODY_SUFFIX, BatchLimits, Packer
from batchdeck.operations.prepare import PreparedPart, with_nonce
from batchdeck.store.disk import drop, private, storage_failures
from batchdeck.store.layout import DeckLayout
from batchdeck.store.requests import RequestLogWriter


@dataclass(frozen=True, slots=True)
class SpooledBody:
    """A finished body: `key` names its submission, folder and file."""

    key: str
    indices: Sequence[int]
    """Ascending."""
    parts: tuple[Part, ...]
    turns: tuple[Turn, ...]
    """The turns that its pages come from."""
    bytes: int
    sha256: str
    realtime: bool = False
    """Whether it is one request a line, to go out one by one, instead of the body of a batch."""

    @property
    def requests(self) -> int:
        return len(self.indices)


class Spool:
    """Takes encoded requests until the batch is full. All of it is on disk, synced, when `finish` returns."""

    def __init__(self, layout: DeckLayout, key: str, limits: BatchLimits, *, realtime: bool = False) -> None:
        self.key = key
        self._realtime = realtime
        self._bytes = 0
        frame = (b"", b"\n", b"\n") if realtime else (BODY_PREFIX, BODY_SEPARATOR, BODY_SUFFIX)
        prefix, self._separator, self._suffix = frame
        self._packer = Packer(limits)
        self._taken: list[tuple[Turn, array[int]]] = []
        """The turns that pages were taken of, one after the other, and which."""
        self._digest = hashlib.sha256()
        self._path = layout.body(key)
        with self._writing():
            self._body = open(self._path, "xb", buffering=1 << 20, opener=private)  # noqa: SIM115
        try:
            self._log = RequestLogWriter(layout, key)
            self._write(prefix)
        except BaseException:
            self._throw_away_body()
            raise

    def take(self, turn: Turn, part: PreparedPart, start: int) -> int:
        """Take requests of a part from its page `start` on; return where the next batch must go on.

        A return value equal to the number of pages means all were taken.

        Raises:
            StorageFailed: the disk did not take them.
        """
        if not any(page.length for page in part.pages):
            return len(part.pages)  # where it failed before it wrote anything, there is no part file either
        if not self._taken or self._taken[-1][0] is not turn:
            self._taken.append((turn, array("I")))
        taken = self._taken[-1][1]
        parameters = {"model": turn.model, "max_tokens": turn.max_tokens, "as_image": turn.as_image}
        with open(part.task.part, "rb") as file:
            file.seek(sum(page.length for page in part.pages[:start]))
            for position in range(start, len(part.pages)):
                page = part.pages[position]
                if page.problem:
                    continue
                if not self._packer.fits(page.length):
                    return position
                line, custom_id = with_nonce(file.read(page.length), page.custom_id, self.key)
                if self._packer.count:
                    self._write(self._separator)
                self._write(line)
                self._packer.add(page.length)
                taken.append(page.index)
                self._log.add(custom_id, page.index, parameters)
        return len(part.pages)

    @property
    def is_empty(self) -> bool:
        return self._packer.count == 0

    def finish(self) -> SpooledBody:
        """Close the body, sync it and the request log, and return what to record.

        Raises:
            StorageFailed: the disk did not take it.
        """
        self._write(self._suffix)
        with self._writing():
            self._body.flush()
            os.fsync(self._body.fileno())
            self._body.close()
        self._log.finish()
        parts = tuple(
            Part(ranges_of(sorted(indices)), turn.model, turn.max_tokens, turn.as_image, turn.change)
            for turn, indices in self._taken
            if indices
        )
        return SpooledBody(
            self.key,
            array("I", sorted(index for _, indices in self._taken for index in indices)),
            parts,
            tuple(turn for turn, indices in self._taken if indices),
            self._bytes,
            self._digest.hexdigest(),
            self._realtime,
        )

    def discard(self) -> None:
        """Throw an unfinished body away."""
        self._throw_away_body()
        self._log.discard()

    def _throw_away_body(self) -> None:
        with contextlib.suppress(OSError):  # what was not written out need not be
            self._body.close()
        drop(self._path)

    def _writing(self) -> contextlib.AbstractContextManager[None]:
        return storage_failures("Writing", self._path)

    def _write(self, data: bytes) -> None:
        with self._writing():
            self._body.write(data)
        self._digest.update(data)
        self._bytes += len(data)
