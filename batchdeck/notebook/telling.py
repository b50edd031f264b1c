"""Telling of an operation in the cell that awaits it: bars for what moves, lines for what has happened."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from batchdeck.cli.progress import Narrator
from batchdeck.domain.events import Event
from batchdeck.domain.text import show
from batchdeck.notebook.render import fill

_REPAINT_SECONDS = 0.25
_LINES_KEPT = 12
"""Lines of one operation that stay on show; the audit log has them all."""

NOTHING_LOST = "Nothing is lost: the same call goes on where this one was."


class Stopped(asyncio.CancelledError):
    """The operator interrupted the cell; the operation has come to a halt where it can be resumed."""

    def _render_traceback_(self) -> list[str]:
        return [f"Stopped. {NOTHING_LOST}"]


class Output(Protocol):
    """One output of a cell that can be changed: what `IPython.display.display(display_id=True)` returns."""

    def update(self, value: object) -> Any: ...


class CellStory(Narrator):
    """The story of one operation in one output, repainted at most four times a second."""

    def __init__(self, show_output: Callable[[str], Output], *, clock: Callable[[], float]) -> None:
        super().__init__()
        self._show_output = show_output
        self._clock = clock
        self._output: Output | None = None
        self._moving: dict[str, tuple[int, int]] = {}
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._painted_at = float("-inf")

    def say(self, text: str) -> None:
        self._lines.extend(show(line) for line in text.splitlines())
        self._paint()

    def move(self, what: str, done: int, total: int) -> None:
        self._moving[what] = (done, total)
        self._paint()

    def end(self, last_word: str = "") -> None:
        """Show what is left to show, without bars: nothing moves any more."""
        self._moving.clear()
        if last_word:
            self._lines.append(last_word)
        if self._lines or self._output is not None:
            self._paint(now=True)

    def _paint(self, *, now: bool = False) -> None:
        if not now and self._clock() - self._painted_at < _REPAINT_SECONDS:
            return
        self._painted_at = self._clock()
        html = fill("progress", bars=list(self._moving.items()), lines=list(self._lines))
        if self._output is None:
            self._output = self._show_output(html)
        else:
            self._output.update(as_html(html, "\n".join(self._lines)))


class ConsoleStory(Narrator):
    """The story of one operation as lines, where no output can be changed after it was shown."""

    def end(self, last_word: str = "") -> None:
        """Say the last word."""
        if last_word:
            self.say(last_word)


def new_story() -> CellStory | ConsoleStory:
    """Return who tells of one operation here."""
    return CellStory(show_in_cell, clock=time.monotonic) if in_kernel() else ConsoleStory()


def as_html(html: str, text: str) -> object:
    """Return HTML as something IPython displays, with text for front ends that show none."""
    return _Html(html, text)


class _Html:
    def __init__(self, html: str, text: str) -> None:
        self._html = html
        self._text = text

    def _repr_html_(self) -> str:
        return self._html

    def __repr__(self) -> str:
        return self._text


def in_kernel() -> bool:
    """Say whether outputs can change after they were shown: in a kernel, not in a console."""
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


def show_in_cell(html: str) -> Output:
    """Show HTML as a new output of the running cell."""
    from IPython.display import display

    show_output: Any = display
    output: Output = show_output(as_html(html, ""), display_id=True)
    return output


_story: ContextVar[Callable[[Event], object] | None] = ContextVar("batchdeck_story", default=None)
"""Who is told instead of the cell, where somebody else shows what happens."""


@contextmanager
def told_to(tell: Callable[[Event], object]) -> Iterator[None]:
    """Let `tell` hear of the operations awaited within the block, instead of the cell."""
    token = _story.set(tell)
    try:
        yield
    finally:
        _story.reset(token)


@contextmanager
def tell_of_operation() -> Iterator[Callable[[Event], object]]:
    """Tell of one awaited operation (`Operation.teller`): in the cell, unless somebody else is told."""
    elsewhere = _story.get()
    if elsewhere is not None:
        yield elsewhere
        return
    story = new_story()
    try:
        yield story.tell
    except asyncio.CancelledError:
        story.end()
        raise Stopped from None
    except BaseException:
        story.end()
        raise
    story.end()
