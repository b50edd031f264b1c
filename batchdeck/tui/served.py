"""The driver of a dashboard whose terminal is a browser: Textual's own, made to end when its server does."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.app import App
from textual.drivers.web_driver import WebDriver

from batchdeck.tui.manners.outlet import OutletDriver


class ServedDriver(OutletDriver, WebDriver):
    """Speaks Textual's packets over standard input and output.

    Textual's driver goes on drawing for nobody once its input has ended, which leaves a process behind when a
    server is killed; a server that reads no more is a crash to it, and a write that a signal has cut short is
    whole.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.open_outlet(self.fileno)
        self._write = partial(self.outlet.write)

    def run_input_thread(self) -> None:
        """Read input until there is none; then nobody looks any more, and the app leaves."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            self.leave()

    def close(self) -> None:
        """Write what is left, as far as the server takes it."""
        super().close()
        self.outlet.close()
