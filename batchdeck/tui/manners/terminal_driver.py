"""The driver of a dashboard in a terminal: Textual's own, made to end with it and never to wait for it."""

from __future__ import annotations

import contextlib
import os
import selectors
import sys
from codecs import getincrementaldecoder
from typing import Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from batchdeck.tui.manners.outlet import OutletDriver

_LOOK_SECONDS = 0.1
"""How often it is looked whether the app leaves, and whether a lone Esc was one."""


class TerminalDriver(OutletDriver, LinuxDriver):
    """Draws on standard error, or where that is kept in a file on standard output; reads keys from standard
    input.

    Textual's driver blocks the event loop for ever once thirty writes wait for a terminal that is stalled or
    gone, reads the end of its input again and again without a pause, and takes keys in another encoding for
    a crash.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert self._file is not None
        if not self._file.isatty() and sys.__stdout__ is not None and sys.__stdout__.isatty():
            self._file = sys.__stdout__
        self._encoding = self._file.encoding
        self.open_outlet(self._file.fileno())

    def write(self, data: str) -> None:
        """Write text, a character that the terminal's encoding does not have as one other, so that columns
        stay where they are."""
        self.outlet.write(data.encode(self._encoding, "replace"))

    def close(self) -> None:
        """Write what is left, as far as the terminal takes it."""
        super().close()
        self.outlet.close()

    def say_last(self, text: str) -> None:
        """Print what is left to say, as far as the terminal takes it."""
        self.write(text)
        self.outlet.close()

    def run_input_thread(self) -> None:
        """Read keys until the app leaves, or until the terminal has gone; then the app leaves."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_LOOK_SECONDS):
                    data = self._read()
                    if not data:
                        self.leave()
                        break
                    for message in parser.feed(decode(data)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        # The parser is told that there is no more, and says what it was in the middle of.
        with contextlib.suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass

    def _read(self) -> bytes:
        """Return what was typed; empty when there is no terminal any more."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""
