"""The driver of a dashboard whose terminal is a browser: Textual's own, made to end when its server does."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import Any

from textual import messages
from textual.app import App
from textual.drivers.web_driver import WebDriver


class ServedDriver(WebDriver):
    """Speaks Textual's packets over standard input and output.

    Textual's driver goes on drawing for nobody once its input has ended, which leaves a process behind when a
    server is killed; and it takes a write for whole that a signal has cut short.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._write = partial(_write_whole, self.fileno)

    def run_input_thread(self) -> None:
        """Read input until there is none; then nobody looks any more, and the app leaves."""
        super().run_input_thread()
        if not self.exit_event.is_set() and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._app._post_message(messages.ExitApp()), self._loop)


def _write_whole(descriptor: int, data: bytes) -> int:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return len(data)
