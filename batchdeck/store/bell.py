"""A bell that rings when something changes in a folder, so that nobody has to look all the time."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

_GATHER_MILLISECONDS = 200
"""Changes that come within this time ring once."""


class FolderBell:
    """Rings for changes in a folder, as far as the system tells of them.

    It may stay silent: network file systems tell of nothing, and watches can run out. So it only ever
    shortens a wait, and nothing rests on it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._has_rung = False
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen, also when listening had ended (the folder was gone, say)."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._listen())

    def take(self) -> bool:
        """Say whether it has rung since it was last asked."""
        rung, self._has_rung = self._has_rung, False
        return rung

    async def close(self) -> None:
        """Stop listening."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        from watchfiles import awatch

        with contextlib.suppress(OSError, RuntimeError):  # no such folder; no watches left
            async for _ in awatch(
                self._folder,
                watch_filter=None,
                debounce=_GATHER_MILLISECONDS,
                step=_GATHER_MILLISECONDS,
                stop_event=self._stop,
                recursive=False,
            ):
                self._has_rung = True
