"""The dashboard as a widget: a child process on a pseudo-terminal, shown by a terminal in the cell's output.

Everything goes over the widget's own channel, which Jupyter has authenticated; no port is opened.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from batchdeck.domain.text import show
from batchdeck.notebook.front_end import terminal_page
from batchdeck.notebook.terminal import Size, Terminal, close_all

_LEFT_SECONDS = 5.0
"""How long the dashboard outlives its last view: a view that moves goes and comes back."""
_LONGEST_INPUT = 65_536

atexit.register(close_all)


class Dashboard(anywidget.AnyWidget):
    """One dashboard. It begins when it is first shown, and ends with its last view or with the kernel."""

    _esm = Path(__file__).with_name("dashboard.js")
    height = traitlets.Int(560).tag(sync=True)

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        line: str,
        height: int,
    ) -> None:
        """Take what is to be run; nothing is started yet.

        Args:
            command: the program and its words.
            environ: its whole environment.
            line: stands below the dashboard.
            height: in CSS pixels.
        """
        super().__init__(height=height)
        self._command = tuple(command)
        self._environ = dict(environ)
        self._line = line
        self._page = terminal_page()
        self._terminal: Terminal | None = None
        self._views: set[str] = set()
        self._turn = threading.RLock()
        self._leaving: threading.Timer | None = None
        self.on_msg(self._take)

    @property
    def process_id(self) -> int | None:
        """The process that shows the deck; None while there is none."""
        terminal = self._terminal
        return terminal.process.pid if terminal is not None and not terminal.is_over else None

    def close(self) -> None:
        """End the dashboard."""
        self._hang_up()
        super().close()

    def __repr__(self) -> str:
        return f"<dashboard: {self._line}>"

    # What comes from the cell, in whichever thread the kernel hands it on

    def _take(self, _: Any, message: Any, buffers: Any) -> None:
        if not isinstance(message, dict) or not isinstance(view := message.get("view"), str):
            return
        take = _TAKERS.get(str(message.get("type")))
        if take is not None:
            with self._turn:
                take(self, view[:64], message)

    def _take_hello(self, view: str, _: dict[str, Any]) -> None:
        self._take_here(view, {})
        self.send({"type": "page", "view": view, "page": self._page, "line": self._line})

    def _take_ready(self, view: str, message: dict[str, Any]) -> None:
        self._take_here(view, {})
        size = _size(message)
        terminal = self._terminal
        if terminal is None or terminal.is_over:
            self._start(size)
            return
        terminal.resize(size)
        self._show(terminal.repaint(), view)

    def _start(self, size: Size) -> None:
        try:
            self._terminal = Terminal(
                self._command, environ=self._environ, size=size, on_output=self._show, on_end=self._say_end
            )
        except OSError as error:
            self.send({"type": "ended", "line": f"The dashboard cannot be started: {show(str(error), 200)}."})

    def _take_resize(self, _: str, message: dict[str, Any]) -> None:
        if self._terminal is not None:
            self._terminal.resize(_size(message))

    def _take_input(self, _: str, message: dict[str, Any]) -> None:
        data = message.get("data")
        if self._terminal is not None and isinstance(data, str) and len(data) <= _LONGEST_INPUT:
            self._terminal.write(data.encode("utf-8", "replace"))

    def _take_here(self, view: str, _: dict[str, Any]) -> None:
        self._views.add(view)
        self._stay()

    def _take_bye(self, _: str, __: dict[str, Any]) -> None:
        # A page that was closed or loaded anew has said nothing: only who answers now is still there.
        self._views.clear()
        self._stay()
        self.send({"type": "who"})
        if self._terminal is not None:
            self._leaving = threading.Timer(_LEFT_SECONDS, self._leave)
            self._leaving.daemon = True
            self._leaving.start()

    # The program's end

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _leave(self) -> None:
        with self._turn:
            if not self._views:
                self._hang_up()

    def _hang_up(self) -> None:
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            terminal.close()

    # What goes to the cell, from the terminal's thread

    def _show(self, data: bytes, view: str | None = None) -> None:
        message = {"type": "output"} | ({"view": view} if view is not None else {})
        self.send(message, buffers=[data])

    def _say_end(self, code: int) -> None:
        how = "" if code == 0 else f" with exit code {code}"
        self.send({"type": "ended", "line": f"The dashboard has ended{how}. The deck is as it was left."})


_TAKERS: Mapping[str, Callable[[Dashboard, str, dict[str, Any]], None]] = {
    "hello": Dashboard._take_hello,
    "ready": Dashboard._take_ready,
    "resize": Dashboard._take_resize,
    "input": Dashboard._take_input,
    "here": Dashboard._take_here,
    "bye": Dashboard._take_bye,
}


def _size(message: Mapping[str, Any]) -> Size:
    columns, lines = message.get("columns"), message.get("lines")
    if not isinstance(columns, int) or not isinstance(lines, int):
        return Size(80, 24)
    return Size(columns, lines)
