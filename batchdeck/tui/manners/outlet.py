"""What is drawn on its way out: handed over from a thread of its own, so that nobody waits for a stalled line
and nobody draws for a lost one."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable

from textual.driver import Driver

HUNG_UP = 129
"""What a shell reports for a program that a lost terminal has ended."""
_MOST_WAITING = 32 * 1024
"""Bytes that may wait before a frame is left out: more than a few changes make, less than an operator would
have to sit through at a slow line."""
_AT_ONCE = 4096
"""Bytes of one write, as many as a terminal's buffer takes."""
_PATIENCE_SECONDS = 2.0
"""How long the last bytes may take. A line that is stalled does not keep a process from ending."""


class Outlet:
    """Writes to one descriptor, in order. `write` neither waits nor fails, however the other end fares.

    `on_lost` is called when the other end is gone, `on_caught_up` when all is written after a frame was left
    out; once each time, from another thread.
    """

    def __init__(
        self, descriptor: int, *, on_lost: Callable[[], object], on_caught_up: Callable[[], object]
    ) -> None:
        self._descriptor = descriptor
        self._on_lost = on_lost
        self._on_caught_up = on_caught_up
        # A signal's handler may write in the midst of another write: this lock can be taken twice.
        self._changed = threading.Condition(threading.RLock())
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._is_lost = False
        self._is_owed = False
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def takes_frame(self) -> bool:
        """Return whether a frame may be drawn now; where not, all is drawn anew once this has caught up."""
        with self._changed:
            if self._size > _MOST_WAITING:
                self._is_owed = True
            return not self._is_owed and not self._is_lost

    def write(self, data: bytes) -> int:
        """Take over bytes; return how many. What comes after the other end has gone is for nobody."""
        with self._changed:
            if not self._is_lost and data:
                self._waiting.append(data)
                self._size += len(data)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="outlet", daemon=True)
                    self._thread.start()
                self._changed.notify_all()
        return len(data)

    def close(self, seconds: float = _PATIENCE_SECONDS) -> None:
        """Return when all is written, the other end has gone, or `seconds` are over."""
        with self._changed:
            thread, self._is_closing = self._thread, True
            self._changed.notify_all()
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while (data := self._next()) is not None:
            try:
                self._hand_over(data)
            except OSError:
                with self._changed:
                    self._is_lost = True
                    self._waiting.clear()
                    self._size = 0
                self._on_lost()

    def _next(self) -> bytes | None:
        """Wait for bytes to write; None when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            if self._waiting:
                return self._waiting.popleft()
            self._is_closing = False
            self._thread = None
            return None

    def _hand_over(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = os.write(self._descriptor, rest[:_AT_ONCE])
            rest = rest[written:]
            with self._changed:
                self._size -= written
                has_caught_up = self._is_owed and not self._size
                self._is_owed = self._is_owed and not has_caught_up
            if has_caught_up:
                self._on_caught_up()


class OutletDriver(Driver):
    """A driver that writes through an `Outlet`, and has its app leave when nobody looks any more."""

    outlet: Outlet

    def open_outlet(self, descriptor: int) -> None:
        """Make the outlet; call in the event loop."""
        self.outlet = Outlet(descriptor, on_lost=self.leave, on_caught_up=self._draw_anew)

    def say_last(self, text: str) -> None:
        """Print what is left to say once the driver has been closed, to whoever reads standard error."""
        with contextlib.suppress(OSError):
            print(text, end="", file=sys.__stderr__)

    def leave(self) -> None:
        """Have the app end; call from any thread."""
        self._have(self._leave)

    def _leave(self) -> None:
        if not self._app._exit:
            self._app.exit(None, HUNG_UP)

    def _draw_anew(self) -> None:
        self._have(self._app.refresh)

    def _have(self, call: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # The loop has been closed: the app has left already.
            self._loop.call_soon_threadsafe(call)
