"""A thread with an event loop of its own, in which the magics work while the cell waits and is told.

A magic is a plain call, and the kernel's loop is busy running the cell it stands in.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import queue
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from batchdeck.deck import Deck
from batchdeck.domain.events import Event
from batchdeck.errors import Interrupted
from batchdeck.notebook.telling import NOTHING_LOST, new_story, told_to

T = TypeVar("T")
_HALT_SECONDS = 10.0
Opening = Callable[[], Awaitable[Deck]]


class Backstage:
    """Keeps the decks that the magics have opened, each under a name, until the kernel ends."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._decks: dict[object, Deck] = {}
        threading.Thread(target=self._loop.run_forever, name="batchdeck-backstage", daemon=True).start()
        atexit.register(self.close)

    def run(self, name: object, opening: Opening, work: Callable[[Deck], Awaitable[T]]) -> T:
        """Work on the deck of a name, opening it first if need be; the cell is told of what happens.

        Raises:
            Interrupted: the operator interrupted the cell; the work has come to a halt.
        """
        news: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

        async def working() -> T:
            try:
                with told_to(news.put):
                    if name not in self._decks:
                        self._decks[name] = await opening()
                    deck = self._decks[name]
                    deck.refresh()
                    return await work(deck)
            finally:
                news.put(None)

        running = asyncio.run_coroutine_threadsafe(working(), self._loop)
        _tell_until_done(running, news)
        return running.result()

    def deck(self, name: object) -> Deck:
        """Return the opened deck of a name."""
        return self._decks[name]

    def close(self) -> None:
        """Close the decks and end the thread."""
        if self._loop.is_closed() or not self._loop.is_running():
            return
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._close_decks(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _close_decks(self) -> None:
        while self._decks:
            _, deck = self._decks.popitem()
            await deck.close()


def _tell_until_done(running: Future[Any], news: queue.SimpleQueue[Event | None]) -> None:
    story = new_story()
    try:
        while (event := news.get()) is not None:
            story.tell(event)
    except KeyboardInterrupt:
        running.cancel()
        with contextlib.suppress(queue.Empty):
            # It comes to a halt before the cell does.
            while news.get(timeout=_HALT_SECONDS) is not None:
                pass
        story.end()
        raise Interrupted("The cell was interrupted.", hint=NOTHING_LOST) from None
    story.end()
