"""Request bodies that are sent at most once, and the proof of how much of them ever left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Protocol

from batchdeck.api.threads import in_thread

_PIECE = 1 << 18
"""Bytes read in one go by a worker thread and handed to the transport: small enough that writing them never
holds the event loop up, large enough that the ways to the thread and back take no time worth speaking of."""


class TrackedBody(Protocol):
    """A body that knows its size in bytes, how many of them were handed over, and if the last one was."""

    size: int
    left_whole: bool
    sent: int

    def __aiter__(self) -> AsyncGenerator[bytes, None]: ...


class SpooledBody:
    """A body of exactly `size` bytes, read anew from its file each time it is sent.

    A generator or an open file would be sent empty on any second try (authentication flows make one), and
    the SDK would call that success. Memory stays at a few pieces whatever the size.

    `left_whole` is the proof that matters after a failure: while it is False the body's last byte was never
    handed to the transport, so no server can hold the complete body. "The transport reported the write as
    done" would not do: an asyncio transport may put bytes on the wire and report a failure for them.

    `on_sent` follows the same rule: each piece is counted before it is handed over, so a count below `size`
    proves the same, even when the call is cancelled at that moment. `sent` is the last such count.
    """

    def __init__(self, path: Path, size: int, on_sent: Callable[[int], None] | None = None) -> None:
        self.path = path
        self.size = size
        self.left_whole = False
        self.sent = 0
        self._on_sent = on_sent

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        sent = 0
        file = await in_thread(self.path.open, "rb", buffering=0)
        try:
            while sent < self.size:
                piece = await in_thread(file.read, min(_PIECE, self.size - sent))
                if not piece:
                    return  # shorter than promised: the transport refuses to end the request
                sent += len(piece)
                self.left_whole = self.left_whole or sent == self.size
                self.sent = self.size if self.left_whole else sent
                if self._on_sent is not None:
                    self._on_sent(self.sent)
                yield piece
        finally:
            file.close()


class HeldBody:
    """A body held in memory, with the same proof as `SpooledBody`: one real-time request."""

    def __init__(self, content: bytes) -> None:
        self.size = len(content)
        self.left_whole = False
        self.sent = 0
        self._content = content

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        for start in range(0, self.size, _PIECE):
            self.sent = min(start + _PIECE, self.size)
            self.left_whole = self.left_whole or self.sent == self.size
            yield self._content[start : start + _PIECE]
