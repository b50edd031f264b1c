"""One submission's body on its way to disk: the very bytes to be sent, their digest, the request log."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from batchdeck.domain.planning import Turn
from batchdeck.domain.requests import BODY_PREFIX, BODY_SEPARATOR, BODY_SUFFIX, BatchLimits, Packer
from batchdeck.operations.prepare import PreparedPart, with_nonce
from batchdeck.store.layout import DeckLayout
from batchdeck.store.requests import RequestLogWriter


@dataclass(frozen=True, slots=True)
class SpooledBody:
    """A finished body: `key` names its submission, folder and file."""

    key: str
    indices: tuple[int, ...]
    requests: int
    bytes: int
    sha256: str


class Spool:
    """Takes encoded requests until the batch is full. All of it is on disk, synced, when `finish` returns."""

    def __init__(self, layout: DeckLayout, key: str, turn: Turn, limits: BatchLimits) -> None:
        self.key = key
        self._turn = turn
        self._packer = Packer(limits)
        self._indices: list[int] = []
        self._digest = hashlib.sha256()
        self._body = open(layout.body(key), "xb", buffering=1 << 20)  # noqa: SIM115 - closed by finish/discard
        self._path = layout.body(key)
        self._log = RequestLogWriter(layout, key)
        self._write(BODY_PREFIX)

    def take(self, part: PreparedPart, start: int) -> int:
        """Take requests of a part from its page `start` on; return where the next batch must go on.

        A return value equal to the number of pages means all were taken.
        """
        offset = sum(page.length for page in part.pages[:start])
        with open(part.task.part, "rb") as file:
            file.seek(offset)
            for position in range(start, len(part.pages)):
                page = part.pages[position]
                if page.problem:
                    continue
                if not self._packer.fits(page.length):
                    return position
                line, custom_id = with_nonce(file.read(page.length), page.custom_id, self.key)
                if self._packer.count:
                    self._write(BODY_SEPARATOR)
                self._write(line)
                self._packer.add(page.length)
                self._indices.append(page.index)
                self._log.add(custom_id, page.index, self._parameters())
        return len(part.pages)

    @property
    def is_empty(self) -> bool:
        return self._packer.count == 0

    def finish(self) -> SpooledBody:
        """Close the body, fsync it and the request log, and return what to record."""
        self._write(BODY_SUFFIX)
        self._body.flush()
        os.fsync(self._body.fileno())
        self._body.close()
        self._log.finish()
        return SpooledBody(
            self.key, tuple(self._indices), self._packer.count, self._packer.bytes, self._digest.hexdigest()
        )

    def discard(self) -> None:
        """Throw an unfinished body away."""
        self._body.close()
        self._path.unlink(missing_ok=True)
        self._log.discard()

    def _parameters(self) -> dict[str, object]:
        return {
            "model": self._turn.model,
            "max_tokens": self._turn.max_tokens,
            "as_image": self._turn.as_image,
        }

    def _write(self, data: bytes) -> None:
        self._body.write(data)
        self._digest.update(data)
