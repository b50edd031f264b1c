"""How often news may repaint the screen: at most four times a second, and at once when it was quiet."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.timer import Timer

INTERVAL = 0.25
"""Seconds between two repaints that the operator did not ask for."""


class Pace:
    """Joins requests that come faster than the interval into one call, never later than the interval."""

    def __init__(
        self, owner: MessagePump, call: Callable[[], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._owner = owner
        self._call = call
        self._clock = clock
        self._last: float | None = None
        self._timer: Timer | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a call is due that has not come yet."""
        return self._timer is not None

    def request(self) -> None:
        """Call now, or when the interval since the last call is over."""
        if self._timer is not None:
            return
        wait = 0.0 if self._last is None else self._last + INTERVAL - self._clock()
        if wait <= 0:
            self.flush()
        else:
            self._timer = self._owner.set_timer(wait, self.flush)

    def flush(self) -> None:
        """Call now, whatever the interval."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._last = self._clock()
        self._call()
