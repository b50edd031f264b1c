"""A table of open batches that keeps itself up to date in one output, while other cells go on."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

from batchdeck.deck import Deck
from batchdeck.domain.overview import BatchRow, BatchStatus
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError
from batchdeck.notebook.cards import Card
from batchdeck.notebook.render import card_html, card_text
from batchdeck.notebook.tables import batch_table
from batchdeck.notebook.telling import Output, Stopped, as_html, show_in_cell

_CLOSED = frozenset({BatchStatus.DONE, BatchStatus.RETRIED, BatchStatus.GONE, BatchStatus.FAILED})


class Live:
    """One output kept up to date by a task of the kernel's own loop.

    It ends by itself when nothing is open any more. Await it to wait for that; interrupting the cell, or
    `stop`, ends it before. What is shown last stays.
    """

    def __init__(self, deck: Deck, *, seconds: float, track: bool) -> None:
        self._deck = deck
        self._seconds = seconds
        self._first = {row.key for row in _open(deck)}
        self._trouble = ""
        self._shown: tuple[object, ...] = ()
        self._output: Output = show_in_cell(self._html())
        self._tracking: asyncio.Task[None] | None = None
        if track and not deck.read_only:
            self._tracking = asyncio.create_task(self._track())
        self._task = asyncio.create_task(self._follow())

    def stop(self) -> None:
        """Leave the table as it is now. The batches go on."""
        self._task.cancel()

    @property
    def is_over(self) -> bool:
        return self._task.done()

    def __await__(self) -> Generator[Any, None, None]:
        return self._wait().__await__()

    def __repr__(self) -> str:
        return f"<live table of {self._deck!r}, {'over' if self.is_over else 'running'}>"

    async def _wait(self) -> None:
        try:
            await self._task
        except asyncio.CancelledError:
            self._task.cancel()
            raise Stopped from None

    async def _track(self) -> None:
        try:
            async for _ in self._deck.track(until_ended=True, unattended=False):
                pass
        except BatchDeckError as error:
            self._trouble = f"{error.title}: {error.message} {error.hint}".strip()

    async def _follow(self) -> None:
        try:
            while True:
                await asyncio.to_thread(self._deck.refresh)
                self._paint()
                is_tracked = self._tracking is None or self._tracking.done()
                if is_tracked and not _open(self._deck):
                    break
                await asyncio.sleep(self._seconds)
        except BatchDeckError as error:
            self._trouble = f"{error.title}: {error.message} {error.hint}".strip()
        finally:
            if self._tracking is not None:
                self._tracking.cancel()
            self._paint()

    def _card(self) -> Card:
        rows = [row for row in self._deck.batches() if row.key in self._first or row.status not in _CLOSED]
        self._first |= {row.key for row in rows}
        count = len(_open(self._deck))
        title = f"{count:,} open {'batch' if count == 1 else 'batches'}" if count else "Nothing is open"
        notes = (show(self._trouble, 300),) if self._trouble else ()
        now = self._deck.now()
        tables = (batch_table(f"Batches at {now.astimezone():%H:%M:%S}", rows, now),) if rows else ()
        return Card(title, notes=notes, tables=tables)

    def _html(self) -> str:
        return card_html(self._card())

    def _paint(self) -> None:
        """Show the table anew where anything has changed, or a minute has passed."""
        seen = (self._deck.version, f"{self._deck.now():%d %H:%M}", self._trouble)
        if seen != self._shown:
            self._shown = seen
            card = self._card()
            self._output.update(as_html(card_html(card), card_text(card)))


def _open(deck: Deck) -> list[BatchRow]:
    return [row for row in deck.batches() if row.status not in _CLOSED and not row.status.needs_hand]
